"""
Books: what has changed of one, the top of one, and the best prices.

Windows are of market time and common to all. An update id is the sequence number of the event that changed
the book last: the same in ``U`` and ``u``, in the top of a book, beside the best prices, and in the snapshot
that a request is answered with.
"""

from __future__ import annotations

from typing import cast

from feed.dialects.binance.streams.encoder import Envelope, StreamEncoder, levels_text
from feed.dialects.binance.symbols import Symbol
from feed.model.events import QUOTE, Event, Quote, Side
from feed.state.market_state import MarketState


class _Windowed(StreamEncoder):
    """
    Speaks at the end of each window in which the book has changed.

    Args:
        symbol: Whose book.
        envelope: Of its messages.
        market_state: The market's state, now and from now on.
        window: Length, nanoseconds.
    """

    def __init__(self, symbol: Symbol, envelope: Envelope, market_state: MarketState, window: int) -> None:
        super().__init__(symbol, envelope)
        self._market_state = market_state
        self.period = window


class DiffEncoder(_Windowed):
    """
    The levels that have changed, with what rests there now; nothing is removed from the book in silence.

    The first update id is the one after the last of the window before, whoever has listened since when.
    Source: "Diff. Depth Stream".
    """

    def on_timer(self, seq: int, now: int) -> str | None:
        """What the window has changed."""
        del seq
        symbol = self._symbol
        window = self._market_state.book_window(symbol.index, self.period)
        if window is None:
            return None
        return (
            f'{self._head}{{"e":"depthUpdate","E":{now // self._unit},"s":"{symbol.name}",'
            f'"U":{window.before + 1},"u":{window.seq},"b":[{levels_text(symbol, window.bids)}],'
            f'"a":[{levels_text(symbol, window.asks)}]}}{self._tail}'
        )


class TopEncoder(_Windowed):
    """The best levels of both sides. Source: "Partial Book Depth Streams"."""

    def __init__(
        self, symbol: Symbol, envelope: Envelope, market_state: MarketState, window: int, *, levels: int
    ) -> None:
        """
        Begin with nothing told.

        Args:
            symbol: Whose book.
            envelope: Of its messages.
            market_state: The market's state, now and from now on.
            window: Length, nanoseconds.
            levels: How many of each side.
        """
        super().__init__(symbol, envelope, market_state, window)
        self._levels = levels

    def on_timer(self, seq: int, now: int) -> str | None:
        """The top of the book at the end of a window in which it has changed, at the top or below."""
        del seq, now
        symbol, state = self._symbol, self._market_state
        if not state.book_changed(symbol.index, self.period):
            return None
        bids, asks = (levels_text(symbol, state.levels(symbol.index, side, self._levels)) for side in Side)
        return (
            f'{self._head}{{"lastUpdateId":{state.book_seq(symbol.index)},'
            f'"bids":[{bids}],"asks":[{asks}]}}{self._tail}'
        )


class BookTickerEncoder(StreamEncoder):
    """
    The best prices and what rests there, with every change.

    Source: "Individual Symbol Book Ticker Streams".
    """

    kinds = (QUOTE,)

    def __init__(self, symbol: Symbol, envelope: Envelope, market_state: MarketState) -> None:
        super().__init__(symbol, envelope)
        self._market_state = market_state

    def encode(self, item: Event) -> str:
        """Zeros where there is no bid or no ask, or no saying how much."""
        quote, symbol = cast("Quote", item), self._symbol
        price, size = symbol.price_text, symbol.size_text
        return (
            f'{self._head}{{"u":{self._market_state.book_seq(symbol.index) or quote.seq},'
            f'"s":"{symbol.name}","b":"{price(quote.bid)}","B":"{size(max(quote.bid_size, 0))}",'
            f'"a":"{price(quote.ask)}","A":"{size(max(quote.ask_size, 0))}"}}{self._tail}'
        )
