"""
From decimal text to integer ticks and lots, exactly and fast.

The files of an exchange do not say what its tick sizes are. A first pass over the input therefore
finds how many decimals each instrument's prices and sizes really use, trailing zeros aside; its
tick and lot are one unit of the last. Whoever knows better passes a :class:`Grid`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

import attrs

from feed.errors import ConfigError
from feed.model.instruments import Instrument
from feed.scenario.importers.books import Book
from feed.scenario.importers.symbols import Symbol

_POWERS = tuple(10**power for power in range(19))


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
        exact: The conversion of any text, or the error that there is none.
        most: Texts remembered.
    """

    def __init__(self, decimals: int, exact: Callable[[str], int], most: int) -> None:
        super().__init__()
        self._decimals = decimals
        self._exact = exact
        self._most = most
        self._plain = exact("1") == _POWERS[decimals] if decimals < len(_POWERS) else False

    def __missing__(self, text: str) -> int:
        whole, _, part = text.partition(".")
        part = part.rstrip("0")
        digits = whole + part
        short = self._decimals - len(part)
        if self._plain and short >= 0 and len(digits) < 16 and digits.isascii() and digits.isdigit() and whole:
            value = int(digits) * _POWERS[short]
        else:
            value = self._exact(text)
        if len(self) >= self._most:
            self.clear()
        self[text] = value
        return value


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
        self.prices = Units(instrument.price_decimals, instrument.price_ticks, numbers)
        self.sizes = Units(instrument.size_decimals, instrument.size_lots, numbers)
        self.book = Book(index)
        self.has_book = has_book
        self.trades = 0


class Survey:
    """
    What the first pass finds: which instruments there are, and how many decimals they use.

    Attributes:
        books: Names of the instruments whose book is in the input, in order of appearance.
    """

    def __init__(self) -> None:
        self.books: dict[str, None] = {}
        self._prices: dict[str, int] = {}
        self._sizes: dict[str, int] = {}

    def price(self, name: str, text: str) -> None:
        """A price of instrument ``name``."""
        _note(self._prices, name, text)

    def size(self, name: str, text: str) -> None:
        """A size of instrument ``name``."""
        _note(self._sizes, name, text)

    def see(self, name: str, price: str, size: str) -> None:
        """A price and a size of instrument ``name``."""
        _note(self._prices, name, price)
        _note(self._sizes, name, size)

    def markets(
        self, symbol: Callable[[str], Symbol], grids: Mapping[str, Grid], numbers: int
    ) -> dict[str, Market]:
        """
        One market for every instrument seen, in order of appearance.

        Args:
            symbol: From the source's name to the canonical one.
            grids: Steps that are known, by canonical symbol.
            numbers: Decimal texts each market remembers per column.
        Raises:
            ConfigError: A grid that is no decimal, or one for an instrument that is not there.
        """
        found = {}
        for index, name in enumerate(self._prices):
            instrument = self._instrument(name, symbol(name), grids)
            found[name] = Market(index, instrument, has_book=name in self.books, numbers=numbers)
        known = [market.instrument.symbol for market in found.values()]
        for extra in grids:
            if extra not in known:
                raise ConfigError(
                    f"no instrument {extra} in the input", where="grid", hint="there are " + ", ".join(known)
                )
        return found

    def _instrument(self, name: str, symbol: Symbol, grids: Mapping[str, Grid]) -> Instrument:
        price_decimals, tick = self._prices[name], 1
        size_decimals, lot = self._sizes.get(name, 0), 1
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


def _note(most: dict[str, int], name: str, text: str) -> None:
    point = text.find(".")
    if point < 0:
        # Without a point it is a whole number, except for the likes of "1e-7".
        decimals = 0 if text.isdigit() else _odd(text)
    else:
        decimals = len(text) - point - 1
        if decimals > most.get(name, -1):
            decimals = len(text.rstrip("0")) - point - 1 if text.replace(".", "", 1).isdigit() else _odd(text)
    if decimals > most.get(name, -1):
        most[name] = decimals


def _odd(text: str) -> int:
    try:
        value = Decimal(text).normalize()
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{text!r} is not a finite number")  # noqa: TRY004 - the text is at fault
    return max(0, -exponent)


def _step(text: str, symbol: str) -> tuple[int, int]:
    """Decimals and units of a step: ``0.50`` is 5 units of one decimal."""
    try:
        decimals = _odd(text)
    except ValueError as problem:
        raise ConfigError(str(problem), where=f"grid of {symbol}") from None
    units = int(Decimal(text).scaleb(decimals))
    if units < 1:
        raise ConfigError(f"{text} is not a step", where=f"grid of {symbol}", hint="it must be above 0")
    return decimals, units
