"""The book beside a matcher so naive that it can be checked by reading it."""

from __future__ import annotations

import copy

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from feed.book.book import OrderBook
from feed.book.views import L1, L2, L3
from feed.model.events import ADD, QUOTE, REDUCE, TRADE, Side
from feed.model.orders import SelfTrade

INSTRUMENT = 7


@attrs.define
class Order:
    id: int
    account: int
    side: int
    price: int
    left: int


class NaiveBook:
    """One list in order of arrival; every question is answered by looking at all of it."""

    def __init__(self, self_trade):
        self.self_trade = self_trade
        self.resting = []
        self.rows = []
        self.trades = 0
        self.now = 0

    def row(self, kind, *numbers):
        self.rows.append((kind, INSTRUMENT, self.now, *numbers))

    def total(self, side, price):
        return sum(o.left for o in self.resting if (o.side, o.price) == (side, price))

    def queue(self, side):
        """The sort is stable: at one price the order of arrival stays."""
        orders = [o for o in self.resting if o.side == side]
        return sorted(orders, key=lambda o: o.price if side == Side.SELL else -o.price)

    def top(self):
        quote = []
        for side in Side:
            prices = [o.price for o in self.queue(side)[:1]] or [0]
            quote += [prices[0], self.total(side, prices[0])]
        return tuple(quote)

    def find(self, order):
        return next((o for o in self.resting if o.id == order), None)

    def remove(self, order):
        self.resting.remove(order)
        self.row(REDUCE, order.id, order.side, order.price, 0, self.total(order.side, order.price))

    def crossing(self, side, price):
        """The orders of the other side that one at ``price`` (None: any) may meet, best first."""
        opposite = self.queue(1 - side)
        if price is None:
            return opposite
        return [o for o in opposite if (o.price >= price if side == Side.SELL else o.price <= price)]

    def match(self, taker, side, price, size, account):
        """Returns lots filled, and lots still alive."""
        left = size
        while left and (makers := self.crossing(side, price)):
            maker = makers[0]
            if account and maker.account == account and self.self_trade is SelfTrade.DECREMENT:
                lots = min(left, maker.left)
                left, size = left - lots, size - lots
                if lots == maker.left:
                    self.remove(maker)
                    continue
                maker.left -= lots
                level = self.total(maker.side, maker.price)
                self.row(REDUCE, maker.id, maker.side, maker.price, maker.left, level)
                continue
            if account and maker.account == account and self.self_trade is not SelfTrade.ALLOW:
                if self.self_trade is not SelfTrade.CANCEL_INCOMING:
                    self.remove(maker)
                if self.self_trade is not SelfTrade.CANCEL_RESTING:
                    return size - left, 0
                continue
            lots = min(left, maker.left)
            left -= lots
            maker.left -= lots
            self.trades += 1
            level = self.total(maker.side, maker.price)
            self.row(TRADE, self.trades, side, maker.price, lots, maker.id, taker, maker.left, level)
            if not maker.left:
                self.resting.remove(maker)
        return size - left, left

    def limit(self, order, side, price, size, account):
        _, left = self.match(order, side, price, size, account)
        if left:
            self.resting.append(Order(order, account, side, price, left))
            self.row(ADD, order, side, price, left, self.total(side, price))
        return left

    def fok(self, order, side, price, size, account):
        """Try it on a copy of the world."""
        if copy.deepcopy(self).match(order, side, price, size, account)[0] < size:
            return 0
        return self.match(order, side, price, size, account)[0]

    def modify(self, order, price, size):
        resting = self.find(order)
        if resting is None:
            return 0
        if price == resting.price and size < resting.left:
            resting.left = size
            self.row(REDUCE, order, resting.side, price, size, self.total(resting.side, price))
            return size
        self.remove(resting)
        return self.limit(order, resting.side, price, size, resting.account)


SIDES = st.sampled_from([int(side) for side in Side])
PRICES = st.integers(1, 9)
SIZES = st.integers(1, 6)
ACCOUNTS = st.integers(0, 2)


