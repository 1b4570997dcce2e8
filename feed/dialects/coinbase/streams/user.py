"""
An account's orders: those that are open first, then each as it stands after whatever has happened to it.

Source: "User Channel".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

from feed.dialects.account_view import fee_in_quote
from feed.dialects.coinbase.account.orders import (
    SIDES,
    average_text,
    percentage,
    status,
    trigger_status,
)
from feed.dialects.coinbase.account.view import portfolio_id
from feed.dialects.coinbase.products import NAME, Product
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.encoder import SNAPSHOT, UPDATE, ProductEncoder, enveloped
from feed.dialects.messages import message
from feed.dialects.times import iso, iso_microseconds
from feed.dialects.uuids import order_uuid
from feed.model.events import EXECUTION, Event, ExecutionReport
from feed.model.instruments import decimal_text
from feed.model.kinds import Side
from feed.model.orders import TimeInForce
from feed.model.topics import Topic
from feed.model.trading import OrderState, Pricing, Trigger, unpacked
from feed.model.wallets import Wallet, Wallets
from feed.state.market_state import MarketState

_ACCOUNT: Final = "account"
_NEVER: Final = "0001-01-01T00:00:00Z"
_REASONS: Final = {OrderState.CANCELLED: "User requested cancel", OrderState.REJECTED: ""}
_POSITIONS: Final = '"positions":{"perpetual_futures_positions":[],"expiring_futures_positions":[]}'
"""There are no futures at the exchange's venue."""


def user_topic(account: int, instrument: int) -> Topic:
    """What tells an account of its orders in one product."""
    return Topic(NAME, topics.USER, instrument, ((_ACCOUNT, str(account)),))


class UserEncoder(ProductEncoder):
    """
    Tells one account of its orders in one product; a new subscriber is told of all by :func:`open_orders`.

    Args:
        product: Which.
        topic: Of :func:`user_topic`.
        market_state: The market's state, now and from now on.
        wallets: What accounts hold; they have taken what is told into account.
    """

    kinds: Sequence[int] = (EXECUTION,)
    channel = topics.USER

    def __init__(self, product: Product, topic: Topic, market_state: MarketState, wallets: Wallets) -> None:
        super().__init__(product, market_state)
        self._account: Final = int(dict(topic.options)[_ACCOUNT])
        self._wallets: Final = wallets

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """Nothing: it is told of all products at once."""
        del market_state, instrument
        return ()

    def encode(self, item: Event) -> str | None:
        """The order; None when it is another account's."""
        report = cast("ExecutionReport", item)
        if report.account != self._account:
            return None
        return self.said(UPDATE, _orders([_order(self._product, report, self._wallets)]), report.ts)


def open_orders(products: Iterable[Product], account: int, wallets: Wallets, now: int) -> str:
    """
    The message that tells of an account's open orders, oldest first.

    Args:
        products: In which.
        account: Whose.
        wallets: What accounts hold.
        now: Market time, nanoseconds.
    """
    told = [
        (one, product)
        for product in products
        for one in _wallet(product, account, wallets).orders.values()
        if one.instrument == product.index
    ]
    told.sort(key=lambda pair: pair[0].order)
    orders = _orders([_order(product, one, wallets) for one, product in told])
    return enveloped(topics.USER, now, f'{{"type":"{SNAPSHOT}",{orders}}}')


def _wallet(product: Product, account: int, wallets: Wallets) -> Wallet:
    return wallets.find(account, product.instrument.venue)


def _orders(orders: Sequence[str]) -> str:
    return f'"orders":[{",".join(orders)}],{_POSITIONS}'


def _order(product: Product, item: ExecutionReport, wallets: Wallets) -> str:
    wallet = _wallet(product, item.account, wallets)
    decimals = wallets.units.decimals[product.instrument.venue]
    base, quote = decimals[product.instrument.base], decimals[product.instrument.quote]
    fees = [fee_in_quote(one, wallets.units) for one in wallet.trades if one.order == item.order]
    cost = sum(fees)
    value = item.value * wallets.units.quote_scales[item.instrument]
    buys = item.side is Side.BUY
    over = not item.open
    return message(
        avg_price=average_text(product, item.value, item.filled),
        cancel_reason=_REASONS.get(item.state, "") if over else "",
        client_order_id=unpacked(item.client),
        completion_percentage=percentage(item),
        contract_expiry_type="UNKNOWN_CONTRACT_EXPIRY_TYPE",
        cumulative_quantity=product.size_text(item.filled),
        filled_value=decimal_text(value, quote),
        leaves_quantity=product.size_text(0 if over else item.left),
        limit_price=product.price_text(item.price),
        number_of_fills=str(len(fees)),
        order_id=order_uuid(item.order),
        order_side=SIDES[item.side],
        order_type=_type(item),
        outstanding_hold_amount=decimal_text(item.locked, quote if buys else base),
        post_only="true" if item.post_only else "false",
        product_id=product.id,
        product_type="SPOT",
        reject_reason="" if item.state is not OrderState.REJECTED else item.reason.name,
        retail_portfolio_id=portfolio_id(item.account),
        risk_managed_by="UNKNOWN_RISK_MANAGEMENT_TYPE",
        status=status(item),
        stop_price=product.price_text(item.trigger_price) if item.trigger is not Trigger.NONE else "",
        time_in_force=_time_in_force(item),
        total_fees=decimal_text(cost, quote),
        total_value_after_fees=decimal_text(value + cost if buys else value - cost, quote),
        trigger_status=trigger_status(item),
        creation_time=iso_microseconds(item.created),
        end_time=f"{iso(item.expires)[:19]}Z" if item.expires else _NEVER,
        start_time=_NEVER,
    )


def _type(item: ExecutionReport) -> str:
    """In this channel's own words."""
    if item.trigger is not Trigger.NONE:
        return "Stop Limit" if item.type is Pricing.LIMIT else "Stop"
    return "Limit" if item.type is Pricing.LIMIT else "Market"


def _time_in_force(item: ExecutionReport) -> str:
    """In this channel's own words."""
    if item.expires:
        return "GTD"
    if item.type is Pricing.MARKET or item.time_in_force is TimeInForce.IOC:
        return "IOC"
    return "FOK" if item.time_in_force is TimeInForce.FOK else "GTC"
