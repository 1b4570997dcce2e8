"""What is kept of an instrument's events, and the figures made of it, on streams to count by hand."""

from __future__ import annotations

import math
import random

import pytest

from feed.analytics.market_facts import facts, minute_correlation
from feed.analytics.market_observer import DISTANCES, MarketObserver, observe
from feed.book.book import OrderBook
from feed.model.events import ADD, CLEAR, CLOCK, LEVEL, QUOTE, REDUCE, STATUS, TRADE, UNKNOWN, Side, Status

MS = 10**6
SECOND = 1000 * MS
START = 1_700_000_000 * SECOND


def watched(rows, seconds):
    observer = MarketObserver(START)
    for row in rows:
        observer.see((*row[:2], START + row[2], *row[3:]))
    observer.finish(START + round(seconds * SECOND))
    return observer


def table(observer):
    found = facts(observer)
    assert len({fact.key for fact in found}) == len(found)
    return {fact.key: fact.value for fact in found}


def quote(ts, bid, ask, size=5):
    return (QUOTE, 0, ts, bid, size, ask, size)


def trade(ts, taker, side, size=1, level=5):
    return (TRADE, 0, ts, 1, side, 100, size, 9, taker, 5, level)


def test_updates_are_what_changes_the_book():
    """Not the opening book, not a quote, not a print of a source that tells its levels apart."""
    it = watched(
        [
            (ADD, 0, 0, 1, 0, 99, 5, 5),
            (ADD, 0, 0, 2, 1, 101, 5, 5),
            quote(0, 99, 101),
            (ADD, 0, SECOND, 3, 0, 98, 5, 5),
            (REDUCE, 0, SECOND + MS, 3, 0, 98, 0, 0),
            (TRADE, 0, 2 * SECOND, 1, 0, 101, 1, 0, 0, UNKNOWN, UNKNOWN),
            (LEVEL, 0, 3 * SECOND + MS, 1, 101, 4),
        ],
        4,
    )
    found = table(it)
    assert it.updates == 3
    assert list(it.updates_by_second) == [0, 2, 0, 1]
    assert found["per second, book updates"] == 0.75
    assert found["within 1 ms of the last, %, book updates"] == 50
    assert found["variation of waiting times, book updates"] == pytest.approx(1999 / 2001)
    assert found["variance over mean of counts, book updates, 1 s"] == pytest.approx(11 / 12)
    assert found["for each print, book updates"] == 3


def test_what_rebuilds_the_book_after_a_clear_is_no_update():
    """A feed that begins anew within a recording tells its book again."""
    it = watched(
        [
            (ADD, 0, 1, 1, 0, 99, 5, 5),
            (CLEAR, 0, 5),
            (ADD, 0, 5, 2, 0, 99, 5, 5),
            (ADD, 0, 6, 3, 0, 98, 5, 5),
        ],
        1,
    )
    assert it.updates == 2


def test_prints_of_one_order_are_one_taker_order():
    """By the id of the order where there is one; else by time and side."""
    buy, sell = int(Side.BUY), int(Side.SELL)
    named = watched([trade(1, 7, buy, 2), trade(1, 7, buy, 3), trade(1, 8, buy), trade(2, 9, sell)], 1)
    assert list(named.takers.sizes) == [5, 1, 1]
    assert list(named.takers.signs) == [1, 1, -1]
    assert list(named.prints.signs) == [1, 1, 1, -1]
    unnamed = watched([trade(1, 0, buy), trade(1, 0, buy), trade(1, 0, sell), trade(2, 0, sell)], 1)
    assert list(unnamed.takers.sizes) == [2, 1, 1]


def test_a_print_without_a_side_has_no_sign():
    """It counts as a print, but says nothing about memory."""
    it = watched([(TRADE, 0, 1, 1, UNKNOWN, 100, 1, 0, 0, UNKNOWN, 0), trade(2, 7, 0)], 1)
    assert list(it.prints.signs) == [0, 1]
    assert it.prints.known_signs() == [1]


def test_the_mid_is_kept_every_tenth_of_a_second():
    """Each point has what stood then, what came at that very time included; an empty side changes nothing."""
    it = watched(
        [
            quote(50 * MS, 99, 101),
            quote(200 * MS, 100, 101),
            quote(310 * MS, 0, 101),
            quote(390 * MS, 101, 103),
        ],
        0.6,
    )
    assert list(it.mids) == [0, 200, 201, 201, 204, 204]
    assert list(it.quoted_mids()) == [200, 201, 201, 204, 204]


