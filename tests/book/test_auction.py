"""The price of a call auction beside one found by trying every price, and what the auction does to a book."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.book.auction import MARKET, AuctionOrder, CallAuction, Equilibrium, equilibrium
from feed.book.book import OrderBook
from feed.book.views import L1, L2, L3
from feed.model.events import QUOTE, REDUCE, TRADE, Side
from feed.model.orders import SelfTrade

BUY, SELL = Side
HIGHEST = 24

prices = st.integers(1, HIGHEST)
limits = st.dictionaries(st.just(MARKET) | prices, st.integers(1, 9), max_size=6)


def executable(bids, asks, price):
    """Volume and imbalance at a price, order by order."""
    wanted = sum(lots for limit, lots in bids.items() if limit == MARKET or limit >= price)
    offered = sum(lots for limit, lots in asks.items() if limit == MARKET or limit <= price)
    return min(wanted, offered), wanted - offered


def sweep(bids, asks, reference):
    """The rule of the auction, with every price there is looked at."""
    tried = [(price, *executable(bids, asks, price)) for price in range(1, HIGHEST + 1)]
    most = max(volume for _, volume, _ in tried)
    if not most:
        return Equilibrium(imbalance=executable(bids, asks, reference)[1])
    left = [it for it in tried if it[1] == most]
    least = min(abs(it[2]) for it in left)
    left = [it for it in left if abs(it[2]) == least]
    nearest = min(abs(it[0] - reference) for it in left)
    left = [it for it in left if abs(it[0] - reference) == nearest]
    upwards = [it for it in left if it[2] > 0]
    return Equilibrium(*(max(upwards) if upwards else min(left)))


@given(bids=limits, asks=limits, reference=prices)
def test_the_price_trades_most_then_leaves_least_then_is_nearest_to_the_reference(bids, asks, reference):
    """No price of all there are is better than the one that is found from the limits alone."""
    assert sweep(bids, asks, reference) == equilibrium(bids, asks, reference=reference, highest=HIGHEST)


@pytest.mark.parametrize(
    ("bids", "asks", "expected"),
    [
        ({101: 5, 100: 5}, {99: 4, 100: 4}, Equilibrium(100, 8, 2)),
        ({105: 10}, {95: 10}, Equilibrium(100, 10, 0)),
        ({99: 10}, {95: 10}, Equilibrium(99, 10, 0)),
        ({105: 10}, {102: 10}, Equilibrium(102, 10, 0)),
        ({MARKET: 7}, {MARKET: 3}, Equilibrium(100, 3, 4)),
        ({MARKET: 7}, {104: 3, 106: 9}, Equilibrium(106, 7, -5)),
        ({99: 10}, {101: 10}, Equilibrium()),
        ({}, {98: 10}, Equilibrium(imbalance=-10)),
        ({}, {}, Equilibrium()),
    ],
)
def test_prices_of_small_auctions(bids, asks, expected):
    """What a reader finds with pencil and paper, around a reference of 100."""
    assert expected == equilibrium(bids, asks, reference=100)


def test_an_auction_of_orders_without_limits_needs_a_reference():
    """Where nobody has named a price there is none, and nothing trades."""
    assert equilibrium({MARKET: 5}, {MARKET: 5}, reference=0).volume == 0


def order(number, side, price, left, *, account=0, rests=True):
    return AuctionOrder(number, account, side, price, left, rests)


def auction(book, *orders, reference=100):
    """A call auction on a book, with orders collected."""
    call = CallAuction(book, reference=reference)
    for it in orders:
        call.add(it)
    return call


def trades(rows):
    """Price, size, maker and taker of each trade."""
    return [(row[5], row[6], row[7], row[8]) for row in rows if row[0] == TRADE]


def test_orders_trade_by_price_then_by_time_at_one_price(open_book, rows):
    """The better limit goes first, of equal ones the earlier; all pay the same."""
    call = auction(
        open_book(),
        order(1, BUY, 101, 5),
        order(2, BUY, 103, 5),
        order(3, BUY, 101, 5),
        order(4, SELL, 99, 8),
        reference=101,
    )
    assert Equilibrium(101, 8, 7) == call.uncross()
    assert trades(rows) == [(101, 5, 2, 4), (101, 3, 1, 4)]


def test_what_rests_has_been_there_first(open_book, rows):
    """An order of the book comes before one of its price that was collected."""
    book = open_book((1, BUY, 100, 5))
    auction(book, order(2, BUY, 100, 5), order(3, SELL, 100, 6)).uncross()
    assert trades(rows) == [(100, 5, 1, 3), (100, 1, 2, 3)]
    assert book.orders(BUY) == [(2, 100, 4)]


def test_resting_orders_trade_at_the_price_of_the_auction(open_book, rows):
    """Those that the auction passes get its price rather than their own, and what is left keeps its limit."""
    book = open_book((1, SELL, 101, 5), (2, SELL, 102, 5), (3, SELL, 110, 5))
    found = auction(book, order(4, BUY, 105, 20), reference=103).uncross()
    assert Equilibrium(103, 10, 10) == found
    assert trades(rows) == [(103, 5, 4, 1), (103, 5, 4, 2)]
    assert book.orders(BUY) == [(4, 105, 10)]
    assert book.orders(SELL) == [(3, 110, 5)]


def test_market_orders_go_first_and_do_not_rest(open_book, rows):
    """What is left of an order without a limit vanishes with the auction."""
    book = open_book()
    auction(
        book, order(1, BUY, 100, 5), order(2, BUY, MARKET, 9), order(3, SELL, 100, 6), reference=100
    ).uncross()
    assert trades(rows) == [(101, 6, 2, 3)]  # where less is left over than at 100
    assert book.orders(BUY) == [(1, 100, 5)]


def test_an_order_for_the_auction_alone_leaves_nothing(open_book, rows):
    """Neither traded in part nor not at all does it come to rest."""
    book = open_book()
    auction(
        book, order(1, BUY, 100, 5, rests=False), order(2, SELL, 100, 2), order(3, SELL, 104, 2, rests=False)
    ).uncross()
    assert trades(rows) == [(100, 2, 1, 2)]
    assert len(book) == 0
    assert rows[-1] == (REDUCE, 3, 50, 1, BUY, 100, 0, 0)


def test_without_a_price_orders_come_to_rest(open_book, rows):
    """Nothing trades, and the book opens with what was collected, in its order."""
    book = open_book((1, BUY, 99, 5))
    found = auction(book, order(2, BUY, 99, 5), order(3, SELL, 101, 5)).uncross()
    assert Equilibrium() == found
    assert not trades(rows)
    assert [book.orders(side) for side in Side] == [[(1, 99, 5), (2, 99, 5)], [(3, 101, 5)]]
    assert rows[-1] == (QUOTE, 3, 50, 99, 10, 101, 5)


def test_an_account_may_trade_with_itself(open_book, rows):
    """No order is cancelled because its account is on the other side; afterwards the usual rule is back."""
    book = open_book(self_trade=SelfTrade.CANCEL_BOTH)
    auction(book, order(1, BUY, 100, 5, account=7), order(2, SELL, 100, 5, account=7)).uncross()
    assert trades(rows) == [(100, 5, 1, 2)]
    assert book.self_trade is SelfTrade.CANCEL_BOTH


def test_the_indication_is_what_would_come(open_book, rows):
    """Price, volume and imbalance, and the best limits of all that rest or wait; nothing happens."""
    book = open_book((1, BUY, 98, 5), (2, SELL, 101, 5))
    call = auction(book, order(3, BUY, 102, 4), order(4, BUY, MARKET, 3), order(5, SELL, 101, 1))
    told = call.indication()
    assert Equilibrium(101, 6, 1) == told.equilibrium
    assert (told.bid, told.bid_size, told.ask, told.ask_size) == (102, 4, 101, 6)
    assert not rows
    assert call.uncross() == told.equilibrium


def test_a_smaller_size_keeps_the_place(open_book, rows):
    """Another price or a greater size goes to the back, of the collected orders too."""
    call = auction(open_book(), *(order(number, BUY, 100, 5) for number in (1, 2, 3)))
    call.change(1, 100, 4)
    call.change(2, 100, 6)
    call.add(order(4, SELL, 100, 20))
    call.uncross()
    assert trades(rows) == [(100, 4, 4, 1), (100, 5, 4, 3), (100, 6, 4, 2)]


def test_an_order_that_rests_is_collected_when_it_moves(open_book, rows):
    """It leaves the book, which it could cross, and waits for the auction."""
    book = open_book((1, BUY, 98, 5, 7), (2, SELL, 101, 5))
    call = auction(book)
    call.change(1, 102, 5)
    assert not book.orders(BUY)
    assert not trades(rows)
    assert call.get(1) == order(1, BUY, 102, 5, account=7)
    with pytest.raises(KeyError):
        call.change(9, 100, 1)
    call.uncross()
    assert trades(rows) == [(101, 5, 1, 2)]


def test_orders_can_be_taken_back(open_book, rows):
    """A cancelled order takes no part, and all can be forgotten at once."""
    call = auction(open_book(), order(1, BUY, 100, 5), order(2, SELL, 100, 5), order(3, SELL, 100, 5))
    call.cancel(2)
    assert 2 not in call
    assert [it.order for it in call.orders()] == [1, 3]
    assert len(call) == 2
    assert [it.order for it in call.clear()] == [1, 3]
    assert call.uncross().volume == 0
    assert not rows


@st.composite
def books_and_calls(draw):
    """A book that does not cross, orders that are collected on it, and a reference."""
    middle = draw(st.integers(2, HIGHEST - 1))
    resting = draw(
        st.lists(st.tuples(st.booleans(), st.integers(0, HIGHEST), st.integers(1, 6)), max_size=10)
    )
    collected = draw(
        st.lists(
            st.tuples(
                st.sampled_from(Side),
                st.just(MARKET) | prices,
                st.integers(1, 9),
                st.booleans(),
                st.integers(0, 2),
            ),
            max_size=12,
        )
    )
    return middle, resting, collected, draw(prices)


@given(given_call=books_and_calls())
def test_an_uncrossed_book_is_right_whatever_was_collected(given_call):
    """
    Every row can be followed, the price is the rule's, priority is kept, and nothing crosses afterwards.

    Whoever trades got a price within the limit; no order trades while one before it in its side's priority
    has something left; and lots neither appear nor vanish, but for those of orders that do not rest.
    """
    middle, resting, collected, reference = given_call
    rows, views, number = [], (L1(), L2(), L3()), 0
    book = OrderBook(3, rows.append)
    for sells, away, size in resting:
        number += 1
        book.limit(number, int(sells), middle + 1 + away if sells else max(1, middle - away), size)
    call = CallAuction(book, reference=reference)
    known = {it[0]: order(it[0], side, it[1], it[2]) for side in Side for it in book.orders(side)}
    for side, price, size, rests, account in collected:
        number += 1
        call.add(order(number, int(side), price, size, rests=rests, account=account))
        known[number] = order(number, int(side), price, size, rests=rests, account=account)
    before = call.indication().equilibrium
    at = len(rows)
    found = call.uncross()
    assert before == found
    assert not len(call)

    for row in rows:
        for view in views:
            view.apply(row)
    best = views[0]
    assert (best.bid, best.bid_size, best.ask, best.ask_size) == (
        book.bid,
        book.bid_size,
        book.ask,
        book.ask_size,
    )
    for side in Side:
        assert views[1].levels(side) == book.sizes(side)
        assert views[2].orders(side) == book.orders(side)
    assert not (book.bid and book.ask) or book.bid < book.ask
    assert sum(row[0] == QUOTE for row in rows[at:]) <= 1

    done = [row for row in rows[at:] if row[0] == TRADE]
    assert sum(row[6] for row in done) == found.volume
    traded = dict.fromkeys(known, 0)
    for row in done:
        assert row[5] == found.price
        traded[row[7]] += row[6]
        traded[row[8]] += row[6]
    left = {it[0]: it for side in Side for it in book.orders(side)}
    for it in known.values():
        rest = it.left - traded[it.order]
        assert rest >= 0
        assert not traded[it.order] or it.accepts(found.price)
        rests = it.rests and it.price != MARKET and rest > 0
        assert left.get(it.order) == ((it.order, it.price, rest) if rests else None)
    for side in Side:
        queue = sorted((it for it in known.values() if it.side == side), key=lambda it: it.rank)
        full = [traded[it.order] == it.left for it in queue]
        some = [traded[it.order] > 0 for it in queue]
        assert all(full[:at] == [True] * at for at, any_ in enumerate(some) if any_)
