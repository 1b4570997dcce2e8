"""Arrivals and cancels are told apart from trades, with orders and with price levels alone."""

import pytest

from feed.analytics.calibration.order_flow import BANDS, TOGETHER, OrderFlowObserver
from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, REDUCE, TRADE, UNKNOWN, Side

SECOND = 1_000_000_000
BUY, SELL = int(Side.BUY), int(Side.SELL)


def observed(*rows):
    flow = OrderFlowObserver(0)
    for row in rows:
        flow.see(row)
    return flow


def flows(flow):
    """Arrivals and cancels of each band that has any."""
    return {
        index: (band.arrivals, band.cancels)
        for index, band in enumerate(flow.bands)
        if band.arrivals or band.cancels
    }


def level(ts, side, at, lots):
    return (LEVEL, 0, ts, side, at, lots)


def printed(ts, aggressor, at, lots):
    """A trade of a source without orders."""
    return (TRADE, 0, ts, 1, aggressor, at, lots, 0, 0, UNKNOWN, UNKNOWN)


QUOTED = (QUOTE, 0, 0, 100, 5, 104, 5)
OPENING = (level(0, BUY, 100, 5), level(0, SELL, 104, 5), QUOTED)


def test_orders_are_counted_by_distance_from_the_mid():
    """At the best price, behind it, and inside of the spread; the opening book is no arrival."""
    flow = observed(
        (ADD, 0, 0, 1, BUY, 100, 5, 5),
        (ADD, 0, 0, 2, SELL, 104, 5, 5),
        QUOTED,
        (ADD, 0, 1, 3, BUY, 100, 7, 12),
        (ADD, 0, 2, 4, SELL, 118, 9, 9),
        (ADD, 0, 3, 5, SELL, 103, 2, 2),
        (REDUCE, 0, 4, 4, SELL, 118, 3, 3),
        (REDUCE, 0, 5, 4, SELL, 118, 0, 0),
        (TRADE, 0, 6, 1, BUY, 103, 2, 5, 9, 0, 0),
    )
    assert flows(flow) == {0: (1, 0), 1: (1, 0), 4: (1, 1)}
    assert (flow.at_best, flow.behind, flow.has_orders) == (2, 1, True)
    assert flow.best_sizes.total == 9


def test_levels_that_grow_are_arrivals_and_those_that_shrink_cancels():
    """Of a source without orders."""
    flow = observed(
        *OPENING, level(1, BUY, 100, 9), level(2, BUY, 100, 3), level(3, SELL, 120, 8), level(4, SELL, 120, 0)
    )
    assert flows(flow) == {1: (1, 1), 4: (1, 1)}
    assert not flow.has_orders


@pytest.mark.parametrize(
    "rows",
    [
        (printed(5, SELL, 100, 2), level(5, BUY, 100, 3)),
        (level(5, BUY, 100, 3), printed(6, SELL, 100, 2)),
        (printed(5, SELL, 100, 1), printed(5, SELL, 100, 1), level(6, BUY, 100, 3)),
        (printed(5, SELL, 100, 2), level(6, BUY, 100, 4), level(7, BUY, 100, 3)),
    ],
    ids=["trade first", "level first", "two trades", "two levels"],
)
def test_what_was_traded_is_no_cancel(rows):
    """Whichever of trade and level comes first, and however they are divided."""
    assert flows(observed(*OPENING, *rows)) == {}


def test_what_went_beyond_a_trade_is_a_cancel():
    """A level that shrinks by more than was traded there lost an order as well."""
    assert flows(observed(*OPENING, printed(5, SELL, 100, 2), level(5, BUY, 100, 1))) == {1: (0, 1)}


def test_a_trade_explains_only_what_is_near_it_in_time():
    """A second later, a level that shrinks is a cancel."""
    late = 5 + TOGETHER + 1
    assert flows(observed(*OPENING, printed(5, SELL, 100, 2), level(late, BUY, 100, 3))) == {1: (0, 1)}
    assert flows(observed(*OPENING, level(5, BUY, 100, 3), printed(late, SELL, 100, 2))) == {1: (0, 1)}


def test_a_book_that_is_told_anew_is_no_flow():
    """After the book was cleared, the rows of that time are its snapshot."""
    flow = observed(
        *OPENING, (CLEAR, 0, 9), level(9, BUY, 100, 5), level(9, SELL, 104, 5), level(10, BUY, 100, 6)
    )
    assert flows(flow) == {1: (1, 0)}


def test_standing_orders_are_counted_each_second():
    """Orders and lots of each band, while there is a bid and an ask."""
    flow = observed(
        *OPENING, level(1, BUY, 60, 30), level(SECOND, BUY, 100, 7), level(2 * SECOND, BUY, 60, 0)
    )
    assert flow.counts == 2
    assert [(band.standing, band.lots) for band in flow.bands[:6]] == [
        (0, 0),
        (4, 5 + 5 + 7 + 5),
        (0, 0),
        (0, 0),
        (0, 0),
        (2, 60),
    ]


def test_without_a_quote_everything_is_far():
    """Where there is no mid, the distance is not known."""
    assert flows(observed(level(1, BUY, 100, 5))) == {BANDS - 1: (1, 0)}


def test_the_step_of_prices_is_what_all_have_in_common():
    """Whether they come as orders or as levels; without a book there is none."""
    assert observed(*OPENING, level(1, BUY, 92, 3)).price_step == 4
    assert observed((ADD, 0, 0, 1, BUY, 105, 5, 5), (ADD, 0, 0, 2, SELL, 120, 5, 5)).price_step == 15
    assert observed(QUOTED).price_step == 0
