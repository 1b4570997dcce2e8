# ruff: noqa: N815 - fields as published
"""What an account holds, what trading costs it, and how many orders it has placed."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.limits import RateLimit, order_limits
from feed.dialects.binance.symbols import DECIMALS, Symbol, amount_text
from feed.model.grants import Scope
from feed.model.instruments import decimal_text

_PARTS_DIGITS: Final = 6  # rates are millionths
_BASIS_POINT: Final = 100  # of these
_ZERO: Final = amount_text(0)


class AssetBalance(Shape):
    """
    What an account holds of an asset.

    Attributes:
        asset: Which.
        free: What it can spend.
        locked: What its open orders may spend.
    """

    asset: str
    free: str
    locked: str


class Rates(Shape):
    """
    Shares of what is traded.

    Attributes:
        maker: Of an order that rests.
        taker: Of one that takes.
        buyer: Besides, of who buys.
        seller: Besides, of who sells.
    """

    maker: str
    taker: str
    buyer: str
    seller: str


class AccountInformation(Shape):
    """
    An account.

    Attributes:
        makerCommission: Of an order that rests, hundredths of a percent.
        takerCommission: Of one that takes.
        buyerCommission: Besides, of who buys.
        sellerCommission: Besides, of who sells.
        commissionRates: The same as shares.
        canTrade: Whether the key may place orders.
        canWithdraw: Never: there is nowhere to go.
        canDeposit: Never.
        brokered: Never.
        requireSelfTradePrevention: Never.
        preventSor: Never.
        updateTime: Market time of the last thing that became of an open order, or of the last trade.
        accountType: SPOT.
        balances: What it holds.
        permissions: SPOT.
        uid: Its number.
    """

    makerCommission: int
    takerCommission: int
    buyerCommission: int
    sellerCommission: int
    commissionRates: Rates
    canTrade: bool
    canWithdraw: bool
    canDeposit: bool
    brokered: bool
    requireSelfTradePrevention: bool
    preventSor: bool
    updateTime: int
    accountType: str
    balances: list[AssetBalance]
    permissions: list[str]
    uid: int


class Discount(Shape):
    """
    What is taken off where commissions are paid in an asset of the exchange's own.

    Attributes:
        enabledForAccount: Never.
        enabledForSymbol: Never.
        discountAsset: Which asset.
        discount: Which share.
    """

    enabledForAccount: bool
    enabledForSymbol: bool
    discountAsset: str
    discount: str


NO_DISCOUNT: Final = Discount(
    enabledForAccount=False, enabledForSymbol=False, discountAsset="BNB", discount=_ZERO
)


class CommissionRates(Shape):
    """
    What trading in a symbol costs the account.

    Attributes:
        symbol: Where.
        standardCommission: The exchange's own.
        specialCommission: None.
        taxCommission: None.
        discount: None.
    """

    symbol: str
    standardCommission: Rates
    specialCommission: Rates
    taxCommission: Rates
    discount: Discount


class TradeFee(Shape):
    """
    What trading in a symbol costs the account.

    Attributes:
        symbol: Where.
        makerCommission: Of an order that rests, a share of what is traded.
        takerCommission: Of one that takes.
    """

    symbol: str
    makerCommission: str
    takerCommission: str


class OrderCount(RateLimit):
    """
    One limit of orders, and how much of it is used.

    Attributes:
        rateLimitType: ORDERS.
        interval: Unit of a window's length.
        intervalNum: How many of these it is long.
        limit: The most in a window.
        count: Orders in the present window.
    """

    count: int


def account(view: AccountView, fields: Fields) -> AccountInformation:
    """The account of the key."""
    maker, taker = view.maker_rate, view.taker_rate
    return AccountInformation(
        makerCommission=maker // _BASIS_POINT,
        takerCommission=taker // _BASIS_POINT,
        buyerCommission=0,
        sellerCommission=0,
        commissionRates=_rates(maker, taker),
        canTrade=view.grant.allows(Scope.TRADE),
        canWithdraw=False,
        canDeposit=False,
        brokered=False,
        requireSelfTradePrevention=False,
        preventSor=False,
        updateTime=view.unit.of(_changed(view)),
        accountType="SPOT",
        balances=_balances(view, all_of_them=not fields.flag("omitZeroBalances", default=False)),
        permissions=["SPOT"],
        uid=view.account,
    )


def commission(view: AccountView, fields: Fields) -> CommissionRates:
    """What trading in a symbol costs."""
    symbol = fields.symbol(view.market.symbols)
    nothing = _rates(0, 0)
    return CommissionRates(
        symbol=symbol.name,
        standardCommission=_rates(view.maker_rate, view.taker_rate),
        specialCommission=nothing,
        taxCommission=nothing,
        discount=NO_DISCOUNT,
    )


def trade_fees(view: AccountView, fields: Fields) -> list[TradeFee]:
    """What trading in one symbol costs, or in each."""
    symbols: list[Symbol] = (
        [fields.symbol(view.market.symbols)] if "symbol" in fields else list(view.market.symbols)
    )
    maker, taker = rate_text(view.maker_rate), rate_text(view.taker_rate)
    return [TradeFee(symbol=symbol.name, makerCommission=maker, takerCommission=taker) for symbol in symbols]


def order_counts(view: AccountView, fields: Fields) -> list[OrderCount]:
    """How many orders the account has placed, beside how many it may."""
    del fields
    counts = view.count_orders(0).counts
    return [
        OrderCount(limit.rateLimitType, limit.interval, limit.intervalNum, limit.limit, count)
        for limit, count in zip(order_limits(view.market.policy), counts, strict=True)
    ]


def _rates(maker: int, taker: int) -> Rates:
    return Rates(maker=rate_text(maker), taker=rate_text(taker), buyer=_ZERO, seller=_ZERO)


def rate_text(millionths: int) -> str:
    """A share of what is traded."""
    return decimal_text(millionths * 10 ** (DECIMALS - _PARTS_DIGITS), DECIMALS)


def _balances(view: AccountView, *, all_of_them: bool) -> list[AssetBalance]:
    decimals = view.wallets.units.decimals
    held: dict[str, tuple[int, int]] = {}
    for venue, wallet in view.all_wallets():
        for asset, balance in wallet.balances.items():
            spare = 10 ** (decimals[venue][asset] - DECIMALS)
            free, locked = held.get(asset, (0, 0))
            held[asset] = free + balance.free // spare, locked + balance.locked // spare
    return [
        AssetBalance(asset=asset, free=amount_text(free), locked=amount_text(locked))
        for asset, (free, locked) in held.items()
        if all_of_them or free or locked
    ]


def _changed(view: AccountView) -> int:
    """When an order was last placed that is open, or traded, nanoseconds."""
    return max(
        (
            one.ts
            for _, wallet in view.all_wallets()
            for one in (*wallet.orders.values(), *([wallet.trades[-1]] if wallet.trades else []))
        ),
        default=0,
    )
