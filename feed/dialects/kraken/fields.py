"""The parameters of a request, read as the exchange reads them; what it does not know it passes over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from feed.dialects.kraken.errors import INVALID_ARGUMENTS, UNKNOWN_ASSET, UNKNOWN_PAIR, KrakenError
from feed.dialects.kraken.names import Asset, Pair, Pairs
from feed.dialects.parameters import Fields as Sent
from feed.model.durations import NS_PER_SECOND

MOST_NAMES: Final = 1000
"""Pairs, or assets, that one request may name."""
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_SECONDS: Final = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,20}))?", re.ASCII)
_NANOSECONDS: Final = 10**12
"""From here on a time is nanoseconds since the Unix epoch; below, seconds."""


class Fields:
    """
    The parameters of one request.

    Args:
        sent: Name and value, decoded, in order. An empty value is none; of several the first counts.

    Attributes:
        sent: The values that count, by name.
    """

    def __init__(self, sent: Sent) -> None:
        self.sent: Final[Mapping[str, str]] = dict(reversed([one for one in sent if one[1]]))

    def text(self, name: str) -> str | None:
        """A parameter as it was sent; None when it was not."""
        return self.sent.get(name)

    def choice(self, name: str, choices: Sequence[str], otherwise: str) -> str:
        """One of some words."""
        value = self.text(name)
        if value is None:
            return otherwise
        if value not in choices:
            raise KrakenError(INVALID_ARGUMENTS)
        return value

    def whole(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 on; who asks for more than the most gets the most."""
        value = self.text(name)
        if value is None:
            return default
        if _NUMBER.fullmatch(value) is None or int(value) == 0:
            raise KrakenError(INVALID_ARGUMENTS)
        return min(int(value), most)

    def since(self) -> int | None:
        """The time from which on is asked for, nanoseconds since the Unix epoch; None where none is named."""
        value = self.text("since")
        if value is None:
            return None
        found = _SECONDS.fullmatch(value)
        if found is None:
            raise KrakenError(INVALID_ARGUMENTS)
        whole = int(found[1])
        if whole >= _NANOSECONDS:
            return whole
        return whole * NS_PER_SECOND + int((found[2] or "")[:9].ljust(9, "0"))

    def pair(self, known: Pairs) -> tuple[str, Pair]:
        """The one pair that must be named, and the name under which it is answered."""
        found = self.pairs(known)
        if found is None or len(found) != 1:
            raise KrakenError(INVALID_ARGUMENTS if found is None else UNKNOWN_PAIR)
        return found[0]

    def pairs(self, known: Pairs) -> list[tuple[str, Pair]] | None:
        """
        The pairs that are named, each with the name under which it is answered; None where none is.

        A name with a slash is answered as it was asked.
        """
        names = self._names("pair")
        if names is None:
            return None
        found: dict[str, Pair] = {}
        for name in names:
            pair = known.named(name)
            if pair is None:
                raise KrakenError(UNKNOWN_PAIR)
            found[name if "/" in name else pair.name] = pair
        return list(found.items())

    def assets(self, known: Pairs) -> Sequence[Asset] | None:
        """The assets that are named; None where none is."""
        names = self._names("asset")
        if names is None:
            return None
        found = [known.asset(name) for name in names]
        if None in found:
            raise KrakenError(UNKNOWN_ASSET)
        return [asset for asset in found if asset is not None]

    def _names(self, name: str) -> list[str] | None:
        value = self.text(name)
        if value is None:
            return None
        if value.count(",") >= MOST_NAMES:
            raise KrakenError(INVALID_ARGUMENTS)
        return [one.strip().upper() for one in value.split(",")]
