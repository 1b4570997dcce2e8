"""Traders other than market makers: noise, momentum, mean reversion, and large orders."""

from __future__ import annotations

from typing import Final

from feed.model.durations import NS_PER_HOUR, NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.market import MovingAverageTraders
from feed.sim.instrument_sim import BUY, SELL, InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, HEAVY, MASK, WIDTH, threshold

# Noise traders rest orders at least this far behind the best price, as a share of half the spread.
_BEHIND: Final = 0.5
# Size of aggressive orders, as a share of the size of resting ones.
_TAKES: Final = 0.4
# Limit price of aggressive orders, spreads past the best price.
_REACH: Final = 2.0
# The same for large orders.
_LARGE_REACH: Final = 4.0


class NoiseTrader:
    """Places orders at random distances, cancels them, and sometimes trades at random."""

    __slots__ = ("_bits", "_gap", "_ids", "_most", "_takes", "index", "sim")

    def __init__(self, sim: InstrumentSim, rank: int) -> None:
        noise = sim.market.noise
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._ids: list[int] = []
        self._most = noise.orders
        actions = noise.share + noise.trades
        self._gap = NS_PER_SECOND * noise.count / (actions * sim.spec.updates_per_second)
        self._takes = threshold(noise.trades / actions)
        self._bits = sim.random_stream(f"noise-{rank + 1}")

    def act(self, now: int) -> int:
        """Trade, or place or cancel one resting order."""
        sim = self.sim
        book = sim.book
        bits = self._bits(5 * WIDTH)
        wait = 1 + int(self._gap * sim.wait_scale * EXPONENTIAL[bits & MASK])
        size = HEAVY[bits >> WIDTH & MASK]
        side = bits >> 2 * WIDTH & 1
        ids = self._ids
        if bits >> 3 * WIDTH & MASK < self._takes:
            sim.take(now, side, 1 + int(_TAKES * (sim.size * size)), sim.limit_price(side, _REACH))
            return wait
        book.now = now
        bits >>= 4 * WIDTH
        if len(ids) == self._most or (ids and bits & 1):
            book.cancel(ids.pop((bits >> 1) * len(ids) >> WIDTH - 1))
            return wait
        behind = int(sim.half * (_BEHIND + HEAVY[bits & MASK]))
        price = book.ask + behind if side else book.bid - behind
        order = sim.next_order()
        if 1 <= price <= sim.highest and book.post_only(order, side, price, 1 + int(sim.rests[side] * size)):
            ids.append(order)
        return wait


class MovingAverageTrader:
    """
    Compares the price with its moving average, and trades when they differ by more than a threshold.

    Args:
        sim: The instrument.
        spec: Memory of the average, threshold and rate.
        name: Of its random stream.
        against: Trades towards the average (mean reversion) rather than away from it (momentum).
    """

    __slots__ = ("_against", "_average", "_bits", "_gap", "_keep", "_trigger", "index", "sim")

    def __init__(self, sim: InstrumentSim, spec: MovingAverageTraders, name: str, *, against: bool) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._against = against
        self._average = sim.value
        self._keep = 1.0 / spec.memory
        self._trigger = spec.trigger
        self._gap = NS_PER_SECOND / (spec.looks * sim.spec.updates_per_second)
        self._bits = sim.random_stream(name)

    def act(self, now: int) -> int:
        """Compare price and average, and trade if they differ enough."""
        sim = self.sim
        bits = self._bits(2 * WIDTH)
        away = (sim.book.bid + sim.book.ask) / 2 - self._average
        self._average += away * self._keep
        if abs(away) > self._trigger * sim.spread:
            lots = 1 + int(_TAKES * sim.size * HEAVY[bits >> WIDTH & MASK])
            side = BUY if (away > 0) != self._against else SELL
            sim.take(now, side, lots, sim.limit_price(side, _REACH))
        return 1 + int(self._gap * sim.wait_scale * EXPONENTIAL[bits & MASK])


class SlicedOrder:
    """
    One large aggressive order, in equal slices.

    Args:
        sim: The instrument.
        side: Of the aggressor.
        lots: Total size.
        slices: Number of parts; 1 sweeps the book at once.
        pause: Nanoseconds between two slices.
        reach: Limit price, spreads past the best price.
    """

    __slots__ = ("_lots", "_pause", "_reach", "_side", "_slices", "sim")

    def __init__(
        self, sim: InstrumentSim, side: int, lots: int, *, slices: int, pause: int, reach: float
    ) -> None:
        self.sim: InstrumentSim = sim
        self._side = side
        self._lots = lots
        self._slices = slices
        self._pause = pause
        self._reach = reach

    def act(self, now: int) -> int:
        """Trade one slice; 0 after the last."""
        lots = self._lots // self._slices
        self._lots -= lots
        self._slices -= 1
        if lots:
            self.sim.take(now, self._side, lots, self.sim.limit_price(self._side, self._reach))
        return self._pause if self._slices else 0


class LargeTrader:
    """Places one large order after another, with long pauses: some in slices, some at once."""

    __slots__ = ("_bits", "_gap", "_order", "index", "sim")

    def __init__(self, sim: InstrumentSim) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._gap = NS_PER_HOUR / sim.market.large.per_hour
        self._order: SlicedOrder | None = None
        self._bits = sim.random_stream("large")

    def act(self, now: int) -> int:
        """Start an order, or trade its next slice."""
        bits = self._bits(2 * WIDTH + 2)
        if self._order is None:
            large = self.sim.market.large
            lots = 1 + int(self.sim.spec.size * large.size * HEAVY[bits & MASK])
            self._order = SlicedOrder(
                self.sim,
                bits >> 2 * WIDTH & 1,
                lots,
                slices=large.slices if bits >> 2 * WIDTH + 1 else 1,
                pause=1 + int(large.pause_ms * NS_PER_MILLISECOND),
                reach=_LARGE_REACH,
            )
        wait = self._order.act(now)
        if wait:
            return wait
        self._order = None
        return 1 + int(self._gap * self.sim.wait_scale * EXPONENTIAL[bits >> WIDTH & MASK])
