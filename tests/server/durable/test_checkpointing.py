"""Checkpoints of a running server: made beside it, begun again when that ends, told when there are none."""

from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import structlog
import trio
from memory_disk import MemoryDisk
from published_market import PublishedMarket

from feed.durability.data_folder import checkpoint_seqs
from feed.errors import FeedError
from feed.server.durable.checkpoint_maker import Progress
from feed.server.durable.checkpointing import Checkpointing, InProcess
from feed.server.durable.published import Published


class Worker:
    """Answers as a test says; remembers what it was told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.told = []
        self.begun = self.ended = 0

    @asynccontextmanager
    async def start(self):
        self.begun += 1
        try:
            yield self
        finally:
            self.ended += 1

    async def follow(self, published):
        self.told.append((trio.current_time(), published.seq))
        answer = self.answers.pop(0) if self.answers else Progress(seq=published.seq)
        if isinstance(answer, Exception):
            raise answer
        return answer


def at(seq):
    return Published(market_time=seq, seq=seq, proof=0, record=0)


class Clockwork:
    """What a server has published: an event a second."""

    def __init__(self):
        self.began = trio.current_time()

    def __call__(self):
        seq = int(trio.current_time() - self.began)
        return at(seq) if seq else None


@asynccontextmanager
async def running(worker, published=None, retain=None):
    async def nothing():
        pass

    task = Checkpointing(worker.start, published=published or Clockwork(), retain=retain or nothing)
    with structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(task.run)
            yield task, logs
            nursery.cancel_scope.cancel()
    assert worker.begun == worker.ended


async def test_the_newest_report_is_handed_over_once_a_second(autojump_clock):
    """And none twice, while nothing is published."""
    worker = Worker()
    async with running(worker) as (task, logs):
        await trio.sleep(3.5)
        task._published = lambda: at(3)
        await trio.sleep(5)
    assert [seq for _, seq in worker.told] == [1, 2, 3]
    assert (task.problems(), task.last, logs) == ([], None, [])


async def test_what_is_superfluous_is_removed_after_each_checkpoint(autojump_clock):
    """A disk that does not let it is no reason to stop."""
    calls = []

    async def retain():
        calls.append(trio.current_time())
        if len(calls) == 1:
            raise OSError(5, "Input/output error")

    made = Progress(seq=2, checkpoint=2, bytes=10, seconds=0.1)
    worker = Worker(Progress(seq=1), made, Progress(seq=3), made)
    async with running(worker, retain=retain) as (task, logs):
        await trio.sleep(4.5)
        assert task.last == made
    assert len(calls) == 2
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == [
        "old checkpoints cannot be removed"
    ]


async def test_what_ends_is_begun_again_after_longer_and_longer(autojump_clock):
    """Until there is a checkpoint again; that there is none is told once, and shown all the time."""
    died = FeedError("the process that makes them has ended (-9)")
    worker = Worker(died, died, died, OSError(5, "Input/output error"), Progress(seq=9, checkpoint=9))
    async with running(worker) as (task, logs):
        await trio.sleep(1.5)
        assert task.problems() == [
            "checkpoints: the process that makes them has ended (-9); a restart takes longer"
        ]
        await trio.sleep(20)
        assert (task.problems(), worker.begun) == ([], 5)
        worker.answers = [died]
        await trio.sleep(1.5)
        assert task.problems()
        await trio.sleep(1.5)
        assert worker.begun == 6
    began = [moment for moment, _ in worker.told[:5]]
    assert [round(later - earlier) for earlier, later in pairwise(began)] == [2, 3, 5, 9]
    assert [(entry["log_level"], entry["event"]) for entry in logs if entry["log_level"] != "debug"] == [
        ("error", "no checkpoints are made"),
        ("error", "no checkpoints are made"),
        ("info", "checkpoints are made again"),
        ("error", "no checkpoints are made"),
    ]


async def test_a_checkpoint_that_could_not_be_written_is_told(autojump_clock):
    """What computes along goes on meanwhile."""
    worker = Worker(Progress(seq=1, trouble="No space left on device"))
    async with running(worker) as (task, _):
        await trio.sleep(3.5)
        assert task.problems() == ["checkpoints: No space left on device; a restart takes longer"]
        assert worker.begun == 1
        worker.answers = [Progress(seq=4, checkpoint=4)]
        await trio.sleep(1)
        assert task.problems() == []


async def test_it_works_without_a_process_too(autojump_clock):
    """On the virtual clock, where every call of the disk may take its time."""
    market = PublishedMarket(MemoryDisk())
    maker = market.maker(clock=trio.current_time)
    began = trio.current_time()

    async def offload(call):
        await trio.sleep(0.25)
        return call()

    @asynccontextmanager
    async def start():
        yield InProcess(maker, offload)

    async def retain():
        market.folder.retain()

    task = Checkpointing(start, published=lambda: market.until(trio.current_time() - began), retain=retain)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task.run)
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert task.problems() == []
    assert len(checkpoint_seqs(market.disk.names())) == market.settings.durability.checkpoints
    assert market.restored().position.seq == task.last.checkpoint


async def test_nothing_is_begun_before_a_checkpoint_is_due(autojump_clock):
    """A server that runs for a moment needs no process beside it."""
    worker = Worker()

    async def nothing():
        pass

    published = Clockwork()
    await trio.sleep(1)
    task = Checkpointing(worker.start, published=published, retain=nothing, first=5)
    with trio.move_on_after(3.5):
        await task.run()
    assert worker.begun == 0
    with trio.move_on_after(3.2):
        await task.run()
    assert [seq for _, seq in worker.told] == [6, 7]


@pytest.mark.parametrize("seconds", [1.0, 0.1])
async def test_reports_come_as_often_as_they_are_wanted(autojump_clock, seconds):
    """By the clock, whatever the speed of the market."""
    worker = Worker()
    counted = iter(range(1, 1000))

    async def nothing():
        pass

    task = Checkpointing(worker.start, published=lambda: at(next(counted)), retain=nothing, seconds=seconds)
    with trio.move_on_after(10.5 * seconds):
        await task.run()
    assert len(worker.told) == 10
