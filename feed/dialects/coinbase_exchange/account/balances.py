"""What an account holds, and what trading costs it. Source: "Accounts", "Fees" and "Profiles"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from feed.dialects.access import Shape
from feed.dialects.coinbase_exchange.account.view import AccountView, user_id
from feed.dialects.coinbase_exchange.errors import bad, not_found
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.queries import Page
from feed.dialects.times import iso_microseconds
from feed.dialects.uuids import named_uuid, order_uuid, read_uuid
from feed.model.durations import NS_PER_DAY
from feed.model.events import ExecutionReport, Side
from feed.model.executions import Leg
from feed.model.instruments import decimal_text
from feed.model.requests import PARTS
from feed.model.wallets import Balance, Wallet

MONTH: Final = 30 * NS_PER_DAY
ROWS: Final = 100
MOST_ROWS: Final = 1000
_RATE_DECIMALS: Final = len(str(PARTS)) - 1


class AccountInfo(Shape):
    """
    What is held of one currency.

    Attributes:
        id: Of this balance.
        currency: It.
        balance: All of it.
        hold: Of that, what open orders may spend.
        available: What is left.
        profile_id: Of the portfolio.
        trading_enabled: Always.
        pending_deposit: None.
        display_name: For people.
    """

    id: str
    currency: str
    balance: str
    hold: str
    available: str
    profile_id: str
    trading_enabled: bool
    pending_deposit: str
    display_name: str


class LedgerDetails(Shape):
    """
    What a balance has changed by.

    Attributes:
        order_id: The account's order.
        product_id: In which product.
        trade_id: The trade.
    """

    order_id: str
    product_id: str
    trade_id: str


class LedgerEntry(Shape):
    """
    A change of a balance.

    Attributes:
        id: Counts them.
        amount: By how much.
        balance: After it.
        created_at: Market time.
        type: A match, or its fee.
        details: Of which trade.
    """

    id: str
    amount: str
    balance: str
    created_at: str
    type: str
    details: LedgerDetails


class Hold(Shape):
    """
    What one order may spend.

    Attributes:
        id: Of the hold.
        created_at: When the order was placed.
        amount: How much.
        type: Always order.
        ref: The order.
    """

    id: str
    created_at: str
    amount: str
    type: str
    ref: str


class FeeRates(Shape):
    """
    What trading costs the key.

    Attributes:
        taker_fee_rate: Of what is traded, of an order that takes.
        maker_fee_rate: The same of one that rests.
        usd_volume: What the account has traded within 30 days.
    """

    taker_fee_rate: str
    maker_fee_rate: str
    usd_volume: str


class Profile(Shape):
    """
    The only portfolio of an account.

    Attributes:
        id: Of it.
        user_id: Whose.
        name: For people.
        active: Always.
        is_default: Always.
        has_margin: Never.
        created_at: The Unix epoch.
    """

    id: str
    user_id: str
    name: str
    active: bool
    is_default: bool
    has_margin: bool
    created_at: str


@attrs.frozen(kw_only=True)
class _Held:
    """What is held of one currency at one venue."""

    id: str
    asset: str
    venue: str
    decimals: int
    balance: Balance
    wallet: Wallet

    def text(self, units: int) -> str:
        """An amount."""
        return decimal_text(units, self.decimals)


def accounts(view: AccountView, fields: Fields, content: bytes) -> list[AccountInfo]:
    """Of every currency."""
    del fields, content
    return [_account(view, held) for held in _all(view)]


def account(view: AccountView, fields: Fields, content: bytes) -> AccountInfo:
    """Of one currency."""
    del content
    return _account(view, _one(view, fields))


def holds(view: AccountView, fields: Fields, content: bytes) -> list[Hold]:
    """What open orders may spend of one currency, the newest first."""
    del content
    held = _one(view, fields)
    spending = [one for one in held.wallet.orders.values() if one.locked and _spends(view, one) == held.asset]
    return [
        Hold(
            id=named_uuid("hold", one.order),
            created_at=iso_microseconds(one.created),
            amount=held.text(one.locked),
            type="order",
            ref=order_uuid(one.order),
        )
        for one in sorted(spending, key=lambda one: one.order, reverse=True)
    ]


def ledger(view: AccountView, fields: Fields, content: bytes) -> Page:
    """What trades have changed, the newest first, as far as they are remembered. Cursors are ids."""
    del content
    held = _one(view, fields)
    before, after, limit = fields.whole("before"), fields.whole("after"), fields.limit(ROWS, MOST_ROWS)
    start, end = fields.time("start_date"), fields.time("end_date")
    found = [
        entry
        for number, ts, entry in _entries(view, held)
        if (before is None or number > before)
        and (after is None or number < after)
        and (start is None or ts >= start)
        and (end is None or ts <= end)
    ][:limit]
    ends = (found[0].id, found[-1].id) if found else ("", "")
    return Page(rows=found, before=ends[0], after=ends[1])


def fees(view: AccountView, fields: Fields, content: bytes) -> FeeRates:
    """What trading costs the key, whatever it has traded."""
    del fields, content
    since = view.market.state.now - MONTH
    cents = 0
    for one in view.trades():
        product = view.pair(one)
        if product is not None and one.ts >= since:
            units = one.last_price * one.last_size * view.wallets.units.quote_scales[product.index]
            cents += units * 100 // 10 ** view.quote_units(product)
    return FeeRates(
        taker_fee_rate=decimal_text(view.taker_rate, _RATE_DECIMALS),
        maker_fee_rate=decimal_text(view.maker_rate, _RATE_DECIMALS),
        usd_volume=decimal_text(cents, 2),
    )


def profiles(view: AccountView, fields: Fields, content: bytes) -> list[Profile]:
    """There is one."""
    del fields, content
    return [_profile(view)]


def profile(view: AccountView, fields: Fields, content: bytes) -> Profile:
    """That of the path."""
    del content
    found = _profile(view)
    if fields.text("profile_id") != found.id:
        raise not_found()
    return found


def nothing(view: AccountView, fields: Fields, content: bytes) -> list[str]:
    """Nothing comes in or goes out, and there is no bank."""
    del view, fields, content
    return []


def _account(view: AccountView, held: _Held) -> AccountInfo:
    balance = held.balance
    return AccountInfo(
        id=held.id,
        currency=held.asset.upper(),
        balance=held.text(balance.total),
        hold=held.text(balance.locked),
        available=held.text(balance.free),
        profile_id=view.profile,
        trading_enabled=True,
        pending_deposit="0",
        display_name=held.asset.upper(),
    )


def _profile(view: AccountView) -> Profile:
    return Profile(
        id=view.profile,
        user_id=user_id(view.account),
        name="default",
        active=True,
        is_default=True,
        has_margin=False,
        created_at=iso_microseconds(0),
    )


def _all(view: AccountView) -> Iterator[_Held]:
    for venue, wallet in view.all_wallets():
        decimals = view.wallets.units.decimals[venue]
        for asset, balance in sorted(wallet.balances.items()):
            yield _Held(
                id=named_uuid("account", view.account, venue, asset),
                asset=asset,
                venue=venue,
                decimals=decimals[asset],
                balance=balance,
                wallet=wallet,
            )


def _one(view: AccountView, fields: Fields) -> _Held:
    wanted = (fields.text("account_id") or "").lower()
    if read_uuid(wanted) is None:
        raise bad("Invalid account id")
    found = next((held for held in _all(view) if held.id == wanted), None)
    if found is None:
        raise not_found()
    return found


def _spends(view: AccountView, item: ExecutionReport) -> str:
    product = view.pair(item)
    if product is None:
        return ""
    instrument = product.instrument
    return instrument.quote if item.side is Side.BUY else instrument.base


def _entries(view: AccountView, held: _Held) -> Iterator[tuple[int, int, LedgerEntry]]:
    """Number, market time and entry, the newest first: each balance is found by undoing what came after."""
    balance = held.balance.total
    for number, item, kind, amount in reversed(list(_changes(view, held))):
        product = view.pair(item)
        assert product is not None  # noqa: S101 - changes are of products alone
        yield (
            number,
            item.ts,
            LedgerEntry(
                id=str(number),
                amount=held.text(amount),
                balance=held.text(balance),
                created_at=iso_microseconds(item.ts),
                type=kind,
                details=LedgerDetails(
                    order_id=order_uuid(item.order), product_id=product.id, trade_id=str(item.trade)
                ),
            ),
        )
        balance -= amount


def _changes(view: AccountView, held: _Held) -> Iterator[tuple[int, ExecutionReport, str, int]]:
    """What trades have changed of a balance, the oldest first."""
    units = view.wallets.units
    for item in held.wallet.trades:
        product = view.pair(item)
        if product is None:
            continue
        instrument, at = product.instrument, product.index
        sign = 1 if item.side is Side.BUY else -1
        if instrument.base == held.asset:
            yield 2 * item.seq, item, "match", sign * item.last_size * units.base_scales[at]
        elif instrument.quote == held.asset:
            value = item.last_price * item.last_size * units.quote_scales[at]
            yield 2 * item.seq, item, "match", -sign * value
        paid_in = instrument.base if item.commission_leg is Leg.BASE else instrument.quote
        if paid_in == held.asset and item.commission:
            yield 2 * item.seq + 1, item, "fee", -item.commission
