"""A recording runs like the market that it came from."""

import pytest
from copies import copied, recorded_blocks
from hypothesis import given
from hypothesis import strategies as st

from feed.book.views import L2, L3
from feed.errors import MarketError
from feed.model.events import FUNDING, LEVEL, MARK, QUOTE, ROUND, STATUS, TRADE, Side
from feed.sim.control import Control
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.playback import Playback

SECOND = 1_000_000_000
START = 1_709_731_800 * SECOND
SPEC = default_market(2)


def market():
    return Market(SPEC, seed=1, start=START)


_MARKET = market()
ROWS = _MARKET.opening() + _MARKET.advance(START + SECOND)


def blocks():
    for start in range(0, len(ROWS), 100):
        yield ROWS[start : start + 100]


def playback():
    return Playback(SPEC.listing(), blocks, start=START)


def level_blocks():
    yield [
        (LEVEL, 0, START, 0, 100, 5),
        (LEVEL, 0, START, 1, 102, 7),
        (QUOTE, 0, START, 100, 5, 102, 7),
        (LEVEL, 0, START + 5, 0, 100, 0),
        (LEVEL, 0, START + 3, 0, 99, 4),  # real data are not always in order
        (QUOTE, 0, START + 9, 99, 4, 102, 7),
    ]


def test_it_opens_and_goes_on_as_the_market_did():
    """The rows of the start are the opening ones; times are those of the rows."""
    run, original = playback(), market()
    assert run.opening() == original.opening()
    for time in (START + SECOND // 3, START + SECOND):
        assert run.advance(time) == original.advance(time)
        assert run.now == time
    assert run.next_time() is None


@given(cuts=st.lists(st.tuples(st.integers(0, SECOND // 4), st.integers(0, 300)), max_size=12))
def test_it_is_the_same_however_time_is_cut(cuts):
    """No row is lost, none comes twice."""
    run = playback()
    rows = run.opening()
    for pause, limit in cuts:
        rows += run.advance(run.now + pause, limit)
    rows += run.advance(max(run.now, START + SECOND))
    assert rows == ROWS


def test_time_cannot_go_back():
    """As with any market."""
    run = playback()
    run.advance(START + 5)
    with pytest.raises(MarketError, match="cannot go back"):
        run.advance(START)


def test_a_row_from_before_counts_as_the_one_ahead_of_it():
    """Time does not go back; the row is played as recorded."""
    run = Playback(SPEC.listing(), level_blocks, start=START)
    assert len(run.opening()) == 3
    assert run.advance(START + 100, limit=1) == [(LEVEL, 0, START + 5, 0, 100, 0)]
    assert run.next_time() == run.now == START + 5
    assert run.advance(START + 5) == [(LEVEL, 0, START + 3, 0, 99, 4)]


def test_an_empty_recording():
    """It is over before it begins."""
    run = Playback(SPEC.listing(), list, start=START)
    assert (run.opening(), run.next_time(), run.advance(START + 5)) == ([], None, [])


def test_an_action_is_not_cut():
    """Rows of one instrument and one time stay together, so that book and quote never differ."""
    rows = [
        (TRADE, 0, START + 5, 1, 0, 101, 1, 7, 8, 0, 0),
        (TRADE, 0, START + 5, 2, 0, 102, 1, 9, 8, 0, 0),
        (QUOTE, 0, START + 5, 99, 1, 103, 1),
        (QUOTE, 1, START + 5, 99, 1, 103, 1),
        (QUOTE, 0, START + 6, 99, 1, 104, 1),
    ]
    run = Playback(SPEC.listing(), lambda: [rows], start=START)
    assert [run.advance(START + SECOND, limit=1) for _ in range(3)] == [rows[:3], rows[3:4], rows[4:]]


@pytest.mark.parametrize("taken", [0, 1, 99, 100, 101, len(ROWS)])
def test_a_copy_goes_on_where_it_was_made(taken, tmp_path):
    """The recording itself is not copied."""
    listing = SPEC.listing()
    run = Playback(
        listing, recorded_blocks(tmp_path / "rows", ROWS, listing=listing, start=START), start=START
    )
    if taken:
        taken = len(run.advance(START + SECOND, limit=taken))
    copy = copied(run)
    assert (copy.now, copy.next_time()) == (run.now, run.next_time())
    end = START + 2 * SECOND
    assert copy.advance(end) == run.advance(end) == ROWS[taken:]


def test_a_snapshot_rebuilds_the_books_of_orders():
    """To the place in the queue."""
    run, views = playback(), (L3(), L3())
    for row in run.advance(START + SECOND // 2):
        views[row[1]].apply(row)
    snapshot = run.snapshot()
    assert [row[3] for row in snapshot if row[0] == STATUS] == [1, 1]
    assert {row[2] for row in snapshot} == {START + SECOND // 2}
    for instrument in (0, 1):
        rebuilt = L3()
        for row in snapshot:
            if row[1] == instrument:
                rebuilt.apply(row)
        assert [rebuilt.orders(side) for side in Side] == [views[instrument].orders(side) for side in Side]


def test_a_snapshot_rebuilds_books_of_levels():
    """Of a source without orders."""
    run = Playback(SPEC.listing(), level_blocks, start=START)
    run.advance(START + 9)
    rebuilt = L2()
    for row in run.snapshot():
        if row[1] == 0:
            rebuilt.apply(row)
    assert (rebuilt.levels(0), rebuilt.levels(1)) == ([(99, 4)], [(102, 7)])
    assert (QUOTE, 0, START + 9, 99, 4, 102, 7) in run.snapshot()


def test_a_snapshot_includes_derivatives():
    """Mark, funding and round as they were last recorded, at the time of the snapshot."""
    rows = [
        (MARK, 0, START, 100, 101, 5),
        (FUNDING, 0, START, 10, 20, START + 60),
        (ROUND, 1, START, START - 60, START + 60, 100, -1),
        (MARK, 0, START + 1, 102, 103, 6),
    ]
    run = Playback(SPEC.listing(), lambda: [rows], start=START)
    run.advance(START + 1)
    told = [row for row in run.snapshot() if row[0] in {MARK, FUNDING, ROUND}]
    assert told == [
        (MARK, 0, START + 1, 102, 103, 6),
        (FUNDING, 0, START + 1, 10, 20, START + 60),
        (ROUND, 1, START + 1, START - 60, START + 60, 100, -1),
    ]


def test_it_can_be_steered_back():
    """As a market can."""
    control = Control(playback(), clock=lambda: 0.0, checkpoint_seconds=0.25)
    control.opening()
    control.start()
    while not control.ended:
        control.take(100)
    control.seek(START + SECOND // 2)
    rows = []
    while not control.ended:
        rows += control.take(100)
    rest = [row for row in ROWS if row[2] > START + SECOND // 2]
    assert rows[-len(rest) :] == rest
