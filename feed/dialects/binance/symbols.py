"""The exchange's symbols, and its decimals: always eight digits after the point."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import attrs

from feed.dialects.listed_pairs import ListedPairs
from feed.model.instruments import Instrument, Listing, decimal_text

NAME: Final = "binance"
"""Of the protocol, and of the venue whose symbols these are."""
DECIMALS: Final = 8
"""Digits after the point, in every price, quantity and amount."""


def symbol_name(instrument: Instrument) -> str:
    """What the exchange calls an instrument: ``BTCUSDT``."""
    return f"{instrument.base}{instrument.quote}".upper()


def amount_text(units: int) -> str:
    """``units * 10 ** -8``, always eight digits after the point."""
    digits = str(units)
    if units >= 0 and len(digits) > DECIMALS:  # nearly all
        return f"{digits[:-DECIMALS]}.{digits[-DECIMALS:]}"
    return decimal_text(units, DECIMALS)


def _rounded(number: int, by: int) -> int:
    """The nearest whole number to ``number / by``, halves up."""
    return (2 * number + by) // (2 * by)


@attrs.frozen(kw_only=True)
class Symbol:
    """
    A symbol of the exchange.

    Attributes:
        name: Such as ``BTCUSDT``.
        index: Of the instrument in the market's listing.
        instrument: It.
    """

    name: str
    index: int
    instrument: Instrument
    _price: tuple[int, int] = attrs.field(init=False, repr=False, eq=False)  # units of 1e-8: times, then by
    _size: tuple[int, int] = attrs.field(init=False, repr=False, eq=False)
    _value: tuple[int, int] = attrs.field(init=False, repr=False, eq=False)

    @_price.default
    def _price_scale(self) -> tuple[int, int]:
        return _scale(self.instrument.tick, self.instrument.price_decimals)

    @_size.default
    def _size_scale(self) -> tuple[int, int]:
        return _scale(self.instrument.lot, self.instrument.size_decimals)

    @_value.default
    def _value_scale(self) -> tuple[int, int]:
        it = self.instrument
        return _scale(it.tick * it.lot, it.price_decimals + it.size_decimals)

    @property
    def base(self) -> str:
        """What is bought and sold."""
        return self.instrument.base

    @property
    def quote(self) -> str:
        """What it is priced in."""
        return self.instrument.quote

    def price_text(self, ticks: int) -> str:
        """A price."""
        times, by = self._price
        return amount_text(ticks * times if by == 1 else _rounded(ticks * times, by))

    def size_text(self, lots: int) -> str:
        """A quantity of the base asset."""
        times, by = self._size
        return amount_text(lots * times if by == 1 else _rounded(lots * times, by))

    def value_text(self, ticks_lots: int) -> str:
        """An amount of the quote asset: the sum of price times quantity, in ticks times lots."""
        times, by = self._value
        return amount_text(ticks_lots * times if by == 1 else _rounded(ticks_lots * times, by))

    def ticks(self, units: int) -> int | None:
        """A price of so many units of 1e-8; None where it lies between two ticks."""
        times, by = self._price
        ticks, rest = divmod(units * by, times)
        return None if rest else ticks

    def lots(self, units: int) -> int | None:
        """A quantity of so many units of 1e-8; None where it lies between two lots."""
        times, by = self._size
        lots, rest = divmod(units * by, times)
        return None if rest else lots

    def price_units(self, ticks: int) -> int:
        """A price in units of 1e-8; a part of one is dropped."""
        times, by = self._price
        return ticks * times // by

    def average_text(self, ticks_lots: int, lots: int) -> str:
        """An average price, weighted by quantity; ``lots`` is above 0."""
        times, by = self._price
        return amount_text(_rounded(ticks_lots * times, by * lots))


def _scale(step: int, decimals: int) -> tuple[int, int]:
    """Factor and divisor from steps to units of 1e-8."""
    if decimals <= DECIMALS:
        return step * 10 ** (DECIMALS - decimals), 1
    return step, 10 ** (decimals - DECIMALS)


class Symbols(ListedPairs[Symbol]):
    """The symbols of one market, by their names in capitals."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(listing, venue=NAME, pair=_symbol, names=lambda symbol: (symbol.name,))


def _symbol(index: int, instrument: Instrument) -> Symbol:
    return Symbol(name=symbol_name(instrument), index=index, instrument=instrument)


@lru_cache(maxsize=8)  # a server has one listing, and a session for each client
def symbols(listing: Listing) -> Symbols:
    """The symbols of a listing."""
    return Symbols(listing)
