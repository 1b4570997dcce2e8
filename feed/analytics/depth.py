"""
Figures of an order book at one time: spread, imbalance, depth and walls.

Levels are (price in integer ticks, integer lots), best first, as ``MarketState.levels`` gives them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

import attrs

DepthLevels = Sequence[tuple[int, int]]

BPS: Final = 10_000
# Levels further than this from the middle, in basis points of it, are no depth and no walls.
NEAR_BPS: Final = 100
WALL_MULTIPLE: Final = 8.0
MOST_WALLS: Final = 5  # of a side
DIGITS: Final = 4  # behind the point of every ratio: enough for a spread of a hundredth of a basis point


class Wall(NamedTuple):
    """
    A price level far larger than the others of its side.

    Attributes:
        price: Integer ticks.
        size: Integer lots.
        multiple: Of the median level of its side within 1 % of the mid price.
    """

    price: int
    size: int
    multiple: float


@attrs.frozen(kw_only=True)
class BookFigures:
    """
    The figures of a book with both sides.

    Attributes:
        bid: Best bid, integer ticks.
        ask: Best ask, integer ticks.
        spread_bps: From best bid to best ask, basis points of the mid price.
        obi_5: Order book imbalance over the best 5 levels of each side, see :func:`imbalance`.
        obi_10: The same over 10.
        bid_depth: Integer lots resting within 1 % below the mid price.
        ask_depth: Integer lots resting within 1 % above it.
        bid_walls: Walls, best first, at most 5.
        ask_walls: The same above the mid price.
    """

    bid: int
    ask: int
    spread_bps: float
    obi_5: float
    obi_10: float
    bid_depth: int
    ask_depth: int
    bid_walls: tuple[Wall, ...]
    ask_walls: tuple[Wall, ...]

    @property
    def mid2(self) -> int:
        """Twice the mid price, integer ticks: the middle may lie between two."""
        return self.bid + self.ask


def figures(
    bids: DepthLevels, asks: DepthLevels, *, wall_multiple: float = WALL_MULTIPLE
) -> BookFigures | None:
    """
    The figures of a book; None when a side is empty.

    Args:
        bids: All levels, or as many as lie within 1 % of the mid price.
        asks: The same.
        wall_multiple: How many times the median level a wall is.
    """
    if not (bids and asks):
        return None
    bid, ask = bids[0][0], asks[0][0]
    near_bids, near_asks = near(bids, bid + ask), near(asks, bid + ask)
    return BookFigures(
        bid=bid,
        ask=ask,
        spread_bps=spread_bps(bid, ask),
        obi_5=imbalance(bids, asks, 5),
        obi_10=imbalance(bids, asks, 10),
        bid_depth=sum(size for _, size in near_bids),
        ask_depth=sum(size for _, size in near_asks),
        bid_walls=walls(near_bids, wall_multiple)[:MOST_WALLS],
        ask_walls=walls(near_asks, wall_multiple)[:MOST_WALLS],
    )


def spread_bps(bid: int, ask: int) -> float:
    """Distance of two prices in basis points of their mean: (ask - bid) / mid x 10,000."""
    return round(2 * BPS * (ask - bid) / (bid + ask), DIGITS)


def imbalance(bids: DepthLevels, asks: DepthLevels, depth: int) -> float:
    """
    Order book imbalance: (bid lots - ask lots) / (bid lots + ask lots) over the best ``depth`` levels.

    From -1 (no bids) to 1 (no asks); 0 for an empty book.
    """
    bid = sum(size for _, size in bids[:depth])
    ask = sum(size for _, size in asks[:depth])
    return round((bid - ask) / (bid + ask), DIGITS) if bid + ask else 0.0


def near(levels: DepthLevels, mid2: int) -> DepthLevels:
    """
    The levels within 1 % of a mid price.

    Args:
        levels: Of one side, best first.
        mid2: Twice the mid price, integer ticks.
    """
    most = NEAR_BPS * mid2
    if not levels or abs(2 * levels[-1][0] - mid2) * BPS <= most:  # so are all before it
        return levels
    return levels[: bisect_right(levels, most, key=lambda level: abs(2 * level[0] - mid2) * BPS)]


def walls(levels: DepthLevels, multiple: float) -> tuple[Wall, ...]:
    """The levels of at least ``multiple`` times the median of ``levels``, in their order."""
    sizes = [size for _, size in levels]
    if not sizes or max(sizes) < multiple * min(sizes):  # the median is not less than the least
        return ()
    median2 = twice_median(sizes)
    return tuple(
        Wall(price, size, round(2 * size / median2, 2))
        for price, size in levels
        if 2 * size >= multiple * median2
    )


def twice_median(values: list[int]) -> int:
    """Twice the median of at least one value: whole for whole values."""
    values = sorted(values)
    half = len(values) // 2
    return 2 * values[half] if len(values) % 2 else values[half - 1] + values[half]
