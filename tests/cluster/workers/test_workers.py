"""So many workers are kept running; the processes are the test's."""

from contextlib import asynccontextmanager

import pytest
import structlog
import trio

from feed.cluster.workers.supervisor import Workers
from feed.errors import ConfigError

SECONDS = 5


class Process:
    """Stands for one, and for its link; ``stubborn`` is one that does not end when it is asked to."""

    def __init__(self, name, stubborn):
        self.name, self.pid, self.stubborn = name, 1, stubborn
        self.stream = self
        self.began = trio.current_time()
        self.asked = []
        self.linked = trio.Event()
        self.unlinked = trio.Event()
        self.over = trio.Event()
        self.reason = ""

    def end(self, reason="exit code 0"):
        if not self.over.is_set():
            self.reason = reason
            self.over.set()
            self.unlinked.set()

    def stop(self):
        self.asked.append("stop")
        if not self.stubborn:
            self.end()

    def reload(self):
        self.asked.append("reload")

    def kill(self):
        self.asked.append("kill")
        self.end("Killed")

    async def ended(self):
        await self.over.wait()
        return self.reason


class Started:
    """All that were started, and those of them that run."""

    def __init__(self, count=2, *, stubborn=False, follow=True, problem=None):
        self.every, self.running = [], set()
        self._stubborn, self._follow, self._problem = stubborn, follow, problem
        self.workers = Workers(count, self.start, self.serve, seconds=SECONDS, random=lambda: 0.0)

    @asynccontextmanager
    async def start(self, place, name):
        if self._problem is not None:
            raise self._problem
        assert name.startswith(f"worker-{place}.")
        process = Process(name, self._stubborn)
        self.every.append(process)
        self.running.add(process)
        try:
            yield process
        finally:
            process.kill()
            self.running.discard(process)

    async def serve(self, process, follows):
        await trio.lowlevel.checkpoint()
        if self._follow:
            follows()
            process.linked.set()
        await process.unlinked.wait()

    def named(self, name):
        [found] = [one for one in self.every if one.name == name]
        return found


async def test_one_that_ends_has_a_successor_and_the_others_go_on(autojump_clock, nursery):
    """After a second at first, then after more, and again after one that has run for more than a minute."""
    started = Started()
    nursery.start_soon(started.workers.run)
    with structlog.testing.capture_logs() as logged:
        await trio.sleep(1)
        ends = []
        for life, seconds in ((1, 10), (2, 10), (3, 100), (4, 10)):
            ends.append(trio.current_time())
            started.named(f"worker-2.{life}").end("Killed")
            await trio.sleep(seconds)
    waits = [started.named(f"worker-2.{life + 2}").began - end for life, end in enumerate(ends)]
    assert waits == [1, 2, 4, 1]
    assert {one.name for one in started.running} == {"worker-1.1", "worker-2.5"}
    told = [one for one in logged if one["log_level"] == "warning"]
    assert {(one["event"], one["reason"]) for one in told} == {
        ("a worker has ended, another takes its place", "Killed")
    }
    nursery.cancel_scope.cancel()


async def test_when_they_are_stopped_each_is_asked_and_may_take_its_time(autojump_clock):
    """One that has not ended in time is killed; none has a successor."""
    started, begun = Started(stubborn=True), trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(started.workers.run)
        await trio.sleep(1)
        started.workers.stop()
        await trio.sleep(2)
        started.named("worker-1.1").end()
    assert trio.current_time() - begun == 1 + SECONDS
    assert [one.asked[:2] for one in started.every] == [["stop", "kill"]] * 2
    assert started.named("worker-1.1").reason == "exit code 0"
    assert started.named("worker-2.1").reason == "Killed"


async def test_one_that_waits_for_its_turn_does_not_begin_any_more(autojump_clock):
    """Nor is anybody kept waiting for it."""
    started = Started(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(started.workers.run)
        await trio.sleep(1)
        started.every[0].end()
        await trio.sleep(0.5)
        ended = trio.current_time()
        started.workers.stop()
    assert trio.current_time() == ended
    assert len(started.every) == 1


async def test_when_their_market_is_over_they_end_by_themselves(autojump_clock):
    """Nobody asks them to, since each has clients to say it to."""
    started = Started()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(started.workers.run)
        await trio.sleep(1)
        started.workers.expect_end()
        await trio.sleep(1)
        for one in started.every:
            assert one.asked == []
            one.end()
    assert len(started.every) == 2


async def test_one_that_does_not_end_with_its_link_is_killed(autojump_clock, nursery):
    """It was stopped perhaps, and cannot go on without."""
    started = Started(1)
    nursery.start_soon(started.workers.run)
    await trio.sleep(1)
    started.every[0].unlinked.set()
    with structlog.testing.capture_logs() as logged:
        await trio.sleep(SECONDS + 2)
    assert started.every[0].asked[0] == "kill"
    assert logged[0]["reason"] == "it had not ended 5 s after its link, and was killed"
    assert {one.name for one in started.running} == {"worker-1.2"}
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("problem", [None, OSError(12, "Cannot allocate memory")])
async def test_where_no_worker_ever_follows_it_is_given_up(autojump_clock, problem):
    """After three: there is something wrong that no further one would mend."""
    started = Started(follow=False, problem=problem)
    why = "Cannot allocate memory" if problem else "exit code 1"
    expected = pytest.RaisesExc(ConfigError, match=rf"--workers: 3 .* before they served anybody \({why}\)")
    with pytest.RaisesGroup(expected, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(started.workers.run)
            while True:
                await trio.sleep(1)
                for one in started.every:
                    one.end("exit code 1")
    assert len(started.every) in (0, 3, 4)


async def test_one_that_cannot_begin_is_tried_again_while_another_serves(autojump_clock, nursery):
    """However often."""
    started = Started()
    nursery.start_soon(started.workers.run)
    await trio.sleep(1)
    started._follow = False
    for _ in range(10):
        for one in started.every:
            if one.name.startswith("worker-2."):
                one.end()
        await trio.sleep(40)
    assert len(started.running) == 2
    nursery.cancel_scope.cancel()


async def test_keys_are_read_again_by_those_that_follow(autojump_clock, nursery):
    """One that is starting could not take the signal, and reads them anyway."""
    started = Started(follow=False)
    nursery.start_soon(started.workers.run)
    await trio.sleep(1)
    started.workers.reload()
    assert [one.asked for one in started.every] == [[], []]
    started._follow = True
    started.named("worker-1.1").end()
    await trio.sleep(2)
    started.workers.reload()
    assert started.named("worker-1.2").asked == ["reload"]
    assert started.named("worker-2.1").asked == []
    nursery.cancel_scope.cancel()


async def test_cancelled_they_are_killed(autojump_clock):
    """At once."""
    started = Started()
    with trio.move_on_after(3):
        await started.workers.run()
    assert [one.reason for one in started.every] == ["Killed"] * 2
    assert not started.running
