"""The bounded queue, on both loops."""

import anyio
import pytest

from feed.client.event_buffer import EventBuffer, Overflow
from feed.client.states import Gap, Overflowed
from feed.model.events import ClockTicked


@pytest.fixture(params=["trio", "asyncio"])
def loop(request):
    return lambda main: anyio.run(main, backend=request.param)


def events(*seqs):
    return [ClockTicked(seq=seq, ts=0, instrument=0) for seq in seqs]


def test_a_full_queue_holds_up_who_fills_it(loop):
    """With WAIT nothing is lost, and no more than the bound waits."""

    async def main():
        event_buffer = EventBuffer(2, Overflow.WAIT)
        filled = []

        async def fill():
            for seq in range(1, 7):
                await event_buffer.put(events(seq))
                filled.append(seq)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fill)
            await anyio.wait_all_tasks_blocked()
            assert filled == [1, 2]
            assert [(await event_buffer.get()).seq for _ in range(2)] == [1, 2]
            await anyio.wait_all_tasks_blocked()
            assert filled == [1, 2, 3, 4]
            assert [item.seq for item in await event_buffer.get_all()] == [3, 4, 5]
            await anyio.wait_all_tasks_blocked()
        assert [item.seq for item in await event_buffer.get_all()] == [6]

    loop(main)


def test_a_full_queue_drops_the_oldest_events_and_no_state(loop):
    """With DROP; the count stands where they stood, and grows."""

    async def main():
        gap = Gap(reason="why")
        event_buffer = EventBuffer(3, Overflow.DROP)
        await event_buffer.put([*events(1), gap, *events(2, 3, 4)])
        await event_buffer.put(events(5))
        assert await event_buffer.get_all() == [Overflowed(events=4), gap, *events(5)]

    loop(main)


def test_the_end_is_told_after_everything_else(loop):
    """And to whoever waits for it."""

    async def main():
        event_buffer = EventBuffer(3, Overflow.WAIT)
        await event_buffer.put(events(1))
        event_buffer.end(ValueError("over"))
        assert await event_buffer.get() == events(1)[0]
        for _ in range(2):
            with pytest.raises(ValueError, match="over"):
                await event_buffer.get()

    loop(main)
