"""From decimal text to integer ticks and lots, exactly and fast."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import attrs
import msgspec

from feed.errors import ConfigError

# Stricter than Decimal and int, which take blanks, underscores and the digits of any script.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# Longer ones are no prices; the recording's integers have a bound as well.
_LONGEST = 40
# An instrument has at most 12 decimals.
_POWERS = tuple(10**power for power in range(13))


@attrs.frozen
class Grid:
    """
    Tick and lot size of an instrument, as decimal text such as ``0.01`` or ``0.5``.

    Attributes:
        tick: Smallest price step, in quote currency.
        lot: Smallest size step, in base currency.
    """

    tick: str
    lot: str


class Units(dict[str, int]):
    """
    A cache of decimal text to integer ticks or lots: ``units["0.50"]``.

    Prices and sizes repeat so often that a lookup is faster than a conversion. The cache is bounded:
    it is emptied when it is full.

    Args:
        decimals: Decimals of one unit (``price_decimals`` or ``size_decimals``).
        step: Size of one unit, in units of the last decimal.
        exact: Converts any text; raises an error for one that is no multiple of the unit.
        most: Bound on the entries.
        signed: Whether a number may be below 0, as the price of a spread; sizes never are.
    """

    def __init__(
        self, decimals: int, step: int, exact: Callable[[str], int], most: int, *, signed: bool = True
    ) -> None:
        super().__init__()
        self._decimals = decimals
        self._exact = exact
        self._most = most
        self._plain = step == 1
        self._signed = signed

    def __missing__(self, text: str) -> int:
        whole, _, part = text.partition(".")
        part = part.rstrip("0")
        digits = whole + part
        short = self._decimals - len(part)
        plain = self._plain and whole and short >= 0 and digits.isascii() and digits.isdigit()
        plain = plain and len(digits) <= _LONGEST
        # Signs, exponents, other steps and malformed text are rare enough for the slow conversion.
        value = int(digits) * _POWERS[short] if plain else self._slowly(text)
        if value < 0 and not self._signed:
            raise ValueError(f"{text} is below 0")
        if len(self) >= self._most:
            self.clear()
        self[text] = value
        return value

    def _slowly(self, text: str) -> int:
        # Text that is no number is an error of the line, and must not be reported as a wrong grid.
        decimal_places(text)
        return self._exact(text)


def json_decimal(number: msgspec.Raw) -> str:
    """A JSON number, or a text with one, digit by digit as it was written: a float would lose some."""
    return bytes(number).decode().strip('"')


class DecimalPlaces:
    """
    The largest number of decimals that the texts of one column use, trailing zeros aside.

    Attributes:
        most: That number so far.
    """

    def __init__(self) -> None:
        self.most = 0

    def add(self, text: str) -> None:
        """
        Take another text into account.

        Raises:
            ValueError: It is not a finite decimal. Checked only where it may have more decimals.
        """
        point = text.find(".")
        if point < 0:
            coarse = text.isdigit()
        else:
            finer = text[point + 1 + self.most :]
            coarse = not finer.strip("0") and "e" not in text and "E" not in text
        if not coarse:
            self.most = max(self.most, decimal_places(text))


def decimal_places(text: str) -> int:
    """
    The number of decimals of a number without its trailing zeros.

    Raises:
        ValueError: It is no number, or one that no instrument has.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"{text[:_LONGEST]}... is too long for a number")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    if text.isdigit():
        return 0
    if "e" not in text and "E" not in text:
        found = len(text.partition(".")[2].rstrip("0"))
    else:
        number = Decimal(text)
        if number and number.adjusted() > _LONGEST:
            raise ValueError(f"{text} is out of range")
        found = max(0, -int(number.normalize().as_tuple().exponent))
    if found >= len(_POWERS):
        raise ValueError(f"{text} has more than {len(_POWERS) - 1} decimals")
    return found


def grid_step(text: str, symbol: str) -> tuple[int, int]:
    """
    Decimals of a tick or lot size, and its size in units of the last: ``0.50`` is 5 units of 1 decimal.

    Raises:
        ConfigError: No number, or 0; names the ``symbol``.
    """
    try:
        decimals = decimal_places(text)
    except ValueError as problem:
        raise ConfigError(str(problem), where=f"grid of {symbol}") from None
    units = int(Decimal(text).scaleb(decimals))
    if units < 1:
        raise ConfigError(f"{text} is not a step", where=f"grid of {symbol}", hint="it must be above 0")
    return decimals, units
