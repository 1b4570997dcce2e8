"""
What a commit costs: the same appends of 150 bytes by the input log, by SQLite and by Redis, in one run.

One append a commit, and fifty a commit. Every contender takes its turn in each round, in another order each
time, so that a slow moment of the disk hits all alike; printed are medians of the rounds, and how many times
the appends of the input log, synced, that are made in a second. CPU is that of this process and, for Redis,
of its server. What a power cut may cost differs: see the last column.

Redis is Debian's ``redis-server``, started for a turn at a socket in its folder; where it is not installed
its lines are left out. Fifty a commit are fifty commands in one write, whose answers are awaited together.

    python -m tests.benchmarks.commits [--seconds 2] [--rounds 5] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import attrs

from feed.durability.disk import FolderDisk
from feed.durability.entries import LogEntry
from feed.durability.input_log import InputLog

APPEND_BYTES = 150
PER_COMMIT = (1, 50)
REDIS_SECONDS = 10
OURS = "input log, fdatasync"
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


class OwnLog:
    """The log of a data folder. One record is a commit, as the server writes all requests that wait."""

    pid = None

    def __init__(self, folder, *, sync):
        self._log = InputLog(FolderDisk(folder), history=bytes(16))
        self._sync = sync
        self._at = 0

    def commit(self, appends):
        self._at += 1
        self._log.append([LogEntry(at=self._at, wall=self._at, kind="requests", data=appends)])
        if self._sync:
            self._log.sync()

    def close(self):
        self._log.close()


class Sqlite:
    """A table in WAL mode, with one transaction a commit."""

    pid = None

    def __init__(self, folder, *, synchronous):
        self._db = sqlite3.connect(folder / "log.sqlite", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(f"PRAGMA synchronous={synchronous}")
        self._db.execute("CREATE TABLE log (number INTEGER PRIMARY KEY, data TEXT)")

    def commit(self, appends):
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO log (data) VALUES (?)", [(text,) for text in appends])
        self._db.execute("COMMIT")

    def close(self):
        self._db.close()


class Redis:
    """A list in a server with an append-only file; its process counts too."""

    def __init__(self, folder, *, fsync):
        path = folder / "socket"
        command = ["redis-server", "--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""]
        command += ["--appendonly", "yes", "--appendfsync", fsync]
        self._server = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
        self._socket = socket.socket(socket.AF_UNIX)
        self.pid = self._server.pid
        give_up = time.monotonic() + REDIS_SECONDS
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                if self._server.poll() is not None or time.monotonic() > give_up:
                    self.close()
                    raise
                time.sleep(0.02)

    def commit(self, appends):
        parts = [f"*3\r\n$5\r\nRPUSH\r\n$3\r\nlog\r\n${len(text)}\r\n{text}\r\n" for text in appends]
        self._socket.sendall("".join(parts).encode())
        answered = 0
        while answered < len(appends):
            data = self._socket.recv(1 << 16)
            if not data or b"-" in data:
                raise OSError(f"Redis said {data!r}")
            answered += data.count(b"\n")

    def close(self):
        self._socket.close()
        self._server.terminate()
        self._server.wait()


NOTHING, UNWRITTEN = "nothing", "what the system has not written back"
CONTENDERS = {
    OURS: (partial(OwnLog, sync=True), NOTHING),
    "input log, os": (partial(OwnLog, sync=False), UNWRITTEN),
    "SQLite WAL, FULL": (partial(Sqlite, synchronous="FULL"), NOTHING),
    "SQLite WAL, NORMAL": (partial(Sqlite, synchronous="NORMAL"), "all since the WAL was written back"),
    "Redis AOF, always": (partial(Redis, fsync="always"), NOTHING),
    "Redis AOF, everysec": (partial(Redis, fsync="everysec"), "a second or two"),
}


@attrs.frozen
class Turn:
    """
    One turn of a contender.

    Attributes:
        rate: Appends a second.
        median: Of the commits, milliseconds.
        slow: Of the slowest in a hundred, milliseconds.
        cpu: Microseconds an append.
    """

    rate: float
    median: float
    slow: float
    cpu: float


def take_turn(make, folder, seconds, per_commit):
    """Commit for so long, one after the other."""
    appends = ["x" * APPEND_BYTES] * per_commit
    with tempfile.TemporaryDirectory(dir=folder) as home:
        contender = make(Path(home))
        try:
            contender.commit(appends)
            times, spent = [], used(contender.pid)
            began = last = time.perf_counter()
            while last < began + seconds or len(times) < 2:
                contender.commit(appends)
                now = time.perf_counter()
                times.append(now - last)
                last = now
            spent = used(contender.pid) - spent
        finally:
            contender.close()
    count = len(times) * per_commit
    cuts = statistics.quantiles(times, n=100)
    return Turn(count / (last - began), cuts[49] * 1e3, cuts[98] * 1e3, spent / count * 1e6)


def used(pid):
    """CPU seconds of this process, and of another one."""
    theirs = 0.0
    if pid is not None:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        theirs = (int(fields[11]) + int(fields[12])) / CLOCK_TICK
    return time.process_time() + theirs


def measure(folder, seconds, rounds, contenders):
    """Turns by contender and appends a commit."""
    turns = {}
    for at in range(rounds):
        for per_commit in PER_COMMIT:
            for step in range(len(contenders)):
                name = contenders[(at + step) % len(contenders)]
                turn = take_turn(CONTENDERS[name][0], folder, seconds, per_commit)
                turns.setdefault((name, per_commit), []).append(turn)
    return turns


def show(turns, contenders):
    """A table for each number of appends a commit."""
    for per_commit in PER_COMMIT:
        print(f"\n{f'{per_commit} of {APPEND_BYTES} bytes a commit':<24}", end="")
        print(f"{'appends/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>8}{'ratio':>8}  a power cut may lose")
        ours = turns[OURS, per_commit]
        for name in contenders:
            rows = turns[name, per_commit]
            rate, median, slow, cpu = (
                statistics.median(getattr(row, column) for row in rows)
                for column in ("rate", "median", "slow", "cpu")
            )
            ratio = statistics.median(row.rate / own.rate for row, own in zip(rows, ours, strict=True))
            print(f"{name:<24}{rate:11,.0f}{median:9.3f}{slow:9.3f}{cpu:8.1f}{ratio:8.2f}", end="")
            print(f"  {CONTENDERS[name][1]}")


def filesystem(folder):
    """The kind of the file system that a folder is on, as ``/proc/mounts`` has it."""
    place = folder.resolve()
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    return max((len(where), kind) for where, kind in mounts if place.is_relative_to(where))[1]


def main(arguments=None):
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2, help="of one turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="on the disk to use")
    options = parser.parse_args(arguments)
    contenders, versions = list(CONTENDERS), [f"SQLite {sqlite3.sqlite_version}"]
    if shutil.which("redis-server"):
        said = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True)
        versions.append(f"Redis {said.stdout.partition('v=')[2].split()[0]}")
    else:
        contenders = [name for name in contenders if not name.startswith("Redis")]
        versions.append("without Redis: redis-server is not installed")
    print(f"{options.rounds} rounds of {options.seconds:g} s in {options.folder}", end="")
    print(f" ({filesystem(options.folder)}), Python {sys.version.split()[0]}, {', '.join(versions)}")
    show(measure(options.folder, options.seconds, options.rounds, contenders), contenders)


if __name__ == "__main__":
    main()
