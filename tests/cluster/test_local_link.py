"""An edge's end of a link: what it says when nobody is there, or somebody else, or nothing comes."""

import errno
import os
from contextlib import AsyncExitStack

import attrs
import msgspec
import pytest
import structlog
import trio
import trio.testing
from blocks import START, block_of, blocks_after, local_log, snapshot_at

from feed.cluster.counts import SharedCounts, listed
from feed.cluster.framing import frame
from feed.cluster.local_link import LocalLink, unix_link
from feed.cluster.local_socket import listen_at
from feed.cluster.log_header import release
from feed.cluster.messages import Report
from feed.cluster.ports import NO_HANDLERS, EdgeHandlers
from feed.errors import ConfigError, FeedError
from feed.settings import Cluster

WHERE = "unix:/run/feed.sock"


def link_by(connect, **settings):
    return LocalLink(WHERE, connect, name="edge", settings=Cluster(**settings), random=lambda: 0.0)


@pytest.fixture
async def follow():
    """The blocks of a link after a snapshot, one after another."""
    async with AsyncExitStack() as stack:

        def begin(link, snapshot):
            blocks = link.blocks(snapshot.place, snapshot.position)
            stack.push_async_callback(blocks.aclose)
            return blocks

        yield begin


class Sequencer:
    """A log that can be reached, or not."""

    def __init__(self, nursery, log=None):
        self.nursery = nursery
        self.log = log or local_log()
        self.problem = None
        self.streams = []
        self.times = []

    async def connect(self):
        self.times.append(trio.current_time())
        if self.problem is not None:
            raise OSError(self.problem, os.strerror(self.problem))
        ours, its = trio.testing.memory_stream_pair()
        self.streams.append(its)
        self.nursery.start_soon(self.log.serve_link, its)
        return ours


def told(logged):
    """What was said of the sequencer."""
    return [one["event"] for one in logged if "followed" in one["event"]]


async def test_where_nobody_listens_an_edge_does_not_start(autojump_clock, nursery):
    """The message says what to start."""
    sequencer = Sequencer(nursery)
    for sequencer.problem in (errno.ENOENT, errno.ECONNREFUSED):
        with pytest.raises(ConfigError) as problem:
            await link_by(sequencer.connect).snapshot()
        assert str(problem.value) == (
            "--follow: no sequencer at /run/feed.sock; start one with --log unix:/run/feed.sock"
        )


async def test_by_a_path_nobody_is_there_either(tmp_path):
    """As above, with a socket of the system: one that is not there, and one that was left."""
    path = tmp_path / "feed.sock"
    for _ in range(2):
        link = unix_link(f"unix:{path}", name="edge", settings=Cluster(), random=lambda: 0.0)
        with pytest.raises(ConfigError, match=f"no sequencer at {path}"):
            await link.snapshot()
        listen_at(path, option="--log").sock.close()


async def test_another_release_is_not_followed(autojump_clock, nursery):
    """It would word the same events otherwise. Each of both is named."""
    link = link_by(Sequencer(nursery, local_log(by="0.1.0 abc")).connect)
    with pytest.raises(ConfigError) as problem:
        await link.snapshot()
    assert str(problem.value) == (
        f"{WHERE}: another release serves there (0.1.0 abc); start the same as here ({release()})"
    )


async def test_something_else_that_listens_there_is_not_followed(autojump_clock, nursery):
    """Whoever does not answer as a sequencer is none."""

    async def connect():
        ours, its = trio.testing.memory_stream_pair()
        await its.send_all(frame(Report(seq=1, listening=1)))
        return ours

    with pytest.raises(FeedError, match="does not speak as a sequencer"):
        await link_by(connect).snapshot()


