"""The book of an account in a recorded one: its places in the queues, its fills, and what it has taken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.book.book import OrderBook
from feed.book.queue_position import MATCHED_NS, CancelRule
from feed.book.views import L3
from feed.model.auctions import AuctionPhase
from feed.model.events import ADD, AUCTION, CLEAR, LEVEL, QUOTE, REDUCE, STATUS, TRADE, UNKNOWN, Side, Status
from feed.model.instruments import Listing
from feed.model.orders import CancelOrder, ModifyOrder, NewOrder, Reject, SelfTrade, TimeInForce
from feed.sim.defaults import default_market
from feed.sim.recorded_market import RecordedMarket

BUY, SELL = Side.BUY, Side.SELL
LISTING = Listing((default_market(1).listing()[0],))
ACCOUNT = 7


class Recorded:
    """A recorded market of one instrument, and what one account does in it."""

    def __init__(self, rows=(), rule=CancelRule.PROPORTIONAL):
        self.market = RecordedMarket(LISTING, start=0, rule=rule)
        self.now = 0
        self.see(*rows)

    def see(self, *rows):
        """What the account trades by the next rows: (price, lots) of its orders that rest."""
        said = self.market.follow([(row[0], 0, self.now, *row[1:]) for row in rows])
        return [(row[5], row[6]) for row in said if is_own(row) and row[0] == TRADE]

    def level(self, side, price, size):
        return self.see((LEVEL, side, price, size))

    def trade(self, aggressor, price, lots, *, maker=0, left=UNKNOWN, level=UNKNOWN):
        return self.see((TRADE, 1, aggressor, price, lots, maker, 0, left, level))

    def add(self, order, side, price, size, level):
        return self.see((ADD, order, side, price, size, level))

    def order(self, side, price, size, account=ACCOUNT, **more):
        """An acknowledgement, and (price, lots) of what was traded at once."""
        ack, rows = self.market.submit(
            NewOrder(account=account, instrument=0, side=side, price=price, size=size, **more)
        )
        return ack, [(row[5], row[6]) for row in rows if row[0] == TRADE]

    def ahead(self, ack, account=ACCOUNT):
        return self.market.exchange.book(0, account)._queues.own[ack.order].position.lots

    def book(self, account=ACCOUNT):
        return self.market.exchange.book(0, account)


def is_own(row):
    return type(row) is not tuple


DEPTH = ((LEVEL, 0, 100, 10), (LEVEL, 0, 99, 20), (LEVEL, 1, 102, 8), (LEVEL, 1, 103, 30), (LEVEL, 0, 90, 1))


# --- price levels ------------------------------------------------------------------------------------


def test_it_waits_behind_what_rests_at_its_price():
    """Trades come to it once they reach past the lots ahead."""
    market = Recorded(DEPTH)
    ack, traded = market.order(BUY, 100, 5)
    assert (ack.resting, traded, market.ahead(ack)) == (5, [], 10)
    assert market.trade(SELL, 100, 6) == []
    market.level(0, 100, 4)
    assert market.ahead(ack) == 4
    assert market.trade(SELL, 100, 6) == [(100, 2)]
    assert market.book().get(ack.order).left == 3
    assert market.trade(SELL, 100, 9) == [(100, 3)]
    assert market.book().get(ack.order) is None


def test_a_cancel_ahead_brings_it_forward():
    """By its share of the level, where orders have no names."""
    market = Recorded(DEPTH)
    ack, _ = market.order(BUY, 100, 5)
    market.level(0, 100, 30)  # 20 join behind
    market.level(0, 100, 15)
    assert market.ahead(ack) == 5
    market.level(0, 100, 0)
    assert market.ahead(ack) == 0


@pytest.mark.parametrize(("rule", "ahead"), [(CancelRule.BEHIND, 10), (CancelRule.AHEAD, 0)])
def test_the_rule_can_be_chosen(rule, ahead):
    """Those behind go first, or those ahead."""
    market = Recorded(DEPTH, rule)
    ack, _ = market.order(BUY, 100, 5)
    market.level(0, 100, 30)
    market.level(0, 100, 15)
    assert market.ahead(ack) == ahead


def test_a_better_price_trades_first_and_at_its_own_price():
    """Whoever sold at 99 would have met the order at 101 before."""
    market = Recorded(DEPTH)
    market.order(BUY, 101, 5)
    assert market.trade(SELL, 99, 3) == [(101, 3)]
    assert market.trade(SELL, 100, 7) == [(101, 2)]


def test_one_trade_is_divided_once():
    """Best price first, then by place in the queue, and never more than its lots."""
    market = Recorded(DEPTH)
    market.order(BUY, 101, 2)
    market.order(BUY, 100, 3)
    market.order(BUY, 100, 3)
    assert market.trade(SELL, 100, 17) == [(101, 2), (100, 3), (100, 2)]


def test_a_level_across_its_price_trades_with_it():
    """Whoever comes to stand there would have traded with it; once."""
    market = Recorded(DEPTH)
    market.order(BUY, 101, 5)
    assert market.level(1, 101, 3) == [(101, 3)]
    assert market.level(1, 101, 3) == []
    assert market.level(1, 101, 4) == [(101, 1)]
    assert market.level(1, 100, 9) == [(101, 1)]
    assert market.book().ask == 100


def test_what_the_recording_does_not_show_is_ahead_once_it_shows():
    """An order behind the last level that is shown does not know its queue."""
    market = Recorded(DEPTH)
    ack, _ = market.order(BUY, 85, 5)
    assert market.trade(SELL, 85, 1000) == []
    market.level(0, 85, 40)
    assert market.ahead(ack) == 40
    market.level(0, 84, 1)
    market.level(0, 85, 0)
    assert market.ahead(ack) == 0
    lone, _ = market.order(BUY, 80, 5)
    market.level(0, 79, 1)
    assert market.ahead(lone) == 0  # the recording has passed it: nothing was there


def test_an_order_that_leaves_what_is_shown_keeps_its_place():
    """A feed of the best levels forgets those that others push out."""
    market = Recorded(DEPTH[:3])
    ack, _ = market.order(BUY, 99, 5)
    market.level(0, 101, 1)
    market.level(0, 99, 0)
    assert market.ahead(ack) == 20
    market.level(0, 99, 30)
    assert market.ahead(ack) == 20
    market.level(0, 99, 0)
    market.level(0, 99, 12)
    assert market.ahead(ack) == 12


def test_a_taker_that_is_not_told_hits_the_nearer_side():
    """Of the middle of the book nobody knows: either."""
    market = Recorded(DEPTH)
    market.order(BUY, 100, 5)
    market.order(SELL, 102, 5)
    assert market.trade(UNKNOWN, 100, 12) == [(100, 2)]
    assert market.trade(UNKNOWN, 102, 9) == [(102, 1)]


# --- what is taken -----------------------------------------------------------------------------------


def test_a_market_order_takes_the_recorded_book_without_what_was_taken():
    """The recording does not change; the account cannot have the same lots twice."""
    market = Recorded(DEPTH)
    ack, traded = market.order(BUY, 103, 20, time_in_force=TimeInForce.IOC)
    assert (ack.filled, traded) == (20, [(102, 8), (103, 12)])
    assert list(market.book().orders(SELL)) == [(0, 103, 18)]
    assert market.order(BUY, 103, 20, time_in_force=TimeInForce.IOC)[1] == [(103, 18)]
    assert market.order(BUY, 200, 1, time_in_force=TimeInForce.IOC)[1] == []
    assert market.order(BUY, 103, 9, account=8, time_in_force=TimeInForce.IOC)[1] == [(102, 8), (103, 1)]


def test_what_was_taken_leaves_with_those_it_was():
    """What comes after is there to be had; what was shown is not again."""
    market = Recorded(DEPTH)
    market.order(BUY, 102, 8, time_in_force=TimeInForce.IOC)
    assert market.book().ask == 103
    market.level(1, 102, 11)
    assert list(market.book().orders(SELL)) == [(0, 102, 3), (0, 103, 30)]
    market.trade(BUY, 102, 8)
    market.level(1, 102, 3)
    assert list(market.book().orders(SELL)) == [(0, 102, 3), (0, 103, 30)]
    market.level(1, 102, 0)
    market.level(1, 102, 5)
    assert market.book().ask == 102


def test_lots_that_were_taken_are_not_ahead_of_its_own():
    """After selling all of the best bid, an order there is the first."""
    market = Recorded(DEPTH)
    market.order(SELL, 100, 10, time_in_force=TimeInForce.IOC)
    market.order(BUY, 100, 2)
    assert market.trade(SELL, 100, 4) == [(100, 2)]


@pytest.mark.parametrize(
    ("more", "reject", "traded", "resting"),
    [
        ({}, None, [(102, 8)], 1),
        ({"time_in_force": TimeInForce.IOC}, None, [(102, 8)], 0),
        ({"time_in_force": TimeInForce.FOK}, Reject.CANNOT_FILL, [], 0),
        ({"post_only": True}, Reject.WOULD_CROSS, [], 0),
    ],
)
def test_how_long_an_order_waits(more, reject, traded, resting):
    """As in any other market."""
    market = Recorded(DEPTH)
    ack, trades = market.order(BUY, 102, 9, **more)
    assert (ack.reject, trades, ack.resting) == (reject, traded, resting)


@pytest.mark.parametrize(
    ("rule", "traded", "bids"),
    [
        (SelfTrade.ALLOW, [(101, 5), (100, 3)], [(100, 7)]),
        (SelfTrade.CANCEL_RESTING, [(100, 8)], [(100, 2)]),
        (SelfTrade.CANCEL_INCOMING, [], [(101, 5), (100, 10)]),
        (SelfTrade.CANCEL_BOTH, [], [(100, 10)]),
        (SelfTrade.DECREMENT, [(100, 3)], [(100, 7)]),
    ],
)
def test_orders_of_one_account_that_meet(rule, traded, bids):
    """By the rule of the order that comes, as in any other market."""
    market = Recorded(DEPTH)
    market.order(BUY, 101, 5)
    _, trades = market.order(SELL, 100, 8, self_trade=rule, time_in_force=TimeInForce.IOC)
    assert trades == traded
    assert [(price, lots) for _, price, lots in market.book().orders(BUY)][: len(bids)] == bids


def test_changes_and_cancels():
    """A smaller size keeps the place; anything else goes to the back. Another account's order is no order."""
    market = Recorded(DEPTH)
    ack, _ = market.order(BUY, 100, 5)
    market.level(0, 100, 14)

    def change(price, size, account=ACCOUNT):
        return market.market.submit(
            ModifyOrder(account=account, instrument=0, order=ack.order, price=price, size=size)
        )[0]

    assert change(100, 4, account=8).reject is Reject.UNKNOWN_ORDER
    assert change(0, 4).reject is Reject.BAD_PRICE
    assert change(100, 0).reject is Reject.BAD_SIZE
    assert (change(100, 4).resting, market.ahead(ack)) == (4, 10)
    assert (change(100, 6).resting, market.ahead(ack)) == (6, 14)
    assert (change(99, 6).resting, market.ahead(ack)) == (6, 20)
    moved = change(103, 40)
    assert (moved.filled, moved.resting) == (38, 2)
    cancel = CancelOrder(account=8, instrument=0, order=ack.order)
    assert market.market.submit(cancel)[0].reject is Reject.UNKNOWN_ORDER
    assert market.market.submit(CancelOrder(account=ACCOUNT, instrument=0, order=ack.order))[0].reject is None
    assert market.book().get(ack.order) is None


