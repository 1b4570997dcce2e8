"""
A random stream for each participant, and draws from distributions by table: random bits index quantiles.

``random.Random.expovariate`` and ``gauss`` go through the C library's ``log`` and ``cos``, which
differ in the last bit between machines. Tables built from additions, divisions and square roots
alone are the same everywhere, and one look-up is several times faster. (``sum`` over floats is not
the same everywhere: it rounds differently since Python 3.12. ``math.fsum`` is exact.)

A draw is ``TABLE[bits & MASK]`` with :data:`WIDTH` fresh random bits; one ``getrandbits`` serves
several draws.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final

from feed.checkpoint.tables import table
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.market import Delay

WIDTH: Final = 12
MASK: Final = (1 << WIDTH) - 1
_LENGTH: Final = 1 << WIDTH


def _exponential(length: int) -> tuple[float, ...]:
    # Expected order statistics of a sample (Rényi 1953): partial sums of 1/n. Their mean is exactly 1.
    return tuple(accumulate(1 / n for n in range(length, 0, -1)))


def _two_sided(length: int) -> tuple[float, ...]:
    half = _exponential(length // 2)
    scale = 1 / math.sqrt(math.fsum(x * x for x in half) / len(half))
    return tuple(-x * scale for x in reversed(half)) + tuple(x * scale for x in half)


def _heavy(length: int) -> tuple[float, ...]:
    # Quantiles of a Pareto distribution of index 2, whose inverse is a square root.
    values = [1 / math.sqrt((n + 0.5) / length) for n in range(length)]
    mean = math.fsum(values) / length
    return tuple(x / mean for x in values)


EXPONENTIAL: Final = _exponential(_LENGTH)
"""Exponential distribution, for waiting times: mean 1, at most 8.9."""

LAPLACE: Final = _two_sided(_LENGTH)
"""Laplace (two-sided exponential) distribution, for moves: mean 0, variance 1."""

HEAVY: Final = _heavy(_LENGTH)
"""Heavy-tailed (Pareto) distribution, for sizes and distances: mean 1, from 0.5 to 45."""


def _mixture(parts: Iterable[tuple[float, float]]) -> tuple[float, ...]:
    """Quantiles of a mixture of exponential distributions, each with its weight and mean."""
    parts = tuple(parts)
    total = math.fsum(weight for weight, _ in parts)
    table: list[float] = []
    seen = 0.0
    for weight, mean in parts:
        seen += weight
        entries = round(seen / total * _LENGTH) - len(table)
        table.extend(x * mean for x in _exponential(entries))
    return tuple(table)


def _order_sizes() -> tuple[float, ...]:
    # Odd lots, round lots and blocks.
    table = _mixture(((50, 0.15), (35, 1.2), (15, 3.5)))
    mean = math.fsum(table) / len(table)
    return tuple(x / mean for x in table)


ORDER_SIZE: Final = _order_sizes()
"""Sizes of orders that take liquidity: mean 1, half of them below 0.2, the largest about 20."""


@table
def delay_table(mixture: tuple[Delay, ...], factor: float = 1.0) -> tuple[int, ...]:
    """A table of waiting times from a mixture of exponential distributions, nanoseconds, at least 1."""
    parts = ((part.weight, part.mean_ms * factor * NS_PER_MILLISECOND) for part in mixture)
    return tuple(1 + int(x) for x in _mixture(parts))


RUN_BITS: Final = 18
"""Random bits of :func:`run_length`."""


def run_length(bits: int, most: int) -> int:
    """
    A Pareto distributed whole number of index 3/2: it is at least ``n`` with probability ``n ** -1.5``.

    Args:
        bits: :data:`RUN_BITS` random bits.
        most: Bound.
    """
    rank = 1 + (bits & (1 << RUN_BITS) - 1)
    cube = (1 << 2 * RUN_BITS) // (rank * rank)
    root = int(cube ** (1 / 3))  # about right; made exact, since the C library's power is not
    while root**3 > cube:
        root -= 1
    while (root + 1) ** 3 <= cube:
        root += 1
    return min(root, most)


def threshold(probability: float) -> int:
    """The threshold that ``bits & MASK`` is below with ``probability``."""
    return round(probability * _LENGTH)


def random_stream(seed: int, *names: str) -> Callable[[int], int]:
    """
    A source of random bits for one participant, independent of all others.

    ``random_stream(1, "EURUSD", "news")(WIDTH)`` gives the next :data:`WIDTH` bits.
    """
    # Python promises the same numbers for the same text in every version; nothing here is a secret.
    return random.Random("/".join((str(seed), *names))).getrandbits  # noqa: S311
