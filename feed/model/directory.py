"""The instruments that a client knows from messages: their symbols, and their decimals as seen so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TypeVar

import attrs

from feed.model.instruments import Instrument, OffGrid
from feed.model.symbols import in_dollars, plain

_LONGEST_NUMBER = 40

T = TypeVar("T")


class Directory:
    """
    The instruments that messages have named, in the order in which they came up.

    A published protocol sends symbols and decimals and no list of instruments. Here a symbol gets an
    index, and as many decimals as the longest price or size that was seen. When a longer one comes,
    the instrument is replaced by a finer one, and is among :attr:`changed`: integer prices of before
    were counted in coarser ticks.

    Attributes:
        changed: Indexes of instruments that are new or finer since it was last emptied.
    """

    def __init__(self) -> None:
        self._instruments: list[Instrument] = []
        self._index: dict[str, int] = {}
        self.changed: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._instruments)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._instruments)

    def __getitem__(self, index: int) -> Instrument:
        return self._instruments[index]

    def find(self, symbol: str) -> int | None:
        """
        Index of a symbol, None when no message has named it.

        One that no message has spelled so is that of the first which a server can have meant by it
        (:mod:`feed.model.symbols`): who asks for ``BTC/USDT`` may be told of ``BTC-USD``.
        """
        found = self._index.get(symbol)
        if found is not None:
            return found
        known = {plain(one): at for one, at in reversed(self._index.items())}
        wanted = plain(symbol)
        return known.get(wanted, known.get(in_dollars(wanted) or ""))

    def index(self, symbol: str) -> int:
        """Index of a symbol, which is given one when it is new."""
        found = self._index.get(symbol)
        if found is None:
            found = self._index[symbol] = len(self._instruments)
            self._instruments.append(
                Instrument(
                    symbol=symbol, base=symbol, quote="", price_decimals=0, size_decimals=0, asset_class=""
                )
            )
            self.changed[found] = None
        return found

    def price(self, index: int, text: str) -> int:
        """
        Integer ticks of a decimal price.

        Raises:
            OffGrid: Not a number in plain or scientific decimals.
        """
        units, decimals = _units(text, self._instruments[index].price_decimals)
        if decimals:
            self._replace(index, lambda old: attrs.evolve(old, price_decimals=decimals))
        return units

    def prices(self, index: int, *texts: str) -> list[int]:
        """
        Integer ticks of decimal prices, all of one length of tick.

        Raises:
            OffGrid: One is not a number in plain or scientific decimals.
        """
        return self.settled(index, lambda: [self.price(index, text) for text in texts])

    def settled(self, index: int, read: Callable[[], T]) -> T:
        """What ``read`` returns; once more when it made the grid finer half-way."""
        before = self._instruments[index]
        found = read()
        return found if self._instruments[index] is before else read()

    def size(self, index: int, text: str) -> int:
        """
        Integer lots of a decimal size.

        Raises:
            OffGrid: Not a number in plain or scientific decimals.
        """
        units, decimals = _units(text, self._instruments[index].size_decimals)
        if decimals:
            self._replace(index, lambda old: attrs.evolve(old, size_decimals=decimals))
        return units

    def _replace(self, index: int, finer: Callable[[Instrument], Instrument]) -> None:
        try:
            self._instruments[index] = finer(self._instruments[index])
        except ValueError:
            raise OffGrid(f"too many digits for {self._instruments[index].symbol}") from None
        self.changed[index] = None


def _units(text: str, decimals: int) -> tuple[int, int]:
    """``text`` as units of ``10 ** -decimals``, and 0; or of a finer unit, and its decimals."""
    if len(text) > _LONGEST_NUMBER:
        raise OffGrid(f"{text[:_LONGEST_NUMBER]}... is too long for a number")
    whole, _, part = text.partition(".")
    digits = whole + part
    if not (digits.isascii() and digits.removeprefix("-").isdigit()):
        return _units(_plain(text), decimals)
    missing = decimals - len(part)
    if missing < 0:
        return int(digits), len(part)
    return int(digits) * 10**missing, 0


def _plain(text: str) -> str:
    """A number such as ``1e-05`` without its exponent."""
    if not ("e" in text or "E" in text):
        raise OffGrid(f"{text!r} is not a number")
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise OffGrid(f"{text!r} is not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
        raise OffGrid(f"{text} is out of range")
    return f"{number:f}"
