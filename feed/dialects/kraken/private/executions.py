"""
What an account is told of its orders and trades: the channel ``executions``.

Every message tells of one step of one order, with the whole order as it stands after it. Clients look at the
first step of a message, and take all of them for the like of it.

Source: "Executions" of the second WebSocket API.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import msgspec

from feed.dialects.kraken.account.ids import TradeId, order_id, trade_id
from feed.dialects.kraken.account.orders import SIDES, Flags, client_text, order_type, reason
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.private import rate_counter
from feed.dialects.kraken.private.topics import EXECUTIONS, PrivateTopic
from feed.dialects.messages import message
from feed.dialects.numbers import exact, number
from feed.dialects.times import iso_microseconds
from feed.model.events import EXECUTION, Event, ExecutionReport
from feed.model.executions import Charge, Leg
from feed.model.grants import Tier
from feed.model.instruments import decimal_text
from feed.model.topics import Topic
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger
from feed.model.wallets import Wallet, Wallets
from feed.state.encoder import Encoder

MOST_TRADES: Final = 50
"""Trades that a new subscriber is told of, where he asks for them."""

PENDING_NEW: Final = "pending_new"
NEW: Final = "new"
TRADE: Final = "trade"
FILLED: Final = "filled"
CANCELED: Final = "canceled"
EXPIRED: Final = "expired"
AMENDED: Final = "amended"
RESTATED: Final = "restated"
STATUS: Final = "status"

_ENDS: Final = frozenset((NEW, TRADE, FILLED, CANCELED, EXPIRED))
"""What is told where only the beginning and the end of orders are asked for."""


def steps(item: ExecutionReport) -> tuple[str, str]:
    """
    What a report of an order means to its account, in the exchange's words.

    Returns:
        What is told first, and what after it; empty for nothing.
    """
    if item.trade:
        return TRADE, "" if item.open else FILLED
    if item.state is OrderState.CANCELLED:
        return EXPIRED if item.reason is Reason.EXPIRED else CANCELED, ""
    if item.counter:
        return RESTATED, ""
    if item.verb is RequestKind.MODIFY:
        return AMENDED, ""
    if item.reason is Reason.TRIGGERED:
        return STATUS, ""
    return PENDING_NEW, NEW


def messages(wallet: Wallet) -> int:
    """How many there have been of the orders of a wallet: two of a beginning, and of a last trade."""
    return wallet.reports + wallet.placed + wallet.filled


def status(item: ExecutionReport, step: str = "") -> str:
    """Where an order stands after a step."""
    if step == PENDING_NEW:
        return PENDING_NEW
    if item.state is OrderState.CANCELLED:
        return EXPIRED if item.reason is Reason.EXPIRED else CANCELED
    if not item.open:
        return FILLED
    return "partially_filled" if item.filled else NEW


class ExecutionWriter:
    """
    Writes orders and trades of one pair.

    Args:
        pair: Which.
        wallets: What accounts hold; they have taken what is written into account.
    """

    def __init__(self, pair: Pair, wallets: Wallets) -> None:
        self._pair: Final = pair
        self._wallets: Final = wallets
        listed = pair.instrument
        here = wallets.units.decimals[listed.venue]
        self._decimals: Final = here[listed.base], here[listed.quote]

    def step(self, item: ExecutionReport, step: str) -> dict[str, Any]:
        """One step of an order, with the order as it stands after it."""
        flags = Flags.of(item)
        return {
            **self._names(item, step, flags),
            **self._quantities(item),
            "time_in_force": _time_in_force(item),
            **({"expire_time": iso_microseconds(item.expires)} if item.expires else {}),
            "exec_type": step,
            "side": SIDES[item.side],
            "order_type": order_type(item).name,
            **(self._trade(item) if step == TRADE else {}),
            **self._prices(item),
            **({"post_only": True} if item.post_only else {}),
            "order_status": status(item, step),
            **_reasons(item, step),
            **({"fee_usd_equiv": self._dollars(item, step)} if self._pair.quote.symbol == "USD" else {}),
            "fee_ccy_pref": "fcib" if flags.charge is Charge.RECEIVED else "fciq",
            "timestamp": iso_microseconds(item.ts),
        }

    def rate(self, item: ExecutionReport, tier: Tier) -> msgspec.Raw:
        """The rate counter of the account's orders in the pair."""
        return number(rate_counter.count(self._wallet(item), item, tier), rate_counter.DECIMALS)

    def _names(self, item: ExecutionReport, step: str, flags: Flags) -> dict[str, Any]:
        own = client_text(item)
        traded = {"exec_id": trade_id(TradeId.of(item)), "trade_id": item.trade} if step == TRADE else {}
        return {
            "order_id": order_id(item.order),
            **traded,
            "order_userref": flags.reference or 0,
            **({} if own is None else {"cl_ord_id": own}),
            "symbol": self._pair.symbol,
        }

    def _quantities(self, item: ExecutionReport) -> dict[str, Any]:
        """What the order is for, and what of it has traded."""
        pair, quote = self._pair, self._decimals[1]
        fields: dict[str, Any] = (
            {"cash_order_qty": number(item.quote_size, quote)}
            if item.quote_size
            else {"order_qty": exact(pair.size_text(item.size))}
        )
        fields |= {"cum_cost": exact(self._value(item.value)), "cum_qty": exact(pair.size_text(item.filled))}
        if item.filled:
            fields["avg_price"] = exact(pair.average_text(item.value, item.filled))
        return fields

    def _prices(self, item: ExecutionReport) -> dict[str, Any]:
        pair, fields = self._pair, dict[str, Any]()
        if item.type is Pricing.LIMIT:
            fields |= {"limit_price_type": "static", "limit_price": exact(pair.price_text(item.price))}
        fields["stop_price"] = exact(pair.price_text(item.trigger_price))
        if item.trigger is not Trigger.NONE:
            fields["triggers"] = {
                "reference": "last",
                "price": exact(pair.price_text(item.trigger_price)),
                "price_type": "static",
                "status": "untriggered" if item.state is OrderState.UNTRIGGERED else "triggered",
            }
        return fields

    def _trade(self, item: ExecutionReport) -> dict[str, Any]:
        """What stands of a trade beside the order."""
        base = item.commission_leg is Leg.BASE
        asset = self._pair.base if base else self._pair.quote
        fee = number(item.commission, self._decimals[0 if base else 1])
        return {
            "last_qty": exact(self._pair.size_text(item.last_size)),
            "last_price": exact(self._pair.price_text(item.last_price)),
            "liquidity_ind": "t" if item.taker else "m",
            "cost": exact(self._value(item.last_price * item.last_size)),
            "fees": [{"asset": asset.symbol, "qty": fee}],
        }

    def _dollars(self, item: ExecutionReport, step: str) -> msgspec.Raw:
        """What a trade has cost; of any other step all that the order has."""
        traded = [item] if step == TRADE else trades_of(self._wallet(item), item)
        base, quote = self._decimals
        units = sum(
            one.commission
            if one.commission_leg is Leg.QUOTE
            else one.commission * self._units_of_price(one.last_price) // 10**base
            for one in traded
        )
        return number(units, quote)

    def _wallet(self, item: ExecutionReport) -> Wallet:
        return self._wallets.find(item.account, self._pair.instrument.venue)

    def _units_of_price(self, ticks: int) -> int:
        """A price in units of the quote asset."""
        item = self._pair.instrument
        return int(ticks * item.tick * 10 ** (self._decimals[1] - item.price_decimals))

    def _value(self, value: int) -> str:
        """A sum of prices times sizes."""
        item = self._pair.instrument
        return decimal_text(value * item.tick * item.lot, item.price_decimals + item.size_decimals)


