"""A real redis-server for tests, on a port of its own."""

import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from ports import free_port
from processes import PATIENCE_SECONDS

from feed.cluster.redis.connection import CoredisServer
from feed.cluster.redis.url import parse_redis_url

PROGRAM = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(PROGRAM is None, reason="needs redis-server, as Debian has it")


class RealRedis:
    """
    A redis-server.

    Attributes:
        port: Where it listens.
        url: Of a log in it.
        server: To connect to it.
    """

    def __init__(self, directory, *options):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/market"
        self.server = CoredisServer(parse_redis_url(self.url))
        self._directory = directory
        self._options = options
        self._process = None

    def start(self):
        """Begin, and wait until it answers."""
        command = [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._directory)]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec", *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.cli("PING").startswith(("PONG", "NOAUTH")):
            assert self._process.poll() is None, "redis-server has ended"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.05)

    def cli(self, *words):
        """What redis-cli says to a command."""
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.stdout.strip()

    def kill(self):
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self):
        """Let it stand still."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self):
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(directory, *options):
    """A redis-server, until the block ends."""
    redis = RealRedis(directory, *options)
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()
