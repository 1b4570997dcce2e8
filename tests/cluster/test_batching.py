"""What waits for a busy fan-out is gathered, in order and up to a bound."""

import trio
from trio.testing import wait_all_tasks_blocked

from feed.cluster.batching import BatchSender
from feed.model.events import CLOCK
from feed.stream.source import Batch


def batch(*times, stood=0):
    return Batch([(CLOCK, 0, time) for time in times], float(times[0]) if times else 0.0, stood)


async def drained(receive):
    """All that comes, as times and for how long the market stood."""
    found = []
    while True:
        await wait_all_tasks_blocked()
        try:
            one = receive.receive_nowait()
        except trio.WouldBlock:
            return found
        found.append(([row[2] for row in one.rows], one.stood, one.made))


async def test_while_there_is_room_each_batch_goes_at_once(nursery):
    """Without another task: the sender need not run for it."""
    send, receive = trio.open_memory_channel(2)
    with send, receive:
        sender = BatchSender(send, most_events=10)
        await sender.send(batch(1))
        await sender.send(batch(2))
        assert [receive.receive_nowait().made for _ in range(2)] == [1.0, 2.0]


async def test_without_room_what_follows_becomes_one_batch(nursery):
    """In order; made when the oldest of it was; and what the caller gave is not changed."""
    send, receive = trio.open_memory_channel(1)
    with send, receive:
        sender = BatchSender(send, most_events=10)
        nursery.start_soon(sender.run)
        given = [batch(at) for at in range(1, 6)]
        for one in given[:2]:
            await sender.send(one)
        await wait_all_tasks_blocked()  # the second is on its way
        for one in given[2:]:
            await sender.send(one)
        assert await drained(receive) == [([1], 0, 1.0), ([2], 0, 2.0), ([3, 4, 5], 0, 3.0)]
        assert [len(one.rows) for one in given] == [1] * 5
        await sender.sent()
        nursery.cancel_scope.cancel()


async def test_heartbeats_of_a_market_that_stands_stay_batches_of_their_own(nursery):
    """They are told by how long it has stood: taken together they would be fewer."""
    send, receive = trio.open_memory_channel(1)
    with send, receive:
        sender = BatchSender(send, most_events=10)
        nursery.start_soon(sender.run)
        given = [batch(1), batch(2), batch(3), batch(stood=7), batch(stood=8), batch(4)]

        async def all_of_them():
            for one in given:
                await sender.send(one)

        nursery.start_soon(all_of_them)
        found = await drained(receive)
        told = [(times, stood) for times, stood, _ in found]
        assert told[-3:] == [([], 7), ([], 8), ([4], 0)]
        assert [time for times, _ in told[:-3] for time in times] == [1, 2, 3]
        nursery.cancel_scope.cancel()


async def test_more_than_the_bound_is_not_gathered(nursery):
    """Who sends waits instead, and with it the link."""
    send, receive = trio.open_memory_channel(1)
    with send, receive:
        sender = BatchSender(send, most_events=3)
        nursery.start_soon(sender.run)
        sent = []

        async def all_of_them():
            for at in range(1, 10):
                await sender.send(batch(at))
                sent.append(at)

        nursery.start_soon(all_of_them)
        await wait_all_tasks_blocked()
        assert len(sent) <= 1 + 3 + 3  # in the channel, on its way, gathered
        found = await drained(receive)
        assert [time for times, _, _ in found for time in times] == list(range(1, 10))
        assert max(len(times) for times, _, _ in found) == 3
        nursery.cancel_scope.cancel()
