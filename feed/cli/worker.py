"""
The process of a worker: ``python -m feed.cli.worker DESCRIPTOR``.

It is started by ``feed serve --workers``, whose log it writes to, and ends with it.
"""

from __future__ import annotations

import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator

import structlog
import trio

from feed.cli.foreground import KeysReload
from feed.cli.logs import configure
from feed.cluster.workers.setup import WorkerSetup, read_setup, settings_of
from feed.cluster.workers.worker import serve_worker
from feed.errors import ConfigError


def main(arguments: list[str]) -> int:
    """
    Run a worker.

    Args:
        arguments: The descriptor of its link.
    Returns:
        The exit code: 0 where it was stopped, or its parent has gone; 2 for a mistake of the operator's,
        which stands on stderr in one line.
    """
    sock = socket.socket(fileno=int(arguments[0]))
    setup = read_setup(sock)
    if setup is None:
        return 0
    settings = settings_of(setup)
    configure(settings.log_format, settings.log_level)
    structlog.contextvars.bind_contextvars(worker=setup.name)
    mistakes: list[ConfigError] = []
    try:
        trio.run(_serve, setup, sock)
    except* ConfigError as group:
        mistakes += _of(group)
    for one in mistakes:
        print("feed:", *str(one).split(), file=sys.stderr)  # noqa: T201 - the operator reads this
    return 2 if mistakes else 0


async def _serve(setup: WorkerSetup, sock: socket.socket) -> None:
    """Serve until SIGTERM, or until the parent has gone; SIGHUP reads the keys file again."""
    stop, keys = trio.Event(), KeysReload()
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_on_signal, signals, stop, keys)
            await serve_worker(setup, stream, stop, tell=keys.started)
            nursery.cancel_scope.cancel()


async def _on_signal(signals: AsyncIterator[int], stop: trio.Event, keys: KeysReload) -> None:
    async for number in signals:
        if number == signal.SIGTERM:
            stop.set()
        else:
            keys.ask()


def _of(group: BaseExceptionGroup[ConfigError]) -> list[ConfigError]:
    found: list[ConfigError] = []
    for one in group.exceptions:
        found += _of(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found


if __name__ == "__main__":
    gc.freeze()  # what modules define stays
    sys.exit(main(sys.argv[1:]))
