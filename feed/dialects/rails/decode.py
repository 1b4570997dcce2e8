"""
From a client's JSON text to a request of Rails'.

Source: section "Request Envelope" and the pages of the streams. Members that are not named here are
passed over, but for those that would change what an order means.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypedDict, Unpack

import attrs

from feed.dialects.messages import parse, request
from feed.errors import ProtocolError
from feed.model.events import Side
from feed.model.grants import Tier
from feed.model.ids import is_ulid, parse_order_id
from feed.model.instruments import Instrument, OffGrid
from feed.model.orders import TimeInForce
from feed.model.requests import MOST_UNITS, PARTS, Cancel, CancelMany, Create, Modify, Request
from feed.model.trading import Pricing, Trigger, packed

ERROR: Final = "error"
DEFAULT_SLIPPAGE: Final = "0.02"
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Of what came as a client's id an error repeats no more; a UUID has 36 characters.
_LONGEST_ID: Final = 64
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
_TYPES: Final = {"limit": Pricing.LIMIT, "market": Pricing.MARKET}
_TIMES: Final = {kind.name: kind for kind in TimeInForce}
TRIGGERS: Final = {"none": Trigger.NONE, "stop": Trigger.STOP, "takeProfit": Trigger.TAKE_PROFIT}
_LEVERAGE: Final = re.compile(r"[1-9]\d{0,3}", re.ASCII)
_SLIPPAGE: Final = re.compile(r"(\d)(?:\.(\d{1,6}))?", re.ASCII)


@attrs.frozen
class Ping:
    """Source: page "Ping"."""


@attrs.frozen
class Subscribe:
    """Add streams to the connection; ``since`` is ours."""

    subscriptions: list[str]
    since: Any = None


@attrs.frozen
class Unsubscribe(Subscribe):
    """Remove streams from the connection."""


@attrs.frozen
class EmitPublicOrderBook:
    """The whole book, once."""


@attrs.frozen
class EmitPublicCompletedOrders:
    """The last trades, once."""


@attrs.frozen
class EmitOrders:
    """The account's open orders and those that were over last, once; a request of ours."""


class Common(TypedDict):
    """What stands in every request to the market, see :class:`feed.model.requests.Request`."""

    account: int
    instrument: int
    request: int
    tier: Tier


@attrs.frozen
class CreateOrder:
    """Buy or sell."""

    quantity: str
    orderType: str  # noqa: N815 - the document's spelling, here and below
    tradeType: str  # noqa: N815
    price: str | None = None
    leverage: str | None = None
    maxSlippage: str | None = None  # noqa: N815
    postOnly: bool = False  # noqa: N815
    reduceOnly: bool = False  # noqa: N815
    timeInForce: str = "GTC"  # noqa: N815
    triggerType: str = "none"  # noqa: N815
    triggerPrice: str | None = None  # noqa: N815

    def build(self, instrument: Instrument, /, **common: Unpack[Common]) -> Request:
        """The request to the market, in integer units."""
        kind = _one_of(_TYPES, self.tradeType, "tradeType")
        lasts = _one_of(_TIMES, self.timeInForce, "timeInForce")
        trigger = _one_of(TRIGGERS, self.triggerType, "triggerType")
        if kind is Pricing.MARKET and self.postOnly:
            raise ProtocolError("a market order cannot be postOnly")
        if self.postOnly and lasts is not TimeInForce.GTC:
            raise ProtocolError("a postOnly order must be GTC")
        if kind is Pricing.LIMIT and self.price is None:
            raise ProtocolError("price is missing")
        if kind is Pricing.MARKET and self.price not in (None, "0"):
            _price(instrument, self.price or "")  # of no use to it, but a slip of a program when it is none
        if (trigger is Trigger.NONE) != (self.triggerPrice in (None, "0")):
            raise ProtocolError("triggerType and triggerPrice belong together")
        return Create(
            side=_one_of(_SIDES, self.orderType, "orderType"),
            size=_size(instrument, self.quantity),
            type=kind,
            price=_price(instrument, self.price or "") if kind is Pricing.LIMIT else 0,
            slippage=_slippage(DEFAULT_SLIPPAGE if self.maxSlippage is None else self.maxSlippage),
            post_only=self.postOnly,
            leverage=_leverage("1" if self.leverage is None else self.leverage),
            time_in_force=lasts,
            reduce_only=self.reduceOnly,
            trigger=trigger,
            trigger_price=_price(instrument, self.triggerPrice or "", "triggerPrice") if trigger else 0,
            **common,
        )


