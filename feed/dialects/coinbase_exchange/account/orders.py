"""An order in the exchange's words, and a trade of one. Source: "Get single order" and "Get all fills"."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.coinbase_exchange.account.view import AccountView, user_id
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.times import iso_microseconds
from feed.dialects.uuids import order_uuid
from feed.model.events import ExecutionReport, Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.trading import OrderState, Pricing, Trigger, unpacked

SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell"}
TYPES: Final = {Pricing.LIMIT: "limit", Pricing.MARKET: "market"}
SELF_TRADES: Final = {
    "dc": SelfTrade.DECREMENT,
    "co": SelfTrade.CANCEL_RESTING,
    "cn": SelfTrade.CANCEL_INCOMING,
    "cb": SelfTrade.CANCEL_BOTH,
}
_MODES: Final = {mode: name for name, mode in SELF_TRADES.items()}
_STATUSES: Final = {
    OrderState.PENDING: "pending",
    OrderState.ACTIVE: "open",
    OrderState.UNTRIGGERED: "active",
    OrderState.REJECTED: "rejected",
}
DONE: Final = "done"
RESTS: Final = ("open", "pending", "active")
STATUSES: Final = (*RESTS, DONE, "received", "rejected", "settled")
_RISE: Final = {Side.BUY: Trigger.STOP, Side.SELL: Trigger.TAKE_PROFIT}
_FALL: Final = {Side.BUY: Trigger.TAKE_PROFIT, Side.SELL: Trigger.STOP}
STOPS: Final = {"entry": _RISE, "loss": _FALL}
"""What the price of the last trade must do, by side: rise to the stop price, or fall to it."""


class OrderInfo(Shape):
    """
    An order.

    Attributes:
        id: Of it.
        price: Limit; none of a market order.
        size: Quantity; none of an order for an amount of money.
        funds: Amount of money that a market order is for.
        specified_funds: The same.
        product_id: In which product.
        profile_id: Of the portfolio.
        side: Which side.
        type: Limit or market.
        stp: What becomes of trades of the account with itself.
        time_in_force: How long it waits.
        expire_time: When it is cancelled, of a GTT order.
        post_only: Whether it must rest.
        created_at: Market time.
        done_at: When it ended.
        done_reason: Why: filled, or canceled.
        reject_reason: Why it never was an order.
        fill_fees: Paid so far, in the quote currency.
        filled_size: Quantity traded.
        executed_value: What that was worth.
        market_type: Always spot.
        status: Where it stands.
        settled: Whether it is over.
        stop: What it waits for, or has waited for.
        stop_price: At which price.
        client_oid: The client's own id; empty for none.
    """

    id: str
    price: str | UnsetType
    size: str | UnsetType
    funds: str | UnsetType
    specified_funds: str | UnsetType
    product_id: str
    profile_id: str
    side: str
    type: str
    stp: str
    time_in_force: str
    expire_time: str | UnsetType
    post_only: bool
    created_at: str
    done_at: str | UnsetType
    done_reason: str | UnsetType
    reject_reason: str | UnsetType
    fill_fees: str
    filled_size: str
    executed_value: str
    market_type: str
    status: str
    settled: bool
    stop: str | UnsetType
    stop_price: str | UnsetType
    client_oid: str


class FillInfo(Shape):
    """
    A trade of the account.

    Attributes:
        created_at: Market time.
        trade_id: Of the trade in its product.
        product_id: It.
        order_id: The account's order.
        user_id: Whose.
        profile_id: Of which portfolio.
        liquidity: M of an order that rested, T of one that took.
        price: At which it was.
        size: Quantity.
        fee: Paid, in the quote currency.
        side: Of the account's order.
        settled: Always.
        usd_volume: What it was worth.
        market_type: Always spot.
        funding_currency: In which the fee was paid.
    """

    created_at: str
    trade_id: int
    product_id: str
    order_id: str
    user_id: str
    profile_id: str
    liquidity: str
    price: str
    size: str
    fee: str
    side: str
    settled: bool
    usd_volume: str
    market_type: str
    funding_currency: str


def status(item: ExecutionReport) -> str:
    """Where an order stands after a report of it."""
    return _STATUSES.get(item.state, DONE)


def stop_of(item: ExecutionReport) -> str:
    """What an order waits for, or has waited for; empty for nothing."""
    return next((name for name, of in STOPS.items() if of[item.side] is item.trigger), "")


def time_in_force(item: ExecutionReport) -> str:
    """How long an order waits."""
    return "GTT" if item.expires else TimeInForce(item.time_in_force).name


def client_oid(item: ExecutionReport) -> str:
    """The client's own id of an order; empty for none."""
    return unpacked(item.client) if item.client else ""


def order_info(view: AccountView, product: Product, item: ExecutionReport) -> OrderInfo:
    """
    An order as a report of it has it.

    Args:
        view: Its account.
        product: Its product.
        item: The last report.
    """
    over, limit = not item.open, item.type is Pricing.LIMIT
    funds = view.quote_text(product, item.quote_size) if item.quote_size else UNSET
    stop = stop_of(item)
    return OrderInfo(
        id=order_uuid(item.order),
        price=product.price_text(item.price) if limit else UNSET,
        size=UNSET if item.quote_size else product.size_text(item.size),
        funds=funds,
        specified_funds=funds,
        product_id=product.id,
        profile_id=view.profile,
        side=SIDES[item.side],
        type=TYPES[item.type],
        stp=_MODES.get(item.self_trade, "dc"),
        time_in_force=time_in_force(item),
        expire_time=iso_microseconds(item.expires) if item.expires else UNSET,
        post_only=item.post_only,
        created_at=iso_microseconds(item.created),
        done_at=iso_microseconds(item.ts) if over else UNSET,
        done_reason=done_reason(item) if over else UNSET,
        reject_reason=UNSET,
        fill_fees=view.quote_text(product, view.fees.get(item.order, 0)),
        filled_size=product.size_text(item.filled),
        executed_value=view.value_text(product, item.value),
        market_type="spot",
        status=status(item),
        settled=over,
        stop=stop or UNSET,
        stop_price=product.price_text(item.trigger_price) if stop else UNSET,
        client_oid=client_oid(item),
    )


def done_reason(item: ExecutionReport) -> str:
    """Why an order is over."""
    return "filled" if item.state is OrderState.FILLED else "canceled"


def fill_info(view: AccountView, product: Product, item: ExecutionReport) -> FillInfo:
    """
    A trade as the report of it has it.

    Args:
        view: Its account.
        product: Its product.
        item: The report.
    """
    return FillInfo(
        created_at=iso_microseconds(item.ts),
        trade_id=item.trade,
        product_id=product.id,
        order_id=order_uuid(item.order),
        user_id=user_id(view.account),
        profile_id=view.profile,
        liquidity="T" if item.taker else "M",
        price=product.price_text(item.last_price),
        size=product.size_text(item.last_size),
        fee=view.quote_text(product, view.fee(item)),
        side=SIDES[item.side],
        settled=True,
        usd_volume=view.value_text(product, item.last_price * item.last_size),
        market_type="spot",
        funding_currency=product.quote.id,
    )
