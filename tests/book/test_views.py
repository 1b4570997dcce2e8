"""Views on sources that have no orders, and on rows out of place; the properties test does the rest."""

from __future__ import annotations

import pytest

from feed.book.views import L1, L2, L3
from feed.model.events import (
    ADD,
    CLEAR,
    LEVEL,
    QUOTE,
    REDUCE,
    STATUS,
    TRADE,
    UNKNOWN,
    LevelChange,
    level_change,
)

BUY, SELL = 0, 1


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ((ADD, 0, 1, 5, SELL, 101, 2, 7), LevelChange(SELL, 101, 7)),
        ((REDUCE, 0, 1, 5, BUY, 100, 0, 3), LevelChange(BUY, 100, 3)),
        ((TRADE, 0, 1, 1, BUY, 101, 2, 5, 6, 0, 4), LevelChange(SELL, 101, 4)),
        ((TRADE, 0, 1, 1, UNKNOWN, 101, 2, 0, 0, UNKNOWN, UNKNOWN), None),
        ((LEVEL, 0, 1, SELL, 101, 0), LevelChange(SELL, 101, 0)),
        ((QUOTE, 0, 1, 100, 1, 101, 1), None),
        ((STATUS, 0, 1, 1), None),
        ((CLEAR, 0, 1), None),
    ],
)
def test_level_change_is_a_projection(row, change):
    """Each row says by itself what became of its price level; a trade is about the maker's side."""
    assert level_change(row) == change


def test_l2_follows_level_rows():
    """A source without orders sets, changes and removes whole levels, known or not."""
    view = L2()
    for side, price, size in [(BUY, 99, 4), (BUY, 100, 5), (SELL, 101, 6), (BUY, 100, 2), (SELL, 101, 0)]:
        view.apply((LEVEL, 0, 1, side, price, size))
    view.apply((LEVEL, 0, 1, SELL, 107, 0))
    assert view.levels(BUY) == [(100, 2), (99, 4)]
    assert view.levels(BUY, 1) == [(100, 2)]
    assert view.levels(SELL) == []
    assert (view.size(BUY, 99), view.size(BUY, 98)) == (4, 0)


def test_l2_ignores_trades_of_sources_that_report_levels_apart():
    """The book of such a source changes by its level rows only."""
    view = L2()
    view.apply((LEVEL, 0, 1, SELL, 101, 6))
    view.apply((TRADE, 0, 1, 1, BUY, 101, 2, 0, 0, UNKNOWN, UNKNOWN))
    assert view.levels(SELL) == [(101, 6)]


def test_clear_empties_every_view():
    """After it nothing is known."""
    l1, l2, l3 = L1(), L2(), L3()
    for view in (l1, l2, l3):
        for row in [(ADD, 0, 1, 5, BUY, 100, 2, 2), (QUOTE, 0, 1, 100, 2, 0, 0), (CLEAR, 0, 1)]:
            view.apply(row)
    assert (l1.bid, l1.bid_size, l1.ask, l1.ask_size) == (0, 0, 0, 0)
    assert l2.levels(BUY) == l3.levels(BUY) == l3.orders(BUY) == []


def test_l3_passes_over_rows_without_orders():
    """Neither a level nor the trade of a source without orders concerns a queue."""
    view = L3()
    view.apply((LEVEL, 0, 1, SELL, 101, 6))
    view.apply((TRADE, 0, 1, 1, BUY, 101, 2, 0, 0, UNKNOWN, UNKNOWN))
    assert view.orders(SELL) == []


def test_l3_notices_a_missing_row():
    """A row about an order that never came means that rows were lost."""
    with pytest.raises(KeyError):
        L3().apply((REDUCE, 0, 1, 5, BUY, 100, 0, 0))