@attrs.frozen
class CancelOrder:
    """Take one order off the book, or those at a price, or all."""

    cancelBy: str = "orderId"  # noqa: N815
    orderId: str | None = None  # noqa: N815
    price: str | None = None
    orderType: str | None = None  # noqa: N815

    def build(self, instrument: Instrument, /, **common: Unpack[Common]) -> Request:
        """The request to the market, in integer units."""
        side = -1 if self.orderType is None else int(_one_of(_SIDES, self.orderType, "orderType"))
        match self.cancelBy:
            case "orderId":
                created, order = _order(self.orderId)
                return Cancel(order=order, created=created, **common)
            case "price":
                if self.price is None:
                    raise ProtocolError("price is missing")
                return CancelMany(price=_price(instrument, self.price), side=side, **common)
            case "all":
                return CancelMany(side=side, **common)
        raise ProtocolError("cancelBy must be orderId, price or all")


@attrs.frozen
class ModifyOrder:
    """Put another order in the place of one that rests."""

    orderId: str  # noqa: N815
    price: str | None = None
    quantity: str | None = None
    triggerPrice: str | None = None  # noqa: N815

    def build(self, instrument: Instrument, /, **common: Unpack[Common]) -> Request:
        """The request to the market, in integer units."""
        created, order = _order(self.orderId)
        if self.price is None and self.quantity is None and self.triggerPrice is None:
            raise ProtocolError("price, quantity or triggerPrice is missing")
        return Modify(
            order=order,
            created=created,
            price=0 if self.price is None else _price(instrument, self.price),
            size=0 if self.quantity is None else _size(instrument, self.quantity),
            trigger_price=(
                0 if self.triggerPrice is None else _price(instrument, self.triggerPrice, "triggerPrice")
            ),
            **common,
        )


Order = CreateOrder | CancelOrder | ModifyOrder
Snapshot = EmitPublicOrderBook | EmitPublicCompletedOrders | EmitOrders
Message = Ping | Subscribe | Unsubscribe | Snapshot | Order

MESSAGES: Final[dict[str, type[Message]]] = {
    "ping": Ping,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "emitPublicOrderBook": EmitPublicOrderBook,
    "emitPublicCompletedOrders": EmitPublicCompletedOrders,
    "emitOrders": EmitOrders,
    "createOrder": CreateOrder,
    "cancelOrder": CancelOrder,
    "modifyOrder": ModifyOrder,
}


@attrs.frozen(kw_only=True)
class Envelope:
    """
    What stands around every request.

    Attributes:
        kind: The request type, a known one.
        request_id: The client's own id of it, as it was written; None when it gave none that is good.
        named: What it gave in its place, for an error about it; None when that is not worth repeating.
        content: Its parameters, not looked at yet.
        complaint: What is wrong with the envelope; None when nothing is.
    """

    kind: str
    request_id: str | None
    named: str | int | None
    content: dict[str, Any]
    complaint: str | None = None

    @property
    def market(self) -> str | None:
        """
        The market that it names.

        Raises:
            ProtocolError: What it names can be none.
        """
        market = self.content.get("market")
        if market is not None and not isinstance(market, str):
            raise ProtocolError("market must be a string")
        return market

    def message(self) -> Message:
        """
        The request in it.

        Raises:
            ProtocolError: A parameter is missing, or of the wrong type.
        """
        if self.complaint is not None:
            raise ProtocolError(self.complaint)
        if "clientRequestId" in self.content and self.request_id is None:
            raise ProtocolError(_not_an_id(self.named))
        return request({**self.content, "message": self.kind}, "message", MESSAGES)


