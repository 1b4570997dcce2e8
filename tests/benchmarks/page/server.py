"""The server that a page is opened at, and its clock."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import attrs

from tests.benchmarks.fanout.measure import ROOT, pinned

ADMIN_KEY = f"ak_live_{'0' * 32}"
START_SECONDS = 60
STOP_SECONDS = 20
SECOND = 1_000_000_000
TICK = 1 / os.sysconf("SC_CLK_TCK")


@attrs.frozen
class Server:
    """
    A server that runs.

    Attributes:
        pid: Its process.
        url: Of its page.
    """

    pid: int
    url: str

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return TICK * (int(fields[11]) + int(fields[12]))

    def clock(self, **command: object) -> dict[str, object]:
        """Where the market stands, after a command if there is one."""
        body = json.dumps(command).encode() if command else None
        headers = {"X-API-Key": ADMIN_KEY, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}admin/clock", body, headers)
        with urllib.request.urlopen(request) as answer:
            told: dict[str, object] = json.load(answer)
            return told

    def go_on(self, seconds: float) -> None:
        """Let the market run so far as fast as it can, and stand there."""
        target = int(str(self.clock()["time"])) + int(seconds * SECOND)
        self.clock(action="seek", time=target)
        while int(str(self.clock()["time"])) < target:
            time.sleep(0.1)
        self.clock(action="pause")

    def figure(self, name: str) -> dict[str, float]:
        """The lines of ``/metrics`` whose names begin so, by the rest of them."""
        with urllib.request.urlopen(f"{self.url}metrics") as answer:
            lines = answer.read().decode().splitlines()
        found = (line.rpartition(" ") for line in lines if line.startswith(name))
        return {key.removeprefix(name): float(value) for key, _, value in found}


@contextlib.contextmanager
def serving(*options: object, core: int = -1) -> Iterator[Server]:
    """A server of the default market, or of what the options say, on a core of its own."""
    with tempfile.TemporaryDirectory() as folder:
        port, key = Path(folder, "port"), Path(folder, "admin.key")
        key.write_text(f"{ADMIN_KEY}\n")
        key.chmod(0o600)
        command = [sys.executable, "-m", "feed", "serve", "--port", "0", "--port-file", str(port)]
        command += ["--admin-key", str(key), *map(str, options)]
        quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with pinned(core):
            process = subprocess.Popen(command, cwd=ROOT, **quiet)  # type: ignore[call-overload]
        try:
            deadline = time.monotonic() + START_SECONDS
            while not port.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    message = f"{' '.join(command)} does not start"
                    raise SystemExit(message)
                time.sleep(0.05)
            yield Server(process.pid, f"http://127.0.0.1:{port.read_text().strip()}/")
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
