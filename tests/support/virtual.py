"""Tests on a virtual clock: it jumps as soon as everybody waits, so an hour takes a moment."""

import trio
import trio.testing

# No test takes so long; one that waits for what never comes fails instead of hanging.
LONGEST_SECONDS = 10_000


def run(async_fn, *, clock=None, instruments=()):
    """``trio.run`` on a clock of its own that nobody has to wait for."""

    async def bounded():
        with trio.fail_after(LONGEST_SECONDS):
            return await async_fn()

    clock = clock or trio.testing.MockClock(autojump_threshold=0)
    return trio.run(bounded, clock=clock, instruments=instruments)
