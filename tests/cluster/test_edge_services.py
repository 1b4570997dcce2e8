"""What is changed beside the market at the sequencer holds at every edge from the same event on."""

import json
from random import Random

import trio
from asking import ADMIN, KEY, ask
from followed_servers import followed, played

from feed import Settings
from feed.settings import Flow

FAULTS = "/admin/faults"
LISTEN = "/binance/api/v3/userDataStream"
OLD = "revision=2025-12-31"
BINANCE_KEY = {"X-MBX-APIKEY": KEY}


async def request(server, method, path, body=None, **headers):
    content = b"" if body is None else json.dumps(body).encode()
    status, _, found = await ask(server.connect(), path, method=method, body=content, **headers)
    assert status in (200, 201), found
    return found


async def faults(server):
    """Those that were set while the server ran, by name, and whether each is over."""
    found = (await request(server, "GET", FAULTS, **ADMIN))["faults"]
    return {one["name"]: one["over"] for one in found}


async def test_faults_begin_and_end_at_one_event(autojump_clock):
    """They strike the clients of every server; those that are over at once do so too; who joins has them."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        clients = await servers.subscribe("guide")
        await servers.play(rows[:300], Random(1))
        told = {"kind": "duplicate", "name": "twice", "fraction": 1}
        for one in (servers.plain, servers.sequencer):
            await request(one, "POST", FAULTS, told, **ADMIN)
        await servers.play(rows[300:600], Random(2))
        assert await faults(edge) == {"twice": False}
        assert await faults(await servers.join()) == {"twice": False}
        for one in (servers.plain, servers.sequencer):
            await request(one, "DELETE", f"{FAULTS}?name=twice", **ADMIN)
        await servers.play(rows[600:900], Random(3))
        assert await faults(edge) == {}
        first, *others = [bytes(client.data) for client in clients]
        assert [other == first for other in others] == [True] * len(others)
        for one in (servers.plain, servers.sequencer):
            await request(one, "POST", FAULTS, {"kind": "disconnect", "name": "out"}, **ADMIN)
        await servers.play(rows[900:], Random(4))
        assert edge.ended == servers.sequencer.ended != {}


async def test_a_change_waits_for_the_events_before_it(autojump_clock):
    """At an edge that has them all yet to publish when it comes; the events after it wait for it."""
    opening, rows = played(8)
    flow = Flow(channel_batches=1, step_events=1)
    async with followed(opening, settings=Settings(flow=flow)) as servers:
        edge = await servers.join()
        clients = await servers.subscribe("guide")
        edge.link.held = trio.Event()
        told = {"kind": "duplicate", "name": "some", "fraction": 0.5}
        for part in (rows[:200], rows[200:400]):
            for one in (servers.plain, servers.sequencer):
                one.script.play(*part)
                await trio.sleep(0.1)
                if part[0] is rows[0]:
                    await request(one, "POST", FAULTS, told, **ADMIN)
        edge.link.held.set()
        await servers.still()
        first, *others = [bytes(client.data) for client in clients]
        assert [other == first for other in others] == [True] * len(others)


async def test_a_fault_may_end_here_a_moment_later_than_there(autojump_clock):
    """Its name is free for another all the same."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        told = {"kind": "mute", "name": "one", "duration_seconds": 3}
        await request(servers.sequencer, "POST", FAULTS, told, **ADMIN)
        edge.link.held = trio.Event()
        servers.sequencer.script.play(*rows[:10])
        await trio.sleep(2)
        edge.link.held.set()
        await trio.sleep(1.5)
        await request(servers.sequencer, "POST", FAULTS, told, **ADMIN)
        servers.sequencer.script.play(*rows[10:20])
        await trio.sleep(1)
        assert await faults(edge) == {"one": False}


async def test_a_stream_key_is_good_at_every_server(autojump_clock):
    """It is given out and taken back at the sequencer alone."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        key = (await request(servers.sequencer, "POST", f"{LISTEN}?{OLD}", **BINANCE_KEY))["listenKey"]
        await servers.play(rows[:100], Random(1))
        late = await servers.join()
        stream_keys = [one.context.services._stream_keys for one in (servers.sequencer, edge, late)]
        assert [keys.find("binance", key) is not None for keys in stream_keys] == [True] * 3
        status, _, _ = await ask(edge.connect(), f"{LISTEN}?{OLD}", method="POST", **BINANCE_KEY)
        assert status == 503
        await request(servers.sequencer, "DELETE", f"{LISTEN}?listenKey={key}&{OLD}", **BINANCE_KEY)
        await servers.play(rows[100:200], Random(1))
        assert [keys.find("binance", key) for keys in stream_keys] == [None] * 3
