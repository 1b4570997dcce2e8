"""Trades, one by one. Source: "Trades"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.times import iso_microseconds
from feed.model.events import TRADE, Event, Side, Trade
from feed.model.topics import Topic
from feed.state.market_state import MarketState
from feed.state.projections import Projections

SNAPSHOT: Final = 50
"""Trades that a new subscriber is told of."""


class TradesEncoder(PairEncoder):
    """
    Each trade by itself; a taker whose side is not known is taken for the buyer.

    Args:
        pair: Whose.
        topic: Of the messages.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.
    """

    kinds: Sequence[int] = (TRADE,)

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState, projections: Projections) -> None:
        super().__init__(pair, topic, market_state)
        self._projections: Final = projections

    def present(self) -> Sequence[str]:
        """The last trades, oldest first."""
        last = self._projections.trades.newest(self._pair.index, SNAPSHOT)
        return [f"{self._snapshot}{','.join([self._text(trade) for trade in reversed(last)])}]}}"]

    def encode(self, item: Event) -> str:
        """One trade."""
        return f"{self._update}{self._text(cast('Trade', item))}]}}"

    def _text(self, trade: Trade) -> str:
        pair = self._pair
        side = "sell" if trade.aggressor is Side.SELL else "buy"
        return (
            f'{{"symbol":{self._symbol},"side":"{side}","price":{pair.price_text(trade.price)},'
            f'"qty":{pair.size_text(trade.size)},"ord_type":"limit","trade_id":{trade.trade},'
            f'"timestamp":"{iso_microseconds(trade.ts)}"}}'
        )
