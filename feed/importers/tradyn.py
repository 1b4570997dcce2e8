"""
Messages of the Tradyn tick server, one a line, as ``feed tail`` prints them.

Every tick is a quote; ticks have no sizes, so one lot stands for them. Their time is the server's, in
milliseconds. With the connection option ``ext=seq`` a tick says which event it tells of, and which one the
tick of its instrument before it told of: those of one instrument must not go back, and none may be missing.
The quote that a subscription begins with names none before it.

Source: "WebSocket API, Real-Time WebSocket Streaming" of the Tradyn documentation, section "Tick Data".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from feed.importers.run import Importer, Run
from feed.importers.symbols import Symbol, crypto, currencies
from feed.importers.tables import Layout, Take, exhaust, read_tables
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import QUOTE, Row

_Last = tuple[int | None, bool]
"""Sequence number of the last tick of an instrument, and whether its ticks name the ones before them."""


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
    return crypto(name) if "-" in name else currencies(name)


def _decimal(number: msgspec.Raw) -> str:
    return bytes(number).decode()


def _read(run: Run, take: Take) -> Iterator[list[Row]]:
    # A line is one cell: nothing in it separates.
    def layout(_: Path, __: str) -> Layout:
        return Layout(take, ("message",), separator="\n")

    return read_tables(run, layout)


def _survey(run: Run) -> None:
    def take(cells: list[str]) -> tuple[()]:
        if _MESSAGE.decode(cells[0]).type == "tick":
            tick = _TICK.decode(cells[0])
            run.survey.see(tick.symbol, _decimal(tick.bid), "1")
            run.survey.see(tick.symbol, _decimal(tick.ask), "1")
        return ()

    exhaust(_read(run, take))


def _rows(run: Run) -> Iterator[list[Row]]:
    last: dict[str, _Last] = {}

    def take(cells: list[str]) -> list[Row]:
        kind = _MESSAGE.decode(cells[0]).type
        rows = [_quote(run, _TICK.decode(cells[0]), last)] if kind == "tick" else []
        run.messages[kind] += 1
        return rows

    return _read(run, take)


def _quote(run: Run, tick: _Tick, last: dict[str, _Last]) -> Row:
    market = run.markets[tick.symbol]
    if tick.seq is not None:
        before, chained = last.get(tick.symbol, (None, False))
        _check(run, tick, before, chained=chained)
        last[tick.symbol] = tick.seq, chained or tick.prev is not None
    ts = run.clock(tick.time * NS_PER_MILLISECOND)
    row = (
        *(QUOTE, market.index, ts),
        *(market.prices[_decimal(tick.bid)], 1),
        *(market.prices[_decimal(tick.ask)], 1),
    )
    run.check_quote(market, row)
    return row


def _check(run: Run, tick: _Tick, before: int | None, *, chained: bool) -> None:
    """
    Whether a tick follows the one before it.

    Args:
        run: Told of what does not hold.
        tick: The tick.
        before: Sequence number of the one before it of its instrument; None when it is the first.
        chained: Whether its instrument's ticks have named the ones before them.
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
        survey=_survey,
        rows=_rows,
        notes=("The source gives no sizes: one lot stands for them.",),
    ),
)
