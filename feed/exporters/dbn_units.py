"""
Prices and sizes of DBN: integers of 1e-9 in 64 bits, and whole numbers in 32 bits.

A size counts lots, and the definition of the instrument says what a lot is. Where the largest size of an
instrument does not fit into 32 bits, its sizes count 10, 100, ... lots, and are rounded up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import attrs

from feed.exporters.run import ExportRun
from feed.importers.dbn_instruments import SCALE
from feed.model.events import ADD, LEVEL, QUOTE, REDUCE, TRADE, Row
from feed.model.instruments import Instrument

_MOST: Final = 2**32 - 1
# Where sizes stand in rows.
_SIZES: Final = {ADD: (6, 7), REDUCE: (6, 7), TRADE: (6, 10), LEVEL: (5,), QUOTE: (4, 6)}


class Change(NamedTuple):
    """
    What a record says, in the units of DBN.

    Attributes:
        action: ``A`` add, ``C`` cancel, ``M`` modify, ``R`` clear, ``T`` trade, ``F`` fill.
        side: ``B`` bid, ``A`` ask, ``N`` none.
        price: Units of 1e-9.
        size: Units of sizes.
        order: Id of the order; of a ``T`` that of the taker.
        flags: The bits of the record.
    """

    action: str
    side: str
    price: int
    size: int
    order: int = 0
    flags: int = 0


@attrs.frozen
class Units:
    """
    The units of one instrument.

    Attributes:
        price_unit: A tick, in units of 1e-9.
        lots: Lots in one unit of a size, a power of ten.
    """

    price_unit: int
    lots: int

    def price(self, ticks: int) -> int:
        """Units of 1e-9."""
        return ticks * self.price_unit

    def size(self, lots: int) -> int:
        """Units of sizes, rounded up: what is there is not 0."""
        return -(-lots // self.lots)


@attrs.define
class Contents:
    """
    What a first pass over a recording finds.

    Attributes:
        kinds: The kinds of rows of the instruments that are wanted.
        first, last: Time of the first and last event, nanoseconds since the Unix epoch.
        largest: The largest size of an order, a trade, a level or a quote, by instrument, lots.
    """

    kinds: dict[int, None]
    first: int
    last: int
    largest: dict[int, int]

    @classmethod
    def of(cls, run: ExportRun) -> Contents:
        """Read the recording once."""
        found = cls({}, run.header.start, run.header.start, {})
        wanted = run.instruments
        begun = False
        for rows in run.blocks():
            for row in rows:
                if row[1] in wanted:
                    found.kinds[row[0]] = None
                    found._take(row)
            if rows:
                if not begun:
                    found.first, begun = min(found.first, rows[0][2]), True
                found.last = max(found.last, rows[-1][2])
        return found

    def _take(self, row: Row) -> None:
        for place in _SIZES.get(row[0], ()):
            if row[place] > self.largest.get(row[1], 0):
                self.largest[row[1]] = row[place]


def units(run: ExportRun, largest: dict[int, int]) -> dict[int, Units]:
    """
    The units of each instrument that DBN can say; the others are left out of ``run.instruments``.

    Args:
        run: The export; its notes say whose sizes are rounded, and what is left out.
        largest: The largest size by instrument, lots.
    """
    found: dict[int, Units] = {}
    rounded: dict[int, list[str]] = {}
    for at, item in list(run.instruments.items()):
        unit = _price_unit(item)
        if unit is None or item.size_decimals > SCALE:
            run.notes.append(f"{item.symbol} is left out: DBN has {SCALE} decimals")
            del run.instruments[at]
            continue
        lots = next(lots for lots in _powers() if largest.get(at, 0) <= _MOST * lots)
        if lots > 1:
            rounded.setdefault(lots, []).append(item.symbol)
        found[at] = Units(unit, lots)
    for lots, symbols in sorted(rounded.items()):
        run.notes.append(
            f"sizes are in units of {lots} lots, rounded up, since DBN has 32 bits: {', '.join(symbols)}"
        )
    return found


def _powers() -> Iterator[int]:
    power = 1
    while True:
        yield power
        power *= 10


def _price_unit(item: Instrument) -> int | None:
    """A tick in units of 1e-9; None where it is no whole number of them."""
    if item.price_decimals <= SCALE:
        return item.tick * int(10 ** (SCALE - item.price_decimals))
    finer = int(10 ** (item.price_decimals - SCALE))
    return item.tick // finer if item.tick % finer == 0 else None
