"""Trades, one by one, and put together by taker and price."""

from __future__ import annotations

from typing import cast

from feed.dialects.binance.streams.encoder import TRUE_FALSE, Envelope, StreamEncoder
from feed.dialects.binance.symbols import Symbol
from feed.model.aggregates import AggregateTrade
from feed.model.events import QUOTE, TRADE, Event, Quote, Side, Trade
from feed.state.market_state import MarketState


class TradesEncoder(StreamEncoder):
    """
    Each trade by itself; a taker whose side is not known is taken for the buyer.

    Source: "Trade Streams".
    """

    kinds = (TRADE,)

    def encode(self, item: Event) -> str:
        """One trade."""
        trade = cast("Trade", item)
        symbol, ts = self._symbol, trade.ts // self._unit
        return (
            f'{self._head}{{"e":"trade","E":{ts},"s":"{symbol.name}","t":{trade.trade},'
            f'"p":"{symbol.price_text(trade.price)}","q":"{symbol.size_text(trade.size)}","T":{ts},'
            f'"m":{TRUE_FALSE[trade.aggressor is Side.SELL]},"M":true}}{self._tail}'
        )


class AggregatesEncoder(StreamEncoder):
    """
    What an order took at one price, told as one when it takes no more there.

    That is known with its next trade at another price, or with the quote that comes at the end of what it
    does to the book. Source: "Aggregate Trade Streams".
    """

    kinds = (TRADE, QUOTE)

    def __init__(self, symbol: Symbol, envelope: Envelope, market_state: MarketState) -> None:
        """Go on as if there from the first event."""
        super().__init__(symbol, envelope)
        self._market_state = market_state
        self._open = market_state.aggregate(symbol.index) if market_state.taking(symbol.index) else None

    def encode(self, item: Event) -> str | None:
        """The one that is complete now, if one is."""
        waiting, latest = self._open, self._market_state.aggregate(self._symbol.index)
        if isinstance(item, Quote) or latest is None:
            self._open = None
            return None if waiting is None else self._text(waiting, item.ts)
        # A source that reports its book apart from its trades says of none that more may follow.
        more = self._market_state.taking(self._symbol.index)
        self._open = latest if more else None
        if waiting is not None and waiting.number != latest.number:
            return self._text(waiting, item.ts)
        return None if more else self._text(latest, item.ts)

    def _text(self, one: AggregateTrade, now: int) -> str:
        symbol, unit = self._symbol, self._unit
        return (
            f'{self._head}{{"e":"aggTrade","E":{now // unit},"s":"{symbol.name}","a":{one.number},'
            f'"p":"{symbol.price_text(one.price)}","q":"{symbol.size_text(one.size)}","f":{one.first},'
            f'"l":{one.last},"T":{one.ts // unit},"m":{TRUE_FALSE[one.aggressor == Side.SELL]},'
            f'"M":true}}{self._tail}'
        )