def test_a_crossed_book_has_neither_mid_nor_spread():
    """As orders that wait for an auction make it, or a capture whose sides are told one after the other."""
    it = watched([quote(0, 99, 101), quote(SECOND, 103, 101), quote(2 * SECOND, 103, 105)], 3)
    assert it.spreads == {2: 2 * SECOND}
    assert it.one_sided == 0
    assert it.mids[15] == 200


def test_time_weighs_spreads_and_empty_sides():
    """One tick for one second, three ticks for three; then a side is empty, then the instrument is halted."""
    it = watched(
        [
            quote(0, 99, 100),
            quote(SECOND, 98, 101, 9),
            quote(4 * SECOND, 98, 0),
            (STATUS, 0, 5 * SECOND, int(Status.HALTED)),
            (STATUS, 0, 50 * SECOND, int(Status.TRADING)),
        ],
        51,
    )
    found = table(it)
    assert it.spreads == {1: SECOND, 3: 3 * SECOND}
    assert found["spread, ticks, book, 25 % of time"] == 1
    assert found["spread, ticks, book, 50 % of time"] == 3
    assert found["size at the best price, lots, book"] == 8
    assert found["a side is empty, % of time, book"] == pytest.approx(100 * 2 / 6)
    assert found["longest time with one quote, s, book"] == 3
    assert it.moves == 2


def test_depth_is_measured_from_the_mid():
    """Mean of both sides, in lots and in sizes of the best price, of the rows of a real book."""
    rows = []
    book = OrderBook(0, rows.append)
    for order, (side, at, lots) in enumerate(
        [(0, 9999, 4), (1, 10001, 4), (0, 9990, 6), (1, 10020, 8), (1, 10300, 99)], start=1
    ):
        book.limit(order, side, at, lots)
    rows = [(*row[:2], 0, *row[3:]) for row in rows]
    it = watched([*rows, (LEVEL, 0, 10 * SECOND, 0, 9989, 2)], 11)
    assert it.samples == 1
    assert it.mean_depth() == (4, 4, 4, 7, 12, 12, 12, 12)
    assert table(it)["depth, sizes of the best price, book, 20 bps"] == 3
    assert table(it)["depth within 200 bps beside 50 bps, book"] == 1
    assert len(DISTANCES) == len(it.mean_depth())


def test_orders_end_by_trade_or_by_cancellation():
    """A reduced or partly filled order has not ended."""
    it = watched(
        [
            *((REDUCE, 0, 1, 1, 0, 99, left, 5) for left in (3, 0)),
            (REDUCE, 0, 1, 2, 0, 98, 0, 5),
            (TRADE, 0, 2, 1, 0, 100, 1, 9, 7, 3, 3),
            (TRADE, 0, 3, 2, 0, 100, 3, 9, 8, 0, 0),
        ],
        1,
    )
    assert (it.cancelled, it.filled) == (2, 1)
    assert table(it)["cancelled of ended orders, %, book updates"] == pytest.approx(200 / 3)


def test_the_answer_to_a_trade_is_in_its_direction():
    """Of a buyer the rise, of a seller the fall, between just before and a second later, in ticks."""
    it = watched(
        [
            quote(0, 99, 101),
            trade(40 * MS, 1, int(Side.BUY), 3),
            quote(50 * MS, 100, 103),
            trade(2 * SECOND, 2, int(Side.SELL)),
            quote(2 * SECOND, 98, 101),
            trade(9 * SECOND, 3, int(Side.SELL)),
        ],
        9.5,
    )
    assert it.responses(1.0) == ([3, 1], [1.5, 2.0])


def test_a_walk_has_the_figures_of_a_walk():
    """Quotes that step up or down by chance every tenth of a second: no memory, no fat tails, ratio 1."""
    rng, mid, rows = random.Random("walk"), 100_000, []
    for step in range(36_000):
        mid += rng.choice((-1, 1))
        rows.append(quote(step * 100 * MS, mid - 1, mid + 1))
    found = table(watched(rows, 3600))
    assert found["variance ratio to 0.1 s, mid, 5 s"] == pytest.approx(1, abs=0.1)
    assert found["autocorrelation of returns, mid, 1 s, lag 1"] == pytest.approx(0, abs=0.05)
    assert found["excess kurtosis of returns, mid, 1 s"] == pytest.approx(-0.2, abs=0.2)
    assert found["standard deviation of returns, bps, mid, 1 s"] == pytest.approx(
        math.sqrt(10) / 10, rel=0.05
    )
    assert found["spread, ticks, book, 99 % of time"] == 2
    assert -3 < found["drift, standard deviations of a walk, mid, all"] < 3


