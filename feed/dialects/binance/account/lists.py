"""Questions about lists of orders, and about orders that are routed: there are none here."""

from __future__ import annotations

from typing import Any

import attrs

from feed.dialects.binance.account.history import DEFAULT_LIMIT, MOST_LIMIT
from feed.dialects.binance.account.operations import Operation
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.market_data.parameters import number_parameter, symbol_parameter
from feed.dialects.binance.queries import weighs
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing


def questions(listing: Listing) -> tuple[Operation, ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
    """
    between = _ignored("startTime"), _ignored("endTime")
    limit = attrs.evolve(_ignored("limit"), default=DEFAULT_LIMIT, most=MOST_LIMIT)
    return (
        Operation(
            path="/api/v3/openOrderList",
            method="openOrderLists.status",
            summary="Open lists of orders: none",
            answer=_nothing,
            returns=list[Any],
            weight=weighs(6),
        ),
        Operation(
            path="/api/v3/allOrderList",
            method="allOrderLists",
            summary="Lists of orders, whatever has become of them: none",
            parameters=(_ignored("fromId"), *between, limit),
            answer=_nothing,
            returns=list[Any],
            weight=weighs(20),
        ),
        Operation(
            path="/api/v3/myAllocations",
            method="myAllocations",
            summary="What routed orders were given: nothing",
            parameters=(
                symbol_parameter(listing, needed=True),
                *between,
                _ignored("fromAllocationId"),
                limit,
                _ignored("orderId"),
            ),
            answer=_nothing_of_a_symbol,
            returns=list[Any],
            weight=weighs(20),
        ),
    )


def _nothing(view: AccountView, fields: Fields) -> list[object]:
    del view, fields
    return []


def _nothing_of_a_symbol(view: AccountView, fields: Fields) -> list[object]:
    fields.symbol(view.market.symbols)
    return []


def _ignored(name: str) -> Parameter:
    return number_parameter(name, "Taken, and without effect.")
