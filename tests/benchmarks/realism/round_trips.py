"""
Does it pay to push the price: many purchases, then one sale of it all, and the other way round.

In a market that cannot be manipulated this costs money on average (G. Huberman and W. Stanzl, "Price
manipulation and quasi-arbitrage", Econometrica 72 (2004), 1247-1275). Whoever trains a robot on a market in
which it pays, trains it to do that. Measured in pairs of markets, with and without the client's orders.
"""

from __future__ import annotations

from typing import Final

import attrs

from feed.analytics import stylized_facts as statistics
from feed.analytics.stylized_facts import Estimate
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Side
from feed.model.orders import NewOrder, OrderType
from feed.sim.market import Market
from tests.benchmarks.realism.runs import START, WARM_UP, Progress, market_of

PIECES: Final = 30
PAUSES: Final = (10, 60)
"""Seconds between two pieces; the whole is traded back as long after the last."""

MULTIPLE: Final = 2  # of a piece, in sizes at the best price


@attrs.frozen
class RoundTrip:
    """
    What one cost.

    Attributes:
        pause: Seconds between two pieces.
        cost: Ticks a lot beyond the mids that there would have been without it; below 0 it earned money.
    """

    pause: int
    cost: float


def round_trips(symbol: str, seed: int, best: int, tell: Progress) -> list[RoundTrip]:
    """Those of one seed; bought first of even seeds, sold first of odd ones."""
    return [RoundTrip(pause, _cost(symbol, seed, best * MULTIPLE, pause, tell)) for pause in PAUSES]


def market_seconds() -> int:
    """Market time that those of one seed take."""
    return sum(2 * (WARM_UP // NS_PER_SECOND + PIECES * pause) for pause in PAUSES)


def summary(pause: int, runs: list[list[RoundTrip]]) -> Estimate:
    """Cost of round trips with one pause over all seeds."""
    return statistics.estimate([trip.cost for run in runs for trip in run if trip.pause == pause])


def _cost(symbol: str, seed: int, lots: int, pause: int, tell: Progress) -> float:
    pair = [Market(market_of((symbol,)), seed=seed, start=START) for _ in range(2)]
    traded, without = pair
    for market in pair:
        market.opening()
    first = Side(seed % 2)
    held = paid = 0
    for piece in range(PIECES + 1):
        now = START + WARM_UP + piece * pause * NS_PER_SECOND
        for market in pair:
            market.advance(now)
        book = without.exchange.books[0]
        last = piece == PIECES
        order = NewOrder(
            account=1,
            instrument=0,
            side=Side(1 - first) if last else first,
            size=max(1, held) if last else lots,
            type=OrderType.MARKET,
        )
        for row in traded.submit(order)[1]:
            if row[0] == TRADE:
                # Of a purchase what is paid above the mid, of a sale what is missing to it, doubled.
                paid += (1 - 2 * order.side) * row[6] * (2 * row[5] - book.bid - book.ask)
                held += 0 if last else row[6]
    tell(2 * (now - START) // NS_PER_SECOND)
    return paid / 2 / held if held else 0.0
