"""Every fault of a scenario, as a client of the whole server meets it."""

import json

import pytest
import structlog
import trio
from asking import ADMIN, ask
from clients import PING, PONG, TEXT, frame
from scripts import Script, quote

from feed import Limits, Settings
from feed.faults.contract import FaultPlan
from feed.model.faults import (
    Aim,
    Delay,
    Disconnect,
    Drop,
    Duplicate,
    ExpireTokens,
    Garbage,
    HalfOpen,
    Mute,
    Oversized,
    RefuseHandshakes,
    Reorder,
    Restart,
)

SECOND = 1_000_000_000
START = 10**18


@pytest.fixture
def faulty(open_server):
    """Opens a house in which the given faults happen."""
    return lambda *faults, **options: open_server(
        options.pop("settings", None),
        options.pop("script", None) or Script(opening=[quote(at, 100, ts=START) for at in range(3)]),
        FaultPlan(faults=faults, seed=5, start=START),
    )


def tick(bid, second):
    return quote(0, bid, ts=START + int(second * SECOND))


def bids(messages):
    return [round(message["bid"] * 100_000) for message in messages]


async def until_quiet(client, seconds=1.0):
    """Bids of the ticks that come before a silence."""
    found = []
    while True:
        with trio.move_on_after(seconds):
            found.append(await client.message())
            continue
        return bids(found)


async def test_a_disconnection_stands_between_two_events(faulty):
    """Everything before it arrives, then the close with its code and reason; nothing after it."""
    async with faulty(Disconnect(at=2 * SECOND, code=4000, reason="enough")) as server:
        clients = [await server.subscribed("EURUSD") for _ in range(3)]
        server.script.play(tick(101, 1), tick(102, 1.5), tick(103, 2), tick(104, 2))
        for client in clients:
            messages, *end = await client.rest()
            assert (bids(messages), end) == ([100, 101, 102], [4000, "enough"])
        assert server.ended == {"fault: disconnect": 3}
        (record,) = server.context.faults.statistics()
        assert (record.name, record.seq, record.connections, record.over) == ("disconnect", 5, 3, True)


async def test_code_1006_drops_the_connection(faulty):
    """No close frame and no handshake: the stream just ends."""
    async with faulty(Disconnect(seq=4, code=1006)) as server:
        client = await server.subscribed("EURUSD")
        server.script.play(tick(101, 1), tick(102, 1))
        messages, *end = await client.rest()
        assert (bids(messages), end) == ([100, 101], [0, ""])


async def test_a_fault_is_logged_with_its_sequence_number(faulty):
    """And with the number of connections that it struck."""
    with structlog.testing.capture_logs() as logs:
        async with faulty(Garbage(seq=4)) as server:
            await server.subscribed("EURUSD")
            server.script.play(tick(101, 1))
            await trio.sleep(1)
    lines = [line for line in logs if line["event"] == "fault begins"]
    assert [(line["fault"], line["seq"], line["connections"]) for line in lines] == [("garbage", 4, 1)]


async def test_a_mute_connection_answers_pings(faulty):
    """What is withheld is lost, replies too; then the stream goes on. Who comes anew is not muted."""
    async with faulty(Mute(at=SECOND, duration=2 * SECOND)) as server:
        client = await server.subscribed("EURUSD")
        server.script.play(tick(101, 0.5), tick(102, 1), tick(103, 2))
        assert await until_quiet(client) == [100, 101]
        await client.send({"type": "list"})
        await client.send_bytes(frame(PING, b"there?"))
        assert await client.frame() == (PONG, b"there?")
        other = await server.subscribed("EURUSD")
        assert bids([await other.message()]) == [103]
        server.script.play(tick(104, 3), tick(105, 4))
        assert await until_quiet(client) == [104, 105]
        assert await until_quiet(other) == [104, 105]


async def test_a_half_open_connection_does_nothing(faulty):
    """No data, no pong, no heartbeat, no end; when it is over, all that was owed comes in order."""
    limits = Limits(ping_seconds=5, pong_seconds=2)
    fault = HalfOpen(at=SECOND, duration=2 * SECOND)
    async with faulty(fault, settings=Settings(limits=limits)) as server:
        client = await server.subscribed("EURUSD")
        server.script.play(tick(101, 0.5), tick(102, 1))
        assert await until_quiet(client, 0.5) == [100, 101]
        await client.send_bytes(frame(PING, b"there?"))
        with trio.move_on_after(60) as silence:
            await client.frame()
        assert silence.cancelled_caught
        assert server.ended == {}
        server.script.play(tick(103, 3))
        found = []
        while [kind for kind, _ in found].count(TEXT) < 2:
            found.append(await client.frame())
        assert bids(json.loads(data) for kind, data in found if kind == TEXT) == [102, 103]
        assert (PONG, b"there?") in [*found, await client.frame()]


