"""
One instrument by any of its usual names.

``BTC-USD``, ``BTC/USD``, ``BTC_USD``, ``BTCUSD`` and ``btcusd`` are one instrument: case and the
sign between base and quote do not count. ``USDT`` is read as ``USD`` where the market lists nothing
in ``USDT`` itself: it then has one dollar, and clients of crypto venues find it. Where both are
listed they are two instruments. What is sent carries the canonical symbol, whatever was asked for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from feed.model.instruments import Listing

_SEPARATORS: Final = str.maketrans("", "", "-/_")
_LONGEST_SYMBOL: Final = 64


class Symbols:
    """Finds instruments of one listing."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._index: dict[str, int] = {}
        for at, symbol in enumerate(listing.symbols):
            # Of two instruments with equal plain names the first has it; both have their own symbol.
            self._index.setdefault(plain(symbol), at)

    def index(self, name: str) -> int | None:
        """Index of the instrument that goes by ``name``, None when there is none."""
        if name in self._listing:
            return self._listing.index(name)
        if len(name) > _LONGEST_SYMBOL:
            return None
        wanted = plain(name)
        found = self._index.get(wanted)
        if found is None and wanted.endswith("usdt"):
            found = self._index.get(wanted.removesuffix("t"))
        return found


def plain(symbol: str) -> str:
    """Lower case without separators: ``btcusd``."""
    return symbol.translate(_SEPARATORS).lower()


@lru_cache(maxsize=8)  # a server has one listing, and a session for each client
def symbols(listing: Listing) -> Symbols:
    """The finder of a listing."""
    return Symbols(listing)
