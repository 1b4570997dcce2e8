"""Alerts, webhooks and nonces of a server on a data folder, over crashes at any moment."""

import errno
import json
from random import Random

import trio
from asking import ADMIN, API_KEY, ask
from binance_server import ENTRIES, KEYS
from clients import KEY
from durable_servers import durable_server, settings_of, slow, stream
from kraken_server import KrakenServer, signature
from memory_disk import MemoryDisk
from service_requests import ALERTS, WEBHOOKS, Receiver, request

from feed import Settings
from feed.durability.data_folder import read_records
from feed.model.events import TRADE
from feed.server.durable.kinds import NONCE
from feed.server.durable.service_state import ServiceState

SYMBOL = "BTC-USD"
MARKET = Settings(instruments=5)  # whose fifth it is


async def hear(server, since):
    """A client of alerts, from where it stood."""
    client = await server.upgraded("/ws?ext=seq")
    await client.send({"type": "auth", "key": KEY})
    assert (await client.message())["type"] == "authenticated"
    channels = ["alerts", "trades_btc_usd"]
    await client.send({"type": "subscribe", "channels": channels, "since": since})
    assert (await client.message())["type"] == "subscribed"
    return client


async def listen(client, told):
    while True:
        told.append(await client.message())


async def test_alerts_fire_as_if_no_server_had_crashed(autojump_clock):
    """A client that resumes hears of each once; a webhook is sent each, and again only with the same id."""
    disk, random = MemoryDisk(), Random(1)
    told, since = [], ""
    receiver = Receiver()
    settings = settings_of(MARKET, checkpoint_seconds=2.0, horizon_seconds=0.5)
    for life in range(2):
        async with durable_server(disk, settings, stopped=False, offload=slow(0.002)) as server:
            server.context.webhooks._client = receiver
            if life == 0:
                since = server.context.fanout.hub.history.position.text
                body = {"url": "https://example.com/a", "channels": ["alerts"]}
                await request(server, "POST", WEBHOOKS, body=body)
            client = await hear(server, since)
            server.nursery.start_soon(listen, client, told)
            for _ in range(3):
                threshold = random.choice(("0.001", "0.01", "0.05"))
                body = {"condition": "volume", "symbol": SYMBOL, "threshold": threshold, "window": 60}
                made = await request(server, "POST", ALERTS, body=body)
                await trio.sleep(random.random())
                if random.random() < 0.3:
                    await request(server, "DELETE", f"{ALERTS}?id={made['id']}")
            await trio.sleep(random.random())
        since = next((one["pos"] for one in reversed(told) if "pos" in one), since)
    async with durable_server(disk, settings, stopped=False) as server:
        server.context.webhooks._client = receiver
        while not any(one["fired"] for one in await request(server, "GET", ALERTS)):  # noqa: ASYNC110
            await trio.sleep(1)
        server.runner.control.pause()
        while (await request(server, "GET", WEBHOOKS))[0]["waiting"]:  # noqa: ASYNC110
            await trio.sleep(1)
        rows = stream(server)
        again = await hear(server, since)
        server.nursery.start_soon(listen, again, told)
        await trio.sleep(1)
        shown = await request(server, "GET", ALERTS)
    state = ServiceState()
    for _, entry in read_records(disk, 0):
        state.apply(entry)
    state.published(0, rows)
    fired = [
        (seq, [one.name for one in state.alerts.fired("demo", row[1], seq)])
        for seq, row in enumerate(rows, start=1)
        if row[0] == TRADE and state.alerts.fired("demo", row[1], seq)
    ]
    assert fired
    heard = [one for one in told if one["type"] == "alert"]
    assert [(one["seq"], [each["id"] for each in one["alerts"]]) for one in heard] == fired
    numbers = [one["seq"] for one in told if one["type"] == "trade"]
    assert numbers == sorted(set(numbers))
    sent = dict(receiver.taken)
    assert [one["seq"] for one in sent.values()] == [seq for seq, _ in fired]
    assert [(one.name, one.count) for one in state.alerts.of("guide", "demo")] == [
        (one["id"], one["fired"]) for one in shown
    ]


