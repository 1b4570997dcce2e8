"""What an account holds, and what trading costs it. Source: "Accounts", "Fees"."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.coinbase.account.view import AccountView, Holding
from feed.dialects.coinbase.errors import CoinbaseError, invalid
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.listing import TYPES
from feed.dialects.coinbase.products import is_fiat
from feed.dialects.coinbase.rates import Rates
from feed.dialects.numbers import Number, number
from feed.model.durations import NS_PER_DAY
from feed.model.grants import Scope
from feed.model.instruments import decimal_text

ACCOUNTS: Final = 49
"""In an answer, where nobody says how many."""
MOST_ACCOUNTS: Final = 250
_RATE_DECIMALS: Final = 6
_FEE_DAYS: Final = 30
PORTFOLIO: Final = "DEFAULT"


class Amount(Shape):
    """
    An amount of an asset.

    Attributes:
        value: How much.
        currency: Which asset.
    """

    value: str
    currency: str


class Account(Shape):
    """
    What is held of one asset.

    Attributes:
        uuid: Id of it.
        name: For people.
        currency: The asset.
        available_balance: What is not locked by orders.
        default: Always.
        active: Always.
        created_at: Not known.
        updated_at: Not known.
        deleted_at: Never.
        type: Money of a state, or any other asset.
        ready: Always.
        hold: What orders may spend.
        retail_portfolio_id: The one portfolio.
        platform: Always ACCOUNT_PLATFORM_CONSUMER.
    """

    uuid: str
    name: str
    currency: str
    available_balance: Amount
    default: bool
    active: bool
    created_at: str | None
    updated_at: str | None
    deleted_at: str | None
    type: str
    ready: bool
    hold: Amount
    retail_portfolio_id: str
    platform: str


class OneAccount(Shape):
    """
    What is held of one asset.

    Attributes:
        account: It.
    """

    account: Account


class AccountList(Shape):
    """
    What is held, by asset.

    Attributes:
        accounts: One for each asset.
        has_next: Whether there are more.
        cursor: For the next; empty where there are none.
        size: How many these are.
    """

    accounts: list[Account]
    has_next: bool
    cursor: str
    size: int


class FeeTier(Shape):
    """
    What trading costs.

    Attributes:
        pricing_tier: Name of it.
        usd_from: Volume from which on it is that.
        usd_to: Volume up to which it is.
        taker_fee_rate: Of the value of a trade, for an order that takes.
        maker_fee_rate: The same for one that rests.
        aop_from: Empty.
        aop_to: Empty.
    """

    pricing_tier: str
    usd_from: str
    usd_to: str
    taker_fee_rate: str
    maker_fee_rate: str
    aop_from: str
    aop_to: str


class TransactionSummary(Shape):
    """
    What was traded in the last 30 days, and what trading costs.

    Attributes:
        total_volume: In US dollars.
        total_fees: In US dollars.
        fee_tier: What trading costs.
        margin_rate: Of futures alone.
        goods_and_services_tax: None.
        advanced_trade_only_volume: As above.
        advanced_trade_only_fees: As above.
        coinbase_pro_volume: Nothing.
        coinbase_pro_fees: Nothing.
        total_balance: Empty.
        has_promo_fee: Never.
    """

    total_volume: Number
    total_fees: Number
    fee_tier: FeeTier
    margin_rate: None
    goods_and_services_tax: None
    advanced_trade_only_volume: Number
    advanced_trade_only_fees: Number
    coinbase_pro_volume: Number
    coinbase_pro_fees: Number
    total_balance: str
    has_promo_fee: bool


class KeyPermissions(Shape):
    """
    What the key allows.

    Attributes:
        can_view: To see the account.
        can_trade: To place and cancel orders.
        can_transfer: Never.
        portfolio_uuid: The one portfolio.
        portfolio_type: Always DEFAULT.
    """

    can_view: bool
    can_trade: bool
    can_transfer: bool
    portfolio_uuid: str
    portfolio_type: str


def list_accounts(view: AccountView, fields: Fields) -> AccountList:
    """What is held of each asset."""
    limit, cursor = fields.whole("limit", ACCOUNTS, MOST_ACCOUNTS), fields.text("cursor")
    found = list(view.holdings())
    if fields.text("retail_portfolio_id") not in (None, view.portfolio_id):
        found = []
    first = 0
    if cursor is not None:
        first = next((at for at, one in enumerate(found, 1) if one.uuid == cursor), 0)
        if not first:
            raise invalid("cursor is that of no earlier answer")
    told = found[first : first + limit]
    more = first + limit < len(found)
    return AccountList([_account(view, one) for one in told], more, told[-1].uuid if more else "", len(told))


def one_account(view: AccountView, fields: Fields) -> OneAccount:
    """What is held of one asset, by its id."""
    wanted = fields.part("account_uuid").lower()
    found = next((one for one in view.holdings() if one.uuid == wanted), None)
    if found is None:
        raise CoinbaseError(404, "NOT_FOUND", "account with this uuid was not found")
    return OneAccount(_account(view, found))


def _account(view: AccountView, one: Holding) -> Account:
    return Account(
        uuid=one.uuid,
        name=f"{one.asset} Wallet",
        currency=one.asset,
        available_balance=Amount(one.available, one.asset),
        default=True,
        active=True,
        created_at=None,
        updated_at=None,
        deleted_at=None,
        type="ACCOUNT_TYPE_FIAT" if is_fiat(one.asset) else "ACCOUNT_TYPE_CRYPTO",
        ready=True,
        hold=Amount(one.hold, one.asset),
        retail_portfolio_id=view.portfolio_id,
        platform="ACCOUNT_PLATFORM_CONSUMER",
    )


def transaction_summary(view: AccountView, fields: Fields) -> TransactionSummary:
    """What was traded, and what trading costs this key."""
    none = fields.choice("product_type", TYPES, "SPOT") == "FUTURE"
    since = view.market.now - _FEE_DAYS * NS_PER_DAY
    rates, volume, fees, digits = Rates(view.market), 0, 0, 12
    for one in view.fills():
        product = view.market.products.at(one.instrument)
        if none or one.ts < since or product is None:
            continue
        decimals = view.decimals(product)[1]
        value = one.last_price * one.last_size * view.wallets.units.quote_scales[one.instrument]
        volume += rates.dollars(product.quote, value, decimals, digits)
        fees += rates.dollars(product.quote, view.fee(one), decimals, digits)
    told, nothing = (number(volume, digits), number(fees, digits)), number(0, 0)
    return TransactionSummary(
        total_volume=told[0],
        total_fees=told[1],
        fee_tier=FeeTier(
            pricing_tier="Advanced 1",
            usd_from="0",
            usd_to="1000",
            taker_fee_rate=_rate(view.taker_rate),
            maker_fee_rate=_rate(view.maker_rate),
            aop_from="",
            aop_to="",
        ),
        margin_rate=None,
        goods_and_services_tax=None,
        advanced_trade_only_volume=told[0],
        advanced_trade_only_fees=told[1],
        coinbase_pro_volume=nothing,
        coinbase_pro_fees=nothing,
        total_balance="",
        has_promo_fee=False,
    )


def _rate(millionths: int) -> str:
    return decimal_text(millionths, _RATE_DECIMALS).rstrip("0").rstrip(".")


def key_permissions(view: AccountView, fields: Fields) -> KeyPermissions:
    """What the key allows."""
    del fields
    return KeyPermissions(
        can_view=view.grant.allows(Scope.READ),
        can_trade=view.grant.allows(Scope.TRADE),
        can_transfer=False,
        portfolio_uuid=view.portfolio_id,
        portfolio_type=PORTFOLIO,
    )
