"""An order in the exchange's words: its configuration, its status, and its amounts."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from feed.dialects.coinbase.account.shapes import Fill, Order
from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.market_data.listing import SPOT
from feed.dialects.coinbase.products import Product
from feed.dialects.times import iso, iso_microseconds
from feed.dialects.uuids import named_uuid, order_uuid
from feed.model.events import ExecutionReport
from feed.model.instruments import decimal_text
from feed.model.kinds import Side
from feed.model.orders import TimeInForce
from feed.model.trading import OrderState, Pricing, Reason, Trigger, unpacked

SIDES: Final = {Side.BUY: "BUY", Side.SELL: "SELL"}
STOP_UP: Final = "STOP_DIRECTION_STOP_UP"
STOP_DOWN: Final = "STOP_DIRECTION_STOP_DOWN"
STATUSES: Final = ("PENDING", "OPEN", "FILLED", "CANCELLED", "EXPIRED", "FAILED", "UNKNOWN_ORDER_STATUS")
TIMES: Final = ("GOOD_UNTIL_DATE_TIME", "GOOD_UNTIL_CANCELLED", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL")
TYPES: Final = ("MARKET", "LIMIT", "STOP", "STOP_LIMIT", "BRACKET", "TWAP", "UNKNOWN_ORDER_TYPE")
_MESSAGES: Final = {
    Reason.SELF_TRADE: "Self trade prevented",
    Reason.UNFILLED: "Not enough liquidity",
    Reason.CANNOT_FILL: "Not enough liquidity",
    Reason.NO_FUNDS: "Insufficient funds",
    Reason.EXPIRED: "Expired",
    Reason.DELISTED: "Product delisted",
}
_PERCENT: Final = 100
_PERCENT_DECIMALS: Final = 2
_AVERAGE_DECIMALS: Final = 8
"""Of an average price, more than a price has."""


def status(item: ExecutionReport) -> str:
    """Where an order stands after a report of it."""
    match item.state:
        case OrderState.FILLED:
            return "FILLED"
        case OrderState.CANCELLED:
            return "EXPIRED" if item.reason is Reason.EXPIRED else "CANCELLED"
        case OrderState.REJECTED:
            return "FAILED"
        case OrderState.PENDING:
            return "PENDING"
    return "OPEN"


def time_in_force(item: ExecutionReport) -> str:
    """How long an order waits."""
    if item.expires:
        return "GOOD_UNTIL_DATE_TIME"
    if item.type is Pricing.MARKET or item.time_in_force is TimeInForce.IOC:
        return "IMMEDIATE_OR_CANCEL"
    return "FILL_OR_KILL" if item.time_in_force is TimeInForce.FOK else "GOOD_UNTIL_CANCELLED"


def order_type(item: ExecutionReport) -> str:
    """Such as ``LIMIT``."""
    if item.trigger is not Trigger.NONE:
        return "STOP_LIMIT" if item.type is Pricing.LIMIT else "STOP"
    return "LIMIT" if item.type is Pricing.LIMIT else "MARKET"


def trigger_status(item: ExecutionReport) -> str:
    """Whether the trigger of an order was reached."""
    if item.trigger is Trigger.NONE:
        return "INVALID_ORDER_TYPE"
    return "STOP_TRIGGERED" if item.working else "STOP_PENDING"


def direction(item: ExecutionReport) -> str:
    """Which way the price must go for an order that waits for its trigger."""
    return STOP_UP if (item.trigger is Trigger.STOP) == (item.side is Side.BUY) else STOP_DOWN


class OrderWriter:
    """
    Writes the orders and trades of an account.

    Args:
        view: The account.
    """

    def __init__(self, view: AccountView) -> None:
        self._view: Final = view

    @cached_property
    def _costs(self) -> dict[int, tuple[int, int, int]]:
        """By order: what its trades have cost, units of the quote asset, how many they are, and the last."""
        sums: dict[int, tuple[int, int, int]] = {}
        for one in self._view.fills():
            cost, count, _ = sums.get(one.order, (0, 0, 0))
            sums[one.order] = cost + self._view.fee(one), count + 1, one.ts
        return sums

    def order(self, item: ExecutionReport) -> Order:
        """An order as it stands."""
        product = self.product(item)
        cost, count, last = self._costs.get(item.order, (0, 0, 0))
        base_decimals, quote_decimals = self._view.decimals(product)
        value = item.value * self._view.wallets.units.quote_scales[item.instrument]
        buys = item.side is Side.BUY
        over = not item.open
        return Order(
            order_id=order_uuid(item.order),
            product_id=product.id,
            user_id=self._view.user_id,
            order_configuration=self.configuration(item),
            side=SIDES[item.side],
            client_order_id=unpacked(item.client),
            status=status(item),
            time_in_force=time_in_force(item),
            created_time=iso_microseconds(item.created),
            completion_percentage=percentage(item),
            filled_size=product.size_text(item.filled),
            average_filled_price=average_text(product, item.value, item.filled),
            fee="",
            number_of_fills=str(count),
            filled_value=decimal_text(value, quote_decimals),
            pending_cancel=False,
            size_in_quote=bool(item.quote_size),
            total_fees=decimal_text(cost, quote_decimals),
            size_inclusive_of_fees=bool(item.quote_size) and buys,
            total_value_after_fees=decimal_text(value + cost if buys else value - cost, quote_decimals),
            trigger_status=trigger_status(item),
            order_type=order_type(item),
            reject_reason="REJECT_REASON_UNSPECIFIED",
            settled=over,
            product_type=SPOT,
            reject_message="",
            cancel_message=_MESSAGES.get(item.reason, "") if over else "",
            order_placement_source="RETAIL_ADVANCED",
            outstanding_hold_amount=decimal_text(item.locked, quote_decimals if buys else base_decimals),
            is_liquidation=False,
            last_fill_time=iso_microseconds(last) if count else None,
            edit_history=[],
            leverage="",
            margin_type="UNKNOWN_MARGIN_TYPE",
            retail_portfolio_id=self._view.portfolio_id,
            originating_order_id="",
            attached_order_id="",
        )

    def configuration(self, item: ExecutionReport) -> dict[str, dict[str, Any]]:
        """The terms of an order, below their name."""
        product = self.product(item)
        if item.type is Pricing.MARKET:
            if item.quote_size:
                digits = self._view.decimals(product)[1]
                amount = decimal_text(item.quote_size, digits).rstrip("0").rstrip(".")
                return {"market_market_ioc": {"quote_size": amount}}
            return {"market_market_ioc": {"base_size": product.size_text(item.size)}}
        terms: dict[str, Any] = {
            "base_size": product.size_text(item.size),
            "limit_price": product.price_text(item.price),
        }
        until = {"end_time": f"{iso(item.expires)[:19]}Z"} if item.expires else {}
        wait = "gtd" if item.expires else "gtc"
        if item.trigger is not Trigger.NONE:
            stop = product.price_text(item.trigger_price)
            waits = {**terms, "stop_price": stop, **until, "stop_direction": direction(item)}
            return {f"stop_limit_stop_limit_{wait}": waits}
        if item.time_in_force is TimeInForce.IOC:
            return {"sor_limit_ioc": terms}
        if item.time_in_force is TimeInForce.FOK:
            return {"limit_limit_fok": terms}
        return {f"limit_limit_{wait}": {**terms, **until, "post_only": item.post_only}}

    def fill(self, item: ExecutionReport) -> Fill:
        """A trade of the account."""
        product = self.product(item)
        return Fill(
            entry_id=named_uuid("fill", item.instrument, item.trade, int(item.side)),
            trade_id=trade_uuid(item),
            order_id=order_uuid(item.order),
            trade_time=iso_microseconds(item.ts),
            trade_type="FILL",
            price=product.price_text(item.last_price),
            size=product.size_text(item.last_size),
            commission=decimal_text(self._view.fee(item), self._view.decimals(product)[1]),
            product_id=product.id,
            sequence_timestamp=iso_microseconds(item.ts),
            liquidity_indicator="TAKER" if item.taker else "MAKER",
            size_in_quote=False,
            user_id=self._view.user_id,
            side=SIDES[item.side],
            retail_portfolio_id=self._view.portfolio_id,
        )

    def product(self, item: ExecutionReport) -> Product:
        """That of an order."""
        product = self._view.market.products.at(item.instrument)
        assert product is not None  # noqa: S101 - so the view gives them
        return product


def trade_uuid(item: ExecutionReport) -> str:
    """The id of a trade that an account has heard of."""
    return named_uuid("trade", item.instrument, item.trade)


def average_text(product: Product, value: int, lots: int) -> str:
    """
    An average price, weighted by quantity; 0 for none.

    Args:
        product: Of which product.
        value: Sum of price times quantity, ticks times lots.
        lots: Sum of quantities.
    """
    if not lots:
        return "0"
    units = (2 * value * product.instrument.tick * 10**_AVERAGE_DECIMALS + lots) // (2 * lots)
    text = decimal_text(units, product.instrument.price_decimals + _AVERAGE_DECIMALS)
    return text.rstrip("0").rstrip(".")


def percentage(item: ExecutionReport) -> str:
    """How much of an order has traded, of a hundred."""
    if item.state is OrderState.FILLED:
        return "100"
    units = item.filled * _PERCENT * 10**_PERCENT_DECIMALS // item.size if item.size else 0
    return decimal_text(units, _PERCENT_DECIMALS).rstrip("0").rstrip(".")
