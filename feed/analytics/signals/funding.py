"""Signals of the funding rate of one perpetual future."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import fsum, sqrt
from typing import Final

from feed.analytics.signals.finding import HUNDREDTHS, Finding
from feed.model.contracts import SignalRules
from feed.model.events import Row
from feed.model.signals import Severity, SignalType

_LEAST_SAMPLES: Final = 3
_LEAST_DEVIATION: Final = 2_000.0  # least standard deviation of the rate, units of 1e-8
_KEPT: Final = 60


class FundingDetector:
    """
    Watches the predicted rate of one perpetual future.

    Args:
        rules: Thresholds.
    """

    def __init__(self, rules: SignalRules) -> None:
        self._rules = rules
        self._rates: deque[int] = deque(maxlen=_KEPT)

    def on_funding(self, row: Row) -> Iterator[Finding]:
        """The findings in a ``FUNDING`` row."""
        predicted, known = row[4], self._rates
        if len(known) >= _LEAST_SAMPLES:
            mean = sum(known) / len(known)
            deviation = max(
                _LEAST_DEVIATION, sqrt(fsum((rate - mean) * (rate - mean) for rate in known) / len(known))
            )
            score = (predicted - mean) / deviation
            if abs(score) >= self._rules.funding_z and abs(predicted) >= self._rules.funding_least:
                figures = (row[3], known[-1], round(score * HUNDREDTHS), predicted)
                yield Finding(SignalType.FUNDING_SPIKE, Severity.WARNING, figures)
        known.append(predicted)
