"""
From an event or an answer to the guide's JSON text: tickers and trades.

Every message is one JSON object with a ``type``. Prices and sizes are strings with all their digits,
times integer milliseconds. Data also carries ``channel``, ``symbol`` and ``seq``, the sequence number
of the event that it tells of; with ``ext=seq`` also ``pos``, where it stands in the stream.

Source: ours, in the style of the guide's one example; ``NOTES.md`` beside this file has the shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from feed.dialects.guide import channels
from feed.dialects.messages import message, quoted
from feed.dialects.resume import numbered, numbered_row
from feed.dialects.ticker import TickerEncoder
from feed.dialects.times import milliseconds
from feed.model.events import TRADE, Event, Side, Trade
from feed.model.instruments import Instrument
from feed.model.stream_position import StreamPosition
from feed.state.encoder import Encoder
from feed.state.instrument_state import TickerState
from feed.state.market_state import MarketState

_SIDES: Final = {Side.BUY: '"buy"', Side.SELL: '"sell"', None: "null"}


def error(text: str) -> str:
    """An error; the guide has none."""
    return message(type="error", message=text)


def head(kind: str, channel: str, instrument: Instrument) -> str:
    """How every data message of a channel begins."""
    name = quoted(channels.name(channel, instrument))
    return f'{{"type":"{kind}","channel":{name},"symbol":{quoted(instrument.symbol)},'


def told(item: Event, at: StreamPosition | None = None, *, pos: bool) -> str:
    """
    The number of an event, as the last member of a message.

    Args:
        item: The event.
        at: Where the message stands in the stream if that is not at its event.
        pos: Whether to tell that.
    """
    return numbered(item, at) if pos else f',"seq":{item.seq}'


def told_row(seq: int, proof: int, *, pos: bool) -> str:
    """The same of a row, by its sequence number and the proof up to it."""
    return numbered_row(seq, proof) if pos else f',"seq":{seq}'


class GuideTickerEncoder(TickerEncoder):
    """Last price, best bid and best ask of one instrument."""

    def __init__(
        self, instrument: Instrument, index: int, market_state: MarketState, *, pos: bool = False
    ) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose ticker.
            index: Its place in the listing.
            market_state: Where the market stands.
            pos: Whether to tell positions, a connection option of ours.
        """
        super().__init__(index, market_state)
        self._pos = pos
        self._head = head("ticker", channels.TICKER, instrument)
        self._price = instrument.price_text

    def text(self, ticker: TickerState, at: StreamPosition | None = None) -> str:
        """In the order of the shapes."""
        show = self._price
        return (
            f'{self._head}"price":"{show(ticker.price)}","bid":"{show(ticker.bid)}","ask":"{show(ticker.ask)}",'
            f'"ts":{milliseconds(ticker.ts)}{told(ticker, at, pos=self._pos)}}}'
        )


class TradesEncoder(Encoder):
    """
    Every trade of one instrument, and no snapshot: a trade told twice would be counted twice.

    ``side`` is the taker's; null where the source does not say.
    """

    kinds: Sequence[int] = (TRADE,)

    def __init__(self, instrument: Instrument, *, pos: bool = False) -> None:
        """Tell of ``instrument``, with positions where ``pos`` asks for them."""
        self._pos = pos
        self._head = head("trade", channels.TRADES, instrument)
        self._instrument = instrument

    def encode(self, item: Event) -> str:
        """The trade."""
        trade = cast("Trade", item)
        price = self._instrument.price_text(trade.price)
        size = self._instrument.size_text(trade.size)
        return (
            f'{self._head}"id":"{trade.trade}","price":"{price}","size":"{size}",'
            f'"side":{_SIDES[trade.aggressor]},"ts":{milliseconds(trade.ts)}{told(trade, pos=self._pos)}}}'
        )
