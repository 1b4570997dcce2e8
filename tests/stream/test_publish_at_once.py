"""Batches that are published in the task that has made them: when, and that nobody could tell."""

import math

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.stream.source import Batch, send


@pytest.fixture
def idle(stream, nursery):
    """Begins a fan-out that waits for a batch; the harness, and the channel."""

    async def begin(**options):
        harness = stream.HubHarness(**options)
        channel, receive = trio.open_memory_channel(math.inf)
        nursery.start_soon(harness.fanout.run, receive)
        await trio.testing.wait_all_tasks_blocked()
        return harness, channel

    return begin


async def test_who_publishes_waits_for_nobody(stream, idle):
    """The client has it before another task runs, again and again; what is measured is measured."""
    harness, _ = await idle()
    client = harness.client(stream.topic())
    for _ in range(3):
        assert harness.fanout.publish_at_once(Batch([stream.quote()], trio.current_time()))
    assert client.texts == [f"quote:0@{seq}" for seq in (1, 2, 3)]
    statistics = harness.fanout.statistics()
    assert (statistics.steps, statistics.events, statistics.deliveries) == (3, 3, 3)
    assert harness.fanout.latency.cumulative()[-1] == ("+Inf", 3)


async def test_what_waits_for_an_event_is_done_here_too(stream, idle):
    """At the end of the step."""
    harness, _ = await idle()
    done = []
    harness.fanout.when_published(1, lambda: done.append(harness.hub.seq))
    assert harness.fanout.publish_at_once(Batch([stream.quote()], 0.0))
    assert done == [1]
    await harness.fanout.published(1)


async def test_nothing_overtakes_what_is_on_its_way(stream, idle):
    """Not a batch that has been sent and not been taken; once it is out, the next one goes at once again."""
    harness, channel = await idle()
    client = harness.client(stream.topic())
    full = Batch([stream.quote()] * 300, 0.0)
    assert not harness.fanout.publish_at_once(full)
    await send(channel, full)
    late = Batch([stream.quote()], 0.0)
    assert not harness.fanout.publish_at_once(late)
    assert client.texts == []
    await send(channel, late)
    await trio.testing.wait_all_tasks_blocked()
    assert client.texts == [f"quote:0@{seq}" for seq in range(1, 302)]
    assert harness.fanout.publish_at_once(Batch([stream.quote()], 0.0))
    assert client.texts[-1] == "quote:0@302"


async def test_nothing_overtakes_what_the_fan_out_has_just_taken(stream, nursery):
    """It lets others run between taking a batch that is there and publishing it, whoever of them is first."""
    for _ in range(20):  # Trio shuffles tasks that are ready together
        harness = stream.HubHarness()
        client = harness.client(stream.topic())
        channel, receive = trio.open_memory_channel(math.inf)
        await send(channel, Batch([stream.quote(size=1)], 0.0))
        nursery.start_soon(harness.fanout.run, receive)
        for size in (2, 3, 4):
            await trio.lowlevel.checkpoint()
            late = Batch([stream.quote(size=size)], 0.0)
            if not harness.fanout.publish_at_once(late):
                await send(channel, late)
        await trio.testing.wait_all_tasks_blocked()
        assert [row[4] for row in harness.hub.past(0, 10)] == [1, 2, 3, 4]
        assert client.texts == [f"quote:0@{seq}" for seq in (1, 2, 3, 4)]


async def test_before_the_fan_out_runs_and_after_its_end_everything_is_sent(stream, nursery):
    """Nobody knows yet, or any more, whether a batch waits."""
    harness = stream.HubHarness()
    channel, receive = trio.open_memory_channel(math.inf)
    assert not harness.fanout.publish_at_once(Batch([stream.quote()], 0.0))
    nursery.start_soon(harness.fanout.run, receive)
    await trio.testing.wait_all_tasks_blocked()
    channel.close()
    await harness.fanout.over.wait()
    assert not harness.fanout.publish_at_once(Batch([stream.quote()], 0.0))
    assert harness.hub.seq == 0


