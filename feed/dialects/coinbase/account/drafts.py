"""
From the terms of an order to what is asked of the market.

An order has one *configuration*: an object with its terms, whose name says of what kind it is.

Source: "Create Order" of the REST documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import msgspec

from feed.dialects.coinbase.account.orders import STOP_DOWN, STOP_UP
from feed.dialects.coinbase.account.refusals import Refusal
from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.errors import CoinbaseError, invalid
from feed.dialects.coinbase.fields import moment
from feed.dialects.coinbase.products import Product
from feed.dialects.messages import clip
from feed.model.executions import Charge
from feed.model.instruments import OffGrid
from feed.model.kinds import Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.requests import MOST_UNITS
from feed.model.trading import Pricing, Trigger, packed

MOST_CLIENT_ID: Final = 128
"""Characters of a client's own id of an order."""
SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL}
_DIRECTIONS: Final = (STOP_UP, STOP_DOWN)


class OrderTerms(msgspec.Struct, forbid_unknown_fields=True):
    """
    The terms of an order; which of them it has depends on the name that they stand below.

    Attributes:
        base_size: Quantity of the base asset.
        quote_size: Amount of the quote asset, of a market order.
        limit_price: Limit.
        stop_price: Price of a trade that lets it act.
        stop_direction: Which way the price must go to that.
        end_time: When it is cancelled, RFC 3339.
        post_only: Whether it must rest.
        reduce_only: Of futures alone.
        rfq_disabled: Taken, and without effect: every order goes to the book.
    """

    base_size: str | None = None
    quote_size: str | None = None
    limit_price: str | None = None
    stop_price: str | None = None
    stop_direction: str | None = None
    end_time: str | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    rfq_disabled: bool | None = None


@attrs.frozen(kw_only=True)
class Kind:
    """
    What a configuration stands for.

    Attributes:
        pricing: Whether it has a limit.
        time_in_force: How long it waits.
        needed: Terms that it must have.
        allowed: Terms that it may have.
    """

    pricing: Pricing = Pricing.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    needed: tuple[str, ...] = ("base_size", "limit_price")
    allowed: tuple[str, ...] = ("rfq_disabled",)


_LIMIT: Final = ("base_size", "limit_price")
_STOP: Final = (*_LIMIT, "stop_price", "stop_direction")
KINDS: Final[Mapping[str, Kind]] = {
    "market_market_ioc": Kind(
        pricing=Pricing.MARKET,
        time_in_force=TimeInForce.IOC,
        needed=(),
        allowed=("base_size", "quote_size", "rfq_disabled"),
    ),
    "sor_limit_ioc": Kind(time_in_force=TimeInForce.IOC),
    "limit_limit_gtc": Kind(allowed=("post_only", "rfq_disabled")),
    "limit_limit_gtd": Kind(needed=(*_LIMIT, "end_time"), allowed=("post_only", "rfq_disabled")),
    "limit_limit_fok": Kind(time_in_force=TimeInForce.FOK),
    "stop_limit_stop_limit_gtc": Kind(needed=_STOP),
    "stop_limit_stop_limit_gtd": Kind(needed=(*_STOP, "end_time")),
}
_UNSUPPORTED: Final = (
    "market_market_fok",
    "trigger_bracket_gtc",
    "trigger_bracket_gtd",
    "twap_limit_gtd",
    "scaled_limit_gtc",
)
"""What the exchange has, and this market does not."""


