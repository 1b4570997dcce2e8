"""A detector's finding, before it becomes a signal with a number."""

from __future__ import annotations

from typing import Final, NamedTuple

from feed.model.instruments import Instrument
from feed.model.signals import Severity, SignalType

CENTS: Final = 100
HUNDREDTHS: Final = 100
BPS_1E4: Final = 10_000
CRITICAL_MULTIPLE: Final = 10  # times a threshold: no longer an alert but critical


class Finding(NamedTuple):
    """
    A finding that becomes a signal, unless one was given recently.

    Attributes:
        type: What was noticed.
        severity: How much it matters.
        figures: As :data:`feed.model.signals.FIGURES` has them.
    """

    type: SignalType
    severity: Severity
    figures: tuple[int, ...]


def value_cents(instrument: Instrument, ticks_lots: int) -> int:
    """What that many ticks times lots are worth, cents of the quote currency; halves of a cent up."""
    scale: int = 10 ** (instrument.price_decimals + instrument.size_decimals)
    return (2 * ticks_lots * instrument.tick * instrument.lot * CENTS + scale) // (2 * scale)


def by_value(cents: int, threshold_usd: int) -> Severity:
    """An alert, or critical from ten times the threshold on."""
    return Severity.CRITICAL if cents >= CRITICAL_MULTIPLE * threshold_usd * CENTS else Severity.ALERT
