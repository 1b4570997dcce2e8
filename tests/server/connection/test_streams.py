"""Subscriptions over the wire: nothing missing, nothing twice, and the same bytes for everybody."""

import gc

import pytest
import trio
from clients import CLOSE, TEXT, frame
from scripts import Script, quote

from feed import Flow, Limits, Settings
from feed.server.connection.connection import Connection
from feed.server.connection.stream import ConnectionStream
from feed.stream.groups import Group
from feed.stream.send_buffer import SendBuffer

LAST = 99_999


def bid(message):
    return round(message["bid"] * 100_000)


async def play(script, prices, *, every=0.01, instrument=0):
    for price in prices:
        await trio.sleep(every)
        script.play(quote(instrument, price))


async def read_to_last(client, *, pause=0.0):
    """Read ticks up to the one at :data:`LAST`; their bids."""
    bids = []
    while not bids or bids[-1] != LAST:
        await trio.sleep(pause)
        bids.append(bid(await client.message()))
    return bids


async def test_the_confirmation_comes_first_then_the_quote_of_each_symbol(server):
    """The published client reads the confirmation unseen."""
    client = await server.authenticated()
    await client.send({"type": "subscribe", "symbols": ["XAUUSD", "EURUSD"]})
    confirmed, gold, euro = await client.messages(3)
    assert confirmed == {"type": "subscribed", "symbols": ["XAUUSD", "EURUSD"], "totalSubscriptions": 2}
    assert (gold["symbol"], gold["bid"], euro["symbol"]) == ("XAUUSD", 0.00100, "EURUSD")


async def test_a_subscriber_sees_the_present_and_then_every_change(server):
    """The first tick is the current price; no later one is missing or told twice."""
    server.script.play(quote(0, 200), quote(0, 201))
    await trio.sleep(1)
    client = await server.subscribed("EURUSD")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(play, server.script, [202, 203, 203, 204, LAST])
        assert await read_to_last(client) == [201, 202, 203, 204, LAST]


async def test_nothing_of_a_symbol_comes_after_its_unsubscription(server):
    """While ticks flow, the reply is the last word; other symbols flow on."""
    client = await server.subscribed("EURUSD", "GBPUSD")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(play, server.script, range(200, 400))
        await trio.sleep(1.005)
        await client.send({"type": "unsubscribe", "symbol": "EURUSD"})
        before = []
        while (message := await client.message())["type"] == "tick":
            before.append(message)
        assert message == {"type": "unsubscribed", "symbols": ["EURUSD"], "totalSubscriptions": 1}
        assert [bid(tick) for tick in before] == [100, 100, *range(200, 300)]
    server.script.play(quote(1, 777))
    assert await client.message() == {
        "type": "tick",
        "symbol": "GBPUSD",
        "bid": 0.00777,
        "ask": 0.00778,
        "time": 0,
    }


async def test_to_and_fro_keeps_the_stream_whole(server):
    """Subscribing again and again: each time the present, then what follows, and nothing in between."""
    client = await server.authenticated()
    present = 100
    for price in range(200, 240, 2):
        await client.send({"type": "subscribe", "symbol": "EURUSD"})
        confirmed, first = await client.messages(2)
        server.script.play(quote(0, price))
        second = await client.message()
        assert (confirmed["totalSubscriptions"], bid(first), bid(second)) == (1, present, price)
        await client.send({"type": "unsubscribe", "symbol": "EURUSD"})
        assert (await client.message())["totalSubscriptions"] == 0
        present = price + 1
        server.script.play(quote(0, present))
        await trio.sleep(0.1)
    assert server.left == (1, 0, 0)


async def test_five_hundred_subscriptions_on_one_connection(open_server):
    """Every one has its snapshot and its changes."""
    async with open_server(script=Script(instruments=500)) as server:
        symbols = list(server.script.listing.symbols)
        client = await server.subscribed(*symbols)
        assert [tick["symbol"] for tick in await client.messages(500)] == symbols
        server.script.play(*(quote(at, 200) for at in range(500)))
        assert [tick["symbol"] for tick in await client.messages(500)] == symbols


@pytest.mark.parametrize("sweep", [7, 256])
async def test_fifty_clients_share_one_stream_to_the_byte(open_server, sweep):
    """They join at different moments and some are slow; all that they have in common is identical."""
    script = Script()
    prices = [*range(200, 700), LAST]
    streams = {}

    async def follow(number):
        await trio.sleep(number * 0.05)
        slow = number % 5 == 4
        client = await server.subscribed("EURUSD", "GBPUSD", capacity=150 if slow else 65536)
        present, _ = await client.messages(2)
        client.data.clear()
        bids = await read_to_last(client, pause=0.02 if slow else 0)
        assert bids == [price for price in prices if price > bid(present)]
        streams[number] = bytes(client.data)

    async with open_server(Settings(flow=Flow(sweep_connections=sweep)), script) as server:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play, script, prices)
            for number in range(50):
                nursery.start_soon(follow, number)
        assert server.ended == {}
    whole = streams[0]
    assert len({len(stream) for stream in streams.values()}) == 50
    assert all(whole.endswith(stream) for stream in streams.values())