# --- orders ------------------------------------------------------------------------------------------

ORDERS = ((ADD, 1, 0, 100, 4, 4), (ADD, 2, 0, 100, 6, 10), (ADD, 3, 1, 102, 5, 5))


def test_named_orders_are_counted_exactly():
    """Those that came before are ahead, whatever becomes of those that came after."""
    market = Recorded(ORDERS)
    ack, _ = market.order(BUY, 100, 5)
    market.add(4, 0, 100, 7, 17)
    market.see((REDUCE, 4, 0, 100, 1, 11))
    assert market.ahead(ack) == 10
    market.see((REDUCE, 1, 0, 100, 0, 7))
    assert market.ahead(ack) == 6
    assert market.trade(SELL, 100, 6, maker=2, left=0, level=1) == []
    assert market.ahead(ack) == 0
    assert market.trade(SELL, 100, 1, maker=4, left=0, level=0) == [(100, 1)]
    assert market.trade(SELL, 99, 2, maker=9, left=0, level=0) == [(100, 2)]


def test_a_named_order_across_its_price():
    """Trades with it on arrival."""
    market = Recorded(ORDERS)
    market.order(BUY, 101, 5)
    assert market.add(5, 1, 101, 2, 2) == [(101, 2)]
    assert market.add(6, 1, 100, 9, 9) == [(101, 3)]


