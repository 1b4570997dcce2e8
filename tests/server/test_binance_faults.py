"""Faults in the exchange's own terms, as a client of Binance sees each."""

import msgspec
import pytest
from binance_server import KEYS, exchange, price

from feed.server.http.fault_kinds import AnyFault

pytestmark = pytest.mark.protocols("binance")

BANNED = (
    "Way too much request weight used; IP banned until {}. Please use WebSocket Streams for live updates to "
    "avoid bans."
)
HERE = "127.0.0.1"


def let_begin(server, kind, *, key="", seconds=None, **fields):
    """A fault as an operator adds it, for this protocol alone."""
    aim = {"dialect": "binance"} | ({"key": key} if key else {})
    request = msgspec.convert({"name": kind, "kind": kind, "aim": aim, **fields}, AnyFault)
    settings = msgspec.to_builtins(request)
    faults = server.context.run_time_faults
    return faults.add(kind, request.fault(), kind=kind, settings=settings, seconds=seconds)


async def codes(server, name, *, path="api/v3/account", **params):
    """Status and code of an answer; the code is 0 where there is none."""
    status, headers, found = await server.ask(name, "GET", path, **params)
    return status, found.get("code", 0), headers.get("retry-after")


async def test_a_key_is_banned_alone():
    """418 with Retry-After, by REST and in the WebSocket API, whose connection ends; others go on."""
    async with exchange() as server:
        fault = let_begin(server, "ban", key="alice", seconds=90)
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
        assert fault.record.refused == 3
        server.context.run_time_faults.remove("ban")
        assert await codes(server, "alice") == (200, 0, None)


async def test_an_address_is_banned_for_whoever_shows_no_good_key():
    """Those with one are counted by it, and go on from the same machine; so do other protocols."""
    async with exchange() as server:
        let_begin(server, "ban", address=HERE)
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
        let_begin(server, "clock-skew", skew_ms=skew)
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
        server.context.run_time_faults.remove("clock-skew")
        assert await codes(server, "alice") == (200, 0, None)
        if skew > 0:
            assert (await codes(server, "alice", timestamp=told["serverTime"]))[:2] == (400, -1021)


async def test_the_clock_is_skewed_for_one_key():
    """Who shows another, or none, knows nothing of it."""
    async with exchange() as server:
        let_begin(server, "clock-skew", key="alice", skew_ms=60_000)
        assert (await codes(server, "alice"))[:2] == (400, -1021)
        assert await codes(server, "bob") == (200, 0, None)
        assert (await server.send("GET", "api/v3/time"))[2]["serverTime"] == server.now


async def test_maintenance_is_announced_and_takes_no_orders():
    """Market data goes on, and what rests stays; afterwards all is as it was."""
    async with exchange() as server:
        bid, _ = server.quote
        order = await server.order(price=price(bid - 100), quantity="0.001")
        let_begin(server, "maintenance")
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
        server.context.run_time_faults.remove("maintenance")
        assert (await server.send("GET", "sapi/v1/system/status"))[2] == {"status": 0, "msg": "normal"}
        _, _, opened = await server.ask("alice", "GET", "api/v3/openOrders")
        assert [one["orderId"] for one in opened] == [order["orderId"]]
