"""The guide's messages and answers as its clients read them; ``NOTES.md`` beside this file describes them."""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec


class TickerMessage(msgspec.Struct, tag="ticker"):
    """Best bid, best ask, last price."""

    symbol: str
    price: str
    bid: str
    ask: str
    ts: int
    seq: int


class TradeMessage(msgspec.Struct, tag="trade"):
    """One trade; ``id`` counts those of an instrument."""

    symbol: str
    id: str
    price: str
    size: str
    side: Literal["buy", "sell"] | None
    ts: int
    seq: int


class BookMessage(msgspec.Struct, tag="book"):
    """Part of a snapshot, or a delta."""

    symbol: str
    action: Literal["snapshot", "delta"]
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    ts: int
    seq: int
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


class Subscribed(msgspec.Struct, tag="subscribed"):
    """A subscription is confirmed."""


class Error(msgspec.Struct, tag="error"):
    """What was wrong with a request."""

    message: str


class BookAnswer(msgspec.Struct):
    """A book by request."""

    symbol: str
    seq: int
    ts: str
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


ANSWERS: Final = msgspec.json.Decoder(BookAnswer)


class Levels(Protocol):
    """What tells of price levels: a message, or an answer."""

    symbol: str
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


Data = TickerMessage | TradeMessage | BookMessage | OrdersMessage | CandleMessage

MESSAGES: Final = msgspec.json.Decoder(Data | Subscribed | Error)
