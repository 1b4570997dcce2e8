"""What goes wrong on purpose with Kraken, in the exchange's own terms, as its clients meet it."""

import json

import pytest
from asking import ADMIN, ask
from binance_server import START as BEGINNING
from kraken_server import kraken_exchange
from scripts import Script, quote

from feed.dialects.checksums import of_digits
from feed.faults.contract import FaultPlan
from feed.model.events import LEVEL
from feed.model.faults import Aim, Ban, BrokenChecksum, ClockSkew, Maintenance

pytestmark = pytest.mark.protocols("kraken")

SECOND = 1_000_000_000
START = 10**18
BOOK = {"method": "subscribe", "params": {"channel": "book", "symbol": ["EUR/USD"]}}
FIRST_BOOK = {"event": "subscribe", "pair": ["EUR/USD"], "subscription": {"name": "book"}}


async def begin(server, kind, *, key="", **fields):
    """A fault that an operator adds, for this protocol alone."""
    aim = {"dialect": "kraken"} | ({"key": key} if key else {})
    body = json.dumps({"name": kind, "kind": kind, "aim": aim, **fields}).encode()
    status, _, answer = await ask(server.connect(), "/admin/faults", method="POST", body=body, **ADMIN)
    assert status == 201, answer
    return answer


async def end(server, kind):
    """It is removed; what became of it."""
    path = f"/admin/faults?name={kind}"
    status, _, answer = await ask(server.connect(), path, method="DELETE", **ADMIN)
    assert status == 200, answer
    return answer


def level(price, lots, second=0.0):
    return (LEVEL, 0, START + int(second * SECOND), 0, price, lots)


def proves(message):
    """Whether the checksum of a book of one bid is that of the bid."""
    [data] = message["data"]
    [bid] = data["bids"]
    return data["checksum"] == of_digits([(bid["price"], bid["qty"])], [])


async def listening(server):
    """Who hears the book of the second version, and what they were told first."""
    client = await server.upgraded("/kraken/v2")
    await client.message()  # the status
    await client.send(BOOK)
    await client.messages(2)  # that it is so, and the book
    return client


async def book(client):
    """The next message of a book, as the texts of its numbers."""
    while True:
        message = json.loads(await client.text(), parse_float=str)
        if message.get("channel") == "book":
            return message


async def test_a_checksum_is_broken_at_run_time(server):
    """Once, for who is there and for who comes; the book itself is the market's."""
    client = await listening(server)
    added = await begin(server, "broken-checksum", messages=1, channel="book")
    assert added["connections"] == 1
    server.script.play(level(100, 5), level(100, 6))
    wrong, right = await book(client), await book(client)
    assert wrong["data"][0]["bids"] == [
        {"price": "0.00100", "qty": right["data"][0]["bids"][0]["qty"][:-1] + "5"}
    ]
    assert [proves(wrong), proves(right)] == [False, True]


async def test_a_checksum_is_broken_in_a_scenario(open_server):
    """From its time on until it is over; in the first version too, where it is called otherwise."""
    fault = BrokenChecksum(at=SECOND, fraction=1, duration=SECOND, aim=Aim(dialect="kraken"))
    script = Script(opening=[quote(at, 100, ts=START) for at in range(3)])
    async with open_server(None, script, FaultPlan(faults=(fault,), seed=5, start=START)) as server:
        client, first = await listening(server), await server.upgraded("/kraken/v1")
        await first.message()
        await first.send(FIRST_BOOK)
        await first.messages(2)
        sums = []
        for second in (0.5, 1.5, 2.5):
            server.script.play(level(100, 5, second))
            sums.append(await book(client))
            while not isinstance(told := await first.message(), list):
                pass
            [changed] = [part for part in told if isinstance(part, dict)]
            assert changed["c"] == str(sums[-1]["data"][0]["checksum"])
        assert [proves(message) for message in sums] == [True, False, True]


# --- requests ----------------------------------------------------------------------------------------


async def error(server, method="Time"):
    """What is wrong with a question that anybody may ask; None where nothing is."""
    status, _, answer = await ask(server.connect(), f"/kraken/0/public/{method}")
    assert status == 200
    return answer["error"][0] if answer["error"] else None


async def opened(server, path="/kraken/v2"):
    """A connection, and what it was told first."""
    client = await server.upgraded(path)
    return client, await client.message()


async def said(server, name, client, **params):
    """The answer to a request on a connection, with a token of a key."""
    token = (await server.result(name, "GetWebSocketsToken"))["token"] if name else params.pop("token")
    await client.send({**params, "params": {**params.get("params", {}), "token": token}})
    return await client.message()


