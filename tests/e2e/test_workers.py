"""One server with several processes for its clients, as an operator has it."""

import json
import os
import re
import signal
import ssl
import time
from contextlib import ExitStack, suppress

import pytest
import websockets.sync.client
from processes import PATIENCE_SECONDS

from feed.settings import DEMO_KEY

pytestmark = pytest.mark.e2e

SMALL = ("--instruments", 5, "--speed", 5, "--workers", 2)
CHANNELS = ["ticker_btcusd", "trades_btcusd", "book_btcusd", "trades_eurusd"]
CLIENTS = 12


class Reader:
    """A client that has subscribed, and keeps what it was told by number."""

    def __init__(self, stack, url, since=None, **options):
        options |= {"close_timeout": 0.2, "open_timeout": PATIENCE_SECONDS}
        self._socket = stack.enter_context(websockets.sync.client.connect(f"{url}/ws?ext=seq", **options))
        self._socket.send(json.dumps({"type": "auth", "key": DEMO_KEY}))
        more = {} if since is None else {"since": since}
        self._socket.send(json.dumps({"type": "subscribe", "channels": CHANNELS, **more}))
        self.told = []
        self.position = since
        self.code = None  # that it was closed with, and 1006 for none
        while self._next()["type"] != "subscribed":
            pass

    def _next(self):
        text = self._socket.recv(PATIENCE_SECONDS)
        message = json.loads(text)
        if "seq" in message:
            self.told.append(text)
            self.position = message["pos"]
        return message

    def hear(self, count):
        """So many messages more, or all that come before the end; whether it is still connected."""
        wanted = len(self.told) + count
        try:
            while len(self.told) < wanted:
                self._next()
        except websockets.exceptions.ConnectionClosed:
            self.code = self._socket.close_code
        return self.code is None

    def rest(self):
        while self.hear(1000):
            pass
        return self.code


def begun(server):
    """Every worker that has begun: name and process."""
    found = re.findall(r"a worker begins +name='(worker-[\d.]+)' pid=(\d+)", server.errors)
    return {name: int(pid) for name, pid in found}


def serving(server):
    """Every worker that has said that it serves."""
    return {
        name for name in begun(server) if re.search(rf"serving .*worker='{re.escape(name)}'", server.errors)
    }


def until(look):
    """Wait until something is so, and give it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def runs(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def number(text):
    return json.loads(text)["seq"]


def begin(told):
    """Where a subscription begins, and what was told after that."""
    at = max(at for at, text in enumerate(told) if '"action":"snapshot"' in text)
    return json.loads(told[at])["pos"], told[at + 1 :]


def test_clients_of_one_that_is_killed_go_on_at_another(serve):
    """
    Nothing is lost or doubled, and everybody is told the same; one that was stopped delays its own clients.

    When the server is stopped each client hears so, and no process is left.
    """
    server, url = serve(*SMALL)
    until(lambda: len(serving(server)) == 2)
    with ExitStack() as stack:
        all_clients = [Reader(stack, url) for _ in range(CLIENTS)]
        for one in all_clients:
            one.hear(50)
        os.kill(begun(server)["worker-1.1"], signal.SIGKILL)
        lost = [one for one in all_clients if not one.hear(300)]
        assert 0 < len(lost) < CLIENTS
        assert {one.code for one in lost} == {1006}
        os.kill(begun(server)["worker-2.1"], signal.SIGSTOP)
        resumed = [Reader(stack, url, since=one.position) for one in lost]  # once there is a successor
        os.kill(begun(server)["worker-2.1"], signal.SIGCONT)
        assert "worker-1.2" in serving(server)
        for one in resumed:
            one.hear(100)
        for one in all_clients:
            one.code is None and one.hear(500)
        everything = [one.told + more.told for one, more in zip(lost, resumed, strict=True)]
        everything += [one.told for one in all_clients if one not in lost]
        since, told = min(map(begin, everything), key=lambda found: number(found[1][0]))
        whole = Reader(stack, url, since)
        whole.hear(1)
        while number(whole.told[-1]) <= max(number(one[-1]) for one in everything):
            whole.hear(100)
        for one in everything:
            _, told = begin(one)
            at = whole.told.index(told[0])
            assert told == whole.told[at : at + len(told)]
        server.process.send_signal(signal.SIGINT)
        assert {one.rest() for one in [*resumed, whole, *all_clients] if one not in lost} == {1001}
    assert server.rest()[0] == 0
    assert not any(map(runs, begun(server).values()))
    assert "Traceback" not in server.errors


def test_workers_end_with_the_process_that_has_the_market(serve, tmp_path):
    """All clients are told to come again; with a certificate that was made in memory, and is one for all."""
    ca = tmp_path / "ca.pem"
    server, url = serve(*SMALL, "--tls-self-signed", "--tls-ca", ca)
    until(lambda: len(serving(server)) == 2)
    trusts = ssl.create_default_context(cafile=ca)
    with ExitStack() as stack:
        clients = [Reader(stack, url.replace("ws:", "wss:"), ssl=trusts) for _ in range(CLIENTS)]
        for one in clients:
            one.hear(10)
        server.process.kill()
        assert {one.rest() for one in clients} == {1012}
    until(lambda: not any(map(runs, begun(server).values())))
