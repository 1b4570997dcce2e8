"""
What is traded, and in which units.

A price is an integer number of *ticks* and a size an integer number of *lots*, from the matching
engine to the edge. Only here are they turned into decimal text and back.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from math import gcd
from typing import Final

import attrs
from attrs.validators import ge, le

_MOST_DECIMALS: Final = 12


class OffGrid(ValueError):
    """A decimal that is not a whole number of ticks or lots, or no number at all."""


class Contract(enum.Enum):
    """What one lot of an instrument is."""

    SPOT = "spot"  # the base itself
    PERPETUAL = "perpetual"  # a future without expiry, kept near its underlying by funding
    PREDICTION = "prediction"  # pays 1 when its round ends with "up", else nothing


@attrs.frozen(kw_only=True)
class Instrument:
    """
    A tradable instrument on one venue.

    Attributes:
        symbol: Canonical name, such as ``BTC-USD`` or ``EURUSD``; where a pair is traded in several
            places, that of each further one ends in its venue: ``BTC-USD@kraken``.
        base: Base asset, which is bought and sold.
        quote: Quote asset, in which it is priced.
        price_decimals: Digits after the point in a price.
        tick: Smallest price step, integer units of ``10 ** -price_decimals``.
        size_decimals: Digits after the point in a size.
        lot: Smallest size step, integer units of ``10 ** -size_decimals``.
        asset_class: ``fx``, ``metal`` or ``crypto``.
        venue: Where it is traded, such as ``kraken``; empty if unknown.
        contract: Kind of contract.
        underlying: Symbol of the instrument that a derivative follows; empty for spot.
        timeframe: Length of a round of a prediction market, nanoseconds; 0 for anything else.
    """

    symbol: str
    base: str
    quote: str
    price_decimals: int = attrs.field(validator=[ge(0), le(_MOST_DECIMALS)])
    tick: int = attrs.field(default=1, validator=ge(1))
    size_decimals: int = attrs.field(validator=[ge(0), le(_MOST_DECIMALS)])
    lot: int = attrs.field(default=1, validator=ge(1))
    asset_class: str = "crypto"
    venue: str = ""
    contract: Contract = Contract.SPOT
    underlying: str = ""
    timeframe: int = attrs.field(default=0, validator=ge(0))

    @property
    def highest(self) -> int | None:
        """The highest price there can be, ticks: a prediction is worth less than 1. None for no bound."""
        return 10**self.price_decimals // self.tick - 1 if self.contract is Contract.PREDICTION else None

    @property
    def tick_size(self) -> Decimal:
        """The smallest price step, in quote currency."""
        return Decimal(self.tick).scaleb(-self.price_decimals)

    @property
    def lot_size(self) -> Decimal:
        """The smallest size step, in base currency."""
        return Decimal(self.lot).scaleb(-self.size_decimals)

    def price_text(self, ticks: int) -> str:
        """A price in plain decimals, always ``price_decimals`` digits: never ``1e-05``."""
        units = ticks * self.tick
        texts = _PRICES[self.price_decimals]
        if units < 0:
            return decimal_text(units, texts.decimals)
        return texts[units // texts.scale] + texts.endings[units % texts.scale]

    def size_text(self, lots: int) -> str:
        """A size in plain decimals, always ``size_decimals`` digits."""
        return decimal_text(lots * self.lot, self.size_decimals)

    def price_ticks(self, text: str) -> int:
        """
        Integer ticks of a decimal price.

        Raises:
            OffGrid: Not a finite decimal, or not a multiple of the tick size.
        """
        return _units(text, self.price_decimals, self.tick)

    def size_lots(self, text: str) -> int:
        """
        Integer lots of a decimal size.

        Raises:
            OffGrid: Not a finite decimal, or not a multiple of the lot size.
        """
        return _units(text, self.size_decimals, self.lot)


def decimal_text(units: int, decimals: int) -> str:
    """``units * 10 ** -decimals`` in plain decimals: ``decimal_text(-5, 2) == "-0.05"``."""
    if not decimals:
        return str(units)
    if units < 0:
        return "-" + decimal_text(-units, decimals)
    digits = str(units)
    if len(digits) <= decimals:
        digits = digits.zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


class _PriceTexts(dict[int, str]):
    """
    The texts of prices with so many decimals, put together of beginnings and endings of at most three digits.

    Prices stay near each other: their beginnings are few, and to look one up and add an ending takes a third
    of the time of :func:`decimal_text`, which was half of what a short message took.

    Attributes:
        decimals: Digits after the point.
        scale: Prices with the same beginning, that is the number of endings.
        endings: By the rest of a price after division by that number; the beginnings are the items here.
    """

    __slots__ = ("_cut", "decimals", "endings", "scale")

    def __init__(self, decimals: int) -> None:
        super().__init__()
        self.decimals = decimals
        self._cut = min(decimals, _ENDING_DIGITS)
        self.scale: int = 10**self._cut
        self.endings = tuple([f"{rest:0{self._cut}}" for rest in range(self.scale)] if decimals else [""])

    def __missing__(self, number: int) -> str:
        if len(self) >= _MOST_BEGINNINGS:
            self.clear()
        text = decimal_text(number * self.scale, self.decimals)
        found = self[number] = text[: len(text) - self._cut]
        return found


_ENDING_DIGITS: Final = 3
_MOST_BEGINNINGS: Final = 8192
_PRICES: Final = tuple([_PriceTexts(decimals) for decimals in range(_MOST_DECIMALS + 1)])


def proportions(steps: Iterable[Decimal]) -> tuple[int, ...]:
    """
    The smallest whole numbers in the proportion of tick sizes, or of lot sizes.

    ``proportions([Decimal("0.01"), Decimal("0.1")]) == (1, 10)``: a price of each times its number is
    in one unit.
    """
    steps = tuple(steps)
    decimals = max((-int(step.as_tuple().exponent) for step in steps), default=0)
    units = [int(step.scaleb(decimals)) for step in steps]
    common = gcd(*units)
    return tuple(unit // common for unit in units)


# No price or size on any market needs more; a longer text is an attack on the parser.
_LONGEST_NUMBER: Final = 40
# Decimal would also read spaces, underscores and the digits of other scripts.
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _units(text: str, decimals: int, step: int) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise OffGrid(f"{text[:_LONGEST_NUMBER]}... is too long for a number")
    if not _NUMBER.fullmatch(text):
        raise OffGrid(f"{text!r} is not a number")
    try:
        value = Decimal(text)
        if abs(value.adjusted()) > _LONGEST_NUMBER:
            raise OffGrid(f"{text} is out of range")
        scaled = value.scaleb(decimals)
        units = int(scaled)
    except InvalidOperation:
        raise OffGrid(f"{text} is out of range") from None
    if units != scaled or units % step:
        raise OffGrid(f"{text} is not a multiple of {decimal_text(step, decimals)}")
    return units // step


class Listing:
    """
    The instruments of a market, in their order. Position is the instrument's index in every event.

    Lookups accept the canonical symbol only; a dialect that spells symbols in a way of its own
    translates first.
    """

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._instruments = tuple(instruments)
        self._index = {item.symbol: at for at, item in enumerate(self._instruments)}
        if len(self._index) != len(self._instruments):
            raise ValueError("two instruments share a symbol")

    def __len__(self) -> int:
        return len(self._instruments)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._instruments)

    def __getitem__(self, index: int) -> Instrument:
        return self._instruments[index]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._index

    def index(self, symbol: str) -> int:
        """
        Index of a symbol.

        Raises:
            KeyError: No such symbol is listed.
        """
        return self._index[symbol]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol, in index order."""
        return tuple(self._index)
