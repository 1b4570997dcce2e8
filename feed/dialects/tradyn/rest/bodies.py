"""
What clients send about orders and positions, and the requests to the market that it stands for.

Numbers are read of the text that was sent: a price off the tick is refused however near it is to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from feed.dialects.access import Problem, Shape
from feed.dialects.times import milliseconds
from feed.dialects.tradyn.rest.access import Holder
from feed.dialects.tradyn.shapes import ACTIONS, BUY_LIMIT, BUY_STOP, TYPES
from feed.model.events import OrderChanged, Side
from feed.model.instruments import Instrument, OffGrid
from feed.model.requests import KEEP, MOST_UNITS, Close, Create, Modify, SetExits
from feed.model.trading import Pricing, Trigger, packed

Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
OrderType = Annotated[int, msgspec.Meta(ge=0, le=5)]
Ticket = Annotated[int, msgspec.Meta(ge=1, le=MOST_UNITS)]
ClientId = Annotated[str, msgspec.Meta(pattern="^[!-~]{1,36}$")]

_DIGIT: Final = re.compile("[1-9]")
_WORDS: Final = {name.lower(): at for at, name in enumerate(TYPES)}


class TradeBody(Shape, kw_only=True):
    """
    An order.

    Attributes:
        symbol: Of the instrument, in any usual spelling.
        volume: Its size, in steps of ``volumeStep`` of the symbol.
        action: buy or sell, or any name or number of an order type.
        type: 0 Buy, 1 Sell, 2 Buy Limit, 3 Sell Limit, 4 Buy Stop, 5 Sell Stop; 0 or 1, as the action says,
            where it is left out.
        price: Of a pending order.
        sl: Stop loss, a price; 0 for none.
        tp: Take profit, a price; 0 for none.
        leverage: Of the account, which it may choose while it has neither positions nor pending orders.
        clientId: The client's own id of it, up to 36 characters of ASCII without spaces; no order of the
            account may have had it.
    """

    symbol: str
    volume: Positive
    action: str | OrderType | None = None
    type: OrderType | None = None
    price: NotNegative | None = None
    sl: NotNegative | None = None
    tp: NotNegative | None = None
    leverage: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    clientId: ClientId | None = None  # noqa: N815 - in the document's style, here and below

    def create(self, sent: Sent, own: Holder, at: int, instrument: Instrument) -> Create:
        """
        The request to the market.

        Args:
            sent: The numbers as they were written.
            own: The account.
            at: Index of the instrument.
            instrument: What it is.
        """
        kind = self._kind()
        pending = kind >= BUY_LIMIT
        if pending != sent.given("price"):
            raise bad(f"price is {'missing' if pending else 'for pending orders'}: {TYPES[kind]}")
        price = sent.price("price", instrument) if pending else 0
        stop = kind >= BUY_STOP
        return Create(
            account=own.number,
            instrument=at,
            request=packed(self.clientId or ""),
            tier=own.tier,
            side=Side(kind % 2),
            size=sent.volume(instrument),
            type=Pricing.LIMIT if pending and not stop else Pricing.MARKET,
            price=0 if stop else price,
            slippage=own.trading.slippage,
            leverage=self.leverage or own.leverage,
            trigger=Trigger.STOP if stop else Trigger.NONE,
            trigger_price=price if stop else 0,
            stop_loss=sent.price("sl", instrument) if sent.given("sl") else 0,
            take_profit=sent.price("tp", instrument) if sent.given("tp") else 0,
        )

    def _kind(self) -> int:
        """Number of the order type."""
        action = self.action
        named = _WORDS.get(action.lower().replace("_", " ")) if isinstance(action, str) else action
        if action is not None and named is None:
            raise bad(f"action must be {' or '.join(ACTIONS)}")
        if self.type is None and named is None:
            raise bad("action or type is missing")
        if named is None or self.type is None:
            return named if named is not None else self.type or 0
        # A word for a side says nothing of the price.
        if named != self.type and (named >= BUY_LIMIT or named != self.type % 2):
            raise bad(f"action and type differ: {TYPES[named]} and {TYPES[self.type]}")
        return self.type


class PositionBody(Shape, kw_only=True):
    """
    Which position is meant.

    Attributes:
        ticket: That of the position.
        symbol: Of the position, where no ticket is given.
    """

    ticket: Ticket | None = None
    symbol: str | None = None


class CloseBody(PositionBody, kw_only=True):
    """
    A position to be closed at the market.

    Attributes:
        ticket: That of the position.
        symbol: Of the position, where no ticket is given.
        volume: How much of it; all when it is left out.
        clientId: As of an order.
    """

    volume: Positive | None = None
    clientId: ClientId | None = None  # noqa: N815

    def close(self, sent: Sent, own: Holder, at: int, instrument: Instrument) -> Close:
        """The request to the market; see :meth:`TradeBody.create`."""
        return Close(
            account=own.number,
            instrument=at,
            request=packed(self.clientId or ""),
            tier=own.tier,
            position=self.ticket or 0,
            size=0 if self.volume is None else sent.volume(instrument),
            slippage=own.trading.slippage,
        )


class ExitsBody(PositionBody, kw_only=True):
    """
    Where a position ends; what is left out stays as it is.

    Attributes:
        ticket: That of the position.
        symbol: Of the position, where no ticket is given.
        sl: Stop loss, a price; 0 for none.
        tp: Take profit, a price; 0 for none.
    """

    sl: NotNegative | None = None
    tp: NotNegative | None = None

    def set_exits(self, sent: Sent, own: Holder, at: int, instrument: Instrument) -> SetExits:
        """The request to the market; see :meth:`TradeBody.create`."""
        if self.sl is None and self.tp is None:
            raise bad("sl or tp is missing")
        return SetExits(
            account=own.number,
            instrument=at,
            tier=own.tier,
            position=self.ticket or 0,
            stop_loss=sent.exit("sl", instrument),
            take_profit=sent.exit("tp", instrument),
        )


class TicketBody(Shape, kw_only=True):
    """
    Which pending order is meant.

    Attributes:
        ticket: That of the order.
    """

    ticket: Ticket


class ModifyBody(TicketBody, kw_only=True):
    """
    What a pending order is to be; what is left out stays as it is.

    Attributes:
        ticket: That of the order.
        price: Its price.
        volume: How much of it is still to trade.
        sl: Stop loss, a price; 0 for none.
        tp: Take profit, a price; 0 for none.
    """

    price: Positive | None = None
    volume: Positive | None = None
    sl: NotNegative | None = None
    tp: NotNegative | None = None

    def modify(self, sent: Sent, own: Holder, order: OrderChanged, instrument: Instrument) -> Modify:
        """
        The request to the market; see :meth:`TradeBody.create`.

        Args:
            sent: The numbers as they were written.
            own: The account.
            order: The order as it stands.
            instrument: Of the order.
        """
        if self.price is self.volume is self.sl is self.tp is None:
            raise bad("price, volume, sl or tp is missing")
        price = 0 if self.price is None else sent.price("price", instrument)
        return Modify(
            account=own.number,
            instrument=order.instrument,
            tier=own.tier,
            order=order.order,
            created=milliseconds(order.created),
            price=0 if order.trigger else price,
            trigger_price=price if order.trigger else 0,
            size=0 if self.volume is None else sent.volume(instrument),
            stop_loss=sent.exit("sl", instrument),
            take_profit=sent.exit("tp", instrument),
        )


class SymbolBody(Shape, kw_only=True):
    """
    Which pending orders are meant.

    Attributes:
        symbol: Those of this instrument; all when it is left out.
    """

    symbol: str | None = None


class Sent:
    """The numbers of a body, as they were written."""

    def __init__(self, content: bytes) -> None:
        """Read them of a body that was checked already."""
        self._texts: Mapping[str, msgspec.Raw] = msgspec.json.decode(content, type=dict[str, msgspec.Raw])

    def given(self, name: str) -> bool:
        """Whether there is a number other than zero, however near to it: as a float, 1e-400 is zero."""
        return _DIGIT.search(self._text(name).lower().partition("e")[0]) is not None

    def price(self, name: str, instrument: Instrument) -> int:
        """A price in ticks, at least one."""
        try:
            return _bounded(instrument.price_ticks(self._text(name)), name)
        except OffGrid as misfit:
            raise bad(f"{name}: {misfit}") from None

    def exit(self, name: str, instrument: Instrument) -> int:
        """A stop loss or take profit in ticks; 0 for none, :data:`KEEP` where nothing is said."""
        if self._text(name) in {"", "null"}:
            return KEEP
        return self.price(name, instrument) if self.given(name) else 0

    def volume(self, instrument: Instrument) -> int:
        """The volume in lots, at least one."""
        try:
            return _bounded(instrument.size_lots(self._text("volume")), "volume")
        except OffGrid as misfit:
            raise bad(f"volume: {misfit}") from None

    def _text(self, name: str) -> str:
        return bytes(self._texts.get(name, b"")).decode()


def bad(message: str) -> Problem:
    """A request that cannot be."""
    return Problem(400, "bad_request", message)


def _bounded(units: int, name: str) -> int:
    if units < 1:
        raise bad(f"{name} must be greater than 0")
    if units > MOST_UNITS:
        raise bad(f"{name} is too large")
    return units
