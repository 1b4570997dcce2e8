"""
The parameters of a request, read as the exchange reads them, and refused in its words.

They are the same in a query, in a form, and in the ``params`` of the WebSocket API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from feed.dialects.binance import errors
from feed.dialects.binance.symbols import DECIMALS, Symbol, Symbols
from feed.model.durations import NS_PER_MICROSECOND, NS_PER_MILLISECOND

SYMBOL: Final = "^[A-Z0-9-_.]{1,20}$"
SYMBOLS: Final = r'^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$'
NUMBER: Final = "^[0-9]{1,20}$"
AMOUNT: Final = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
_SYMBOL: Final = re.compile(r"[A-Z0-9\-_.]{1,20}", re.ASCII)
_SYMBOLS: Final = re.compile(rf'\[("{_SYMBOL.pattern}"(,"{_SYMBOL.pattern}")*)?\]', re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_AMOUNT: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?", re.ASCII)
_MOST_LONG: Final = 2**63 - 1
_MICROSECONDS: Final = 10**14
"""From here on a time is microseconds since the Unix epoch; below, milliseconds."""
OF_THE_CONNECTION: Final = frozenset(("revision",))
"""Parameters of a URL that choose how it is served, and are none of the request."""

Sent = Sequence[tuple[str, str]]


def of_params(params: Mapping[str, Any]) -> Sent:
    """The parameters in the ``params`` of a request by WebSocket, as a query would have them."""
    return tuple((name, _text(value)) for name, value in params.items())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


class Fields:
    """
    The parameters of one request.

    Args:
        sent: Name and value, decoded, in order.
        known: Those that the request may have.

    Raises:
        BinanceError: There are others among them, or one twice.
    """

    def __init__(self, sent: Sent, known: Sequence[str]) -> None:
        values: dict[str, str] = {}
        for name, value in sent:
            if name in OF_THE_CONNECTION:
                continue
            if name in values:
                raise errors.DUPLICATE_PARAMETER.error()
            values[name] = value
        if len(values) > len(known):
            raise errors.TOO_MANY_PARAMETERS.error(len(known), len(values))
        read = sum(name in known for name in values)
        if read < len(values):
            raise errors.UNREAD_PARAMETERS.error(read, len(values))
        self._values: Final = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str | None:
        """
        A parameter as it was sent; None when it was not.

        Raises:
            BinanceError: It is empty.
        """
        value = self._values.get(name)
        if value == "":
            raise errors.EMPTY.error(name)
        return value

    def needed(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.text(name)
        if value is None:
            raise errors.MISSING.error(name)
        return value

    def choice(self, name: str, choices: Sequence[str], otherwise: errors.Template) -> str | None:
        """One of some words, spelled exactly; ``otherwise`` is the error."""
        value = self.text(name)
        if value is not None and value not in choices:
            raise otherwise.error(name)
        return value

    def whole(self, name: str) -> int | None:
        """A whole number from 0 on."""
        value = self.text(name)
        if value is None:
            return None
        if _NUMBER.fullmatch(value) is None:
            raise errors.ILLEGAL_CHARACTERS.error(name, NUMBER)
        number = int(value)
        if number > _MOST_LONG:
            raise errors.OVERFLOW.error(name)
        return number

    def amount(self, name: str) -> int | None:
        """A price or a quantity, in units of 1e-8."""
        value = self.text(name)
        if value is None:
            return None
        found = _AMOUNT.fullmatch(value)
        if found is None:
            raise errors.ILLEGAL_CHARACTERS.error(name, AMOUNT)
        digits = (found[2] or "").rstrip("0")
        if len(digits) > DECIMALS:
            raise errors.TOO_PRECISE.error(name)
        return int(found[1]) * 10**DECIMALS + int(digits.ljust(DECIMALS, "0"))

    def limit(self, default: int, most: int) -> int:
        """How many rows; who asks for more than the most gets the most."""
        number = self.whole("limit")
        if number is None:
            return default
        if number == 0:
            raise errors.INVALID.error("limit")
        return min(number, most)

    def time(self, name: str) -> int | None:
        """A time sent in milliseconds or microseconds, as nanoseconds since the Unix epoch."""
        number = self.whole(name)
        if number is None:
            return None
        return number * (NS_PER_MICROSECOND if self._in_microseconds(name) else NS_PER_MILLISECOND)

    def period(self) -> tuple[int | None, int | None]:
        """
        The first and the last nanosecond of what is asked for; None for either that was not sent.

        Raises:
            BinanceError: It ends before it begins.
        """
        start, end = self.time("startTime"), self.time("endTime")
        if start is not None and end is not None and end < start:
            raise errors.BAD_COMBINATION.error()
        if end is not None:  # all of the millisecond that was sent, or of the microsecond
            unit = NS_PER_MICROSECOND if self._in_microseconds("endTime") else NS_PER_MILLISECOND
            end += unit - 1
        return start, end

    def _in_microseconds(self, name: str) -> bool:
        return int(self._values[name]) >= _MICROSECONDS

    def flag(self, name: str, *, default: bool) -> bool:
        """``true`` or ``false``."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise errors.INVALID.error(name)
        return value.lower() == "true"

    def symbol(self, known: Symbols) -> Symbol:
        """The symbol that must be named."""
        return _named(self.needed("symbol"), known)

    def symbols(self, known: Symbols, *, most: int | None = None) -> tuple[Symbol, ...] | Symbol | None:
        """
        What ``symbol`` or ``symbols`` names: one, or several in the order of the exchange; None for neither.

        Args:
            known: All that there are.
            most: How many may be named; None for any number.
        """
        one, several = self.text("symbol"), self.text("symbols")
        if one is not None and several is not None:
            raise errors.BAD_COMBINATION.error()
        if one is not None:
            return _named(one, known)
        if several is None:
            return None
        # The exchange reads no JSON here, but this form of it: without blanks.
        if _SYMBOLS.fullmatch(several) is None:
            raise errors.ILLEGAL_CHARACTERS.error("symbols", SYMBOLS)
        names = [name.strip('"') for name in several[1:-1].split(",") if name]
        if len(set(names)) < len(names):
            raise errors.DUPLICATE_SYMBOLS.error()
        if most is not None and len(names) > most:
            raise errors.INVALID.error("symbols")
        found = [_named(name, known) for name in names]
        return tuple(sorted(found, key=lambda symbol: symbol.index))


def _named(name: str, known: Symbols) -> Symbol:
    if _SYMBOL.fullmatch(name) is None:
        raise errors.ILLEGAL_CHARACTERS.error("symbol", SYMBOL)
    symbol = known.named(name)
    if symbol is None:
        raise errors.BAD_SYMBOL.error()
    return symbol
