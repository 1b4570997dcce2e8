"""From the body of a request to the order that is asked for. Source: "Create new order"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from feed.dialects.coinbase_exchange.account.orders import SELF_TRADES, STOPS
from feed.dialects.coinbase_exchange.account.view import AccountView
from feed.dialects.coinbase_exchange.errors import bad
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.messages import clip
from feed.dialects.uuids import read_uuid
from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from feed.model.events import Status
from feed.model.executions import Charge
from feed.model.instruments import OffGrid, decimal_text
from feed.model.kinds import Side
from feed.model.orders import TimeInForce
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.trading import Pricing, Trigger, packed

PRODUCT_NOT_FOUND: Final = "Product not found"
SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
TYPES: Final = {"limit": Pricing.LIMIT, "market": Pricing.MARKET}
TIMES: Final = ("GTC", "GTT", "IOC", "FOK")
LIFETIMES: Final = {"min": NS_PER_MINUTE, "hour": NS_PER_HOUR, "day": NS_PER_DAY}
FIELDS: Final = (
    "product_id",
    "side",
    "type",
    "size",
    "price",
    "funds",
    "time_in_force",
    "cancel_after",
    "post_only",
    "stp",
    "stop",
    "stop_price",
    "client_oid",
    "profile_id",
)
_MOST: Final = 10**18  # ticks, lots: more than any market has, and little enough for every sum of them
_NUMBER: Final = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)


class Body:
    """
    The JSON object in the body of a request; what is not a text may also be written as one.

    Args:
        content: The body; an empty one is an empty object.
    """

    def __init__(self, content: bytes) -> None:
        try:
            found = msgspec.json.decode(content or b"{}")
        except (msgspec.DecodeError, RecursionError):
            raise bad("Invalid JSON") from None
        if not isinstance(found, dict):
            raise bad("Invalid JSON")
        # A member that is null, or empty, is not there.
        self._fields: Final[Mapping[str, Any]] = {
            name: value for name, value in found.items() if value is not None and value != ""
        }

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def only(self, names: tuple[str, ...]) -> None:
        """Refuse members that have no meaning here, and might have one for whoever sent them."""
        for name in self._fields:
            if name not in names:
                raise bad(f"{clip(name)} is not supported")

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self._fields.get(name, default)
        if not isinstance(value, str):
            raise bad(f"Invalid {name}")
        return value

    def choice(self, name: str, choices: Mapping[str, Any], default: str) -> str:
        """One of some words."""
        value = self.text(name, default)
        if value not in choices:
            raise bad(f"Invalid {name}")
        return value

    def number(self, name: str) -> str:
        """A decimal as it was written; empty when there is none."""
        value = self._fields.get(name, "")
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = format(Decimal(str(value)), "f")
        if not isinstance(value, str) or (value and _NUMBER.fullmatch(value) is None):
            raise bad(f"Invalid {name}")
        return value

    def flag(self, name: str) -> bool:
        """Yes or no; no when it is not there."""
        value = self._fields.get(name, False)
        if value in (0, 1):
            return bool(value)
        if value in ("true", "false"):
            return bool(value == "true")
        raise bad(f"Invalid {name}")


def draft(view: AccountView, content: bytes) -> tuple[Product, PlaceSpotOrder]:
    """
    The order that is asked for, and its product.

    Args:
        view: Whose.
        content: The body of the request.

    Raises:
        ExchangeError: Something is missing, or cannot be, or has no meaning in an order of this type.
    """
    body = Body(content)
    body.only(FIELDS)
    product = named_product(view, body)
    if view.market.status(product) is Status.DELISTED:
        raise bad("Trading pair not available")
    if body.text("profile_id", view.profile) != view.profile:
        raise bad("Invalid profile_id")
    side = SIDES[body.choice("side", SIDES, "")]
    kind = TYPES[body.choice("type", TYPES, "limit")]
    trigger, trigger_price = _stop(body, product, side)
    request: dict[str, Any] = {
        "account": view.account,
        "instrument": product.index,
        "tier": view.grant.tier,
        "request": _client(body),
        "side": side,
        "type": kind,
        "trigger": trigger,
        "trigger_price": trigger_price,
        "self_trade": SELF_TRADES[body.choice("stp", SELF_TRADES, "dc")],
        "maker_fee": view.market.policy.maker_fee,
        "taker_fee": view.market.policy.taker_fee,
        "charge": Charge.QUOTE,
        "once": True,
    }
    terms = _limit(view, body, product) if kind is Pricing.LIMIT else _market(view, body, product)
    if terms.get("quote_size") and trigger is not Trigger.NONE:
        raise bad("funds is not supported for stop orders")
    return product, PlaceSpotOrder(**request, **terms)


def named_product(view: AccountView, body: Body) -> Product:
    """The product that a request names."""
    if "product_id" not in body:
        raise bad("product_id is required")
    product = view.market.products.named(body.text("product_id"))
    if product is None:
        raise bad(PRODUCT_NOT_FOUND)
    return product


def _limit(view: AccountView, body: Body, product: Product) -> dict[str, Any]:
    if "funds" in body:
        raise bad("funds is not supported for limit orders")
    time = body.choice("time_in_force", dict.fromkeys(TIMES), "GTC")
    post_only, expires = body.flag("post_only"), 0
    if post_only and time in ("IOC", "FOK"):
        raise bad("post_only is invalid when time_in_force is IOC or FOK")
    if time == "GTT":
        expires = view.market.state.now + LIFETIMES[body.choice("cancel_after", LIFETIMES, "")]
    elif "cancel_after" in body:
        raise bad("cancel_after requires time_in_force to be GTT")
    return {
        "price": _ticks(body, "price", product),
        "size": _lots(body, product),
        "time_in_force": TimeInForce.GTC if time == "GTT" else TimeInForce[time],
        "post_only": post_only,
        "expires": expires,
    }


def _market(view: AccountView, body: Body, product: Product) -> dict[str, Any]:
    for name in ("price", "cancel_after"):
        if name in body:
            raise bad(f"{name} is not supported for market orders")
    if body.flag("post_only"):
        raise bad("post_only is not supported for market orders")
    if "time_in_force" in body and body.text("time_in_force") not in TIMES:
        raise bad("Invalid time_in_force")
    if ("size" in body) == ("funds" in body):
        raise bad("market orders must have either size or funds")
    return {"size": _lots(body, product)} if "size" in body else {"quote_size": _funds(view, body, product)}


def _stop(body: Body, product: Product, side: Side) -> tuple[Trigger, int]:
    """Without saying so an order to buy waits for a rise, and one to sell for a fall."""
    if "stop_price" not in body:
        if "stop" in body:
            raise bad("stop_price is required")
        return Trigger.NONE, 0
    usual = "entry" if side is Side.BUY else "loss"
    return STOPS[body.choice("stop", STOPS, usual)][side], _ticks(body, "stop_price", product)


def _client(body: Body) -> int:
    text = body.text("client_oid")
    if not text:
        return 0
    if read_uuid(text) is None:
        raise bad("Invalid client_oid")
    return packed(text.lower())


def _ticks(body: Body, name: str, product: Product) -> int:
    return _whole(body, name, product.instrument.price_ticks, name.replace("_", " "), product.price_text(1))


def _lots(body: Body, product: Product) -> int:
    return _whole(body, "size", product.instrument.size_lots, "size is", product.size_text(1))


def _whole(body: Body, name: str, read: Callable[[str], int], shown: str, least: str) -> int:
    text = body.number(name)
    if not text:
        raise bad(f"{name} is required")
    if Decimal(text) < Decimal(least):
        raise bad(f"{shown} too small. Minimum size is {least}")
    try:
        found = read(text)
    except OffGrid:
        accurate = "too accurate" if name == "size" else "too precise"
        raise bad(f"{shown} {accurate} ({text}). Smallest unit is {least}") from None
    if found > _MOST:
        raise bad(f"{shown} too large")
    return found


def _funds(view: AccountView, body: Body, product: Product) -> int:
    text, least = body.number("funds"), decimal_text(1, product.instrument.price_decimals)
    funds = Decimal(text)
    if funds < Decimal(least):
        raise bad(f"funds is too small. Minimum size is {least}")
    units = funds.scaleb(view.quote_units(product))
    if units != int(units):
        raise bad(f"funds is too accurate ({text})")
    if units > _MOST * 10**12:
        raise bad("funds is too large")
    return int(units)