def decode(text: str) -> Envelope:
    """
    The envelope of one client message. What is wrong with it is said when its request is wanted, so that
    the error can name the client's id of it.

    Raises:
        ProtocolError: No JSON object.
    """
    fields = parse(text)
    kind, content = fields.get("message"), fields.get("content")
    complaint = None
    if not isinstance(kind, str) or kind not in MESSAGES:
        try:
            request(fields, "message", MESSAGES)  # says what is wrong with it
        except ProtocolError as problem:
            kind, complaint = ERROR, problem.message
    elif content is not None and not isinstance(content, dict):
        kind, complaint = ERROR, "content must be an object"
    content = content if isinstance(content, dict) else {}
    named = content.get("clientRequestId")
    good = isinstance(named, str) and is_request_id(named)
    return Envelope(
        kind=str(kind),
        request_id=named if good else None,
        named=_repeatable(named),
        content=content,
        complaint=complaint,
    )


def _repeatable(named: object) -> str | int | None:
    """What came as a client's id, if an error can repeat it: a text that is not long, or a number."""
    if isinstance(named, str):
        return named[:_LONGEST_ID]
    number = isinstance(named, int) and not isinstance(named, bool) and abs(named) < MOST_UNITS
    return named if number else None  # type: ignore[return-value]  # it is one


def _not_an_id(named: str | int | None) -> str:
    text = "clientRequestId must be a UUID"
    return f"{text}; a ULID is the id of an order" if isinstance(named, str) and is_ulid(named) else text


def is_request_id(text: str) -> bool:
    """Whether a text can be a client's own id of a request: a UUID."""
    return _UUID.fullmatch(text) is not None


def number(request_id: str | None) -> int:
    """A client's id as requests to the market carry it."""
    return 0 if request_id is None else packed(request_id)


def _one_of(known: dict[str, Any], value: str, name: str) -> Any:
    found = known.get(value)
    if found is None:
        raise ProtocolError(f"{name} must be {' or '.join(known)}")
    return found


def _price(instrument: Instrument, text: str, name: str = "price") -> int:
    try:
        ticks = instrument.price_ticks(_plain(text, name))
    except OffGrid as misfit:
        raise ProtocolError(f"{name}: {misfit}") from None
    return _bounded(ticks, name)


def _size(instrument: Instrument, text: str) -> int:
    try:
        lots = instrument.size_lots(_plain(text, "quantity"))
    except OffGrid as misfit:
        raise ProtocolError(f"quantity: {misfit}") from None
    return _bounded(lots, "quantity")


def _plain(text: str, name: str) -> str:
    """A decimal as the protocol writes them; with an exponent it is a slip of a program, not a price."""
    if "e" in text.lower() and len(text) <= _LONGEST_ID:
        raise ProtocolError(f"{name}: {text!r} is not in plain decimals")
    return text


def _bounded(units: int, name: str) -> int:
    if units < 1:
        raise ProtocolError(f"{name} must be greater than 0")
    if units > MOST_UNITS:
        raise ProtocolError(f"{name} is too large")
    return units


def _leverage(text: str) -> int:
    if not _LEVERAGE.fullmatch(text):
        raise ProtocolError("leverage must be a whole number from 1")
    return int(text)


def _slippage(text: str) -> int:
    found = _SLIPPAGE.fullmatch(text)
    millionths = int(found[1]) * PARTS + int((found[2] or "").ljust(6, "0")) if found else PARTS + 1
    if millionths > PARTS:
        raise ProtocolError("maxSlippage must be a decimal from 0 to 1")
    return millionths


def _order(text: str | None) -> tuple[int, int]:
    if text is None:
        raise ProtocolError("orderId is missing")
    try:
        return parse_order_id(text)
    except ValueError:
        text_of = "; a UUID is the client's own id of a request" if _UUID.fullmatch(text) else ""
        raise ProtocolError(f"orderId must be the ULID of an order{text_of}") from None
