"""A server in a process of its own, which is killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import trio

from tests.support.ports import free_port

START_SECONDS = 120
LOOK_SECONDS = 0.05
LEFT_SECONDS = 10


class Server:
    """
    ``feed serve``, again and again with the same options.

    Attributes:
        port: Where it listens.
        ready: Set while it lets clients in.
        starts: Seconds from the start of the process until it let clients in, of each start that came so far.
    """

    def __init__(self, options, data, log):
        self._data = str(data)
        self.port = free_port()
        self.ready = trio.Event()
        self.starts = []
        # Compiled modules are kept: to compile them takes a third of a start, in environments that keep none.
        kept = {"PYTHONPYCACHEPREFIX": str(Path(log).absolute().with_suffix(".pycache"))}
        self._environment = {**os.environ, **kept, "PYTHONDONTWRITEBYTECODE": ""}
        self._command = [sys.executable, "-m", "feed", "serve", "--port", str(self.port), *map(str, options)]
        self._log = Path(log)
        self._process = None
        self._began = 0.0

    def start(self):
        """Start the process, in a group of its own: what it starts is killed with nobody else."""
        self._began = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                env=self._environment,
            )

    async def open(self):
        """Wait until it lets clients in."""
        began = time.monotonic()
        while True:
            if self._process.poll() is not None or time.monotonic() > began + START_SECONDS:
                raise SystemExit(f"feed serve did not start; see {self._log}:\n{self.tail()}")
            if await trio.to_thread.run_sync(self._answers):
                break
            await trio.sleep(LOOK_SECONDS)
        self.starts.append(time.monotonic() - self._began)
        self.ready.set()

    def _answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=START_SECONDS):
                return True
        except urllib.error.HTTPError:
            return False
        except OSError:
            return False

    def kill(self):
        """``kill -9``, of the server alone: what it has started must notice by itself."""
        if self._process.poll() is not None:
            raise SystemExit(f"feed serve ended by itself; see {self._log}:\n{self.tail()}")
        if self.ready.is_set():
            self.ready = trio.Event()
        self._process.kill()
        self._process.wait()

    def stop(self):
        """End it as an operator does; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(START_SECONDS)

    def end(self):
        """Leave no process behind, however it went."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def tail(self, lines=20):
        """The end of what it has logged."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def left_behind(self):
        """Command lines of processes that have to do with its data folder, and do not end."""
        give_up = time.monotonic() + LEFT_SECONDS
        while (found := self._others()) and time.monotonic() < give_up:
            time.sleep(LOOK_SECONDS)
        return found

    def _others(self):
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if self._data in command and int(path.name) != os.getpid():
                found.append(command)
        return found
