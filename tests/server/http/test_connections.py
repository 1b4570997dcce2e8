"""Who is connected, and what one of them hears and says: for whoever has the key of the administrator."""

import json

import pytest
import trio
from asking import ADMIN, KEY, ask
from clients import request
from scripts import quote

from feed import Limits, Settings
from feed.model.faults import Mute
from feed.server.connection.tap import MOST_TAPS, WATCHED_SECONDS
from feed.settings import Deflate

AUTH = {"type": "auth", "apiKey": KEY}


async def listed(server, query=""):
    status, _, body = await ask(server.connect(), f"/admin/connections{query}", **ADMIN)
    assert status == 200
    return body


async def looked(server, number, after=0, limit=50):
    path = f"/admin/connections/messages?connection={number}&after={after}&limit={limit}"
    return await ask(server.connect(), path, **ADMIN)


def texts(body):
    return [(one["direction"], json.loads(one["message"])["type"]) for one in body["messages"]]


async def test_connections_are_listed_by_number(server):
    """With what each speaks, has shown and listens to; no key stands in it."""
    first = await server.subscribed("EURUSD", "GBPUSD")
    await server.upgraded("/guide?observer=1&page=0123abcd")
    body = await listed(server)
    assert (body["open"], body["seq"]) == (2, 3)
    one, other = body["connections"]
    assert one | {"opened": ""} == {
        "connection": 1,
        "protocol": "tradyn",
        "key": "demo",
        "peer": "127.0.0.1",
        "target": "/",
        "opened": "",
        "subscriptions": ["tick EURUSD", "tick GBPUSD"],
        "subscribed": 2,
        "backlog_bytes": 0,
        "seq_behind": 0,
        "replaying": False,
        "observer": False,
        "faults": [],
        "acked_bytes": None,
        "unsent_bytes": None,
        "rtt_us": None,
        "tapped": False,
    }
    assert (other["connection"], other["observer"], other["key"]) == (2, True, None)
    assert other["target"] == "/guide?observer=1&page=0123abcd"
    assert [one["connection"] for one in (await listed(server, "?after=1&limit=1"))["connections"]] == [2]
    await first.stream.aclose()
    await trio.sleep(1)
    assert [one["connection"] for one in (await listed(server))["connections"]] == [2]


async def test_a_key_in_a_query_is_not_shown(server):
    """Nor is one that this server does not know."""
    client = server.connect()
    await client.upgrade(f"/marketai?key={KEY}&observer=1")
    [shown] = (await listed(server))["connections"]
    assert shown["target"] == "/marketai?key=[key]&observer=1"


async def test_who_lags_is_shown_with_what_it_owes(open_server):
    """Bytes, and events since the one that it has begun to be told of."""
    async with open_server(Settings(limits=Limits(backlog_bytes=1 << 20))) as server:
        await server.subscribed("EURUSD", capacity=300)
        for price in range(101, 121):
            server.script.play(quote(0, price))
            await trio.testing.wait_all_tasks_blocked()
        [shown] = (await listed(server))["connections"]
        assert shown["backlog_bytes"] > 1000
        assert 10 < shown["seq_behind"] < 20


async def test_what_goes_wrong_on_a_link_is_shown(server):
    """By the names of the faults that last."""
    client = await server.subscribed("EURUSD")
    server.context.faults.begin(Mute(at=0), name="quiet", until=None)
    [shown] = (await listed(server))["connections"]
    assert shown["faults"] == ["mute"]
    await client.stream.aclose()


async def test_only_the_administrator_sees_it(server):
    """With the key, from this machine, and from no page of others."""
    for path in ("/admin/connections", "/admin/connections/messages?connection=1"):
        assert (await ask(server.connect(), path))[0] == 401
        assert (await ask(server.connect(), path, X_API_Key=KEY))[0] == 403
        assert (await ask(server.connect(), path, Origin="http://evil.test", **ADMIN))[0] == 403
        assert (await ask(server.connect(), path, Host="evil.test", **ADMIN))[0] == 403
        assert (await ask(server.connect(peer="10.0.0.9"), path, **ADMIN))[0] == 403


async def test_the_messages_of_a_connection_are_shown(server):
    """In and out, from the first look on, in the order of the wire, numbered, without keys."""
    client = await server.upgraded()
    assert (await client.message())["type"] == "welcome"
    status, _, body = await looked(server, 1)
    assert (status, body["messages"], body["next"], body["open"]) == (200, [], 0, True)
    await client.send(AUTH)
    await client.send({"type": "subscribe", "symbols": ["EURUSD"]})
    told = (await client.messages(3))[:2]
    server.script.play(quote(0, 105))
    tick = await client.message()
    _, _, body = await looked(server, 1)
    assert texts(body)[:4] == [("in", "auth"), ("out", "auth"), ("in", "subscribe"), ("out", told[1]["type"])]
    assert KEY not in str(body)
    assert json.loads(body["messages"][0]["message"]) == AUTH | {"apiKey": "[key]"}
    assert json.loads(body["messages"][-1]["message"]) == tick
    assert [one["number"] for one in body["messages"]] == list(range(1, len(body["messages"]) + 1))
    assert body["next"] == len(body["messages"])
    assert (await looked(server, 1, body["next"]))[2]["messages"] == []
    assert (await listed(server))["connections"][0]["tapped"]


