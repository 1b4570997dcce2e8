"""The deep book, and quotes inside the spread."""

from __future__ import annotations

import attrs
import pytest
from plain_market import PLAIN, SECOND, START, opened

from feed.model.market import DeepBook, MarketSpec, Takers
from feed.model.orders import NewOrder, OrderType


def depth(book, side, fraction):
    """Lots of a side within a distance from the middle."""
    middle = (book.bid + book.ask) / 2
    return sum(size for price, size in book.sizes(side) if abs(price - middle) <= fraction * middle)


@pytest.mark.parametrize("side", [0, 1])
def test_there_is_depth_to_two_per_cent_and_beyond(side):
    """More and more of it, farther and farther away."""
    market = opened()
    for minute in range(10):
        market.advance(START + minute * 60 * SECOND)
        book = market.exchange.books[0]
        found = [depth(book, side, fraction) for fraction in (0.001, 0.005, 0.02, 0.3)]
        assert found == sorted(found)
        assert 0 < found[0] < found[2] < found[3]


def test_deep_orders_live_long_and_cost_few_events():
    """Of those beyond half a per cent most are there a minute later; near the price hardly any."""
    market = opened()
    market.advance(START + 60 * SECOND)
    book = market.exchange.books[0]
    orders = {order: abs(price - book.bid) for side in (0, 1) for order, price, _ in book.orders(side)}
    far = {order for order, distance in orders.items() if distance > 0.005 * book.bid}
    market.advance(START + 120 * SECOND)
    still = {order for side in (0, 1) for order, _, _ in book.orders(side)}
    assert len(far) > 50
    assert len(far & still) > 0.6 * len(far)
    near = orders.keys() - far
    assert len(near & still) < 0.5 * len(near)


def test_what_was_eaten_comes_back_in_time():
    """Not at once: the nearest bands first."""
    spec = attrs.evolve(PLAIN, takers=Takers(updates=100_000))
    market = opened(spec)
    market.advance(START + 10 * SECOND)
    book = market.exchange.books[0]
    before = depth(book, 1, 0.02)
    market.submit(NewOrder(account=1, instrument=0, side=0, size=before, type=OrderType.MARKET))
    left = sum(size for _, size in book.sizes(1))
    market.advance(START + 900 * SECOND)
    assert depth(book, 1, 0.02) > 0.25 * before
    assert sum(size for _, size in book.sizes(1)) > left


def test_liquidity_goes_and_comes_with_its_factor():
    """Deep orders, too, at once."""
    market = opened()
    book = market.exchange.books[0]
    usual = sum(size for _, size in book.sizes(0))
    market.liquidity(0, 0.05)
    assert sum(size for _, size in book.sizes(0)) < 0.15 * usual
    market.liquidity(0, 1.0)
    assert sum(size for _, size in book.sizes(0)) > 0.5 * usual


def test_a_wide_spread_in_small_ticks_is_quoted_inside():
    """To a few ticks, most of the time; nobody does where the specification says so."""
    shares = []
    for inside_ms in (30.0, 0.0):
        item = attrs.evolve(PLAIN.instruments[0], price=10_000_000, spread=150, inside_ms=inside_ms)
        market = opened(attrs.evolve(PLAIN, instruments=(item,)))
        book = market.exchange.books[0]
        narrow = 0
        for tenth in range(600):
            market.advance(START + tenth * SECOND // 10)
            narrow += book.ask - book.bid <= 5
        shares.append(narrow / 600)
    assert shares[0] > 0.5
    assert shares[1] < 0.05


def test_a_book_of_few_ticks_has_a_deep_book_above_its_lowest_price():
    """No order at a price below one tick, whatever the reach."""
    item = attrs.evolve(PLAIN.instruments[0], price=100, spread=1, volatility=5)
    market = opened(MarketSpec(instruments=(item,), deep=DeepBook(reach=0.99)))
    market.advance(START + 60 * SECOND)
    book = market.exchange.books[0]
    assert min(price for price, _ in book.sizes(0)) >= 1
    assert 0 < book.bid < book.ask
