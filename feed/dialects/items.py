"""
What the messages of any protocol say, seen from the client's end: events, parts of books, answers.

A client session (:mod:`feed.dialects.client`) makes them of messages; :mod:`feed.client` makes of them
what its users see.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

import attrs

from feed.dialects.checksums import Rows, of_texts
from feed.dialects.resume import COMPLAINT
from feed.model.candles import Candle
from feed.model.directory import Directory
from feed.model.events import UNKNOWN, Event, Quote, Side, Trade


class Channel(enum.StrEnum):
    """What can be subscribed to, whatever a protocol calls it."""

    QUOTES = "quotes"
    TRADES = "trades"
    BOOK = "book"
    ORDERS = "orders"
    CANDLES = "candles"


@attrs.frozen(kw_only=True)
class Ticker(Quote):
    """
    Best bid and ask where the protocol tells of the last price with them.

    Attributes:
        price: Of the last trade, integer ticks.
    """

    price: int


@attrs.frozen(kw_only=True)
class OrderSet(Event):
    """
    What is left of one order of a book that tells of single orders (L3).

    Attributes:
        order: Its id, as the server has it.
        side: Side it rests on.
        price: Integer ticks.
        size: Integer lots still resting; 0 when it is gone.
    """

    order: str
    side: Side
    price: int
    size: int


@attrs.frozen(kw_only=True)
class CandleChanged(Event):
    """
    The trades of an interval, as they stand.

    Attributes:
        candle: The figures; no protocol says when its last trade was, so ``last`` is when they were told.
        closed: Whether the interval is over.
    """

    candle: Candle
    closed: bool


@attrs.frozen
class ChannelEvent:
    """
    One event of a channel.

    Attributes:
        channel: Where it was told.
        event: Its ``seq`` is 0 where the protocol does not say, its ``instrument`` an index into the
            directory.
        serial: Number of it among its like, +1 each; 0 where the protocol does not say.
        previous: Sequence number of the event before it in its stream; None where the protocol does not say.
        position: Where the message stands in the stream of all events; empty where it does not say.
    """

    channel: Channel
    event: Event
    serial: int = 0
    previous: int | None = None
    position: str = ""


@attrs.frozen(kw_only=True)
class Part:
    """
    Part of a book, or what has changed of it.

    Attributes:
        instrument: Index into the directory.
        seq: Sequence number of the event it tells of.
        ts: Market time, nanoseconds since the Unix epoch.
        first: Whether it begins a snapshot, and the book anew.
        more: Whether it is part of a snapshot of which more parts follow.
        snapshot: Whether it is part of a snapshot.
        position: Where the message stands in the stream of all events; empty where it does not say.
    """

    instrument: int
    seq: int
    ts: int
    first: bool
    more: bool
    snapshot: bool
    position: str = ""


@attrs.frozen(kw_only=True)
class BookPart(Part):
    """
    Of price levels (L2).

    Attributes:
        levels: Side, price in ticks, and lots that now rest there; 0 removes the level.
        checksum: Proves the book after this part; None where there is none.
        rule: How it is computed, of bids and asks, best first.
        depth: Levels of a side that are told of: those behind are forgotten, without a word. None for all.
    """

    levels: tuple[tuple[Side, int, int], ...]
    checksum: int | None = None
    rule: Callable[[Rows, Rows], int] = of_texts
    depth: int | None = None


@attrs.frozen(kw_only=True)
class OrdersPart(Part):
    """
    Of single orders (L3).

    Attributes:
        orders: Side, id, price in ticks, and lots that are left of it; 0 removes the order. A new one
            stands behind all others at its price, any other keeps its place.
    """

    orders: tuple[tuple[Side, str, int, int], ...]


@attrs.frozen
class Heartbeat:
    """
    A sign of life of the server.

    Attributes:
        ts: Market time, nanoseconds since the Unix epoch.
        position: Where all streams stand; empty where it does not say.
    """

    ts: int
    position: str = ""


@attrs.frozen
class Missed:
    """
    Messages of the connection are missing before what follows, of whatever streams: so many.

    Attributes:
        messages: How many.
    """

    messages: int


@attrs.frozen
class PositionReport:
    """An answer says where all streams stand: at ``position``."""

    position: str


@attrs.frozen
class Ready:
    """
    The server has confirmed a subscription.

    Attributes:
        request: Which of those that the client session has asked for, from 0.
        position: Where it begins; empty where the server does not say.
    """

    request: int = 0
    position: str = ""


class RefusalKind(enum.Enum):
    """What an error of the server is about."""

    KEY = "key"
    SYMBOL = "symbol"
    RESUME = "resume"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Refusal:
    """
    The server answered with an error.

    Attributes:
        about: What it is about.
        message: In the server's words.
        code: The protocol's error code; empty where it has none.
        request: Which subscription of the client session it is about, if it is about one.
    """

    about: RefusalKind
    message: str
    code: str = ""
    request: int = 0


_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL, None: None}

Item = ChannelEvent | BookPart | OrdersPart | Heartbeat | Missed | PositionReport | Ready | Refusal


UNKNOWN_SYMBOLS: Final = ("Unknown symbol", "Unknown market", "Unknown channel(s): ")
"""How the servers of this project begin a complaint about what is not listed."""


def refusal(message: str, *, key: bool, code: str = "", request: int = 0) -> Refusal:
    """
    A server's error, sorted.

    Args:
        message: In the server's words.
        key: Whether it is about the key.
        code: The protocol's error code.
        request: Which subscription it is about, if it is about one.
    """
    about = RefusalKind.KEY if key else RefusalKind.OTHER
    if message.startswith(COMPLAINT):
        about = RefusalKind.RESUME
    elif message.startswith(UNKNOWN_SYMBOLS):
        about = RefusalKind.SYMBOL
    return Refusal(about=about, message=message, code=code, request=request)


def ticker(
    directory: Directory, symbol: str, *, bid: str, ask: str, price: str, ts: int, seq: int, pos: str = ""
) -> ChannelEvent:
    """
    Best bid, best ask and last price, from decimal texts.

    Raises:
        ValueError: One of them is no number.
    """
    index = directory.index(symbol)
    best_bid, best_ask, last = directory.prices(index, bid, ask, price)
    event = Ticker(
        seq=seq,
        ts=ts,
        instrument=index,
        bid=best_bid,
        bid_size=UNKNOWN,
        ask=best_ask,
        ask_size=UNKNOWN,
        price=last,
    )
    return ChannelEvent(Channel.QUOTES, event, position=pos)


def trade(
    directory: Directory,
    symbol: str,
    *,
    price: str,
    size: str,
    side: str | None,
    ts: int,
    seq: int,
    pos: str = "",
    number: int = 0,
) -> ChannelEvent:
    """
    A trade, from decimal texts; ``side`` is the taker's, ``buy`` or ``sell``.

    Raises:
        ValueError: One of them is no number.
    """
    index = directory.index(symbol)
    event = Trade(
        seq=seq,
        ts=ts,
        instrument=index,
        trade=number,
        aggressor=_SIDES[side],
        price=directory.price(index, price),
        size=directory.size(index, size),
        maker=0,
        taker=0,
        left=None,
        level=None,
    )
    return ChannelEvent(Channel.TRADES, event, number, position=pos)
