"""One server with several processes for its clients, as an operator has it."""

import json
import os
import re
import signal
import ssl
import threading
import time
import urllib.request
from contextlib import ExitStack, suppress
from http.client import HTTPException

import pytest
import websockets.sync.client
from processes import PATIENCE_SECONDS

from feed.settings import DEMO_KEY

pytestmark = pytest.mark.e2e

SMALL = ("--instruments", 5, "--speed", 2, "--workers", 2)
CHANNELS = ["ticker_btcusd", "trades_btcusd", "book_btcusd", "trades_eurusd", "orders"]
CLIENTS = 6
TRADERS = 3
CALM = {"close_timeout": 0.2, "open_timeout": PATIENCE_SECONDS, "ping_interval": None}
BUY = {"orderType": "buy", "tradeType": "market", "quantity": "0.01"}
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # of an order's number at its end, in Crockford's base 32


class Reader:
    """
    A client that has subscribed, and reads to the end.

    Attributes:
        told: What has a number, as it came.
        code: With which it was closed, 1006 for none; None while it is open.
    """

    def __init__(self, stack, url, since=None, **options):
        where = f"{url}/ws?ext=seq"
        self._socket = stack.enter_context(websockets.sync.client.connect(where, **options, **CALM))
        self._socket.send(json.dumps({"type": "auth", "key": DEMO_KEY}))
        more = {} if since is None else {"since": since}
        self._socket.send(json.dumps({"type": "subscribe", "channels": CHANNELS, **more}))
        self.told, self.code, self._since = [], None, since
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def position(self):
        return json.loads(self.told[-1])["pos"] if self.told else self._since

    def _read(self):
        with suppress(websockets.exceptions.ConnectionClosed):
            for text in self._socket:
                if '"seq"' in text:
                    self.told.append(text)
        self.code = self._socket.close_code

    def hear(self, count, last=0):
        """So many messages more, and up to an event; whether it is still connected."""
        wanted = len(self.told) + count
        until(lambda: self.code or (len(self.told) >= wanted and number(self.told[-1]) >= last))
        return self.code is None

    def rest(self):
        until(lambda: self.code)
        return self.code


class Trader(threading.Thread):
    """
    A client that buys again and again, and connects again when it must.

    Attributes:
        accepted: Numbers of the orders that it was told to be accepted.
        cut: How often it was cut off.
        unanswered: Orders of which it was not told what became of them.
    """

    def __init__(self, url):
        super().__init__(daemon=True)
        self.accepted, self.cut, self.unanswered = [], 0, 0
        self._url, self._finished = url, threading.Event()
        self.start()

    def run(self):
        while not self._finished.is_set():
            try:
                self._trade()
            except (OSError, HTTPException, websockets.exceptions.WebSocketException):
                self.cut += 1

    def finish(self):
        self._finished.set()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive()

    def _trade(self):
        asks = urllib.request.Request(
            self._url.replace("ws", "http", 1) + "/api/v1/token",
            method="POST",
            headers={"X-Api-Key": DEMO_KEY, "X-Api-Secret": "demo-secret"},
        )
        with urllib.request.urlopen(asks, timeout=PATIENCE_SECONDS) as answer:
            token = json.load(answer)["access_token"]
        where = f"{self._url}/?market=BTC-USD&subscriptions=orders"
        options = {"subprotocols": [f"authorization#{token}"], **CALM}
        with websockets.sync.client.connect(where, **options) as socket:
            while not self._finished.wait(0.2):
                self.unanswered += 1
                socket.send(json.dumps({"message": "createOrder", "content": BUY}))
                self.accepted.append(self._accepted(socket))
                self.unanswered -= 1

    def _accepted(self, socket):
        while True:
            message = json.loads(socket.recv(PATIENCE_SECONDS))
            if message["resultType"] == "createOrder" and message["data"]["statusCode"] != 202:
                assert message["data"]["statusCode"] == 200, message
                number = 0
                for digit in message["data"]["order"]["orderId"][-12:]:
                    number = 32 * number + DIGITS.index(digit)
                return number


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


def figure(url, name):
    """A figure of the server, as the process says that has the market; 0 where it is not there."""
    asked = f"{url.replace('ws', 'http', 1)}/metrics"
    with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS) as answer:
        lines = [line.rpartition(" ") for line in answer.read().decode().splitlines()]
    return int(next((float(value) for found, _, value in lines if found == name), 0))


def seq(url):
    """Of the newest event."""
    return figure(url, "feed_seq")


def connected(url, worker):
    """Connections that are open at a worker."""
    return figure(url, f'feed_edge_connections{{edge="{worker}"}}')


def number(text):
    return json.loads(text)["seq"]


def begin(told):
    """Where a subscription begins, and what was told after that."""
    at = max(at for at, text in enumerate(told) if '"action":"snapshot"' in text)
    return json.loads(told[at])["pos"], told[at + 1 :]


def test_clients_of_one_that_is_killed_go_on_at_another(serve):
    """
    No event and no order is lost or doubled, and everybody is told the same. One that was stopped delays its
    own clients alone.

    When the server is stopped each client hears so, and no process is left.
    """
    server, url = serve(*SMALL)
    until(lambda: len(serving(server)) == 2)
    with ExitStack() as stack:
        all_clients = [Reader(stack, url) for _ in range(CLIENTS)]
        while not connected(url, "worker-1.1") or not connected(url, "worker-2.1"):
            all_clients.append(Reader(stack, url))
        for one in all_clients:
            one.hear(50)
        traders = [Trader(url) for _ in range(TRADERS)]
        until(lambda: all(one.accepted for one in traders))
        os.kill(begun(server)["worker-1.1"], signal.SIGKILL)
        now = seq(url)
        lost = [one for one in all_clients if not one.hear(1, now + 100)]
        assert 0 < len(lost) < len(all_clients)
        assert {one.code for one in lost} == {1006}
        os.kill(begun(server)["worker-2.1"], signal.SIGSTOP)
        resumed = [Reader(stack, url, since=one.position) for one in lost]  # once there is a successor
        os.kill(begun(server)["worker-2.1"], signal.SIGCONT)
        until(lambda: "worker-1.2" in serving(server))  # what it has written may be read later
        for one in resumed:
            one.hear(100)
        for one in traders:
            one.finish()
        now = seq(url)
        for one in [*resumed, *all_clients]:
            one.code is None and one.hear(1, now)
        everything = [one.told + more.told for one, more in zip(lost, resumed, strict=True)]
        everything += [list(one.told) for one in all_clients if one not in lost]
        since, told = min(map(begin, everything), key=lambda found: number(found[1][0]))
        whole = Reader(stack, url, since)
        whole.hear(1, max(number(one[-1]) for one in everything) + 1)
        for one in everything:
            _, told = begin(one)
            at = whole.told.index(told[0])
            assert told == whole.told[at : at + len(told)]
        messages = [json.loads(text) for text in whole.told]
        orders = [one["id"] for one in messages if one["type"] == "order" and one["status"] == "active"]
        assert len(orders) == len(set(orders))
        accepted = [number for one in traders for number in one.accepted]
        assert {str(number) for number in accepted} <= set(orders)
        assert len(orders) <= len(accepted) + sum(one.unanswered for one in traders)
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
