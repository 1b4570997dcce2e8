"""Windows of a book's changes: what a copy that is kept by them, from any snapshot on, comes to."""

from hypothesis import given
from hypothesis import strategies as st

from feed.book.exchange import Exchange
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import ADD, CLEAR, CLOCK, LEVEL, QUOTE, Side
from feed.model.instruments import Instrument, Listing
from feed.model.orders import CancelOrder, NewOrder, OrderType
from feed.state.book_changes import WINDOWS
from feed.state.market_state import MarketState

LISTING = Listing(
    Instrument(symbol=name, base=name, quote="USD", price_decimals=2, size_decimals=0) for name in "AB"
)
STEPS = st.sampled_from([0, 1, 40, 60, 100, 350, 1000, 2500])  # milliseconds
COMMANDS = st.lists(
    st.tuples(
        STEPS,
        st.sampled_from(["limit", "limit", "limit", "market", "cancel", "clock", "clear"]),
        st.integers(0, 1),
        st.sampled_from(list(Side)),
        st.integers(98, 102),
        st.integers(1, 5),
    ),
    max_size=40,
)


def acted(commands):
    """The rows of an exchange at which these commands were given, each so long after the one before."""
    rows = []
    exchange = Exchange(LISTING, rows.append)
    now = 0
    for number, (step, kind, at, side, price, size) in enumerate(commands, 1):
        now += step * NS_PER_MILLISECOND
        for book in exchange.books:
            book.now = now
        if kind == "clock":
            rows.append((CLOCK, 0, now))
        elif kind == "clear":  # as where the market is taken back: the book is told anew
            rows.append((CLEAR, at, now))
            for one in Side:
                rows += [
                    (LEVEL, at, now, one, price, lots) for price, lots in levels(exchange.books[at], one)
                ]
        elif kind == "cancel":
            exchange.execute(CancelOrder(account=0, instrument=at, order=number // 2))
        else:
            exchange.execute(
                NewOrder(account=0, instrument=at, side=side, price=price, size=size, type=OrderType(kind))
            )
    return rows


def levels(book, side):
    return [(price, lots) for price, lots, *_ in book.levels(side)]


class Replica:
    """A copy of a book by the rule that exchanges publish for snapshots and windows of changes."""

    def __init__(self, market_state, instrument):
        self.seq = market_state.book_seq(instrument)
        self.sides = [dict(market_state.levels(instrument, side)) for side in Side]

    def take(self, first, window):
        if window.seq <= self.seq:
            return
        assert first <= self.seq + 1
        for side, changed in zip(self.sides, (window.bids, window.asks), strict=True):
            for price, lots in changed:
                side[price] = lots
                if not lots:
                    del side[price]
        self.seq = window.seq


@given(COMMANDS, st.sampled_from(WINDOWS), st.data())
def test_a_copy_from_any_snapshot_is_the_book(commands, length, data):
    """Windows join without a gap, and a snapshot from within one leads to the same book at its end."""
    rows = acted(commands)
    begun = data.draw(st.integers(0, len(rows)))
    market_state = MarketState(len(LISTING))
    replicas, told = [], [0, 0]
    for seq, row in enumerate(rows, 1):
        if row[2] // length > market_state.now // length:
            for at in range(2):
                window = market_state.book_window(at, length)
                if window is None:
                    assert told[at] == market_state.book_seq(at)
                    continue
                assert window.before == told[at] < window.seq == market_state.book_seq(at)
                assert list(window.bids) == sorted(window.bids, reverse=True)
                assert list(window.asks) == sorted(window.asks)
                told[at] = window.seq
                for instrument, replica in replicas:
                    if instrument == at:
                        replica.take(window.before + 1, window)
                        assert replica.seq == market_state.book_seq(at)
                        assert replica.sides == [dict(market_state.levels(at, side)) for side in Side]
        market_state.apply(seq, row)
        if seq >= begun:
            replicas += [(at, Replica(market_state, at)) for at in range(2)]


@given(COMMANDS, st.sampled_from(WINDOWS))
def test_a_copy_of_the_state_goes_on_alike(commands, length):
    """Who begins with a copy of the market's state is told of the same windows, also from within one."""
    rows = acted(commands)
    one = MarketState(len(LISTING))
    copies = []
    for seq, row in enumerate(rows, 1):
        copies.append(one.copy(range(len(LISTING))))
        for market_state in (one, *copies):
            market_state.apply(seq, row)
        windows = [one.book_window(at, length) for at in range(2)]
        assert all([copy.book_window(at, length) for at in range(2)] == windows for copy in copies)


def test_a_window_goes_on_where_the_market_is_taken_back():
    """Changes that were to be told when the clock was put back are told with the first window after that."""
    market_state = MarketState(1)
    rows = [
        (ADD, 0, 5_000_000_000, 1, Side.BUY, 99, 1, 1),
        (ADD, 0, 5_120_000_000, 2, Side.BUY, 98, 1, 1),
        (CLEAR, 0, 2_050_000_000),
        (LEVEL, 0, 2_050_000_000, Side.SELL, 101, 4),
        (QUOTE, 0, 2_050_000_000, 0, 0, 101, 4),
    ]
    for seq, row in enumerate(rows, 1):
        market_state.apply(seq, row)
    window = market_state.book_window(0, WINDOWS[0])
    assert (window.before, window.seq) == (1, 4)
    assert (window.bids, window.asks) == (((99, 0), (98, 0)), ((101, 4),))
    market_state.apply(6, (CLOCK, 0, 2_200_000_000))
    assert market_state.book_window(0, WINDOWS[0]) is None