async def test_a_tap_is_gone_when_nobody_looks(server):
    """At the first message after ten seconds: the connection is written to as before, and nothing is kept."""
    client = await server.subscribed("EURUSD")
    [connection] = server.context.registry.connections
    write = connection.send_buffer.write
    await looked(server, 1)
    assert connection.send_buffer.write != write
    await trio.sleep(WATCHED_SECONDS - 1)
    await looked(server, 1)
    await trio.sleep(WATCHED_SECONDS - 1)
    server.script.play(quote(0, 105))
    await client.message()
    assert [one["bytes"] > 0 for one in (await looked(server, 1))[2]["messages"]] == [True, True][:1]
    await trio.sleep(WATCHED_SECONDS + 1)
    assert not (await listed(server))["connections"][0]["tapped"]
    await client.send({"type": "ping"})
    await trio.testing.wait_all_tasks_blocked()
    server.script.play(quote(0, 106))
    await trio.testing.wait_all_tasks_blocked()
    assert (connection.send_buffer.write, connection._tap) == (write, None)
    assert (await looked(server, 1))[2]["messages"] == []


async def test_a_look_in_the_middle_of_a_message_shows_whole_ones(server):
    """The rest of the one that has begun is passed over, and so is what a slow link has yet to take."""
    client = await server.subscribed("EURUSD", capacity=200)
    for price in range(101, 106):
        server.script.play(quote(0, price))
    await trio.testing.wait_all_tasks_blocked()
    [connection] = server.context.registry.connections
    assert connection.rest_of_frame > 0
    await looked(server, 1)
    ticks = [await client.message() for _ in range(6)]
    _, _, body = await looked(server, 1)
    shown = [json.loads(one["message"]) for one in body["messages"]]
    assert 2 <= len(shown) < 6
    assert shown == ticks[-len(shown) :]


async def test_a_tap_survives_a_fault_on_the_link(server):
    """What it shows is what is sent; the link delivers it later."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await looked(server, 1)
    body = {"kind": "latency", "name": "slow", "latency_ms": 500}
    sent = json.dumps(body).encode()
    told = await ask(server.connect(), "/admin/faults", method="POST", body=sent, **ADMIN)
    assert told[0] == 201, told
    server.script.play(quote(0, 107))
    await trio.testing.wait_all_tasks_blocked()
    _, _, shown = await looked(server, 1)
    assert json.loads(shown["messages"][-1]["message"]) == await client.message()


async def test_compressed_messages_are_shown_as_what_they_say(open_server):
    """Those of a group are; ``bytes`` is what went over the wire."""
    async with open_server(Settings(deflate=Deflate(enabled=True, least_bytes=1))) as server:
        client = server.connect()
        offer = "permessage-deflate; client_max_window_bits"
        await client.send_bytes(request(Sec_WebSocket_Extensions=offer))
        assert "permessage-deflate" in (await client.head())[1]["sec-websocket-extensions"]
        await client.send(AUTH)
        await client.send({"type": "subscribe", "symbols": ["EURUSD"]})
        await client.messages(4)
        await looked(server, 1)
        server.script.play(quote(0, 108))
        tick = await client.message()
        [shown] = (await looked(server, 1))[2]["messages"]
        assert json.loads(shown["message"]) == tick
        assert shown["bytes"] != len(shown["message"])


async def test_what_is_no_json_is_not_shown(server):
    """There may be anything in it; its length is."""
    client = await server.authenticated()
    await looked(server, 1)
    await client.send(f"hello {KEY}")
    await client.message()
    first = (await looked(server, 1))[2]["messages"][0]
    assert (first["message"], first["readable"], first["bytes"]) == (None, False, 6 + len(KEY))


async def test_what_is_no_longer_kept_is_counted(server):
    """The ring holds so many; whoever asks too rarely is told how many are missing."""
    client = await server.subscribed("EURUSD")
    await looked(server, 1)
    for price in range(300):
        server.script.play(quote(0, 101 + price))
        await client.message()
    _, _, body = await looked(server, 1, 0, 100)
    assert (body["left_out"], len(body["messages"]), body["messages"][0]["number"]) == (44, 100, 45)
    assert (await looked(server, 1, body["next"]))[2]["messages"][0]["number"] == 145


async def test_the_end_of_a_connection_is_shown(server):
    """How it ended, as long as somebody looks; then there is none of that number."""
    client = await server.authenticated()
    await looked(server, 1)
    await client.stream.aclose()
    await trio.sleep(1)
    status, _, body = await looked(server, 1)
    assert (status, body["open"], body["closed"]["code"]) == (200, False, 0)
    await trio.sleep(WATCHED_SECONDS + 1)
    assert (await looked(server, 1))[0] == 404


async def test_so_many_are_looked_at_at_once(server):
    """One more is refused until another is left alone."""
    for _ in range(MOST_TAPS + 1):
        await server.authenticated()
    for number in range(1, MOST_TAPS + 1):
        assert (await looked(server, number))[0] == 200
    assert (await looked(server, MOST_TAPS + 1))[0] == 409
    await trio.sleep(WATCHED_SECONDS + 1)
    assert (await looked(server, MOST_TAPS + 1))[0] == 200
    assert (await looked(server, 99))[0] == 404


@pytest.mark.parametrize("query", ["connection=0", "connection=x", "", "connection=1&limit=101"])
async def test_a_number_is_a_number(server, query):
    """And a limit has its bounds."""
    status, _, _ = await ask(server.connect(), f"/admin/connections/messages?{query}", **ADMIN)
    assert status == 400
