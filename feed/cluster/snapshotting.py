"""Sees to it that a sequencer has new snapshots: a process beside it follows the log and makes them."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from subprocess import PIPE
from typing import Final

import structlog
import trio

from feed.model.backoff import Backoff
from feed.server.durable.checkpointing import environment_of_child
from feed.settings import Cluster

log = structlog.get_logger("feed.log")

_SHARE_OF_BLOCKS: Final = 4  # a snapshot is due after so much of the blocks that are kept
# That a process may take to end once its socket is closed; then it is killed.
_END_SECONDS: Final = 0.5
_REAP_SECONDS: Final = 5.0  # until the system says how one ended
_REASON_BYTES: Final = 4096
_BACKOFF: Final = Backoff(first_seconds=1.0, most_seconds=60.0)


class SnapshotProcess:
    """
    A process that follows.

    Args:
        stream: To it.
        reason: Waits until it has ended, and says why.
    """

    def __init__(self, stream: trio.abc.Stream, reason: Callable[[], Awaitable[str]]) -> None:
        self.stream = stream
        self.reason = reason


StartProcess = Callable[[], AbstractAsyncContextManager[SnapshotProcess]]


class Snapshotting:
    """
    Runs the process, and begins it again when it has ended.

    Args:
        start: Begins it; what it gives is ended by leaving it.
        serve: Lets it follow, until its link ends.
        newest: The newest snapshot there is.
        random: Draws from [0, 1), for waits.
    """

    def __init__(
        self,
        start: StartProcess,
        serve: Callable[[trio.abc.Stream], Awaitable[object]],
        *,
        newest: Callable[[], object],
        random: Callable[[], float],
    ) -> None:
        self._newest = newest
        self._ended = "", newest()  # why it has, and the newest snapshot then
        self._start = start
        self._serve = serve
        self._random = random

    def problems(self) -> tuple[str, ...]:
        """What is wrong, one sentence each; none when all is well."""
        reason, newest = self._ended
        if not reason or newest is not self._newest():
            return ()
        return (f"snapshots: {reason}; the market stands still while one is made",)

    async def run(self) -> None:
        """Have snapshots made, until cancelled."""
        delays = _BACKOFF.delays(self._random)
        while True:
            began = trio.current_time()
            try:
                async with self._start() as process:
                    await self._serve(process.stream)
                    reason = await process.reason()
            except OSError as problem:
                reason = problem.strerror or str(problem)
            if trio.current_time() - began > _BACKOFF.stable_seconds:
                delays = _BACKOFF.delays(self._random)
            log.warning("the process that makes snapshots has ended", reason=reason)
            self._ended = reason, self._newest()
            await trio.sleep(next(delays))


def process_beside(settings: Cluster) -> StartProcess:
    """A process that makes snapshots as often as settings say; it ends with this one, however that ends."""
    arguments = [str(settings.snapshot_seconds), str(settings.retain_bytes // _SHARE_OF_BLOCKS)]

    @asynccontextmanager
    async def start() -> AsyncIterator[SnapshotProcess]:
        ours, its = socket.socketpair()
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        try:
            with its:
                process = await trio.lowlevel.open_process(
                    [sys.executable, "-P", "-m", "feed.cluster.snapshot_process", *arguments],
                    stdin=its.fileno(),
                    stderr=PIPE,
                    env=environment_of_child(),
                    start_new_session=True,  # Ctrl-C is for the server, which ends it
                )
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        try:
            yield SnapshotProcess(stream, lambda: _reason(process))
        finally:
            await _end(process, stream)

    return start


async def _reason(process: trio.Process) -> str:
    """Why a process has ended that closed its socket: its last words, or how the system says it did."""
    assert process.stderr is not None  # noqa: S101 - it was opened so
    said = b""
    with trio.move_on_after(_REAP_SECONDS):
        while data := await process.stderr.receive_some(_REASON_BYTES):
            said = (said + data)[-_REASON_BYTES:]
        await process.wait()
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it has ended with {process.returncode}"


async def _end(process: trio.Process, stream: trio.abc.Stream) -> None:
    with trio.CancelScope(shield=True, deadline=trio.current_time() + _END_SECONDS) as patience:
        await stream.aclose()
        await process.wait()
    if patience.cancelled_caught:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
    assert process.stderr is not None  # noqa: S101 - it was opened so
    with trio.CancelScope(shield=True):
        await process.stderr.aclose()
