"""The WebSocket feed of a whole server: who may listen, and what is told of orders, to whom."""

import json

import pytest
import trio
from clients import Closed, request
from coinbase_exchange_server import KEYS, PREFIX, exchange, price, signature

from feed import Settings
from feed.dialects.coinbase_exchange.policy import CoinbaseExchangePolicy
from feed.policies import Policies

CLIENT = "0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f"


async def told(client, count):
    """The next messages."""
    return [await client.message() for _ in range(count)]


def failed(reason):
    shown = json.dumps({"message": reason}, separators=(",", ":"))
    return {"type": "error", "message": "Authentication Failed", "reason": shown}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": "nonsense"}, "Invalid API Key"),
        ({"key": 7}, "Invalid API Key"),
        ({"key": KEYS["erin"]}, "Invalid API Key"),
        ({"signature": signature("nonsense")}, "invalid signature"),
        ({"signature": 7}, "CB-ACCESS-SIGN header is required"),
        ({"passphrase": "nonsense"}, "Invalid Passphrase"),
        ({"timestamp": "1600000000"}, "request timestamp expired"),
        ({"timestamp": [1]}, "CB-ACCESS-TIMESTAMP header is required"),
    ],
)
async def test_a_subscription_that_does_not_show_who_asks(autojump_clock, change, reason):
    """With the reason that a request would be given, and nothing begins."""
    async with exchange() as server:
        client = await server.feed("level2", **server.signed(**change))
        assert await client.message() == failed(reason)


async def test_a_book_for_whoever_has_shown_a_key(autojump_clock):
    """A whole number is a timestamp as well; a later request need not show the key again."""
    async with exchange() as server:
        time = server.now // 1000
        signed = server.signed(timestamp=time, signature=signature(f"{time}GET/users/self/verify"))
        client = await server.feed("level2", **signed)
        subscriptions, snapshot = await told(client, 2)
        assert subscriptions["channels"] == [{"name": "level2", "product_ids": ["BTC-USD"]}]
        assert snapshot["type"] == "snapshot"
        assert float(snapshot["bids"][0][0]) == server.quote[0] / 100
        await client.send({"type": "subscribe", "product_ids": ["ETH-USD"], "channels": ["full"]})
        assert len((await client.message())["channels"]) == 2


async def test_an_account_is_told_of_its_orders(autojump_clock):
    """Received, open, and done; another account is told nothing."""
    async with exchange() as server:
        mine = await server.feed("user", **server.signed())
        others = await server.feed("user", **server.signed("bob", key=KEYS["bob"]))
        assert (await mine.message())["type"] == (await others.message())["type"] == "subscriptions"
        limit = price(server.quote[0] - 100)
        order = await server.order(size="0.5", price=limit, client_oid=CLIENT)
        received, opened = await told(mine, 2)
        assert received["type"] == "received"
        assert {name: received[name] for name in ("order_id", "side", "size", "price", "order_type")} == {
            name: order[name] for name in ("side", "size", "price")
        } | {"order_id": order["id"], "order_type": "limit"}
        assert (received["client_oid"], received["profile_id"]) == (CLIENT, order["profile_id"])
        assert (opened["type"], opened["remaining_size"]) == ("open", "0.50000000")
        assert opened["sequence"] == received["sequence"] + 1
        await server.ask("alice", "DELETE", f"/orders/{order['id']}")
        done = await mine.message()
        assert (done["type"], done["reason"], done["remaining_size"]) == ("done", "canceled", "0.50000000")
        assert done["sequence"] == opened["sequence"] + 1
        await server.order("bob", type="market", size="0.01")
        assert (await others.message())["type"] == "received"


async def test_an_account_is_told_of_its_trades(autojump_clock):
    """Each with the rate of its fee and both orders; the last one ends the order."""
    async with exchange() as server:
        mine = await server.feed("user", **server.signed())
        await mine.message()
        order = await server.order(type="market", size="0.75")
        fills = await server.get("alice", "/fills", order_id=order["id"])
        received, *matches, done = await told(mine, len(fills) + 2)
        assert (received["type"], received["order_type"], received["size"]) == (
            "received",
            "market",
            "0.75000000",
        )
        assert [one["type"] for one in matches] == ["match"] * len(fills)
        for match, fill in zip(matches, reversed(fills), strict=True):
            assert [match[name] for name in ("trade_id", "price", "size")] == [
                fill[name] for name in ("trade_id", "price", "size")
            ]
            assert match["taker_order_id"] == order["id"] != match["maker_order_id"]
            assert (match["side"], match["taker_fee_rate"]) == ("sell", "0.006000")
        assert (done["type"], done["reason"], done["order_id"]) == ("done", "filled", order["id"])
        numbers = [one["sequence"] for one in (received, *matches, done)]
        assert numbers == sorted(set(numbers))


