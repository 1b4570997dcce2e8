# ruff: noqa: N815 - fields as published
"""
What clients of Spot ask the exchange's other interfaces for: its state, and what else could be traded.

There are no margin pairs and no futures here, and no ways to deposit or withdraw; but a client that lists
what there is fails as a whole where one of these answers is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from feed.dialects.access import Shape
from feed.dialects.binance.account.operations import Operation, Security
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.limits import RateLimit
from feed.dialects.binance.queries import weighs
from feed.dialects.binance.rest.endpoints import ANYBODY, GROUP, LIMITS, PREFIX, TIME_UNIT
from feed.dialects.binance.rest.private import SIGNED, private
from feed.dialects.binance.symbols import NAME
from feed.dialects.binance.views import time_unit
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext

_EMPTY: Final = (
    (
        "/sapi/v1/capital/config/getall",
        "Ways to deposit and withdraw: there are none",
        Security.USER_DATA,
        10,
    ),
    ("/sapi/v1/margin/allPairs", "Pairs of cross margin: there are none", Security.USER_STREAM, 1),
    (
        "/sapi/v1/margin/isolated/allPairs",
        "Pairs of isolated margin: there are none",
        Security.USER_STREAM,
        1,
    ),
)
_SYMBOL: Final = Parameter(name="symbol", meaning="A pair.", most=None, optional=True)
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
    """It works, but for maintenance on purpose."""
    if context.disruption(NAME, call).maintenance:
        return SystemStatus(status=1, msg="system_maintenance")
    return SystemStatus(status=0, msg="normal")


def nothing(view: AccountView, fields: Fields) -> list[str]:
    """An empty list."""
    del view, fields
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


def empty(path: str, summary: str, security: Security, weight: int) -> Endpoint[RestContext]:
    """An endpoint at which whoever has a key finds nothing; clients sign also where they need not."""
    signed = security is not Security.USER_STREAM
    parameters = (_SYMBOL,) if signed else (_SYMBOL, *(attrs.evolve(one, optional=True) for one in SIGNED))
    return private(
        Operation(
            path=path,
            summary=summary,
            security=security,
            parameters=parameters,
            answer=nothing,
            returns=list[str],
            weight=weighs(weight),
        )
    )


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module."""

    def anybody(
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
        anybody("/sapi/v1/system/status", "Whether the exchange works", system_status, SystemStatus),
        *(empty(*row) for row in _EMPTY),
        *(anybody(path, summary, no_futures, NoFutures) for path, summary in _FUTURES.items()),
    )