async def test_a_sequencer_that_goes_and_comes_is_spoken_of_twice(autojump_clock, nursery, follow):
    """Once when it is away, however long, and once when it is there again; waits grow up to a bound."""
    sequencer = Sequencer(nursery)
    link = link_by(sequencer.connect)
    snapshot = await link.snapshot()
    (block,) = blocks_after(START, 1)
    with structlog.testing.capture_logs() as logged:
        nursery.start_soon(sequencer.log.append, block)
        blocks = follow(link, snapshot)
        assert (await anext(blocks))[1] == block
        sequencer.problem = errno.ECONNREFUSED
        await sequencer.streams[0].aclose()
        del sequencer.times[:]

        async def come_back():
            await trio.sleep(30)
            assert link.state.connected is False
            sequencer.problem = None
            await sequencer.log.append(blocks_after(block.ends, 1)[0])

        nursery.start_soon(come_back)
        assert (await anext(blocks))[0] == (0, 2)
        assert link.state.connected
    assert told(logged) == [
        "the server that is followed is away",
        "the server that is followed is there again",
    ]
    waits = [
        round(after - before, 1) for before, after in zip(sequencer.times, sequencer.times[1:], strict=False)
    ]
    assert waits[:4] == [0.2, 0.4, 0.8, 1.6]
    assert set(waits[4:]) == {2.0}
    nursery.cancel_scope.cancel()


async def test_a_sequencer_that_says_nothing_is_away_but_not_left(autojump_clock, nursery, follow):
    """It may have been stopped for a while: its connection is kept, and goes on."""
    ours, its = trio.testing.memory_stream_pair()
    log = local_log(report_seconds=1000.0)
    nursery.start_soon(log.serve_link, its)
    connections = [ours]

    async def connect():
        return connections.pop()

    link = link_by(connect, stall_seconds=5.0)
    snapshot = await link.snapshot()
    (block,) = blocks_after(START, 1)

    async def go_on():
        await trio.sleep(60)
        await log.append(block)

    with structlog.testing.capture_logs() as logged:
        nursery.start_soon(go_on)
        blocks = follow(link, snapshot)
        assert (await anext(blocks))[1] == block
    assert told(logged) == [
        "the server that is followed is away",
        "the server that is followed is there again",
    ]
    assert link.state.connected
    nursery.cancel_scope.cancel()


async def test_its_state_says_how_far_the_log_is(autojump_clock, nursery, follow):
    """As beats and blocks say; and when the last of them came."""
    sequencer = Sequencer(nursery, local_log(report_seconds=0.25))
    link = link_by(sequencer.connect)
    snapshot = await link.snapshot()
    blocks = blocks_after(START, 3)
    for block in blocks[:2]:
        await sequencer.log.append(block)
    following = follow(link, snapshot)
    await anext(following)
    assert (link.state.connected, link.state.seq) == (True, 2)
    await anext(following)

    async def later():
        await trio.sleep(10)
        assert (link.state.seq, trio.current_time() - link.state.heard) == (4, pytest.approx(0, abs=0.3))
        await sequencer.log.append(blocks[2])

    nursery.start_soon(later)
    await anext(following)
    assert link.state.seq == 6
    nursery.cancel_scope.cancel()


async def test_reports_reach_the_log_also_after_the_link_has_broken(autojump_clock, nursery, follow):
    """Those that cannot be sent are replaced by the next."""
    sequencer = Sequencer(nursery)
    link = link_by(sequencer.connect)
    snapshot = await link.snapshot()
    nursery.start_soon(link.run)
    nursery.start_soon(anext, follow(link, snapshot))
    for number in range(1, 9):
        if number == 4:
            await sequencer.streams[0].aclose()
        link.report(Report(seq=-number, listening=1))
        await trio.sleep(1)
        if number in (3, 8):
            assert [one.behind for one in sequencer.log.followers()] == [number]
    nursery.cancel_scope.cancel()


