"""
The real server with workers, under a steady source: ``python -m tests.benchmarks.fanout.our_workers ...``.

The arguments are those of ``ours.py``; the option ``workers=N`` says how many there are. Each worker is this
module too, with the descriptor of its link. That a client has subscribed is told to the source by a file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from tempfile import NamedTemporaryFile
from typing import IO, Final

import trio

from feed.cli import worker
from feed.cli.foreground import settle
from feed.cli.logs import configure
from feed.cluster.workers.server import serve_with_workers
from feed.dialects.discovery import dialects
from feed.settings import Cluster, Settings
from tests.benchmarks.fanout.ours import StampedTradyn, SteadySource, limits_for, source_of

ARRIVALS: Final = "FEED_BENCHMARK_ARRIVALS"
LOOK_SECONDS: Final = 0.05
WORKER: Final = "worker"


class Arrivals:
    """Says in a file that a client has subscribed."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)

    def arrived(self) -> None:
        """One more client has."""
        os.write(self._descriptor, b".")


async def count(file: IO[bytes], source: SteadySource) -> None:
    """Tell the source of every client, until all are there."""
    while source.missing:
        await trio.sleep(LOOK_SECONDS)
        for _ in file.read():
            source.arrived()


def _nobody(_: Callable[[], object]) -> None:
    """There is no keys file to be read again."""


async def main(words: list[str]) -> None:
    """Serve until killed."""
    options = dict(word.split("=") for word in words[6:])
    source = source_of(words)
    with NamedTemporaryFile() as file:
        os.environ[ARRIVALS] = file.name
        settings = Settings(
            port=int(words[0]),
            limits=limits_for(int(words[1])),
            cluster=Cluster(workers=int(options["workers"])),
        )
        command = [sys.executable, "-m", "tests.benchmarks.fanout.our_workers", WORKER]
        run = partial(
            serve_with_workers, settings, source=source, command=command, reloads=_nobody, tell=settle
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(run)
            nursery.start_soon(count, file, source)


if __name__ == "__main__":
    if sys.argv[1] == WORKER:
        dialects()["tradyn"] = StampedTradyn(Arrivals(os.environ[ARRIVALS]))
        sys.exit(worker.main(sys.argv[2:]))
    configure("text")
    trio.run(main, sys.argv[1:])
