"""A leader is stopped and killed, and standbys go on with its market, over a real Redis."""

import json
import signal
import time
from contextlib import suppress

import pytest
from listening import SMALL, begin, get, hear, listen
from ports import free_port
from processes import PATIENCE_SECONDS
from redis_servers import needs_redis, redis_server

pytestmark = [pytest.mark.e2e, needs_redis]


class Standby:
    """
    A server that stands by.

    Attributes:
        process: It.
        url: Where it listens.
    """

    def __init__(self, feed, port_file, *options):
        port = free_port()
        self.url = f"ws://127.0.0.1:{port}"
        self._port_file = port_file
        self.process = feed("serve", "--port", port, "--port-file", port_file, "--standby", *options)

    def stands_by(self):
        """Whether it does, as it says itself."""
        assert self.process.process.poll() is None, self.process.errors
        return "stands by" in self.process.errors

    def leads(self):
        """Whether it lets clients in."""
        assert self.process.process.poll() is None, self.process.errors
        return self._port_file.exists()


def hear_until(client, look):
    """What a client is told until something is so: who does not read meanwhile is too slow."""
    found, deadline = [], time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline
        with suppress(TimeoutError):
            text = client.recv(0.1)
            if "seq" in json.loads(text):
                found.append(text)
    return found


def test_who_was_led_by_two_leaders_has_heard_one_history(serve, feed, tmp_path):
    """One is stopped, and wakes up too late; the next is killed: an edge's client has every event once."""
    key, folder = tmp_path / "token.key", tmp_path / "redis"
    key.write_bytes(bytes(range(48)))
    folder.mkdir()
    with redis_server(folder) as redis:
        log = ("--token-key", key, "--log", redis.url)
        first, _ = serve(*SMALL, *log)
        standbys = [Standby(feed, tmp_path / f"port-of-{number}", *log) for number in range(2)]
        _, edge = serve("--token-key", key, "--follow", redis.url)
        with listen(edge) as client:
            since, told = begin(hear(client, 300))
            told += hear_until(client, lambda: all(one.stands_by() for one in standbys))
            for path, status in {"/healthz": 200, "/readyz": 503, "/metrics": 200, "/docs": 503}.items():
                assert get(standbys[0].url, path)[0] == status
            assert "standing by" in get(standbys[0].url, "/readyz")[1]
            first.process.send_signal(signal.SIGSTOP)
            told += hear_until(client, lambda: any(one.leads() for one in standbys))
            second, third = sorted(standbys, key=Standby.leads, reverse=True)
            first.process.send_signal(signal.SIGCONT)
            told += hear_until(client, lambda: first.process.poll() is not None)
            assert "another server leads" in first.errors
            second.process.process.kill()
            told += hear_until(client, third.leads)
            told += hear(client, 200)
        with listen(third.url, since=since) as again:
            assert hear(again, len(told))[: len(told)] == told
        assert first.rest()[0] == 2