async def test_after_a_block_that_has_ended_others_come(autojump_clock, nursery, follow):
    """They say what is changed then; and answers come, as long as somebody reads."""
    sequencer = Sequencer(nursery)
    link = link_by(sequencer.connect)
    snapshot = await link.snapshot()
    blocks = blocks_after(START, 2)

    for block in (blocks[0], msgspec.structs.replace(blocks[1], ended=True)):
        await sequencer.log.append(block)
    read = follow(link, snapshot)
    assert [(await anext(read))[1].ended for _ in range(2)] == [False, True]
    await sequencer.log.append(block_of([], blocks[1].ends))
    assert (await anext(read))[0] == (0, 3)
    nursery.cancel_scope.cancel()


async def test_a_snapshot_amid_which_it_breaks_is_asked_for_again(autojump_clock, nursery):
    """Whole, from its first part on."""
    big = snapshot_at(START, size=5 << 20)
    sequencer = Sequencer(nursery, local_log(first=big))
    calls = 0

    async def connect():
        nonlocal calls
        calls += 1
        stream = await sequencer.connect()
        if calls == 1:
            nursery.start_soon(sequencer.streams[0].aclose)
        return stream

    assert await link_by(connect).snapshot() == big
    assert calls == 2
    nursery.cancel_scope.cancel()


async def test_counts_are_told_as_they_change_and_anew_by_a_new_connection(autojump_clock, nursery, follow):
    """Up and down; while there is no connection nothing is known of the others."""
    counts = SharedCounts()
    own = {("seats", "x", 0): 1, ("orders", "x", 5): 2}
    counts.share("seats", lambda: iter([("y", 0, 7)]))
    told = []

    def reported(edge, report):
        told.append(sorted(report.counts))
        counts.take(edge, report.counts)

    handlers = EdgeHandlers(
        submit=None, call=None, reported=reported, left=counts.leave, elsewhere=counts.untold
    )
    sequencer = Sequencer(nursery, local_log(report_seconds=0.25, handlers=handlers))
    link = link_by(sequencer.connect)
    snapshot = await link.snapshot()
    nursery.start_soon(link.run)
    nursery.start_soon(anext, follow(link, snapshot))

    async def report():
        counts.look()
        link.report(Report(seq=1, listening=0, counts=listed(own)))
        await trio.sleep(1)

    await report()
    assert link.elsewhere == {("seats", "y", 0): 7}
    own[("seats", "x", 0)] = 2
    del own[("orders", "x", 5)]
    await report()
    await report()
    assert counts.count("seats", "x", 0) == 2
    assert told == [
        [("orders", "x", 5, 2), ("seats", "x", 0, 1)],
        [("orders", "x", 5, 0), ("seats", "x", 0, 2)],
        [],
    ]
    sequencer.problem = errno.ECONNREFUSED
    await sequencer.streams[0].aclose()
    await trio.sleep(1)
    assert link.elsewhere == {}
    assert counts.count("seats", "x", 0) == 0
    sequencer.problem = None
    await trio.sleep(3)
    await report()
    assert (counts.count("seats", "x", 0), link.elsewhere) == (2, {("seats", "y", 0): 7})
    assert told[-1] == [("seats", "x", 0, 2)]
    nursery.cancel_scope.cancel()


async def test_an_edge_that_comes_again_before_its_end_is_known_is_there_once(
    autojump_clock, nursery, follow
):
    """Its first connection, which the sequencer takes for whole, is cut; what it counts, counts once."""
    left = []
    handlers = attrs.evolve(NO_HANDLERS, left=left.append)
    sequencer = Sequencer(nursery, local_log(handlers=handlers))
    link = link_by(sequencer.connect)
    snapshot = await link.snapshot()
    link._stream = None  # as if it were lost, which the other end does not hear of
    nursery.start_soon(anext, follow(link, snapshot))
    await trio.sleep(1)
    assert len(sequencer.streams) == 2
    assert left == [link.edge]
    assert [one.name for one in sequencer.log.followers()] == ["edge"]
    nursery.cancel_scope.cancel()
