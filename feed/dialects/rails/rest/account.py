"""
The account of an access token: balances, positions, open orders and fills.

Source: pages "Get Account Balances", "Get Account Positions" and "Get Account Open Orders"; fills are ours,
in the form of the Trade Stream.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.parameters import Parameter
from feed.dialects.rails.private import fill_object, order_object
from feed.dialects.rails.rest.token import DIALECT, Failure, worded
from feed.dialects.rails.statements import PositionShape, position_shape
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.model.accounts import Account, Accounts
from feed.model.events import Side
from feed.model.instruments import Listing, decimal_text
from feed.model.margin import Valuation
from feed.model.symbols import LONGEST_SYMBOL

GROUP: Final = "Rails"
EVERY_MARKET: Final = "ALL"

TOKEN: Final = Access(
    name="railsToken",
    header="Authorization",
    prefix="Bearer ",
    dialect=DIALECT,
    token=True,
    needed=True,
    wording=worded,
    wording_type=Failure,
)


class MarketBalance(Shape):
    """
    What the account has in one market, all in the quote asset but quantities.

    Attributes:
        position: Value at the mark price, negative when sold short.
        positionQuantity: In the base asset, negative when sold short.
        liquidationPrice: Mark price at which the account is liquidated if nothing else changes; 0 for none.
        openBuy: What open buy orders would cost.
        openBuyQty: In the base asset.
        openSell: What open sell orders would bring.
        openSellQty: In the base asset.
        pnl: Realised, fees apart.
        funding: Received; negative when it was paid.
        fees: Paid.
    """

    position: str
    positionQuantity: str  # noqa: N815 - as published, here and below
    liquidationPrice: str  # noqa: N815
    openBuy: str  # noqa: N815
    openBuyQty: str  # noqa: N815
    openSell: str  # noqa: N815
    openSellQty: str  # noqa: N815
    pnl: str
    funding: str
    fees: str


class Balances(Shape):
    """
    What the account owns of one quote asset.

    Attributes:
        asset: Which.
        totalBalance: Deposit, profit that is realised, and funding, less fees.
        equity: The same with profit that is not realised, at mark prices.
        availableBalance: What can back further orders: equity less margin, and never negative.
        deposit: What the account began with.
        fees: Paid.
        pnl: Realised profit.
        funding: Received; negative when it was paid.
        insurance: Debts that the market has borne.
        margin: What backs positions and open orders: their value over the leverage.
        maintenanceMargin: Equity below which orders are cancelled and positions liquidated.
        leverage: Of all positions and open orders.
        marketBalancesMap: By market, those in which the account has traded or has open orders.
    """

    asset: str
    totalBalance: str  # noqa: N815 - as published, here and below
    equity: str
    availableBalance: str  # noqa: N815
    deposit: str
    fees: str
    pnl: str
    funding: str
    insurance: str
    margin: str
    maintenanceMargin: str  # noqa: N815
    leverage: str
    marketBalancesMap: dict[str, MarketBalance]  # noqa: N815


class Positions(Shape):
    """
    What the account holds.

    Attributes:
        positions: In the market's order; markets that it holds nothing of are left out.
    """

    positions: list[PositionShape]


class OpenOrders(Shape):
    """
    The account's open orders.

    Attributes:
        openOrders: As the Order Creation Stream shows them, the oldest first.
    """

    openOrders: list[dict[str, Any]]  # noqa: N815 - as published


class Fills(Shape):
    """
    The account's last fills.

    Attributes:
        fills: As the Trade Stream shows them, the newest first; 1,000 at most are kept.
    """

    fills: list[dict[str, Any]]


def balances(context: RestContext, call: Call) -> Balances:
    """One quote asset, with what the account has in each of its markets."""
    accounts, number, found = account_of(context, call)
    asset = call.text("asset")
    if asset not in accounts.money.decimals:
        raise Problem(404, "not_found", f"No such asset: {asset}")
    values = _values(context, accounts)
    margin, money = values.margin(number, asset), accounts.money
    digits = money.decimals[asset]

    def text(amount: int) -> str:
        return decimal_text(amount, digits)

    here = {at: position for at, position in sorted(found.positions.items()) if money.currencies[at] == asset}
    return Balances(
        asset=asset,
        totalBalance=text(margin.cash),
        equity=text(margin.equity),
        availableBalance=text(margin.available),
        deposit=text(money.whole(asset, accounts.deposit)),
        fees=text(found.fees.get(asset, 0)),
        pnl=text(sum(position.realised for position in here.values())),
        funding=text(sum(position.funding for position in here.values())),
        insurance=text(found.insurance.get(asset, 0)),
        margin=text(margin.initial),
        maintenanceMargin=text(margin.maintenance),
        leverage=str(found.leverage),
        marketBalancesMap={context.listing[at].symbol: _market(context, values, number, at) for at in here},
    )


def _market(context: RestContext, values: Valuation, number: int, at: int) -> MarketBalance:
    instrument, money = context.listing[at], values.accounts.money
    found = values.accounts.find(number)
    position = found.positions[at]
    digits = money.decimals[money.currencies[at]]
    stated = position_shape(instrument, values.position(number, at, context.market_state.now))
    lots = dict.fromkeys(Side, 0)
    for order in found.orders.values():
        if order.instrument == at and order.order not in values.accounts.waiting:
            lots[order.side] += order.left
    return MarketBalance(
        position=decimal_text(position.lots * values.mark(at) * money.scales[at], digits),
        positionQuantity=instrument.size_text(position.lots),
        liquidationPrice=stated.liquidationPrice,
        openBuy=decimal_text(position.bids, digits),
        openBuyQty=instrument.size_text(lots[Side.BUY]),
        openSell=decimal_text(position.asks, digits),
        openSellQty=instrument.size_text(lots[Side.SELL]),
        pnl=decimal_text(position.realised, digits),
        funding=decimal_text(position.funding, digits),
        fees=decimal_text(position.fees, digits),
    )


def positions(context: RestContext, call: Call) -> Positions:
    """Of one market or of all."""
    accounts, number, _ = account_of(context, call)
    wanted, values = _markets(context, call), _values(context, accounts)
    return Positions(
        positions=[
            position_shape(context.listing[at], values.position(number, at, context.market_state.now))
            for at in sorted(accounts.holders.get(number, ()))
            if at in wanted
        ]
    )


def open_orders(context: RestContext, call: Call) -> OpenOrders:
    """Of one market or of all."""
    _, _, found = account_of(context, call)
    wanted = _markets(context, call)
    return OpenOrders(
        openOrders=[
            order_object(context.listing[order.instrument], order)
            for order in found.orders.values()
            if order.instrument in wanted
        ]
    )


def fills(context: RestContext, call: Call) -> Fills:
    """Of one market or of all, the newest first."""
    _, _, found = account_of(context, call)
    wanted = _markets(context, call)
    chosen = [fill for fill in reversed(found.fills) if fill.instrument in wanted]
    return Fills(
        fills=[fill_object(context.listing[fill.instrument], fill) for fill in chosen[: call.number("limit")]]
    )


def account_of(context: RestContext, call: Call) -> tuple[Accounts, int, Account]:
    """
    All accounts, the number of the caller's, and what it owns and owes.

    Raises:
        Problem: 404 where there are none, 403 for a key without one.
    """
    accounts, grant = context.accounts, call.grant
    if accounts is None:
        raise Problem(404, "not_found", "This market has no accounts")
    if grant is None or not grant.account:
        raise Problem(403, "forbidden", "The key has no account")
    return accounts, grant.account, accounts.find(grant.account)


def _values(context: RestContext, accounts: Accounts) -> Valuation:
    return Valuation(
        accounts=accounts,
        mark=context.market_state.mark_price,
        maintenance=context.settings.trading.maintenance,
    )


def _markets(context: RestContext, call: Call) -> frozenset[int]:
    name = call.text("market")
    if name == EVERY_MARKET:
        return frozenset(range(len(context.listing)))
    return frozenset([context.instrument(name)[0]])


def endpoints(listing: Listing, most_fills: int) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
        most_fills: The most fills that can be asked for.
    """
    market = Parameter(
        name="market",
        meaning=f"Symbol of an instrument, or {EVERY_MARKET}.",
        default=EVERY_MARKET,
        most=LONGEST_SYMBOL,
    )
    first = listing[0].quote if len(listing) else "USD"
    asset = Parameter(name="asset", meaning="A quote asset.", default=first, most=LONGEST_SYMBOL)
    limit = Parameter(
        name="limit", meaning="How many.", default=min(100, most_fills), least=1, most=most_fills
    )
    shared = Endpoint(
        path="/api/v1/balances",
        summary="What the account owns of a quote asset, its margin, and what it has in each market",
        handle=balances,
        guarded=True,
        access=TOKEN,
        parameters=(asset,),
        returns=Balances,
        refusals={403: "The key has no account.", 404: "No such market or asset, or no accounts here."},
        group=GROUP,
    )
    return (
        shared,
        attrs.evolve(
            shared,
            path="/api/v1/positions",
            summary="What the account holds, with profit and liquidation price",
            handle=positions,
            parameters=(market,),
            returns=Positions,
        ),
        attrs.evolve(
            shared,
            path="/api/v1/open-orders",
            summary="The account's open orders, those included that wait for a trigger",
            handle=open_orders,
            parameters=(market,),
            returns=OpenOrders,
        ),
        attrs.evolve(
            shared,
            path="/api/v1/fills",
            summary="The account's last fills, the newest first",
            handle=fills,
            parameters=(market, limit),
            returns=Fills,
        ),
    )
