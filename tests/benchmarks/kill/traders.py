"""
Who orders: each its next order once the one before is answered, and the same again where no answer came.

An order whose connection ended is sent once more with the client's own id of it, until it is answered. What
each protocol makes of the second one is its own: Binance, Kraken and Rails refuse the id, Coinbase repeats
its answer. Where an exchange knows the ids of open orders alone, orders are far from the market and rest.
"""

from __future__ import annotations

import base64
import contextlib
import enum
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode
from uuid import UUID

import trio

from tests.benchmarks.frames import CLOSE, PING, PONG, TEXT, FrameReader, handshake, masked
from tests.benchmarks.kill import http

PAUSE_SECONDS = 0.2
"""At most, between an answer and the next order."""
RETRY_SECONDS = 0.1


class Outcome(enum.Enum):
    """What the answer to an order says of it."""

    ACTED = "acted"
    KNOWN = "known"  # the id is that of an order that has acted
    REJECTED = "rejected"  # it acts neither now nor later
    NOT_NOW = "not now"  # the server takes none: ask again


def _later(status):
    """Whether an answer by HTTP says that nothing was done, and to ask again."""
    return status >= 500 or status == 408


class Trader:
    """
    One account that orders.

    Args:
        account: Its key.
        chance: Decides what is ordered, and when.
        prices: Far below the market, and above it.
        binance_pair: Binance's name of bitcoin.

    Attributes:
        answered: What became of each order, by the client's id of it.
        repeated: Orders that were sent more than once.
        refused: How often the server took none.
        surprises: Answers that are none of those that a client expects.
    """

    protocol = ""

    def __init__(self, account, chance, prices, binance_pair):
        self.account = account
        self.answered = {}
        self.open = None
        self.repeated = set()
        self.refused = 0
        self.surprises = []
        self._chance = chance
        self._low, self._high = prices
        self._pair = binance_pair
        self._asked = 0

    async def trade(self, server, stopping):
        """Order until ``stopping`` is set, and the last order is answered."""
        try:
            await self._trade(server, stopping)
        finally:
            await self.close()

    async def close(self):
        """Close what is open."""

    async def _trade(self, server, stopping):
        while not stopping.is_set():
            self._asked += 1
            name = str(UUID(int=self.account.number << 64 | self._asked))
            order, outcome = self.order(), None
            while outcome is None:
                outcome = await self._try(server, name, order)
            self.answered[name] = outcome
            self.open = None
            with contextlib.suppress(http.ServerGone):
                await self.tidy(server.port, name)
            await trio.sleep(self._chance.uniform(0, PAUSE_SECONDS))

    async def _try(self, server, name, order):
        await server.ready.wait()
        if self.open == name:
            self.repeated.add(name)
        self.open = name
        try:
            outcome = await self.send(server.port, name, order)
        except http.ServerGone:
            outcome = None
        if outcome is Outcome.NOT_NOW:
            self.refused += 1
            outcome = None
        if outcome is None:
            await trio.sleep(RETRY_SECONDS)
        return outcome

    def order(self):
        """Terms of the next order."""
        return {"side": self._chance.choice(("buy", "sell")), "takes": self._chance.random() < 0.5}

    async def send(self, port, name, order):
        """Send an order; what became of it."""
        raise NotImplementedError

    async def tidy(self, port, name):
        """Cancel an order that was answered, where an exchange bounds how many are open."""

    def surprise(self, *said):
        """An answer that nobody expects: it counts against the server."""
        self.surprises.append(f"{self.protocol}: {said}")
        return Outcome.REJECTED


