"""
From decimal text to integer ticks and lots, exactly and fast.

The files of an exchange do not say what its tick sizes are. A first pass over the input therefore
finds how many decimals each instrument's prices and sizes really use, trailing zeros aside; its
tick and lot are one unit of the last. Whoever knows better passes a :class:`Grid`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

import attrs

from feed.errors import ConfigError
from feed.importers.books import QuotedBook
from feed.importers.symbols import Symbol
from feed.model.instruments import Instrument

# Stricter than Decimal and int, which take blanks, underscores and the digits of any script.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# As many as an instrument may have decimals.
_POWERS = tuple(10**power for power in range(13))


@attrs.frozen
class Grid:
    """
    The steps of an instrument, as decimal text such as ``0.01`` or ``0.5``.

    Attributes:
        tick: Smallest price step, in quote currency.
        lot: Smallest size step, in base currency.
    """

    tick: str
    lot: str


class Units(dict[str, int]):
    """
    Decimal text to integer units, by lookup: ``units["0.50"]``.

    Prices and sizes repeat so much that remembering them beats computing them. The memory is
    bounded: when it is full it starts anew.

    Args:
        decimals: Digits after the point of one unit.
        step: How many units of the last digit one unit is.
        exact: The conversion of any text, or the error that there is none.
        most: Texts remembered.
    """

    def __init__(self, decimals: int, step: int, exact: Callable[[str], int], most: int) -> None:
        super().__init__()
        self._decimals = decimals
        self._exact = exact
        self._most = most
        self._plain = step == 1

    def __missing__(self, text: str) -> int:
        whole, _, part = text.partition(".")
        part = part.rstrip("0")
        digits = whole + part
        short = self._decimals - len(part)
        plain = self._plain and whole and short >= 0 and digits.isascii() and digits.isdigit()
        # Signs, exponents, other steps and mistakes are rare enough for the slow way.
        value = int(digits) * _POWERS[short] if plain else self._slowly(text)
        if len(self) >= self._most:
            self.clear()
        self[text] = value
        return value

    def _slowly(self, text: str) -> int:
        # What is no number at all is the line's fault, and must not look like a wrong grid.
        _decimals(text)
        return self._exact(text)


class Market:
    """
    One instrument of an import, and what is known of it so far.

    Attributes:
        index: Its place in the recording's listing.
        instrument: As the recording will show it.
        prices: Decimal text to ticks.
        sizes: Decimal text to lots.
        book: Its price levels.
        has_book: Whether the input holds its book, so that quotes come from there.
        trades: Trades so far; the next one's id is one more.
    """

    __slots__ = ("book", "has_book", "index", "instrument", "prices", "sizes", "trades")

    def __init__(self, index: int, instrument: Instrument, *, has_book: bool, numbers: int) -> None:
        self.index = index
        self.instrument = instrument
        self.prices = Units(instrument.price_decimals, instrument.tick, instrument.price_ticks, numbers)
        self.sizes = Units(instrument.size_decimals, instrument.lot, instrument.size_lots, numbers)
        self.book = QuotedBook(index)
        self.has_book = has_book
        self.trades = 0


class Decimals:
    """
    How many decimals the texts of one column really use, trailing zeros aside.

    Attributes:
        most: The answer so far.
    """

    def __init__(self) -> None:
        self.most = 0

    def note(self, text: str) -> None:
        """
        One more text.

        Raises:
            ValueError: It is not a finite decimal; only those that might be finer are looked at.
        """
        point = text.find(".")
        if point < 0:
            coarse = text.isdigit()
        else:
            finer = text[point + 1 + self.most :]
            coarse = not finer.strip("0") and "e" not in text and "E" not in text
        if not coarse:
            self.most = max(self.most, _decimals(text))


class SymbolScan:
    """
    What the first pass finds: which instruments there are, and how many decimals they use.

    Attributes:
        books: Names of the instruments whose book is in the input.
        updates: Names of those with changes of a book, which mean something after a snapshot only.
        spacing: How far bars are apart at least, nanoseconds, by name.
        trades: Names of those whose single trades are, where there may be aggregates beside them.
    """

    def __init__(self, numbers: int) -> None:
        self.books: dict[str, None] = {}
        self.updates: dict[str, None] = {}
        self.trades: dict[str, None] = {}
        self.spacing: dict[str, int] = {}
        self._numbers = numbers
        self._columns: dict[str, tuple[Decimals, Decimals]] = {}

    def of(self, name: str) -> tuple[Decimals, Decimals]:
        """The prices and the sizes of instrument ``name``, in the source's spelling."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = (Decimals(), Decimals())
        return found

    def see(self, name: str, price: str, size: str) -> None:
        """A price and a size of instrument ``name``."""
        prices, sizes = self.of(name)
        prices.note(price)
        sizes.note(size)

    def markets(self, symbol: Callable[[str], Symbol], grids: Mapping[str, Grid]) -> dict[str, Market]:
        """
        One market for every instrument seen, in order of appearance.

        Args:
            symbol: From the source's name to the canonical one.
            grids: Steps that are known, by canonical symbol.
        Raises:
            ConfigError: A grid that is no decimal, or one for an instrument that is not there.
        """
        found = {}
        for index, name in enumerate(self._columns):
            instrument = self._instrument(name, symbol(name), grids)
            found[name] = Market(index, instrument, has_book=name in self.books, numbers=self._numbers)
        known = [market.instrument.symbol for market in found.values()]
        for extra in grids:
            if extra not in known:
                raise ConfigError(
                    f"no instrument {extra} in the input", where="grid", hint="there are " + ", ".join(known)
                )
        return found

    def _instrument(self, name: str, symbol: Symbol, grids: Mapping[str, Grid]) -> Instrument:
        prices, sizes = self._columns[name]
        price_decimals, tick = prices.most, 1
        size_decimals, lot = sizes.most, 1
        if symbol.name in grids:
            grid = grids[symbol.name]
            price_decimals, tick = _step(grid.tick, symbol.name)
            size_decimals, lot = _step(grid.lot, symbol.name)
        return Instrument(
            symbol=symbol.name,
            base=symbol.base,
            quote=symbol.quote,
            price_decimals=price_decimals,
            tick=tick,
            size_decimals=size_decimals,
            lot=lot,
            asset_class=symbol.asset_class,
        )


def _decimals(text: str) -> int:
    """Decimals that a number really uses; trailing zeros do not count."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    if text.isdigit():
        return 0
    if "e" not in text and "E" not in text:
        return len(text.partition(".")[2].rstrip("0"))
    exponent = Decimal(text).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _step(text: str, symbol: str) -> tuple[int, int]:
    """Decimals and units of a step: ``0.50`` is 5 units of one decimal."""
    try:
        decimals = _decimals(text)
    except ValueError as problem:
        raise ConfigError(str(problem), where=f"grid of {symbol}") from None
    units = int(Decimal(text).scaleb(decimals))
    if units < 1:
        raise ConfigError(f"{text} is not a step", where=f"grid of {symbol}", hint="it must be above 0")
    return decimals, units
