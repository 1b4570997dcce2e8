"""The account of a key: funds, positions, orders, deals."""

from __future__ import annotations

from typing import Final, Literal

from feed.dialects.access import Shape
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.tradyn.rest.access import BEARER, GROUP, NOT_CONNECTED, Holder, holder
from feed.dialects.tradyn.shapes import (
    DealShape,
    FundsShape,
    OrderShape,
    PositionShape,
    deal_shape,
    funds_shape,
    order_shape,
    position_shape,
)
from feed.model.grants import Grant

_LIMIT: Final = 100


class Account(FundsShape):
    """
    The account of a key: what it owns of one currency, and of each.

    Attributes:
        currency: The first of the market.
        balance: What it owns of that, without profit that is not realised.
        equity: What would be left if everything were closed at mark prices.
        profit: What is not realised: equity less balance.
        margin: What backs positions and pending orders, at the account's leverage.
        freeMargin: What can back further orders: equity less margin, and never negative.
        marginLevel: Equity over margin, per cent, rounded down; 0 without a margin.
        maintenanceMargin: Equity below which the account is stopped out.
        leverage: Of all positions and pending orders.
        login: Number of the account; keys of one account share it.
        name: What the operator called the key.
        tier: Size of the customer, by which fees go.
        scopes: What the key may do.
        positions: How many are open.
        orders: How many are pending.
        funds: What the account owns of each currency.
    """

    login: int
    name: str
    tier: str
    scopes: list[str]
    positions: int
    orders: int
    funds: list[FundsShape]


class AccountData(Shape):
    """
    The account of a key.

    Attributes:
        success: Always.
        data: The account.
    """

    success: Literal[True]
    data: Account


class PositionsData(Shape):
    """
    The open positions of an account.

    Attributes:
        success: Always.
        data: In the market's order.
    """

    success: Literal[True]
    data: list[PositionShape]


class OrdersData(Shape):
    """
    Orders of an account.

    Attributes:
        success: Always.
        data: Pending orders the oldest first, those that are over the newest first.
    """

    success: Literal[True]
    data: list[OrderShape]


class DealsData(Shape):
    """
    Fills of an account.

    Attributes:
        success: Always.
        data: The newest first.
    """

    success: Literal[True]
    data: list[DealShape]


def account(context: RestContext, call: Call) -> AccountData:
    """What the key says, and what the account owns."""
    own, grant = holder(context, call), call.grant or Grant(name="")
    funds = [_funds(own, currency) for currency in own.accounts.money.decimals]
    first = {name: getattr(funds[0], name) for name in FundsShape.__struct_fields__}
    return AccountData(
        success=True,
        data=Account(
            **first,
            login=own.number,
            name=grant.name,
            tier=grant.tier.value,
            scopes=[scope.value for scope in grant.scopes],
            positions=len(own.accounts.holders.get(own.number, ())),
            orders=len(own.account.orders),
            funds=funds,
        ),
    )


def _funds(own: Holder, currency: str) -> FundsShape:
    margin, decimals = own.values.margin(own.number, currency), own.accounts.money.decimals[currency]
    return funds_shape(currency, decimals, margin, own.account.leverage)


def positions(context: RestContext, call: Call) -> PositionsData:
    """What the account of the key holds."""
    own = holder(context, call)
    held = sorted(own.accounts.holders.get(own.number, ()))
    now = context.market_state.now
    data = [position_shape(context.listing[at], own.values.position(own.number, at, now)) for at in held]
    return PositionsData(success=True, data=data)


def orders(context: RestContext, call: Call) -> OrdersData:
    """Orders that are pending."""
    found = holder(context, call).account.orders.values()
    return OrdersData(
        success=True, data=[order_shape(context.listing[order.instrument], order) for order in found]
    )


def history(context: RestContext, call: Call) -> OrdersData:
    """Orders that are over."""
    found = [*reversed(holder(context, call).account.finished)][: call.number("limit")]
    return OrdersData(
        success=True, data=[order_shape(context.listing[order.instrument], order) for order in found]
    )


def deals(context: RestContext, call: Call) -> DealsData:
    """The last fills."""
    found = [*reversed(holder(context, call).account.fills)][: call.number("limit")]
    return DealsData(
        success=True, data=[deal_shape(context.listing[fill.instrument], fill) for fill in found]
    )


def endpoints(most: int) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        most: Orders or deals that can be asked for.
    """
    limit = Parameter(name="limit", meaning="How many.", default=min(_LIMIT, most), least=1, most=most)
    refusals = {403: "The key is not accepted, or has no account.", 503: f"{NOT_CONNECTED}."}
    return (
        Endpoint(
            path="/api/account",
            summary="Balance, equity and margin of the account, and what the key is good for",
            handle=account,
            guarded=True,
            access=BEARER,
            returns=AccountData,
            refusals=refusals,
            group=GROUP,
        ),
        Endpoint(
            path="/api/positions",
            summary="Open positions of the account, with entry price and profit",
            handle=positions,
            guarded=True,
            access=BEARER,
            returns=PositionsData,
            refusals=refusals,
            group=GROUP,
        ),
        Endpoint(
            path="/api/orders",
            summary="Pending orders of the account",
            handle=orders,
            guarded=True,
            access=BEARER,
            returns=OrdersData,
            refusals=refusals,
            group=GROUP,
        ),
        Endpoint(
            path="/api/orders/history",
            summary="Orders of the account that are over, the newest first",
            handle=history,
            guarded=True,
            access=BEARER,
            parameters=(limit,),
            returns=OrdersData,
            refusals=refusals,
            group=GROUP,
        ),
        Endpoint(
            path="/api/deals",
            summary="Fills of the account, the newest first",
            handle=deals,
            guarded=True,
            access=BEARER,
            parameters=(limit,),
            returns=DealsData,
            refusals=refusals,
            group=GROUP,
        ),
    )
