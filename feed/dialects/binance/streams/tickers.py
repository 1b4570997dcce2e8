"""
Statistics of a window of time, once a second: of one symbol, and of all that have changed.

A ticker of 24 hours is told after each second in which the book or the last price has changed, all others
after each second with a trade. What is told of all symbols costs a glance at each of them a second, and the
work of a message for those that have changed; an event costs it nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.analytics.bars import Bars
from feed.dialects.binance.market_data.trades import AVERAGE_MINUTES
from feed.dialects.binance.statistics import Statistics
from feed.dialects.binance.streams.encoder import Envelope, StreamEncoder
from feed.dialects.binance.streams.names import MINI_TICKER, ROLLING, TICKER, WINDOWS
from feed.dialects.binance.symbols import Symbol, Symbols
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import Event, Side
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

Describe = Callable[[Symbol, MarketState, Bars, int, int], str | None]
"""
Of a symbol with its bars: the object that is told at a market time, its times in a unit; None where nothing
has changed in the second before.
"""


def _traded(market_state: MarketState, bars: Bars) -> bool:
    """Whether there was a trade in the second of the last event."""
    last = bars.last
    return last is not None and last.start == market_state.now - market_state.now % NS_PER_SECOND


def ticker(symbol: Symbol, state: MarketState, bars: Bars, now: int, unit: int) -> str | None:
    """Source: "Individual Symbol Ticker Streams"."""
    if not (_traded(state, bars) or state.book_changed(symbol.index, NS_PER_SECOND)):
        return None
    it = Statistics.of(symbol, bars, now)
    (bid, bid_size), (ask, ask_size) = (state.best(symbol.index, side) for side in Side)
    price, size = symbol.price_text, symbol.size_text
    return (
        f'{{"e":"24hrTicker","E":{now // unit},"s":"{symbol.name}","p":"{it.change}","P":"{it.percent}",'
        f'"w":"{it.average}","x":"{it.previous_close}","c":"{it.close}","Q":"{it.last_size}",'
        f'"b":"{price(bid)}","B":"{size(bid_size)}","a":"{price(ask)}","A":"{size(ask_size)}",'
        f'"o":"{it.open}","h":"{it.high}","l":"{it.low}","v":"{it.volume}","q":"{it.value}",'
        f'"O":{it.day_before // unit},"C":{now // unit},"F":{it.first_id},"L":{it.last_id},"n":{it.trades}}}'
    )


def mini_ticker(symbol: Symbol, state: MarketState, bars: Bars, now: int, unit: int) -> str | None:
    """Source: "Individual Symbol Mini Ticker Stream"."""
    if not _traded(state, bars):
        return None
    it = Statistics.of(symbol, bars, now)
    return (
        f'{{"e":"24hrMiniTicker","E":{now // unit},"s":"{symbol.name}","c":"{it.close}","o":"{it.open}",'
        f'"h":"{it.high}","l":"{it.low}","v":"{it.volume}","q":"{it.value}"}}'
    )


def average(symbol: Symbol, state: MarketState, bars: Bars, now: int, unit: int) -> str | None:
    """Source: "Average Price"."""
    last = bars.last
    if last is None or not _traded(state, bars):
        return None
    second = now - now % NS_PER_SECOND
    bar = bars.total(second - AVERAGE_MINUTES * NS_PER_MINUTE, second + NS_PER_SECOND) or last
    return (
        f'{{"e":"avgPrice","E":{now // unit},"s":"{symbol.name}","i":"{AVERAGE_MINUTES}m",'
        f'"w":"{symbol.average_text(bar.value, bar.volume)}","T":{last.ts // unit}}}'
    )


def rolling(window: str) -> Describe:
    """Of a window of that name. Source: "Individual Symbol Rolling Window Statistics Streams"."""
    minutes = WINDOWS[window]

    def describe(symbol: Symbol, state: MarketState, bars: Bars, now: int, unit: int) -> str | None:
        if not _traded(state, bars):
            return None
        it = Statistics.of(symbol, bars, now, minutes)
        return (
            f'{{"e":"{window}Ticker","E":{now // unit},"s":"{symbol.name}","p":"{it.change}",'
            f'"P":"{it.percent}","o":"{it.open}","h":"{it.high}","l":"{it.low}","c":"{it.close}",'
            f'"w":"{it.average}","v":"{it.volume}","q":"{it.value}","O":{it.start // unit},'
            f'"C":{now // unit},"F":{it.first_id},"L":{it.last_id},"n":{it.trades}}}'
        )

    return describe


TICKERS: Final[dict[str, Describe]] = {
    TICKER: ticker,
    MINI_TICKER: mini_ticker,
    **{f"{ROLLING}{window}": rolling(window) for window in WINDOWS},
}
"""By the stream's name after that of its symbol."""


class TickerEncoder(StreamEncoder):
    """Of one symbol."""

    period = NS_PER_SECOND

    def __init__(
        self,
        symbol: Symbol,
        envelope: Envelope,
        market_state: MarketState,
        bars: Bars,
        describe: Describe,
    ) -> None:
        """
        Begin with nothing told.

        Args:
            symbol: Which.
            envelope: Of the messages.
            market_state: The market's state, now and from now on.
            bars: The symbol's trades.
            describe: What is told.
        """
        super().__init__(symbol, envelope)
        self._market_state = market_state
        self._bars = bars
        self._describe = describe

    def on_timer(self, seq: int, now: int) -> str | None:
        """The statistics, if they have changed."""
        del seq
        text = self._describe(self._symbol, self._market_state, self._bars, now, self._unit)
        return None if text is None else f"{self._head}{text}{self._tail}"


class AllTickersEncoder(Encoder):
    """Of all symbols: an array of those that have changed."""

    period = NS_PER_SECOND

    def __init__(
        self,
        symbols: Symbols,
        envelope: Envelope,
        market_state: MarketState,
        projections: Projections,
        describe: Describe,
    ) -> None:
        """
        Begin with nothing told.

        Args:
            symbols: All.
            envelope: Of the messages.
            market_state: The market's state, now and from now on.
            projections: Of the same market.
            describe: What is told of each.
        """
        self._symbols = [(symbol, projections.bars[symbol.index]) for symbol in symbols]
        self._envelope = envelope
        self._market_state = market_state
        self._describe = describe

    def encode(self, item: Event) -> None:
        """Nothing: it speaks once a second."""
        del item

    def on_timer(self, seq: int, now: int) -> str | None:
        """What has changed; nothing where nothing has."""
        del seq
        state, envelope = self._market_state, self._envelope
        found = [
            text
            for symbol, bars in self._symbols
            if (text := self._describe(symbol, state, bars, now, envelope.unit)) is not None
        ]
        return f"{envelope.head}[{','.join(found)}]{envelope.tail}" if found else None