class OrderRequest(msgspec.Struct, forbid_unknown_fields=True):
    """
    An order that is asked for.

    Attributes:
        product_id: Of which product.
        side: BUY or SELL.
        order_configuration: Its terms, below their name.
        client_order_id: The client's own id of it.
        self_trade_prevention_id: Any: orders of one account never trade with each other.
        leverage: Of futures alone; 1 is none.
        margin_type: Of futures alone.
        retail_portfolio_id: The one portfolio.
        preview_id: Taken, and without effect.
        attached_order_configuration: Refused.
    """

    product_id: str
    side: str
    order_configuration: dict[str, Any]
    client_order_id: str | None = None
    self_trade_prevention_id: str | None = None
    leverage: str | None = None
    margin_type: str | None = None
    retail_portfolio_id: str | None = None
    preview_id: str | None = None
    attached_order_configuration: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class Draft:
    """
    An order that can be asked for, as far as the market does not come into it.

    Attributes:
        product: Where.
        side: Which side.
        kind: Of which configuration.
        lots: Integer lots; 0 where it is for an amount of the quote asset.
        quote_size: That amount, units of the quote asset; else 0.
        price: Limit, ticks; 0 without one.
        trigger: What it waits for.
        trigger_price: Its price, ticks; 0 without.
        post_only: Whether it must rest.
        expires: When it is cancelled, market time in nanoseconds; 0 for never.
        client: The client's own id, packed; 0 for none.
    """

    product: Product
    side: Side
    kind: Kind
    lots: int
    quote_size: int
    price: int
    trigger: Trigger
    trigger_price: int
    post_only: bool
    expires: int
    client: int

    def terms(self, view: AccountView) -> dict[str, Any]:
        """What a request to place it has."""
        return {
            "account": view.account,
            "instrument": self.product.index,
            "tier": view.grant.tier,
            "request": self.client,
            "side": self.side,
            "type": self.kind.pricing,
            "size": self.lots,
            "quote_size": self.quote_size,
            "price": self.price,
            "time_in_force": self.kind.time_in_force,
            "post_only": self.post_only,
            "trigger": self.trigger,
            "trigger_price": self.trigger_price,
            "self_trade": SelfTrade.CANCEL_INCOMING,
            "expires": self.expires,
            "once": True,
            "maker_fee": view.market.policy.maker_fee,
            "taker_fee": view.market.policy.taker_fee,
            "charge": Charge.QUOTE,
        }


def draft(request: OrderRequest, view: AccountView) -> Draft:
    """
    The order that is asked for.

    Raises:
        CoinbaseError: No such request can be.
        Refusal: No such order can be.
    """
    name, terms = _configuration(request)
    kind = KINDS[name]
    side = SIDES.get(request.side)
    if side is None:
        raise invalid("side must be BUY or SELL")
    _check_futures(request, view)
    client = client_id(request.client_order_id)
    _check_presence(name, kind, terms)
    product = view.market.products.named(request.product_id)
    if product is None:
        raise Refusal("INVALID_PRODUCT_ID", "PREVIEW_INVALID_PRODUCT_ID")
    if not view.market.trades(product):
        raise Refusal("ORDER_ENTRY_DISABLED", "PREVIEW_ORDER_ENTRY_DISABLED")
    lots, quote_size = _sizes(terms, product, view)
    price = 0 if terms.limit_price is None else ticks_of(terms.limit_price, product)
    trigger, trigger_price = _trigger(terms, product, side, price)
    return Draft(
        product=product,
        side=side,
        kind=kind,
        lots=lots,
        quote_size=quote_size,
        price=price,
        trigger=trigger,
        trigger_price=trigger_price,
        post_only=bool(terms.post_only),
        expires=_expires(terms, view),
        client=client,
    )


def client_id(text: str | None) -> int:
    """
    A client's own id of an order, packed; 0 for none.

    Raises:
        CoinbaseError: It cannot be one.
    """
    if not text:
        return 0
    if len(text) > MOST_CLIENT_ID or not (text.isascii() and text.isprintable()):
        raise invalid(f"client_order_id must be at most {MOST_CLIENT_ID} printable ASCII characters")
    return packed(text)


def ticks_of(text: str, product: Product) -> int:
    """
    A price in ticks.

    Raises:
        Refusal: It is none of the product.
    """
    try:
        ticks = product.instrument.price_ticks(text)
    except OffGrid:
        raise Refusal("INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION") from None
    if ticks < 1:
        raise Refusal("INVALID_LIMIT_PRICE", "PREVIEW_INVALID_LIMIT_PRICE")
    if ticks >= MOST_UNITS:
        raise Refusal("INVALID_LIMIT_PRICE", "PREVIEW_INVALID_PRICE_TOO_LARGE")
    return ticks


