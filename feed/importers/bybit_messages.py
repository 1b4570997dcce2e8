"""The messages of Bybit's captures: :mod:`feed.importers.bybit` has what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from feed.importers.numbers import json_decimal
from feed.importers.symbol_scan import Definition


class Message(msgspec.Struct):
    """Any message; ``data`` is that of its topic."""

    topic: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    ts: int = 0
    cts: int = 0
    cross_seq: int | str = 0
    timestamp_e6: int | str = 0


class Depth(msgspec.Struct):
    """``orderbook`` of version 5. Names are the exchange's: bids ``b``, asks ``a``, update id ``u``."""

    s: str
    u: int
    b: list[tuple[str, str]] = []
    a: list[tuple[str, str]] = []


class PublicTrade(msgspec.Struct):
    """``publicTrade`` of version 5: milliseconds ``T``, the taker's side ``S``, size ``v``, price ``p``."""

    T: int
    s: str
    S: str
    v: str
    p: str


class Level(msgspec.Struct):
    """A price level of version 2; a deletion has no size."""

    symbol: str
    side: str
    price: msgspec.Raw
    size: msgspec.Raw = msgspec.Raw(b"0")


class _Snapshot(msgspec.Struct):
    order_book: list[Level]


class Delta(msgspec.Struct):
    """Levels that a message of version 2 deletes, updates and inserts."""

    delete: list[Level] = []
    update: list[Level] = []
    insert: list[Level] = []


class Trade(msgspec.Struct):
    """``trade`` of version 2; ``side`` is the taker's."""

    symbol: str
    side: str
    price: msgspec.Raw
    size: msgspec.Raw
    trade_time_ms: int | str


class _PriceFilter(msgspec.Struct, rename="camel"):
    tick_size: str


class _LotFilter(msgspec.Struct, rename="camel"):
    qty_step: str = ""
    base_precision: str = ""


class _Instrument(msgspec.Struct, rename="camel"):
    symbol: str
    base_coin: str
    quote_coin: str
    price_filter: _PriceFilter
    lot_size_filter: _LotFilter


class _Instruments(msgspec.Struct):
    instruments: list[_Instrument] = msgspec.field(name="list")


class _OldPriceFilter(msgspec.Struct):
    tick_size: str


class _OldLotFilter(msgspec.Struct):
    qty_step: msgspec.Raw


class _OldInstrument(msgspec.Struct):
    name: str
    base_currency: str
    quote_currency: str
    price_filter: _OldPriceFilter
    lot_size_filter: _OldLotFilter


class _Reply(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")


MESSAGE: Final = msgspec.json.Decoder(Message)
DEPTH: Final = msgspec.json.Decoder(Depth)
PUBLIC_TRADES: Final = msgspec.json.Decoder(list[PublicTrade])
_LEVELS: Final = msgspec.json.Decoder(list[Level])
_SNAPSHOT: Final = msgspec.json.Decoder(_Snapshot)
DELTA: Final = msgspec.json.Decoder(Delta)
TRADES: Final = msgspec.json.Decoder(list[Trade])
_REPLY: Final = msgspec.json.Decoder(_Reply)
_INSTRUMENTS: Final = msgspec.json.Decoder(_Instruments)
_OLD_INSTRUMENTS: Final = msgspec.json.Decoder(list[_OldInstrument])


def old_depth(topic: str) -> int:
    """Levels a side of ``orderBookL2_25.BTCUSD`` or ``orderBook_200.100ms.BTCUSD``; 0 for other topics."""
    kind, _, depth = topic.partition(".")[0].partition("_")
    return int(depth) if kind in {"orderBookL2", "orderBook"} and depth.isdigit() else 0


def depth_of(topic: str) -> int:
    """Levels a side of ``orderbook.50.BTCUSDT``; 0 for other topics."""
    kind, _, rest = topic.partition(".")
    depth = rest.partition(".")[0]
    return int(depth) if kind == "orderbook" and depth.isdigit() else 0


def old_snapshot(data: msgspec.Raw) -> list[Level]:
    """Of an inverse contract a list, of a linear one an object with it."""
    return _LEVELS.decode(data) if bytes(data)[:1] == b"[" else _SNAPSHOT.decode(data).order_book


def instruments(text: str) -> Iterator[tuple[str, Definition]]:
    """What an answer to a request for the instruments says of each; nothing for other answers."""
    result = _REPLY.decode(text).result
    try:
        if bytes(result)[:1] == b"[":
            for old in _OLD_INSTRUMENTS.decode(result):
                steps = (old.price_filter.tick_size, json_decimal(old.lot_size_filter.qty_step))
                yield old.name, _definition(*steps, old.base_currency, old.quote_currency)
        else:
            for one in _INSTRUMENTS.decode(result).instruments:
                lots = one.lot_size_filter
                steps = (one.price_filter.tick_size, lots.qty_step or lots.base_precision)
                yield one.symbol, _definition(*steps, one.base_coin, one.quote_coin)
    except msgspec.ValidationError:
        return  # the answer to another request


def _definition(tick: str, lot: str, base: str, quote: str) -> Definition:
    return Definition(tick=tick, lot=lot, base=base, quote=quote)


def old_levels(message: Message) -> list[Level]:
    """All levels of a snapshot or a delta of version 2."""
    if message.type != "delta":
        return old_snapshot(message.data)
    delta = DELTA.decode(message.data)
    return [*delta.delete, *delta.update, *delta.insert]