def test_an_order_that_is_not_shown_yields_to_those_that_are():
    """A trade with a hidden order says nothing of the queue."""
    market = Recorded(ORDERS)
    market.order(BUY, 100, 5)
    assert market.trade(SELL, 100, 50) == []
    market.order(BUY, 101, 2)
    assert market.trade(SELL, 101, 50) == [(101, 2)]


# --- quotes ------------------------------------------------------------------------------------------


def test_a_recording_of_quotes_alone():
    """The best bid and ask are its book; an order at a price that was passed stands alone."""
    market = Recorded([(QUOTE, 100, 10, 102, 8)])
    ack, _ = market.order(BUY, 100, 5)
    assert market.ahead(ack) == 10
    market.see((QUOTE, 99, 3, 102, 8))
    assert market.ahead(ack) == 0
    assert market.see((QUOTE, 98, 3, 100, 2)) == [(100, 2)]
    assert market.order(BUY, 101, 9, time_in_force=TimeInForce.IOC)[1] == []


def test_a_quote_without_a_size_is_enough_for_any_order():
    """An order that joins it trades when the price goes through."""
    market = Recorded([(QUOTE, 100, UNKNOWN, 102, UNKNOWN)])
    assert market.order(BUY, 102, 10**6, time_in_force=TimeInForce.FOK)[1] == [(102, 10**6)]
    market.order(BUY, 100, 5)
    assert market.trade(SELL, 100, 10**6) == []
    assert market.see((QUOTE, 99, UNKNOWN, 100, UNKNOWN)) == [(100, 5)]