async def test_a_delayed_connection_hears_late_and_in_order(faulty):
    """At least by the delay, at most by the jitter more."""
    async with faulty(Delay(at=SECOND, delay=2 * SECOND, jitter=SECOND, duration=9 * SECOND)) as server:
        client = await server.subscribed("EURUSD")
        assert bids([await client.message()]) == [100]
        for at in range(20):
            server.script.play(tick(200 + at, 1 + at / 10))
            await trio.sleep(0.001)
        began = trio.current_time()
        assert bids([await client.message()]) == [200]
        assert 1.9 <= trio.current_time() - began <= 3
        assert await until_quiet(client, 3) == [*range(201, 220)]
        server.script.play(tick(300, 11), tick(301, 11))
        began = trio.current_time()
        assert bids(await client.messages(2)) == [300, 301]
        assert trio.current_time() - began < 0.01


@pytest.mark.parametrize(
    "fault",
    [
        Drop(at=SECOND, fraction=0.3, duration=SECOND),
        Duplicate(at=SECOND, fraction=0.3, duration=SECOND),
        Reorder(at=SECOND, fraction=0.3, distance=4, duration=SECOND),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_everybody_on_a_bad_link_reads_the_same_bytes(faulty, fault):
    """In one batch or one by one, present at its beginning or not; outside of it nothing is amiss."""
    prices = [*range(101, 140)]
    received = []
    for alone in (True, False):
        async with faulty(fault) as server:
            clients = [await server.subscribed("EURUSD") for _ in range(2)]
            rows = [tick(price, 0.5 + at / 20) for at, price in enumerate(prices)]
            for row in rows if alone else []:
                server.script.play(row)
                await trio.sleep(0.001)
            if not alone:
                server.script.play(*rows)
            received += [await until_quiet(client) for client in clients]
    assert received[0] == received[1] == received[2] == received[3]
    struck = [price for at, price in enumerate(prices) if 1 <= 0.5 + at / 20 < 2]
    interval_scale = [price for price in [100, *prices] if price not in struck]
    assert [price for price in received[0] if price in interval_scale] == interval_scale
    assert received[0] != [100, *prices]


async def test_a_bad_link_is_bad_for_whoever_comes(faulty):
    """Until it is over; a snapshot is no frame of the stream."""
    async with faulty(Drop(at=SECOND, fraction=1)) as server:
        server.script.play(tick(101, 1))
        await trio.sleep(1)
        client = await server.subscribed("EURUSD")
        server.script.play(tick(102, 2))
        assert await until_quiet(client) == [101]
        assert server.context.faults.statistics()[0].connections == 1


async def test_garbage_and_a_frame_that_is_too_long(faulty):
    """One text frame each, at its place between the ticks, and the same for everybody."""
    async with faulty(Garbage(seq=4), Oversized(seq=5, bytes=100_000)) as server:
        clients = [await server.subscribed("EURUSD") for _ in range(2)]
        server.script.play(tick(101, 1), tick(102, 1), tick(103, 1))
        for client in clients:
            _, first, garbage, second, long, third = [await client.text() for _ in range(6)]
            assert bids(map(json.loads, (first, second, third))) == [101, 102, 103]
            assert len(long) == 100_000
            with pytest.raises(json.JSONDecodeError):
                json.loads(garbage)
        assert clients[0].data == clients[1].data


async def test_nobody_is_let_in(faulty):
    """503 and when to try again; who is in stays; afterwards the door is open."""
    async with faulty(RefuseHandshakes(at=SECOND, duration=30 * SECOND)) as server:
        client = await server.subscribed("EURUSD")
        server.script.play(tick(101, 1), tick(102, 11))
        assert await until_quiet(client) == [100, 101, 102]
        knocking = server.connect()
        status, headers = await knocking.upgrade()
        assert (status, headers["retry-after"]) == (503, "20")
        (record,) = server.context.faults.statistics()
        assert (record.connections, record.refused, record.over) == (0, 1, False)
        server.script.play(tick(103, 31))
        await trio.sleep(1)
        await server.subscribed("EURUSD")


async def test_a_restart_sends_everybody_away_for_a_while(faulty):
    """1012 to each, whether it has a key or not; then 503; then as before."""
    async with faulty(Restart(at=SECOND, duration=5 * SECOND)) as server:
        subscribed, greeted = await server.subscribed("EURUSD"), await server.upgraded()
        server.script.play(tick(101, 1), tick(102, 2))
        messages, *end = await subscribed.rest()
        assert (bids(messages), end) == ([100], [1012, "Service restart"])
        assert (await greeted.rest())[1:] == (1012, "Service restart")
        assert (await server.connect().upgrade())[0] == 503
        server.script.play(tick(103, 6))
        await trio.sleep(1)
        client = await server.subscribed("EURUSD")
        assert await until_quiet(client) == [103]


async def test_expired_tokens_are_told_and_closed(faulty):
    """An error in the protocol's words, then 1008; who has shown none is not concerned."""
    async with faulty(ExpireTokens(seq=4)) as server:
        client, greeted = await server.subscribed("EURUSD"), await server.upgraded()
        server.script.play(tick(101, 1), tick(102, 1))
        messages, *end = await client.rest()
        assert bids(messages[:2]) == [100, 101]
        assert messages[2:] == [{"type": "error", "message": "API key expired"}]
        assert end == [1008, "Token expired"]
        assert (await greeted.message())["type"] == "welcome"
        assert server.context.faults.statistics()[0].connections == 1


async def test_an_aim_by_protocol_and_by_key(faulty):
    """Only those that it names are struck."""
    away = {"code": 4001, "aim": Aim(dialect="guide")}
    async with faulty(
        Disconnect(seq=4, **away),
        Disconnect(seq=5, code=4002, aim=Aim(key="nobody")),
        Disconnect(seq=6, code=4003, aim=Aim(dialect="tradyn")),
    ) as server:
        client = await server.subscribed("EURUSD")
        server.script.play(tick(101, 1), tick(102, 1), tick(103, 1))
        assert (await client.rest())[1] == 4003
        assert [record.connections for record in server.context.faults.statistics()] == [0, 0, 1]


async def test_a_fraction_is_chosen_by_the_seed(faulty):
    """About so many, and the same ones on every run, whoever else only watches."""
    struck = []
    for watched in (False, True):
        async with faulty(Disconnect(seq=4, code=4000, aim=Aim(fraction=0.5))) as server:
            clients = []
            for _ in range(40):
                if watched:
                    await server.upgraded("/?observer=1", capacity=10_000)
                clients.append(await server.subscribed("EURUSD"))
            ends = {}

            async def read(at, client, ends=ends):
                with trio.move_on_after(1):
                    ends[at] = (await client.rest())[1]

            async with trio.open_nursery() as nursery:
                for at, client in enumerate(clients):
                    nursery.start_soon(read, at, client)
                server.script.play(tick(101, 1))
            assert watched or server.ended == {"fault: disconnect": len(ends)}
            assert set(ends.values()) == {4000}
            struck.append(sorted(ends))
    assert struck[0] == struck[1]
    assert 10 <= len(struck[0]) <= 30


async def test_without_faults_there_is_nothing(server):
    """No hook in the fan-out, and nothing that goes wrong unless somebody asks for it."""
    assert server.context.faults.idle
    assert server.context.fanout._fault_hook is None


async def test_faults_are_shown_to_operators(faulty):
    """Which have begun and whom they struck: in the figures, and to the admin's key."""
    async with faulty(Disconnect(at=SECOND, code=4000), Mute(at=900 * SECOND, duration=SECOND)) as server:
        client = await server.subscribed("EURUSD")
        server.script.play(tick(101, 1), tick(102, 2))
        await client.rest()
        status, _, body = await ask(server.connect(), "/admin/faults", **ADMIN)
        assert (status, body["name"]) == (200, "faults")
        assert [(fault["name"], fault["seq"], fault["connections"]) for fault in body["data"]] == [
            ("disconnect", 3, 1)
        ]
        _, _, figures = await ask(server.connect(), "/metrics")
        assert b'feed_fault_connections_total{fault="disconnect",number="0"} 1.0' in figures
