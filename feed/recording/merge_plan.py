"""
Which instruments several recordings have in common, and in which units they are united.

Instruments of one symbol are one where they are traded in the same place: that of their ``venue``, else the
family of the importer that made the recording (``tardis`` of ``tardis-book``). Elsewhere they are another
instrument, whose symbol ends in its venue: ``BTC-USD@bybit``. Of an instrument that several recordings
have, each of its book, its quotes and its trades comes from one of them at a time: recordings of one day
after the other, or the book of one and the trades of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import gcd
from typing import Final

import attrs

from feed.errors import ConfigError
from feed.model.events import ADD, CLEAR, LEVEL, LIQUIDATION, QUOTE, REDUCE, STATUS, TRADE, Row
from feed.model.instruments import Instrument
from feed.model.kinds import CLOCK, PRIVATE
from feed.recording.format import Header

BOOK: Final = "book"
QUOTES: Final = "quotes"
TRADES: Final = "trades"
FEATURES: Final = {ADD: BOOK, REDUCE: BOOK, LEVEL: BOOK, CLEAR: BOOK, QUOTE: QUOTES, TRADE: TRADES}
"""What the rows of a kind are part of; others are of none, and told by every recording."""
_SCALED: Final = frozenset({*FEATURES, STATUS, CLOCK, *PRIVATE})
"""Kinds that can be told in other units, have none, or are left out."""

ORDER_IDS: Final = {ADD: (3,), REDUCE: (3,), TRADE: (7, 8), LIQUIDATION: (3,)}
"""Places of ids of orders in rows; 0 is none."""


@attrs.define
class Span:
    """
    Times between which something is told.

    Attributes:
        first, last: Nanoseconds since the Unix epoch.
    """

    first: int
    last: int


class Survey:
    """
    What one recording has.

    Args:
        name: Name of the file.
        header: Its first line.

    Attributes:
        name: Name of the file.
        header: Its first line.
        first: Time of its first event, nanoseconds since the Unix epoch.
        spans: When it tells of a book, quotes or trades, by index of the instrument and feature.
        kinds: Kinds of its rows, by index of the instrument.
        orders: The least and the greatest id of an order; 0 and 0 when it has none.
        events: Number of its events.
    """

    def __init__(self, name: str, header: Header) -> None:
        self.name = name
        self.header = header
        self.first = header.start
        self.spans: dict[tuple[int, str], Span] = {}
        self.kinds: dict[int, set[int]] = {}
        self.orders = (0, 0)
        self.events = 0
        self._now = 0

    def take(self, rows: Sequence[Row]) -> None:
        """Take the next rows into account."""
        if rows and not self.events:
            self.first = rows[0][2]
        self.events += len(rows)
        spans, now = self.spans, self._now
        for row in rows:
            kind, index, ts = row[:3]
            now = max(now, ts)  # real data may go back; it is played at the time before
            self.kinds.setdefault(index, set()).add(kind)
            feature = FEATURES.get(kind)
            if feature is not None:
                span = spans.get((index, feature))
                if span is None:
                    spans[index, feature] = Span(now, now)
                else:
                    span.last = now
            for place in ORDER_IDS.get(kind, ()):
                if order := row[place]:
                    least, most = self.orders
                    self.orders = (min(least, order) if least else order, max(most, order))
        self._now = now


@attrs.frozen(kw_only=True)
class Source:
    """
    One recording's instrument in the united listing.

    Attributes:
        index: Its index there.
        price: Ticks of the united instrument in one of its own.
        size: Lots of the united instrument in one of its own.
    """

    index: int
    price: int = 1
    size: int = 1


@attrs.frozen(kw_only=True)
class Plan:
    """
    How recordings are merged.

    Attributes:
        instruments: The united listing.
        sources: Of each recording its instruments, by index.
        shared: Indices of instruments in the united listing that several recordings have.
        muted: Of each recording the indices there of shared instruments whose quotes are left out, since
            another one has the book at that time.
        offsets: Of each recording what is added to its ids of orders, so that they stay unique.
    """

    instruments: tuple[Instrument, ...]
    sources: tuple[tuple[Source, ...], ...]
    shared: frozenset[int]
    muted: tuple[frozenset[int], ...]
    offsets: tuple[int, ...]


def plan(surveys: Sequence[Survey], venues: Sequence[str] = ()) -> Plan:
    """
    Unite the instruments of recordings.

    Args:
        surveys: The recordings, in the order in which events of equal time are told.
        venues: Of each where its instruments are traded; empty where that follows from the recording.
    Raises:
        ConfigError: Two of them have the same instrument at the same time, or in units that are not united.
    """
    names = list(venues) or [""] * len(surveys)
    listed = [_placed(survey.header, name) for survey, name in zip(surveys, names, strict=True)]
    several = len({venue for items in listed for _, venue in items}) > 1
    united: dict[str, Instrument] = {}
    places: dict[str, list[tuple[int, int]]] = {}  # recording and index there, by symbol
    for number, items in enumerate(listed):
        renamed = {item.symbol: _symbol(item.symbol, venue, united) for item, venue in items}
        for index, (item, venue) in enumerate(items):
            symbol = renamed[item.symbol]
            named = attrs.evolve(
                item, symbol=symbol, underlying=renamed.get(item.underlying, item.underlying)
            )
            if several:
                named = attrs.evolve(named, venue=venue)
            known = united.get(symbol)
            united[symbol] = named if known is None else _finer(known, named, surveys[number].name)
            places.setdefault(symbol, []).append((number, index))
    order = {symbol: index for index, symbol in enumerate(united)}
    sources: list[list[Source | None]] = [[None] * len(items) for items in listed]
    muted: list[set[int]] = [set() for _ in listed]
    for symbol, found in places.items():
        for number, index in found:
            source = _source(order[symbol], united[symbol], listed[number][index][0])
            _check_units(source, surveys[number], index, symbol)
            sources[number][index] = source
        holders = [_Of(surveys[number], index) for number, index in found]
        silent = _silent(holders)
        for (number, _), one in zip(found, holders, strict=True):
            if one in silent:
                muted[number].add(order[symbol])
        for first, second in combinations(holders, 2):
            _check_spans(symbol, first, second, silent)
    return Plan(
        instruments=tuple(united.values()),
        sources=tuple(tuple(one for one in row if one is not None) for row in sources),
        shared=frozenset(order[symbol] for symbol, found in places.items() if len(found) > 1),
        muted=tuple(map(frozenset, muted)),
        offsets=tuple(_offsets(surveys)),
    )


def family(source: str) -> str:
    """Where the data of an importer comes from: ``tardis`` of ``tardis-book``."""
    return source.partition("-")[0]


def _placed(header: Header, venue: str) -> list[tuple[Instrument, str]]:
    """The instruments of a recording, each with where it is traded."""
    source = family(header.provenance.source)
    return [(item, venue or item.venue or source) for item in header.instruments]


def _symbol(symbol: str, venue: str, united: dict[str, Instrument]) -> str:
    """The symbol in the united listing: that of its own, unless another venue has it."""
    known = united.get(symbol)
    if known is None or not known.venue or known.venue == venue:
        return symbol
    return f"{symbol.partition('@')[0]}@{venue}"


def _finer(known: Instrument, item: Instrument, name: str) -> Instrument:
    """The instrument in units of which those of both are multiples."""
    for what, here, there in (
        ("contract", item.contract.value, known.contract.value),
        ("asset class", item.asset_class, known.asset_class),
    ):
        if here != there:
            raise ConfigError(
                f"its {what} is {here}, elsewhere {there}",
                where=f"{item.symbol} of {name}",
                hint="give the venue of one of them",
            )
    price_decimals, tick = _common(known.price_decimals, known.tick, item.price_decimals, item.tick)
    size_decimals, lot = _common(known.size_decimals, known.lot, item.size_decimals, item.lot)
    return attrs.evolve(known, price_decimals=price_decimals, tick=tick, size_decimals=size_decimals, lot=lot)


def _common(decimals: int, step: int, others: int, other: int) -> tuple[int, int]:
    most = max(decimals, others)
    return most, gcd(step * 10 ** (most - decimals), other * 10 ** (most - others))


def _source(index: int, united: Instrument, item: Instrument) -> Source:
    price = item.tick * 10 ** (united.price_decimals - item.price_decimals) // united.tick
    size = item.lot * 10 ** (united.size_decimals - item.size_decimals) // united.lot
    return Source(index=index, price=price, size=size)


def _check_units(source: Source, survey: Survey, index: int, symbol: str) -> None:
    if (source.price, source.size) != (1, 1) and survey.kinds.get(index, set()) - _SCALED:
        raise ConfigError(
            "its tick or lot size is another one elsewhere, and it has more than a book, quotes and trades",
            where=f"{symbol} of {survey.name}",
            hint="import both with the same --grid",
        )


@attrs.frozen(eq=False)
class _Of:
    """An instrument in one recording."""

    survey: Survey
    index: int

    def span(self, feature: str) -> Span | None:
        return self.survey.spans.get((self.index, feature))

    def has(self, kind: int) -> bool:
        return kind in self.survey.kinds.get(self.index, ())


def _silent(known: list[_Of]) -> list[_Of]:
    """Those without a book that have quotes while another one has the book."""
    return [
        one
        for one in known
        if one.span(BOOK) is None
        and any(_overlap(one.span(QUOTES), other.span(BOOK)) for other in known if other is not one)
    ]


def _overlap(one: Span | None, other: Span | None) -> bool:
    """Whether neither ends before the other begins; the first may end when the second begins."""
    return one is not None and other is not None and one.last > other.first and other.last >= one.first


def _check_spans(symbol: str, one: _Of, other: _Of, silent: list[_Of]) -> None:
    for feature in (BOOK, QUOTES, TRADES):
        if feature == QUOTES and (one in silent or other in silent):
            continue
        if _overlap(one.span(feature), other.span(feature)):
            raise ConfigError(
                f"its {feature} {'is' if feature == BOOK else 'are'} in {one.survey.name} at the same time",
                where=f"{symbol} of {other.survey.name}",
                hint="give the venue of one of them, if they are traded in several places",
            )
    if (one.has(ADD) and other.has(LEVEL)) or (one.has(LEVEL) and other.has(ADD)):
        raise ConfigError(
            f"its book is one of orders here or in {one.survey.name}, and one of price levels in the other",
            where=f"{symbol} of {other.survey.name}",
            hint="give the venue of one of them",
        )


def _offsets(surveys: Iterable[Survey]) -> Iterator[int]:
    """What is added to ids of orders: 0 for the first recording that has any, and where none is repeated."""
    least = most = 0
    for survey in surveys:
        low, high = survey.orders
        offset = most + 1 - low if most and high and low <= most and high >= least else 0
        if high:
            least, most = (min(least or low, low + offset), max(most, high + offset))
        yield offset
