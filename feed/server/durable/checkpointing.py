"""
Checkpoints of a running server, made beside it: no client waits for one.

The server reports now and then how far it has published its market. A process with little priority
computes along from the log of inputs in the data folder, compares what it has computed, and writes the
checkpoints. One that ends, or computes something else, is begun again after a while.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Final, Protocol

import msgspec
import structlog
import trio

from feed.errors import FeedError
from feed.server.durable.checkpoint_maker import CheckpointMaker, Progress
from feed.server.durable.checkpoint_process import Setup, answer_of, report_line, setup_line
from feed.server.durable.published import Published

log = structlog.get_logger("feed.checkpoints")

REPORT_SECONDS: Final = 1.0
"""Between two reports of how far the market was published."""
_FIRST_PAUSE: Final = 1.0  # seconds before a process that ended is begun again; doubled each time ...
_LONGEST_PAUSE: Final = 60.0  # ... up to this
# That a process may take to end once its input is closed. Then it is killed: clients wait for their last
# message meanwhile, and a file that is half written is none.
_END_SECONDS: Final = 0.5
_REAP_SECONDS: Final = 5.0  # until the system says how one ended
_LINE_BYTES: Final = 64 * 1024


class Worker(Protocol):
    """Computes along, and writes checkpoints."""

    async def follow(self, published: Published) -> Progress:
        """
        Take a report.

        Raises:
            FeedError: It cannot go on.
            OSError: It cannot go on.
        """


StartWorker = Callable[[], AbstractAsyncContextManager[Worker]]


class Checkpointing:
    """
    Sees to it that there are checkpoints.

    Args:
        start: Begins to compute along; what it gives is ended by leaving it.
        published: How far the market was published; None before anything was.
        retain: Called after every checkpoint, to remove what it has made superfluous.
        first: Market time before which no checkpoint is due, nanoseconds since the Unix epoch; until then
            nothing is begun.
        seconds: Between two reports.
    Attributes:
        trouble: Why there are no new checkpoints; empty while there are.
        last: What is known of the newest one that was made since the start; None before the first.
    """

    def __init__(
        self,
        start: StartWorker,
        *,
        published: Callable[[], Published | None],
        retain: Callable[[], Awaitable[object]],
        first: int = 0,
        seconds: float = REPORT_SECONDS,
    ) -> None:
        self.trouble = ""
        self.last: Progress | None = None
        self._start = start
        self._published = published
        self._retain = retain
        self._first = first
        self._seconds = seconds
        self._pause = _FIRST_PAUSE

    def problems(self) -> list[str]:
        """What is wrong, one sentence each; none when all is well."""
        return [f"checkpoints: {self.trouble}; a restart takes longer"] if self.trouble else []

    async def run(self) -> None:
        """Report, again and again, until cancelled."""
        while True:
            published = self._published()
            if published is None or published.market_time >= self._first:
                break
            await trio.sleep(self._seconds)
        while True:
            try:
                async with self._start() as worker:
                    await self._report(worker)
            except (FeedError, OSError) as problem:
                self._tell(str(problem) or type(problem).__name__)
            await trio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _report(self, worker: Worker) -> None:
        told: Published | None = None
        while True:
            await trio.sleep(self._seconds)
            published = self._published()
            if published is None or published == told:
                continue
            told = published
            progress = await worker.follow(published)
            if progress.trouble:
                self._tell(progress.trouble)
            elif progress.checkpoint:
                self._made(progress)
                try:
                    await self._retain()
                except OSError as problem:
                    log.warning("old checkpoints cannot be removed", reason=str(problem))

    def _made(self, progress: Progress) -> None:
        self.last = progress
        self._pause = _FIRST_PAUSE
        log.debug("checkpoint", seq=progress.checkpoint, bytes=progress.bytes, seconds=progress.seconds)
        if self.trouble:
            self.trouble = ""
            log.info("checkpoints are made again", seq=progress.checkpoint)

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("no checkpoints are made", reason=trouble)
        self.trouble = trouble


class InProcess:
    """
    Computes along in this process, for a server on a clock that is not the machine's.

    Args:
        maker: Does it; blocking.
        offload: Calls what blocks.
    """

    def __init__(
        self, maker: CheckpointMaker, offload: Callable[[Callable[[], Progress]], Awaitable[Progress]]
    ) -> None:
        self._maker = maker
        self._offload = offload

    async def follow(self, published: Published) -> Progress:
        """See :class:`Worker`."""
        return await self._offload(lambda: self._maker.follow(published))


@asynccontextmanager
async def process_beside(setup: Setup) -> AsyncIterator[Worker]:
    """A process that computes along; it ends with this, and with the server, however that ends."""
    process = await trio.lowlevel.open_process(
        [sys.executable, "-P", "-m", "feed.server.durable.checkpoint_process"],
        stdin=PIPE,
        stdout=PIPE,
        env=environment_of_child(),
        start_new_session=True,  # Ctrl-C is for the server, which ends it
    )
    try:
        worker = _ProcessWorker(process)
        await worker.send(setup_line(setup))
        yield worker
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + _END_SECONDS) as patience:
            assert process.stdin is not None  # noqa: S101 - see above
            await process.stdin.aclose()
            await process.wait()
        if patience.cancelled_caught:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
        assert process.stdout is not None  # noqa: S101 - see above
        with trio.CancelScope(shield=True):
            await process.stdout.aclose()


class _ProcessWorker:
    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._received = b""

    async def send(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was opened so
        try:
            await self._process.stdin.send_all(line)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self._ended()

    async def follow(self, published: Published) -> Progress:
        """See :class:`Worker`."""
        await self.send(report_line(published))
        try:
            return answer_of(await self._line())
        except msgspec.MsgspecError:
            raise FeedError("the process that makes them says something else than how far it is") from None

    async def _line(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - it was opened so
        while b"\n" not in self._received:
            data = await self._process.stdout.receive_some()
            self._received += data
            if not data or len(self._received) > _LINE_BYTES:
                await self._ended()
        line, _, self._received = self._received.partition(b"\n")
        return line

    async def _ended(self) -> None:
        with trio.move_on_after(_REAP_SECONDS):
            await self._process.wait()
        raise FeedError(f"the process that makes them has ended ({self._process.returncode})")


def environment_of_child() -> dict[str, str]:
    """That of this process, and its modules from where it has them."""
    paths = [str(Path(path).absolute()) for path in sys.path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