# --- halts and the like ------------------------------------------------------------------------------


def test_a_halt_lets_orders_rest():
    """Nothing is taken meanwhile; what stands across a price when it ends trades then."""
    market = Recorded(DEPTH)
    market.order(BUY, 101, 5)
    market.see((STATUS, int(Status.HALTED)))
    assert market.order(BUY, 102, 5)[0].reject is Reject.NOT_TRADING
    assert market.level(1, 101, 3) == []
    assert market.see((STATUS, int(Status.TRADING))) == [(101, 3)]


def test_a_call_auction_collects_orders_and_trades_the_better_ones():
    """At its price, no more than its volume; its trades one by one mean nothing further."""
    market = Recorded(DEPTH)
    market.order(SELL, 110, 2)
    market.see((STATUS, int(Status.AUCTION)))
    assert market.order(BUY, 101, 5, time_in_force=TimeInForce.IOC)[0].reject is Reject.NOT_TRADING
    assert market.order(BUY, 101, 5, post_only=True)[0].reject is Reject.NOT_TRADING
    assert market.order(BUY, 0, 5)[0].reject is Reject.BAD_PRICE
    better, traded = market.order(BUY, 105, 5)
    assert (better.resting, traded) == (5, [])
    market.order(BUY, 104, 30)
    market.order(BUY, 103, 4)
    phase = (AUCTION, 1, int(AuctionPhase.UNCROSSED), 103, 20, 0, 0, 0, 0, 0, 0, 0)
    assert market.see(phase) == [(103, 5), (103, 15)]
    assert market.trade(SELL, 103, 20) == []
    assert market.see((STATUS, int(Status.TRADING))) == [(104, 8), (104, 7), (103, 4)]


def test_a_delisting_cancels_and_a_clear_forgets():
    """Of one the account is told order by order; of the other by the recording."""
    market = Recorded(DEPTH)
    ack, _ = market.order(BUY, 101, 5)
    said = market.market.follow([(STATUS, 0, 1, int(Status.DELISTED))])
    assert [(row[0], row[3], row[6]) for row in said if is_own(row)] == [(REDUCE, ack.order, 0)]
    market = Recorded(DEPTH)
    ack, _ = market.order(BUY, 101, 5)
    assert market.see((CLEAR,)) == []
    assert market.book().get(ack.order) is None
    assert list(market.book().orders(BUY)) == []


# --- against something simpler -----------------------------------------------------------------------

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["limit", "limit", "limit", "take", "cancel", "shrink"]),
        st.sampled_from([0, 1]),
        st.integers(-3, 3),
        st.integers(1, 6),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=60,
)
MIDDLE, FLOOR = 1000, 10**6
APART = 2 * MATCHED_NS  # actions do not look like parts of one