async def test_both_sides_of_a_trade_are_told(autojump_clock):
    """The maker's is told as such; the side is the maker's in both."""
    async with exchange() as server:
        bid, ask = server.quote
        between = price(bid + 1)
        assert bid + 1 < ask
        alice = await server.feed("user", **server.signed())
        rests = await server.order(size="0.02", price=between)
        takes = await server.order("bob", side="sell", size="0.02", price=between)
        *_, match, done = await told(alice, 5)
        assert (match["type"], match["side"], match["maker_fee_rate"]) == ("match", "buy", "0.004000")
        assert (match["maker_order_id"], match["taker_order_id"]) == (rests["id"], takes["id"])
        assert (done["type"], done["order_id"], done["reason"]) == ("done", rests["id"], "filled")


async def test_orders_that_wait_or_end_at_once_are_told(autojump_clock):
    """A stop is activated; one that may not rest is received and done."""
    async with exchange() as server:
        mine = await server.feed("user", **server.signed())
        await mine.message()
        bid, ask = server.quote
        stop = await server.order(size="0.01", price=price(ask), stop_price=price(ask + 100_000))
        waits = await mine.message()
        assert (waits["type"], waits["order_id"], waits["stop_type"]) == ("activate", stop["id"], "entry")
        await server.order(size="0.01", price=price(bid - 100), time_in_force="FOK")
        received, done = await told(mine, 2)
        assert (received["type"], done["type"], done["reason"]) == ("received", "done", "canceled")
        assert received["sequence"] < done["sequence"]
        await server.order(size="0.05", price=price(bid + 1))
        await server.order(side="sell", size="0.02", price=price(bid + 1))
        *_, first, second = await told(mine, 5)
        assert {first["type"], second["type"]} == {"change", "done"}
        change = first if first["type"] == "change" else second
        assert (change["reason"], change["old_size"], change["new_size"]) == (
            "STP",
            "0.05000000",
            "0.03000000",
        )


async def test_everybody_is_told_of_all_orders_without_a_gap(autojump_clock):
    """From a book by request on: who follows has the book of a later request, order by order."""
    async with exchange(speed=1.0) as server:
        client = await server.feed("full", **server.signed())
        await client.message()
        status, _, book = await server.send("GET", "/products/BTC-USD/book?level=3")
        assert status == 200
        orders = {row[2]: (side, row[0], row[1]) for side in ("bids", "asks") for row in book[side]}
        own = await server.order(size="0.5", price=price(server.quote[0] - 100))
        await server.order("bob", type="market", size="0.4")
        number, seen = book["sequence"], set()
        last = None
        while last is None or number < last["sequence"]:
            message = await client.message()
            if message["sequence"] <= book["sequence"]:
                continue
            number += 1
            assert message["sequence"] == number
            follow(orders, message)
            seen.add(message["type"])
            if last is None and len(seen) > 3 and number > book["sequence"] + 400:
                *_, last = await server.send("GET", "/products/BTC-USD/book?level=3")
        assert number == last["sequence"]
        expected = {row[2]: (side, row[0], row[1]) for side in ("bids", "asks") for row in last[side]}
        assert orders == expected
        assert own["id"] in orders
        assert {"received", "open", "done", "match"} <= seen


def follow(orders, message):
    """Keep a book as the exchange's documents have it."""
    side = {"buy": "bids", "sell": "asks"}[message["side"]]
    match message["type"]:
        case "open":
            orders[message["order_id"]] = (side, message["price"], message["remaining_size"])
        case "done":
            orders.pop(message["order_id"], None)
        case "match":
            _, at, size = orders[message["maker_order_id"]]
            left = float(size) - float(message["size"])
            assert at == message["price"]
            orders[message["maker_order_id"]] = (side, at, f"{left:.8f}")
        case "change":
            orders[message["order_id"]] = (side, message["price"], message["new_size"])


async def test_an_address_may_connect_so_often_in_a_second(autojump_clock):
    """Then it has to wait for the next one."""
    policies = Policies(coinbase_exchange=CoinbaseExchangePolicy(connections_per_second=2))
    async with exchange(Settings(policies=policies)) as server:
        await trio.sleep(1 - trio.current_time() % 1)
        assert [(await server.connect().upgrade(PREFIX))[0] for _ in range(2)] == [101, 101]
        refused = server.connect()
        await refused.send_bytes(request(PREFIX))
        status, _, body = await refused.answer()
        assert (status, body) == (429, {"message": "Too many connections"})
        await trio.sleep(1)
        assert (await server.connect().upgrade(PREFIX))[0] == 101


async def test_a_connection_that_asks_for_nothing_is_closed(autojump_clock):
    """After five seconds; one that has asked for something stays."""
    async with exchange() as server:
        stays = await server.feed("heartbeat")
        client = server.connect()
        assert (await client.upgrade(PREFIX))[0] == 101
        with pytest.raises(Closed) as closed:
            await client.message()
        assert closed.value.code == 1008
        assert [one["type"] for one in await told(stays, 10)] == ["subscriptions"] + ["heartbeat"] * 9
