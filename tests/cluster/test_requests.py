"""Requests of accounts by way of edges: they act as if they had been made at one server."""

import json
import re
from contextlib import asynccontextmanager, suppress
from random import Random
from uuid import UUID

import attrs
import pytest
import trio
from asking import ask
from binance_server import ENTRIES, KEYS, SECRET, START, signature
from block_logs import open_edge
from clients import Closed
from kraken_server import KrakenServer
from listed import listed
from sequenced_servers import Followed, open_sequencer

from feed import Settings
from feed.model.market import MarketSpec
from feed.model.stream_position import StreamPosition, first_proof
from feed.settings import SpotDeposit, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market
from feed.sim.runner import MarketRunner
from feed.stream.chain import chained

pytestmark = pytest.mark.protocols("binance", "kraken", "rails", "tradyn")

SPEC = MarketSpec(instruments=listed("BTC-USD@kraken", "BTC-USDT", "BTC-USD"))
TRADING = Trading(deposits=(SpotDeposit("USD", 100_000), SpotDeposit("USDT", 50_000), SpotDeposit("BTC", 2)))
SETTINGS = Settings(trading=TRADING)
WALL = START / 10**9
BUY = {"orderType": "buy", "tradeType": "market", "quantity": "0.01"}


class Traded(Followed, KrakenServer):
    """One whose market is simulated, on the clock of the test."""


class Ledger:
    """What acted, in order; or nothing does."""

    def __init__(self):
        self.entries = []
        self.full = False

    def write(self, entry):
        if not self.full:
            self.entries.append(entry)
        return not self.full


@asynccontextmanager
async def traded(ledger=None, *, settings=SETTINGS):
    """A server that lets others follow; what acts in its market is in the ledger."""
    source = MarketRunner(
        ClientMarket(Market(SPEC, seed=3, start=START), trading=TRADING),
        flow=settings.flow,
        speed=1.0,
        journal=(ledger or Ledger()).write,
    )
    async with open_sequencer(settings, source, keys=ENTRIES, kind=Traded, clock=lambda: WALL) as server:
        yield server


def edge_of(server, name):
    return open_edge(server.link(name), server.settings, wall=lambda: WALL, keys=ENTRIES)


async def read(client):
    with suppress(Closed):
        while True:
            await client.text()


async def token_of(server, name):
    """For rails; given out where the market is."""
    headers = {"X-Api-Key": KEYS[name], "X-Api-Secret": SECRET}
    status, _, given = await ask(server.connect(), "/api/v1/token", method="POST", **headers)
    assert status == 200, given
    return given["access_token"]


async def opened(server, path, **headers):
    """A client that reads to the end."""
    client = server.connect()
    assert (await client.upgrade(path, **headers))[0] == 101
    server.nursery.start_soon(read, client)
    return client


async def rails(server, token):
    return await opened(server, "/rails?market=BTC-USD", Sec_WebSocket_Protocol=f"authorization#{token}")


def create(number, **terms):
    """An order on rails."""
    return {"message": "createOrder", "content": {"clientRequestId": str(UUID(int=number)), **BUY, **terms}}


