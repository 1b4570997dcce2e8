"""
The user data stream: what an account is told of its orders and balances, field by field as published.

Source: "User Data Streams for Binance", https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import attrs
import msgspec

from feed.dialects.binance.account.client_ids import shown, shown_cancellation
from feed.dialects.binance.account.orders import (
    MODES,
    NO_LIST,
    SIDES,
    commission,
    order_type,
    status,
    strategy_of,
    time_in_force,
    units_text,
)
from feed.dialects.binance.symbols import NAME, Symbol, amount_text
from feed.dialects.binance.views import TimeUnit
from feed.model.events import EXECUTION, WALLET, Event, ExecutionReport, WalletChanged
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.model.trading import OrderState, Reason, RequestKind
from feed.state.encoder import Encoder
from feed.state.projections import Projections

CHANNEL: Final = "userData"
_ACCOUNT: Final = "account"
_SUBSCRIPTION: Final = "subscriptionId"
_STREAM: Final = "stream"
_UNIT: Final = "timeUnit"
_ZERO: Final = amount_text(0)
_NOTHING: Final = -1
_EXECUTION_TYPES: Final = {
    OrderState.CANCELLED: "EXPIRED",
    OrderState.REJECTED: "REJECTED",
}


@attrs.frozen(kw_only=True)
class UserStream:
    """
    How one connection is told of an account.

    Attributes:
        account: Whose.
        subscription: Number of the subscription, which stands around each event; None for events alone.
        stream: Name of the stream, which stands around each event of combined streams; empty for none.
        unit: Of times.
    """

    account: int
    subscription: int | None = None
    stream: str = ""
    unit: TimeUnit = TimeUnit.MILLISECOND

    def topics(self, instruments: Iterable[int]) -> tuple[Topic, ...]:
        """Those of all instruments in which the account can trade."""
        options = [(_ACCOUNT, str(self.account))]
        if self.stream:
            options.append((_STREAM, self.stream))
        if self.subscription is not None:
            options.append((_SUBSCRIPTION, str(self.subscription)))
        if self.unit is not TimeUnit.MILLISECOND:
            options.append((_UNIT, self.unit.name))
        return tuple(Topic(NAME, CHANNEL, at, tuple(options)) for at in instruments)

    @classmethod
    def of(cls, topic: Topic) -> UserStream:
        """That of a topic."""
        options = dict(topic.options)
        subscription = options.get(_SUBSCRIPTION)
        return cls(
            account=int(options[_ACCOUNT]),
            subscription=None if subscription is None else int(subscription),
            stream=options.get(_STREAM, ""),
            unit=TimeUnit[options.get(_UNIT, TimeUnit.MILLISECOND.name)],
        )

    def message(self, event: dict[str, Any]) -> str:
        """An event, with what stands around it."""
        around: dict[str, Any] = event
        if self.subscription is not None:
            around = {"subscriptionId": self.subscription, "event": event}
        elif self.stream:
            around = {"stream": self.stream, "data": event}
        return msgspec.json.encode(around).decode()

    def terminated(self, now: int) -> str:
        """That nothing more comes; ``now`` is market time."""
        return self.message({"e": "eventStreamTerminated", "E": self.unit.of(now)})


class UserDataEncoder(Encoder):
    """
    Tells one account of one symbol: ``executionReport`` and ``outboundAccountPosition``.

    Args:
        instrument: That of the topic.
        topic: One of :meth:`UserStream.topics`.
        decimals: Digits of a unit of the base asset and of the quote asset.
    """

    kinds: Sequence[int] = (EXECUTION, WALLET)

    def __init__(self, instrument: Instrument, topic: Topic, decimals: tuple[int, int]) -> None:
        self._stream = UserStream.of(topic)
        name = f"{instrument.base}{instrument.quote}".upper()
        self._symbol = Symbol(name=name, index=topic.instrument, instrument=instrument)
        self._decimals = decimals
        self._prevented_match = (0, 0, 0)  # both orders of the last one, and its number

    def encode(self, item: Event) -> str | None:
        """The message; None when it is another account's."""
        if isinstance(item, WalletChanged):
            return self._stream.message(self._position(item)) if self._is_own(item.account) else None
        report = cast("ExecutionReport", item)
        return self._stream.message(self._report(report)) if self._is_own(report.account) else None

    def _is_own(self, account: int) -> bool:
        return account == self._stream.account

    def _position(self, item: WalletChanged) -> dict[str, Any]:
        now = self._stream.unit.of(item.ts)
        symbol = self._symbol
        return {
            "e": "outboundAccountPosition",
            "E": now,
            "u": now,
            "B": [
                {
                    "a": asset,
                    "f": units_text(free, decimals),
                    "l": units_text(locked, decimals),
                }
                for asset, free, locked, decimals in (
                    (symbol.base, item.base_free, item.base_locked, item.base_decimals),
                    (symbol.quote, item.quote_free, item.quote_locked, item.quote_decimals),
                )
            ],
        }

    def _report(self, item: ExecutionReport) -> dict[str, Any]:
        symbol, unit = self._symbol, self._stream.unit
        now, traded = unit.of(item.ts), bool(item.trade)
        strategy, strategy_type = strategy_of(item)
        cost, asset = commission(item, symbol, self._decimals) if traded else ("0", None)
        asked = item.verb is RequestKind.CANCEL
        own = shown(item.client, item.order)
        event: dict[str, Any] = {
            "e": "executionReport",
            "E": now,
            "s": symbol.name,
            "c": shown_cancellation(item.request, item.order) if asked else own,
            "S": SIDES[item.side],
            "o": order_type(item),
            "f": time_in_force(item),
            "q": symbol.size_text(item.size),
            "p": symbol.price_text(item.price),
            "P": symbol.price_text(item.trigger_price),
            "F": _ZERO,
            "g": NO_LIST,
            "C": own if asked else "",
            "x": execution_type(item),
            "X": status(item),
            "r": "NONE",
            "i": item.order,
            "l": symbol.size_text(item.last_size) if traded else _ZERO,
            "z": symbol.size_text(item.filled),
            "L": symbol.price_text(item.last_price) if traded else _ZERO,
            "n": cost,
            "N": asset,
            "T": now,
            "t": item.trade or _NOTHING,
            "I": item.seq,
            "w": item.state is OrderState.ACTIVE,
            "m": traded and not item.taker,
            "M": traded,
            "O": unit.of(item.created),
            "Z": symbol.value_text(item.value),
            "Y": symbol.value_text(item.last_price * item.last_size) if traded else _ZERO,
            "Q": units_text(item.quote_size, self._decimals[1]),
        }
        if item.working:
            event["W"] = unit.of(item.working)
        event["V"] = MODES[item.self_trade]
        if strategy is not None:
            event["j"] = strategy
        if strategy_type is not None:
            event["J"] = strategy_type
        if item.counter:
            event |= self._prevented(item)
        return event

    def _prevented(self, item: ExecutionReport) -> dict[str, Any]:
        symbol = self._symbol
        lots, price = item.last_size, item.last_price
        return {
            "v": self._number(item),
            "A": symbol.size_text(item.prevented),
            "B": symbol.size_text(lots),
            "u": item.account,
            "U": item.counter,
            "Cs": symbol.name,
            "pl": symbol.size_text(lots),
            "pL": symbol.price_text(price),
            "pY": symbol.value_text(price * lots),
        }

    def _number(self, item: ExecutionReport) -> int:
        """Of a prevented trade: that of the event which told of it first; a second one follows at once."""
        low, high = sorted((item.order, item.counter))
        if self._prevented_match[:2] != (low, high):
            self._prevented_match = low, high, item.seq
        return self._prevented_match[2]


def user_data_encoder(topic: Topic, instrument: Instrument, projections: Projections | None) -> Encoder:
    """
    What tells an account of one symbol.

    Args:
        topic: One of :meth:`UserStream.topics`.
        instrument: That of the topic.
        projections: Know the units of assets.

    Raises:
        ValueError: There are no projections: nobody can resume this stream.
    """
    if projections is None:
        raise ValueError("what an account was told is not told again")
    here = projections.wallets.units.decimals[instrument.venue]
    return UserDataEncoder(instrument, topic, (here[instrument.base], here[instrument.quote]))


def execution_type(item: ExecutionReport) -> str:
    """What has happened, in the exchange's words."""
    if item.trade:
        return "TRADE"
    if item.counter:
        return "TRADE_PREVENTION"
    if item.state is OrderState.CANCELLED and item.reason in (Reason.NONE, Reason.TIMER):
        return "CANCELED"
    if item.verb is RequestKind.MODIFY:
        return "REPLACED"
    return _EXECUTION_TYPES.get(item.state, "NEW")
