"""TWAP: an execution algorithm that trades one large order in equal parts at equal intervals of time."""

from __future__ import annotations

from typing import Final

from feed.agents.contract import Agent, AgentContext, Fill, OrderReport
from feed.model.durations import NS_PER_SECOND
from feed.model.kinds import Side
from feed.model.orders import TimeInForce

_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}


class Twap(Agent):
    """
    Buys or sells one instrument evenly over time, with orders that take what rests.

    What one part did not get, because its limit or the book ended, is added to those that follow; what the
    last one did not get is not traded. With one slice the whole order is sent at once.

    Args:
        side: ``buy`` or ``sell``.
        lots: How much, in all.
        seconds: From the first part to the end of the last one's interval.
        slices: Number of parts.
        after_seconds: From the opening of the market to the first part.
        reach: How far past the best price it sees a part may trade, ticks; None for any price.
    """

    def __init__(
        self,
        side: str,
        lots: int,
        *,
        seconds: float = 300.0,
        slices: int = 60,
        after_seconds: float = 0.0,
        reach: int | None = None,
    ) -> None:
        if side not in _SIDES:
            raise ValueError(f"side is buy or sell, not {side}")
        if lots < 1 or slices < 1:
            raise ValueError("lots and slices are at least 1")
        if seconds <= 0 or after_seconds < 0:
            raise ValueError("seconds is more than 0, after_seconds not less than 0")
        self._side = _SIDES[side]
        self._lots = lots
        self._slices = slices
        self._gap = max(1, int(seconds * NS_PER_SECOND) // slices)
        self._after = int(after_seconds * NS_PER_SECOND)
        self._reach = reach
        self._begun = 0  # parts
        self._sent = 0  # lots on the way or open
        self._filled = 0

    def on_start(self, context: AgentContext) -> None:
        """Wait for the first part."""
        if len(context.symbols) != 1:
            raise ValueError(f"it trades one instrument, not {len(context.symbols)}: name it in instruments")
        context.set_timer(self._after or 1)

    def on_timer(self, context: AgentContext) -> None:
        """Send what is due by now and not traded yet."""
        self._begun += 1
        due = self._lots * self._begun // self._slices - self._filled - self._sent
        symbol = context.symbols[0]
        if due > 0:
            limit = self._limit(context, symbol)
            if limit != 0:
                context.submit(symbol, self._side, due, limit, time_in_force=TimeInForce.IOC)
                self._sent += due
        if self._begun < self._slices:
            context.set_timer(self._gap)

    def on_fill(self, context: AgentContext, fill: Fill) -> None:
        """Count what is done."""
        del context
        self._filled += fill.size
        self._sent -= fill.size

    def on_order(self, context: AgentContext, report: OrderReport) -> None:
        """What a part did not get is due again with the next."""
        if report.order not in context.orders:
            self._sent -= report.left

    def _limit(self, context: AgentContext, symbol: str) -> int | None:
        """Limit of the next part, ticks; None for any price, 0 where there is nothing to trade with."""
        if self._reach is None:
            return None
        quote = context.quote(symbol)
        if self._side is Side.SELL:
            return max(1, quote.bid - self._reach) if quote and quote.bid_size else 0
        return quote.ask + self._reach if quote and quote.ask_size else 0
