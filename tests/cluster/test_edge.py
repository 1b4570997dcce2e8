"""Servers that follow another: the same bytes for each subscription, whichever server it is made at."""

import json
import re
from random import Random

import trio
from asking import API_KEY, ask
from block_logs import jitter, snapshot_of
from followed_servers import SECOND, START, SUBSCRIBERS, followed, played

from feed import Settings
from feed.faults.contract import FaultPlan
from feed.model.faults import Disconnect, Duplicate
from feed.settings import Flow

ALERTS = "/guide/api/v1/alerts"


def last_position(client):
    """That a client was told last."""
    return re.findall(rb'"pos":"([0-9]+-[0-9a-f]{8})"', client.data)[-1].decode()


def messages(client, start=0):
    """The data of a client's text frames from one byte on, without what differs by connection."""
    return bytes(client.data[start:])


async def test_every_server_says_the_same_bytes(autojump_clock):
    """
    A plain server, the sequencer, and edges that join at once, half-way and late: every protocol and option.

    Steps are cut at random places and blocks come late at random, differently at each.
    """
    opening, rows = played(20)
    chance = Random(1)
    async with followed(opening, delay=jitter(2, 0.05)) as servers:
        await servers.join(jitter(3, 0.2))
        clients = []
        for at in range(3):
            clients += [(name, await servers.subscribe(name)) for name in SUBSCRIBERS]
            await servers.play(rows[at * len(rows) // 3 : (at + 1) * len(rows) // 3], chance)
            await servers.join(jitter(4, 0.2))
        for name, (first, *others) in clients:
            assert len(first.data) > 500, name
            assert [other.data == first.data for other in others] == [True] * len(others), name


async def test_a_client_resumes_at_another_server(autojump_clock):
    """From a position of any server, one from before an edge's snapshot too, at any other: the same bytes."""
    opening, rows = played(12)
    chance = Random(5)
    async with followed(opening, delay=jitter(6, 0.05)) as servers:
        await servers.join(jitter(7, 0.1))
        (early, *_) = await servers.subscribe("tradyn with positions")
        await servers.play(rows[: len(rows) // 3], chance)
        since = last_position(early)
        late = await servers.join(jitter(8, 0.1))
        await servers.play(rows[len(rows) // 3 :], chance)
        assert int(since.split("-")[0]) < late.market.source.place[1] + len(rows)
        clients = await servers.subscribe("tradyn with positions", f"&since={since}")
        await servers.still()
        first, *others = [bytes(client.data) for client in clients]
        assert [other == first for other in others] == [True] * len(others)
        assert b"since=" not in first
        told = re.findall(rb'"type":"tick".*?"pos":"([0-9-a-f]+)"', bytes(early.data))
        again = re.findall(rb'"type":"tick".*?"pos":"([0-9-a-f]+)"', first)
        assert again == told[told.index(since.encode()) + 1 :]


async def test_a_client_may_know_more_than_the_server_it_comes_to(autojump_clock):
    """One that saw an event elsewhere is not refused where that comes a little later; in URL and message."""
    opening, rows = played(6)
    async with followed(opening) as servers:
        edge = await servers.join()
        ahead = await servers.subscribe_at(servers.plain, "securitypro")
        await servers.play(rows[:500], Random(1))
        edge.link.held = trio.Event()
        servers.plain.script.play(*rows[500:])
        servers.sequencer.script.play(*rows[500:])
        await trio.sleep(1)
        since = last_position(ahead)
        path, first, _ = SUBSCRIBERS["securitypro"]
        said = {**first, "since": since}
        in_message = await edge.upgraded(path)
        await in_message.send(said)
        in_url = edge.connect()
        async with trio.open_nursery() as nursery:

            async def come():
                assert (await in_url.upgrade(f"{path}&since={since}"))[0] == 101
                await in_url.send(first)

            nursery.start_soon(come)
            await trio.sleep(0.3)
            edge.link.held.set()
        for client in (in_message, in_url):
            heard = await client.message()
            assert heard["type"] == "subscribed", heard
        refused = await servers.subscribe_at(edge, "securitypro", "&since=99999999-00000000")
        before = trio.current_time()
        await trio.sleep(2)
        assert b"ahead of this server" in refused.data
        assert trio.current_time() - before < 3


async def test_an_edge_that_is_held_up_concerns_nobody_else(autojump_clock):
    """Others go on; it reads no more than its channel has room for, and comes along in the end."""
    opening, rows = played(10)
    flow = Flow(channel_batches=1)
    async with followed(opening, settings=Settings(flow=flow)) as servers:
        slow, quick = await servers.join(), await servers.join()
        clients = await servers.subscribe("tradyn with positions")
        slow.link.held = trio.Event()
        for one in (servers.plain, servers.sequencer):
            for at in range(0, len(rows), 50):
                one.script.play(*rows[at : at + 50])
        await trio.sleep(5)
        hubs = [one.context.fanout.hub.seq for one in (servers.plain, servers.sequencer, quick, slow)]
        assert hubs == [len(opening) + len(rows)] * 3 + [len(opening)]
        slow.link.held.set()
        await servers.still()
        first, *others = [bytes(client.data) for client in clients]
        assert [other == first for other in others] == [True] * 3


async def test_heartbeats_of_a_market_that_stands(autojump_clock):
    """Who joins in a pause hears the next ones when everybody does."""
    opening, rows = played(3)
    async with followed(opening) as servers:
        await servers.join()
        clients = await servers.subscribe("securitypro") + await servers.subscribe("kraken")
        await servers.play(rows, Random(2))

        async def stand():
            for one in (servers.plain, servers.sequencer):
                one.script.stand(SECOND)
            await servers.still()

        for _ in range(7):
            await stand()
        stood = servers.sequencer.context.fanout.stood
        late = await servers.join(snapshot=snapshot_of(servers.sequencer, servers.log, stood=stood))
        names = ("securitypro", "kraken")
        more = [await servers.subscribe_at(one, name) for name in names for one in (servers.plain, late)]
        count = len(clients) // 2
        for seconds in (8, 40):  # the next heartbeat is due after 10
            for _ in range(seconds):
                await stand()
            for same in (clients[:count], clients[count:], more[:2], more[2:]):
                first, *others = [bytes(client.data) for client in same]
                assert [other == first for other in others] == [True] * len(others)
        assert b"heartbeat" in first


async def test_an_alert_made_at_the_sequencer_fires_everywhere_at_one_event(autojump_clock):
    """As if it had been made at each server between the same two events; it ends likewise."""
    opening, rows = played(12)
    async with followed(opening, delay=jitter(9, 0.05)) as servers:
        await servers.join(jitter(3, 0.2))
        clients = [
            await servers.subscribe_at(one, "guide of a key") for one in (servers.sequencer, *servers.edges)
        ]
        await servers.play(rows[:800], Random(2))
        body = json.dumps(
            {"symbol": "BTC-USD", "condition": "volume", "threshold": "0.0001", "window": 60, "repeat": True}
        ).encode()
        status, _, made = await ask(servers.sequencer.connect(), ALERTS, method="POST", body=body, **API_KEY)
        assert status == 200
        await servers.play(rows[800:1600], Random(3))
        late = await servers.join()
        books = [one.context.alerts.book for one in (servers.sequencer, *servers.edges)]
        counts = [[alert.count for alert in book.every()] for book in books]
        assert counts[0] == counts[1] == counts[2] != [0]
        assert [len(await edge_alerts(one)) for one in servers.edges] == [1, 1]
        name = made["data"]["id"] if "data" in made else made["id"]
        status, _, _ = await ask(
            servers.sequencer.connect(), f"{ALERTS}?id={name}", method="DELETE", **API_KEY
        )
        assert status < 300
        await servers.play(rows[1600:], Random(4))
        assert [len(await edge_alerts(one)) for one in servers.edges] == [0, 0]
        first, *others = [bytes(client.data) for client in clients]
        assert [other == first for other in others] == [True]
        assert b'"alert' in first
        assert late.context.fanout.hub.seq == servers.sequencer.context.fanout.hub.seq


async def edge_alerts(server):
    """The alerts of the demo key, as a server lists them."""
    status, _, answer = await ask(server.connect(), ALERTS, **API_KEY)
    assert status == 200
    return answer if isinstance(answer, list) else next(it for it in answer.values() if isinstance(it, list))


async def test_faults_of_a_scenario(autojump_clock):
    """They begin at the same event everywhere; at an edge that joins later nobody is struck by past ones."""
    opening, rows = played(10)
    plan = FaultPlan(
        faults=(
            Disconnect(at=2 * SECOND),
            Duplicate(at=3 * SECOND, fraction=0.5, duration=4 * SECOND),
        ),
        seed=3,
        start=START,
    )
    half = next(at for at, row in enumerate(rows) if row[2] > START + 5 * SECOND)
    async with followed(opening, plan=plan) as servers:
        await servers.join(plan=plan)
        await servers.play(rows[:half], Random(2))
        await servers.join(plan=plan)
        clients = await servers.subscribe("guide")
        await servers.play(rows[half:], Random(3))
        first, *others = [bytes(client.data) for client in clients]
        assert [other == first for other in others] == [True] * len(others)
        assert not any(one.ended for one in servers.every)
