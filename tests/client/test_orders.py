"""A book of single orders kept in step with the server's."""

import pytest

from feed.client.orders import Orders
from feed.client.replica import OutOfStep
from feed.dialects.items import OrdersPart
from feed.model.directory import Directory
from feed.model.events import Side

BUY, SELL = Side


def part(seq, *orders, first=False):
    return OrdersPart(instrument=0, seq=seq, ts=seq, first=first, more=False, snapshot=first, orders=orders)


@pytest.fixture
def book():
    directory = Directory()
    directory.index("X")
    book = Orders(directory, 0)
    book.apply(part(1, (BUY, "a", 10, 5), (BUY, "b", 11, 1), (SELL, "c", 12, 2), first=True))
    return book


def test_a_new_order_stands_behind_all_others_at_its_price(book):
    """And one that shrinks keeps its place."""
    assert book.apply(part(2, (BUY, "d", 10, 9)))
    assert book.apply(part(3, (BUY, "a", 10, 4)))
    assert book.queue(BUY, 10) == [("a", 4), ("d", 9)]
    assert list(book.orders(BUY)) == [("b", 11, 1), ("a", 10, 4), ("d", 10, 9)]
    assert (book.levels(BUY), book.levels(BUY, 1)) == ([(11, 1), (10, 13)], [(11, 1)])
    assert len(book) == 4


def test_the_last_order_of_a_price_takes_the_level_with_it(book):
    """Size zero removes."""
    book.apply(part(2, (SELL, "c", 12, 0)))
    assert (book.levels(SELL), book.queue(SELL, 12), len(book)) == ([], [], 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [((BUY, "z", 10, 0), "z is gone that never came"), ((BUY, "a", 9, 3), "a is not where it was")],
)
def test_a_lost_order_shows(book, row, reason):
    """Out of sync until the next snapshot, which begins anew."""
    with pytest.raises(OutOfStep, match=reason):
        book.apply(part(3, row))
    assert not book.in_sync
    book.apply(part(4, (SELL, "e", 12, 2), first=True))
    assert (book.in_sync, list(book.orders(BUY)), book.queue(SELL, 12)) == (True, [], [("e", 2)])


def test_what_is_in_it_already_changes_nothing(book):
    """As after a resume, which tells the last event again."""
    assert not book.apply(part(1, (BUY, "f", 10, 1)))
    assert len(book) == 3
