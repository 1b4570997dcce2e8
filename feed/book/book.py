"""
One limit order book: price-time priority, orders in, rows out.

A side is a dict of price levels and a sorted list of their keys, so the price range is unbounded
and the best level is the last key. The key of a level is its price on the buy side and minus its
price on the sell side: better is greater on both, and one matching loop serves both.

Everything is integers: ids, sides (0 buy, 1 sell), prices in ticks (at least 1), sizes in lots (at
least 1). Nothing is validated here: :class:`~feed.book.exchange.Exchange` is the checked door.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Final

import attrs

from feed.book.level import Level, Order
from feed.model.events import ADD, QUOTE, REDUCE, TRADE, Row, Side
from feed.model.orders import SelfTrade


@attrs.frozen
class Resting:
    """
    What is known of an order on the book.

    Attributes:
        account: Whose it is; 0 is nobody's.
        side: Side it rests on.
        price: Integer ticks.
        left: Integer lots still resting.
    """

    account: int
    side: int
    price: int
    left: int


class OrderBook:
    """
    The book of one instrument.

    Each operation emits the rows of what it did (:mod:`feed.model.events`), then one ``QUOTE`` if
    the best bid or ask changed in price or size.

    Args:
        instrument: Index stamped on every row.
        emit: Takes each row, in order.
        self_trade: What happens when both sides of a trade would be one account; account 0 is exempt.

    Attributes:
        self_trade: As given; its owner may set another before an operation.
        prevented: Trades of an account with itself that were prevented: id of the resting order, price in
            ticks, lots. Its owner empties it before an operation.
        now: Market time in nanoseconds, stamped on every row; its owner sets it before each operation.
        bid: Best bid, ticks; 0 when there is none.
        bid_size: Lots there.
        ask: Best ask, ticks; 0 when there is none.
        ask_size: Lots there.
        trades: Trades so far, and thereby the id of the last.
        volume: Lots traded so far.
        last: Price of the last trade, ticks; 0 before the first.
    """

    __slots__ = (
        "_emit",
        "_keys",
        "_levels",
        "_orders",
        "ask",
        "ask_size",
        "bid",
        "bid_size",
        "instrument",
        "last",
        "now",
        "prevented",
        "self_trade",
        "trades",
        "volume",
    )

    def __init__(
        self,
        instrument: int,
        emit: Callable[[Row], object],
        *,
        self_trade: SelfTrade = SelfTrade.CANCEL_RESTING,
    ) -> None:
        self.instrument: Final = instrument
        self.now = 0
        self.bid = self.bid_size = self.ask = self.ask_size = 0
        self.trades = 0
        self.volume = 0
        self.last = 0
        self._emit = emit
        self.self_trade = self_trade
        self.prevented: list[tuple[int, int, int]] = []
        self._orders: dict[int, Order] = {}
        # Indexed by side. Keys ascend: the best level is the last.
        self._keys: tuple[list[int], list[int]] = ([], [])
        self._levels: tuple[dict[int, Level], dict[int, Level]] = ({}, {})

    def limit(self, order: int, side: int, price: int, size: int, account: int = 0) -> int:
        """
        Match what crosses, then rest (good till cancelled).

        Returns:
            Lots now resting; 0 when filled, or cancelled by self-trade prevention.
        """
        resting = self._enter(order, side, price, size, account)
        # An order that takes is better than its own side's best too: one test finds both.
        if (not self.ask or price <= self.ask) if side else price >= self.bid:
            self._settle()
        return resting

    def post_only(self, order: int, side: int, price: int, size: int, account: int = 0) -> bool:
        """Rest, or do nothing and return False when it would trade."""
        if self.would_rest(side, price):
            self.limit(order, side, price, size, account)
            return True
        return False

    def ioc(self, order: int, side: int, price: int, size: int, account: int = 0) -> int:
        """Match what crosses and discard the rest (immediate or cancel). Returns lots filled."""
        return self._take(order, side, price if side else -price, size, account)

    def fok(self, order: int, side: int, price: int, size: int, account: int = 0) -> int:
        """Match all of it or none (fill or kill). Returns ``size`` or 0."""
        worst = price if side else -price
        if self._available(side, worst, size, account) < size:
            return 0
        return self._take(order, side, worst, size, account)

    def market(self, order: int, side: int, size: int, account: int = 0) -> int:
        """Match at any price and discard the rest. Returns lots filled."""
        keys = self._keys[1 - side]
        return self._take(order, side, keys[0], size, account) if keys else 0

    def cancel(self, order: int) -> int:
        """Take an order off the book. Returns lots cancelled; 0 when it is not resting."""
        node = self._orders.get(order)
        if node is None:
            return 0
        level = node.level
        self._withdraw(node)
        if level.price == (self.ask if level.side else self.bid):
            self._settle()
        return node.left

    def modify(self, order: int, price: int, size: int) -> int:
        """
        Change the price and the open size of a resting order.

        At the same price a smaller size keeps its place in the queue. Anything else takes the order
        off the book and enters it again under the same id: it may trade, and rests at the back.

        Returns:
            Lots now resting; 0 when filled, cancelled by self-trade prevention, or not known.
        """
        node = self._orders.get(order)
        if node is None:
            return 0
        level = node.level
        if price == level.price and size < node.left:
            self._shrink(node, node.left - size)
            resting = size
        else:
            self._withdraw(node)
            resting = self._enter(order, level.side, price, size, node.account)
        self._settle()
        return resting

    def would_rest(self, side: int, price: int) -> bool:
        """Whether an order at ``price`` would rest without a trade."""
        return price > self.bid if side else not 0 < self.ask <= price

    def get(self, order: int) -> Resting | None:
        """A resting order as it stands now; None when it is not on the book."""
        node = self._orders.get(order)
        if node is None:
            return None
        return Resting(node.account, node.level.side, node.level.price, node.left)

    def first(self, side: int) -> int:
        """The id of the order that trades first on a side; 0 when it is empty."""
        keys = self._keys[side]
        return self._levels[side][keys[-1]].next.id if keys else 0

    def __contains__(self, order: object) -> bool:
        return order in self._orders

    def __len__(self) -> int:
        """How many orders rest."""
        return len(self._orders)

    def levels(self, side: int, depth: int | None = None) -> list[tuple[int, int, int]]:
        """The best ``depth`` levels of a side, best first: (price, lots, number of orders)."""
        return [(level.price, level.size, sum(1 for _ in level)) for level in self._best_first(side, depth)]

    def sizes(self, side: int, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` levels of a side, best first: (price, lots)."""
        return [(level.price, level.size) for level in self._best_first(side, depth)]

    def sizes_near(self, side: int, span: int, least: int, most: int) -> list[tuple[int, int]]:
        """
        The levels of a side near its best price, best first: (price, lots).

        Args:
            side: Side of the book.
            span: Distance from the best price, ticks.
            least: So many levels at least, however far they are.
            most: Bound on their number.
        """
        keys = self._keys[side]
        if not keys:
            return []
        count = len(keys) - bisect_left(keys, keys[-1] - span)
        return self.sizes(side, min(max(count, least), most))

    def orders(self, side: int) -> list[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price, lots)."""
        return [(node.id, level.price, node.left) for level in self._best_first(side) for node in level]

    def rows(self) -> list[Row]:
        """A snapshot: ``ADD`` rows in priority order, buys first, and a ``QUOTE``; they rebuild the book."""
        rows: list[Row] = []
        for side in Side:
            for level in self._best_first(side):
                total = 0
                for node in level:
                    total += node.left
                    rows.append(
                        (ADD, self.instrument, self.now, node.id, level.side, level.price, node.left, total)
                    )
        rows.append((QUOTE, self.instrument, self.now, self.bid, self.bid_size, self.ask, self.ask_size))
        return rows

    def _best_first(self, side: int, depth: int | None = None) -> list[Level]:
        return list(map(self._levels[side].__getitem__, self._keys[side][::-1][:depth]))

    def _enter(self, order: int, side: int, price: int, size: int, account: int) -> int:
        """Match, then rest what is left. The caller settles. Returns lots resting."""
        # The opposite of would_rest(), spelt out: this is the busiest path of all.
        if price <= self.bid if side else 0 < self.ask <= price:
            size = self._match(order, side, price if side else -price, size, account)[1]
            if not size:
                return 0
        key = -price if side else price
        levels = self._levels[side]
        level = levels.get(key)
        if level is None:
            level = levels[key] = Level(side, price, key)
            insort(self._keys[side], key)
        back = level.prev
        node = Order(order, account, size, level, back)
        back.next = level.prev = self._orders[order] = node
        level.size = total = level.size + size
        self._emit((ADD, self.instrument, self.now, order, side, price, size, total))
        return size

    def _take(self, order: int, side: int, worst: int, size: int, account: int) -> int:
        """Match and settle, never rest. Returns lots filled."""
        filled = self._match(order, side, worst, size, account)[0]
        self._settle()
        return filled

    def _match(self, taker: int, side: int, worst: int, size: int, account: int) -> tuple[int, int]:
        """
        Trade against the other side, best price first, first come first.

        Args:
            taker: Id of the incoming order.
            side: Side of the incoming order.
            worst: Least key of the other side that the incoming order accepts.
            size: Lots wanted.
            account: Whose the incoming order is.
        Returns:
            Lots filled, and lots of the incoming order still alive.
        """
        emit, instrument, now = self._emit, self.instrument, self.now
        keys, levels = self._keys[1 - side], self._levels[1 - side]
        # None, not ALLOW, so that the loop tests an identity only for orders with accounts.
        rule = self.self_trade if account and self.self_trade is not SelfTrade.ALLOW else None
        orders = self._orders
        trade = self.trades
        last = 0
        left = alive = size
        while alive and keys and keys[-1] >= worst:
            level = levels[keys[-1]]
            maker = level.next
            if rule is not None and maker.account == account:
                lots = min(left, maker.left)
                self.prevented.append((maker.id, level.price, lots))
                if rule is SelfTrade.DECREMENT:
                    self._shrink(maker, lots)
                    size -= lots
                    left = alive = left - lots
                    continue
                if rule is not SelfTrade.CANCEL_INCOMING:
                    self._withdraw(maker)
                if rule is not SelfTrade.CANCEL_RESTING:
                    alive = 0
                continue
            trade += 1
            last = level.price
            resting = maker.left
            if resting > left:
                lots = left
                maker.left = resting = resting - lots
                level.size = total = level.size - lots
            else:
                lots = resting
                resting = 0
                level.size = total = level.size - lots
                del orders[maker.id]
                level.next = behind = maker.next
                behind.prev = maker.prev
                if not total:
                    self._drop(level)
            left = alive = left - lots
            emit((TRADE, instrument, now, trade, side, last, lots, maker.id, taker, resting, total))
        if left != size:
            self.last = last
            self.trades = trade
            self.volume += size - left
        return size - left, alive

    def _available(self, side: int, worst: int, size: int, account: int) -> int:
        """Lots that an incoming order could trade with; stops counting once there are ``size``."""
        rule = self.self_trade if account and self.self_trade is not SelfTrade.ALLOW else None
        found = 0
        for level in self._best_first(1 - side):
            if level.key < worst or found >= size:
                break
            if rule is None:
                found += level.size
                continue
            for maker in level:
                if maker.account != account:
                    found += maker.left
                elif rule is not SelfTrade.CANCEL_RESTING:
                    # The incoming order would end here, whatever rests behind.
                    return found
        return found

    def _shrink(self, node: Order, lots: int) -> None:
        """Make an order smaller without a trade; it keeps its place. The caller settles."""
        if lots == node.left:
            self._withdraw(node)
            return
        level = node.level
        node.left -= lots
        level.size -= lots
        self._emit(
            (REDUCE, self.instrument, self.now, node.id, level.side, level.price, node.left, level.size)
        )

    def _withdraw(self, node: Order) -> None:
        """Take an order off the book without a trade. The caller settles."""
        level = node.level
        order = node.id
        del self._orders[order]
        before, behind = node.prev, node.next
        before.next = behind
        behind.prev = before
        level.size = total = level.size - node.left
        if not total:
            self._drop(level)
        self._emit((REDUCE, self.instrument, self.now, order, level.side, level.price, 0, total))

    def _drop(self, level: Level) -> None:
        """Forget an empty level."""
        key = level.key
        keys = self._keys[level.side]
        del self._levels[level.side][key]
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]
        # An empty ring points at itself: open it, or only the garbage collector could free it.
        del level.next, level.prev

    def _settle(self) -> None:
        """Bring the best bid and ask up to date; emit ``QUOTE`` if they changed."""
        bids, asks = self._keys
        bid = bid_size = ask = ask_size = 0
        if bids:
            bid = bids[-1]
            bid_size = self._levels[0][bid].size
        if asks:
            ask = -asks[-1]
            ask_size = self._levels[1][-ask].size
        if bid != self.bid or ask != self.ask or bid_size != self.bid_size or ask_size != self.ask_size:
            self.bid, self.bid_size, self.ask, self.ask_size = bid, bid_size, ask, ask_size
            self._emit((QUOTE, self.instrument, self.now, bid, bid_size, ask, ask_size))