class BookMachine(RuleBasedStateMachine):
    """
    Any sequence of operations.

    Attributes:
        rows: What the last operation emitted.
    """

    ids = Bundle("ids")

    @initialize(self_trade=st.sampled_from(SelfTrade))
    def open(self, self_trade):
        self.rows = []
        self.book = OrderBook(INSTRUMENT, self.rows.append, self_trade=self_trade)
        self.naive = NaiveBook(self_trade)
        self.last_order = 0
        self.account = {}
        self.before = (0, 0, 0, 0)
        self.l1, self.l2, self.l3 = L1(), L2(), L3()
        self.open_lots = {}
        self.added = self.traded = self.cancelled = 0

    def act(self, operation, expected):
        """Run one operation on both books and compare what they say and what they emit."""
        self.before = self.naive.top()
        self.rows.clear()
        self.naive.rows.clear()
        self.book.now = self.naive.now = self.book.now + 1
        result = operation(self.book)
        assert result == expected(self.naive)
        if self.naive.top() != self.before:
            self.naive.row(QUOTE, *self.naive.top())
        assert self.rows == self.naive.rows
        return result

    def new(self, account):
        self.last_order += 1
        self.account[self.last_order] = account
        return self.last_order

    @rule(target=ids, side=SIDES, price=PRICES, size=SIZES, account=ACCOUNTS)
    def limit(self, side, price, size, account):
        order = self.new(account)
        self.act(
            lambda book: book.limit(order, side, price, size, account),
            lambda naive: naive.limit(order, side, price, size, account),
        )
        return order

    @rule(target=ids, side=SIDES, price=PRICES, size=SIZES, account=ACCOUNTS)
    def post_only(self, side, price, size, account):
        """Rests exactly when nothing on the other side crosses, whoever it belongs to."""
        order = self.new(account)
        self.act(
            lambda book: book.post_only(order, side, price, size, account),
            lambda naive: (
                not naive.crossing(side, price) and naive.limit(order, side, price, size, account) > 0
            ),
        )
        assert TRADE not in [row[0] for row in self.rows]
        return order

    @rule(side=SIDES, price=PRICES, size=SIZES, account=ACCOUNTS)
    def ioc(self, side, price, size, account):
        order = self.new(account)
        self.act(
            lambda book: book.ioc(order, side, price, size, account),
            lambda naive: naive.match(order, side, price, size, account)[0],
        )
        assert order not in self.book

    @rule(side=SIDES, price=PRICES, size=st.integers(1, 30), account=ACCOUNTS)
    def fok(self, side, price, size, account):
        """All or nothing, and nothing means nothing: not even a cancelled order of the same account."""
        order = self.new(account)
        filled = self.act(
            lambda book: book.fok(order, side, price, size, account),
            lambda naive: naive.fok(order, side, price, size, account),
        )
        assert filled in (0, size)
        assert bool(self.rows) == bool(filled)

    @rule(side=SIDES, size=SIZES, account=ACCOUNTS)
    def market(self, side, size, account):
        order = self.new(account)
        self.act(
            lambda book: book.market(order, side, size, account),
            lambda naive: naive.match(order, side, None, size, account)[0],
        )

    @rule(order=ids)
    def cancel(self, order):
        def expected(naive):
            resting = naive.find(order)
            if resting is None:
                return 0
            naive.remove(resting)
            return resting.left

        self.act(lambda book: book.cancel(order), expected)

    @rule(order=ids, price=PRICES, size=SIZES)
    def modify(self, order, price, size):
        self.act(lambda book: book.modify(order, price, size), lambda naive: naive.modify(order, price, size))

    @invariant()
    def is_never_crossed(self):
        book = self.book
        assert not (book.bid and book.ask) or book.bid < book.ask

    @invariant()
    def equals_the_naive_book(self):
        for side in Side:
            queue = self.naive.queue(side)
            assert self.book.orders(side) == [(o.id, o.price, o.left) for o in queue]
            assert all(
                attrs.astuple(self.book.get(o.id)) == (o.account, o.side, o.price, o.left) for o in queue
            )
        assert len(self.book) == len(self.naive.resting)
        book = self.book
        assert (book.bid, book.bid_size, book.ask, book.ask_size) == self.naive.top()

    @invariant()
    def conserves_lots(self):
        """Whatever was added was traded, cancelled or still rests."""
        for row in self.rows:
            if row[0] == ADD:
                self.open_lots[row[3]] = row[6]
                self.added += row[6]
            elif row[0] == TRADE:
                self.open_lots[row[7]] -= row[6]
                self.traded += row[6]
                assert self.open_lots[row[7]] == row[9]
            elif row[0] == REDUCE:
                self.cancelled += self.open_lots[row[3]] - row[6]
                self.open_lots[row[3]] = row[6]
        resting = sum(size for side in Side for _, size, _ in self.book.levels(side))
        assert self.added == self.traded + self.cancelled + resting
        assert self.book.volume == self.traded

    @invariant()
    def never_trades_with_itself(self):
        for row in self.rows:
            if row[0] == TRADE and self.book.self_trade is not SelfTrade.ALLOW:
                maker, taker = self.account[row[7]], self.account[row[8]]
                assert maker != taker or maker == 0

    @invariant()
    def is_rebuilt_by_views(self):
        """From the rows since the beginning, and from a snapshot."""
        fresh = L1(), L2(), L3()
        for row in self.book.rows():
            for view in fresh:
                view.apply(row)
        for row in self.rows:
            for view in (self.l1, self.l2, self.l3):
                view.apply(row)
        book = self.book
        for l1, l2, l3 in (fresh, (self.l1, self.l2, self.l3)):
            assert (l1.bid, l1.bid_size, l1.ask, l1.ask_size) == self.naive.top()
            for side in Side:
                assert l2.levels(side) == [(price, size) for price, size, _ in book.levels(side)]
                assert l3.levels(side, 3) == book.levels(side, 3)
                assert l3.orders(side) == book.orders(side)


BookMachine.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestBook = BookMachine.TestCase
