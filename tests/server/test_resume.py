"""Clients that resume, over a whole connection: slow ones, greedy ones, and those around them."""

import attrs
import pytest
import trio
from scripts import Script, quote

from feed import Limits, Settings
from feed.server.close_reason import SHUTDOWN
from feed.settings import Flow
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.stream.history import History

SUBSCRIBE = {"type": "subscribe", "channels": ["ticker_eurusd"]}
SECOND = 10**9
# Clients of these tests read late, and answer no ping meanwhile.
PATIENT = Limits(ping_seconds=10_000, backlog_bytes=20_000)
EVENTS = 3000


@pytest.fixture
def past(open_server):
    """A house with a past that is longer than a backlog may be, and the position that it began at."""

    def opened(limits=PATIENT, **flow):
        script = Script(opening=[])
        for start in range(0, EVENTS, 100):
            script.play(*(quote(0, 1000 + start + at, ts=start + at) for at in range(100)))
        return open_server(Settings(limits=limits, flow=Flow(**flow)), script)

    return opened


async def published(server, seq=EVENTS):
    """Where the stream began, once so much of it has been told."""
    began = server.context.fanout.hub.position.text
    assert began.startswith("0-")
    await server.context.fanout.published(seq)
    return began


async def resumed(server, position, **options):
    """A client that has heard that its subscription goes on from there."""
    client = await server.upgraded(f"/ws?ext=seq&since={position}", **options)
    await client.send(SUBSCRIBE)
    assert (await client.message())["type"] == "subscribed"
    return client


async def test_who_reads_slowly_is_told_everything_and_not_cut(past):
    """However much longer the past is than what one connection may owe; as one who reads fast."""
    async with past() as server:
        began = await published(server)
        slow = await resumed(server, began, capacity=2000)
        fast = await resumed(server, began)
        heard = [await fast.text() for _ in range(EVENTS)]
        assert heard[-1].endswith(f'"pos":"{server.context.fanout.hub.position.text}"}}')
        told = []
        for _ in range(EVENTS // 10):
            await trio.sleep(1)
            told += [await slow.text() for _ in range(10)]
        assert told == heard
        server.script.play(quote(0, 5, ts=EVENTS))
        assert await slow.text() == await fast.text()
        assert server.ended == {}


async def test_the_past_costs_those_who_listen_nothing(past):
    """Whoever is told of the past, the next event comes when it happens."""
    async with past(replay_work=1) as server:
        began = await published(server)
        listener = await server.upgraded("/ws?ext=seq")
        await listener.send(SUBSCRIBE)
        await listener.messages(2)
        hub = server.context.fanout.hub
        for at in range(20):
            await resumed(server, began)
            server.script.play(quote(0, 50 + at, ts=EVENTS + at))
            await listener.message()
            assert len(hub.replays)  # their past is not over yet


async def test_much_work_is_paced(past):
    """By the budget of the client; it may ask for other things meanwhile and nobody cuts it for that."""
    limits = attrs.evolve(PATIENT, work_per_second=1000, work_burst=2000)
    async with past(limits, replay_work=100) as server:
        began = await published(server)
        client = await resumed(server, began, capacity=1 << 20)
        start = trio.current_time()
        for at in range(20):
            await client.send({"type": "ping", "id": at})
            await trio.sleep(0.5)
        count = 0
        while (await client.message())["type"] == "ticker":
            count += 1
        assert count == EVENTS
        # Nine units a message: one for the event and eight to encode it.
        assert trio.current_time() - start == pytest.approx((EVENTS * 9 - 2000) / 1000, abs=1)
        assert server.ended == {}


async def test_many_of_one_address_share_its_pace(past):
    """Nobody is told more because he asks through more connections."""
    limits = attrs.evolve(PATIENT, address_work_per_second=1000, address_work_burst=2000)
    async with past(limits, replay_work=100) as server:
        began = await published(server)
        start = trio.current_time()
        greedy = [await resumed(server, began) for _ in range(3)]
        other = await resumed(server, began, peer="127.0.0.2")
        for _ in range(EVENTS):
            await other.text()
        theirs = trio.current_time() - start
        for client in greedy:
            for _ in range(EVENTS):
                await client.text()
        assert theirs < (EVENTS * 9 - 2000) / 1000 + 1
        assert trio.current_time() - start > theirs


async def test_a_server_that_stops_tells_the_past_no_more(past):
    """It says goodbye at once, however much is owed."""
    async with past(replay_work=1) as server:
        began = await published(server)
        clients = [await resumed(server, began, capacity=2000) for _ in range(3)]
        server.context.fanout.hub.replays.close()
        start = trio.current_time()
        for connection in list(server.context.registry.connections):
            connection.end(SHUTDOWN)
        for client in clients:
            _, code, _ = await client.rest()
            assert code == SHUTDOWN.code
        assert trio.current_time() - start < 1
        assert server.left[0] == 0


async def test_positions_that_are_tried_out_are_paid_for(past):
    """To look whether one is of this history costs more than a message does."""
    limits = attrs.evolve(PATIENT, work_per_second=1000, work_burst=1000)
    async with past(limits) as server:
        await published(server)
        client = await server.upgraded("/ws?ext=seq")
        start = trio.current_time()
        for at in range(20):
            await client.send(SUBSCRIBE | {"since": f"{100 * at}-00000000"})
            assert "another history" in (await client.message())["message"]
        assert trio.current_time() - start > 20 * 200 / 1000


def test_a_quarter_of_an_hour_of_the_default_market_fits():
    """Into what is kept by default, however much of it is copies of the market's state."""
    flow = Settings().flow
    spec = default_market()
    market = Market(spec, seed=1, start=0)
    seconds = 30
    history = History(instruments=len(spec.listing()), seconds=900, size=flow.history_bytes)
    rows = market.opening() + market.advance(seconds * SECOND)
    history.append(rows)
    assert flow.history_seconds >= 900
    # Up to an eighth more is kept, and copies take up to a quarter.
    assert history.bytes / seconds * flow.history_seconds * 9 / 8 < flow.history_bytes * 3 / 4
