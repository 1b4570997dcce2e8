"""The processes that are measured: servers of ours, and Redis."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs

from tests.benchmarks.fanout.measure import CLIENT_CORE, ROOT, free_port, pinned

START_SECONDS = 180
STOP_SECONDS = 20
TICK = 1 / os.sysconf("SC_CLK_TCK")
UNIX, REDIS = "unix", "Redis"
REDIS_SERVER = "redis-server"


@attrs.frozen
class Process:
    """One that runs."""

    pid: int

    @property
    def cpu(self) -> float:
        """Seconds that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return TICK * (int(fields[11]) + int(fields[12]))


@attrs.frozen
class Server(Process):
    """A process that serves."""

    port: int

    def get(self, path: str) -> str:
        """An answer by HTTP; empty where there is none, or a refusal."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                text: str = answer.read().decode()
                return text
        except (urllib.error.URLError, ConnectionError):
            return ""

    def figure(self, name: str) -> float:
        """One of ``/metrics``."""
        lines = self.get("/metrics").splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


@attrs.frozen
class Followed:
    """
    A sequencer.

    Attributes:
        server: It.
        edge: Options of those who follow it.
        redis: Where its log is; None for a local socket.
    """

    server: Server
    edge: Sequence[object]
    redis: Process | None


def kinds() -> list[str]:
    """Which logs can be had here; says so where one cannot."""
    if shutil.which(REDIS_SERVER):
        return [UNIX, REDIS]
    print(f"without Redis: {REDIS_SERVER} is not installed", flush=True)
    return [UNIX]


@contextlib.contextmanager
def running(command: Sequence[object], *, core: int, there: Callable[[], bool]) -> Iterator[Process]:
    """A process on one core, once it is there, until the block ends."""
    with tempfile.TemporaryFile("w+") as said:
        with pinned(core):
            process = subprocess.Popen([*map(str, command)], cwd=ROOT, stdout=said, stderr=said)
        try:
            give_up = time.monotonic() + START_SECONDS
            while not there():
                if process.poll() is not None or time.monotonic() > give_up:
                    said.seek(0)
                    raise SystemExit(f"{command[0]} did not start: {said.read()}")
                time.sleep(0.05)
            yield Process(process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def listening(command: Callable[[int], Sequence[object]], *, core: int) -> Iterator[Server]:
    """A server of ours on a free port and one core, once it is ready."""
    port = free_port()
    with running(command(port), core=core, there=lambda: bool(Server(0, port).get("/readyz"))) as process:
        yield Server(process.pid, port)


@contextlib.contextmanager
def serving(*options: object, core: int, room: int = 10) -> Iterator[Server]:
    """``feed serve`` on a free port and one core, once it is ready."""
    limits = ("--max-connections", room, "--max-connections-per-address", room)
    feed = (sys.executable, "-m", "feed", "serve", *limits, *options)
    with listening(lambda port: (*feed, "--port", port), core=core) as server:
        yield server


@contextlib.contextmanager
def place_of_log(kind: str) -> Iterator[tuple[str, Sequence[object], Process | None]]:
    """Where a log can be, options that all its servers have, and the Redis that was started for it."""
    with tempfile.TemporaryDirectory() as scratch:
        if kind == UNIX:
            yield f"unix:{scratch}/feed.sock", (), None
            return
        key = Path(scratch, "token.key")
        key.write_bytes(secrets.token_bytes(32))
        port = free_port()
        command = [REDIS_SERVER, "--port", port, "--bind", "127.0.0.1", "--dir", scratch, "--save", ""]
        command += ["--appendonly", "yes", "--appendfsync", "everysec"]
        with running(command, core=CLIENT_CORE, there=lambda: answers(port)) as redis:
            yield f"redis://127.0.0.1:{port}/market", ("--token-key", key), redis


def answers(port: int) -> bool:
    """Whether a server takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def sequencing(market: Sequence[object], kind: str, *, core: int) -> Iterator[Followed]:
    """A sequencer whose log is of a kind."""
    with (
        place_of_log(kind) as (where, shared, redis),
        serving(*market, *shared, "--log", where, core=core) as server,
    ):
        yield Followed(server, ("--follow", where, *shared), redis)
