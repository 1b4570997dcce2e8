"""A process that makes snapshots runs beside a sequencer, and is begun again when it ends."""

from contextlib import asynccontextmanager

import structlog
import trio
import trio.testing
from blocks import START, blocks_after, local_log, market_snapshot

from feed.cluster.snapshotting import SnapshotProcess, Snapshotting, process_beside
from feed.settings import Cluster

# A process with little priority may have to wait long on a busy machine.
PATIENCE_SECONDS = 240


class Processes:
    """Stand for processes that end when the test says so."""

    def __init__(self):
        self.times = []
        self.links = []
        self.ended = 0
        self.problem = None

    @asynccontextmanager
    async def start(self):
        self.times.append(trio.current_time())
        if self.problem is not None:
            raise self.problem
        ours, its = trio.testing.memory_stream_pair()
        self.links.append(its)

        async def reason():
            return "it has ended with -9"

        try:
            yield SnapshotProcess(ours, reason)
        finally:
            self.ended += 1


async def until_it_ends(stream):
    while await stream.receive_some():
        pass


async def test_one_that_ends_is_begun_again_and_it_is_said_while_there_is_no_new_snapshot(
    autojump_clock, nursery
):
    """Each time after a longer while, but for one that has run for more than a minute."""
    processes, newest = Processes(), ["first"]
    made = Snapshotting(processes.start, until_it_ends, newest=lambda: newest[0], random=lambda: 0.0)
    with structlog.testing.capture_logs() as logged:
        nursery.start_soon(made.run)
        await trio.sleep(0.5)
        assert made.problems() == ()
        closed = []
        for seconds in (30, 30, 30, 100, 10):
            closed.append(trio.current_time())
            await processes.links[-1].aclose()
            await trio.sleep(0.1)
            assert made.problems() == (
                "snapshots: it has ended with -9; the market stands still while one is made",
            )
            await trio.sleep(seconds)
        newest[0] = "second"
        assert made.problems() == ()
    waits = [round(begun - end) for end, begun in zip(closed, processes.times[1:], strict=True)]
    assert waits == [1, 2, 4, 8, 1]
    assert {one["event"] for one in logged} == {"the process that makes snapshots has ended"}
    nursery.cancel_scope.cancel()


async def test_where_none_can_be_begun_it_says_why(autojump_clock, nursery):
    """And tries again."""
    processes = Processes()
    processes.problem = OSError(12, "Cannot allocate memory")
    made = Snapshotting(processes.start, until_it_ends, newest=lambda: 1, random=lambda: 0.0)
    nursery.start_soon(made.run)
    await trio.sleep(10)
    assert made.problems() == (
        "snapshots: Cannot allocate memory; the market stands still while one is made",
    )
    assert [round(at - processes.times[0]) for at in processes.times] == [0, 1, 3, 7]
    nursery.cancel_scope.cancel()


async def test_it_ends_with_the_server(autojump_clock):
    """The process is ended before the server is."""
    processes = Processes()
    made = Snapshotting(processes.start, until_it_ends, newest=lambda: 1, random=lambda: 0.0)
    with trio.move_on_after(10):
        await made.run()
    assert (len(processes.links), processes.ended) == (1, 1)


async def test_a_real_process_makes_snapshots_of_a_log(nursery):
    """Of the newest block, as soon as so many bytes have come; it ends with its link."""
    log, blocks = local_log(first=market_snapshot()), blocks_after(START, 40, size=3000)
    settings = Cluster(retain_bytes=1 << 20)
    with trio.fail_after(PATIENCE_SECONDS):
        async with process_beside(settings)() as process:
            async with trio.open_nursery() as serving:
                serving.start_soon(lambda: log.serve_link(process.stream, makes_snapshots=True))
                for block in blocks:
                    await log.append(block)
                while log.retained.newest.place == (0, 0):  # noqa: ASYNC110 - another process brings it
                    await trio.sleep(0.05)
                serving.cancel_scope.cancel()
            assert await process.reason() == "it has ended with 0"
    newest = log.retained.newest
    assert newest.position == blocks[newest.place[1] - 1].ends


async def test_a_real_process_that_cannot_follow_says_why(nursery):
    """In its last words."""
    log = local_log()  # its snapshot cannot be read
    with trio.fail_after(PATIENCE_SECONDS):
        async with process_beside(Cluster())() as process:
            await log.serve_link(process.stream, makes_snapshots=True)
            assert "checkpoint" in await process.reason()
