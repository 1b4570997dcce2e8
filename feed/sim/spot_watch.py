"""What orders wait for: prices of trades, and times."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

from feed.model.events import ExecutionReport, Side
from feed.model.trading import OrderState, Trigger

_NEVER: Final = 1 << 62
# A heap of times is made anew when more than these, and twice those that count, have gone out of date.
_STALE: Final = 64


class StopOrders:
    """
    Orders that wait for the price of a trade in their instrument.

    A look at a trade that reaches none of them costs two comparisons.
    """

    def __init__(self) -> None:
        self._rising: Final[dict[int, dict[int, int]]] = {}  # trigger price by order, by instrument
        self._falling: Final[dict[int, dict[int, int]]] = {}
        self._bounds: Final[dict[int, tuple[int, int]]] = {}  # least rising and greatest falling one

    def __bool__(self) -> bool:
        return bool(self._rising or self._falling)

    def update(self, report: ExecutionReport) -> None:
        """Take the next report of an order into account."""
        at = report.instrument
        for waiting in (self._rising, self._falling):
            here = waiting.get(at, {})
            if here.pop(report.order, None) is not None:
                self._bounds.pop(at, None)
                if not here:
                    del waiting[at]
        if report.state is OrderState.UNTRIGGERED:
            rises = (report.trigger is Trigger.STOP) == (report.side is Side.BUY)
            here = (self._rising if rises else self._falling).setdefault(at, {})
            here[report.order] = report.trigger_price
            self._bounds.pop(at, None)

    def reached(self, instrument: int, price: int) -> list[int]:
        """Ids of the orders that act now that a trade was at ``price``, ticks: the oldest first."""
        bounds = self._bounds.get(instrument)
        rising, falling = self._rising.get(instrument, {}), self._falling.get(instrument, {})
        if bounds is None:
            bounds = min(rising.values(), default=_NEVER), max(falling.values(), default=0)
            self._bounds[instrument] = bounds
        if bounds[1] < price < bounds[0]:
            return []
        return sorted(
            [order for order, at in rising.items() if price >= at]
            + [order for order, at in falling.items() if price <= at]
        )


class Expiries:
    """Orders that are cancelled at some market time, unless they are over before."""

    def __init__(self) -> None:
        self._times: Final[dict[int, int]] = {}  # of each order
        self._heap: Final[list[tuple[int, int]]] = []

    def update(self, report: ExecutionReport) -> None:
        """Take the next report of an order into account."""
        if not report.expires:
            return
        if not report.open:
            self._times.pop(report.order, None)
        elif report.order not in self._times:
            self._times[report.order] = report.expires
            heappush(self._heap, (report.expires, report.order))
        if len(self._heap) > _STALE + 2 * len(self._times):
            self._heap[:] = [(time, order) for order, time in self._times.items()]
            heapify(self._heap)

    @property
    def next_time(self) -> int:
        """Market time of the first, nanoseconds; 0 where there is none."""
        heap = self._heap
        while heap and heap[0][1] not in self._times:
            heappop(heap)
        return heap[0][0] if heap else 0

    def due(self, now: int) -> list[int]:
        """Ids of the orders whose time has come, by time and id."""
        found = []
        while 0 < self.next_time <= now:
            found.append(heappop(self._heap)[1])
        return found
