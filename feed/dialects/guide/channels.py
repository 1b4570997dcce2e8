"""Names of channels: ``<kind>_<symbol>``, such as ``ticker_btcusd``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from feed.dialects.options import Options
from feed.model.instruments import Instrument, Listing
from feed.model.symbols import plain, symbols
from feed.model.topics import Topic

TICKER: Final = "ticker"
TRADES: Final = "trades"
BOOK: Final = "book"
ORDERS: Final = "book3"
CANDLES: Final = "candles_1m"
KINDS: Final = (TICKER, TRADES, BOOK, ORDERS, CANDLES)
_PREFIXES: Final = {kind: f"{kind}_" for kind in KINDS}

Pairs = tuple[tuple[str, str], ...]


def name(kind: str, instrument: Instrument) -> str:
    """The canonical name of a channel; the symbol in lower case without separators."""
    return f"{kind}_{plain(instrument.symbol)}"


def names(topics: Iterable[Topic], listing: Listing) -> list[str]:
    """The canonical names of topics."""
    known = _names(listing)
    return [known[topic.channel, topic.instrument] for topic in topics]


@lru_cache(maxsize=8)  # a server has one listing, and a session for each client
def _names(listing: Listing) -> Mapping[tuple[str, int], str]:
    return MappingProxyType(
        {(kind, at): name(kind, item) for kind in KINDS for at, item in enumerate(listing)}
    )


@lru_cache(maxsize=64)  # more than there are options that make another topic
def _topics(listing: Listing, pairs: Pairs, unthinned: Pairs) -> Mapping[tuple[str, int], Topic]:
    """One object for each topic, which spares whoever compares two of them; only tickers can be thinned."""
    return MappingProxyType(
        {
            (kind, at): Topic("guide", kind, at, pairs if kind == TICKER else unthinned)
            for kind, at in _names(listing)
        }
    )


@lru_cache(maxsize=64)
def _spelled(listing: Listing, pairs: Pairs, unthinned: Pairs) -> Mapping[str, Topic]:
    """What the usual spellings mean; all others take a look at every letter."""
    finder = symbols(listing)
    topics = _topics(listing, pairs, unthinned)
    spellings = [form for symbol in listing.symbols for form in (plain(symbol), symbol.lower(), symbol)]
    return MappingProxyType(
        {
            f"{kind}_{spelling}": topics[kind, index]
            for spelling in spellings
            if (index := finder.index(spelling)) is not None
            for kind in KINDS
        }
    )


class Finder:
    """
    Finds the topics that a connection may name.

    Args:
        listing: The instruments.
        options: What the connection asked for.
    """

    def __init__(self, listing: Listing, options: Options) -> None:
        self._listing = listing
        asked = listing, options.pairs, options.unthinned.pairs
        self._topics = _topics(*asked)
        self._spelled = _spelled(*asked)

    def topic(self, channel: str) -> Topic | None:
        """The topic that a client names, None when there is none; the symbol in any usual spelling."""
        found = self._spelled.get(channel)
        if found is not None:
            return found
        for kind, prefix in _PREFIXES.items():
            if channel.startswith(prefix):
                index = symbols(self._listing).index(channel[len(prefix) :])
                if index is not None:
                    return self._topics[kind, index]
        return None


def near(channel: str, listing: Listing, most: int) -> list[str]:
    """Names of channels that resemble one which is none: of its kind, for symbols near to its own."""
    found = [kind for kind in KINDS if channel.startswith(f"{kind}_")]
    return [
        f"{kind}_{plain(symbol)}"
        for kind in found[:1]
        for symbol in symbols(listing).near(channel[len(kind) + 1 :], most)
    ]
