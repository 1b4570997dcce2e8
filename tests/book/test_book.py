"""One operation each, and exactly the rows it emits."""

from __future__ import annotations

import gc

import pytest
from copies import copied

from feed.book.resting_orders import Resting
from feed.model.events import ADD, QUOTE, REDUCE, TRADE
from feed.model.orders import SelfTrade

BUY, SELL = 0, 1


def test_limit_rests_and_sets_the_quote(open_book, rows):
    """An order into an empty book rests; the quote has no ask yet."""
    book = open_book()
    assert book.limit(1, BUY, 100, 5) == 5
    assert rows == [(ADD, 3, 50, 1, BUY, 100, 5, 5), (QUOTE, 3, 50, 100, 5, 0, 0)]
    assert (book.bid, book.bid_size, book.ask, book.ask_size) == (100, 5, 0, 0)


def test_limit_behind_the_best_price_sends_no_quote(open_book, rows):
    """Only the best level is in the quote."""
    book = open_book((1, SELL, 101, 4))
    assert book.limit(2, SELL, 102, 5) == 5
    assert rows == [(ADD, 3, 50, 2, SELL, 102, 5, 5)]


def test_limit_at_the_best_price_joins_the_queue(open_book, rows):
    """The level grows, and with it the size of the quote."""
    book = open_book((1, SELL, 101, 4))
    book.limit(2, SELL, 101, 5)
    assert rows == [(ADD, 3, 50, 2, SELL, 101, 5, 9), (QUOTE, 3, 50, 0, 0, 101, 9)]
    assert book.orders(SELL) == [(1, 101, 4), (2, 101, 5)]


def test_marketable_limit_trades_then_rests_then_quotes(open_book, rows):
    """Two levels are swept at the makers' prices, what is left rests, and one quote tells the outcome."""
    book = open_book((1, SELL, 101, 4), (2, SELL, 102, 3), (3, SELL, 103, 1))
    assert book.limit(9, BUY, 102, 10) == 3
    assert rows == [
        (TRADE, 3, 50, 1, BUY, 101, 4, 1, 9, 0, 0),
        (TRADE, 3, 50, 2, BUY, 102, 3, 2, 9, 0, 0),
        (ADD, 3, 50, 9, BUY, 102, 3, 3),
        (QUOTE, 3, 50, 102, 3, 103, 1),
    ]
    assert (book.trades, book.volume) == (2, 7)


def test_partly_filled_maker_keeps_its_place(open_book, rows):
    """First come first served, and whoever is partly served stays in front."""
    book = open_book((1, BUY, 100, 4), (2, BUY, 100, 3))
    assert book.market(9, SELL, 3) == 3
    assert rows == [(TRADE, 3, 50, 1, SELL, 100, 3, 1, 9, 1, 4), (QUOTE, 3, 50, 100, 4, 0, 0)]
    assert book.orders(BUY) == [(1, 100, 1), (2, 100, 3)]


def test_orders_that_left_between_two_takers_are_passed_over(open_book, rows):
    """The second taker meets who is first by then, whoever else the first taker could have met."""
    book = open_book(*((order, SELL, 101, 1) for order in range(1, 7)))
    book.market(9, BUY, 1)
    book.cancel(2)
    book.cancel(3)
    assert book.first(SELL) == 4
    book.limit(7, SELL, 101, 1)
    book.cancel(5)
    rows.clear()
    assert book.market(10, BUY, 9) == 3
    assert [row[7] for row in rows if row[0] == TRADE] == [4, 6, 7]
    assert book.first(SELL) == 0


def test_an_order_that_comes_back_trades_after_those_before_it(open_book, rows):
    """It has lost its place, also where somebody has traded with the orders in front of it before."""
    book = open_book(*((order, SELL, 101, 2) for order in range(1, 5)))
    book.market(9, BUY, 2)
    book.modify(2, 101, 3)
    assert book.orders(SELL) == [(3, 101, 2), (4, 101, 2), (2, 101, 3)]
    assert book.first(SELL) == 3
    rows.clear()
    book.market(10, BUY, 5)
    assert [row[7] for row in rows if row[0] == TRADE] == [3, 4, 2]


def test_ioc_discards_what_it_cannot_fill(open_book, rows):
    """The rest never rested, so no row tells of it."""
    book = open_book((1, SELL, 101, 4), (2, SELL, 102, 4))
    assert book.ioc(9, BUY, 101, 6) == 4
    assert rows == [(TRADE, 3, 50, 1, BUY, 101, 4, 1, 9, 0, 0), (QUOTE, 3, 50, 0, 0, 102, 4)]
    assert 9 not in book


@pytest.mark.parametrize("size", [8, 9])
def test_fok_is_all_or_nothing(open_book, rows, size):
    """What rests within the price is enough, or nothing happens."""
    book = open_book((1, SELL, 101, 4), (2, SELL, 102, 4), (3, SELL, 103, 4))
    assert book.fok(9, BUY, 102, size) == (size if size == 8 else 0)
    assert [row[0] for row in rows] == ([TRADE, TRADE, QUOTE] if size == 8 else [])


