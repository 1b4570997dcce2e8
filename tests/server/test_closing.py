"""Connections are closed at different moments, in no order that a client could know."""

from itertools import pairwise
from random import Random
from types import SimpleNamespace

import pytest
import trio
import virtual
from hypothesis import given
from hypothesis import strategies as st

from feed import Limits
from feed.server import close_reason
from feed.server.closing import close_connections, moments


class Leaving:
    """A conversation that notes when it ends."""

    def __init__(self, number, told):
        self.number = number
        self._told = told

    def end(self, why):
        self._told.append((trio.current_time(), self.number, why))


def goodbye(count, *, seconds=5.0, seed=1, **limits):
    """When each of so many conversations ended, and which, in order."""
    told = []

    async def main():
        connections = {Leaving(number, told): None for number in range(count)}
        registry = SimpleNamespace(connections=connections, limits=Limits(**limits))
        await close_connections(registry, close_reason.SHUTDOWN, seconds=seconds, chance=Random(seed))

    virtual.run(main)
    return told


@given(count=st.integers(0, 300), seconds=st.floats(0, 100), seed=st.integers())
def test_moments_are_in_order_and_in_time(count, seconds, seed):
    """As many as are asked for, the same for the same chance."""
    found = moments(count, seconds, Random(seed))
    assert len(found) == count
    assert found == sorted(found) == moments(count, seconds, Random(seed))
    assert all(0 <= moment <= seconds for moment in found)


def test_everybody_is_told_once_in_no_order():
    """Not as they came, and not at a regular distance; the same chance gives the same."""
    told = goodbye(1000)
    numbers = [number for _, number, _ in told]
    assert sorted(numbers) == list(range(1000))
    assert numbers != sorted(numbers)
    assert {why for *_, why in told} == {close_reason.SHUTDOWN}
    times = [time for time, *_ in told]
    steps = [late - early for early, late in pairwise(times)]
    assert max(steps) > 4 * sum(steps) / len(steps)
    assert times[-1] - times[0] <= 1.0
    assert [number for _, number, _ in goodbye(1000)] == numbers
    assert [number for _, number, _ in goodbye(1000, seed=2)] != numbers


@pytest.mark.parametrize(
    ("count", "seconds", "rate", "most"),
    [(10, 5.0, 1000, 0.01), (10_000, 5.0, 1000, 2.5), (100, 5.0, 10, 2.5)],
)
def test_it_takes_no_more_than_half_the_time(count, seconds, rate, most):
    """A few are told at once; many are given what there is."""
    told = goodbye(count, seconds=seconds, closes_per_second=rate)
    times = [time for time, *_ in told]
    assert most * 0.3 < max(times) - min(times) <= most
