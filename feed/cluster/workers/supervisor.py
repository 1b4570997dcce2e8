"""
Workers: processes on this machine that serve the clients of one server, so that it has more than one core.

Each follows the log of the process that has the market, by a socket that it was started with, and accepts on
the same listening sockets. One that ends has a successor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, Protocol

import structlog
import trio

from feed.errors import ConfigError
from feed.model.backoff import Backoff

log = structlog.get_logger("feed.workers")

_BACKOFF: Final = Backoff(first_seconds=1.0, most_seconds=30.0)
_MOST_USELESS: Final = 3  # that end before they follow, while none does: then none ever will


class WorkerProcess(Protocol):
    """
    A process that has been started.

    Attributes:
        stream: Its link, on which its setup was sent.
        pid: Its number.
    """

    @property
    def stream(self) -> trio.abc.Stream:
        """See the class."""
        ...

    @property
    def pid(self) -> int:
        """See the class."""
        ...

    def stop(self) -> None:
        """Ask it to close its connections, and end."""
        ...

    def reload(self) -> None:
        """Ask it to read the keys file again."""
        ...

    def kill(self) -> None:
        """End it."""
        ...

    async def ended(self) -> str:
        """Wait until it has, and say how."""
        ...


StartWorker = Callable[[int, str], AbstractAsyncContextManager[WorkerProcess]]
"""Starts the worker of a place, from 1, by a name; it has ended when that is left."""


class Workers:
    """
    Keeps so many workers running.

    Args:
        count: How many.
        start: Starts one.
        serve: Lets one follow, until its link ends; calls what it is given once it does.
        seconds: That one may take to end when it is asked to, or when its link has ended; then it is killed.
        random: Draws from [0, 1), for waits.
    """

    def __init__(
        self,
        count: int,
        start: StartWorker,
        serve: Callable[[trio.abc.Stream, Callable[[], object]], Awaitable[object]],
        *,
        seconds: float,
        random: Callable[[], float],
    ) -> None:
        self._count = count
        self._start = start
        self._serve = serve
        self._seconds = seconds
        self._random = random
        self._processes: set[WorkerProcess] = set()
        self._following: set[WorkerProcess] = set()  # of these
        self._stopping = trio.Event()
        self._useless = 0  # that have ended before they followed, since one did

    async def run(self) -> None:
        """
        Keep them running until they are to end; cancelled, they are killed.

        Raises:
            ConfigError: They end before they serve anybody, again and again.
        """
        async with trio.open_nursery() as nursery:
            for place in range(1, self._count + 1):
                nursery.start_soon(self._keep, place)

    def expect_end(self) -> None:
        """Begin no more: each ends by itself, or is killed; :meth:`run` returns once all have ended."""
        self._stopping.set()

    def stop(self) -> None:
        """Let each close its connections, and end; see :meth:`expect_end`."""
        self.expect_end()
        for process in self._processes:
            process.stop()

    def reload(self) -> None:
        """Let each read the keys file again; one that is starting does so anyway."""
        for process in self._following:
            process.reload()

    async def _keep(self, place: int) -> None:
        """Have one worker, and a successor whenever it has ended."""
        life, delays = 0, _BACKOFF.delays(self._random)
        while not self._stopping.is_set():
            life += 1
            name, began = f"worker-{place}.{life}", trio.current_time()
            try:
                reason = await self._have(place, name)
            except OSError as problem:
                self._useless += 1
                reason = problem.strerror or str(problem)
            if self._stopping.is_set():
                return
            log.warning("a worker has ended, another takes its place", name=name, reason=reason)
            self._look_for_use(reason)
            if trio.current_time() - began > _BACKOFF.stable_seconds:
                delays = _BACKOFF.delays(self._random)
            with trio.move_on_after(next(delays)):
                await self._stopping.wait()

    async def _have(self, place: int, name: str) -> str:
        """Have one from its start to its end, and say how it has ended."""
        async with self._start(place, name) as process:
            log.info("a worker begins", name=name, pid=process.pid)
            self._processes.add(process)
            try:
                if self._stopping.is_set():
                    process.stop()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._end_in_time, process)
                    await self._serve(process.stream, partial(self._follows, process))
                    reason = await self._end(process)
                    nursery.cancel_scope.cancel()
                if process not in self._following:
                    self._useless += 1
            finally:
                self._processes.discard(process)
                self._following.discard(process)
        return reason

    def _follows(self, process: WorkerProcess) -> None:
        self._following.add(process)
        self._useless = 0

    async def _end_in_time(self, process: WorkerProcess) -> None:
        """Kill one that does not end when all are to."""
        await self._stopping.wait()
        await trio.sleep(self._seconds)
        process.kill()

    async def _end(self, process: WorkerProcess) -> str:
        """Wait for the end of one whose link has ended, and say how it came."""
        with trio.move_on_after(self._seconds):
            return await process.ended()
        process.kill()
        await process.ended()
        return f"it had not ended {self._seconds:g} s after its link, and was killed"

    def _look_for_use(self, reason: str) -> None:
        if self._useless >= _MOST_USELESS and not self._following:
            raise ConfigError(
                f"{_MOST_USELESS} have ended before they served anybody ({reason})",
                where="--workers",
                hint="what they said stands above",
            )
