"""The market's task: what it sends, when, and how it is steered while it runs."""

from functools import partial
from itertools import pairwise

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from feed.model.scenario import Scenario
from feed.settings import Flow
from feed.sim.defaults import default_market
from feed.sim.runner import MarketRunner
from feed.sim.script import ScriptedMarket
from feed.sim.simulation import StopCondition

SECOND = 1_000_000_000
START = 1_709_731_800 * SECOND
SCENARIO = Scenario(name="test", start=START, duration=2 * SECOND, market=default_market(2))


def runner(*, speed=0.0, until=None, checkpoint_seconds=0.0):
    return MarketRunner(
        ScriptedMarket(SCENARIO),
        flow=Flow(batch_events=64, checkpoint_seconds=checkpoint_seconds),
        speed=speed,
        until=until or StopCondition(),
    )


def rows_until(time):
    market = ScriptedMarket(SCENARIO)
    market.opening()
    return market.advance(time)


async def received(source, *, batches=0, **hooks):
    """All rows of a source that runs to its end."""
    source.opening()
    rows = []
    async with trio.open_nursery() as nursery:
        send, receive = trio.open_memory_channel(batches)
        nursery.start_soon(partial(source.run, send, **hooks))
        async for batch in receive:
            rows += batch.rows
    return rows


@pytest.mark.parametrize("speed", [0.0, 1.0, 10.0])
async def test_the_same_rows_at_any_speed(autojump_clock, speed):
    """To the end, and then the channel is closed."""
    assert await received(runner(speed=speed)) == rows_until(START + 2 * SECOND)
    assert trio.current_time() == pytest.approx(2 / speed if speed else 0)


async def test_a_run_that_ends_early(autojump_clock):
    """By time, and the channel is closed then."""
    source = runner(until=StopCondition(time=START + SECOND))
    assert await received(source) == rows_until(START + SECOND)


async def test_market_time_waits_for_whom_it_is_held(autojump_clock):
    """The opening books are out; nothing else happens until the hold is over, and it is never asked again."""
    source, held = runner(speed=1.0), [True]

    async def release():
        await trio.sleep(50)
        source.look_at_hold()  # too early
        await trio.sleep(50)
        held.clear()
        source.look_at_hold()
        await trio.sleep(1)
        held.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(release)
        assert await received(source, held=lambda: bool(held)) == rows_until(START + 2 * SECOND)
    assert trio.current_time() == pytest.approx(102)


async def test_commands_act_while_market_time_is_held(autojump_clock):
    """A seek and a step as in a paused market; its end does not come before the hold is over."""
    source, held = runner(), [True]
    source.opening()
    rows = []

    async def collect(receive):
        async for batch in receive:
            rows.extend(batch.rows)

    async with trio.open_nursery() as nursery:
        send, receive = trio.open_memory_channel(0)
        nursery.start_soon(partial(source.run, send, held=lambda: bool(held)))
        nursery.start_soon(collect, receive)
        source.control.pause()
        source.control.step(3)
        await source.stepped()
        await wait_all_tasks_blocked()
        assert 3 <= len(rows) < len(rows_until(START + SECOND))
        source.control.seek(START + 2 * SECOND)
        await trio.sleep(100)
        assert rows == rows_until(START + 2 * SECOND)
        assert source.control.ended
        assert send.statistics().open_send_channels == 1
        held.clear()
        source.look_at_hold()
        await wait_all_tasks_blocked()
        assert send.statistics().open_send_channels == 0


async def test_market_time_waits_after_each_batch(autojump_clock):
    """In lockstep with the slowest client, without losing an event."""
    settled = []

    async def settle():
        settled.append(trio.current_time())
        await trio.sleep(0.5)

    assert await received(runner(), settle=settle) == rows_until(START + 2 * SECOND)
    assert len(settled) > 2
    assert [later - sooner for sooner, later in pairwise(settled)] == pytest.approx(
        [0.5] * (len(settled) - 1)
    )


async def test_it_is_steered_while_it_sleeps(autojump_clock):
    """A command wakes it, and a pause keeps it asleep."""
    source = runner(speed=0.001, checkpoint_seconds=1.0)
    source.opening()
    rows = []

    async def collect(receive):
        async for batch in receive:
            rows.extend(batch.rows)

    async with trio.open_nursery() as nursery:
        send, receive = trio.open_memory_channel(0)
        nursery.start_soon(source.run, send)
        nursery.start_soon(collect, receive)
        source.control.pause()
        await trio.sleep(1000)
        assert rows == []
        source.control.seek(START + SECOND)
        await wait_all_tasks_blocked()
        assert rows == rows_until(START + SECOND)
        source.control.step(1)
        await wait_all_tasks_blocked()
        assert len(rows) > len(rows_until(START + SECOND))
        source.control.set_speed(0.0)
        source.control.resume()
    assert rows == rows_until(START + 2 * SECOND)
