"""
One instrument by any of its usual names.

``BTC-USD``, ``BTC/USD``, ``BTC_USD``, ``BTCUSD`` and ``btcusd`` are one instrument: case and the sign
between base and quote do not count. The rules, in their order:

1. A listed symbol, as it stands, is that instrument.
2. Else the first listed instrument with the same *plain* name, lower case without separators.
3. Else, where its venue is told, the instrument of that name there: ``BTC-USD@coinbase`` where that venue's
   is listed as ``BTC-USD``.
4. Else, where the market lists nothing in ``USDT``, ``USDT`` at the end of a name, or before its venue
   (``BTC/USDT@kraken``), is read as ``USD``: the market then has one dollar, and clients of crypto venues
   find it. Where any instrument is in ``USDT`` the two are different currencies.

What is sent bears the symbol that is listed, whatever was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from feed.model.instruments import Instrument, Listing

LONGEST_SYMBOL: Final = 64
"""Characters of a name that can be one; longer ones are not looked at."""

NEAR: Final = 3
"""Number of suggestions for an unknown name."""

_SEPARATORS: Final = str.maketrans("", "", "-/_")
# How alike names must be to be suggested: twice their common pairs of letters, as a share of all.
_ALIKE: Final = 0.5
# And how nearly as much as the nearest one.
_AS_ALIKE: Final = 0.8


def plain(symbol: str) -> str:
    """Lower case without separators: ``btcusd``."""
    return symbol.translate(_SEPARATORS).lower()


def in_dollars(name: str) -> str | None:
    """A plain name with ``usdt`` read as ``usd``; None when it does not end in that."""
    pair, at, venue = name.partition("@")
    return f"{pair[:-1]}{at}{venue}" if pair.endswith("usdt") else None


def same(asked: str, told: str) -> bool:
    """Whether a server that was asked for one name can have meant it when it told of another."""
    one, other = plain(asked), plain(told)
    return one == other or in_dollars(one) == other


class NearNames:
    """
    Finds the known names that an unknown one resembles.

    Names are compared by the pairs of letters in them, begin and end included, but for those that most
    names have: to be priced in dollars is no resemblance. A look-up touches the names that share a pair,
    so that a client which asks for many is no burden.

    Args:
        names: Those that are known.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names: Final = tuple(names)
        holders: dict[str, list[int]] = {}
        for at, name in enumerate(self._names):
            for pair in _pairs(name):
                holders.setdefault(pair, []).append(at)
        most = max(1, len(self._names) // 2)
        self._with: Final = {pair: found if len(found) <= most else [] for pair, found in holders.items()}
        self._sizes: Final = [self._size(_pairs(name)) for name in self._names]

    def find(self, name: str, most: int = NEAR) -> list[str]:
        """At most ``most`` names, the nearest first, among equals in the order in which they are known."""
        if len(name) > LONGEST_SYMBOL:
            return []
        wanted = _pairs(name)
        common: dict[int, int] = {}
        for pair in wanted:
            for at in self._with.get(pair, ()):
                common[at] = common.get(at, 0) + 1
        size = self._size(wanted)
        alike = {at: 2 * count / (size + self._sizes[at]) for at, count in common.items()}
        least = max(_ALIKE, _AS_ALIKE * max(alike.values(), default=0.0))
        found = sorted((at for at in alike if alike[at] >= least), key=lambda at: (-alike[at], at))
        return [self._names[at] for at in found[:most]]

    def _size(self, pairs: Iterable[str]) -> int:
        """How many of ``pairs`` count."""
        return sum(self._with.get(pair) != [] for pair in pairs)


def _pairs(name: str) -> dict[str, None]:
    """Each pair of neighbouring letters, once, in order."""
    text = f"^{plain(name)}$"
    return dict.fromkeys(text[at : at + 2] for at in range(len(text) - 1))


class Symbols:
    """
    Finds instruments of one listing.

    Args:
        listing: The instruments.
    """

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._index: dict[str, int] = {}
        for at, symbol in enumerate(listing.symbols):
            # Of two instruments with equal plain names the first has it; both have their own symbol.
            self._index.setdefault(plain(symbol), at)
        for at, item in enumerate(listing):
            if item.venue:
                self._index.setdefault(plain(f"{item.symbol}@{item.venue}"), at)
        tethered = any(item.quote == "USDT" or in_dollars(plain(item.symbol)) for item in listing)
        self._one_dollar: Final = not tethered
        self._near: Final = NearNames(listing.symbols)
        # Each with its venue, also where its symbol does without.
        self._placed: Final = {_placed(item): item.symbol for item in listing}
        self._near_placed: Final = NearNames(self._placed)

    def index(self, name: str) -> int | None:
        """Index of the instrument that goes by ``name``, None when there is none."""
        if name in self._listing:
            return self._listing.index(name)
        if len(name) > LONGEST_SYMBOL:
            return None
        wanted = plain(name)
        found = self._index.get(wanted)
        if found is None and self._one_dollar:
            found = self._index.get(in_dollars(wanted) or "")
        return found

    def near(self, name: str, most: int = NEAR) -> list[str]:
        """Listed symbols that resemble a name which is none, the nearest first."""
        if "@" not in name:
            return self._near.find(name, most)
        return [self._placed[placed] for placed in self._near_placed.find(name, most)]


def _placed(instrument: Instrument) -> str:
    """The symbol with its venue, if it has one."""
    symbol, venue = instrument.symbol, instrument.venue
    return f"{symbol}@{venue}" if venue and "@" not in symbol else symbol


@lru_cache(maxsize=8)  # a server has one listing, and a session for each client
def symbols(listing: Listing) -> Symbols:
    """The finder of a listing."""
    return Symbols(listing)
