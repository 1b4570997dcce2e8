# ruff: noqa: N815 - fields as published
"""
What clients of Spot ask the exchange's other interfaces for: its state, and what else could be traded.

There are no margin pairs and no futures here, and no ways to deposit or withdraw; but a client that lists
what there is fails as a whole where one of these answers is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from feed.dialects.access import Shape
from feed.dialects.binance.limits import RateLimit
from feed.dialects.binance.rest.endpoints import ANYBODY, GROUP, LIMITS, PREFIX, TIME_UNIT
from feed.dialects.binance.symbols import NAME
from feed.dialects.binance.views import time_unit
from feed.dialects.rest import Call, Endpoint, RestContext

_EMPTY: Final = {
    "/sapi/v1/capital/config/getall": "Ways to deposit and withdraw: there are none",
    "/sapi/v1/margin/allPairs": "Pairs of cross margin: there are none",
    "/sapi/v1/margin/isolated/allPairs": "Pairs of isolated margin: there are none",
}
_FUTURES: Final = {
    "/fapi/v1/exchangeInfo": "Futures that are margined in dollars: there are none",
    "/dapi/v1/exchangeInfo": "Futures that are margined in coins: there are none",
}


class SystemStatus(Shape):
    """
    Whether the exchange works.

    Attributes:
        status: 0, it does; 1, it is under maintenance.
        msg: The same in a word.
    """

    status: int
    msg: str


class NoFutures(Shape):
    """
    What is traded in futures.

    Attributes:
        timezone: Of all times.
        serverTime: Market time of the newest event.
        rateLimits: None.
        exchangeFilters: None.
        symbols: None.
    """

    timezone: str
    serverTime: int
    rateLimits: list[RateLimit]
    exchangeFilters: list[str]
    symbols: list[str]


def system_status(context: RestContext, call: Call) -> SystemStatus:
    """It works, or there would be no answer."""
    del context, call
    return SystemStatus(status=0, msg="normal")


def nothing(context: RestContext, call: Call) -> list[str]:
    """An empty list."""
    del context, call
    return []


def no_futures(context: RestContext, call: Call) -> NoFutures:
    """An exchange without symbols."""
    unit = time_unit(call.headers.get(TIME_UNIT, ""))
    return NoFutures(
        timezone="UTC",
        serverTime=unit.of(context.market_state.now),
        rateLimits=[],
        exchangeFilters=[],
        symbols=[],
    )


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module. They take the parameters of a signed request, and look at none."""

    def endpoint(
        path: str, summary: str, handle: Callable[[RestContext, Call], object], returns: Any
    ) -> Endpoint[RestContext]:
        return Endpoint(
            path=PREFIX + path,
            summary=summary,
            handle=handle,
            access=ANYBODY,
            reads_fields=True,
            returns=returns,
            refusals=LIMITS,
            meter=NAME,
            group=GROUP,
        )

    return (
        endpoint("/sapi/v1/system/status", "Whether the exchange works", system_status, SystemStatus),
        *(endpoint(path, summary, nothing, list[str]) for path, summary in _EMPTY.items()),
        *(endpoint(path, summary, no_futures, NoFutures) for path, summary in _FUTURES.items()),
    )
