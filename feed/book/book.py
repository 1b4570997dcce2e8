"""
One limit order book: price-time priority, orders in, rows out.

Everything is integers: ids, sides (0 buy, 1 sell), prices in ticks (at least 1), sizes in lots (at
least 1). Nothing is validated here: :class:`~feed.book.exchange.Exchange` is the checked door.

It is the busiest code of all: what would be short methods is spelt out in :meth:`OrderBook.limit`,
:meth:`OrderBook.cancel` and the matching loop, where a call costs as much as all that it would do.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable

from feed.book.level import Level
from feed.book.resting_orders import RestingOrders
from feed.model.events import ADD, QUOTE, REDUCE, TRADE, Row
from feed.model.orders import SelfTrade


class OrderBook(RestingOrders):
    """
    The book of one instrument.

    Each operation emits the rows of what it did (:mod:`feed.model.events`), then one ``QUOTE`` if
    the best bid or ask changed in price or size. One that does not settle leaves that, and ``bid`` to
    ``ask_size``, to a later call of :meth:`settle`.

    Args:
        instrument: Index stamped on every row.
        emit: Takes each row, in order.
        self_trade: What happens when both sides of a trade would be one account; account 0 is exempt.

    Attributes:
        self_trade: As given; its owner may set another before an operation.
        prevented: Trades of an account with itself that were prevented: id of the resting order, price in
            ticks, lots. Its owner empties it before an operation.
        trades: Trades so far, and thereby the id of the last.
        volume: Lots traded so far.
        last: Price of the last trade, ticks; 0 before the first.
    """

    __slots__ = ("_emit", "last", "prevented", "self_trade", "trades", "volume")

    def __init__(
        self,
        instrument: int,
        emit: Callable[[Row], object],
        *,
        self_trade: SelfTrade = SelfTrade.CANCEL_RESTING,
    ) -> None:
        super().__init__(instrument)
        self.trades = 0
        self.volume = 0
        self.last = 0
        self._emit = emit
        self.self_trade = self_trade
        self.prevented: list[tuple[int, int, int]] = []

    def limit(  # noqa: PLR0917 - an argument that must be named costs 2 % of the deep benchmark
        self, order: int, side: int, price: int, size: int, account: int = 0, settles: bool = True
    ) -> int:
        """
        Match what crosses, then rest (good till cancelled).

        Its id must be a new one, but where it comes back within an operation that does not settle yet.

        Returns:
            Lots now resting; 0 when filled, or cancelled by self-trade prevention.
        """
        # The opposite of would_rest(), what mostly decides first.
        crosses = price <= self.bid if side else price >= self.ask and self.ask > 0
        if crosses:
            size = self.match(order, side, price if side else -price, size, account)[1]
            if not size:
                if settles:
                    self.settle()
                return 0
        key = -price if side else price
        level = self._levels.get(key)
        if level is None:
            level = self._levels[key] = Level(side, price)
            insort(self._keys[side], key)
        level.size = total = level.size + size
        level.queue[order] = size
        self._orders[order] = level
        if account:
            self._accounts[order] = account
        self._emit((ADD, self.instrument, self.now, order, side, price, size, total))
        if not settles:
            level.front.clear()  # it may have been here before
        elif crosses:
            self.settle()
        elif (price <= self.ask or not self.ask) if side else price >= self.bid:
            self._quote(side, price, total)
        return size

    def post_only(self, order: int, side: int, price: int, size: int, account: int = 0) -> bool:
        """Rest, or do nothing and return False when it would trade."""
        if self.would_rest(side, price):
            self.limit(order, side, price, size, account)
            return True
        return False

    def ioc(self, order: int, side: int, price: int, size: int, account: int = 0) -> int:
        """Match what crosses and discard the rest (immediate or cancel). Returns lots filled."""
        filled = self.match(order, side, price if side else -price, size, account)[0]
        self.settle()
        return filled

    def fok(self, order: int, side: int, price: int, size: int, account: int = 0) -> int:
        """Match all of it or none (fill or kill). Returns ``size`` or 0."""
        if self._available(side, price if side else -price, size, account) < size:
            return 0
        return self.ioc(order, side, price, size, account)

    def market(self, order: int, side: int, size: int, account: int = 0) -> int:
        """Match at any price and discard the rest. Returns lots filled."""
        keys = self._keys[1 - side]
        if not keys:
            return 0
        filled = self.match(order, side, keys[0], size, account)[0]
        self.settle()
        return filled

    def cancel(self, order: int, settles: bool = True) -> int:
        """Take an order off the book without a trade. Returns lots cancelled; 0 when it is not resting."""
        level = self._orders.pop(order, None)
        if level is None:
            return 0
        if self._accounts:
            self._accounts.pop(order, None)
        left = level.queue.pop(order)
        level.size = total = level.size - left
        side, price = level.side, level.price
        if not total:
            key = -price if side else price
            keys = self._keys[side]
            del self._levels[key], keys[bisect_left(keys, key)]
        self._emit((REDUCE, self.instrument, self.now, order, side, price, 0, total))
        if settles and price == (self.ask if side else self.bid):
            if total:
                self._quote(side, price, total)
            else:
                self.settle()
        return left

    def modify(self, order: int, price: int, size: int) -> int:
        """
        Change the price and the open size of a resting order.

        At the same price a smaller size keeps its place in the queue. Anything else takes the order
        off the book and enters it again under the same id: it may trade, and rests at the back.

        Returns:
            Lots now resting; 0 when filled, cancelled by self-trade prevention, or not known.
        """
        level = self._orders.get(order)
        if level is None:
            return 0
        left = level.queue[order]
        if price == level.price and size < left:
            self._shrink(order, level, left - size)
            resting = size
        else:
            account = self._accounts.get(order, 0)
            self.cancel(order, settles=False)
            resting = self.limit(order, level.side, price, size, account, settles=False)
        self.settle()
        return resting

    def match(self, taker: int, side: int, worst: int, size: int, account: int) -> tuple[int, int]:
        """
        Trade against the other side, best price first, first come first. The caller settles.

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
        keys, levels = self._keys[1 - side], self._levels
        # None, not ALLOW, so that the loop tests an identity only for orders with accounts.
        rule = self.self_trade if account and self.self_trade is not SelfTrade.ALLOW else None
        orders, accounts = self._orders, self._accounts
        trade = self.trades
        last = 0
        left = alive = size
        while alive and keys and keys[-1] >= worst:
            level = levels[keys[-1]]
            queue = level.queue
            front = level.front or level.line_up()
            maker = front[-1]
            resting = queue.get(maker)
            if resting is None:
                front.pop()
                continue
            if rule is not None and accounts.get(maker) == account:
                lots, survives = self._prevent(rule, maker, level, left)
                size -= lots
                left -= lots
                alive = left if survives else 0
                continue
            trade += 1
            last = level.price
            if resting > left:
                lots = left
                queue[maker] = resting = resting - lots
                level.size = total = level.size - lots
            else:
                lots = resting
                resting = 0
                level.size = total = level.size - lots
                front.pop()
                del orders[maker], queue[maker]
                if accounts:
                    accounts.pop(maker, None)
                if not total:
                    del levels[keys.pop()]
            left = alive = left - lots
            emit((TRADE, instrument, now, trade, side, last, lots, maker, taker, resting, total))
        if left != size:
            self.last = last
            self.trades = trade
            self.volume += size - left
        return size - left, alive

    def settle(self) -> None:
        """Bring the best bid and ask up to date; emit ``QUOTE`` if they changed."""
        bids, asks = self._keys
        bid = bid_size = ask = ask_size = 0
        if bids:
            bid = bids[-1]
            bid_size = self._levels[bid].size
        if asks:
            ask = -asks[-1]
            ask_size = self._levels[-ask].size
        if bid != self.bid or ask != self.ask or bid_size != self.bid_size or ask_size != self.ask_size:
            self.bid, self.bid_size, self.ask, self.ask_size = bid, bid_size, ask, ask_size
            self._emit((QUOTE, self.instrument, self.now, bid, bid_size, ask, ask_size))

    def _quote(self, side: int, price: int, size: int) -> None:
        """Take over a new best price of one side, or another size there, and emit ``QUOTE``."""
        if side:
            self.ask, self.ask_size = price, size
        else:
            self.bid, self.bid_size = price, size
        self._emit((QUOTE, self.instrument, self.now, self.bid, self.bid_size, self.ask, self.ask_size))

    def _prevent(self, rule: SelfTrade, maker: int, level: Level, left: int) -> tuple[int, bool]:
        """
        Keep an incoming order from trading with one of its own account.

        Returns:
            Lots by which the incoming order gets smaller without a trade, and whether it goes on.
        """
        lots = min(left, level.queue[maker])
        self.prevented.append((maker, level.price, lots))
        if rule is SelfTrade.DECREMENT:
            self._shrink(maker, level, lots)
            return lots, True
        if rule is not SelfTrade.CANCEL_INCOMING:
            self.cancel(maker, settles=False)
        return 0, rule is SelfTrade.CANCEL_RESTING

    def _available(self, side: int, worst: int, size: int, account: int) -> int:
        """Lots that an incoming order could trade with; stops counting once there are ``size``."""
        rule = self.self_trade if account and self.self_trade is not SelfTrade.ALLOW else None
        found = 0
        for key in reversed(self._keys[1 - side]):
            if key < worst or found >= size:
                break
            level = self._levels[key]
            if rule is None:
                found += level.size
                continue
            for maker, left in level.queue.items():
                if self._accounts.get(maker) != account:
                    found += left
                elif rule is not SelfTrade.CANCEL_RESTING:
                    # The incoming order would end here, whatever rests behind.
                    return found
        return found

    def _shrink(self, order: int, level: Level, lots: int) -> None:
        """Make an order smaller without a trade; it keeps its place. The caller settles."""
        left = level.queue[order] - lots
        if not left:
            self.cancel(order, settles=False)
            return
        level.queue[order] = left
        level.size -= lots
        self._emit((REDUCE, self.instrument, self.now, order, level.side, level.price, left, level.size))
