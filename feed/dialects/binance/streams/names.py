"""
Names of streams: ``btcusdt@depth@100ms`` of a symbol, ``!miniTicker@arr`` of all.

Source: "WebSocket Streams". A symbol is written in lower case. The exchange looks at the form of a name and
no further: whoever misspells a symbol or a kind of stream has subscribed to what never comes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import attrs

from feed.dialects.binance.intervals import INTERVALS
from feed.dialects.binance.symbols import NAME, Symbols
from feed.dialects.binance.views import TimeUnit
from feed.model.topics import Topic

TRADE: Final = "trade"
AGGREGATE: Final = "aggTrade"
BOOK_TICKER: Final = "bookTicker"
DEPTH: Final = "depth"
KLINE: Final = "kline_"
TICKER: Final = "ticker"
MINI_TICKER: Final = "miniTicker"
ROLLING: Final = "ticker_"
AVERAGE: Final = "avgPrice"

UTC_8: Final = "@+08:00"
"""Suffix of a kline whose days begin at midnight in the time zone eight hours ahead of UTC."""
FAST: Final = "@100ms"
SLOW: Final = "@1000ms"
LEVELS: Final = (5, 10, 20)
"""Price levels of a side that a stream of the top of the book may have."""
WINDOWS: Final = {"1h": 60, "4h": 4 * 60, "1d": 24 * 60}
"""Of rolling tickers, minutes."""

OF_SYMBOL: Final = frozenset(
    (
        *(TRADE, AGGREGATE, BOOK_TICKER, TICKER, MINI_TICKER, AVERAGE),
        *(f"{DEPTH}{levels}{speed}" for levels in ("", *LEVELS) for speed in ("", FAST, SLOW)),
        *(f"{KLINE}{name}{zone}" for name in INTERVALS for zone in ("", UTC_8)),
        *(f"{ROLLING}{window}" for window in WINDOWS),
    )
)
"""What may follow the name of a symbol."""

OF_ALL: Final = {
    f"!{TICKER}@arr": TICKER,
    f"!{MINI_TICKER}@arr": MINI_TICKER,
    f"!{MINI_TICKER}@arr{SLOW}": MINI_TICKER,
    **{f"!{ROLLING}{window}@arr": f"{ROLLING}{window}" for window in WINDOWS},
}
"""The streams of all symbols, and which stream of each they put together."""

WRAPPED: Final = ("combined", "true")
"""Option of a topic whose messages name their stream."""
_UNIT: Final = "timeUnit"
_LONGEST: Final = 100
_FORM: Final = re.compile(r"!?[\w.\-]+(@[\w+:.\-]+)*")


@attrs.frozen
class Form:
    """
    How the messages of a connection look.

    Attributes:
        unit: Of their times.
        combined: Whether each names its stream.
    """

    unit: TimeUnit = TimeUnit.MILLISECOND
    combined: bool = False

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Those of its topics."""
        unit = ((_UNIT, self.unit.name),) if self.unit is not TimeUnit.MILLISECOND else ()
        return (*((WRAPPED,) if self.combined else ()), *unit)

    @classmethod
    def of(cls, topic: Topic) -> Form:
        """That of a topic."""
        options = dict(topic.options)
        return cls(TimeUnit[options.get(_UNIT, TimeUnit.MILLISECOND.name)], WRAPPED in topic.options)


def well_formed(name: str) -> bool:
    """Whether a text has the form of a stream's name."""
    return len(name) <= _LONGEST and _FORM.fullmatch(name) is not None


def topic(name: str, symbols: Symbols, form: Form) -> Topic | None:
    """The topic that a name of a stream stands for; None when nothing ever comes there."""
    if name in OF_ALL:
        return _topic(name, 0, form)
    symbol_name, _, channel = name.partition("@")
    symbol = symbols.named(symbol_name.upper())
    if symbol is None or channel not in OF_SYMBOL or symbol_name != symbol_name.lower():
        return None
    return _topic(channel, symbol.index, form)


@lru_cache(maxsize=8192)  # one object for each topic, which spares whoever compares two of them
def _topic(channel: str, instrument: int, form: Form) -> Topic:
    return Topic(NAME, channel, instrument, form.options)


def name_of(topic: Topic, symbol_name: str) -> str:
    """The name of a topic's stream, in which its symbol is called ``symbol_name``."""
    return topic.channel if topic.channel in OF_ALL else f"{symbol_name.lower()}@{topic.channel}"