async def test_a_stalled_reader_is_cut_and_delays_nobody(open_server):
    """Past its bound it is told, and closed with 1013; the others get every tick when it happens."""
    prices = [*range(1000, 1500), LAST]
    script = Script()
    arrivals = {}

    async def follow(name):
        client = await server.subscribed("EURUSD")
        await client.message()
        client.data.clear()
        times = []
        for _ in prices:
            await client.message()
            times.append(trio.current_time() - started)
        arrivals[name] = times, bytes(client.data)

    async with open_server(Settings(limits=Limits(backlog_bytes=8192)), script) as server:
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            for name in ("left", "right"):
                nursery.start_soon(follow, name)
            stalled = await server.subscribed("EURUSD", capacity=1024)
            nursery.start_soon(play, script, prices)
            await trio.sleep(2)
            messages, code, reason = await stalled.rest()
    assert (code, reason) == (1013, "Slow consumer")
    assert messages[-1] == {"type": "error", "message": "Slow consumer: reconnect and subscribe again"}
    ticks = [bid(tick) for tick in messages[:-1]]
    assert ticks == [100, *range(1000, 1000 + len(ticks) - 1)]
    assert server.ended["slow consumer"] == 1
    assert arrivals["left"] == arrivals["right"]
    times, _ = arrivals["left"]
    assert times == pytest.approx([0.01 * at for at in range(1, len(prices) + 1)], abs=1e-6)


async def test_a_reader_that_never_wakes_is_dropped(open_server):
    """Cut at the bound, and gone for good when the time for the closing handshake is over."""
    async with open_server(Settings(limits=Limits(backlog_bytes=8192)), Script()) as server:
        await server.subscribed("EURUSD", capacity=1024)
        await play(server.script, range(1000, 1200), every=0)
        await trio.sleep(0.1)
        assert server.ended == {"slow consumer": 1}
        assert server.left == (0, 0, 0)
        await trio.sleep(2)
        assert server.listener._open == {}


async def test_a_slow_reader_within_the_bound_gets_everything(open_server):
    """Late, but whole."""
    async with open_server(script=Script()) as server:
        client = await server.subscribed("EURUSD", capacity=200)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play, server.script, [*range(1000, 1300), LAST])
            assert await read_to_last(client, pause=0.05) == [100, *range(1000, 1300), LAST]


async def test_only_who_has_fallen_behind_has_a_writer(server):
    """A task more, from the first time on that something is owed to it; it is there for the next time too."""
    quick, slow = await server.subscribed("EURUSD"), await server.subscribed("EURUSD", capacity=200)
    tasks = [
        connection._nursery.child_tasks
        for connection in server.context.registry.connections
        if connection._nursery is not None
    ]
    for _ in range(2):
        await play(server.script, range(1000, 1020), every=0)
        await trio.testing.wait_all_tasks_blocked()
        assert [len(one) for one in tasks] == [2, 3]
        for client in (quick, slow):
            while bid(await client.message()) != 1019:
                pass


async def test_a_connection_that_is_over_begins_no_task(server):
    """The fan-out may still write to it, and must not hear of a nursery that is closed."""
    client = await server.subscribed("EURUSD")
    (connection,) = server.context.registry.connections
    await client.send_bytes(frame(CLOSE, b"\x03\xe8"))
    await client.rest()
    await trio.sleep(10)
    connection._stream.wake()
    assert server.left == (0, 0, 0)


async def test_nothing_is_left_of_connections_that_ended(server):
    """In whatever way they end: no conversation, no group, no topic, no object."""

    async def close(client):
        await client.send_bytes(frame(CLOSE, b"\x03\xe8"))
        assert (await client.rest())[1] == 1000

    async def malformed(client):
        await client.send_bytes(b"\xff\xff")

    async def stop(client):
        await client.stream.aclose()

    async def reset(client):
        client.stream.reset()

    async def stay(client):
        client.polite = False

    async def subscribe_and_close(client):
        await client.send({"type": "subscribe", "symbols": ["GBPUSD"]})
        await client.send_bytes(frame(CLOSE, b"\x03\xe8"))

    async def half_a_message(client):
        await client.send_bytes(frame(TEXT, b"x" * 1000, fin=False))
        await client.stream.aclose()

    ways = [close, malformed, stop, reset, stay, subscribe_and_close, half_a_message]
    for _ in range(3):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play, server.script, range(200, 300))
            for way in ways:
                client = await server.subscribed("EURUSD", "XAUUSD", capacity=300)
                await client.messages(2)
                await trio.sleep(0.05)
                await way(client)
        await trio.sleep(200)  # a busy client of this protocol is given two minutes
    assert sum(server.ended.values()) == 3 * len(ways)
    assert server.left == (0, 0, 0)
    assert server.listener._open == {}
    del client
    gc.collect()
    kinds = (Connection, ConnectionStream, SendBuffer, Group)
    assert [thing for thing in gc.get_objects() if isinstance(thing, kinds)] == []
