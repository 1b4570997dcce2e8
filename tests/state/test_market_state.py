"""The market state, compared with the book's own views."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.book.exchange import Exchange
from feed.book.views import L2, L3
from feed.model.candles import Candle
from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, STATUS, TRADE, UNKNOWN, Side, Status, event
from feed.model.instruments import Instrument, Listing
from feed.model.orders import CancelOrder, ModifyOrder, NewOrder, OrderType
from feed.state.market_state import MarketState

LISTING = Listing(
    Instrument(symbol=name, base=name, quote="USD", price_decimals=2, size_decimals=0) for name in "AB"
)

COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(["limit", "limit", "limit", "market", "cancel", "modify"]),
        st.integers(0, 1),  # instrument
        st.sampled_from(list(Side)),
        st.integers(98, 102),  # price
        st.integers(1, 5),  # size
        st.integers(1, 12),  # order, for cancel and modify
    ),
    max_size=40,
)


def traded(commands):
    """The rows of an exchange at which these commands were given."""
    rows = []
    exchange = Exchange(LISTING, rows.append)
    for now, (kind, at, side, price, size, order) in enumerate(commands, 1):
        for book in exchange.books:
            book.now = now
        match kind:
            case "cancel":
                command = CancelOrder(account=0, instrument=at, order=order)
            case "modify":
                command = ModifyOrder(account=0, instrument=at, order=order, price=price, size=size)
            case _:
                command = NewOrder(
                    account=0, instrument=at, side=side, price=price, size=size, type=OrderType(kind)
                )
        exchange.execute(command)
    return rows


def folded(rows, instruments=2):
    market_state = MarketState(instruments)
    for seq, row in enumerate(rows, 1):
        market_state.apply(seq, row)
    return market_state


@given(commands=COMMANDS, depth=st.none() | st.integers(0, 3))
def test_books_are_those_of_the_views(commands, depth):
    """Price levels, and orders in priority order, after any commands."""
    rows = traded(commands)
    market_state = folded(rows)
    for at in range(2):
        levels, orders = L2(), L3()
        for row in rows:
            if row[1] == at:
                levels.apply(row)
                orders.apply(row)
        for side in Side:
            assert market_state.levels(at, side, depth) == levels.levels(side, depth)
            assert market_state.orders(at, side, depth) == orders.orders(side)[:depth]


@given(commands=COMMANDS)
def test_last_things_are_the_last_of_their_kind(commands):
    """The last trade; the last two-sided quote at new prices; number and time of the last event."""
    rows = traded(commands)
    market_state = folded(rows)
    items = [event(seq, row) for seq, row in enumerate(rows, 1)]
    assert (market_state.seq, market_state.now) == ((items[-1].seq, items[-1].ts) if items else (0, 0))
    for at in range(2):
        mine = [(row[0], item) for row, item in zip(rows, items, strict=True) if row[1] == at]
        assert market_state.trade(at) == next((item for kind, item in reversed(mine) if kind == TRADE), None)
        shown = None
        for kind, item in mine:
            moved = kind == QUOTE and (not shown or (shown.bid, shown.ask) != (item.bid, item.ask))
            if moved and item.two_sided:
                shown = item
        assert market_state.quote(at) == shown


def test_nothing_is_known_before_the_first_event():
    """No quote, no trade, no candle and an empty book; an instrument trades until it is said not to."""
    market_state = MarketState(1)
    assert (market_state.quote(0), market_state.trade(0), market_state.candle(0)) == (None, None, None)
    assert (market_state.levels(0, Side.BUY), market_state.orders(0, Side.SELL)) == ([], [])
    assert market_state.status(0) is Status.TRADING


def test_source_without_orders():
    """Levels are set, changed and removed, known or not; its trades leave the book alone."""
    market_state = folded(
        [
            (LEVEL, 0, 1, 0, 99, 4),
            (LEVEL, 0, 2, 1, 101, 6),
            (LEVEL, 0, 3, 0, 99, 2),
            (LEVEL, 0, 4, 1, 107, 0),
            (TRADE, 0, 5, 1, UNKNOWN, 101, 2, 0, 0, UNKNOWN, UNKNOWN),
        ]
    )
    assert market_state.levels(0, Side.BUY) == [(99, 2)]
    assert market_state.levels(0, Side.SELL) == [(101, 6)]
    assert market_state.trade(0).aggressor is None


@pytest.mark.parametrize(
    ("left", "level", "orders", "levels"),
    [
        (1, 3, [(7, 101, 1)], [(101, 3)]),
        (1, UNKNOWN, [(7, 101, 1)], [(101, 5)]),
        (UNKNOWN, 3, [(7, 101, 5)], [(101, 3)]),
        (0, 0, [], []),
    ],
)
def test_trade_says_what_it_knows(left, level, orders, levels):
    """What is left of the maker and of its level, each where the source says so."""
    market_state = folded([(ADD, 0, 1, 7, 1, 101, 5, 5), (TRADE, 0, 2, 1, 0, 101, 4, 7, 8, left, level)])
    assert market_state.orders(0, Side.SELL) == orders
    assert market_state.levels(0, Side.SELL) == levels


def test_clear_forgets_the_book_alone():
    """Every level and order goes; the last quote and the last trade are still the last."""
    rows = [
        (ADD, 0, 1, 7, 1, 101, 5, 5),
        (QUOTE, 0, 1, 99, 1, 101, 5),
        (TRADE, 0, 2, 1, 0, 101, 4, 7, 8, 1, 1),
        (STATUS, 0, 3, int(Status.HALTED)),
        (CLEAR, 0, 4),
    ]
    market_state = folded(rows)
    assert (market_state.orders(0, Side.SELL), market_state.levels(0, Side.SELL)) == ([], [])
    assert (market_state.quote(0).seq, market_state.trade(0).seq) == (2, 3)
    assert market_state.candle(0) == Candle(0, 101, 101, 101, 101, 4, 1, 2)
    assert market_state.status(0) is Status.HALTED


@given(before=COMMANDS, after=COMMANDS)
def test_copy_goes_its_own_way(before, after):
    """What happens to the one does not happen to the other; of other instruments it knows nothing."""
    rows = traded(before + after)
    count = len(traded(before))
    market_state = folded(rows[:count])
    copy = market_state.copy([1])
    for seq, row in enumerate(rows[count:], count + 1):
        market_state.apply(seq, row)
    then = folded(rows[:count])
    assert (copy.seq, copy.now) == (then.seq, then.now)
    for side in Side:
        assert copy.orders(1, side) == then.orders(1, side)
        assert copy.levels(1, side) == then.levels(1, side)
        assert copy.orders(0, side) == copy.levels(0, side) == []
    assert (copy.quote(1), copy.trade(1), copy.candle(1)) == (then.quote(1), then.trade(1), then.candle(1))
    assert (copy.quote(0), copy.trade(0), copy.candle(0)) == (None, None, None)


@given(commands=COMMANDS)
def test_a_ticker_is_what_book_and_trades_say_at_its_number(commands):
    """After any commands: at the row that completes a change, and never before the trade that it reports."""
    rows = traded(commands)
    market_state = MarketState(2)
    for seq, row in enumerate(rows, 1):
        market_state.apply(seq, row)
        at = row[1]
        ticker, trade = market_state.ticker(at), market_state.trade(at)
        assert market_state.told_at(at) == (0 if ticker is None else ticker.seq)
        if ticker is None or ticker.seq != seq:
            continue
        bids, asks = (market_state.levels(at, side, 1) for side in Side)
        assert (ticker.bid, ticker.ask, ticker.ts) == (bids[0][0], asks[0][0], row[2])
        if trade is None:
            assert (ticker.price, ticker.traded) == ((ticker.bid + ticker.ask) // 2, None)
        else:
            assert (ticker.price, ticker.traded) == (trade.price, trade.ts)


@given(commands=COMMANDS)
def test_at_rest_a_ticker_equals_the_market_state(commands):
    """After every command no change is pending, except where a side is empty."""
    market_state = MarketState(2)
    for seq, (row, behind) in enumerate(pairwise([*traded(commands), None]), 1):
        market_state.apply(seq, row)
        if behind is not None and behind[2] == row[2]:
            continue
        for at in range(2):
            bids, asks = (market_state.levels(at, side, 1) for side in Side)
            ticker, trade = market_state.ticker(at), market_state.trade(at)
            if bids and asks:
                assert (ticker.bid, ticker.ask) == (bids[0][0], asks[0][0])
                assert trade is None or ticker.price == trade.price


def test_a_trade_without_a_book_change_is_reported_at_once():
    """But not while a side is missing: then there are no two best prices to tell with it."""
    apart = (TRADE, 0, 5, 1, UNKNOWN, 101, 2, 0, 0, UNKNOWN, UNKNOWN)
    rows = [
        (QUOTE, 0, 1, 99, 1, 101, 5),
        apart,
        (QUOTE, 0, 6, 99, 1, 0, 0),
        apart,
        (QUOTE, 0, 7, 99, 1, 101, 5),
    ]
    assert [folded(rows[:count]).told_at(0) for count in range(1, 6)] == [1, 2, 2, 2, 5]
