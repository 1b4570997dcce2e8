"""From an event to the messages of a stream."""

from __future__ import annotations

from typing import Final

from feed.dialects.binance.symbols import Symbol
from feed.dialects.messages import message
from feed.dialects.times import milliseconds
from feed.model.events import TRADE, Event, Side, Trade
from feed.state.encoder import Encoder


class TradesEncoder(Encoder):
    """Each trade, as raw as it is."""

    kinds = (TRADE,)

    def __init__(self, symbol: Symbol) -> None:
        self._symbol: Final = symbol

    def encode(self, item: Event) -> str | None:
        """One trade; who does not say which side was the taker's is taken for a buyer."""
        assert isinstance(item, Trade)  # noqa: S101 - the only kind that is wanted
        return message(
            e="trade",
            E=milliseconds(item.ts),
            s=self._symbol.name,
            t=item.trade,
            p=self._symbol.price_text(item.price),
            q=self._symbol.size_text(item.size),
            T=milliseconds(item.ts),
            m=item.aggressor is Side.SELL,
            M=True,
        )
