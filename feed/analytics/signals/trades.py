"""Signals of the trades of one instrument: whales, liquidation cascades, volume, broken price levels."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from feed.analytics.signals.finding import HUNDREDTHS, Finding, by_value, value_cents
from feed.model.contracts import SignalRules
from feed.model.durations import NS_PER_SECOND
from feed.model.events import LIQUIDATION, TRADE, Row
from feed.model.instruments import Instrument
from feed.model.signals import Severity, SignalType

_BUCKET_SECONDS: Final = 10
_LEAST_BUCKETS: Final = 6  # a baseline of less than a minute is none
_ALERT_MULTIPLE: Final = 2  # times the multiple that is a spike: an alert
# A level is broken once the price is this share of a step beyond it.
_BREAK_SHARE: Final = 100


class TradeDetector:
    """
    Watches the trades of one instrument.

    Args:
        instrument: Which.
        rules: Thresholds.
    """

    def __init__(self, instrument: Instrument, rules: SignalRules) -> None:
        self._instrument = instrument
        self._rules = rules
        # Liquidations in the window: (market time, side, trades, cents)
        self._forced: deque[tuple[int, int, int, int]] = deque(maxlen=10_000)
        self._bucket = 0  # lots of the running ten seconds
        self._traded = 0  # ticks times lots of them
        self._buckets: deque[int] = deque(maxlen=max(_LEAST_BUCKETS, rules.window_seconds // _BUCKET_SECONDS))
        self._level_step = 0
        self._band = 0

    def on_rows(self, rows: Sequence[Row]) -> Iterator[Finding]:
        """
        The findings in the rows of one action.

        Args:
            rows: All that followed from one action, in order.
        """
        takers: dict[tuple[int, int], int] = {}  # (order, side): ticks times lots
        each: dict[int, list[int]] = {}  # liquidation order: cents of its trades, as they are told
        forced: dict[int, int] = {}  # liquidation order: side
        last = 0
        for row in rows:
            if row[0] == TRADE:
                self._bucket += row[6]
                self._traded += row[5] * row[6]
                last = row[5]
                taker = row[8], row[4]
                takers[taker] = takers.get(taker, 0) + row[5] * row[6]
                if row[8] in forced:
                    each.setdefault(row[8], []).append(value_cents(self._instrument, row[5] * row[6]))
            elif row[0] == LIQUIDATION:
                forced[row[3]] = row[4]
        if not last:
            return
        for (order, side), value in takers.items():
            if order in each:
                self._forced.append((rows[0][2], side, len(each[order]), sum(each[order])))
                yield from self._cascade(rows[0][2], side)
            else:
                yield from self._whale(side, value)
        yield from self._level(last)

    def on_second(self, now: int) -> Iterator[Finding]:
        """The findings at a whole second of market time."""
        if now // NS_PER_SECOND % _BUCKET_SECONDS:
            return
        volume, self._bucket = self._bucket, 0
        cents, self._traded = value_cents(self._instrument, self._traded), 0
        known = self._buckets
        if len(known) >= _LEAST_BUCKETS:
            baseline = max(1, sum(known) // len(known))
            multiple = HUNDREDTHS * volume // baseline
            least = self._rules.volume_multiple * HUNDREDTHS
            if multiple >= least and cents >= self._rules.volume_usd * 100:
                severity = Severity.ALERT if multiple >= _ALERT_MULTIPLE * least else Severity.INFO
                yield Finding(SignalType.VOLUME_SPIKE, severity, (volume, baseline, multiple))
        known.append(volume)

    def _whale(self, side: int, value: int) -> Iterator[Finding]:
        cents = value_cents(self._instrument, value)
        if cents >= self._rules.whale_usd * 100:
            severity = by_value(cents, self._rules.whale_usd)
            yield Finding(SignalType.WHALE_MOVEMENT, severity, (cents, side))

    def _cascade(self, now: int, side: int) -> Iterator[Finding]:
        rules, forced = self._rules, self._forced
        window = rules.cascade_seconds * NS_PER_SECOND
        while forced[0][0] <= now - window:
            forced.popleft()
        mine = [it for it in forced if it[1] == side]
        cents = sum(it[3] for it in mine)
        if len(mine) >= rules.cascade_count and cents >= rules.cascade_usd * 100:
            # What the channel of liquidations has told: each trade, its cents, its milliseconds.
            span = now // 1_000_000 - mine[0][0] // 1_000_000
            figures = (side, sum(it[2] for it in mine), cents, span)
            yield Finding(SignalType.LIQUIDATION_CASCADE, by_value(cents, rules.cascade_usd), figures)

    def _level(self, price: int) -> Iterator[Finding]:
        if not self._level_step:
            self._level_step = 10 ** max(0, len(str(price)) - self._rules.level_digits)
            self._band = price // self._level_step
            return
        step = self._level_step
        up, down = (self._band + 1) * step, self._band * step
        if price * _BREAK_SHARE >= up * _BREAK_SHARE + step:
            level, upwards = price // step * step, 1
        elif price * _BREAK_SHARE < down * _BREAK_SHARE - step:
            level, upwards = (price // step + 1) * step, 0
        else:
            return
        self._band = price // step
        yield Finding(SignalType.PRICE_LEVEL_BREAK, Severity.INFO, (level, upwards, price))
