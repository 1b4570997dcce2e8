"""All signals of a market: runs the detectors, numbers the signals, and limits their rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from feed.analytics.depth import DepthLevels, spread_bps
from feed.analytics.pairs import DOLLARS, pairs
from feed.analytics.signals.books import LEVELS, BookDetector
from feed.analytics.signals.finding import BPS_1E4, Finding
from feed.analytics.signals.funding import FundingDetector
from feed.analytics.signals.trades import TradeDetector
from feed.model.contracts import SignalRules
from feed.model.durations import NS_PER_SECOND
from feed.model.events import FUNDING, SIGNAL, Row, Side
from feed.model.instruments import Contract, Instrument, Listing, proportions
from feed.model.signals import Severity, SignalType

LevelsOf = Callable[[int, Side, int], DepthLevels]
"""The best levels of a side: (index of the instrument, side, how many)."""


class Detectors:
    """
    A fold from events to ``SIGNAL`` rows, for spot instruments and perpetuals with a dollar quote.

    Args:
        listing: What an event's ``instrument`` is an index into.
        rules: Thresholds.
        levels: The books as they stand at the moment of a call.
    """

    def __init__(self, listing: Listing, rules: SignalRules, levels: LevelsOf) -> None:
        self._rules = rules
        self._levels = levels
        watched = [at for at, instrument in enumerate(listing) if _watched(instrument)]
        self._trades: Final = {at: TradeDetector(listing[at], rules) for at in watched}
        self._books: Final = {at: BookDetector(listing[at], rules) for at in watched}
        self._funding: Final = {
            at: FundingDetector(rules) for at in watched if listing[at].contract is Contract.PERPETUAL
        }
        # Venues of one pair, each with its ticks in one unit for all of them.
        self._pairs: Final = [
            dict(zip(pair.spot, proportions(listing[at].tick_size for at in pair.spot), strict=True))
            for pair in pairs(listing).values()
            if len(pair.spot) > 1 and pair.spot[0] in self._books
        ]
        self._number = 0
        self._silent_until: dict[tuple[SignalType, int], int] = {}

    def on_rows(self, rows: Sequence[Row]) -> list[Row]:
        """
        The signals of the trades of one action.

        Args:
            rows: All that followed from one action in one instrument, in order; at least one.
        """
        detector = self._trades.get(rows[0][1])
        return [] if detector is None else self._signal_rows(rows[0][1], rows[0][2], detector.on_rows(rows))

    def on_funding(self, row: Row) -> list[Row]:
        """The signals of a ``FUNDING`` row."""
        detector = self._funding.get(row[1]) if row[0] == FUNDING else None
        return [] if detector is None else self._signal_rows(row[1], row[2], detector.on_funding(row))

    def on_second(self, now: int) -> list[Row]:
        """The signals of the books and of the last seconds, at a whole second of market time."""
        told: list[Row] = []
        best: dict[int, tuple[int, int]] = {}
        for at, detector in self._books.items():
            bids, asks = self._levels(at, Side.BUY, LEVELS), self._levels(at, Side.SELL, LEVELS)
            if bids and asks:
                best[at] = bids[0][0], asks[0][0]
            told += self._signal_rows(at, now, self._trades[at].on_second(now))
            told += self._signal_rows(
                at, now, detector.on_book(bids, asks, partial(self._may_signal, at, now))
            )
        for ticks in self._pairs:
            quotes = {
                at: (best[at][0] * tick, best[at][1] * tick) for at, tick in ticks.items() if at in best
            }
            told += self._signal_rows(next(iter(ticks)), now, self._divergence(quotes))
        return told

    def _divergence(self, quotes: dict[int, tuple[int, int]]) -> Iterable[Finding]:
        """What the best bid and ask of each venue of a pair show, in one unit for all."""
        gaps = [
            (spread_bps(ask, bid), buy, sell)
            for buy, (_, ask) in quotes.items()
            for sell, (bid, _) in quotes.items()
            if bid > ask
        ]
        if gaps:
            gap, buy, sell = max(gaps)
            if gap >= self._rules.divergence_bps:
                figures = (buy, sell, round(gap * BPS_1E4))
                yield Finding(SignalType.CROSS_EXCHANGE_DIVERGENCE, Severity.ALERT, figures)

    def _may_signal(self, instrument: int, now: int, kind: SignalType) -> bool:
        """Whether a signal of that type can be given again."""
        return self._silent_until.get((kind, instrument), 0) <= now

    def _signal_rows(self, instrument: int, now: int, findings: Iterable[Finding]) -> list[Row]:
        rows: list[Row] = []
        for kind, severity, figures in findings:
            if not self._may_signal(instrument, now, kind):
                continue
            self._silent_until[kind, instrument] = now + self._rules.rest_seconds * NS_PER_SECOND
            self._number += 1
            rows.append((SIGNAL, instrument, now, self._number, int(kind), int(severity), *figures))
        return rows


def _watched(instrument: Instrument) -> bool:
    return (
        instrument.asset_class == "crypto"
        and instrument.quote in DOLLARS
        and instrument.contract is not Contract.PREDICTION
    )
