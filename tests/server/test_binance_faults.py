"""Faults in the exchange's own terms, as a client of Binance sees each."""

import json

import pytest
import trio
from asking import ADMIN, ask
from binance_server import KEYS, exchange, price

pytestmark = pytest.mark.protocols("binance")

BANNED = (
    "Way too much request weight used; IP banned until {}. Please use WebSocket Streams for live updates to "
    "avoid bans."
)
HERE = "127.0.0.1"


async def begin(server, kind, *, key="", **fields):
    """A fault that an operator adds, for this protocol alone."""
    aim = {"dialect": "binance"} | ({"key": key} if key else {})
    body = json.dumps({"name": kind, "kind": kind, "aim": aim, **fields}).encode()
    status, _, answer = await ask(server.connect(), "/admin/faults", method="POST", body=body, **ADMIN)
    assert status == 201, answer


async def end(server, kind):
    """It is removed; what became of it."""
    path = f"/admin/faults?name={kind}"
    status, _, answer = await ask(server.connect(), path, method="DELETE", **ADMIN)
    assert status == 200, answer
    return answer


async def codes(server, name, *, path="api/v3/account", **params):
    """Status and code of an answer; the code is 0 where there is none."""
    status, headers, found = await server.ask(name, "GET", path, **params)
    return status, found.get("code", 0), headers.get("retry-after")


async def test_a_key_is_banned_alone():
    """418 with Retry-After, by REST and in the WebSocket API, whose connection ends; others go on."""
    async with exchange() as server:
        await begin(server, "ban", key="alice", duration_seconds=90)
        status, headers, found = await server.ask("alice", "GET", "api/v3/account")
        until = int((server.wall + 90) * 1000)
        assert (status, found) == (418, {"code": -1003, "msg": BANNED.format(until)})
        assert headers["retry-after"] == "90"
        assert (await server.send("GET", "api/v3/time", key=KEYS["alice"]))[0] == 418
        for other in ("bob", "alice too"):
            assert await codes(server, other) == (200, 0, None)
        assert (await server.send("GET", "api/v3/time"))[0] == 200
        api = await server.api()
        refused, _ = await api.ask("account.status", key="alice")
        assert (refused["status"], refused["error"]["code"]) == (418, -1003)
        assert refused["error"]["data"]["retryAfter"] == until
        assert (await api.client.rest())[1] == 1008
        other = await server.api()
        assert (await other.ask("account.status", key="bob"))[0]["status"] == 200
        assert (await end(server, "ban"))["refused"] == 3
        assert await codes(server, "alice") == (200, 0, None)


async def test_an_address_is_banned_for_whoever_shows_no_good_key():
    """Those with one are counted by it, and go on from the same machine; so do other protocols."""
    async with exchange() as server:
        await begin(server, "ban", address=HERE)
        status, headers, _ = await server.send("GET", "api/v3/time")
        assert (status, headers["retry-after"]) == (418, "60")
        assert (await server.send("GET", "api/v3/time", key="of nobody"))[0] == 418
        assert await codes(server, "alice") == (200, 0, None)
        api = await server.api()
        refused, _ = await api.ask("time")
        assert refused["status"] == 418
        client = server.connect()
        assert (await client.upgrade("/binance/ws/btcusdt@trade"))[0] == 101
        assert (await server.connect().upgrade("/tradyn"))[0] == 101


@pytest.mark.parametrize(
    ("skew", "refused"), [(8000, "outside of the recvWindow"), (-2000, "1000ms ahead of the server's time")]
)
async def test_a_skewed_clock_refuses_who_does_not_ask_for_the_time(skew, refused):
    """-1021 until the client takes the time from the server again, and once more when all is well."""
    async with exchange() as server:
        await begin(server, "clock-skew", skew_ms=skew)
        status, _, found = await server.ask("alice", "GET", "api/v3/account")
        assert (status, found["code"]) == (400, -1021)
        assert refused in found["msg"]
        api = await server.api()
        answer, _ = await api.ask("account.status", key="alice")
        assert (answer["status"], answer["error"]["code"]) == (400, -1021)
        _, _, told = await server.send("GET", "api/v3/time")
        assert told["serverTime"] == server.now + skew
        assert (await api.ask("time"))[0]["result"]["serverTime"] == server.now + skew
        assert await codes(server, "alice", timestamp=told["serverTime"]) == (200, 0, None)
        await end(server, "clock-skew")
        assert await codes(server, "alice") == (200, 0, None)
        if skew > 0:
            assert (await codes(server, "alice", timestamp=told["serverTime"]))[:2] == (400, -1021)


async def test_the_clock_is_skewed_for_one_key():
    """Who shows another, or none, knows nothing of it."""
    async with exchange() as server:
        await begin(server, "clock-skew", key="alice", skew_ms=60_000)
        assert (await codes(server, "alice"))[:2] == (400, -1021)
        assert await codes(server, "bob") == (200, 0, None)
        assert (await server.send("GET", "api/v3/time"))[2]["serverTime"] == server.now


