"""
Level 3: the single orders of the best levels, and a checksum over their queues in every message.

A client keeps as many levels as it has subscribed to, each with its orders in the order of their priority,
and forgets what falls behind; of a level that comes up from behind every order is told anew. The id of an
order is the one by which its account knows it. Source: "Orders (Level 3)" and "L3 checksum".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from feed.dialects.checksums import CHECKED_LEVELS, digits
from feed.dialects.kraken.account.ids import order_id
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.ladder import BOOK_KINDS
from feed.dialects.market_by_order import MarketByOrder, OrderChange, RestingOrder
from feed.dialects.times import iso_nanoseconds
from feed.model.events import CLEAR, Row, Side
from feed.model.topics import Topic
from feed.state.encoder import RowEncoder
from feed.state.market_state import MarketState


class OrdersEncoder(PairEncoder, RowEncoder):
    """
    The orders of the best levels of one pair.

    Args:
        pair: Whose book.
        topic: Of the messages; it says how many levels of a side there are.
        market_state: The market's state, now and from now on.
    """

    kinds: Sequence[int] = BOOK_KINDS

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState) -> None:
        super().__init__(pair, topic, market_state)
        self._depth: Final = int(dict(topic.options)[topics.DEPTH])
        self._orders: Final = MarketByOrder(pair.index, market_state)
        # Digits of prices and quantities of the queue at a price; None for the best levels joined: both are
        # made anew where an event has changed them.
        self._digits: tuple[dict[int | None, str], dict[int | None, str]] = ({}, {})

    def present(self) -> Sequence[str]:
        """The orders of the best levels."""
        bids, asks = (
            ",".join([self._row(order) for order in self._orders.orders(side, self._depth)]) for side in Side
        )
        return [f"{self._snapshot}{self._book(bids, asks)}}}]}}"]

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """What has changed of the orders of the best levels, or None when nothing has."""
        del seq, proof
        changes = self._orders.apply(row)
        if not changes:
            if row[0] != CLEAR:
                return None
            for digits_of in self._digits:
                digits_of.clear()
            return self.present()[0]
        side, price = changes[0].order.side, changes[0].order.price
        self._digits[side].pop(price, None)
        if self._orders.rank(side, price, CHECKED_LEVELS):
            self._digits[side].pop(None, None)
        if not self._orders.rank(side, price, self._depth):
            return None
        rows = [self._changed(change, row[2]) for change in changes]
        if not self._orders.queue(side, price):
            best = self._orders.prices(side, self._depth)
            if len(best) == self._depth:
                rows += [self._row(order, "add") for order in self._orders.queue(side, best[-1])]
        told = ",".join(rows)
        bids, asks = (told, "") if side is Side.BUY else ("", told)
        return f"{self._update}{self._book(bids, asks)}}}]}}"

    def checksum(self) -> int:
        """Over the queues of the best levels: asks, then bids."""
        bids, asks = (self._checked(side) for side in Side)
        return crc32(f"{asks}{bids}".encode("ascii"))

    def _checked(self, side: Side) -> str:
        kept = self._digits[side]
        found = kept.get(None)
        if found is None:
            found = kept[None] = "".join(
                [
                    kept.get(price) or self._queue_digits(side, price)
                    for price in self._orders.prices(side, CHECKED_LEVELS)
                ]
            )
        return found

    def _queue_digits(self, side: Side, price: int) -> str:
        at = digits(self._pair.price_text(price))
        found = "".join(
            [f"{at}{digits(self._pair.size_text(order.left))}" for order in self._orders.queue(side, price)]
        )
        self._digits[side][price] = found
        return found

    def _changed(self, change: OrderChange, ts: int) -> str:
        """A change at a market time; an order that is gone is told with what was left of it."""
        order = change.order
        if not change.is_gone:
            return self._row(order, "add" if change.is_new else "modify")
        return self._written(order, "delete", change.before, ts)

    def _row(self, order: RestingOrder, event: str = "") -> str:
        return self._written(order, event, order.left, order.since)

    def _written(self, order: RestingOrder, event: str, lots: int, ts: int) -> str:
        said = f'"event":"{event}",' if event else ""
        price, size = self._pair.price_text(order.price), self._pair.size_text(lots)
        return (
            f'{{{said}"order_id":"{order_id(order.number)}","limit_price":{price},"order_qty":{size},'
            f'"timestamp":"{iso_nanoseconds(ts)}"}}'
        )

    def _book(self, bids: str, asks: str) -> str:
        return f'{{"symbol":{self._symbol},"checksum":{self.checksum()},"bids":[{bids}],"asks":[{asks}]'
