"""A server with a simulated market at Kraken's venue, and clients that sign what they ask."""

import base64
import hashlib
import hmac
import itertools
import json
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import trio.testing
from asking import answer, head
from binance_server import KEYS, SECRET, ExchangeServer, exchange

from feed.settings import SpotDeposit, Trading

TRADING = Trading(deposits=(SpotDeposit("USD", 100_000), SpotDeposit("BTC", 2), SpotDeposit("ETH", 5)))


def signature(path, nonce, body, secret=SECRET):
    """As the exchange's documents make it."""
    digest = hashlib.sha256(nonce.encode() + body).digest()
    made = hmac.new(base64.b64decode(secret), path.encode() + digest, hashlib.sha512).digest()
    return base64.b64encode(made).decode()


class KrakenServer(ExchangeServer):
    """A server whose market is simulated, with the exchange's REST."""

    def __init__(self, *args):
        super().__init__(*args)
        self._nonces = itertools.count(1)

    async def post(
        self, method, body, *, key, sign, prefix="/kraken", media="application/x-www-form-urlencoded"
    ):
        """One request as it stands: status and JSON."""
        client = self.connect()
        fields = {"API-Key": key, "API-Sign": sign, "Content-Type": media, "Content-Length": str(len(body))}
        target = f"{prefix}/0/private/{method}"
        headers = {name: value for name, value in fields.items() if value is not None}
        await client.send_bytes(head(target, method="POST", **headers) + body)
        status, _, found = await answer(client, method="POST")
        await client.stream.aclose()
        return status, found

    async def ask(self, name, method, *, nonce=None, as_json=False, **params):
        """One signed request by name of the key: what came back, with status 200."""
        nonce = str(next(self._nonces)) if nonce is None else nonce
        sent = {"nonce": nonce, **{field: value for field, value in params.items() if value is not None}}
        body = (json.dumps(sent) if as_json else urlencode(sent)).encode()
        sign = signature(f"/0/private/{method}", nonce, body)
        media = {"media": "application/json"} if as_json else {}
        status, found = await self.post(method, body, key=KEYS[name], sign=sign, **media)
        assert status == 200, found
        return found

    async def result(self, name, method, **params):
        """What was asked for."""
        found = await self.ask(name, method, **params)
        assert found["error"] == [], found
        return found["result"]

    async def refusal(self, name, method, **params):
        """The one error."""
        found = await self.ask(name, method, **params)
        (error,) = found["error"]
        assert "result" not in found
        return error

    async def order(self, name="alice", **params):
        """Id of an order that was placed."""
        terms = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", **params}
        (txid,) = (await self.result(name, "AddOrder", **terms))["txid"]
        return txid

    async def public(self, method, query=""):
        """What anybody may ask."""
        client = self.connect()
        await client.send_bytes(head(f"/kraken/0/public/{method}?{query}"))
        *_, found = await answer(client)
        await client.stream.aclose()
        return found["result"]

    async def advance(self, seconds):
        """Let market time go on, and everybody be told."""
        control = self.script.control
        control.seek(control.status().market_time + seconds * 10**9)
        await trio.testing.wait_all_tasks_blocked()
        await self.context.fanout.published(control.status().seq)

    async def info(self, txid, name="alice"):
        """An order as it stands."""
        return (await self.result(name, "QueryOrders", txid=txid, trades="true"))[txid]


@asynccontextmanager
async def kraken_exchange(settings=None, **options):
    """See :func:`binance_server.exchange`; the first pair is XBTUSD."""
    symbols = options.pop("symbols", ("BTC-USD@kraken", "ETH-USD@kraken"))
    async with exchange(settings, symbols=symbols, kind=KrakenServer, trading=TRADING, **options) as server:
        yield server


def price(ticks):
    """Of XBTUSD, as an order says it."""
    return f"{ticks / 10:.1f}"