def lots_of(text: str, product: Product) -> int:
    """
    A quantity of the base asset in lots.

    Raises:
        Refusal: It is none of the product.
    """
    try:
        lots = product.instrument.size_lots(text)
    except OffGrid:
        raise Refusal("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION") from None
    if lots < 1:
        raise Refusal("UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL")
    if lots >= MOST_UNITS:
        raise Refusal("UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE")
    return lots


def _configuration(request: OrderRequest) -> tuple[str, OrderTerms]:
    if request.attached_order_configuration is not None:
        raise _unsupported("attached_order_configuration")
    if len(request.order_configuration) != 1:
        raise invalid(f"order_configuration must have one of {', '.join(KINDS)}")
    name, terms = next(iter(request.order_configuration.items()))
    if name in _UNSUPPORTED:
        raise _unsupported(name)
    if name not in KINDS:
        raise invalid(f"order_configuration must be one of {', '.join(KINDS)}, not {clip(name)!r}")
    try:
        return name, msgspec.convert(terms, OrderTerms)
    except msgspec.ValidationError as problem:
        raise invalid(f"{name} does not fit: {problem}") from None


def _unsupported(name: str) -> CoinbaseError:
    return CoinbaseError(400, "UNSUPPORTED_ORDER_CONFIGURATION", f"{name} is not supported for this product")


def _check_futures(request: OrderRequest, view: AccountView) -> None:
    if request.leverage not in (None, "", "1", "1.0") or request.margin_type not in (
        None,
        "",
        "UNKNOWN_MARGIN_TYPE",
    ):
        raise invalid("leverage and margin_type are of futures; spot products alone are traded here")
    if request.retail_portfolio_id not in (None, "", view.portfolio_id):
        raise invalid("retail_portfolio_id is that of no portfolio of this key")


def _check_presence(name: str, kind: Kind, terms: OrderTerms) -> None:
    if terms.reduce_only:
        raise _unsupported("reduce_only")
    for field in terms.__struct_fields__:
        sent = getattr(terms, field) not in (None, "")
        if field in kind.needed and not sent:
            raise invalid(f"{name} needs {field}")
        if sent and field not in (*kind.needed, *kind.allowed, "reduce_only"):
            raise invalid(f"{name} has no {field}")
    if kind.pricing is Pricing.MARKET and bool(terms.base_size) == bool(terms.quote_size):
        raise invalid(f"{name} needs base_size or quote_size, and not both")


def _sizes(terms: OrderTerms, product: Product, view: AccountView) -> tuple[int, int]:
    if terms.base_size:
        return lots_of(terms.base_size, product), 0
    digits = view.decimals(product)[1]
    item = attrs.evolve(product.instrument, price_decimals=min(digits, 12), tick=1)
    try:
        units = item.price_ticks(terms.quote_size or "") * int(10 ** (digits - item.price_decimals))
    except OffGrid:
        raise Refusal("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_QUOTE_SIZE_PRECISION") from None
    if units < 1:
        raise Refusal("UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL")
    if units >= MOST_UNITS * 10**digits:
        raise Refusal("UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE")
    return 0, units


def _trigger(terms: OrderTerms, product: Product, side: Side, limit: int) -> tuple[Trigger, int]:
    if terms.stop_price is None:
        return Trigger.NONE, 0
    if terms.stop_direction not in _DIRECTIONS:
        raise invalid(f"stop_direction must be one of {', '.join(_DIRECTIONS)}")
    try:
        price = ticks_of(terms.stop_price, product)
    except Refusal:
        raise Refusal("UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_STOP_PRICE") from None
    rises = terms.stop_direction == STOP_UP
    if rises != (side is Side.BUY):
        return Trigger.TAKE_PROFIT, price
    if rises and price > limit:
        raise Refusal("UNKNOWN_FAILURE_REASON", "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE")
    if not rises and price < limit:
        raise Refusal("UNKNOWN_FAILURE_REASON", "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE")
    return Trigger.STOP, price


def _expires(terms: OrderTerms, view: AccountView) -> int:
    if not terms.end_time:
        return 0
    end = moment(terms.end_time, "end_time")
    end -= view.market.behind(end)
    if end <= view.market.now:
        raise invalid("end_time must be in the future")
    return end
