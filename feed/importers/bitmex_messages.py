"""The messages of BitMEX's captures: :mod:`feed.importers.bitmex` has what they mean."""

from __future__ import annotations

from typing import Final

import msgspec

from feed.importers.numbers import json_decimal

_INDEX: Final = "."
"""Names of indices, which nobody trades, begin with it."""


class Message(msgspec.Struct):
    """Any message; ``data`` is that of its table."""

    table: str = ""
    action: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    filter: dict[str, str] = {}


class Level(msgspec.Struct):
    """A price level of orderBookL2; an update has no price before 2022, a deletion no size."""

    symbol: str
    id: int
    side: str
    size: msgspec.Raw = msgspec.Raw(b"0")
    price: msgspec.Raw = msgspec.Raw(b"null")
    timestamp: str = ""


class Ten(msgspec.Struct):
    """All of orderBook10: prices and sizes, best first."""

    symbol: str
    bids: list[tuple[msgspec.Raw, msgspec.Raw]]
    asks: list[tuple[msgspec.Raw, msgspec.Raw]]
    timestamp: str = ""


class Trade(msgspec.Struct):
    """``side`` is that of the taker; empty where there was none."""

    symbol: str
    timestamp: str
    price: msgspec.Raw
    size: msgspec.Raw
    side: str = ""


class Quote(msgspec.Struct, rename="camel"):
    """The best bid and ask; null for a side that is empty."""

    symbol: str
    timestamp: str
    bid_price: msgspec.Raw = msgspec.Raw(b"null")
    bid_size: msgspec.Raw = msgspec.Raw(b"null")
    ask_price: msgspec.Raw = msgspec.Raw(b"null")
    ask_size: msgspec.Raw = msgspec.Raw(b"null")


class Instrument(msgspec.Struct, rename="camel"):
    """One of the list of instruments."""

    symbol: str
    tick_size: msgspec.Raw = msgspec.Raw(b"null")
    lot_size: msgspec.Raw = msgspec.Raw(b"null")
    underlying: str = ""
    quote_currency: str = ""


MESSAGE: Final = msgspec.json.Decoder(Message)
LEVELS: Final = msgspec.json.Decoder(list[Level])
TEN: Final = msgspec.json.Decoder(list[Ten])
TRADES: Final = msgspec.json.Decoder(list[Trade])
QUOTES: Final = msgspec.json.Decoder(list[Quote])
INSTRUMENTS: Final = msgspec.json.Decoder(list[Instrument])


def known(number: msgspec.Raw) -> str:
    """A number, or 0 for null: as of the quote of a side that is empty."""
    text = json_decimal(number)
    return "0" if text == "null" else text


def traded(data: msgspec.Raw) -> list[Trade]:
    """Trades of instruments; prices of indices come in the same table."""
    return [one for one in TRADES.decode(data) if not one.symbol.startswith(_INDEX)]
