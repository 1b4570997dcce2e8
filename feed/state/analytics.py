"""The figures that are kept of a market while it runs: candles, recent trades, signals, liquidations."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from feed.analytics.candles import INTERVALS, CandleSeries
from feed.analytics.consolidated import Consolidated, FiveMinuteTrades, VenueQuote, consolidate
from feed.analytics.depth import BookFigures, figures
from feed.analytics.pairs import Pair, pairs
from feed.model.events import LIQUIDATION, SIGNAL, TRADE, Row, Side
from feed.model.instruments import Listing
from feed.state.daily_volume import DailyVolume
from feed.state.market_state import MarketState

KEPT: Final = 1000  # signals, and liquidation trades; the oldest goes when another one comes


class Analytics:
    """
    A fold over the event stream into figures.

    It takes every event from the start that changes no book, so that its figures do not depend on who asks
    when. Figures of books are computed from the market's state on request.

    Args:
        listing: What an event's ``instrument`` is an index into.
        market_state: The market's state; it takes each event first.
        volumes: What was traded of each instrument in 24 hours; they take each event first as well.

    Attributes:
        listing: What an event's ``instrument`` is an index into.
        pairs: Every pair by its name.
        trade_windows: The last five minutes of each instrument.
        candles: Of each instrument, by the name of the interval.
        signals: The last ``SIGNAL`` rows, oldest first.
        liquidations: The last trades of liquidation orders, oldest first.
    """

    def __init__(self, listing: Listing, market_state: MarketState, volumes: Sequence[DailyVolume]) -> None:
        self.listing: Final = listing
        self._market_state = market_state
        self._volumes = volumes
        self.pairs: Final[dict[str, Pair]] = pairs(listing)
        self.trade_windows: Final = tuple(FiveMinuteTrades() for _ in listing)
        self.candles: Final = tuple(
            {name: CandleSeries(length) for name, length in INTERVALS.items()} for _ in listing
        )
        self.signals: Final[deque[Row]] = deque(maxlen=KEPT)
        self.liquidations: Final[deque[Row]] = deque(maxlen=KEPT)
        self._liquidating: dict[int, int] = {}  # the last liquidation order of each instrument

    def apply(self, row: Row) -> None:
        """Take the next row of a trade, a liquidation or a signal into account."""
        kind, instrument = row[0], row[1]
        if kind == TRADE:
            ts, price, size = row[2], row[5], row[6]
            self.trade_windows[instrument].add(ts, price, size)
            for candles in self.candles[instrument].values():
                candles.add(ts, price, size)
            if self._liquidating.get(instrument) == row[8]:
                self.liquidations.append(row)
        elif kind == LIQUIDATION:
            self._liquidating[instrument] = row[3]
        elif kind == SIGNAL:
            self.signals.append(row)

    def figures(self, instrument: int) -> BookFigures | None:
        """The figures of an instrument's book; None when a side of it is empty."""
        levels = self._market_state.levels
        return figures(levels(instrument, Side.BUY), levels(instrument, Side.SELL))

    def consolidated(self, pair: Pair) -> Consolidated | None:
        """The consolidated quote of a pair's spot venues; None when no venue has a bid and an ask."""
        venues = []
        for instrument in pair.spot:
            it = self.figures(instrument)
            if it is not None:
                volume = self._volumes[instrument].totals(self._market_state.now)[0]
                quote = VenueQuote(
                    instrument=instrument, bid=it.bid, ask=it.ask, obi=it.obi_10, volume=volume
                )
                venues.append((self.listing[instrument], quote, self.trade_windows[instrument]))
        return consolidate(venues, now=self._market_state.now)

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
        while span > minutes:  # minutes without a trade have no candle
            closed = closed[1:]
            first = closed[0]
            span = (last.start - first.start) // INTERVALS["1m"] + 1
        return round(10_000 * (last.close - first.open) / first.open, 2), span