def signed(number, method, name, **params):
    """A request to Binance's WebSocket API."""
    params = {"apiKey": KEYS[name], "timestamp": START // 10**6, **params}
    params["signature"] = signature(name, "&".join(f"{field}={params[field]}" for field in sorted(params)))
    return {"id": number, "method": method, "params": params}


def answers(client):
    """What a client of rails was told of the orders of its account."""
    found = []
    for part in bytes(client.data).split(b'{"resultType":"createOrder"')[1:]:
        message, _ = json.JSONDecoder().raw_decode('{"x":0' + part.decode("latin-1"))
        if message["data"]["statusCode"] != 202:  # that it was received
            found.append(message["data"])
    return found


def _kraken(number, pair, token, side, size):
    terms = {"symbol": "BTC/USD", "side": side, "order_type": "market", "order_qty": float(size)}
    return {"method": "add_order", "params": {"token": token, **terms}, "req_id": number}


def _binance(number, pair, token, side, size):
    terms = {"type": "LIMIT", "timeInForce": "GTC", "quantity": size, "price": f"{pair.price:.2f}"}
    return signed(number, "order.place", pair.name, symbol="BTCUSDT", side=side.upper(), **terms)


def _rails(number, pair, token, side, size):
    return create(number, orderType=side, quantity=size)


ORDERS = {"kraken": _kraken, "binance": _binance, "rails": _rails}


@attrs.define
class Pair:
    """A client of a server alone and one of an edge; by tokens of each."""

    protocol: str
    name: str
    clients: list
    tokens: list
    price: float = 0.0


async def trading_pairs(markets, first, second):
    """One of each protocol with orders, two of one; each also hears of its account."""
    alone, _ = markets
    pairs = []
    for name, edge in (("alice", first), ("bob", second)):
        tokens = [await token_of(one, name) for one in markets]
        clients = [await rails(one, token) for one, token in zip((alone, edge), tokens, strict=True)]
        pairs.append(Pair("rails", name, clients, tokens))
    clients = [await opened(one, "/binance/ws-api/v3") for one in (alone, first)]
    for client in clients:
        await client.send(signed(0, "userDataStream.subscribe.signature", "bob"))
    pairs.append(Pair("binance", "bob", clients, ["", ""]))
    tokens = [(await one.result("alice", "GetWebSocketsToken"))["token"] for one in markets]
    clients = [await opened(one, "/kraken/v2") for one in (alone, second)]
    for client, token in zip(clients, tokens, strict=True):
        for channel in ("executions", "balances"):
            await client.send({"method": "subscribe", "params": {"channel": channel, "token": token}})
    return [*pairs, Pair("kraken", "alice", clients, tokens)]


def told(client):
    """All that a client was told, but for when an answer was written: at the end of what the fan-out took."""
    return re.sub(rb'"time_out":"[^"]*"', b"", bytes(client.data))


async def test_orders_by_two_edges_act_as_at_one_server(autojump_clock):
    """
    Every protocol with orders on a connection: all that its clients are told is what they would have been
    told by a server alone, byte for byte, and so is the market.
    """
    ledger, chance = Ledger(), Random(4)
    async with (
        traded() as alone,
        traded(ledger) as sequencer,
        edge_of(sequencer, "a") as first,
        edge_of(sequencer, "b") as second,
    ):
        pairs = await trading_pairs((alone, sequencer), first, second)
        await trio.sleep(1)
        for number in range(40):
            pair, side, size = chance.choice(pairs), chance.choice(("buy", "sell")), chance.randint(1, 9)
            bid = alone.context.fanout.hub.market_state.quote(1).bid
            pair.price = bid * 0.999 / 100
            for client, token in zip(pair.clients, pair.tokens, strict=True):
                await client.send(ORDERS[pair.protocol](number, pair, token, side, f"0.0{size}"))
            await trio.sleep(chance.choice((0.01, 0.1, 0.5)))
        await trio.sleep(2)
        for control in (alone.script.control, sequencer.script.control):
            control.pause()
        await trio.sleep(5)
        hubs = [one.context.fanout.hub for one in (alone, sequencer, first, second)]
        assert len({hub.position for hub in hubs}) == 1
        assert len(ledger.entries) == 40
        for pair in pairs:
            mine, same = map(told, pair.clients)
            assert len(mine) > 1000, pair.protocol
            assert same == mine, pair.protocol


async def test_what_acts_is_the_same_market_whoever_asked(autojump_clock):
    """Two edges and the server itself, one account, at the same moments: the ledger's order decides."""
    ledger, chance = Ledger(), Random(7)
    async with (
        traded(ledger) as sequencer,
        edge_of(sequencer, "a") as first,
        edge_of(sequencer, "b") as second,
    ):
        token = await token_of(sequencer, "alice")
        clients = [await rails(one, token) for one in (sequencer, first, second)]

        async def trade(at, client, chance):
            for number in range(30):
                await client.send(create(1000 * at + number, orderType=chance.choice(("buy", "sell"))))
                await trio.sleep(chance.choice((0, 0.05, 0.1)))

        async with trio.open_nursery() as nursery:
            for at, client in enumerate(clients):
                nursery.start_soon(trade, at, client, Random(chance.random()))
        await trio.sleep(1)
        sequencer.script.control.pause()
        await trio.sleep(2)
        for client in clients:
            heard = answers(client)
            assert len({one["clientRequestId"] for one in heard}) == len(heard) == 90
            assert {one["statusCode"] for one in heard} == {200}
        again = ClientMarket(Market(SPEC, seed=3, start=START), trading=TRADING, entries=ledger.entries)
        rows = [*again.opening(), *again.advance(sequencer.script.control.now)]
        proof = chained(rows, first_proof(sequencer.context.listing))[1][-1]
        assert sequencer.context.fanout.hub.position == StreamPosition(len(rows), proof)
        assert len({one.context.fanout.hub.position for one in (sequencer, first, second)}) == 1


async def test_orders_by_http(autojump_clock):
    """The answer says what the order did, and comes when the edge has told of it."""
    async with traded() as sequencer, edge_of(sequencer, "a") as edge:
        await trio.sleep(1)
        body = b'{"symbol":"BTC-USD","action":"buy","volume":0.1}'
        headers = {"Authorization": f"Bearer {KEYS['alice']}"}
        status, _, answer = await ask(edge.connect(), "/v1/api/trade", method="POST", body=body, **headers)
        assert (status, answer["success"]) == (200, True), answer
        _, _, positions = await ask(edge.connect(), "/v1/api/positions", **headers)
        assert "BTC-USD" in json.dumps(positions)


async def test_a_refusal_comes_at_once_while_the_market_stands(autojump_clock):
    """No event follows that it could wait for."""
    ledger = Ledger()
    async with traded(ledger) as sequencer, edge_of(sequencer, "a") as edge:
        client = await rails(edge, await token_of(sequencer, "alice"))
        sequencer.script.control.pause()
        await trio.sleep(3.5)
        ledger.full = True
        await client.send(create(1))
        await trio.sleep(0.01)
        assert [one["statusCode"] for one in answers(client)] == [503]
        ledger.full = False
        await client.send(create(2))
        await trio.sleep(0.01)
        assert [one["statusCode"] for one in answers(client)][1:] == [200]


@pytest.mark.parametrize("seed", range(4))
async def test_a_link_that_breaks_loses_and_doubles_no_request(autojump_clock, seed):
    """Those that were on their way come by the next connection; each acts once, and is answered."""
    ledger, chance = Ledger(), Random(seed)
    async with traded(ledger) as sequencer, edge_of(sequencer, "a") as edge:
        client = await rails(edge, await token_of(sequencer, "alice"))
        sent = 0
        for _ in range(8):
            for _ in range(chance.randint(1, 5)):
                await client.send(create(sent))
                sent += 1
                if chance.random() < 0.3:
                    await trio.sleep(chance.choice((0, 0.01)))
            await sequencer.streams[-1].aclose()
            await trio.sleep(chance.choice((0.5, 3)))
        await trio.sleep(5)
        heard = answers(client)
        assert sorted(UUID(one["clientRequestId"]).int for one in heard) == list(range(sent))
        good = [one for one in heard if one["statusCode"] == 200]
        assert len(ledger.entries) == len(good) > sent // 2


async def test_away_from_the_market_orders_are_refused_and_reads_answered(autojump_clock):
    """In the words of the protocol, at once; again taken when the way is there again."""
    async with traded() as sequencer, edge_of(sequencer, "a") as edge:
        client = await rails(edge, await token_of(sequencer, "alice"))
        connect, edge.market._link._connect = edge.market._link._connect, _nowhere
        await sequencer.streams[-1].aclose()
        await trio.sleep(1)
        await client.send(create(1))
        await trio.sleep(0.01)
        assert [one["statusCode"] for one in answers(client)] == [503]
        status, _, _ = await ask(edge.connect(), "/kraken/0/public/Trades?pair=XBTUSD")
        assert status == 200
        edge.market._link._connect = connect
        await trio.sleep(3)
        await client.send(create(2))
        await trio.sleep(0.1)
        assert [one["statusCode"] for one in answers(client)] == [503, 200]


async def _nowhere():
    raise ConnectionRefusedError(111, "Connection refused")
