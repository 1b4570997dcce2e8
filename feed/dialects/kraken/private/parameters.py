"""
The parameters of a request for an account, each read as what it must be.

What a method does not know is refused: an order that lacks what its owner has asked for is another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from feed.dialects.kraken.errors import INVALID_ARGUMENTS
from feed.dialects.kraken.names import Pair, Pairs
from feed.dialects.kraken.streams.refusals import UNKNOWN_PAIR, Refused
from feed.dialects.messages import clip
from feed.dialects.times import nanoseconds

MOST_NUMBER: Final = 2**63 - 1


class Parameters:
    """
    Those of one request, or of one order of several.

    Args:
        method: Of the request.
        sent: By name, as JSON has them.
        known: Names that the method takes.

    Raises:
        Refused: There is one that the method does not take.
    """

    def __init__(self, method: str, sent: Mapping[str, Any], known: Iterable[str]) -> None:
        self.method: Final = method
        self._sent: Final = {name: value for name, value in sent.items() if value is not None}
        taken = frozenset(known)
        for name in self._sent:
            if name not in taken:
                raise unsupported(name, method)

    def __contains__(self, name: str) -> bool:
        return name in self._sent

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._sent.get(name, default)
        if not isinstance(value, str) or not value:
            raise invalid(name)
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts, or one text; none where nothing was sent."""
        value = self._sent.get(name, [])
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
            raise invalid(name)
        return found

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of some words."""
        value = self.text(name, default)
        if value not in choices:
            raise invalid(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Yes or no."""
        value = self._sent.get(name, default)
        if not isinstance(value, bool):
            raise invalid(name)
        return value

    def number(self, name: str) -> str | None:
        """A number, as a text in plain decimals or as Python writes floats; None where nothing was sent."""
        value = self._sent.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(name)
        return repr(value)

    def whole(self, name: str) -> int | None:
        """A whole number; None where nothing was sent."""
        value = self._sent.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST_NUMBER:
            raise invalid(name)
        return value

    def wholes(self, name: str) -> list[int]:
        """A list of whole numbers, or one; none where nothing was sent."""
        value = self._sent.get(name, [])
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(one, int) and not isinstance(one, bool) for one in found):
            raise invalid(name)
        return found

    def names(self, name: str) -> list[str]:
        """A list of texts and whole numbers, all as texts; none where nothing was sent."""
        value = self._sent.get(name, [])
        if not isinstance(value, list):
            raise invalid(name)
        if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in value):
            raise invalid(name)
        return [str(one) for one in value]

    def time(self, name: str) -> int | None:
        """A time, nanoseconds since the Unix epoch; None where nothing was sent."""
        if name not in self._sent:
            return None
        try:
            return nanoseconds(self.text(name))
        except ValueError:
            raise invalid(name) from None

    def object(self, name: str) -> Mapping[str, Any]:
        """An object; an empty one where nothing was sent."""
        value = self._sent.get(name, {})
        if not isinstance(value, dict):
            raise invalid(name)
        return value

    def objects(self, name: str) -> list[Mapping[str, Any]]:
        """A list of objects."""
        value = self._sent.get(name)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise invalid(name)
        return value

    def pair(self, pairs: Pairs) -> Pair:
        """The pair that must be named."""
        symbol = self.text("symbol")
        pair = pairs.of_symbol(symbol)
        if pair is None:
            raise Refused(f"{UNKNOWN_PAIR} {clip(symbol)}")
        return pair


def invalid(name: str) -> Refused:
    """A parameter is missing, or cannot be."""
    return Refused(f"{INVALID_ARGUMENTS}:{name}")


def unsupported(name: str, method: str) -> Refused:
    """There is something that a method does not know."""
    return Refused(f"Unsupported field: '{clip(name)}' for the given msg type: {method.replace('_', ' ')}")
