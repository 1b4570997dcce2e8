"""A server that others follow, and one that follows it, over a link as two processes have it."""

import json
from contextlib import suppress

import trio
from asking import ADMIN, API_KEY, KEY, ask
from block_logs import open_edge
from clients import Closed
from scripts import Script, quote
from sequenced_servers import open_sequencer

from feed import Settings
from feed.model.events import TRADE, UNKNOWN
from feed.settings import Cluster

SECOND = 1_000_000_000
ALERTS = "/guide/api/v1/alerts"
CHANNELS = ["alerts_eurusd", "trades_eurusd", "ticker_eurusd"]


def trade(number, price):
    return (TRADE, 0, number * SECOND, number, 0, price, 100, 0, 0, UNKNOWN, UNKNOWN)


def trades(*numbers):
    """Trades whose price goes up and down."""
    return [trade(number, 108_400 + 150 * (number % 2)) for number in numbers]


async def listen(server, client_path="/ws?ext=seq"):
    """A client that reads to the end."""
    client = server.connect()
    assert (await client.upgrade(client_path))[0] == 101
    await client.send({"type": "auth", "key": KEY})
    await client.send({"type": "subscribe", "channels": CHANNELS})

    async def read():
        with suppress(Closed):
            while True:
                await client.text()

    server.nursery.start_soon(read)
    await trio.sleep(1)
    return client


async def request(server, method, path, *, body=None, keyed=API_KEY):
    content = b"" if body is None else json.dumps(body).encode()
    status, _, found = await ask(server.connect(), path, method=method, body=content, **keyed)
    assert status in (200, 201), found
    return found


async def make_alert(server):
    body = {"condition": "price_above", "symbol": "EURUSD", "threshold": "1.08500", "repeat": True}
    return await request(server, "POST", ALERTS, body=body)


async def test_whoever_follows_says_the_same_bytes(autojump_clock):
    """Alerts that are made between two events too; by who joins late, and after its link has broken."""
    script = Script()
    async with open_sequencer(script=script) as sequencer, open_edge(sequencer.link()) as edge:
        clients = [await listen(one) for one in (sequencer, edge)]
        script.play(*trades(1, 2, 3))
        await trio.sleep(1)
        await make_alert(sequencer)
        script.play(*trades(104, 205))
        await trio.sleep(1)
        for stream in sequencer.streams:
            await stream.aclose()
        script.play(*trades(306, 407), quote(0, 99, ts=408 * SECOND))
        await trio.sleep(30)
        async with open_edge(sequencer.link("late")) as late:
            clients.append(await listen(late))
            start = len(clients[0].data)
            script.play(*trades(508, 609, 710))
            await trio.sleep(1)
            alerts = [one.context.alerts.book.every() for one in (sequencer, edge, late)]
            alerts = [[(one.name, one.count, one.last) for one in every] for every in alerts]
            first, second, third = (bytes(client.data) for client in clients)
            assert first == second
            assert first.count(b'"type":"alert"') == 3
            assert len(third) > 500
            assert third.endswith(first[start:])
            assert alerts[0] == alerts[1] == alerts[2]
            assert len(alerts[0]) == 1


async def test_what_is_changed_is_known_there_at_once(autojump_clock):
    """Also while no event comes: the alert that was made, and the one that was removed."""
    async with open_sequencer(script=Script()) as sequencer, open_edge(sequencer.link()) as edge:
        made = await make_alert(sequencer)
        await trio.sleep(0.01)
        assert [one.name for one in edge.context.alerts.book.every()] == [made["id"]]
        await request(sequencer, "DELETE", f"{ALERTS}?id={made['id']}")
        await trio.sleep(0.01)
        assert edge.context.alerts.book.every() == []


async def test_the_end_of_the_market_is_the_end_of_it_everywhere(autojump_clock):
    """After the last event; its market time is that of the market."""
    script = Script()
    async with open_sequencer(script=script) as sequencer, open_edge(sequencer.link()) as edge:
        client = await listen(edge)
        script.play(*trades(1, 2))
        script.end()
        with trio.fail_after(60):
            await edge.market.ended.wait()
            await sequencer.market.ended.wait()
        assert edge.context.fanout.hub.position == sequencer.context.fanout.hub.position
        assert edge.context.fanout.hub.seq == 5
        assert b"108550" in client.data or b"1.08550" in client.data
        assert edge.market.outside().phase == "ended"


async def test_a_simulated_market_that_is_paused_is_paused_there(autojump_clock):
    """Who joins meanwhile goes on with the same bytes."""
    settings = Settings(seed=3, instruments=2, cluster=Cluster(report_seconds=0.25))
    async with open_sequencer(settings) as sequencer, open_edge(sequencer.link()) as edge:
        clients = [await listen(one) for one in (sequencer, edge)]
        await request(sequencer, "POST", "/admin/clock", body={"action": "pause"}, keyed=ADMIN)
        await trio.sleep(0.3)
        assert edge.market.outside().phase == "paused"
        await trio.sleep(40)
        async with open_edge(sequencer.link("late")) as late:
            await trio.sleep(0.01)
            assert late.market.outside().phase == "paused"
            clients.append(await listen(late))
            before = [len(client.data) for client in clients]
            await trio.sleep(40)
            await request(sequencer, "POST", "/admin/clock", body={"action": "resume"}, keyed=ADMIN)
            await trio.sleep(5)
            assert late.market.outside().phase == "running"
            sequencer.market.source.control.pause()
            await trio.sleep(2)
            first, second, third = (
                bytes(client.data[start:]) for client, start in zip(clients, before, strict=True)
            )
            assert first == second == third
            assert len(first) > 1000


async def test_figures_of_who_follows(autojump_clock):
    """By name, for operators; and how far the log is."""
    script = Script()
    async with open_sequencer(script=script) as sequencer, open_edge(sequencer.link("east")):
        script.play(*trades(1, 2))
        await trio.sleep(1)
        _, _, told = await ask(sequencer.connect(), "/metrics", **ADMIN)
        for line in (
            "feed_log_blocks_total 1.0",
            "feed_log_snapshot_seq 3.0",
            'feed_log_edge_lag_bytes{edge="east"} 0.0',
            'feed_log_edge_lag_events{edge="east"} 0.0',
        ):
            assert line in told.decode().splitlines()
        assert b"feed_log_bytes " in told


async def test_tokens_of_one_are_good_at_the_other(autojump_clock):
    """They are signed with the same key, though nobody has named one."""
    async with open_sequencer(script=Script()) as sequencer, open_edge(sequencer.link()) as edge:
        assert edge.market.token_key == sequencer.market.token_key
        assert len(edge.market.token_key) >= 32
