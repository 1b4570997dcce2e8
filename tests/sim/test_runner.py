"""A market against the clock: its pace, its patience, and rows that depend on neither."""

import math
from functools import partial

import attrs
import pytest
import trio
import trio.testing

from feed.model.events import ORDER, Side, event
from feed.model.requests import Create
from feed.model.trading import packed, unpacked
from feed.settings import Flow, Trading
from feed.sim.clients import ClientMarket
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.runner import MarketRunner
from feed.stream.source import RequestCounts

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def new_market():
    return Market(default_market(3), seed=5, start=START)


def rows_until(end):
    market = new_market()
    market.opening()
    return market.advance(end)


def runner_of(market, *, speed, flow):
    return MarketRunner(market, flow=flow, speed=speed)


async def collect(speed, seconds, *, flow=None, channel=math.inf):
    """Run a market for some seconds of the clock; its batches and when they came."""
    runner = runner_of(new_market(), speed=speed, flow=flow or Flow())
    runner.opening()
    send, receive = trio.open_memory_channel(channel)
    taken = []
    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(runner.run, send)
            while True:
                batch = await receive.receive()
                taken.append((trio.current_time(), batch))
    return taken


def test_the_opening_is_the_markets():
    """What it publishes first is the opening books."""
    assert runner_of(new_market(), speed=1, flow=Flow()).opening() == new_market().opening()


@pytest.mark.parametrize("speed", [1, 10])
async def test_an_event_comes_when_it_is_due(autojump_clock, speed):
    """Its market time and the clock agree; at ten times the speed in a tenth of the time."""
    began = trio.current_time()
    taken = await collect(speed, 2)
    for time, batch in taken:
        for row in batch.rows:
            assert time - began == pytest.approx((row[2] - START) / SECOND / speed, abs=1e-6)
    assert taken[-1][0] - began > 1.5


async def test_the_same_rows_come_at_any_speed(autojump_clock):
    """And in batches of any size: only the cuts differ."""
    expected = rows_until(START + SECOND)
    assert len(expected) > 50
    for speed, batch_events in ((1, 256), (10, 256), (10, 1), (0.5, 7)):
        taken = await collect(speed, 1.001 / speed, flow=Flow(batch_events=batch_events))
        rows = [row for _, batch in taken for row in batch.rows]
        assert rows[: len(expected)] == expected


async def test_as_fast_as_possible_the_channel_sets_the_pace(autojump_clock):
    """No time passes, and the rows are the same."""
    runner = runner_of(new_market(), speed=0, flow=Flow())
    runner.opening()
    send, receive = trio.open_memory_channel(4)
    began = trio.current_time()
    expected = rows_until(START + SECOND)
    rows = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.run, send)
        while len(rows) < len(expected):
            rows += (await receive.receive()).rows
        nursery.cancel_scope.cancel()
    assert rows[: len(expected)] == expected
    assert trio.current_time() == began


async def test_a_full_channel_slows_the_market_and_loses_nothing(autojump_clock):
    """The channel is not read for a minute: the market waits, and then continues without a gap."""
    market = new_market()
    runner = runner_of(market, speed=1, flow=Flow(batch_events=16))
    runner.opening()
    send, receive = trio.open_memory_channel(2)
    expected = rows_until(START + 61 * SECOND)
    rows = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.run, send)
        await trio.sleep(60)
        assert market.now < START + SECOND
        assert send.statistics().current_buffer_used == 2
        while len(rows) < len(expected):
            batch = await receive.receive()
            assert len(batch.rows) < 100
            rows += batch.rows
        nursery.cancel_scope.cancel()
    assert rows[: len(expected)] == expected


async def test_the_channel_is_closed_with_the_market(autojump_clock):
    """The channel is closed, so its reader ends, too."""
    runner = runner_of(new_market(), speed=1, flow=Flow())
    send, receive = trio.open_memory_channel(math.inf)
    with trio.move_on_after(1):
        await runner.run(send)
    assert [batch async for batch in receive]


