"""Clients that trade, and send a request again when the answer was lost."""

import hashlib
import hmac
import json
import uuid
from urllib.parse import quote

import trio
from asking import head
from clients import Closed

from tests.simulation.conversation import Heard, Peer
from tests.simulation.keys import ACCOUNTS, KEYS, SECRET
from tests.simulation.readers import Reader
from tests.simulation.world import Difference

TOKEN = "/api/v1/token"
UNKNOWN = (-1006, -1007)  # Binance's codes where nobody knows whether a request acts


async def ask(client, method, target, body=None, **headers):
    """One request by HTTP: status and body, from JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    if content:
        headers["Content_Length"] = str(len(content))
    await client.send_bytes(head(target, method=method, **headers) + content)
    status, fields = await client.head()
    size = int(fields["content-length"])
    while len(client._buffer) < size:
        if not await client._more():
            raise Closed(0)
    data = bytes(client._buffer[:size])
    del client._buffer[:size]
    return status, json.loads(data)


class Orders:
    """
    What became of the orders that a client has asked for, by its own ids.

    Attributes:
        open: What was sent, and not answered yet.
        taken: The server's id of each that was acknowledged; None where it only said that there is one.
        refused: Those of which the server said that nothing acted.
        repeated: Those that were sent more than once: what is said of one time is not said of the others.
    """

    def __init__(self):
        self.open = {}
        self.repeated = set()
        self.taken = {}
        self.refused = set()

    def take(self, name, order=None):
        """It was acknowledged."""
        self.open.pop(name, None)
        known = self.taken.get(name)
        if order is not None and known not in {None, order}:
            raise Difference(f"{name} was acknowledged as {known} and as {order}")
        self.taken[name] = order or known

    def refuse(self, name):
        """It did not act, and will not; one that was sent before may have."""
        if name not in self.repeated:
            del self.open[name]
            self.refused.add(name)


class Trader(Peer):
    """
    A client with an account.

    Attributes:
        orders: What it asked for.
        trading: Whether it asks for more.
    """

    def __init__(self, world, name):
        super().__init__(world, name)
        self.account = ACCOUNTS[name]
        self.orders = Orders()
        self.trading = True
        self._number = 0

    @property
    def settled(self):
        return self.gone or not self.orders.open

    def next_id(self):
        """A client's own id that was not used before, and is a UUID."""
        self._number += 1
        return str(uuid.UUID(int=(self.account << 64) + self._number, version=4))

    async def pause(self):
        """Think."""
        await trio.sleep(self.chance.expovariate(15))

    def price(self, far=0.03):
        """Somewhere around the market."""
        return f"{64_250 * (1 + self.chance.uniform(-far, far)):.2f}"

    def size(self):
        return f"{self.chance.randint(1, 60) / 10_000:.4f}"


class RailsTrader(Trader, Reader):
    """Trades on a socket on which it also hears of its orders and of the market; several at once."""

    path = "/rails?market=BTC-USD&subscriptions=orders,trades,publicTrades,publicOrderBook&ext=seq"

    def __init__(self, world, name, origin=None):
        super().__init__(world, name)
        self.heard = Heard(origin)
        self.token = None

    async def converse(self):
        await self.enter()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.impatience)
            nursery.start_soon(self.trade)
            await self.read()

    async def listen(self):
        await self.enter()
        await self.read()

    async def enter(self):
        """Get a token once, and show it in the handshake."""
        if self.token is None:
            headers = {"X_Api_Key": KEYS[self.name], "X_Api_Secret": SECRET}
            status, body = await ask(self.client, "POST", TOKEN, **headers)
            if status != 200:
                raise Difference(f"no token: {body}")
            self.token = body["access_token"]
            self.world.leave(self.client)
            self.client = self.world.connect()
        status, _ = await self.client.upgrade(
            self.target(), Sec_WebSocket_Protocol=f"authorization#{self.token}"
        )
        if status == 401 and self.world.jumped:  # a token from the future
            self.token = None
            raise Closed(0)
        if status != 101:
            raise Difference(f"{self.name} was not let in: {status}")

    async def read(self):
        while True:
            message = self.heard.take(await self.client.text())
            data = message["data"]
            if message["resultType"] == "createOrder" and isinstance(data, dict):
                self.answered(data)

    def answered(self, data):
        """An answer to an order, which may be told again after a resume."""
        name, status = data["clientRequestId"], data["statusCode"]
        if status in {200, 202}:
            self.orders.take(name, data["order"]["orderId"])
        elif status == 409:
            self.orders.take(name)
        elif status == 503:
            self.orders.refuse(name)
        else:
            raise Difference(f"{self.name}: {data}")

    async def trade(self):
        for name, order in list(self.orders.open.items()):
            if name in self.orders.open:  # else what it has missed has told it
                self.orders.repeated.add(name)
                await self.send("createOrder", clientRequestId=name, **order)
        while True:
            await self.pause()
            if not self.trading:
                await trio.sleep_forever()
            if self.orders.taken and self.chance.random() < 0.3:
                await self.cancel()
            elif len(self.orders.open) < 5:
                name, order = self.next_id(), self.order()
                self.orders.open[name] = order
                await self.send("createOrder", clientRequestId=name, **order)
            if self.orders.taken and self.chance.random() < 0.1:  # it does not trust what it was told
                name = self.chance.choice(list(self.orders.taken))
                self.orders.repeated.add(name)
                await self.send("createOrder", clientRequestId=name, **self.order())

    def order(self):
        """Any order."""
        order = {"orderType": self.chance.choice(["buy", "sell"]), "quantity": self.size()}
        if self.chance.random() < 0.4:
            return {**order, "tradeType": "market"}
        return {**order, "tradeType": "limit", "price": self.price()}

    async def cancel(self):
        order = self.orders.taken[self.chance.choice(list(self.orders.taken))]
        if order is None or self.chance.random() < 0.1:
            await self.send("cancelOrder", clientRequestId=self.next_id(), cancelBy="all")
        else:
            await self.send("cancelOrder", clientRequestId=self.next_id(), orderId=order)

    async def send(self, message, **content):
        await self.client.send({"message": message, "content": content})


