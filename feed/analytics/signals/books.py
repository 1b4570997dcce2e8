"""Signals of an order book, checked once a second: imbalance, spread, walls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from feed.analytics.depth import DepthLevels, Wall, imbalance, near, spread_bps, twice_median, walls
from feed.analytics.signals.finding import BPS_1E4, HUNDREDTHS, Finding, value_cents
from feed.model.contracts import SignalRules
from feed.model.events import Side
from feed.model.instruments import Instrument
from feed.model.signals import Severity, SignalType

LEVELS: Final = 100
"""Number of levels of a side that are checked."""

_LEAST_SAMPLES: Final = 30  # looks before a median means anything
_MEDIAN_EVERY: Final = 10  # looks between two medians
_DEPTH: Final = 10
_WARNING_IMBALANCE: Final = 0.95  # beyond this an imbalance is a warning
_WARNING_MULTIPLE: Final = 2  # times the multiple that makes a wall: a warning


class BookDetector:
    """
    Watches the book of one instrument.

    Args:
        instrument: Which.
        rules: Thresholds.
    """

    def __init__(self, instrument: Instrument, rules: SignalRules) -> None:
        self._instrument = instrument
        self._rules = rules
        self._spreads: deque[int] = deque(maxlen=rules.window_seconds)  # in 1e-4 basis points
        self._median = 0
        self._looks = 0
        self._lopsided = 0  # seconds in a row; negative while the asks have more
        self._looked_at: tuple[DepthLevels, DepthLevels] = ((), ())
        self._found_imbalance = 0.0  # of those
        # By price; and whether its appearance was told.
        self._walls: tuple[dict[int, tuple[Wall, bool]], dict[int, tuple[Wall, bool]]] = ({}, {})

    def on_book(
        self, bids: DepthLevels, asks: DepthLevels, may_signal: Callable[[SignalType], bool]
    ) -> Iterator[Finding]:
        """
        The findings in a book now; none while a side of it is empty.

        Args:
            bids: The best levels, best first. Those of the last call, as the same two objects, are a book
                that has not changed.
            asks: The same.
            may_signal: Whether a finding of that type would become a signal now; asked before each.
        """
        if not (bids and asks):
            self._lopsided = 0
            return
        changed = bids is not self._looked_at[0] or asks is not self._looked_at[1]
        if changed:
            self._looked_at = bids, asks
            self._found_imbalance = imbalance(bids, asks, _DEPTH)
        yield from self._imbalance(bids, asks)
        yield from self._spread(bids[0][0], asks[0][0])
        if not changed:
            return  # the walls are those that were found before
        mid2 = bids[0][0] + asks[0][0]
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            yield from self._wall(side, near(levels, mid2), mid2, may_signal)

    def _imbalance(self, bids: DepthLevels, asks: DepthLevels) -> Iterator[Finding]:
        rules, found = self._rules, self._found_imbalance
        if abs(found) < rules.imbalance:
            self._lopsided = 0
            return
        sign = 1 if found > 0 else -1
        self._lopsided = self._lopsided + sign if self._lopsided * sign > 0 else sign
        if abs(self._lopsided) >= rules.imbalance_seconds:
            heavy = bids if sign > 0 else asks
            depth = value_cents(self._instrument, sum(price * size for price, size in heavy[:_DEPTH]))
            severity = Severity.WARNING if abs(found) >= _WARNING_IMBALANCE else Severity.INFO
            yield Finding(SignalType.ORDERBOOK_IMBALANCE, severity, (round(found * 10_000), depth))

    def _spread(self, bid: int, ask: int) -> Iterator[Finding]:
        spread = round(spread_bps(bid, ask) * BPS_1E4)
        known = self._spreads
        if len(known) >= _LEAST_SAMPLES:
            if not self._looks % _MEDIAN_EVERY or not self._median:
                self._median = max(1, twice_median(list(known)) // 2)
            least = max(self._rules.spread_multiple * self._median, self._rules.spread_bps * BPS_1E4)
            if spread >= least:
                yield Finding(SignalType.SPREAD_ANOMALY, Severity.WARNING, (spread, self._median))
        self._looks += 1
        known.append(spread)

    def _wall(
        self, side: Side, levels: DepthLevels, mid2: int, may_signal: Callable[[SignalType], bool]
    ) -> Iterator[Finding]:
        known = self._walls[side]
        multiple = self._rules.wall_multiple
        found = {wall.price: wall for wall in walls(levels, multiple)} if len(levels) > 2 else {}
        sizes = dict(levels) if known else {}
        for price, (wall, announced) in list(known.items()):
            if 2 * sizes.get(price, 0) < wall.size:
                del known[price]
                # A wall out of view or traded through was not removed; and the removal of one that was
                # not announced is no signal.
                if announced and levels and self._in_view(side, price, levels, mid2):
                    yield self._wall_finding(SignalType.WALL_REMOVAL, side, wall)
        for price, wall in found.items():
            if price not in known:
                known[price] = wall, may_signal(SignalType.WALL_APPEARANCE)
                yield self._wall_finding(SignalType.WALL_APPEARANCE, side, wall)

    def _wall_finding(self, kind: SignalType, side: Side, wall: Wall) -> Finding:
        huge = wall.multiple >= _WARNING_MULTIPLE * self._rules.wall_multiple
        figures = (int(side), wall.price, wall.size, round(wall.multiple * HUNDREDTHS))
        return Finding(kind, Severity.WARNING if huge else Severity.INFO, figures)

    @staticmethod
    def _in_view(side: Side, price: int, levels: DepthLevels, mid2: int) -> bool:
        """Whether a level of that price would be among those that are checked."""
        best, worst = levels[0][0], levels[-1][0]
        if price > best if side is Side.BUY else price < best:
            return False
        beyond = price < worst if side is Side.BUY else price > worst
        return bool(near([(price, 1)], mid2)) and not (beyond and len(levels) == LEVELS)