async def test_requests_act_in_the_order_in_which_they_came(autojump_clock):
    """Those that wait for the same moment of the market too."""
    names = [f"request-{number}" for number in range(20)]
    runner = runner_of(ClientMarket(new_market(), trading=Trading()), speed=1, flow=Flow())
    runner.opening()
    for name in names:
        assert runner.submit(
            Create(account=1, instrument=0, side=Side.BUY, size=1, price=1, request=packed(name))
        )
    assert runner.request_counts == RequestCounts(acted=0, turned_away=0, waiting=20)
    send, receive = trio.open_memory_channel(math.inf)
    with trio.move_on_after(1):
        await runner.run(send)
    rows = [row for batch in iter_nowait(receive) for row in batch.rows]
    assert requests_of(rows) == names
    assert runner.request_counts == RequestCounts(acted=20, turned_away=0, waiting=0)


async def test_requests_act_while_market_time_is_held(autojump_clock):
    """At once, at the time at which it stands; one of whoever ends the hold acts after what is due then."""
    runner = runner_of(ClientMarket(new_market(), trading=Trading()), speed=0, flow=Flow(batch_events=16))
    runner.opening()
    order = Create(account=1, instrument=0, side=Side.BUY, size=1, price=1, request=packed("one"))
    held, acted = [True], []
    send, receive = trio.open_memory_channel(0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(runner.run, send, held=lambda: bool(held)))
        await trio.sleep(10)
        assert runner.submit(order, executed=lambda rows, _: acted.extend(rows))
        assert (await receive.receive()).rows == acted
        assert trio.current_time() == 10
        assert {row[2] for row in acted} == {START}
        assert requests_of(acted) == ["one"]
        with trio.move_on_after(10) as waited:
            await receive.receive()
        assert waited.cancelled_caught
        held.clear()
        runner.look_at_hold()
        assert runner.submit(attrs.evolve(order, request=packed("two")))
        rows = (await receive.receive()).rows
        assert requests_of(rows[:16]) == []
        assert requests_of(rows) == ["two"]
        nursery.cancel_scope.cancel()


async def test_a_request_acts_at_once_in_a_market_that_is_late(autojump_clock):
    """Every batch is full of what is due, and goes on being so; the request has its turn in the next one."""
    runner = runner_of(ClientMarket(new_market(), trading=Trading()), speed=0, flow=Flow(batch_events=16))
    runner.opening()
    send, receive = trio.open_memory_channel(0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.run, send)
        for _ in range(3):
            assert len((await receive.receive()).rows) >= 16
        runner.submit(Create(account=1, instrument=0, side=Side.BUY, size=1, price=1, request=packed("one")))
        batches = [(await receive.receive()).rows for _ in range(3)]
        nursery.cancel_scope.cancel()
    assert ORDER in {row[0] for rows in batches for row in rows}


async def test_what_a_request_in_a_late_market_waits_for_fits_one_step(autojump_clock):
    """As fast as possible the channel is full, and all of it is told before."""
    flow = Flow()
    runner = runner_of(ClientMarket(new_market(), trading=Trading()), speed=0, flow=flow)
    runner.opening()
    send, receive = trio.open_memory_channel(flow.channel_batches)
    before = 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.run, send)
        await trio.testing.wait_all_tasks_blocked()
        assert runner.submit(Create(account=1, instrument=0, side=Side.BUY, size=1, price=1))
        async for batch in receive:
            if before > flow.step_events or any(row[0] == ORDER for row in batch.rows):
                break
            before += len(batch.rows)
        nursery.cancel_scope.cancel()
    assert flow.batch_events <= before <= flow.step_events


def requests_of(rows):
    """What the client calls each request whose order is told of, in order."""
    return list(dict.fromkeys(unpacked(event(0, row).request) for row in rows if row[0] == ORDER))


def iter_nowait(channel):
    """What waits in a channel."""
    while True:
        try:
            yield channel.receive_nowait()
        except (trio.WouldBlock, trio.EndOfChannel):
            return
