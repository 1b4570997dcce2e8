"""What is changed beside the market at the sequencer holds at every edge from the same event on."""

import json
from random import Random

import trio
from asking import ADMIN, API_KEY, KEY, ask
from followed_servers import followed, played

from feed import Settings
from feed.settings import Flow

FAULTS = "/admin/faults"
ALERTS = "/guide/api/v1/alerts"
WEBHOOKS = "/guide/api/v1/webhooks"
LISTEN = "/binance/api/v3/userDataStream"
OLD = "revision=2025-12-31"
BINANCE_KEY = {"X-MBX-APIKEY": KEY}


class Receiver:
    """In place of the network: takes what webhooks of a server post."""

    def __init__(self, server):
        self.posts = []
        server.context.webhooks._client = self

    async def post(self, url, body, headers):
        self.posts.append(body)
        return 200


async def request(server, method, path, body=None, **headers):
    content = b"" if body is None else json.dumps(body).encode()
    headers = headers or API_KEY
    status, _, found = await ask(server.connect(), path, method=method, body=content, **headers)
    assert status in (200, 201), found
    return found


def faults(server):
    """Those that were set while the server ran, by name, and whether each is over."""
    return {one.name: one.record.over for one in server.context.run_time_faults}


async def test_faults_begin_and_end_at_one_event(autojump_clock):
    """They strike the clients of every server; those that are over at once do so too; who joins has them."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        clients = await servers.subscribe("guide")
        await servers.play(rows[:300], Random(1))
        told = {"kind": "duplicate", "name": "twice", "fraction": 1}
        for one in (servers.plain, edge):
            await request(one, "POST", FAULTS, told, **ADMIN)
        await servers.play(rows[300:600], Random(2))
        assert faults(edge) == {"twice": False}
        assert faults(await servers.join()) == {"twice": False}
        for one in (servers.plain, edge):
            await request(one, "DELETE", f"{FAULTS}?name=twice", **ADMIN)
        await servers.play(rows[600:900], Random(3))
        assert faults(edge) == {}
        first, *others = [bytes(client.data) for client in clients]
        assert [other == first for other in others] == [True] * len(others)
        for one in (servers.plain, edge):
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
        assert faults(edge) == {"one": False}


async def test_a_stream_key_is_good_at_every_server(autojump_clock):
    """Whoever has asked for it has the answer when that server knows it; so where it was taken back."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        key = (await request(edge, "POST", f"{LISTEN}?{OLD}", **BINANCE_KEY))["listenKey"]
        late = await servers.join()
        stream_keys = [one.context.services._stream_keys for one in (servers.sequencer, edge, late)]
        assert [keys.find("binance", key) is not None for keys in stream_keys] == [True] * 3
        await servers.play(rows[:100], Random(1))
        again = await request(late, "POST", f"{LISTEN}?{OLD}", **BINANCE_KEY)
        assert again["listenKey"] == key
        await request(late, "DELETE", f"{LISTEN}?listenKey={key}&{OLD}", **BINANCE_KEY)
        assert stream_keys[2].find("binance", key) is None
        await servers.play(rows[100:200], Random(1))
        assert [keys.find("binance", key) for keys in stream_keys] == [None] * 3


async def test_an_alert_that_is_made_at_an_edge_fires_everywhere_at_one_trade(autojump_clock):
    """Between the same two events as at a server by itself, though no edge has the first when it is made."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        first, second = await servers.join(), await servers.join()
        clients = await servers.subscribe("guide of a key")
        await servers.play(rows[:100], Random(1))
        # One is crossed by the last trade before, the other by the first one after.
        more = {"symbol": "BTC-USD", "condition": "price_above", "repeat": True}
        wanted = [{"threshold": price, **more} for price in ("64249.30", "64250")]
        for one in (first, second):
            one.link.held = trio.Event()
        for one in (servers.plain, servers.sequencer):
            one.script.play(*rows[100:247])
        await trio.sleep(1)
        async with trio.open_nursery() as nursery:
            for body in wanted:
                nursery.start_soon(request, servers.plain, "POST", ALERTS, body)
                nursery.start_soon(request, first, "POST", ALERTS, body)
                await trio.sleep(0.1)
            await trio.sleep(1)
            for one in (first, second):
                assert len(one.context.alerts.book) == 0
                one.link.held.set()
        assert len(first.context.alerts.book) == 2
        await servers.play(rows[247:], Random(1))
        told, *others = [bytes(client.data) for client in clients]
        assert told.count(b'"type":"alert"') == 2
        assert [other == told for other in others] == [True] * len(others)


async def test_webhooks_are_made_and_fire_at_the_sequencer_alone(autojump_clock):
    """Whichever server was asked for one."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge, other = await servers.join(), await servers.join()
        sent = {one: Receiver(one) for one in (servers.sequencer, edge, other)}
        servers.nursery.start_soon(edge.context.webhooks.run)
        wanted = {"url": "https://example.com/hook", "channels": ["alerts"]}
        await request(edge, "POST", WEBHOOKS, wanted)
        alert = {"symbol": "BTC-USD", "condition": "price_above", "threshold": "64250"}
        await servers.play(rows[:300], Random(1))
        await request(other, "POST", ALERTS, alert)
        await servers.play(rows[300:], Random(1))
        assert [len(one.posts) for one in sent.values()] == [1, 0, 0]
        shown = [await request(one, "GET", WEBHOOKS) for one in (servers.sequencer, edge)]
        assert shown[0] == shown[1] != []
