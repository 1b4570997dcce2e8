"""Market by order: queues that add up to the book at every event, whoever began to look when."""

from hypothesis import given
from hypothesis import strategies as st

from feed.book.exchange import Exchange
from feed.book.views import L3
from feed.dialects.market_by_order import MarketByOrder, OrderChange, RestingOrder
from feed.model.events import ADD, CLEAR, LEVEL, REDUCE, TRADE, UNKNOWN, Side
from feed.model.instruments import Instrument, Listing
from feed.model.orders import CancelOrder, ModifyOrder, NewOrder, OrderType
from feed.state.market_state import MarketState

LISTING = Listing([Instrument(symbol="A", base="A", quote="USD", price_decimals=2, size_decimals=0)])

KINDS = ["limit", "limit", "limit", "market", "cancel", "modify"]


def commands(kinds):
    return st.lists(
        st.tuples(
            st.sampled_from(kinds),
            st.sampled_from(list(Side)),
            st.integers(98, 102),  # price
            st.integers(1, 5),  # size
            st.integers(1, 12),  # order, for cancel and modify
        ),
        max_size=40,
    )


def traded(given_commands):
    """The rows of an exchange at which these commands were given, a second apart."""
    rows = []
    exchange = Exchange(LISTING, rows.append)
    (book,) = exchange.books
    for now, (kind, side, price, size, order) in enumerate(given_commands, 1):
        book.now = now
        match kind:
            case "cancel":
                exchange.execute(CancelOrder(account=0, instrument=0, order=order))
            case "modify":
                exchange.execute(ModifyOrder(account=0, instrument=0, order=order, price=price, size=size))
            case "level":  # that somebody reports beside the orders
                rows.append((LEVEL, 0, now, side, price, size - 1))
            case "clear":  # as where the market is taken back: the book is told anew, without its orders
                rows.append((CLEAR, 0, now))
                rows += [(LEVEL, 0, now, one, at, lots) for one in Side for at, lots in book.sizes(one)]
            case _:
                exchange.execute(
                    NewOrder(account=0, instrument=0, side=side, price=price, size=size, type=OrderType(kind))
                )
    return rows


class Watched:
    """A market's state with market by order made before the first event, and made anew after each."""

    def __init__(self):
        self.state = MarketState(1)
        self.orders = MarketByOrder(0, self.state)
        self.queues = {}  # kept by the changes alone

    def apply(self, row):
        """The changes, which keep what is made of them, add up, and do not depend on who began when."""
        seq = self.state.seq + 1
        late = MarketByOrder(0, self.state)
        self.state.apply(seq, row)
        changes = self.orders.apply(row)
        assert late.apply(row) == changes
        for one in (self.orders, late, MarketByOrder(0, self.state)):
            for side in Side:
                assert one.prices(side) == [price for price, _ in self.state.levels(0, side)]
                assert one.orders(side) == self.orders.orders(side)
                for price, lots in self.state.levels(0, side):
                    assert sum(order.left for order in one.queue(side, price)) == lots
        if row[0] == CLEAR:
            self.queues.clear()
        for change in changes:
            self.follow(change)
        for side in Side:
            kept = {price: queue for (at, price), queue in self.queues.items() if at == side and queue}
            assert kept == {price: [*self.orders.queue(side, price)] for price in self.orders.prices(side)}
        return changes

    def follow(self, change):
        """As a client would that is told of changes alone."""
        order = change.order
        queue = self.queues.setdefault((order.side, order.price), [])
        places = [at for at, one in enumerate(queue) if one.number == order.number]
        assert [queue[at].left for at in places] == ([] if change.is_new else [change.before])
        if change.is_new:
            queue.append(order)
        elif change.is_gone:
            del queue[places[0]]
        else:
            queue[places[0]] = order


