from __future__ import annotations

import pytest

from feed.book.book import OrderBook
from feed.model.orders import SelfTrade


@pytest.fixture
def rows():
    """Every row that the books of the test emit."""
    return []


@pytest.fixture
def open_book(rows):
    """
    Opens a book of instrument 3 at time 50 with orders resting, whose rows are forgotten::

        open_book((1, BUY, 100, 5), (2, SELL, 101, 4, account))
    """

    def open_book(*orders, self_trade=SelfTrade.CANCEL_RESTING):
        book = OrderBook(3, rows.append, self_trade=self_trade)
        book.now = 50
        for order in orders:
            book.limit(*order)
        rows.clear()
        return book

    return open_book
