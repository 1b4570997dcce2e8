"""
What ``feed tail`` shows on a terminal: lines, a table, or the ladder of a book.

Green is up and red is down, seen from the last price of the same instrument.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import attrs
from rich.table import Table
from rich.text import Text

from feed.client import (
    Book,
    CandleChanged,
    Event,
    LevelSet,
    Listed,
    Message,
    OrderSet,
    Quote,
    Side,
    State,
    Ticker,
    Trade,
)
from feed.model.directory import Directory
from feed.model.durations import NS_PER_SECOND

_STYLES = {True: "green", False: "red", None: ""}


def direction(before: int | None, after: int) -> bool | None:
    """True for up, False for down, None for neither."""
    return None if before is None or before == after else after > before


@attrs.define
class _Row:
    """The last of one instrument: prices in ticks, and where each came from."""

    bid: tuple[int, bool | None] | None = None
    ask: tuple[int, bool | None] | None = None
    last: tuple[int, bool | None] | None = None
    ts: int = 0
    updates: int = 0


class Screen:
    """Remembers the last prices."""

    def __init__(self, instruments: Directory) -> None:
        self._instruments = instruments
        self._rows: dict[int, _Row] = {}

    def show(self, event: Event) -> Text | None:
        """The line for an event; None for those that lines do not show, such as single price levels."""
        row = self._rows.setdefault(event.instrument, _Row())
        if isinstance(event, LevelSet | OrderSet):
            return None
        row.ts, row.updates = event.ts, row.updates + 1
        instrument = self._instruments[event.instrument]
        line = Text(f"{clock(event.ts)}  {instrument.symbol:<10} ")
        match event:
            case Quote():
                row.bid, row.ask = _moved(row.bid, event.bid), _moved(row.ask, event.ask)
                if isinstance(event, Ticker):
                    row.last = _moved(row.last, event.price)
                line.append_text(_price(instrument.price_text, row.bid)).append(" / ")
                line.append_text(_price(instrument.price_text, row.ask))
            case Trade():
                row.last = _moved(row.last, event.price)
                side = event.aggressor.name.lower() if event.aggressor is not None else ""
                line.append_text(_price(instrument.price_text, row.last))
                line.append(f"  {instrument.size_text(event.size)} {side}")
            case CandleChanged(candle=candle):
                row.last = _moved(row.last, candle.close)
                figures = (candle.open, candle.high, candle.low)
                line.append(" ".join(instrument.price_text(price) for price in figures)).append(" ")
                line.append_text(_price(instrument.price_text, row.last))
                line.append(f"  {instrument.size_text(candle.volume)}{' closed' if event.closed else ''}")
            case _:
                return None
        return line

    def table(self) -> Table:
        """All instruments, each in one row."""
        table = Table("Symbol", box=None)
        for heading in ("Bid", "Ask", "Last", "Time", "Updates"):
            table.add_column(heading, justify="right")
        for index, row in self._rows.items():
            instrument = self._instruments[index]
            prices = [_price(instrument.price_text, price) for price in (row.bid, row.ask, row.last)]
            table.add_row(instrument.symbol, *prices, clock(row.ts), str(row.updates))
        return table


def ladder(book: Book | None, symbol: str, depth: int) -> Table:
    """The best levels of a book, asks above bids, each size with a bar beside it."""
    state = "in sync" if book is not None and book.in_sync else "[red]not in sync[/red]"
    seq = book.seq if book is not None else 0
    table = Table(title=f"{symbol}  #{seq}  {state}", box=None)
    table.add_column("Price", justify="right")
    table.add_column("Size", justify="right")
    table.add_column("", min_width=20)
    if book is None:
        return table
    sides = {side: book.levels(side, depth) for side in Side}
    most = max([lots for levels in sides.values() for _, lots in levels], default=1)
    price, size = book.instrument.price_text, book.instrument.size_text
    for side, style in ((Side.SELL, "red"), (Side.BUY, "green")):
        levels = sides[side]
        for at, lots in reversed(levels) if side is Side.SELL else levels:
            bar = "█" * max(1, lots * 20 // most)
            table.add_row(Text(price(at), style), size(lots), Text(bar, style))
    return table


def state_line(state: State) -> Text | None:
    """A line for a state of the feed; None for those that are not shown."""
    if isinstance(state, Listed | Message):
        return None
    fields = " ".join(
        f"{name}={value}"
        for name, value in attrs.asdict(state, recurse=False).items()
        if value not in ("", 0, None)
    )
    return Text(f"{type(state).__name__.lower()} {fields}".rstrip(), "dim")


def clock(ts: int) -> str:
    """Market time of the day, to the millisecond."""
    moment = datetime.fromtimestamp(ts // NS_PER_SECOND, UTC)
    return f"{moment:%H:%M:%S}.{ts // 1_000_000 % 1000:03}"


def _moved(before: tuple[int, bool | None] | None, after: int) -> tuple[int, bool | None]:
    return after, direction(before[0] if before else None, after)


def _price(text: Callable[[int], str], moved: tuple[int, bool | None] | None) -> Text:
    if moved is None:
        return Text("")
    return Text(text(moved[0]), _STYLES[moved[1]])