@given(given_commands=commands(KINDS))
def test_queues_are_those_of_the_book(given_commands):
    """Every order by its own number, in its place in the queue; one change for each row of an order."""
    watched, book = Watched(), L3()
    for row in traded(given_commands):
        changes = watched.apply(row)
        book.apply(row)
        for side in Side:
            told = [(order.number, order.price, order.left) for order in watched.orders.orders(side)]
            assert told == book.orders(side)
        about = {ADD: 3, REDUCE: 3, TRADE: 7}.get(row[0])
        assert [change.order.number for change in changes] == ([] if about is None else [row[about]])
        assert [change.trade for change in changes] == [row[3] if row[0] == TRADE else 0] * len(changes)


@given(given_commands=commands(KINDS))
def test_a_queue_is_in_the_order_of_its_times(given_commands):
    """Also where orders were made smaller, which leaves them their place and their time."""
    watched = Watched()
    for row in traded(given_commands):
        watched.apply(row)
        for side in Side:
            for price in watched.orders.prices(side):
                times = [order.since for order in watched.orders.queue(side, price)]
                assert times == sorted(times)


@given(given_commands=commands([*KINDS, "level", "clear"]))
def test_orders_add_up_to_levels_that_are_told_beside_them(given_commands):
    """Whatever a source tells of levels: the level counts."""
    watched = Watched()
    for row in traded(given_commands):
        watched.apply(row)


def test_a_source_of_levels_has_an_order_at_each():
    """It comes and goes with its level, and is another one when the level comes again."""
    watched = Watched()
    assert watched.apply((LEVEL, 0, 5, Side.BUY, 100, 7)) == [
        OrderChange(RestingOrder(-1, Side.BUY, 100, 7, 5), 0)
    ]
    assert watched.apply((LEVEL, 0, 6, Side.BUY, 100, 9)) == [
        OrderChange(RestingOrder(-1, Side.BUY, 100, 9, 5), 7)
    ]
    assert watched.apply((TRADE, 0, 7, 1, Side.SELL, 100, 4, 0, 0, UNKNOWN, UNKNOWN)) == ()
    assert watched.apply((LEVEL, 0, 7, Side.BUY, 100, 0)) == [
        OrderChange(RestingOrder(-1, Side.BUY, 100, 0, 5), 9)
    ]
    assert watched.apply((LEVEL, 0, 8, Side.BUY, 100, 2)) == [
        OrderChange(RestingOrder(-5, Side.BUY, 100, 2, 8), 0)
    ]


def test_of_a_trade_is_known_which_order_it_was_with():
    """The one that had waited longest, with what is left of it."""
    watched = Watched()
    for row in traded([("limit", Side.SELL, 100, 3, 0), ("limit", Side.SELL, 100, 5, 0)]):
        watched.apply(row)
    told = [
        change
        for row in traded(
            [("limit", Side.SELL, 100, 3, 0), ("limit", Side.SELL, 100, 5, 0), ("limit", Side.BUY, 100, 4, 0)]
        )[4:]
        for change in watched.apply(row)
    ]
    assert told == [
        OrderChange(RestingOrder(1, Side.SELL, 100, 0, 1), 3, trade=1),
        OrderChange(RestingOrder(2, Side.SELL, 100, 4, 2), 5, trade=2),
    ]
    assert [change.is_gone for change in told] == [True, False]


def test_the_best_levels():
    """Prices best first, and whether another price would be one of them."""
    state = MarketState(1)
    for seq, price in enumerate((100, 98, 101), 1):
        state.apply(seq, (LEVEL, 0, seq, Side.BUY, price, 1))
    orders = MarketByOrder(0, state)
    assert orders.prices(Side.BUY, 2) == [101, 100]
    assert [order.price for order in orders.orders(Side.BUY, 2)] == [101, 100]
    assert [orders.rank(Side.BUY, price, 2) for price in (98, 99, 100, 101, 102)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert orders.rank(Side.BUY, 1, 4)
    assert orders.queue(Side.BUY, 99) == ()
