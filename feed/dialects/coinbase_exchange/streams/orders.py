"""
Every order of a product by itself, to anybody who shows a key: the channel ``full``.

An order comes in (received), rests (open), trades (match), becomes smaller (change), and is over (done).
Messages are numbered without a gap; a gap says that the book was begun anew. Of orders that take, the market
tells what they trade, not what they were for. Source: "Full Channel".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from feed.dialects.coinbase_exchange.account.orders import SIDES
from feed.dialects.coinbase_exchange.market_data.trades import maker_side
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.coinbase_exchange.streams.encoder import ProductEncoder
from feed.dialects.ladder import BOOK_KINDS
from feed.dialects.market_by_order import MarketByOrder, OrderChange
from feed.dialects.times import iso_microseconds
from feed.dialects.uuids import order_uuid, trade_order_uuids
from feed.model.events import (
    ADD,
    LEVEL,
    QUOTE,
    REDUCE,
    TRADE,
    Event,
    OrderAdded,
    Row,
    Side,
    Trade,
    to_side,
)
from feed.state.encoder import SUMMARY, Encoder, RowEncoder
from feed.state.market_state import MarketState

Fields = dict[str, Any]


def message(kind: str, product: Product, ts: int, sequence: int, fields: Fields) -> str:
    """
    One message about an order.

    Args:
        kind: Its ``type``.
        product: In which product.
        ts: Market time, nanoseconds.
        sequence: Its number.
        fields: What else it tells.
    """
    told = {
        "type": kind,
        "time": iso_microseconds(ts),
        "product_id": product.id,
        "sequence": sequence,
        **fields,
    }
    return msgspec.json.encode(told).decode()


def matched(product: Product, trade: Trade) -> Fields:
    """What is told of a trade."""
    maker, taker = trade_order_uuids(product.index, trade.trade, trade.maker, trade.taker)
    return {
        "trade_id": trade.trade,
        "maker_order_id": maker,
        "taker_order_id": taker,
        "side": maker_side(trade.aggressor),
        "size": product.size_text(trade.size),
        "price": product.price_text(trade.price),
    }


class _Steps(ProductEncoder):
    """Knows how many messages tell of an event."""

    kinds: Sequence[int] = (*BOOK_KINDS, QUOTE)

    def __init__(self, product: Product, market_state: MarketState) -> None:
        super().__init__(product, market_state)
        self._told = self.sequence

    def steps(self) -> int:
        """Of the event that is told now; to be called once for each."""
        told, self._told = self._told, self.sequence
        return self._told - told

    def taker(self, trade: Trade) -> Fields:
        """Whose order took."""
        product = self._product
        _, taker = trade_order_uuids(product.index, trade.trade, trade.maker, trade.taker)
        return {"order_id": taker, "side": SIDES[Side.BUY if trade.aggressor is None else trade.aggressor]}


class ComesEncoder(_Steps):
    """That an order came in: with its first trade, else with its rest."""

    def encode(self, item: Event) -> str | None:
        """The message, ahead of what else the event tells."""
        steps, product = self.steps(), self._product
        match item:
            case OrderAdded() if steps > 1:
                fields = {
                    "order_id": order_uuid(item.order),
                    "size": product.size_text(item.size),
                    "price": product.price_text(item.price),
                    "side": SIDES[item.side],
                    "order_type": "limit",
                }
                return message("received", product, item.ts, self.sequence - 1, fields)
            case Trade() if steps > 1 + (item.left == 0):
                fields = {**self.taker(item), "order_type": "market"}
                number = self._market_state.match_step(product.index) - 1
                return message("received", product, item.ts, number, fields)
        return None


class ChangesEncoder(_Steps, RowEncoder):
    """That an order rests, trades, has changed; that one is over which has not just traded as a maker."""

    def __init__(self, product: Product, market_state: MarketState) -> None:
        super().__init__(product, market_state)
        self._orders: Final = MarketByOrder(product.index, market_state)

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """The message."""
        steps, product, number = self.steps(), self._product, self.sequence
        kind, ts = row[0], row[2]
        changes = () if kind == QUOTE else self._orders.apply(row)
        if kind == TRADE:
            number = self._market_state.match_step(product.index)
            return message("match", product, ts, number, matched(product, Trade.from_row(seq, row, proof)))
        if kind == ADD:
            fields = {
                "order_id": order_uuid(row[3]),
                "price": product.price_text(row[5]),
                "remaining_size": product.size_text(row[6]),
                "side": SIDES[to_side(row[4])],
            }
            return message("open", product, ts, number, fields)
        if kind in (REDUCE, LEVEL) and changes and steps:
            return self._changed(changes[0], ts, number)
        if kind == QUOTE and steps:
            trade = self._market_state.trade(product.index)
            return None if trade is None else self._over(trade, ts, number)
        return None

    def _changed(self, change: OrderChange, ts: int, number: int) -> str:
        product, order = self._product, change.order
        size, price = product.size_text(order.left), product.price_text(order.price)
        fields: Fields = {"order_id": order_uuid(order.number), "side": SIDES[order.side], "price": price}
        if change.is_new:
            return message("open", product, ts, number, {**fields, "remaining_size": size})
        before = product.size_text(change.before)
        if change.is_gone:
            return message(
                "done", product, ts, number, {**fields, "reason": "canceled", "remaining_size": before}
            )
        return message("change", product, ts, number, {**fields, "old_size": before, "new_size": size})

    def _over(self, trade: Trade, ts: int, number: int) -> str:
        """A taker that does not rest: whether all of it has traded the market does not tell."""
        return message("done", self._product, ts, number, {**self.taker(trade), "reason": "filled"})


class EndsEncoder(_Steps):
    """That an order is over which has just traded as a maker."""

    rank = SUMMARY

    def encode(self, item: Event) -> str | None:
        """The message, after that of the trade."""
        self.steps()
        if not isinstance(item, Trade) or item.left != 0:
            return None
        product = self._product
        maker, _ = trade_order_uuids(product.index, item.trade, item.maker, item.taker)
        fields = {
            "order_id": maker,
            "price": product.price_text(item.price),
            "reason": "filled",
            "remaining_size": product.size_text(0),
            "side": maker_side(item.aggressor),
        }
        return message("done", product, item.ts, self.sequence, fields)


PARTS: Final[dict[str, Callable[[Product, MarketState], Encoder]]] = {
    topics.COMES: ComesEncoder,
    topics.CHANGES: ChangesEncoder,
    topics.ENDS: EndsEncoder,
}