async def test_a_nonce_is_synced_with_its_order(autojump_clock):
    """One append and one sync for both; after a crash the same request is refused, and has acted once."""
    disk = MemoryDisk()
    settings = settings_of(Settings(instruments=64))  # the last is traded at that exchange
    path = "/0/private/AddOrder"
    body = b"nonce=7&pair=XBTUSD&type=buy&ordertype=limit&volume=0.01&price=1000.0"
    sign = signature(path, "7", body)

    async def ask_again(server):
        return await KrakenServer.post(server, "AddOrder", body, key=KEYS["alice"], sign=sign)

    async with durable_server(disk, settings, keys=ENTRIES, stopped=False) as server:
        await trio.sleep(0.1)
        done = len(disk.done)
        status, found = await ask_again(server)
        assert (status, found["error"]) == (200, [])
        logged = [what for what, name in disk.done[done:] if name.startswith("log")]
        assert logged == ["append", "sync"]
    last, before = [entry for _, entry in read_records(disk, 0)][-1:-3:-1]
    assert (before.kind, last.kind) == (NONCE, "requests")
    async with durable_server(disk, settings, keys=ENTRIES) as server:
        assert await ask_again(server) == (200, {"error": ["EAPI:Invalid nonce"]})


async def test_a_nonce_whose_order_was_not_taken_is_written_all_the_same(autojump_clock):
    """A second later, so that checkpoints do not wait for it."""
    disk = MemoryDisk()
    async with durable_server(disk, stopped=False) as server:
        await trio.sleep(1)
        log = server.context.services._log
        log.nonce("a mark", 7)
        log.put_nonces()
        await trio.sleep(3)
        assert [entry.kind for _, entry in read_records(disk, 0)][-1] == NONCE
        assert server.durable.commits.published.seq == server.context.fanout.hub.seq


async def test_a_disk_that_fills_up_delays_or_refuses_a_change(autojump_clock):
    """The first may still be kept, and is; the next are refused, and nobody else waits."""
    disk = MemoryDisk()
    body = {"condition": "volume", "symbol": "EURUSD", "threshold": "1", "window": 60}

    async def make(server):
        began = trio.current_time()
        status, _, found = await ask(
            server.connect(), ALERTS, method="POST", body=json.dumps(body).encode(), **API_KEY
        )
        return (
            status,
            found["error"]["message"] if status != 200 else found["id"],
            trio.current_time() - began,
        )

    async with durable_server(disk, stopped=False) as server:
        assert (await make(server))[:2] == (200, "al_1")
        disk.fails["append"] = errno.ENOSPC
        late, now = None, None

        async def first():
            nonlocal late
            late = await make(server)

        server.nursery.start_soon(first)
        await trio.sleep(0.5)
        now = await make(server)
        began = trio.current_time()
        assert await request(server, "GET", WEBHOOKS) == []
        seq = server.context.fanout.hub.seq
        assert trio.current_time() - began < 0.1
        await trio.sleep(server.settings.web.request_seconds)
        assert server.context.fanout.hub.seq > seq
        assert late[:2] == (503, "The disk has not answered in time; the change may still be kept")
        assert now[:2] == (503, "The disk takes nothing now; nothing was changed")
        assert now[2] < 0.1
        del disk.fails["append"]
        await trio.sleep(5)
        assert (await make(server))[:2] == (200, "al_3")
    async with durable_server(disk) as server:
        assert [one["id"] for one in await request(server, "GET", ALERTS)] == ["al_1", "al_2", "al_3"]


async def test_a_clock_command_is_answered_when_it_is_durable(autojump_clock):
    """It has acted by then; after a crash the market stands as it stood. A full disk stops no operator."""
    disk = MemoryDisk()

    async def order(server, **body):
        began = trio.current_time()
        status, _, found = await ask(
            server.connect(), "/admin/clock", method="POST", body=json.dumps(body).encode(), **ADMIN
        )
        assert status == 200
        return found["state"], trio.current_time() - began

    async with durable_server(disk, stopped=False, offload=slow(1)) as server:
        await trio.sleep(5)
        state, seconds = await order(server, action="pause")
        assert (state, seconds >= 1) == ("paused", True)
    async with durable_server(disk, stopped=False) as server:
        assert server.runner.control.status().state.value == "paused"
        disk.fails["append"] = errno.ENOSPC
        server.durable.commits.record("nothing", {})
        await trio.sleep(0.5)
        state, seconds = await order(server, action="resume")
        assert (state, seconds < 0.1) == ("running", True)
