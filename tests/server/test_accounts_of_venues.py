"""One account at several venues: what it does at one is told there, to itself, and to the operator."""

import json

import attrs
import coinbase_exchange_server
import pytest
import trio
from asking import ADMIN_KEY
from asking import ask as ask_http
from binance_server import ENTRIES, KEYS, SECRET, ApiClient
from binance_server import exchange as any_exchange
from kraken_server import KrakenServer

from feed.server.keys import digest
from feed.settings import SpotDeposit, Trading

pytestmark = pytest.mark.protocols("binance", "kraken", "coinbase_exchange", "rails", "guide", "tradyn")

SYMBOLS = ("BTC-USD@kraken", "BTC-USDT", "BTC-USD")
TRADING = Trading(deposits=(SpotDeposit("USD", 100_000), SpotDeposit("USDT", 50_000), SpotDeposit("BTC", 2)))
PASSPHRASE = "open sesame"
MARKET_DATA = ("heartbeat", "status")


async def binance(server, name):
    """A user's events."""
    client = server.connect()
    assert (await client.upgrade("/binance/ws-api/v3"))[0] == 101
    done, _ = await ApiClient(server, client).ask("userDataStream.subscribe.signature", key=name)
    assert done["status"] == 200, done
    return client


async def kraken(server, name):
    """Executions and balances, past what they begin with."""
    client = server.connect()
    assert (await client.upgrade("/kraken/v2"))[0] == 101
    token = (await server.result(name, "GetWebSocketsToken"))["token"]
    for channel in ("executions", "balances"):
        await client.send({"method": "subscribe", "params": {"channel": channel, "token": token}})
    assert all(one.get("success", True) for one in await heard(client))
    return client


async def guide(server, name):
    client = await server.upgraded("/guide")
    await client.send({"type": "auth", "key": KEYS[name]})
    await client.send({"type": "subscribe", "channels": ["orders", "positions", "balances"]})
    assert (await heard(client))[-1]["type"] == "subscribed"
    return client


async def tradyn(server, name):
    client = await server.upgraded("/tradyn")
    await client.send({"type": "auth", "apiKey": KEYS[name]})
    await client.send({"type": "subscribe", "channels": ["orders", "positions", "account"]})
    assert (await heard(client))[-1]["channels"] == ["orders", "positions", "account"]
    return client


async def rails(server, name):
    headers = {"X-Api-Key": KEYS[name], "X-Api-Secret": SECRET}
    status, _, given = await ask_http(server.connect(), "/api/v1/token", method="POST", **headers)
    assert status == 200, given
    token = given["access_token"]
    client = server.connect()
    subprotocol = f"authorization#{token}"
    status, _ = await client.upgrade("/rails?market=BTC-USD", Sec_WebSocket_Protocol=subprotocol)
    assert status == 101
    await client.send({"message": "emitOrders"})
    await heard(client)
    return client


async def coinbase_exchange(server, name):
    client = await server.upgraded("/coinbase-exchange")
    time = str(server.now / 1000)
    shown = {
        "key": KEYS[name],
        "timestamp": time,
        "signature": coinbase_exchange_server.signature(f"{time}GET/users/self/verify", SECRET),
        "passphrase": PASSPHRASE,
    }
    await client.send({"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["user"], **shown})
    assert (await heard(client))[0]["type"] == "subscriptions"
    return client


STREAMS = {each.__name__: each for each in (binance, kraken, coinbase_exchange, guide, tradyn, rails)}


async def heard(client):
    """Every message that is on its way, but what a connection is told with nothing to tell."""
    found = []
    with trio.move_on_after(0.5):
        while True:
            message = await client.message()
            if message.get("channel") not in MARKET_DATA:
                found.append(message)
    return found


@pytest.fixture
async def server(autojump_clock):
    """A market with a pair at each of three venues, whose time stands."""
    keys = [attrs.evolve(entry, passphrase=digest(PASSPHRASE)) for entry in ENTRIES]
    async with any_exchange(symbols=SYMBOLS, kind=KrakenServer, trading=TRADING, keys=keys) as running:
        yield running


async def test_an_order_is_told_at_its_venue_to_its_account_alone(server):
    """Placed and filled on Kraken: on every other stream of either account there is silence."""
    mine = {name: await begin(server, "alice") for name, begin in STREAMS.items()}
    theirs = {name: await begin(server, "bob") for name, begin in STREAMS.items()}
    _, ask = server.quote
    await server.order(price=f"{ask / 10:.1f}")
    await server.order(price=f"{ask / 20:.1f}")
    await server.advance(1)
    told = {name: await heard(client) for name, client in mine.items()}
    assert [name for name, messages in told.items() if messages] == ["kraken"]
    channels = {message["channel"] for message in told["kraken"]}
    assert channels == {"executions", "balances"}
    assert {name: await heard(client) for name, client in theirs.items()} == {name: [] for name in STREAMS}


async def test_an_order_at_another_venue_is_told_there(server):
    """By a key that is good for both, of the same account."""
    mine = {name: await begin(server, "alice too") for name, begin in STREAMS.items()}
    bid = server.context.fanout.hub.market_state.quote(SYMBOLS.index("BTC-USDT")).bid
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    api = ApiClient(server, await server.upgraded("/binance/ws-api/v3"))
    placed, _ = await api.ask("order.place", key="alice", price=f"{bid * 0.95 / 100:.2f}", **params)
    assert placed["status"] == 200, placed
    await server.advance(1)
    assert [name for name, client in mine.items() if await heard(client)] == ["binance"]


async def test_the_operator_sees_every_venue_of_an_account(server):
    """What it has at each, what orders hold of it, how many these are; keys of one account together."""
    _, ask = server.quote
    await server.order(price=f"{ask / 20:.1f}", volume="0.5")
    await server.advance(1)
    headers = {"X-API-Key": ADMIN_KEY}
    status, _, shown = await ask_http(server.connect(), "/admin/accounts", **headers)
    assert status == 200
    accounts = {each["account"]: each for each in shown["accounts"]}
    alice = accounts[1]
    assert alice["keys"] == ["alice", "alice too"]
    assert alice["spot_orders"] == 1
    by_venue = {}
    for each in alice["wallets"]:
        by_venue.setdefault(each["venue"], {})[each["asset"]] = float(each["free"]), float(each["locked"])
    held = ask / 20 / 2
    assert by_venue["kraken"]["USD"][1] == pytest.approx(held, rel=0.01)
    assert sum(by_venue["kraken"]["USD"]) == 100_000
    assert by_venue["binance"] == {"BTC": (2.0, 0.0), "USDT": (50_000.0, 0.0)}
    assert by_venue["coinbase"] == {"BTC": (2.0, 0.0), "USD": (100_000.0, 0.0)}
    assert accounts[2]["spot_orders"] == 0
    assert json.dumps(shown).count("tk_") == 0