async def test_maintenance_is_announced_and_takes_no_orders():
    """Market data goes on, and what rests stays; afterwards all is as it was."""
    async with exchange() as server:
        bid, _ = server.quote
        order = await server.order(price=price(bid - 100), quantity="0.001")
        await begin(server, "maintenance")
        said = await server.send("GET", "sapi/v1/system/status")
        assert said[2] == {"status": 1, "msg": "system_maintenance"}
        refused = {"code": 1, "msg": "System is under maintenance."}
        status, _, found = await server.ask(
            "alice", "DELETE", "api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]
        )
        assert (status, found) == (503, refused)
        api = await server.api()
        answer, _ = await api.ask("order.cancel", key="alice", symbol="BTCUSDT", orderId=order["orderId"])
        assert (answer["status"], answer["error"]) == (503, refused)
        assert (await server.send("GET", "api/v3/depth", "symbol=BTCUSDT"))[0] == 200
        await end(server, "maintenance")
        assert (await server.send("GET", "sapi/v1/system/status"))[2] == {"status": 0, "msg": "normal"}
        _, _, opened = await server.ask("alice", "GET", "api/v3/openOrders")
        assert [one["orderId"] for one in opened] == [order["orderId"]]


async def test_an_order_is_accepted_and_its_report_is_lost():
    """The answer comes, the balance is told, REST knows the order: only executionReport never comes."""
    async with exchange() as server:
        api, listener = await server.api(), await server.api()
        await listener.ask("userDataStream.subscribe.signature", key="alice")
        await begin(server, "gap", key="alice", channel="userData", event="execution", messages=1)
        bid, _ = server.quote
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        at = {"price": price(bid - 100), "quantity": "0.001"}
        placed, _ = await api.ask("order.place", key="alice", **order, **at)
        assert placed["status"] == 200
        number = placed["result"]["orderId"]
        (told,) = await listener.events(1)
        assert told["event"]["e"] == "outboundAccountPosition"
        _, _, known = await server.ask("alice", "GET", "api/v3/order", symbol="BTCUSDT", orderId=number)
        assert (known["orderId"], known["status"]) == (number, "NEW")
        await api.ask("order.cancel", key="alice", symbol="BTCUSDT", orderId=number)
        report, position = await listener.events(2)
        assert (report["event"]["i"], report["event"]["x"]) == (number, "CANCELED")
        assert position["event"]["e"] == "outboundAccountPosition"


async def test_an_order_is_filled_in_part_while_its_client_is_away():
    """The connection is cut; whoever comes back is told nothing of it, and finds it by REST."""
    async with exchange() as server:
        listener, other = await server.api(), await server.api()
        await listener.ask("userDataStream.subscribe.signature", key="alice")
        await other.ask("userDataStream.subscribe.signature", key="bob")
        bid, _ = server.quote
        order = await server.order(price=price(bid), quantity="0.004")
        assert [one["event"]["e"] for one in await listener.events(2)] == [
            "executionReport",
            "outboundAccountPosition",
        ]
        await begin(server, "partial-fill", key="alice", symbol="BTC-USDT", fraction=0.25)
        with pytest.raises(trio.BrokenResourceError):
            await listener.client.frame()
        back = await server.api()
        await back.ask("userDataStream.subscribe.signature", key="alice")
        named = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
        _, _, known = await server.ask("alice", "GET", "api/v3/order", **named)
        assert (known["status"], known["executedQty"]) == ("PARTIALLY_FILLED", "0.00100000")
        _, _, trades = await server.ask("alice", "GET", "api/v3/myTrades", symbol="BTCUSDT")
        assert [(one["qty"], one["isMaker"]) for one in trades] == [("0.00100000", True)]
        await server.ask("alice", "DELETE", "api/v3/order", **named)
        report, _ = await back.events(2)
        assert (report["event"]["x"], report["event"]["z"]) == ("CANCELED", "0.00100000")
        assert (await other.ask("ping"))[1] == []


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"symbol": "BTC-USDT"}, 400, "Unknown key: ; 'aim.key' says whose order"),
        ({"symbol": "BTC-USDT", "aim": {"key": "zed"}}, 400, "Unknown key: zed"),
        ({"symbol": "BTC-USDX", "aim": {"key": "alice"}}, 404, "Unknown symbol: BTC-USDX"),
        ({"symbol": "BTC-USDT", "aim": {"key": "alice"}}, 409, "no order of that account could be filled"),
        ({"aim": {"key": "alice"}}, 400, "missing required field `symbol`"),
    ],
)
async def test_there_must_be_an_order_to_fill(fields, status, words):
    """Who it is and in what is said, and looked at before anybody is cut."""
    async with exchange() as server:
        body = json.dumps({"name": "x", "kind": "partial-fill", **fields}).encode()
        found = await ask(server.connect(), "/admin/faults", method="POST", body=body, **ADMIN)
        assert found[0] == status
        assert words in found[2]["error"]["message"]
