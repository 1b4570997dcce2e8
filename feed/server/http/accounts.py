"""Accounts as the operator sees them, with a key of the scope ``admin``: what each owns, holds, has open."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Problem, Shape
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint
from feed.dialects.times import iso
from feed.model.accounts import PARTICIPANTS, Accounts, money_scale
from feed.model.events import PositionChanged
from feed.model.instruments import Instrument, decimal_text
from feed.model.margin import Valuation
from feed.server.http.admin import ADMIN
from feed.server.http.context import RequestContext

PATH: Final = "/admin/accounts"
_LIMIT: Final = 100
_LATEST_ACCOUNT: Final = 10**15


class MarginBalance(Shape):
    """
    What an account owns of a currency in which it trades on margin.

    Attributes:
        currency: Which.
        cash: Without profit that is not realised.
        equity: What would be left if everything were closed at mark prices.
        margin: What backs positions and open orders.
        maintenance: Equity below which the account is liquidated.
        available: What can back further orders.
    """

    currency: str
    cash: str
    equity: str
    margin: str
    maintenance: str
    available: str


class HeldPosition(Shape):
    """
    What an account holds of an instrument.

    Attributes:
        symbol: Of the instrument.
        size: In the base asset; negative when sold short.
        entry: Average entry price, rounded down to a tick.
        mark: Mark price; empty when there is none.
        unrealised: Profit at the mark price.
        realised: Profit of what has been closed, fees apart.
        funding: Received; negative when it was paid.
        stop_loss: Mark price at which it is closed with a loss; empty for none.
        take_profit: The same with a profit; empty for none.
        liquidation: Mark price at which the account is liquidated if nothing else changes; empty for none.
        opened: Market time, ISO-8601 in UTC, milliseconds.
    """

    symbol: str
    size: str
    entry: str
    mark: str
    unrealised: str
    realised: str
    funding: str
    stop_loss: str
    take_profit: str
    liquidation: str
    opened: str


class AssetBalance(Shape):
    """
    What an account has of an asset at a spot venue.

    Attributes:
        venue: Which.
        asset: Which.
        free: What can be spent.
        locked: What open orders may spend.
    """

    venue: str
    asset: str
    free: str
    locked: str


class AccountShown(Shape):
    """
    An account.

    Attributes:
        account: Its number.
        keys: Names of the keys that trade for it.
        leverage: Of its positions and open orders.
        balances: Of the currencies in which it trades on margin.
        positions: In the market's order.
        orders: How many are open on margin, those included that wait for a trigger.
        fills: How many of its last ones are remembered.
        wallets: What it has at spot venues, assets that it has nothing of left out.
        spot_orders: How many are open at these venues.
    """

    account: int
    keys: list[str]
    leverage: int
    balances: list[MarginBalance]
    positions: list[HeldPosition]
    orders: int
    fills: int
    wallets: list[AssetBalance]
    spot_orders: int


class AccountList(Shape):
    """
    Accounts that have traded or could.

    Attributes:
        seq: Sequence number of the event up to which this is so.
        ts: Market time, ISO-8601 in UTC, milliseconds.
        accounts: By number.
        more: Whether there are further ones; ask for those after the last.
    """

    seq: int
    ts: str
    accounts: list[AccountShown]
    more: bool


def show_accounts(context: RequestContext, call: Call) -> AccountList:
    """Those after a number, each as it stands."""
    accounts = context.accounts
    if accounts is None:
        raise Problem(404, "not_found", "This market has no accounts")
    keys: dict[int, list[str]] = {}
    for grant in context.keys.grants:
        if grant.account:
            keys.setdefault(grant.account, []).append(grant.name)
    known = {*keys, *accounts, *(account for account, _ in context.wallets)} - {PARTICIPANTS}
    after, limit = call.number("after"), call.number("limit")
    wanted = sorted(number for number in known if number > after)
    values = Valuation(
        accounts=accounts,
        mark=context.market_state.mark_price,
        maintenance=context.settings.trading.maintenance,
    )
    return AccountList(
        seq=context.seq,
        ts=iso(context.market_state.now),
        accounts=[_account(context, values, number, keys.get(number, [])) for number in wanted[:limit]],
        more=len(wanted) > limit,
    )


def _account(context: RequestContext, values: Valuation, number: int, keys: list[str]) -> AccountShown:
    accounts, listing = values.accounts, context.listing
    found, now = accounts.find(number), context.market_state.now
    wallets = [(venue, context.wallets.find(number, venue)) for venue in context.wallets.units.decimals]
    return AccountShown(
        account=number,
        keys=keys,
        leverage=found.leverage,
        balances=[_balance(accounts, values, number, currency) for currency in accounts.money.decimals],
        positions=[
            _position(listing[at], values.position(number, at, now))
            for at in sorted(accounts.holders.get(number, ()))
        ],
        orders=len(found.orders),
        fills=len(found.fills),
        wallets=[
            AssetBalance(
                venue=venue,
                asset=asset,
                free=decimal_text(balance.free, context.wallets.units.decimals[venue][asset]),
                locked=decimal_text(balance.locked, context.wallets.units.decimals[venue][asset]),
            )
            for venue, wallet in wallets
            for asset, balance in wallet.balances.items()
            if balance.total
        ],
        spot_orders=sum(len(wallet.orders) for _, wallet in wallets),
    )


def _balance(accounts: Accounts, values: Valuation, number: int, currency: str) -> MarginBalance:
    margin, decimals = values.margin(number, currency), accounts.money.decimals[currency]
    return MarginBalance(
        currency=currency,
        cash=decimal_text(margin.cash, decimals),
        equity=decimal_text(margin.equity, decimals),
        margin=decimal_text(margin.initial, decimals),
        maintenance=decimal_text(margin.maintenance, decimals),
        available=decimal_text(margin.available, decimals),
    )


def _position(instrument: Instrument, item: PositionChanged) -> HeldPosition:
    scale = money_scale(instrument, item.decimals)

    def price(ticks: int) -> str:
        return instrument.price_text(ticks) if ticks else ""

    return HeldPosition(
        symbol=instrument.symbol,
        size=instrument.size_text(item.lots),
        entry=instrument.price_text(item.entry(scale)),
        mark=price(item.mark),
        unrealised=decimal_text(item.unrealised(scale), item.decimals),
        realised=decimal_text(item.realised, item.decimals),
        funding=decimal_text(item.funding, item.decimals),
        stop_loss=price(item.stop_loss),
        take_profit=price(item.take_profit),
        liquidation=price(item.liquidation),
        opened=iso(item.opened),
    )


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    return (
        Endpoint(
            path=PATH,
            summary="What accounts own, hold and have open",
            handle=show_accounts,
            access=ADMIN,
            guarded=True,
            changes=True,
            parameters=(
                Parameter(
                    name="after",
                    meaning="Only accounts with a greater number.",
                    default=0,
                    least=0,
                    most=_LATEST_ACCOUNT,
                ),
                Parameter(name="limit", meaning="How many.", default=_LIMIT, least=1, most=1000),
            ),
            returns=AccountList,
            refusals={404: "Nobody can trade in this market."},
            group="Admin",
        ),
    )
