"""Time that passes while the process runs, and not while it is stopped."""

from functools import partial

import pytest
import trio
import trio.testing
import virtual
from hypothesis import given
from hypothesis import strategies as st

from feed.server.countdown import Countdown


@given(
    seconds=st.floats(1e-9, 1000),
    waits=st.lists(st.floats(0, 20), max_size=20),
    start=st.floats(0, 1e9),
)
def test_time_is_up_when_it_is_up(seconds, waits, start):
    """However it is cut, and whatever floating point makes of it: it never takes for ever."""

    async def main():
        trio.lowlevel.current_clock().jump(start)
        countdown, began = Countdown(seconds), trio.current_time()
        for wait in waits:
            if countdown.left < wait + 1:
                break
            await countdown.wait(partial(trio.sleep_until, trio.current_time() + wait))
        with pytest.raises(trio.TooSlowError):
            await countdown.wait(trio.sleep_forever)
        assert trio.current_time() - began == pytest.approx(seconds, abs=1e-3)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_what_is_waited_for_comes_back():
    """And what was not used is left."""

    async def main():
        countdown = Countdown(5.0)

        async def answer():
            await trio.sleep(0.25)
            return "here"

        assert await countdown.wait(answer) == "here"
        assert countdown.left == pytest.approx(4.75)

    virtual.run(main)


def test_a_slice_that_ends_too_late_counts_nothing():
    """Nobody could be heard meanwhile."""

    async def main():
        countdown = Countdown(3.0)
        clock = trio.lowlevel.current_clock()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def _():
                await trio.sleep(1.5)
                clock.jump(1000)

            began = trio.current_time()
            with pytest.raises(trio.TooSlowError):
                await countdown.wait(trio.sleep_forever)
        # One second before, the one in which it stopped for nothing, and two after.
        assert trio.current_time() - began == pytest.approx(1003.5, abs=0.01)

    virtual.run(main)


def test_without_an_end_there_is_none():
    """A market in lockstep waits for as long as it takes."""

    async def main():
        await Countdown(float("inf")).wait(partial(trio.sleep, 5000))
        assert trio.current_time() >= 5000

    virtual.run(main)
