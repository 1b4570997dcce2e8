"""Accounts by WebSocket through a whole server: tokens, and what is told beside what REST says."""

from decimal import Decimal

from binance_server import GRANTS, KEYS, SECRET, texts
from kraken_server import kraken_exchange, price

from feed.server.keys import entry_for

INVALID = "ESession:Invalid session"


class Trader:
    """A connection to the second WebSocket API."""

    def __init__(self, client):
        self.client = client
        self.heard = []

    async def ask(self, method, token, **params):
        """The answer to one request, past what else is told before it."""
        await self.client.send({"method": method, "params": {"token": token, **params}})
        while True:
            message = await self.client.message()
            self.heard.append(message)
            if message.get("method") == method:
                return message

    async def listen(self, token):
        """Hear of an account."""
        for channel in ("executions", "balances"):
            done = await self.ask("subscribe", token, channel=channel)
            assert done["success"], done

    async def catch_up(self):
        """Hear all that was told until now."""
        await self.client.send({"method": "ping"})
        while self.heard[-1].get("method") != "pong":
            self.heard.append(await self.client.message())

    def of(self, channel):
        return [one for one in self.heard if one.get("channel") == channel]


async def connected(server):
    client = server.connect()
    assert (await client.upgrade("/kraken/v2"))[0] == 101
    return Trader(client)


async def token(server, name="alice"):
    return (await server.result(name, "GetWebSocketsToken"))["token"]


def terms(server, **more):
    bid, _ = server.quote
    limit = {"order_type": "limit", "limit_price": float(price(bid - 100)), "side": "buy"}
    return {"symbol": "BTC/USD", "order_qty": 0.5, **limit, **more}


async def test_what_is_told_is_what_rest_says(autojump_clock):
    """Of an order that rests, of one that trades, of balances; whichever way they came in."""
    async with kraken_exchange() as server:
        trader, good = await connected(server), await token(server)
        await trader.listen(good)
        resting = (await trader.ask("add_order", good, **terms(server, cl_ord_id="mine")))["result"][
            "order_id"
        ]
        traded = await server.order(ordertype="market", volume="1")
        await trader.catch_up()
        last = {}
        for message in trader.of("executions"):
            for one in message["data"]:
                last[one["order_id"]] = one
        for name in (resting, traded):
            asked, told = await server.info(name), last[name]
            assert Decimal(asked["vol_exec"]) == Decimal(str(told["cum_qty"]))
            assert Decimal(asked["cost"]) == Decimal(str(told["cum_cost"]))
            assert Decimal(asked["fee"]) == Decimal(str(told["fee_usd_equiv"]))
            assert asked.get("cl_ord_id") == told.get("cl_ord_id")
        assert (last[resting]["order_status"], last[traded]["order_status"]) == ("new", "filled")
        held = {one["asset"]: one["balance"] for message in trader.of("balances") for one in message["data"]}
        balances = await server.result("alice", "Balance")
        assert float(balances["XXBT"]) == held["BTC"] == 3
        assert float(balances["ZUSD"]) == held["USD"]
        trades = [one["data"][0] for one in trader.of("executions") if one["data"]]
        ids = {one["exec_id"] for one in trades if one["exec_type"] == "trade"}
        assert ids == (await server.result("alice", "TradesHistory"))["trades"].keys()


async def test_equal_connections_hear_equal_bytes(autojump_clock):
    """Whoever asked; those of another account, and those that listen to nothing, hear nothing of it."""
    async with kraken_exchange() as server:
        traders = [await connected(server) for _ in range(3)]
        for trader, name in zip(traders, ("alice", "alice too", "bob"), strict=True):
            await trader.listen(await token(server, name))
        asking = await connected(server)
        good = await token(server)
        assert (await asking.ask("add_order", good, **terms(server)))["success"]
        assert (await asking.ask("cancel_all", good))["result"] == {"count": 1}
        for trader in traders:
            await trader.catch_up()
        first, second, other = (
            texts(one for one in trader.heard if one.get("channel") in ("executions", "balances"))
            for trader in traders
        )
        assert first == second
        assert len(first) == 5
        assert len(other) == 2
        assert asking.of("executions") == []


async def test_a_token_ends_after_a_while_but_not_where_it_is_listened_by(autojump_clock):
    """On a connection that was made in time it stays good; one asked for again is another one."""
    async with kraken_exchange() as server:
        listening, good = await connected(server), await token(server)
        await listening.listen(good)
        server.wall += 899
        assert (await (await connected(server)).ask("cancel_all", good))["success"]
        server.wall += 2
        late = await connected(server)
        assert (await late.ask("cancel_all", good))["error"] == INVALID
        assert (await late.ask("subscribe", good, channel="balances"))["error"] == INVALID
        assert (await listening.ask("add_order", good, **terms(server)))["success"]
        await late.listen(await token(server))


async def test_what_is_no_token_of_this_protocol_is_none(autojump_clock):
    """A key, a stream key of another protocol, nothing."""
    async with kraken_exchange() as server:
        trader = await connected(server)
        entry = entry_for(KEYS["alice"], GRANTS["alice"], secret=SECRET)
        other = server.context.router._stream_keys.open("another", entry, 900)
        for text in (KEYS["alice"], other, "x"):
            assert (await trader.ask("subscribe", text, channel="executions"))["error"] == INVALID
        assert (await trader.ask("cancel_all", ""))["error"] == "EGeneral:Invalid arguments:token"


async def test_a_key_that_only_reads_listens_and_does_not_trade(autojump_clock):
    """Its token has its scopes."""
    async with kraken_exchange() as server:
        trader, good = await connected(server), await token(server, "carol")
        await trader.listen(good)
        refused = await trader.ask("add_order", good, **terms(server))
        assert refused["error"] == "EAccount:Invalid permissions"
