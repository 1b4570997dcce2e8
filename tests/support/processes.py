"""Real processes in tests: what they print, and the end of each with the test that started it."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue

import pytest

# Nobody waits so long but for what never comes: a machine may be busy.
PATIENCE_SECONDS = 60
# What a process has written is read within that, but where a process that it has started writes there too.
DRAIN_SECONDS = 5

# Compiled modules are kept: to compile them takes a third of a start, in environments that keep none.
COMPILED = {
    "PYTHONPYCACHEPREFIX": str(Path(__file__).parents[2] / ".pytest_cache" / "compiled"),
    "PYTHONDONTWRITEBYTECODE": "",
}


class Process:
    """
    A process whose output is read as it comes.

    Attributes:
        process: The process itself.
    """

    def __init__(self, *command, stdin=None, cwd=None):
        self.process = subprocess.Popen(
            [*map(str, command)],
            stdin=stdin,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **COMPILED},
        )
        self._lines = Queue()
        self._errors = []
        self._readers = [
            threading.Thread(target=self._read, args=args, daemon=True)
            for args in ((self.process.stdout, self._lines.put), (self.process.stderr, self._errors.append))
        ]
        for reader in self._readers:
            reader.start()

    def line(self):
        """The next line of its output, within the patience of a test."""
        try:
            return self._lines.get(timeout=PATIENCE_SECONDS).rstrip("\n")
        except Empty:
            raise AssertionError(f"no output; errors: {self.errors}") from None

    def rest(self, seconds=PATIENCE_SECONDS):
        """Exit code and what is left of its output, once it has ended."""
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        return code, [self._lines.get().rstrip("\n") for _ in range(self._lines.qsize())]

    @property
    def errors(self):
        """What it has written to stderr so far; all of it, once it has ended."""
        if self.process.poll() is not None:
            self._readers[-1].join(DRAIN_SECONDS)
        return "".join(self._errors)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        self.process.stdout.close()
        self.process.stderr.close()

    @staticmethod
    def _read(pipe, put):
        for line in pipe:
            put(line)


@pytest.fixture
def run():
    """Starts processes, and ends them with the test."""
    started = []

    def start(*command, **options):
        started.append(Process(*command, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def feed(run):
    """Runs ``feed`` with arguments; ``begin`` is a command that does it."""
    return lambda *arguments, begin=(): run(*begin, sys.executable, "-m", "feed", *arguments)


@pytest.fixture
def serve(feed, tmp_path):
    """
    Starts ``feed serve`` on a free port and waits until it is ready; gives the process and its URL.

    ``begin`` is a command that runs it.
    """

    def start(*options, begin=()):
        port_file = tmp_path / f"port-{len(list(tmp_path.iterdir()))}"
        server = feed("serve", "--port", 0, "--port-file", port_file, *options, begin=begin)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not port_file.exists():
            assert server.process.poll() is None, server.errors
            assert time.monotonic() < deadline, server.errors
            time.sleep(0.01)
        return server, f"ws://127.0.0.1:{port_file.read_text().strip()}"

    return start
