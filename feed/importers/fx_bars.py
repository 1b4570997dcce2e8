"""
Bars of bids and asks as CSV: a time, open, high, low and close a line.

Bids and asks are in two files whose names differ only in ``bid`` and ``ask``
(``EURUSD-m1-bid-2020.csv``), or in one file with columns such as ``BidOpen`` and ``ask_close``. The time
of a bar is its start.

A pair of bid and ask bars is replaced by four quotes, a quarter of its interval apart: open, high and
low in the order of the shorter path of the bids, and close.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

import attrs

from feed.errors import ConfigError
from feed.importers.files import InputFile
from feed.importers.run import UNREADABLE, ImportRun, Malformed
from feed.importers.times import names_time_zone, time_parser
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import Row

NOTE: Final = (
    "A pair of bid and ask bars is shown as four quotes in its time, one lot each: open, high and low in "
    "the order that goes the shorter way, close."
)
_FIELDS: Final = ("open", "high", "low", "close")
_TIMES: Final = ("", "time", "gmttime", "timestamp", "datetime", "date", "utc", "utctime", "localtime")
_SIDE: Final = re.compile(r"(?<![a-z])(bid|ask)s?(?![a-z])", re.IGNORECASE)


@attrs.frozen
class _Columns:
    """Indexes of the columns time, open, high, low and close of one side, and how a line is split."""

    cells: tuple[int, ...]
    separator: str
    header: bool


@attrs.frozen
class _Side:
    """File and columns of the bars of one side."""

    path: Path
    columns: _Columns


@attrs.frozen
class _Pair:
    """The bids and the asks of one instrument."""

    name: str
    bids: _Side
    asks: _Side


class _Bar(NamedTuple):
    time: int
    path: Path
    number: int
    prices: list[str]  # open, high, low, close


def zone_conflict(where: str) -> ConfigError:
    """The error for a UTC offset in the options when the times of the file have their own."""
    return ConfigError("the times of the file say their own zone", where=where, hint="leave --utc-offset out")


def pairs(run: ImportRun, name: Callable[[Path], str]) -> Bars | None:
    """
    The bars that the files of an import hold.

    Args:
        run: The import at hand.
        name: Gives the instrument of a file.
    Returns:
        None when there are no bars in them, but quotes.
    Raises:
        ConfigError: Bars of one side only; or quotes beside bars.
    """
    sides = {path: _sides(_first_line(run, path), run.options.columns) for path in run.paths}
    if not any(sides.values()):
        return None
    found: list[_Pair] = []
    alone: dict[tuple[str, str], _Side] = {}
    for path, columns in sides.items():
        if not columns:
            raise ConfigError("holds no bars, and others do", where=str(path), hint="import it by itself")
        if "bid" in columns and "ask" in columns:
            found.append(_Pair(name(path), _Side(path, columns["bid"]), _Side(path, columns["ask"])))
            continue
        side = _SIDE.search(path.name)
        if side is None:
            raise ConfigError(
                "its name does not say whether its bars are of bids or of asks",
                where=str(path),
                hint="name it so, such as EURUSD-bid.csv beside EURUSD-ask.csv",
            )
        key = _SIDE.sub("*", path.name), side[1].lower()
        alone[key] = _Side(path, columns[""])
    for (pattern, kind), one in alone.items():
        missing = "ask" if kind == "bid" else "bid"
        other = alone.get((pattern, missing))
        if other is None:
            wanted = pattern.replace("*", missing, 1)
            raise ConfigError(f"holds bars of {kind}s alone", where=str(one.path), hint=f"give {wanted} too")
        if kind == "bid":
            found.append(_Pair(name(one.path), one, other))
    return Bars(run, found)


def _first_line(run: ImportRun, path: Path) -> str:
    for lines in InputFile(path, run.bounds, lambda _: None, 1).chunks():
        return lines[0]
    return ""


def _sides(first: str, given: str) -> dict[str, _Columns]:
    """The columns of a first line by side: ``bid`` and ``ask``, or empty where no side is named."""
    separator = next((mark for mark in ";\t" if mark in first), ",")
    header = not re.search(r"\d", first)
    if not given and not header:
        return {}
    listed = given.split(",") if given else first.split(separator)
    names = [re.sub(r"[^a-z]", "", name.lower()) for name in listed]
    time = next((at for at, name in enumerate(names) if name in _TIMES), None)
    found = {}
    for side in ("bid", "ask", ""):
        cells = [_where(names, side, field) for field in _FIELDS]
        if time is not None and None not in cells:
            found[side] = _Columns((time, *[cell for cell in cells if cell is not None]), separator, header)
    return found


def _where(names: list[str], side: str, field: str) -> int | None:
    spellings = {f"{side}{field}", f"{field}{side}"} | ({f"{side}{field[0]}"} if side else set())
    return next((at for at, name in enumerate(names) if name in spellings), None)


class Bars:
    """
    Reads pairs of bid and ask bars, in both passes.

    Args:
        run: The import at hand.
        pairs: Where they are.
    """

    def __init__(self, run: ImportRun, pairs: list[_Pair]) -> None:
        self._run = run
        self._pairs = pairs

    def scan(self) -> None:
        """First pass: all prices, and the least time between two bars."""
        for pair in self._pairs:
            last, length = None, self._run.scan.spacing.get(pair.name)
            for side in (pair.bids, pair.asks):
                last = None
                for bar in _read(self._run, side):
                    for price in bar.prices:
                        self._see(pair.name, bar, price)
                    if last is not None and bar.time > last:
                        length = min(length or bar.time - last, bar.time - last)
                    last = bar.time
            if length is not None:
                self._run.scan.spacing[pair.name] = length

    def _see(self, name: str, bar: _Bar, price: str) -> None:
        self._run.path, self._run.number = bar.path, bar.number
        try:
            self._run.scan.add(name, price, "1")
        except UNREADABLE as problem:
            self._run.malformed(problem)

    def rows(self) -> Iterator[list[Row]]:
        """Second pass: the quotes of all instruments in the order of time."""
        streams = [self._quotes(pair) for pair in self._pairs]
        batch: list[Row] = []
        for time, path, number, name, (bid, ask) in heapq.merge(*streams, key=itemgetter(0)):
            self._run.path, self._run.number = path, number
            market, ts = self._run.markets[name], self._run.monotonic(time)
            batch.append(self._run.quote(market, ts, (bid, 1, ask, 1)))
            if len(batch) >= self._run.bounds.batch_rows:
                yield batch
                batch = []
        yield batch

    def _quotes(self, pair: _Pair) -> Iterator[tuple[int, Path, int, str, tuple[int, int]]]:
        """Time, file, line, instrument, bid and ask of each quote of a pair of bars."""
        prices = self._run.markets[pair.name].prices
        quarter = self._run.scan.spacing.get(pair.name, NS_PER_MINUTE) // 4
        for bid, ask in self._joined(pair):
            self._run.path, self._run.number = bid.path, bid.number
            try:
                bids, asks = ([prices[text] for text in bar.prices] for bar in (bid, ask))
                _check(bids)
                _check(asks)
            except UNREADABLE as problem:
                self._run.malformed(problem)
                continue
            self._run.messages["pair of bars"] += 1
            path = (0, 2, 1, 3) if bids[0] < bids[3] else (0, 1, 2, 3)
            for step, at in enumerate(path):
                yield bid.time + step * quarter, bid.path, bid.number, pair.name, (bids[at], asks[at])

    def _joined(self, pair: _Pair) -> Iterator[tuple[_Bar, _Bar]]:
        """Bid and ask bars of the same time; one without the other is a gap."""
        bids, asks = iter(_read(self._run, pair.bids)), iter(_read(self._run, pair.asks))
        bid, ask = next(bids, None), next(asks, None)
        while bid is not None or ask is not None:
            if bid is not None and ask is not None and bid.time == ask.time:
                yield bid, ask
                bid, ask = next(bids, None), next(asks, None)
            elif ask is None or (bid is not None and bid.time < ask.time):
                self._alone(bid, "ask")
                bid = next(bids, None)
            else:
                self._alone(ask, "bid")
                ask = next(asks, None)

    def _alone(self, bar: _Bar | None, missing: str) -> None:
        if bar is not None:
            self._run.path, self._run.number = bar.path, bar.number
            self._run.gap(f"expected a bar of {missing}s of the same time, found none; it is left out")


def _read(run: ImportRun, side: _Side) -> Iterator[_Bar]:
    """The bars of one file, without malformed ones if the import is lenient."""
    columns, source = side.columns, run.input(side.path)
    read: Callable[[str], int] | None = None
    ahead = int((run.options.utc_offset_hours or 0) * 3600 * NS_PER_SECOND)
    most = max(columns.cells) + 1
    for lines in source.chunks():
        for number, line in enumerate(lines, source.number):
            if not line or (number == 1 and columns.header):
                continue
            run.path, run.number = side.path, number
            cells = line.split(columns.separator)
            try:
                if len(cells) < most:
                    raise Malformed(f"{len(cells)} columns where {most} are expected")
                time, *prices = (cells[at] for at in columns.cells)
                if read is None:
                    read = time_parser(time)
                    if ahead and names_time_zone(time):
                        raise zone_conflict(run.where)
                bar = _Bar(read(time) - ahead, side.path, number, prices)
            except UNREADABLE as problem:
                run.malformed(problem)
            else:
                yield bar


def _check(bar: list[int]) -> None:
    opened, high, low, close = bar
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise Malformed("expected low <= open, close <= high")
