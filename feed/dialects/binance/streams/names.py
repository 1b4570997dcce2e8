"""Names of streams: ``btcusdt@trade``."""

from __future__ import annotations

from typing import Final

from feed.dialects.binance.symbols import NAME, Symbols
from feed.model.topics import Topic

TRADE: Final = "trade"


def topic(name: str, known: Symbols) -> Topic | None:
    """The topic that a name of a stream stands for; None when there is none."""
    symbol_name, at, channel = name.partition("@")
    symbol = known.named(symbol_name.upper())
    if not at or symbol is None or channel != TRADE or symbol_name != symbol_name.lower():
        return None
    return Topic(NAME, channel, symbol.index)


def name_of(topic: Topic, known: Symbols) -> str:
    """The name of a stream."""
    symbol = known.at(topic.instrument)
    return f"{symbol.name.lower() if symbol else ''}@{topic.channel}"