class ExecutionsEncoder(Encoder):
    """
    Tells one account of its orders and trades in one pair.

    Args:
        topic: See :class:`~feed.dialects.kraken.private.topics.PrivateTopic`.
        writer: Writes its orders.
        count: Gives how many messages there have been for the account, the event included that is told.
    """

    kinds: Sequence[int] = (EXECUTION,)

    def __init__(self, topic: Topic, writer: ExecutionWriter, count: Callable[[], int]) -> None:
        self._channel: Final = PrivateTopic.of(topic)
        self._writer: Final = writer
        self._count: Final = count

    def encode(self, item: Event) -> str | None:
        """The step that it is this topic's turn for; None when there is none, or it is another account's."""
        report = cast("ExecutionReport", item)
        if report.account != self._channel.account:
            return None
        first, second = steps(report)
        step = second if self._channel.second else first
        if not step or (self._channel.ends_only and step not in _ENDS):
            return None
        sequence = self._count() - bool(second and not self._channel.second)
        told = self._writer.step(report, step)
        if self._channel.counted is not None:
            told["ratecount"] = self._writer.rate(report, self._channel.counted)
        return message(channel=EXECUTIONS, type="update", data=[told], sequence=sequence)


def trades_of(wallet: Wallet, order: ExecutionReport) -> list[ExecutionReport]:
    """The trades of an order, as far as they are remembered."""
    found = []
    for trade in reversed(wallet.trades):
        if trade.ts < order.created:
            break
        if trade.order == order.order:
            found.append(trade)
    return found[::-1]


def _time_in_force(item: ExecutionReport) -> str:
    if item.type is Pricing.MARKET:
        return "GTC"
    return "GTD" if item.expires else item.time_in_force.name


def _reasons(item: ExecutionReport, step: str) -> dict[str, Any]:
    """Why an order was changed, or is over."""
    if step == AMENDED:
        return {"amended": True}
    if step == RESTATED:
        return {"reason": "Self trade prevention"}
    if step in (CANCELED, EXPIRED):
        return {"cancel_reason": reason(item), "reason": reason(item)}
    return {}
