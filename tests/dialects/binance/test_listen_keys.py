"""Listen keys, which an older revision has: by request, and in the URL of a connection of streams."""

import pytest
import trio
from binance_server import KEYS, decoded, exchange

from feed import Settings
from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.policy import POLICY, BinancePolicy
from feed.dialects.binance.revisions import has_listen_keys
from feed.policies import Policies

PATH = "api/v3/userDataStream"
OLD = "revision=2025-12-31"


async def open_key(server, name="alice"):
    status, _, found = await server.send("POST", PATH, OLD, key=KEYS[name])
    assert status == 200
    return found["listenKey"]


async def listening(server, path):
    client = server.connect()
    assert (await client.upgrade(path))[0] == 101
    return client


@pytest.mark.parametrize(
    ("query", "policy", "old"),
    [
        ({}, "", False),
        ({"revision": "2026-02-19"}, "", True),
        ({"revision": "2026-02-20"}, "", False),
        ({}, "2020-01-01", True),
        ({"revision": "2026-03-01"}, "2020-01-01", False),
    ],
)
def test_a_revision_is_named_by_a_day(query, policy, old):
    """On the URL, or else in the settings."""
    assert has_listen_keys(query, BinancePolicy(revision=policy)) == old


@pytest.mark.parametrize("text", ["yesterday", "2025-13-01", "20251231T00"])
def test_a_revision_that_is_no_day_is_refused(text):
    """Whatever else it may be."""
    with pytest.raises(BinanceError, match="revision"):
        has_listen_keys({"revision": text}, POLICY)


async def test_in_the_present_revision_listen_keys_are_gone(autojump_clock):
    """By every method, with a key and a day of the present."""
    async with exchange() as server:
        for method in ("POST", "PUT", "DELETE"):
            for query in ("", "revision=2026-02-20"):
                status, _, found = await server.send(method, PATH, query, key=KEYS["alice"])
                assert (status, found["code"]) == (410, -1016)
        assert (await server.send("POST", PATH, OLD))[0] == 401


async def test_listen_keys_have_the_first_version_of_the_path_as_well(autojump_clock):
    """The same keys, by which older programs ask."""
    async with exchange() as server:
        key = await open_key(server)
        path = PATH.replace("v3", "v1")
        for method, query, answer in (
            ("POST", OLD, (200, {"listenKey": key})),
            ("PUT", f"listenKey={key}&{OLD}", (200, {})),
            ("DELETE", f"listenKey={key}&{OLD}", (200, {})),
        ):
            status, _, found = await server.send(method, path, query, key=KEYS["alice"])
            assert (status, found) == answer


async def test_an_account_listens_by_its_listen_key(autojump_clock):
    """Raw, or combined with others; it is told what a subscription tells, without a number."""
    async with exchange() as server:
        key = await open_key(server)
        assert await open_key(server, "alice too") == key
        raw = await listening(server, f"/binance/ws/{key}?{OLD}")
        both = await listening(server, f"/binance/stream?streams={key}/btcusdt@trade&{OLD}")
        deaf = await listening(server, f"/binance/ws/{key}")
        api = await server.api()
        await api.ask("userDataStream.subscribe.signature", key="alice")
        await server.order(type="MARKET", timeInForce=None, quantity="0.01")
        numbered = [decoded(one)[1] for one in await api.events(4)]
        assert [await raw.message() for _ in range(4)] == numbered
        combined = [await both.message() for _ in range(5)]
        assert [one["data"] for one in combined if one["stream"] == key] == numbered
        assert [one["stream"] for one in combined if one["stream"] != key] == ["btcusdt@trade"]
        with trio.move_on_after(1) as waiting:
            await deaf.message()
        assert waiting.cancelled_caught


async def test_a_listen_key_lasts_for_an_hour_unless_it_is_kept_alive(autojump_clock):
    """Then those who listen are told, and nothing more."""
    async with exchange() as server:
        key = await open_key(server)
        raw = await listening(server, f"/binance/ws/{key}?{OLD}")
        server.wall += 3599
        status, _, found = await server.send("PUT", PATH, f"listenKey={key}&{OLD}", key=KEYS["alice"])
        assert (status, found) == (200, {})
        server.wall += 3599
        await trio.sleep(5)
        server.wall += 1
        told = await raw.message()
        assert told == {"e": "listenKeyExpired", "E": server.now, "listenKey": key}
        status, _, found = await server.send("PUT", PATH, f"listenKey={key}&{OLD}", key=KEYS["alice"])
        assert (status, found["code"]) == (400, -1125)
        await server.order(type="MARKET", timeInForce=None, quantity="0.01")
        with trio.move_on_after(3) as waiting:
            await raw.message()
        assert waiting.cancelled_caught
        assert await open_key(server) != key


async def test_a_listen_key_is_closed_by_its_account(autojump_clock):
    """And by nobody else; the connection stays, and goes on with what else it hears."""
    async with exchange() as server:
        key = await open_key(server)
        raw = await listening(server, f"/binance/ws/{key}?{OLD}")
        named = f"listenKey={key}&{OLD}"
        status, _, found = await server.send("DELETE", PATH, named, key=KEYS["bob"])
        assert (status, found) == (400, {"code": -1125, "msg": "This listenKey does not exist."})
        assert (await server.send("DELETE", PATH, named, key=KEYS["alice"]))[0] == 200
        assert (await raw.message())["e"] == "listenKeyExpired"
        await raw.send({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1})
        assert await raw.message() == {"result": None, "id": 1}


async def test_a_server_may_serve_the_older_revision_to_all(autojump_clock):
    """So that a program runs which can name none."""
    policies = Policies(binance=BinancePolicy(revision="2025-12-31"))
    async with exchange(Settings(policies=policies)) as server:
        status, _, found = await server.send("POST", PATH, key=KEYS["alice"])
        assert status == 200
        raw = await listening(server, f"/binance/ws/{found['listenKey']}")
        await server.order(type="MARKET", timeInForce=None, quantity="0.01")
        assert (await raw.message())["e"] == "executionReport"


async def test_connections_with_a_listen_key_last_for_a_day_too(autojump_clock):
    """As all of them do."""
    brief = BinancePolicy(revision="2025-12-31", stream_connection_seconds=20, shutdown_notice_seconds=5)
    async with exchange(Settings(policies=Policies(binance=brief))) as server:
        raw = await listening(server, f"/binance/ws/{await open_key(server)}")
        assert (await raw.message())["e"] == "serverShutdown"
        _, code, reason = await raw.rest()
        assert (code, reason) == (1001, "Connection expired")
