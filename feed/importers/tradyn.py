"""
Messages of the Tradyn tick server, one a line, as ``feed tail`` prints them.

Every tick becomes a quote; ticks have no sizes, so they get one lot. Their time is the server's, in
milliseconds. With the connection option ``ext=seq`` a tick has its sequence number and that of the
previous tick of its instrument: these must be increasing and without gaps. The first quote of a
subscription has no previous one.

Source: "WebSocket API, Real-Time WebSocket Streaming" of the Tradyn documentation, section "Tick Data".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from feed.importers.numbers import json_decimal
from feed.importers.run import Importer, ImportRun
from feed.importers.symbols import Symbol, crypto_symbol, fx_symbol
from feed.importers.tables import Layout, ParseLine, drain, read_tables
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Row

_Last = tuple[int | None, bool]
"""Sequence number of the last tick of an instrument, and whether its ticks have previous numbers."""


class _Message(msgspec.Struct):
    type: str


class _Tick(msgspec.Struct):
    symbol: str
    bid: msgspec.Raw
    ask: msgspec.Raw
    time: int
    seq: int | None = None
    prev: int | None = None


_MESSAGE = msgspec.json.Decoder(_Message)
_TICK = msgspec.json.Decoder(_Tick)


def _symbol(name: str) -> Symbol:
    return crypto_symbol(name) if "-" in name else fx_symbol(name)


def _time(cells: list[str]) -> int:
    """That of a tick; other messages have none."""
    return _TICK.decode(cells[0]).time * NS_PER_MILLISECOND if _MESSAGE.decode(cells[0]).type == "tick" else 0


def _read(run: ImportRun, take: ParseLine) -> Iterator[list[Row]]:
    # A line is one cell, since no line contains the separator.
    def layout(_: Path, __: str) -> Layout:
        return Layout(take, ("message",), separator="\n", time=_time)

    return read_tables(run, layout)


def _scan(run: ImportRun) -> None:
    def take(cells: list[str]) -> tuple[()]:
        if _MESSAGE.decode(cells[0]).type == "tick":
            tick = _TICK.decode(cells[0])
            run.scan.add(tick.symbol, json_decimal(tick.bid), "1")
            run.scan.add(tick.symbol, json_decimal(tick.ask), "1")
        return ()

    drain(_read(run, take))


def _rows(run: ImportRun) -> Iterator[list[Row]]:
    last: dict[str, _Last] = {}

    def take(cells: list[str]) -> list[Row]:
        kind = _MESSAGE.decode(cells[0]).type
        rows = [_quote(run, _TICK.decode(cells[0]), last)] if kind == "tick" else []
        run.messages[kind] += 1
        return rows

    return _read(run, take)


def _quote(run: ImportRun, tick: _Tick, last: dict[str, _Last]) -> Row:
    market = run.markets[tick.symbol]
    if tick.seq is not None:
        before, chained = last.get(tick.symbol, (None, False))
        _check(run, tick, before, chained=chained)
        last[tick.symbol] = tick.seq, chained or tick.prev is not None
    ts = run.monotonic(tick.time * NS_PER_MILLISECOND)
    bid, ask = market.prices[json_decimal(tick.bid)], market.prices[json_decimal(tick.ask)]
    return run.quote(market, ts, (bid, 1, ask, 1))


def _check(run: ImportRun, tick: _Tick, before: int | None, *, chained: bool) -> None:
    """
    Check that a tick follows the previous one of its instrument; report a gap otherwise.

    Args:
        run: The import.
        tick: The tick.
        before: Sequence number of the previous tick; None for the first.
        chained: Whether earlier ticks of the instrument had previous numbers.
    """
    symbol, seq = tick.symbol, tick.seq or 0
    if before is None:
        run.checked["seq does not go back"] += 1
    elif seq < before:
        run.gap(f"seq of {symbol} went back: expected at least {before}, found {seq}")
    elif tick.prev is None and chained and seq != before:
        run.gap(f"ticks of {symbol} begin anew at {seq}: what was told after {before} may be missing")
    elif tick.prev is not None and before not in (tick.prev, seq):
        run.gap(f"ticks of {symbol} are missing: {seq} follows {tick.prev}, the last one here is {before}")
    else:
        run.checked["seq does not go back"] += 1


IMPORTERS = (
    Importer(
        name="tradyn",
        about="Messages of a Tradyn tick server, one a line, as feed tail prints them",
        symbol=_symbol,
        scan=_scan,
        rows=_rows,
        notes=("The source gives no sizes: one lot stands for them.",),
    ),
)
