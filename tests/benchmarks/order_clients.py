"""
Clients that order in a closed loop: each sends its next request once the one before is answered.

All in one thread on plain non-blocking sockets, with so little work for each message that the server is what
is measured. They speak Rails: a limit order far below the market and its cancellation in turn, each answered
with 202 and then, once it has acted, with 200.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import time
import urllib.request
from uuid import UUID

import attrs

from tests.benchmarks.frames import PING, PONG, TEXT, FrameReader, handshake, masked

PATIENCE_SECONDS = 60
ORDER_ID = re.compile(rb'"orderId":"(\w+)"')
STATUS = re.compile(rb'"statusCode":(\d+)')


def token(port, account):
    """An access token, by REST."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/token",
        method="POST",
        headers={"X-Api-Key": account.key, "X-Api-Secret": account.secret},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)["access_token"]


class OrderClient:
    """One connection: what it has asked for, and when it was answered."""

    def __init__(self, port, account, market, price, size):
        self.latencies = []
        self.refused = 0
        self._account = account
        self._content = {"orderType": "buy", "tradeType": "limit", "price": price, "quantity": size}
        self._frames = FrameReader()
        self._asked = 0
        self._resting = None
        self._began = 0.0
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        path = f"/rails?market={market}&subscriptions=orders"
        self.socket.sendall(handshake(path, f"authorization#{token(port, account)}"))
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)
        assert b" 101 " in head, head
        self.socket.setblocking(False)

    def ask(self):
        """The next request: an order, or the cancellation of the one that rests."""
        self._asked += 1
        name = str(UUID(int=self._account.number << 64 | self._asked))
        kind, content = "createOrder", self._content
        if self._resting is not None:
            kind, content = "cancelOrder", {"orderId": self._resting}
        text = json.dumps({"message": kind, "content": {"clientRequestId": name, **content}})
        self._began = time.perf_counter()
        self.socket.sendall(masked(TEXT, text.encode()))  # smaller than any buffer of a socket

    def read(self):
        """Take what has come; each answer is followed by the next request."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server closed")
        for opcode, payload in self._frames.take(data):
            if opcode == PING:
                self.socket.sendall(masked(PONG, payload))
            elif opcode == TEXT:
                self._hear(payload)

    def _hear(self, payload):
        status = STATUS.search(payload)
        if status is None or status[1] == b"202":
            return
        now = time.perf_counter()
        if status[1] == b"200":
            self.latencies.append(now - self._began)
            self._resting = None if self._resting else ORDER_ID.search(payload)[1].decode()
        else:
            self.refused += 1
        self.ask()


@attrs.frozen
class Load:
    """
    What came of the orders.

    Attributes:
        latencies: From request to answer, seconds, sorted.
        seconds: For how long.
        refused: Requests that were answered with an error.
    """

    latencies: list[float]
    seconds: float
    refused: int

    @property
    def rate(self):
        """Requests answered in a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share):
        """Milliseconds within which such a share was answered."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1e3


def order_for(port, holders, seconds, *, market="BTC-USD", warm=1.0):
    """Let everybody order for so long; the first second is not counted."""
    clients = [
        OrderClient(port, account, market, f"{20_000 + account.number}.00", "0.0001") for account in holders
    ]
    with selectors.DefaultSelector() as ready:
        try:
            for client in clients:
                ready.register(client.socket, selectors.EVENT_READ, client)
                client.ask()
            _serve(ready, time.perf_counter() + warm)
            for client in clients:
                client.latencies.clear()
            began = time.perf_counter()
            _serve(ready, began + seconds)
            took = time.perf_counter() - began
        finally:
            for client in clients:
                client.socket.close()
    latencies = sorted(one for client in clients for one in client.latencies)
    return Load(latencies, took, sum(client.refused for client in clients))


def _serve(ready, until):
    while (left := until - time.perf_counter()) > 0:
        for key, _ in ready.select(left):
            key.data.read()