def test_market_into_an_empty_side_does_nothing(open_book, rows):
    """There is nobody to trade with, and nothing changed."""
    book = open_book((1, SELL, 101, 4))
    assert book.market(9, SELL, 5) == 0
    assert rows == []


def test_market_sweeps_the_whole_side(open_book, rows):
    """No price is too bad for a market order."""
    book = open_book((1, SELL, 101, 4), (2, SELL, 10**12, 4))
    assert book.market(9, BUY, 10) == 8
    assert rows[-1] == (QUOTE, 3, 50, 0, 0, 0, 0)


@pytest.mark.parametrize(("price", "rests"), [(100, True), (101, False), (102, False)])
def test_post_only_never_takes(open_book, rows, price, rests):
    """At or through the best ask it would trade: nothing happens instead."""
    book = open_book((1, SELL, 101, 4))
    assert book.post_only(9, BUY, price, 2) is rests
    assert [row[0] for row in rows] == ([ADD, QUOTE] if rests else [])


def test_cancel_reduces_to_nothing(open_book, rows):
    """The level keeps what others left there."""
    book = open_book((1, BUY, 100, 4), (2, BUY, 100, 3), (3, BUY, 99, 2))
    assert book.cancel(1) == 4
    assert book.cancel(1) == 0
    assert rows == [(REDUCE, 3, 50, 1, BUY, 100, 0, 3), (QUOTE, 3, 50, 100, 3, 0, 0)]
    rows.clear()
    assert book.cancel(3) == 2
    assert rows == [(REDUCE, 3, 50, 3, BUY, 99, 0, 0)]


def test_modify_to_less_keeps_the_place(open_book, rows):
    """Same price, smaller size: one row, first in the queue still."""
    book = open_book((1, BUY, 100, 4), (2, BUY, 100, 3))
    assert book.modify(1, 100, 1) == 1
    assert rows == [(REDUCE, 3, 50, 1, BUY, 100, 1, 4), (QUOTE, 3, 50, 100, 4, 0, 0)]
    assert book.orders(BUY) == [(1, 100, 1), (2, 100, 3)]


def test_modify_to_the_same_goes_to_the_back_without_a_quote(open_book, rows):
    """The queue changed and the quote did not."""
    book = open_book((1, BUY, 100, 4), (2, BUY, 100, 3))
    assert book.modify(1, 100, 4) == 4
    assert rows == [(REDUCE, 3, 50, 1, BUY, 100, 0, 3), (ADD, 3, 50, 1, BUY, 100, 4, 7)]
    assert book.orders(BUY) == [(2, 100, 3), (1, 100, 4)]


def test_modify_across_the_spread_trades(open_book, rows):
    """The new price may be marketable; the id stays, and one quote tells the outcome."""
    book = open_book((1, BUY, 100, 4, 8), (2, SELL, 101, 3))
    assert book.modify(1, 101, 5) == 2
    assert rows == [
        (REDUCE, 3, 50, 1, BUY, 100, 0, 0),
        (TRADE, 3, 50, 1, BUY, 101, 3, 2, 1, 0, 0),
        (ADD, 3, 50, 1, BUY, 101, 2, 2),
        (QUOTE, 3, 50, 101, 2, 0, 0),
    ]
    assert book.get(1) == Resting(account=8, side=BUY, price=101, left=2)


def test_modify_of_an_unknown_order_does_nothing(open_book, rows):
    """There is nothing to change."""
    book = open_book((1, BUY, 100, 4))
    assert book.modify(2, 100, 1) == 0
    assert book.get(2) is None
    assert rows == []


SELF_TRADE_ROWS = {
    SelfTrade.ALLOW: [
        (TRADE, 3, 50, 1, BUY, 101, 2, 1, 9, 0, 4),
        (TRADE, 3, 50, 2, BUY, 101, 4, 2, 9, 0, 0),
        (QUOTE, 3, 50, 0, 0, 0, 0),
    ],
    SelfTrade.CANCEL_RESTING: [
        (TRADE, 3, 50, 1, BUY, 101, 2, 1, 9, 0, 4),
        (REDUCE, 3, 50, 2, SELL, 101, 0, 0),
        (ADD, 3, 50, 9, BUY, 101, 4, 4),
        (QUOTE, 3, 50, 101, 4, 0, 0),
    ],
    SelfTrade.CANCEL_INCOMING: [
        (TRADE, 3, 50, 1, BUY, 101, 2, 1, 9, 0, 4),
        (QUOTE, 3, 50, 0, 0, 101, 4),
    ],
    SelfTrade.CANCEL_BOTH: [
        (TRADE, 3, 50, 1, BUY, 101, 2, 1, 9, 0, 4),
        (REDUCE, 3, 50, 2, SELL, 101, 0, 0),
        (QUOTE, 3, 50, 0, 0, 0, 0),
    ],
    SelfTrade.DECREMENT: [
        (TRADE, 3, 50, 1, BUY, 101, 2, 1, 9, 0, 4),
        (REDUCE, 3, 50, 2, SELL, 101, 0, 0),
        (QUOTE, 3, 50, 0, 0, 0, 0),
    ],
}