async def test_nothing_is_published_into_the_pause_of_a_step(stream, idle, nursery):
    """Who has not been written to yet would miss it."""
    harness, _ = await idle(sweep_connections=2)
    clients = [harness.client(stream.topic()) for _ in range(2)]
    late = harness.client(stream.topic("trade"))
    nursery.start_soon(harness.fanout.step, [stream.quote(), stream.trade(size=1)])
    while not clients[0].texts:
        await trio.lowlevel.checkpoint()
    assert not harness.fanout.publish_at_once(Batch([stream.quote()], 0.0))
    await harness.fanout.at_rest()
    assert late.texts == ["trade:0@2"]


@pytest.mark.parametrize("clients", [2, 3])
async def test_very_many_are_written_to_by_the_fan_out(stream, idle, clients):
    """It pauses between them; who has left is not counted any more."""
    harness, _ = await idle(sweep_connections=2)
    there = [harness.client(stream.topic()) for _ in range(clients)]
    assert harness.fanout.publish_at_once(Batch([stream.quote()], 0.0)) == (clients == 2)
    await trio.testing.wait_all_tasks_blocked()
    harness.hub.drop(there[0].send_buffer)


async def test_a_market_that_is_late_sends(stream, idle):
    """A batch that is full has more behind it, which goes into the same write."""
    harness, _ = await idle(batch_events=3)
    assert not harness.fanout.publish_at_once(Batch([stream.quote()] * 3, 0.0))
    assert harness.hub.seq == 0


@pytest.mark.parametrize("stood", [0, 5])
async def test_what_has_to_wait_is_sent(stream, idle, stood):
    """A heartbeat of a standstill, which is counted on; everything, where a log comes first."""

    class Log:
        async def append(self, rows, links, *, made, stood):
            raise AssertionError

    harness, _ = await idle(log=None if stood else Log())
    assert not harness.fanout.publish_at_once(Batch([stream.quote()], 0.0, stood=stood))
    assert harness.hub.seq == 0


async def test_a_fault_among_the_events_is_the_fan_outs(stream, idle):
    """Events before it and after it are told in two steps; others at once."""

    class Fault:
        def next(self, seq, rows):
            return 3 - seq - 1 if seq < 3 <= seq + len(rows) else None

        def act(self, seq, rows):
            raise AssertionError

    harness, _ = await idle(fault_hook=Fault())
    assert harness.fanout.publish_at_once(Batch([stream.quote()], 0.0))
    assert not harness.fanout.publish_at_once(Batch([stream.quote()] * 2, 0.0))
    assert harness.hub.seq == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.booleans(), st.integers(0, 3)), max_size=20))
def test_the_stream_is_the_same_by_either_way(stream, plan):
    """In the order in which batches were made, of all sizes, with clients and other tasks in between."""
    told = []

    async def play(at_once):
        harness = stream.HubHarness(batch_events=4, step_events=4, sweep_connections=3)
        channel, receive = trio.open_memory_channel(2)
        clients = [harness.client(stream.topic())]
        async with trio.open_nursery() as nursery, channel:
            nursery.start_soon(harness.fanout.run, receive)
            for number, (size, joins, passes) in enumerate(plan):
                batch = Batch([stream.quote(size=number)] * size, 0.0)
                if not at_once or not harness.fanout.publish_at_once(batch):
                    await send(channel, batch)
                for _ in range(passes):
                    await trio.lowlevel.checkpoint()
                if joins:
                    await harness.fanout.at_rest()
                    clients.append(harness.client(stream.topic()))
        told.append(clients)
        made = [number for number, (size, _, _) in enumerate(plan) for _ in range(size)]
        assert [row[4] for row in harness.hub.past(0, 1000)] == made

    for at_once in (True, False):
        trio.run(play, at_once)
    (first, *_), (same, *_) = told
    assert first.texts == same.texts
    for client in (*told[0][1:], *told[1][1:]):
        seen = [text for text in client.texts if " from " not in text]
        assert seen == first.texts[len(first.texts) - len(seen) :]
