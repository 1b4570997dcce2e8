"""The figures that are kept of a market while it runs: candles, recent trades, signals, liquidations."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from feed.analytics.candles import INTERVALS, CandleSeries
from feed.analytics.consolidated import Consolidated, RecentTrades, VenueQuote, consolidate
from feed.analytics.depth import BookFigures, figures
from feed.analytics.pairs import Pair, pairs
from feed.model.events import LIQUIDATION, SIGNAL, TRADE, Row, Side
from feed.model.instruments import Contract, Listing
from feed.model.market_state import MarketState

KEPT: Final = 1000  # signals, and liquidation trades; the oldest goes when another one comes


class Analytics:
    """
    A fold over the event stream into figures.

    It takes every event from the start, so that its figures do not depend on who asks when. Figures of books
    are computed from :class:`MarketState` on request.

    Attributes:
        listing: What an event's ``instrument`` is an index into.
        pairs: Every pair by its name.
        recent_trades: The last five minutes of each instrument.
        candles: Of each instrument, by the name of the interval.
        signals: The last ``SIGNAL`` rows, oldest first.
        liquidations: The last trades of liquidation orders, oldest first.
    """

    def __init__(self, listing: Listing) -> None:
        self.listing: Final = listing
        self.pairs: Final[dict[str, Pair]] = pairs(listing)
        self.recent_trades: Final = tuple(RecentTrades() for _ in listing)
        self.candles: Final = tuple(
            {name: CandleSeries(length) for name, length in INTERVALS.items()} for _ in listing
        )
        self.signals: Final[deque[Row]] = deque(maxlen=KEPT)
        self.liquidations: Final[deque[Row]] = deque(maxlen=KEPT)
        self._liquidating: dict[int, int] = {}  # the last liquidation order of each instrument

    def apply(self, row: Row) -> None:
        """Take the next row into account; not one that changes a book alone."""
        kind, instrument = row[0], row[1]
        if kind == TRADE:
            ts, price, size = row[2], row[5], row[6]
            self.recent_trades[instrument].add(ts, price, size)
            for candles in self.candles[instrument].values():
                candles.add(ts, price, size)
            if self._liquidating.get(instrument) == row[8]:
                self.liquidations.append(row)
        elif kind == LIQUIDATION:
            self._liquidating[instrument] = row[3]
        elif kind == SIGNAL:
            self.signals.append(row)

    def figures(self, instrument: int, market_state: MarketState) -> BookFigures | None:
        """The figures of an instrument's book; None when a side of it is empty."""
        return figures(market_state.levels(instrument, Side.BUY), market_state.levels(instrument, Side.SELL))

    def consolidated(self, pair: Pair, market_state: MarketState) -> Consolidated | None:
        """The consolidated quote of a pair's spot venues; None when no venue has a bid and an ask."""
        venues = []
        for instrument in pair.spot:
            it = self.figures(instrument, market_state)
            if it is not None:
                volume = market_state.days[instrument].totals(market_state.now)[0] if market_state.days else 0
                quote = VenueQuote(
                    instrument=instrument, bid=it.bid, ask=it.ask, obi=it.obi_10, volume=volume
                )
                venues.append((self.listing[instrument], quote, self.recent_trades[instrument]))
        return consolidate(venues, now=market_state.now)

    def of_contract(self, *contracts: Contract) -> Iterable[int]:
        """Indexes of all instruments of these kinds."""
        return (at for at, it in enumerate(self.listing) if it.contract in contracts)

    def moved_bps(self, instrument: int, minutes: int) -> tuple[float, int] | None:
        """
        The price change of an instrument over the last minutes.

        Returns:
            Basis points, and over how many minutes, at most ``minutes``; None without a trade.
        """
        closed = self.candles[instrument]["1m"].last(minutes)
        if not closed:
            return None
        first, last = closed[0], closed[-1]
        span = (last.start - first.start) // INTERVALS["1m"] + 1
        while span > minutes:  # minutes without a trade have no kline
            closed = closed[1:]
            first = closed[0]
            span = (last.start - first.start) // INTERVALS["1m"] + 1
        return round(10_000 * (last.close - first.open) / first.open, 2), span

    def last_signals(self, limit: int) -> list[Row]:
        """The last ``SIGNAL`` rows, newest first."""
        return list(islice(reversed(self.signals), limit))


def insights_of(market_state: MarketState) -> Analytics:
    """
    The insights that go with where a market stands.

    Raises:
        TypeError: Nobody has asked for them to be kept.
    """
    if not isinstance(market_state.analytics, Analytics):
        raise TypeError("no insights are kept of this market")
    return market_state.analytics
