"""What an account holds, what that is worth, and what trading costs it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Final

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.kraken import errors
from feed.dialects.kraken.account.amounts import exact_text
from feed.dialects.kraken.account.operations import Operation, Sent
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.kraken.market_data.parameters import pairs_parameter
from feed.dialects.kraken.names import Asset, Pair
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_DAY
from feed.model.instruments import Listing, decimal_text

_MARGIN_DECIMALS: Final = 4
_PERCENT_DECIMALS: Final = 4  # of a fee in millionths
_VOLUME_DAYS: Final = 30
_NOTHING: Final = decimal_text(0, _MARGIN_DECIMALS)
_DOLLAR: Final = "USD"


class ExtendedBalance(Shape):
    """
    What the account holds of an asset.

    Attributes:
        balance: All of it.
        credit: 0: nothing is lent.
        credit_used: 0.
        hold_trade: What open orders may spend.
    """

    balance: str
    credit: str
    credit_used: str
    hold_trade: str


class TradeBalance(Shape):
    """
    What all that the account holds is worth, in one asset at last prices.

    Attributes:
        eb: All of it.
        tb: The same: all of it can be traded with.
        m: Margin of positions: 0, there are none.
        n: Profit of positions: 0.
        c: Cost of positions: 0.
        v: Value of positions: 0.
        e: tb and n.
        mf: e without m.
        mfo: The same, without what open orders hold.
        uv: 0: no order waits to be looked at.
    """

    eb: str
    tb: str
    m: str
    n: str
    c: str
    v: str
    e: str
    mf: str
    mfo: str
    uv: str


class Fee(Shape):
    """
    What trading in a pair costs; it does not depend on the volume.

    Attributes:
        fee: Percent.
        minfee: The same: there are no levels.
        maxfee: The same.
        nextfee: None.
        nextvolume: None.
        tiervolume: 0.
    """

    fee: str
    minfee: str
    maxfee: str
    nextfee: None
    nextvolume: None
    tiervolume: str


class TradeVolume(Shape):
    """
    What the account has traded, and what trading costs it.

    Attributes:
        currency: ZUSD.
        volume: In the last 30 days, in pairs that are priced in it.
        fees: For orders that take, of each pair that is asked for.
        fees_maker: For orders that rest.
    """

    currency: str
    volume: str
    fees: dict[str, Fee] | UnsetType = UNSET
    fees_maker: dict[str, Fee] | UnsetType = UNSET


def balance(view: AccountView, sent: Sent) -> dict[str, str]:
    """Each asset of which the account holds something."""
    del sent
    return {
        asset.name: exact_text(total, decimals, asset.decimals)
        for asset, (total, _, decimals) in _held(view).items()
        if total
    }


def extended(view: AccountView, sent: Sent) -> dict[str, ExtendedBalance]:
    """The same with what is held back."""
    del sent
    return {
        asset.name: ExtendedBalance(
            balance=exact_text(total, decimals, asset.decimals),
            credit=exact_text(0, 0, asset.decimals),
            credit_used=exact_text(0, 0, asset.decimals),
            hold_trade=exact_text(locked, decimals, asset.decimals),
        )
        for asset, (total, locked, decimals) in _held(view).items()
        if total
    }


def trade_balance(view: AccountView, sent: Sent) -> TradeBalance:
    """What all of it is worth; what has no price in the asset that is asked for is left out."""
    name = sent.text("asset") or "ZUSD"
    asset = view.market.pairs.asset(name.upper())
    if asset is None:
        raise KrakenError(errors.UNKNOWN_ASSET)
    sent.choice("aclass", ("currency",), "currency")
    worth = held_back = Decimal()
    for held, (total, locked, decimals) in _held(view).items():
        price = _price(view, held, asset)
        worth += Decimal(total).scaleb(-decimals) * price
        held_back += Decimal(locked).scaleb(-decimals) * price
    text = _shown(worth)
    return TradeBalance(
        eb=text,
        tb=text,
        m=_NOTHING,
        n=_NOTHING,
        c=_NOTHING,
        v=_NOTHING,
        e=text,
        mf=text,
        mfo=_shown(worth - held_back),
        uv=_NOTHING,
    )


def trade_volume(view: AccountView, sent: Sent) -> TradeVolume:
    """What was traded, and the fees in the pairs that are named."""
    named = sent.pairs(view.market.pairs)
    taker, maker = (_fee(rate) for rate in (view.taker_rate, view.maker_rate))
    return TradeVolume(
        currency="ZUSD",
        volume=_shown(_volume(view)),
        fees=UNSET if named is None else {name: taker for name, _ in named},
        fees_maker=UNSET if named is None else {name: maker for name, _ in named},
    )


def _held(view: AccountView) -> dict[Asset, tuple[int, int, int]]:
    """Units of each asset, those that are locked, and digits of a unit; of all venues together."""
    totals: Counter[Asset] = Counter()
    locked: Counter[Asset] = Counter()
    digits: dict[Asset, int] = {}
    found = list(view.balances())
    for asset, decimals, _ in found:
        digits[asset] = max(digits.get(asset, 0), decimals)
    for asset, decimals, held in found:
        scale = int(10 ** (digits[asset] - decimals))
        totals[asset] += held.total * scale
        locked[asset] += held.locked * scale
    return {asset: (totals[asset], locked[asset], digits[asset]) for asset in sorted(digits, key=_name)}


def _name(asset: Asset) -> str:
    return asset.name


def _price(view: AccountView, asset: Asset, of: Asset) -> Decimal:
    """What one of an asset is worth in another one; 0 where they are not traded for each other."""
    if asset == of:
        return Decimal(1)
    for pair in view.market.pairs:
        last = view.market.state.trade(pair.index)
        if last is None or {pair.base, pair.quote} != {asset, of}:
            continue
        price = Decimal(pair.price_text(last.price))
        return price if pair.base == asset else 1 / price
    return Decimal()


def _volume(view: AccountView) -> Decimal:
    begin, worth = view.now - _VOLUME_DAYS * NS_PER_DAY, Decimal()
    for _, wallet in view.all_wallets():
        for item in wallet.trades:
            pair: Pair | None = view.pair(item)
            if pair is not None and pair.quote.symbol == _DOLLAR and item.ts > begin:
                worth += Decimal(pair.price_text(item.last_price)) * Decimal(pair.size_text(item.last_size))
    return worth


def _shown(amount: Decimal) -> str:
    return decimal_text(int(amount.scaleb(_MARGIN_DECIMALS)), _MARGIN_DECIMALS)


def _fee(millionths: int) -> Fee:
    text = decimal_text(millionths, _PERCENT_DECIMALS)
    return Fee(fee=text, minfee=text, maxfee=text, nextfee=None, nextvolume=None, tiervolume=_NOTHING)


def operations(listing: Listing) -> tuple[Operation, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    aclass = Parameter(
        name="aclass", meaning="Class of assets.", most=None, default="currency", choices=("currency",)
    )
    return (
        Operation(name="Balance", summary="What the account holds", answer=balance, result=dict[str, str]),
        Operation(
            name="BalanceEx",
            summary="What the account holds, and what of it open orders hold back",
            answer=extended,
            result=dict[str, ExtendedBalance],
        ),
        Operation(
            name="TradeBalance",
            summary="What all that the account holds is worth",
            parameters=(
                Parameter(name="asset", meaning="In which asset.", most=None, default="ZUSD"),
                aclass,
            ),
            answer=trade_balance,
            result=TradeBalance,
        ),
        Operation(
            name="TradeVolume",
            summary="What the account has traded, and what trading costs it",
            parameters=(
                pairs_parameter(listing),
                Parameter(name="fee-info", meaning="Taken, and without effect.", most=None, optional=True),
                Parameter(
                    name="fee_schedule", meaning="Taken, and without effect.", most=None, optional=True
                ),
            ),
            answer=trade_volume,
            result=TradeVolume,
        ),
    )
