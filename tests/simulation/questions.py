"""What accounts can ask at any time; two servers in the same state answer the same."""

import hashlib
import hmac
from urllib.parse import urlencode

from asking import head
from clients import Closed

from tests.simulation.keys import KEYS, SECRET

TRADYN = ("account", "positions", "orders", "orders/history", "deals")
SYMBOL = {"symbol": "BTCUSDT"}
BINANCE = {"account": {}, "openOrders": {}, "allOrders": SYMBOL, "myTrades": SYMBOL}


async def asked(world):
    """Every account's money, positions and orders, by the protocols' own requests: question and answer."""
    found = []
    for name in ("rails", "tradyn"):
        for path in TRADYN:
            target = f"/v1/api/{path}"
            found.append((name, path, await _get(world, target, Authorization=f"Bearer {KEYS[name]}")))
    for path, more in BINANCE.items():
        now = int(world.wall() * 1000)
        query = urlencode({"timestamp": now, "recvWindow": 60_000, **more})
        signature = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        target = f"/binance/api/v3/{path}?{query}&signature={signature}"
        found.append(("binance", path, await _get(world, target, X_MBX_APIKEY=KEYS["binance"])))
    return found


async def _get(world, target, **headers):
    client = world.connect()
    await client.send_bytes(head(target, **headers))
    status, fields = await client.head()
    while len(client._buffer) < int(fields["content-length"]):
        if not await client._more():
            raise Closed(0)
    body = bytes(client._buffer).decode()
    world.leave(client)
    return status, body
