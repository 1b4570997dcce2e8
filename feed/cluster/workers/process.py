"""A worker as a process: started with a link and the listening sockets, and ended with its parent."""

from __future__ import annotations

import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from subprocess import DEVNULL
from typing import Final

import trio

from feed.cluster.workers.setup import Door, WorkerSetup, settings_for, write_setup
from feed.cluster.workers.supervisor import StartWorker, WorkerProcess
from feed.server.durable.checkpointing import environment_of_child
from feed.settings import Settings

_REAP_SECONDS: Final = 5.0  # until the system says how one ended


class _Process:
    """See :class:`feed.cluster.workers.supervisor.WorkerProcess`."""

    def __init__(self, process: trio.Process, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.pid = process.pid
        self._process = process

    def stop(self) -> None:
        self._process.terminate()

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        self._process.kill()

    async def ended(self) -> str:
        code = await self._process.wait()
        return signal.strsignal(-code) or f"signal {-code}" if code < 0 else f"exit code {code}"


def process_starter(
    settings: Settings,
    command: Sequence[str],
    doors: tuple[Door, ...],
    *,
    certificate: bytes,
    admin_key: str,
) -> StartWorker:
    """
    What starts workers.

    Args:
        settings: Of the parent.
        command: That runs a worker, but for its argument: the descriptor of its link.
        doors: Where it accepts.
        certificate: See :class:`feed.cluster.workers.setup.WorkerSetup`.
        admin_key: See there.
    """

    def start(place: int, name: str) -> AbstractAsyncContextManager[WorkerProcess]:
        setup = WorkerSetup(
            name=name,
            settings=settings_for(settings, place),
            doors=doors,
            certificate=certificate,
            admin_key=admin_key,
        )
        return _running(command, write_setup(setup), [door.descriptor for door in doors])

    return start


@asynccontextmanager
async def _running(
    command: Sequence[str], setup: bytes, descriptors: Sequence[int]
) -> AsyncIterator[WorkerProcess]:
    ours, its = socket.socketpair()
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
    try:
        with its:
            process = await trio.lowlevel.open_process(
                [*command, str(its.fileno())],
                stdin=DEVNULL,
                stdout=DEVNULL,  # what is said there is said by the parent
                pass_fds=(its.fileno(), *descriptors),
                env=environment_of_child(),
                start_new_session=True,  # Ctrl-C is for the parent, which ends it
            )
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    try:
        try:
            await stream.send_all(setup)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.lowlevel.checkpoint()  # it has ended already, which its link tells too
        yield _Process(process, stream)
    finally:
        process.kill()
        with trio.CancelScope(shield=True, deadline=trio.current_time() + _REAP_SECONDS):
            await stream.aclose()
            await process.wait()
