"""
What happens to the account of a key, in the guide's words: orders and fills, positions, balances.

The guide names "order management or account positions" as what needs a key, and shows no messages. Ours
are in its style: prices, sizes and money are strings with all their digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from feed.dialects.guide import channels
from feed.dialects.guide.encode import head, told
from feed.dialects.messages import message
from feed.dialects.times import milliseconds
from feed.model.accounts import money_scale
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
    Side,
)
from feed.model.instruments import Instrument, decimal_text
from feed.model.statements import Cause
from feed.model.trading import OrderState, Pricing, Reason, Trigger
from feed.state.encoder import Encoder

_KINDS: Final = {
    channels.ACCOUNT_ORDERS: (ORDER, FILL),
    channels.POSITIONS: (POSITION,),
    channels.BALANCES: (BALANCE,),
}
_SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell"}
_TYPES: Final = {Pricing.LIMIT: "limit", Pricing.MARKET: "market"}
_TRIGGERS: Final = {Trigger.NONE: None, Trigger.STOP: "stop", Trigger.TAKE_PROFIT: "take_profit"}
# About requests, which come by other protocols and are answered there.
_NOT_TOLD: Final = (OrderState.PENDING, OrderState.CANCELLING, OrderState.MODIFYING, OrderState.REFUSED)
_CAUSES: Final = {
    Cause.TRADE: "trade",
    Cause.FUNDING: "funding",
    Cause.MARGIN_CALL: "margin_call",
    Cause.LIQUIDATION: "liquidation",
    Cause.INSURANCE: "insurance",
}


class AccountEncoder(Encoder):
    """One of the private channels of an account, in one instrument."""

    def __init__(self, instrument: Instrument, channel: str, account: int, *, pos: bool = False) -> None:
        """
        Tell of what happens from now on.

        Args:
            instrument: In which.
            channel: Of the topic.
            account: Whose.
            pos: Whether to tell positions in the stream, a connection option of ours.
        """
        self.kinds: Sequence[int] = _KINDS[channels.kind_of(channel)]
        self._channel = channel
        self._instrument = instrument
        self._account = account
        self._pos = pos

    def encode(self, item: Event) -> str | None:
        """The message; None when it is another account's, or about a request alone."""
        if cast("OrderChanged", item).account != self._account:
            return None
        match item:
            case OrderChanged(state=state) if state in _NOT_TOLD:
                return None
            case OrderChanged():
                return self._message("order", item, self._order(item))
            case OrderFilled():
                return self._message("fill", item, self._fill(item))
            case PositionChanged():
                return self._message("position", item, self._position(item))
        balance = cast("BalanceChanged", item)
        return self._message("balance", balance, self._balance(balance))

    def _message(self, kind: str, item: Event, fields: dict[str, object]) -> str:
        start = head(kind, self._channel, self._instrument)
        return f'{start}{message(**fields)[1:-1]},"ts":{milliseconds(item.ts)}{told(item, pos=self._pos)}}}'

    def _order(self, item: OrderChanged) -> dict[str, object]:
        size, price = self._instrument.size_text, self._price
        return {
            "id": str(item.order),
            "side": _SIDES[item.side],
            "order_type": _TYPES[item.type],
            "price": price(item.price),
            "size": size(item.left + item.filled),
            "filled": size(item.filled),
            "status": item.state.name.lower(),
            "reason": None if item.reason is Reason.NONE else item.reason.name.lower(),
            "trigger": _TRIGGERS[item.trigger],
            "trigger_price": price(item.trigger_price),
            "stop_loss": price(item.stop_loss),
            "take_profit": price(item.take_profit),
        }

    def _fill(self, item: OrderFilled) -> dict[str, object]:
        instrument = self._instrument
        return {
            "id": str(item.trade),
            "order": str(item.order),
            "side": _SIDES[item.side],
            "price": instrument.price_text(item.price),
            "size": instrument.size_text(item.size),
            "left": instrument.size_text(item.left),
            "fee": decimal_text(item.fee, instrument.price_decimals + instrument.size_decimals),
            "role": "taker" if item.taker else "maker",
        }

    def _position(self, item: PositionChanged) -> dict[str, object]:
        scale = money_scale(self._instrument, item.decimals)
        return {
            "size": self._instrument.size_text(item.lots),
            "entry": self._price(item.entry(scale)),
            "mark": self._price(item.mark),
            "unrealised": decimal_text(item.unrealised(scale), item.decimals),
            "realised": decimal_text(item.realised, item.decimals),
            "funding": decimal_text(item.funding, item.decimals),
            "stop_loss": self._price(item.stop_loss),
            "take_profit": self._price(item.take_profit),
            "liquidation": self._price(item.liquidation),
        }

    def _balance(self, item: BalanceChanged) -> dict[str, object]:
        def money(amount: int) -> str:
            return decimal_text(amount, item.decimals)

        return {
            "asset": self._instrument.quote,
            "cause": _CAUSES[item.cause],
            "amount": money(item.amount),
            "cash": money(item.cash),
            "equity": money(item.equity),
            "margin": money(item.initial),
            "maintenance": money(item.maintenance),
            "available": money(max(0, item.equity - item.initial)),
            "leverage": item.leverage,
        }

    def _price(self, ticks: int) -> str | None:
        return self._instrument.price_text(ticks) if ticks else None