class BinanceTrader(Trader):
    """Signs with HMAC-SHA256; its orders rest."""

    protocol = "binance"

    async def send(self, port, name, order):
        terms = {
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.0002",
            "price": self._low,
        }
        status, said = await self._ask(port, "POST", newClientOrderId=name, **terms)
        if status == 200:
            return Outcome.ACTED
        if said.get("msg") == "Duplicate order sent.":
            return Outcome.KNOWN
        return Outcome.NOT_NOW if _later(status) else self.surprise(status, said)

    async def tidy(self, port, name):
        await self._ask(port, "DELETE", origClientOrderId=name)

    async def _ask(self, port, method, **terms):
        stamp = {"timestamp": time.time_ns() // 10**6, "recvWindow": 60_000}
        query = urlencode({"symbol": self._pair, **terms, **stamp})
        signature = hmac.new(self.account.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        target = f"/binance/api/v3/order?{query}&signature={signature}"
        return await http.ask(port, method, target, X_MBX_APIKEY=self.account.key)


class KrakenTrader(Trader):
    """Signs with HMAC-SHA512 and a nonce that rises; its orders rest."""

    protocol = "kraken"

    async def send(self, port, name, order):
        terms = {
            "pair": "XBTUSD",
            "type": "buy",
            "ordertype": "limit",
            "volume": "0.0002",
            "price": self._low,
        }
        status, said = await self._ask(port, "AddOrder", cl_ord_id=name, **terms)
        errors = str(said["error"])
        if status == 200 and not said["error"]:
            return Outcome.ACTED
        if "cl_ord_id" in errors or "Duplicate" in errors:
            return Outcome.KNOWN
        busy = _later(status) or "Unavailable" in errors or "Busy" in errors
        return Outcome.NOT_NOW if busy else self.surprise(status, said)

    async def tidy(self, port, name):
        await self._ask(port, "CancelOrder", cl_ord_id=name)

    async def _ask(self, port, method, **terms):
        path, nonce = f"/0/private/{method}", str(time.time_ns())
        body = urlencode({"nonce": nonce, **terms}).encode()
        signed = path.encode() + hashlib.sha256(nonce.encode() + body).digest()
        signature = hmac.new(base64.b64decode(self.account.secret), signed, hashlib.sha512).digest()
        return await http.ask(
            port,
            "POST",
            f"/kraken{path}",
            body,
            API_Key=self.account.key,
            API_Sign=base64.b64encode(signature).decode(),
            Content_Type="application/x-www-form-urlencoded",
        )


class CoinbaseTrader(Trader):
    """Signs with HMAC-SHA256; half of its orders take from the market."""

    protocol = "coinbase"

    async def send(self, port, name, order):
        path, now = "/api/v3/brokerage/orders", str(int(time.time()))
        price = self._high if order["takes"] else self._low
        terms = {"base_size": "0.0002", "limit_price": price, "post_only": False}
        content = json.dumps(
            {
                "client_order_id": name,
                "product_id": "BTC-USD",
                "side": "BUY",
                "order_configuration": {"limit_limit_gtc": terms},
            }
        )
        signed = f"{now}POST{path}{content}".encode()
        status, said = await http.ask(
            port,
            "POST",
            f"/coinbase{path}",
            content.encode(),
            CB_ACCESS_KEY=self.account.key,
            CB_ACCESS_SIGN=hmac.new(self.account.secret.encode(), signed, hashlib.sha256).hexdigest(),
            CB_ACCESS_TIMESTAMP=now,
            Content_Type="application/json",
        )
        if status == 200 and said["success"]:
            return Outcome.ACTED
        return Outcome.NOT_NOW if _later(status) else self.surprise(status, said)


class RailsTrader(Trader):
    """Over a WebSocket, which it opens again when it has ended; half of its orders take from the market."""

    protocol = "rails"

    def __init__(self, *args):
        super().__init__(*args)
        self._stream = None
        self._frames = FrameReader()

    async def send(self, port, name, order):
        content = {"orderType": order["side"], "quantity": "0.0010"}
        if order["takes"]:
            content |= {"tradeType": "market"}
        else:
            price = self._low if order["side"] == "buy" else self._high
            content |= {"tradeType": "limit", "price": price}
        text = json.dumps({"message": "createOrder", "content": {"clientRequestId": name, **content}})
        try:
            if self._stream is None:
                await self._open(port)
            await self._stream.send_all(masked(TEXT, text.encode()))
            while (said := await self._hear(name)) is None:
                pass
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as problem:
            await self.close()
            raise http.ServerGone from problem
        except http.ServerGone:
            await self.close()
            raise
        if said["statusCode"] in {200, 202}:
            return Outcome.ACTED
        if said["statusCode"] == 409:
            return Outcome.KNOWN
        return Outcome.NOT_NOW if said["statusCode"] == 503 else self.surprise(said)

    async def _open(self, port):
        shown = await http.token(port, self.account)
        self._stream = await trio.open_tcp_stream("127.0.0.1", port)
        self._frames, self._waiting = FrameReader(), []
        path = "/rails?market=BTC-USD&subscriptions=orders"
        await self._stream.send_all(handshake(path, f"authorization#{shown}"))
        head = b""
        while b"\r\n\r\n" not in head:
            head += await self._receive()
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise http.ServerGone(head.decode())
        self._waiting = self._frames.take(head.partition(b"\r\n\r\n")[2])

    async def close(self):
        if self._stream is not None:
            await trio.aclose_forcefully(self._stream)
        self._stream = None

    async def _receive(self):
        data = await self._stream.receive_some()
        if not data:
            raise http.ServerGone
        return data

    async def _hear(self, name):
        while not self._waiting:
            self._waiting = self._frames.take(await self._receive())
        opcode, payload = self._waiting.pop(0)
        if opcode == PING:
            await self._stream.send_all(masked(PONG, payload))
        elif opcode == CLOSE:
            raise http.ServerGone
        elif opcode == TEXT:
            message = json.loads(payload)
            data = message["data"]
            if isinstance(data, dict) and data.get("clientRequestId") == name:
                return data
        return None


TRADERS = (RailsTrader, BinanceTrader, CoinbaseTrader, KrakenTrader)
