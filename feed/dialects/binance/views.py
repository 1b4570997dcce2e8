"""What an answer is made of: the market between two steps, whether it is asked by HTTP or by WebSocket."""

from __future__ import annotations

import enum

import attrs

from feed.dialects.binance import errors
from feed.dialects.binance.policy import BinancePolicy
from feed.dialects.binance.symbols import NAME, Symbol, Symbols, symbols
from feed.dialects.contract import SessionContext
from feed.dialects.market_view import SpotMarketView, session_projections
from feed.dialects.rest import Call, RestContext
from feed.model.durations import NS_PER_MICROSECOND, NS_PER_MILLISECOND
from feed.model.events import Status

STATUS = {
    Status.TRADING: "TRADING",
    Status.HALTED: "HALT",
    Status.DELISTED: "BREAK",
    Status.AUCTION: "AUCTION_MATCH",
    Status.CLOSED: "END_OF_DAY",
}


class TimeUnit(enum.Enum):
    """In which times are told; the value is in nanoseconds."""

    MILLISECOND = NS_PER_MILLISECOND
    MICROSECOND = NS_PER_MICROSECOND

    def of(self, nanoseconds: int) -> int:
        """A time in this unit; a part of one is dropped."""
        return nanoseconds // self.value

    def last_of(self, end: int) -> int:
        """The last unit of time before ``end``, nanoseconds: where an interval closes."""
        return end // self.value - 1


def time_unit(name: str) -> TimeUnit:
    """
    The unit that a client asks for; milliseconds where it does not.

    Args:
        name: In capitals or not; empty for none.

    Raises:
        BinanceError: There is no such unit.
    """
    if not name:
        return TimeUnit.MILLISECOND
    try:
        return TimeUnit[name.upper()]
    except KeyError:
        raise errors.BAD_TIME_UNIT.error() from None


@attrs.frozen(kw_only=True, slots=False)
class MarketView(SpotMarketView[BinancePolicy]):
    """
    The market at one sequence number.

    Attributes:
        symbols: What is traded.
        open_orders: That an account may have, in all symbols together.
    """

    symbols: Symbols
    open_orders: int

    @classmethod
    def of_request(cls, context: RestContext, call: Call) -> MarketView:
        """As a request by HTTP sees it."""
        return cls(
            symbols=symbols(context.listing),
            state=context.market_state,
            projections=context.projections,
            policy=context.settings.policies.binance,
            open_orders=context.settings.trading.open_orders,
            clock_skew=context.disruption(NAME, call).clock_skew,
        )

    @classmethod
    def of_session(cls, context: SessionContext) -> MarketView:
        """As a session sees it."""
        return cls(
            symbols=symbols(context.listing),
            state=context.market_state(),
            projections=session_projections(context),
            policy=context.policies.binance,
            open_orders=context.trading.open_orders,
            clock_skew=context.disruption().clock_skew,
        )

    def status(self, symbol: Symbol) -> str:
        """Whether a symbol can be traded, in the exchange's words."""
        return STATUS[self.state.status(symbol.index)]