class TradynTrader(Trader):
    """Trades by HTTP, a request at a time."""

    async def converse(self):
        while True:
            for name in list(self.orders.open):
                self.orders.repeated.add(name)
                await self.place(name)
            await self.pause()
            if not self.trading:
                await trio.sleep_forever()
            if self.orders.taken and self.chance.random() < 0.25:
                await self.cancel()
                continue
            name = self.next_id()
            self.orders.open[name] = self.order()
            if self.chance.random() < 0.1:
                with trio.move_on_after(self.chance.random() * 0.02):
                    await self.place(name)
                raise Closed(0)  # it did not wait for the answer
            await self.place(name)

    def order(self):
        """Any order: at the market, or one that waits for a price."""
        order = {"symbol": "BTC-USD", "volume": float(self.size()), "type": self.chance.randrange(6)}
        return order if order["type"] < 2 else {**order, "price": float(self.price())}

    async def place(self, name):
        status, body = await self.post("trade", clientId=name, **self.orders.open[name])
        if status == 200:
            self.orders.take(name, body["data"]["ticket"])
        elif status == 503:
            if "may still act" not in body["error"]:
                self.orders.refuse(name)
        elif body["error"] == "clientId was used before":
            self.orders.take(name)
        elif status == 400:
            self.orders.open.pop(name)  # the market did not take it
        else:
            raise Difference(f"{self.name}: {status} {body}")

    async def cancel(self):
        ticket = self.orders.taken[self.chance.choice(list(self.orders.taken))]
        if ticket is None:
            await self.post("orders/cancel-all")
        else:
            await self.post("orders/cancel", ticket=ticket)

    async def post(self, path, **fields):
        bearer = f"Bearer {KEYS[self.name]}"
        return await ask(self.client, "POST", f"/v1/api/{path}", fields, Authorization=bearer)


class BinanceTrader(Trader):
    """Trades on the WebSocket API with a wallet, a request at a time; asks before it sends one again."""

    async def converse(self):
        status, _ = await self.client.upgrade("/binance/ws-api/v3")
        if status != 101:
            raise Difference(f"{self.name} was not let in: {status}")
        while True:
            for name in list(self.orders.open):
                await self.settle(name)
            await self.pause()
            if not self.trading:
                await trio.sleep_forever()
            if self.chance.random() < 0.05:
                raise Closed(0)
            if self.orders.taken and self.chance.random() < 0.3:
                name = self.chance.choice(list(self.orders.taken))
                await self.ask("order.cancel", symbol="BTCUSDT", origClientOrderId=name)
            else:
                name = self.next_id()
                self.orders.open[name] = self.order()
                await self.place(name)

    def order(self):
        """Any order."""
        order = {"symbol": "BTCUSDT", "side": self.chance.choice(["BUY", "SELL"]), "quantity": self.size()}
        if self.chance.random() < 0.3:
            return {**order, "type": "MARKET"}
        return {**order, "type": "LIMIT", "timeInForce": "GTC", "price": self.price()}

    async def settle(self, name):
        """Find out what became of an order whose answer was lost, and send it again if nothing did."""
        answer = await self.ask("order.status", symbol="BTCUSDT", origClientOrderId=name)
        if answer["status"] == 200:
            self.orders.take(name, answer["result"]["orderId"])
        elif answer["error"]["code"] == -2013:
            self.orders.repeated.add(name)
            await self.place(name)
        else:
            raise Difference(f"{self.name}: {answer}")

    async def place(self, name):
        answer = await self.ask("order.place", newClientOrderId=name, **self.orders.open[name])
        if answer["status"] == 200:
            self.orders.take(name, answer["result"]["orderId"])
        elif answer["status"] == 503:
            if answer["error"]["code"] not in UNKNOWN:
                self.orders.refuse(name)
        elif answer["status"] == 400 and answer["error"]["msg"] != "Duplicate order sent.":
            self.orders.open.pop(name)  # such as for want of a balance
        else:
            raise Difference(f"{self.name}: {answer}")

    async def ask(self, method, **params):
        self._number += 1
        number = self._number
        now = int(self.world.wall() * 1000)
        params |= {"apiKey": KEYS[self.name], "timestamp": now, "recvWindow": 60_000}
        payload = "&".join(f"{name}={quote(str(params[name]), safe='')}" for name in sorted(params))
        signature = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
        await self.client.send({"id": number, "method": method, "params": {**params, "signature": signature}})
        while (message := await self.client.message()).get("id") != number:
            pass
        return message
