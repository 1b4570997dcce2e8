"""Real processes: Ctrl-C, a reader that has gone, and a disk that is full."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from feed.testing import FeedServer

pytestmark = pytest.mark.e2e
PATIENCE_SECONDS = 60
FEED = [sys.executable, "-m", "feed"]
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "TERM": "xterm", "COLUMNS": "200"}

# Only the controlling terminal of a process turns a key into a signal.
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture(scope="module")
def server():
    with FeedServer(speed=5) as running:
        yield running


class Terminal:
    """A command on a terminal of its own, that Ctrl-C can be typed into."""

    def __init__(self, *line):
        self.shown = ""
        ours, theirs = pty.openpty()
        self._file = os.fdopen(ours, "r+b", buffering=0)
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *FEED, *map(str, line)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=ENVIRONMENT,
            start_new_session=True,
        )
        os.close(theirs)
        self._timer = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        self._timer.start()

    def until(self, pattern):
        """Wait until something is shown."""
        while not re.search(pattern, self.shown):
            data = self._read()
            assert data, f"{pattern!r} was never shown: {self.shown!r}"

    def type(self, keys):
        self._file.write(keys)

    def rest(self):
        """Exit code, and all that was shown."""
        while self._read():
            pass
        code = self.process.wait(PATIENCE_SECONDS)
        self._timer.cancel()
        self._file.close()
        return code, self.shown

    def _read(self):
        try:
            data = self._file.read(4096).decode("utf-8", "replace")
        except OSError:  # how Linux says that nobody has the terminal open
            return ""
        self.shown += data
        return data


@pytest.mark.parametrize("picture", [[], ["--table"]])
def test_ctrl_c_ends_a_tail_on_a_terminal(server, picture):
    """With 130, and without a word of Python."""
    tail = Terminal("tail", server.url, "--symbols", "EURUSD,GBPUSD", *picture)
    tail.until("EURUSD")
    tail.type(b"\x03")
    code, shown = tail.rest()
    assert code == 130
    assert "Traceback" not in shown


def test_ctrl_c_ends_a_replay_whose_bar_stays_on_the_scale():
    """From 0 to 100 %, never back."""
    replay = Terminal("replay", "flash-crash", "--speed", "60")
    replay.until(r"[1-9]\d?%")
    replay.type(b"\x03")
    code, shown = replay.rest()
    assert code == 130
    assert "Traceback" not in shown
    seen = [int(text) for text in re.findall(r"(-?\d+)%", shown)]
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 100


def test_ctrl_c_ends_a_verification(server):
    """In the middle of its listening."""
    visits = len(server.visits)
    process = subprocess.Popen(
        [*FEED, "verify", server.url, "--dialect", "tradyn", "--seconds", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    while not any(visit.asked("subscribe") for visit in server.visits[visits:]):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err.strip()) == (130, "", "")


@pytest.mark.parametrize("line", [["tail"], ["scenario", "list"]])
def test_a_reader_that_leaves_ends_it_quietly(server, line):
    """As ``head`` does: no complaint, and the exit code of a broken pipe."""
    process = subprocess.Popen(
        [*FEED, *line, *([server.url] if line == ["tail"] else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    if line == ["tail"]:
        process.stdout.readline()
    process.stdout.close()
    with process.stderr:
        err = process.stderr.read()
    complaints = [text for text in err.splitlines() if not text.startswith("{")]  # the others are answers
    assert (process.wait(PATIENCE_SECONDS), complaints) == (141, [])


@pytest.mark.parametrize("line", [["tail"], ["replay", "burst", "--until", "1s"], ["scenario", "list"]])
def test_output_that_cannot_be_written_is_one_line(server, line):
    """Say, on a full disk; exit code 2."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*FEED, *line, *([server.url] if line == ["tail"] else [])],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    complaint = "feed: standard output: cannot be written: No space left on device"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, complaint)
    assert "Traceback" not in done.stderr