async def test_a_key_is_locked_out_alone():
    """By REST and on connections, with its data going on; other keys and public questions are answered."""
    async with kraken_exchange() as server:
        token = (await server.result("alice", "GetWebSocketsToken"))["token"]
        client, _ = await opened(server)
        await begin(server, "ban", key="alice", duration_seconds=90)
        assert await server.refusal("alice", "Balance") == "EGeneral:Temporary lockout"
        assert await server.refusal("alice", "GetWebSocketsToken") == "EGeneral:Temporary lockout"
        refused = await said(server, None, client, token=token, method="cancel_all")
        assert (refused["success"], refused["error"]) == (False, "EGeneral:Temporary lockout")
        assert await server.result("bob", "Balance")
        assert await error(server) is None
        assert (await end(server, "ban"))["refused"] == 3
        assert await server.result("alice", "Balance")


async def test_an_address_asks_too_much():
    """Whoever shows no good key there has its public questions refused, with status 200."""
    async with kraken_exchange() as server:
        await begin(server, "ban", address="127.0.0.1")
        assert await error(server) == await error(server, "Ticker?pair=XBTUSD") == "EAPI:Rate limit exceeded"
        assert await server.result("alice", "Balance")
        _, status = await opened(server)
        assert status["data"][0]["system"] == "online"


async def test_maintenance():
    """SystemStatus and the status of connections say so; accounts are refused, data goes on."""
    async with kraken_exchange() as server:
        token = (await server.result("alice", "GetWebSocketsToken"))["token"]
        await begin(server, "maintenance")
        assert (await server.public("SystemStatus"))["status"] == "maintenance"
        for method in ("Balance", "AddOrder", "GetWebSocketsToken"):
            assert await server.refusal("alice", method) == "EService:Unavailable"
        client, status = await opened(server)
        assert status["data"][0]["system"] == "maintenance"
        assert (await opened(server, "/kraken/v1"))[1]["status"] == "maintenance"
        subscription = {"method": "subscribe", "params": {"channel": "executions"}}
        for request in ({"method": "cancel_all"}, subscription):
            refused = await said(server, None, client, token=token, **request)
            assert (refused["success"], refused["error"]) == (False, "EService:Unavailable")
        await client.send({"method": "subscribe", "params": {"channel": "book", "symbol": ["BTC/USD"]}})
        assert (await client.message())["success"]
        assert await error(server, "Ticker?pair=XBTUSD") is None
        await end(server, "maintenance")
        assert (await server.public("SystemStatus"))["status"] == "online"
        assert (await opened(server))[1]["data"][0]["system"] == "online"
        assert await server.result("alice", "Balance")


@pytest.mark.parametrize("digits", [0, 3, 8, 9])
async def test_a_clock_that_is_ahead_refuses_nonces(digits):
    """As of a key that another machine has used, whose clock is ahead: later ones are good again."""
    async with kraken_exchange() as server:
        await begin(server, "clock-skew", skew_ms=60_000)
        seconds = int(server.wall)
        early, late = (str((seconds + ahead) * 10**digits) for ahead in (60, 61))
        assert await server.refusal("alice", "Balance", nonce=early) == "EAPI:Invalid nonce"
        assert (await server.public("Time"))["unixtime"] == server.now // 1000 + 60
        assert await server.result("alice", "Balance", nonce=late)
        await end(server, "clock-skew")
        assert await server.refusal("alice", "Balance", nonce=early) == "EAPI:Invalid nonce"  # it must rise
        assert await server.result("bob", "Balance", nonce=early)


async def test_a_clock_that_is_behind_refuses_nobody():
    """Nor is a nonce refused that is a small number, and so no time."""
    async with kraken_exchange() as server:
        await begin(server, "clock-skew", skew_ms=-60_000)
        assert await server.result("alice", "Balance", nonce=str(int(server.wall) * 1000))
        await end(server, "clock-skew")
        await begin(server, "clock-skew", skew_ms=60_000)
        assert await server.result("bob", "Balance", nonce="5")


async def test_requests_are_refused_in_a_scenario():
    """All of it from the first event on."""
    aim = Aim(dialect="kraken")
    faults = (
        Ban(at=0, aim=Aim(dialect="kraken", key="alice")),
        ClockSkew(at=0, skew_ms=60_000, aim=aim),
        Maintenance(at=0, aim=aim),
    )
    async with kraken_exchange(plan=FaultPlan(faults=faults, start=BEGINNING)) as server:
        await server.advance(1)
        assert await server.refusal("alice", "Balance") == "EGeneral:Temporary lockout"
        assert await server.refusal("bob", "Balance") == "EService:Unavailable"
        assert (await server.public("Time"))["unixtime"] == server.now // 1000 + 60