def random_rows(actions):
    """What a real book did: its rows, action by action."""
    rows = []
    book = OrderBook(0, rows.append)
    book.limit(FLOOR, 0, MIDDLE // 2, 1)  # stays, so that all prices above it are shown
    for number, (what, side, away, size, which) in enumerate(actions, 1):
        book.now = number * APART
        alive = [order for at in (0, 1) for order, _, _ in book.orders(at) if order != FLOOR]
        if what == "limit":
            book.limit(number, side, MIDDLE + away + (2 if side else -2), size)
        elif what == "take":
            book.ioc(number, side, MIDDLE + (9 if side == 0 else -9), size)
        elif alive:
            order = alive[which % len(alive)]
            left = book.get(order)
            if what == "cancel" or left.left == 1:
                book.cancel(order)
            else:
                book.modify(order, left.price, left.left - 1)
    return rows


class Queue:
    """The orders at the price of one that waits, in a plain list, with that order among them."""

    def __init__(self, book_rows, price, size):
        self.price, self.left, self.filled = price, size, 0
        self.orders = [[row[3], row[6]] for row in book_rows if row[0] == ADD and row[4:6] == (0, price)]
        self.orders.append(["own", size])

    def see(self, row):
        """The next row; bids only."""
        if row[0] == ADD and row[4:6] == (0, self.price):
            self.orders.append([row[3], row[6]])
        elif row[0] == ADD and row[4] == 1 and row[5] <= self.price:
            self.fill(row[6])
        elif row[0] == REDUCE and row[4:6] == (0, self.price):
            self.set(row[3], row[6])
        elif row[0] == TRADE and row[4] == 1:
            names = [name for name, _ in self.orders]
            if row[5] < self.price or (
                row[5] == self.price and "own" in names and names.index(row[7]) > names.index("own")
            ):
                self.fill(row[6])
            if row[5] == self.price:
                self.set(row[7], row[9])

    def set(self, name, left):
        self.orders = [[it, left if it == name else lots] for it, lots in self.orders if it != name or left]

    def fill(self, lots):
        lots = min(lots, self.left)
        self.left -= lots
        self.filled += lots


@settings(deadline=None)
@given(before=ACTIONS, after=ACTIONS, away=st.integers(-4, 4), size=st.integers(1, 12))
def test_it_fills_as_if_it_stood_in_the_recorded_queue(before, after, away, size):
    """Order by order: what a list of the queue says, with the order in its place."""
    rows = random_rows(before + after)
    seen = [row for row in rows if row[2] <= len(before) * APART]
    market = Recorded()
    market.market.follow(seen)
    price = MIDDLE + away
    recorded = market.market.exchange.recorded[0]
    if 0 < recorded.best(1) <= price:
        return
    alive = Book(seen)
    queue = Queue(alive.rows, price, size)
    ack, _ = market.order(BUY, price, size)
    for row in rows[len(seen) :]:
        queue.see(row)
        market.market.follow([row])
    left = market.book().get(ack.order)
    assert size - (left.left if left else 0) == queue.filled


class Book:
    """The orders that rest after some rows, as a snapshot."""

    def __init__(self, rows):
        view = L3()
        for row in rows:
            view.apply(row)
        self.rows = [(ADD, 0, 0, order, 0, price, left, 0) for order, price, left in view.orders(0)]


@settings(deadline=None)
@given(before=ACTIONS, after=ACTIONS, away=st.integers(-4, -1))
def test_the_rules_for_unnamed_orders_bound_the_true_place(before, after, away):
    """Told of levels alone, one rule is never ahead of the place among named orders, and one never behind."""
    rows = random_rows(before + after)
    price = MIDDLE - 2 + away
    markets = {
        "named": Recorded(),
        "slowest": Recorded(rule=CancelRule.BEHIND),
        "fastest": Recorded(rule=CancelRule.AHEAD),
    }
    acks = {}
    for row in rows:
        if row[2] > len(before) * APART and not acks:
            acks = {name: market.order(BUY, price, 1000)[0] for name, market in markets.items()}
        markets["named"].market.follow([row])
        for name in ("slowest", "fastest"):
            markets[name].market.follow(as_levels(row))
    if acks:
        left = {name: market.book().get(acks[name].order).left for name, market in markets.items()}
        assert left["slowest"] >= left["named"] >= left["fastest"]


def as_levels(row):
    """A row as a source of price levels tells it."""
    if row[0] == ADD or row[0] == REDUCE:
        return [(LEVEL, *row[1:3], row[4], row[5], row[7])]
    if row[0] == TRADE:
        return [
            (*row[:7], 0, 0, UNKNOWN, UNKNOWN),
            (LEVEL, *row[1:3], 1 - row[4], row[5], row[10]),
        ]
    return [row]
