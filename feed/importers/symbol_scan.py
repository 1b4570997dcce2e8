"""
The first pass of an import: which instruments there are, and what their smallest units are.

The files of an exchange do not say what its tick sizes are. A first pass over the input therefore
counts how many decimals the prices and sizes of each instrument use, trailing zeros aside; tick and
lot are one unit of the last decimal. Where the input has the exchange's own definition of an instrument,
its steps are used, if every price and size is a multiple of them. An import that knows better passes a
:class:`Grid`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Decimal
from itertools import chain

import attrs

from feed.errors import ConfigError
from feed.importers.books import ImportedMarket
from feed.importers.numbers import DecimalPlaces, Grid, decimal_places, grid_step
from feed.importers.symbols import Symbol
from feed.model.instruments import Instrument

# An instrument has at most 12 decimals.
_FINEST = 12


@attrs.frozen(kw_only=True)
class Definition:
    """
    What an exchange says of an instrument, in decimal text; empty where it does not.

    Attributes:
        tick: Smallest price step.
        lot: Smallest size step.
        base: Base asset.
        quote: Quote asset.
    """

    tick: str = ""
    lot: str = ""
    base: str = ""
    quote: str = ""


class _Step:
    """A step that an exchange has told, until a number is no multiple of it: then ``text`` is empty."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._units = _units(text) if text else 0
        if self._units < 1:
            self.text = ""

    def check(self, number: str) -> None:
        if self.text and _units(number) % self._units:
            self.text = ""


def _units(text: str) -> int:
    decimal_places(text)  # Decimal takes more than a number
    return int(Decimal(text).scaleb(_FINEST))


class SymbolScan:
    """
    What the first pass finds. Names of instruments are in the source's spelling.

    Args:
        numbers: Bound on the entries of each cache of decimal text, for the second pass.

    Attributes:
        books: Instruments whose book is in the input.
        updates: Instruments with incremental book updates, which need a snapshot before them.
        spacing: Least time between two bars of an instrument, nanoseconds.
        trades: Instruments with single trades, for sources that may have aggregate trades besides.
        sources: Where records have numbers and several schemas: the instrument's name and the schema that is
            read of it, by what such a record says of itself.
        described: Instruments whose units the input says itself; a grid of the user comes before it.
        best_books: Rank of the best book of an instrument, where the input may have several: such as its
            levels a side.
    """

    def __init__(self, numbers: int) -> None:
        self.books: dict[str, None] = {}
        self.updates: dict[str, None] = {}
        self.trades: dict[str, None] = {}
        self.spacing: dict[str, int] = {}
        self.sources: dict[Hashable, tuple[str, str]] = {}
        self.described: dict[str, Instrument] = {}
        self.best_books: dict[str, int] = {}
        self._numbers = numbers
        self._columns: dict[str, tuple[DecimalPlaces, DecimalPlaces]] = {}
        self._definitions: dict[str, Definition] = {}
        self._steps: dict[str, tuple[_Step, _Step]] = {}

    def define(self, name: str, definition: Definition) -> None:
        """Take what the exchange says of an instrument, unless prices came before it, which are of before."""
        if name not in self._columns:
            self._definitions[name] = definition
            self._steps[name] = (_Step(definition.tick), _Step(definition.lot))

    @property
    def stepless(self) -> list[str]:
        """Instruments whose steps the exchange does not tell, or of which a number is no multiple."""
        none = (_Step(""), _Step(""))
        return [name for name in self._columns if not all(step.text for step in self._steps.get(name, none))]

    def decimals_of(self, name: str) -> tuple[DecimalPlaces, DecimalPlaces]:
        """Decimals of the prices and of the sizes of an instrument so far."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = (DecimalPlaces(), DecimalPlaces())
        return found

    def add(self, name: str, price: str, size: str) -> None:
        """Take a price and a size of an instrument into account."""
        prices, sizes = self.decimals_of(name)
        prices.add(price)
        sizes.add(size)
        if steps := self._steps.get(name):
            steps[0].check(price)
            steps[1].check(size)

    def add_levels(self, name: str, *sides: Iterable[tuple[str, str]]) -> None:
        """Take the price and size of each level of an instrument's book into account."""
        for price, size in chain(*sides):
            self.add(name, price, size)

    def markets(
        self, symbol: Callable[[str], Symbol], grids: Mapping[str, Grid]
    ) -> dict[str, ImportedMarket]:
        """
        The instruments found, by name, in order of appearance.

        Args:
            symbol: From the source's name to the canonical one.
            grids: Known tick and lot sizes by canonical symbol; they replace those found.
        Raises:
            ConfigError: A grid that is no decimal, or one for an instrument that is not in the input.
        """
        found = {}
        for index, name in enumerate(self._columns):
            instrument = self._instrument(name, symbol(name), grids)
            found[name] = ImportedMarket(
                index, instrument, has_book=name in self.books, numbers=self._numbers
            )
        known = [market.instrument.symbol for market in found.values()]
        for extra in grids:
            if extra not in known:
                raise ConfigError(
                    f"no instrument {extra} in the input", where="grid", hint="there are " + ", ".join(known)
                )
        return found

    def _instrument(self, name: str, symbol: Symbol, grids: Mapping[str, Grid]) -> Instrument:
        prices, sizes = self._columns[name]
        described = self.described.get(name)
        if described is not None:
            return described if symbol.name not in grids else _regridded(described, grids[symbol.name])
        told = self._definitions.get(name, Definition())
        tick, lot = (step.text for step in self._steps.get(name, (_Step(""), _Step(""))))
        if symbol.name in grids:
            tick, lot = grids[symbol.name].tick, grids[symbol.name].lot
        price_decimals, price_step = grid_step(tick, symbol.name) if tick else (prices.most, 1)
        size_decimals, size_step = grid_step(lot, symbol.name) if lot else (sizes.most, 1)
        return Instrument(
            symbol=symbol.name,
            base=told.base or symbol.base,
            quote=told.quote or symbol.quote,
            price_decimals=price_decimals,
            tick=price_step,
            size_decimals=size_decimals,
            lot=size_step,
            asset_class=symbol.asset_class,
        )


def _regridded(instrument: Instrument, grid: Grid) -> Instrument:
    price_decimals, tick = grid_step(grid.tick, instrument.symbol)
    size_decimals, lot = grid_step(grid.lot, instrument.symbol)
    return attrs.evolve(
        instrument, price_decimals=price_decimals, tick=tick, size_decimals=size_decimals, lot=lot
    )
