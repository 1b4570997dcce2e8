"""The guide's messages as its clients read them; ``NOTES.md`` beside this file describes them."""

from __future__ import annotations

from typing import Final, Literal

import msgspec


class TickerMessage(msgspec.Struct, tag="ticker"):
    """Best bid, best ask, last price."""

    symbol: str
    price: str
    bid: str
    ask: str
    ts: int
    seq: int
    pos: str = ""


class TradeMessage(msgspec.Struct, tag="trade"):
    """One trade; ``id`` counts those of an instrument."""

    symbol: str
    id: str
    price: str
    size: str
    side: Literal["buy", "sell"] | None
    ts: int
    seq: int
    pos: str = ""


class BookMessage(msgspec.Struct, tag="book"):
    """Part of a snapshot, or a delta."""

    symbol: str
    action: Literal["snapshot", "delta"]
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    ts: int
    seq: int
    pos: str = ""
    checksum: int | None = None
    part: int = 1
    parts: int = 1


class OrdersMessage(msgspec.Struct, tag="book3"):
    """Part of a snapshot of single orders, or a delta."""

    symbol: str
    action: Literal["snapshot", "delta"]
    bids: list[tuple[str, str, str]]
    asks: list[tuple[str, str, str]]
    ts: int
    seq: int
    pos: str = ""
    part: int = 1
    parts: int = 1


class CandleMessage(msgspec.Struct, tag="candle"):
    """The trades of a minute."""

    symbol: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    trades: int
    open_time: int
    closed: bool
    ts: int
    seq: int
    pos: str = ""


class Subscribed(msgspec.Struct, tag="subscribed"):
    """A subscription is confirmed."""

    pos: str = ""


class Pong(msgspec.Struct, tag="pong"):
    """The answer to a ping."""

    pos: str = ""


class Error(msgspec.Struct, tag="error"):
    """What was wrong with a request."""

    message: str


Data = TickerMessage | TradeMessage | BookMessage | OrdersMessage | CandleMessage

MESSAGES: Final = msgspec.json.Decoder(Data | Subscribed | Pong | Error)
