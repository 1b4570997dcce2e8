"""
LOBSTER files: a message file and the order book file beside it, for one share and one day.

Messages have the time of day in New York; the day comes from the file name or the options. Each line
of the order book file is the book after the message on the same line, so every message is verified.
The files have only the levels within the requested depth. Orders from before the start, and levels
that come into view at the far end, therefore become one order per level with a synthetic id (from
10**12 on); levels that go out of view are removed. Any other difference between the two files is
reported as a gap, and the order book file is followed.

Hidden executions and cross trades are trades without a visible order.

Source: LOBSTER, "Output: message file, order book file", https://lobsterdata.com/info/DataStructure.php.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import attrs

from feed.errors import ConfigError
from feed.importers.books import BUY, SELL, ImportedMarket
from feed.importers.files import InputFile
from feed.importers.lobster_book import LobsterBook
from feed.importers.run import UNREADABLE, Importer, ImportRun, Malformed
from feed.importers.symbols import share_symbol
from feed.importers.times import decimal_seconds, midnight, new_york_offset
from feed.model.durations import NS_PER_HOUR
from feed.model.events import STATUS, UNKNOWN, Row, Status
from feed.recording.time_order import by_time

_NAME = re.compile(r"(?P<ticker>[^_]+)_(?P<date>\d{4}-\d{2}-\d{2})_.*")
_SIDES = {"1": BUY, "-1": SELL}
_KINDS = {
    "1": "submission",
    "2": "partial cancellation",
    "3": "deletion",
    "4": "visible execution",
    "5": "hidden execution",
    "6": "cross trade",
    "7": "halt indicator",
}
# By the price of a halt indicator. 0 (quoting resumes) does not yet resume trading.
_HALTS = {"-1": Status.HALTED, "1": Status.TRADING}
# Prices are dollars times this.
_SCALE_DECIMALS = 4


def _pairs(run: ImportRun) -> list[tuple[Path, Path]]:
    """Pairs of message and order book files, in the order of the message files."""
    messages = [path for path in run.paths if "_message_" in path.name]
    others = [path for path in run.paths if path not in messages]
    if not messages and len(run.paths) == 2:
        return [(run.paths[0], run.paths[1])]
    pairs = []
    for path in messages:
        wanted = path.name.replace("_message_", "_orderbook_")
        book = next((other for other in others if other.name == wanted), None)
        if book is None:
            raise ConfigError(
                f"no order book file {wanted} beside it", where=str(path), hint="give both files"
            )
        pairs.append((path, book))
    if not pairs or len(pairs) * 2 != len(run.paths):
        raise ConfigError("expected pairs of a message and an order book file", where=str(run.paths[0]))
    return pairs


def _day(run: ImportRun, path: Path) -> tuple[str, date]:
    """Ticker and day of a message file."""
    named = _NAME.fullmatch(path.name)
    ticker = run.options.symbol or (named["ticker"] if named else "")
    day = run.options.date or (named["date"] if named else "")
    if not ticker or not day:
        raise ConfigError("neither its name nor the options say which share and day it is", where=str(path))
    try:
        return ticker, date.fromisoformat(day)
    except ValueError:
        raise ConfigError(f"{day} is not a day like 2012-06-21", where=str(path)) from None


def _lines(run: ImportRun, path: Path) -> Iterator[tuple[int, str]]:
    source = run.input(path)
    for lines in source.chunks():
        yield from enumerate(lines, source.number)


def _dollars(price: str) -> str:
    """A price of the file as decimal text."""
    if not price.isdigit():
        raise Malformed(f"price {price!r} where dollars times 10000 are expected")
    digits = price.zfill(_SCALE_DECIMALS + 1)
    return f"{digits[:-_SCALE_DECIMALS]}.{digits[-_SCALE_DECIMALS:]}"


def _cells(line: str) -> list[str]:
    cells = line.split(",")
    if len(cells) < 6:
        raise Malformed(f"{len(cells)} columns where 6 are expected: time,type,order id,size,price,direction")
    return cells


def _scan(run: ImportRun) -> None:
    for messages, book in _pairs(run):
        ticker, _ = _day(run, messages)
        run.path = messages
        for number, line in _lines(run, messages):
            run.number = number
            try:
                _, kind, _, _, price, *_more = _cells(line)
                if kind != "7":
                    run.scan.add(ticker, _dollars(price), "1")
            except UNREADABLE as problem:
                run.malformed(problem)
        # The first line has the orders from before the start; all later prices are in messages.
        _, first = next(_lines(run, book), (0, ""))
        for price in first.split(",")[0::2]:
            if price.isdigit() and price != "9999999999":
                run.scan.add(ticker, _dollars(price), "1")


# The sign with which a message's size is taken back from its level, to find the book before the first one.
_BOOK_EFFECT = {"1": -1, "2": 1, "3": 1, "4": 1}


class _Change(NamedTuple):
    kind: str
    order: int
    size: int
    price: int
    side: int


class _Shown(NamedTuple):
    """A line of the order book file: size by price for bids and asks, and its depth in levels."""

    sides: tuple[dict[int, int], dict[int, int]]
    depth: int


class Lobster:
    """Reads one pair of files, and verifies each against the other."""

    def __init__(self, run: ImportRun, market: ImportedMarket, book: LobsterBook, day: date) -> None:
        self._run = run
        self._begun = False
        self._market = market
        self._index = market.index
        self._midnight = midnight(day) - new_york_offset(day) * NS_PER_HOUR
        self._book = book

    def time(self, message: str) -> int:
        """The time of a message, nanoseconds since the Unix epoch; midnight if nobody can read it."""
        with suppress(*UNREADABLE):
            return self._midnight + decimal_seconds(message.partition(",")[0])
        return self._midnight

    def take(self, message: str, book: str) -> list[Row]:
        """Rows of one message, verified with the order book line after it."""
        time, kind, order, size, price, direction = _cells(message)[:6]
        name = _KINDS.get(kind)
        if name is None:
            raise Malformed(f"event type {kind!r} where 1 to 7 is expected")
        shown = self._shown(book)
        ts = self._run.monotonic(self._midnight + decimal_seconds(time))
        change = None if kind == "7" else self._change(kind, order, size, price, direction)
        rows = [] if self._begun else self._begin(ts, shown, change)
        rows += self._halt(ts, price) if change is None else self._event(ts, change)
        rows += self._verify(ts, shown)
        self._run.messages[name] += 1
        return rows + self._run.quoted(self._market, ts)

    def _change(self, kind: str, order: str, size: str, price: str, direction: str) -> _Change:
        side = _SIDES.get(direction)
        if side is None:
            raise Malformed(f"direction {direction!r} where 1 or -1 is expected")
        return _Change(kind, int(order), int(size), self._market.prices[_dollars(price)], side)

    def _begin(self, ts: int, shown: _Shown, change: _Change | None) -> list[Row]:
        """The rows of the book before the first message."""
        self._begun = True
        before = tuple(dict(levels) for levels in shown.sides)
        if change and change.kind in _BOOK_EFFECT:
            levels = before[change.side]
            levels[change.price] = levels.get(change.price, 0) + _BOOK_EFFECT[change.kind] * change.size
            if levels[change.price] <= 0:
                del levels[change.price]
        rows = [self._book.clear(ts)]
        for side in (BUY, SELL):
            fixed, _ = self._book.correct(ts, side, before[side], shown.depth)
            rows += fixed
        return rows

    def _event(self, ts: int, change: _Change) -> list[Row]:
        kind, order, size, price, side = change
        if kind == "1":
            return [self._book.add(ts, order, side, price, size)]
        if kind in {"2", "3"}:
            return self._book.reduce(ts, order, side, price, size)
        if kind == "4":
            self._market.trades += 1
            return [self._book.execute(ts, order, side, price, size, trade=self._market.trades)]
        aggressor = UNKNOWN if kind == "6" else 1 - side
        return [self._run.trade_of(self._market, ts, aggressor, price, size)]

    def _halt(self, ts: int, price: str) -> list[Row]:
        status = _HALTS.get(price)
        return [] if status is None else [(STATUS, self._index, ts, int(status))]

    def _shown(self, line: str) -> _Shown:
        try:
            cells = [int(cell) for cell in line.split(",")]
        except ValueError:
            raise Malformed("the order book line holds something that is no number") from None
        if len(cells) % 4:
            raise Malformed(f"{len(cells)} columns in the order book line where a multiple of 4 is expected")
        ticks = self._market.prices
        # Ask price, ask size, bid price, bid size; missing levels are padded with size 0.
        asks, bids = (
            {
                ticks[_dollars(str(price))]: size
                for price, size in zip(cells[at::4], cells[at + 1 :: 4], strict=True)
                if size
            }
            for at in (0, 2)
        )
        return _Shown((bids, asks), len(cells) // 4)

    def _verify(self, ts: int, shown: _Shown) -> list[Row]:
        rows: list[Row] = []
        for side in (BUY, SELL):
            if self._book.shows(side, shown.sides[side]):
                self._run.checked["book side equals the order book file"] += 1
                continue
            fixed, wrong = self._book.correct(ts, side, shown.sides[side], shown.depth)
            rows += fixed
            if wrong:
                self._run.gap(f"the order book file disagrees and is believed: {wrong}")
            else:
                self._run.checked["book side equals it but for levels that came into view or left it"] += 1
        return rows


@attrs.frozen
class _Pair:
    """A line of each of two files, and the time that orders it."""

    ts: int
    path: Path
    number: int
    message: str
    book: str
    state: Lobster


def _read_pair(run: ImportRun, messages: Path, books: Path, state: Lobster) -> Iterator[_Pair]:
    shown = _lines(run, books)
    for number, message in _lines(run, messages):
        book_number, book = next(shown, (0, ""))
        if not book_number:
            raise ConfigError(f"the order book file ends before line {number}", where=str(books))
        yield _Pair(state.time(message), messages, number, message, book, state)


def _rows(run: ImportRun) -> Iterator[list[Row]]:
    """Of several shares and days as one tape."""
    batch: list[Row] = []
    order_books = {name: LobsterBook(market) for name, market in run.markets.items()}
    sources = []
    for messages, books in _pairs(run):
        ticker, day = _day(run, messages)
        state = Lobster(run, run.markets[ticker], order_books[ticker], day)
        first = next(InputFile(messages, run.bounds, lambda _: None, 1).chunks(), [""])[0]
        sources.append((state.time(first), partial(_read_pair, run, messages, books, state)))
    for pair in by_time(sources, attrgetter("ts")):
        run.path, run.number = pair.path, pair.number
        try:
            batch += pair.state.take(pair.message, pair.book)
        except UNREADABLE as problem:
            run.malformed(problem)
        if len(batch) >= run.bounds.batch_rows:
            yield batch
            batch = []
    yield batch


IMPORTERS = (
    Importer(
        name="lobster",
        about="LOBSTER message and order book files, in pairs",
        symbol=share_symbol,
        scan=_scan,
        rows=_rows,
        notes=("Order ids from 10**12 on are made up: all orders of a level that came into view as one.",),
    ),
)
