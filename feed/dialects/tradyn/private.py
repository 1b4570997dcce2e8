"""
From an event to Tradyn's JSON text: what only one account is sent.

The document has no such messages. Ours carry the objects that its REST shows, in ``data`` as there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import msgspec

from feed.dialects.access import Shape
from feed.dialects.resume import numbered
from feed.dialects.tradyn.shapes import (
    deal_shape,
    funds_event,
    order_shape,
    position_shape,
)
from feed.model.events import (
    BALANCE,
    FILL,
    ORDER,
    POSITION,
    BalanceChanged,
    Event,
    OrderChanged,
    OrderFilled,
    PositionChanged,
)
from feed.model.instruments import Instrument
from feed.model.trading import OrderState
from feed.state.encoder import Encoder

ORDERS: Final = "orders"
POSITIONS: Final = "positions"
ACCOUNT: Final = "account"
CHANNELS: Final = (ORDERS, POSITIONS, ACCOUNT)

# About requests, which are answered by HTTP; what becomes of their orders is told.
_NOT_TOLD: Final = (OrderState.PENDING, OrderState.CANCELLING, OrderState.MODIFYING, OrderState.REFUSED)
_encode: Final = msgspec.json.Encoder().encode


class AccountEvents(Encoder):
    """
    What happens to one account in one symbol: messages of one of the three channels.

    ``orders`` are told of orders and their deals, ``positions`` of what is held, ``account`` of funds.
    """

    _KINDS: Final = {ORDERS: (ORDER, FILL), POSITIONS: (POSITION,), ACCOUNT: (BALANCE,)}

    def __init__(self, channel: str, instrument: Instrument, account: int, *, seq: bool = False) -> None:
        """Tell ``account`` of a channel, with sequence numbers where ``seq`` asks for them."""
        self.kinds: Sequence[int] = self._KINDS[channel]
        self._instrument = instrument
        self._account = account
        self._seq = seq

    def encode(self, item: Event) -> str | None:
        """The message; None when it is another account's, or about a request alone."""
        if cast("OrderChanged", item).account != self._account:
            return None
        match item:
            case OrderChanged(state=state) if state in _NOT_TOLD:
                return None
            case OrderChanged():
                return self._message("order", order_shape(self._instrument, item), item)
            case OrderFilled():
                return self._message("deal", deal_shape(self._instrument, item), item)
            case PositionChanged():
                return self._message("position", position_shape(self._instrument, item), item)
        return self._message(
            "account", funds_event(self._instrument.quote, cast("BalanceChanged", item)), item
        )

    def _message(self, kind: str, shape: Shape, item: Event) -> str:
        tail = numbered(item) if self._seq else ""
        return f'{{"type":"{kind}","data":{_encode(shape).decode()}{tail}}}'