@pytest.mark.parametrize("self_trade", SelfTrade)
def test_self_trade_prevention(open_book, rows, self_trade):
    """An order of account 7 trades with account 8 and then meets its own: who is cancelled is the mode's."""
    book = open_book((1, SELL, 101, 2, 8), (2, SELL, 101, 4, 7), self_trade=self_trade)
    resting = book.limit(9, BUY, 101, 6, 7)
    assert rows == SELF_TRADE_ROWS[self_trade]
    assert resting == (4 if self_trade is SelfTrade.CANCEL_RESTING else 0)


@pytest.mark.parametrize(
    ("self_trade", "fillable"),
    [
        (SelfTrade.ALLOW, 9),
        (SelfTrade.CANCEL_RESTING, 5),
        (SelfTrade.CANCEL_INCOMING, 2),
        (SelfTrade.CANCEL_BOTH, 2),
        (SelfTrade.DECREMENT, 2),
    ],
)
def test_fok_counts_only_what_it_may_trade_with(open_book, rows, self_trade, fillable):
    """An own order in the way is skipped, or ends it, as the mode says."""
    book = open_book((1, SELL, 101, 2, 8), (2, SELL, 101, 4, 7), (3, SELL, 101, 3, 8), self_trade=self_trade)
    assert book.fok(9, BUY, 101, fillable + 1, 7) == 0
    assert rows == []
    assert book.fok(9, BUY, 101, fillable, 7) == fillable
    assert sum(row[6] for row in rows if row[0] == TRADE) == fillable


@pytest.mark.parametrize(("size", "left", "resting"), [(6, 1, 0), (8, 0, 1)])
def test_decrement_makes_both_orders_smaller(open_book, rows, size, left, resting):
    """By what they would have traded: the larger one goes on with the rest, in its place."""
    book = open_book(
        (1, SELL, 101, 2, 8), (2, SELL, 101, 5, 7), (3, BUY, 99, 1, 0), self_trade=SelfTrade.DECREMENT
    )
    assert book.limit(9, BUY, 101, size, 7) == resting
    assert (0 if book.get(2) is None else book.get(2).left) == left
    assert book.prevented == [(2, 101, min(size - 2, 5))]
    assert book.volume == 2
    assert sum(row[6] for row in rows if row[0] == TRADE) == 2


def test_account_zero_is_exempt_from_self_trade_prevention(open_book):
    """Nobody's orders trade with nobody's."""
    book = open_book((1, SELL, 101, 2, 0))
    assert book.ioc(9, BUY, 101, 2, 0) == 2


def test_levels_are_best_first_and_cut_at_depth(open_book):
    """Price, lots and number of orders at each level."""
    book = open_book(
        (1, BUY, 99, 1), (2, BUY, 100, 2), (3, BUY, 100, 3), (4, SELL, 102, 4), (5, SELL, 101, 5)
    )
    assert book.levels(BUY) == [(100, 5, 2), (99, 1, 1)]
    assert book.levels(SELL) == [(101, 5, 1), (102, 4, 1)]
    assert book.levels(SELL, 1) == [(101, 5, 1)]


def test_snapshot_is_adds_and_a_quote(open_book):
    """In priority order, with the totals that the adds would have had."""
    book = open_book((1, SELL, 101, 5), (2, BUY, 100, 2), (3, BUY, 100, 3))
    book.now = 60
    assert book.rows() == [
        (ADD, 3, 60, 2, BUY, 100, 2, 2),
        (ADD, 3, 60, 3, BUY, 100, 3, 5),
        (ADD, 3, 60, 1, SELL, 101, 5, 5),
        (QUOTE, 3, 60, 100, 5, 101, 5),
    ]


def test_orders_that_leave_are_freed_at_once(open_book):
    """A busy book leaves no cycles behind: the garbage collector finds nothing to do."""
    book = open_book()
    gc.collect()
    gc.disable()
    try:
        for order in range(1, 400, 4):
            book.limit(order, BUY, 100 + order % 3, 5)
            book.limit(order + 1, BUY, 90 + order % 7, 5)
            book.modify(order, 99, 4)
            book.cancel(order + 1)
            book.market(order + 2, SELL, 4)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("count", [0, 1, 2, 20_000])
def test_a_copy_of_a_long_queue_goes_on_as_the_book_does(open_book, rows, count):
    """However many orders rest at one price: those who steer a market back have copies of it made."""
    book = open_book(*((order, SELL, 101, 2) for order in range(1, count + 1)), (count + 1, SELL, 102, 2))
    told, copy = copied(rows, book)
    assert copy.orders(SELL) == book.orders(SELL)
    for each in (book, copy):
        each.cancel(2) if count > 1 else None
        each.limit(count + 2, SELL, 101, 5)
        each.limit(count + 3, BUY, 102, 9)
    assert told == rows
    assert copy.orders(SELL) == book.orders(SELL)
