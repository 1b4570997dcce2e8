"""Blocks that are kept for those who follow: back to the newest snapshot, and within a bound."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.cluster.block import BEFORE_ALL, decode_block
from feed.cluster.framing import Frames
from feed.cluster.messages import decode
from feed.cluster.retention import NotKept, Retained
from feed.cluster.sequence import BlockBuilder
from feed.cluster.snapshot import Snapshot
from feed.model.events import CLEAR
from feed.model.stream_position import StreamPosition
from feed.sim.run_status import RunState

FIRST = StreamPosition(40, 0xCAFE)


class Log:
    """Blocks of so many events each, kept within a bound."""

    def __init__(self, most_bytes=1 << 20):
        self.retained = Retained(most_bytes=most_bytes)
        self.builder = BlockBuilder(FIRST)
        self.ends = {BEFORE_ALL: FIRST}
        self.keep(BEFORE_ALL)

    def add(self, *sizes):
        for events in sizes:
            rows = [(CLEAR, 0, at) for at in range(events)]
            block = self.builder.build(
                rows, made=0.0, stood=0, market_time=0, phase=RunState.RUNNING, takes_orders=True
            )
            self.ends[self.retained.add(block)] = block.ends

    def keep(self, place):
        self.retained.keep(Snapshot(place=place, position=self.ends[place], stood=0, state=b"", history=b""))


def places(frames):
    """The places and ends of blocks in frames, read as a link would."""
    found = [decode(one) for one in Frames().feed(b"".join(frames))]
    return [(one.place, decode_block(one.block).ends) for one in found]


def test_a_follower_reads_every_block_once():
    """From its place on, as many as it wants at a time, and one at least."""
    log = Log()
    log.add(3, 1, 0, 2)
    size = log.retained.held_bytes
    frames, place = log.retained.after(BEFORE_ALL, size)
    assert places(frames) == [(one, ends) for one, ends in log.ends.items() if one != BEFORE_ALL]
    assert (place, sum(map(len, frames))) == ((0, 4), size)
    assert log.retained.after(place, size) == ([], place)
    read, place = [], BEFORE_ALL
    while True:
        frames, place = log.retained.after(place, 1)
        if not frames:
            break
        read += frames
        assert len(frames) == 1
    assert len(read) == 4


def test_what_a_follower_has_not_had_is_counted():
    """In bytes as they are sent."""
    log = Log()
    log.add(3, 1, 5)
    for number in range(4):
        frames, _ = log.retained.after((0, number), 1 << 20)
        assert log.retained.owed((0, number)) == sum(map(len, frames))


def test_the_bound_holds_whatever_is_needed():
    """The oldest blocks are forgotten, and who was there is told so; the newest stays, however large."""
    log = Log(most_bytes=200)
    log.add(*[1] * 20)
    retained = log.retained
    assert retained.held_bytes <= 200
    assert retained.oldest > (0, 1)
    assert not retained.keeps(BEFORE_ALL)
    with pytest.raises(NotKept, match=r"^the blocks after 0 are not kept, the oldest is "):
        retained.after(BEFORE_ALL, 1)
    log.add(500)
    assert (retained.oldest, retained.place) == ((0, 21), (0, 21))
    assert len(places(retained.after((0, 20), 1)[0])) == 1


def test_blocks_before_a_snapshot_are_forgotten():
    """But for half the bound, for those who were away for a moment; those after it are all kept."""
    log = Log(most_bytes=1000)
    log.add(*[1] * 4)
    log.keep((0, 3))
    assert log.retained.oldest == (0, 1)
    log.add(*[1] * 8)
    before = log.retained.held_bytes
    log.keep((0, 1))
    assert log.retained.oldest == (0, 2)
    log.keep((0, 11))
    assert 500 <= log.retained.held_bytes < before
    log.add(200)
    log.keep((0, 12))
    assert log.retained.oldest == (0, 13)
    log.keep((0, 13))
    assert log.retained.newest.place == (0, 13)


def test_who_comes_back_goes_on_where_it_was():
    """If what follows is kept and the block there is the one that it has."""
    log = Log()
    log.add(3, 0, 2)
    for place, position in log.ends.items():
        assert log.retained.start(place, position) == place
        assert log.retained.start(place, StreamPosition(position.seq, position.proof ^ 1)) is None
    assert log.retained.start((0, 4), log.ends[0, 3]) is None
    assert log.retained.start((1, 1), log.ends[0, 1]) is None


def test_before_the_first_block_the_snapshot_says_where_the_log_stands():
    """Who has just read it goes on there."""
    log = Log()
    assert log.retained.start(BEFORE_ALL, FIRST) == BEFORE_ALL
    assert log.retained.start(BEFORE_ALL, StreamPosition(40, 1)) is None
    assert Retained(most_bytes=9).start(BEFORE_ALL, FIRST) is None


@given(
    most=st.integers(1, 2000),
    steps=st.lists(st.one_of(st.integers(0, 30), st.just("keep")), max_size=40),
    asked=st.integers(0, 40),
)
def test_places_stay_what_they_were(most, steps, asked):
    """Whatever was forgotten: after a place that is kept come exactly the blocks after it."""
    log = Log(most_bytes=most)
    for step in steps:
        if step == "keep":
            log.keep(log.retained.place)
        else:
            log.add(step)
    retained = log.retained
    place = (0, min(asked, retained.place[1]))
    following = [one for one in log.ends.items() if one[0] > place]
    if retained.keeps(place):
        assert places(retained.after(place, 1 << 20)[0]) == following
        assert retained.start(place, log.ends[place]) in (place, None)
    else:
        with pytest.raises(NotKept):
            retained.owed(place)
    assert retained.held_bytes <= most or retained.oldest == retained.place
    assert math.isclose(retained.held_bytes, retained.owed((0, retained.oldest[1] - 1)))
