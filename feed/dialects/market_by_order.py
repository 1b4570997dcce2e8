"""
Market by order (L3): the queue of orders at each price level, and what an event changes of it.

The orders of a level always add up to the level, as the market's state has it. Where a source tells of
orders, they are its own, in the order of their priority; the number of an order is that which its account is
told. A source that reports price levels alone has one order at each level, which comes with the level,
changes its size with it and goes with it; its number is negative. So has what a source leaves open of a
level whose orders it tells of: it stands behind them.

All of it follows from the market's state at one event and the events since: made at any moment, it goes on
as if it had been there from the first event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from feed.book.price_levels import PriceLevels
from feed.dialects.ladder import changed_level
from feed.model.events import ADD, CLEAR, REDUCE, TRADE, UNKNOWN, Row, Side
from feed.state.market_state import MarketState

_UNTOLD: Final = 1 << 62  # beyond every sequence number


@attrs.frozen
class RestingOrder:
    """
    An order on the book.

    Attributes:
        number: Of the order, unique in its instrument; negative where the source does not tell of orders.
        side: Side it rests on.
        price: Integer ticks.
        left: Integer lots still resting.
        since: Market time at which it came to its place in the queue, nanoseconds since the Unix epoch.
    """

    number: int
    side: Side
    price: int
    left: int
    since: int


@attrs.frozen
class OrderChange:
    """
    What an event changes of one order.

    Attributes:
        order: As it is now; one that is gone has nothing left.
        before: Lots that were left of it before; 0 for one that has just come.
        trade: Id of the trade in which it was filled; 0 where none was the reason.
    """

    order: RestingOrder
    before: int
    trade: int = 0

    @property
    def is_new(self) -> bool:
        """Whether the order came to rest."""
        return not self.before

    @property
    def is_gone(self) -> bool:
        """Whether the order rests no more."""
        return not self.order.left


class _Level:
    """
    The queue at one price.

    Attributes:
        orders: That the source tells of, by number, in the order of their priority.
        total: Lots of them.
        size: Lots that rest there, as told.
        begun: Number and market time of the event with which it came, of a source that reports levels alone.
    """

    __slots__ = ("begun", "orders", "price", "side", "size", "total")

    def __init__(self, side: Side, price: int) -> None:
        self.side = side
        self.price = price
        self.orders: dict[int, RestingOrder] = {}
        self.total = 0
        self.size = 0
        self.begun: tuple[int, int] | None = None

    def put(self, number: int, left: int, now: int) -> None:
        """So many lots are left of an order, which arrives ``now`` if it was not here."""
        known = self.orders.get(number)
        self.total += left - (0 if known is None else known.left)
        if left:
            since = now if known is None else known.since
            self.orders[number] = RestingOrder(number, self.side, self.price, left, since)
        elif known is not None:
            del self.orders[number]

    def queue(self) -> Iterable[RestingOrder]:
        """The orders that add up to the level."""
        if self.total == self.size:
            return self.orders.values()
        found: list[RestingOrder] = []
        missing = self.size
        for order in self.orders.values():
            if missing:
                lots = min(order.left, missing)
                found.append(order if lots == order.left else attrs.evolve(order, left=lots))
                missing -= lots
        if missing:
            seq, since = self.begun or (_UNTOLD + 2 * self.price + self.side, 0)
            found.append(RestingOrder(-seq, self.side, self.price, missing, since))
        return found


class MarketByOrder:
    """
    The orders of one instrument.

    Args:
        index: Of the instrument in the listing.
        market_state: The market's state; it takes each event before :meth:`apply` does.
    """

    def __init__(self, index: int, market_state: MarketState) -> None:
        self._index: Final = index
        self._market_state: Final = market_state
        self._sides = (PriceLevels[_Level](Side.BUY), PriceLevels[_Level](Side.SELL))
        self._levels: tuple[dict[int, _Level], dict[int, _Level]] = ({}, {})
        for side in Side:
            for number, price, left, since in market_state.arrivals(index, side):
                self._level(side, price).put(number, left, since)
            for price, size in market_state.levels(index, side):
                level = self._level(side, price)
                level.size = size
                level.begun = market_state.begun(index, side).get(price)
                self._sides[side].set(price, level)

    def prices(self, side: Side, depth: int | None = None) -> Sequence[int]:
        """The best ``depth`` prices of a side, best first, integer ticks."""
        found = self._sides[side]
        return found.top(len(found) if depth is None else depth)

    def rank(self, side: Side, price: int, depth: int) -> bool:
        """Whether a price is among the best ``depth`` of a side, or would be if there were orders."""
        levels = self._sides[side]
        keys = levels.keys
        return len(keys) < depth or price * levels.sign >= keys[-depth]

    def queue(self, side: Side, price: int) -> Sequence[RestingOrder]:
        """The orders at a price in the order of their priority; none where there is no such level."""
        level = self._levels[side].get(price)
        return () if level is None else tuple(level.queue())

    def orders(self, side: Side, depth: int | None = None) -> list[RestingOrder]:
        """The orders of the best ``depth`` levels of a side in the order of their priority."""
        found = self._sides[side].sizes(depth)
        return [order for level in found for order in level.queue()]

    def apply(self, row: Row) -> Sequence[OrderChange]:
        """
        Take the next event of the instrument into account.

        Args:
            row: Events of :data:`feed.dialects.ladder.BOOK_KINDS` count, the others change nothing.

        Returns:
            What it changes, all of it at one price level. Nothing for a book that is cleared, of which
            nothing is left. Of a trade, the first is the order that it was with; a source that reports its
            book apart from its trades does not say which that was, and its trades change nothing.
        """
        changed = changed_level(row)
        if changed is None:
            if row[0] == CLEAR:
                self._clear()
            return ()
        side, price, size = changed
        level = self._level(side, price)
        kind, now = row[0], row[2]
        number = left = 0
        if kind in (ADD, REDUCE):
            number, left = row[3], row[6]
        elif kind == TRADE and row[9] != UNKNOWN:
            number, left = row[7], row[9]
        known = level.orders.get(number)
        before = 0 if known is None else known.left
        if level.total == level.size and level.total - before + left == size and (known or left):
            level.put(number, left, now)
            since = now if known is None else known.since
            told = [(level.orders.get(number) or RestingOrder(number, side, price, 0, since), before)]
        else:
            told = self._differences(level, number, left, size, now)
        self._resize(level, size)
        trade = row[3] if kind == TRADE else 0
        return [OrderChange(order, had, trade) for order, had in told]

    def _level(self, side: Side, price: int) -> _Level:
        levels = self._levels[side]
        level = levels.get(price)
        if level is None:
            level = levels[price] = _Level(side, price)
        return level

    def _differences(
        self, level: _Level, number: int, left: int, size: int, now: int
    ) -> list[tuple[RestingOrder, int]]:
        """What becomes of a level whose orders, as they are told, do not add up to it by themselves."""
        was = {order.number: order for order in level.queue()}
        if number:
            level.put(number, left, now)
        level.size = size
        level.begun = self._market_state.begun(self._index, level.side).get(level.price)
        queue = {order.number: order for order in level.queue()}
        stay: dict[int, None] = {}  # in their places, in front of all that come
        for key, other in zip((key for key in was if key in queue), queue, strict=False):
            if key != other:
                break
            stay[key] = None
        gone = [(attrs.evolve(was[key], left=0), was[key].left) for key in was if key not in stay]
        changed = [(queue[key], was[key].left) for key in stay if was[key].left != queue[key].left]
        come = [(order, 0) for key, order in queue.items() if key not in stay]
        found = [*gone, *changed, *come]
        found.sort(key=lambda change: change[0].number != number or not change[1])
        return found

    def _resize(self, level: _Level, size: int) -> None:
        """So many lots rest at a level; one without any is no level."""
        level.size = size
        self._sides[level.side].set(level.price, level if size else None)
        if not size and not level.orders:
            del self._levels[level.side][level.price]

    def _clear(self) -> None:
        for levels in self._levels:
            levels.clear()
        for side in self._sides:
            side.clear()