def test_a_trend_is_a_drift():
    """Up by a tick every second for an hour: as many deviations as the root of the number of minutes."""
    it = watched([quote(step * SECOND, 10**6 + step, 10**6 + step + 1) for step in range(3601)], 3600.1)
    assert table(it)["drift, standard deviations of a walk, mid, all"] == pytest.approx(
        math.sqrt(60), rel=0.01
    )


def test_a_source_of_quotes_and_prints_has_no_book_updates():
    """That is not known, rather than none at all for each print."""
    found = table(watched([quote(0, 99, 101), (TRADE, 0, SECOND, 1, 0, 101, 1, 0, 0, UNKNOWN, UNKNOWN)], 2))
    assert math.isnan(found["per second, book updates"])
    assert math.isnan(found["for each print, book updates"])
    assert found["per second, prints"] == 0.5


def test_hours_of_the_day_are_told_apart():
    """Forty takers in one hour, ten in each other; a part of an hour says nothing."""
    hour = 3600 * SECOND
    begins = -START % hour
    rows = [
        trade(begins + at * hour + k * SECOND, 1 + at * 100 + k, 0)
        for at in range(24)
        for k in range(40 if at == 7 else 10)
    ]
    it = watched(rows, 24 * 3600 + 3599)
    assert sorted(it.takers_by_hour()) == [10.0] * 23 + [40.0]


def test_the_hours_of_a_day_are_compared_over_many_days(monkeypatch):
    """Over a few, a lively spell of hours would be taken for the hour of the day."""
    monkeypatch.setattr("feed.analytics.market_facts._LEAST_DAYS", 2)
    hour = 3600 * SECOND
    begins = -START % hour
    rows = [
        trade(begins + at * hour + k * SECOND, 1 + at * 100 + k, 0)
        for at in range(48)
        for k in range(8 if at % 24 == 7 else 2)
    ]
    key = "busiest hour of the day beside the quietest, taker orders, 1 h"
    assert table(watched(rows, 48 * 3600 + 3599))[key] == 4
    assert math.isnan(table(watched(rows, 47 * 3600))[key])


def test_two_instruments_that_move_together():
    """Correlated by the part they share; over the time in which both were quoted."""
    rng, rows, others, one, other = random.Random("pair"), [], [], 50_000, 50_000
    for minute in range(600):
        shared = rng.gauss(0, 20)
        one += round(shared + rng.gauss(0, 20))
        other += round(shared + rng.gauss(0, 20))
        rows.append(quote(60 * minute * SECOND, one, one + 1))
        if minute > 3:
            others.append(quote(60 * minute * SECOND, other, other + 1))
    pair = watched(rows, 36_000), watched(others, 36_000)
    assert minute_correlation(*pair) == pytest.approx(0.5, abs=0.1)


def test_a_recording_is_looked_at_from_the_first_row_of_each_instrument():
    """Whatever its blocks are; what tells the time alone opens no instrument."""
    rows = [
        (CLOCK, 0, START),
        (ADD, 1, START + 1, 1, 0, 99, 5, 5),
        (ADD, 0, START + SECOND, 2, 0, 99, 5, 5),
        (ADD, 1, START + 2 * SECOND, 3, 0, 98, 5, 5),
    ]
    for blocks in ([rows], [[row] for row in rows], [rows[:2], [], rows[2:]]):
        seen = observe(blocks)
        assert {index: (it.start, it.end, it.updates) for index, it in seen.items()} == {
            1: (START + 1, START + 2 * SECOND, 1),
            0: (START + SECOND, START + 2 * SECOND, 0),
        }


def test_a_time_to_warm_up_is_not_counted():
    """What came before builds the book; orders that ended then are no part of the figures."""
    it = watched(
        [(ADD, 0, -5, 1, 0, 99, 5, 5), trade(-4, 1, 0), (REDUCE, 0, -3, 1, 0, 99, 0, 0), trade(4, 2, 0)], 1
    )
    assert (it.updates, len(it.prints.times), it.cancelled) == (1, 1, 0)


def test_nothing_seen_is_no_figure():
    """No rows, no time: a table without numbers, and no error."""
    found = table(watched([], 0))
    assert all(math.isnan(value) or not value for value in found.values())
