"""
Names of channels: ``<kind>_<symbol>``, such as ``ticker_btcusd``; private kinds alone mean all symbols.

Most are public. ``signals`` are for whoever has a key, ``alerts`` are those of the key that was shown, and
``orders``, ``positions`` and ``balances`` those of its account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from feed.analytics.candles import INTERVALS
from feed.dialects.options import Options
from feed.errors import ProtocolError
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Instrument, Listing
from feed.model.symbols import plain, symbols
from feed.model.topics import Topic

NAME: Final = "guide"
TICKER: Final = "ticker"
TRADES: Final = "trades"
BOOK: Final = "book"
ORDERS: Final = "book3"
CANDLES: Final = "candles_1m"
SIGNALS: Final = "signals"
ALERTS: Final = "alerts"
ACCOUNT_ORDERS: Final = "orders"
POSITIONS: Final = "positions"
BALANCES: Final = "balances"
_EVERYWHERE: Final = "*"  # at the end of the kind of topics behind a channel that has no symbol
ALL_ALERTS: Final = ALERTS + _EVERYWHERE

CANDLE_LENGTHS: Final = {
    f"candles_{name}": length for name, length in {"1s": NS_PER_SECOND, **INTERVALS}.items()
}
"""The channels of candles, and the length of each in nanoseconds."""

PUBLIC: Final = (TICKER, TRADES, BOOK, ORDERS, *CANDLE_LENGTHS)
OF_ACCOUNT: Final = (ACCOUNT_ORDERS, POSITIONS, BALANCES)
PRIVATE: Final = (ALERTS, *OF_ACCOUNT)
KINDS: Final = (*PUBLIC, SIGNALS, *PRIVATE)
_PREFIXES: Final = {kind: f"{kind}_" for kind in KINDS}

NOT_RESUMED: Final = tuple(kind for kind in CANDLE_LENGTHS if kind != CANDLES)
"""Channels that cannot begin at a position: what an interval was then is not kept."""

KEY_OPTION: Final = "key"
"""Option of a topic that is told to connections of one key alone: the key's name."""
ACCOUNT_OPTION: Final = "account"
"""The same for the keys of one account: its number."""

Pairs = tuple[tuple[str, str], ...]


class KeyRequired(ProtocolError):
    """A channel that is not for everybody was asked for without a key."""


def name(kind: str, instrument: Instrument) -> str:
    """The canonical name of a channel; the symbol in lower case without separators."""
    return kind[:-1] if kind.endswith(_EVERYWHERE) else f"{kind}_{plain(instrument.symbol)}"


def kind_of(channel: str) -> str:
    """The kind of a topic's channel, whether it is of one symbol or of all."""
    return channel.removesuffix(_EVERYWHERE)


def names(topics: Iterable[Topic], listing: Listing) -> list[str]:
    """The canonical names of topics, each once."""
    known = _names(listing)
    return list(dict.fromkeys(known[topic.channel, topic.instrument] for topic in topics))


@lru_cache(maxsize=8)  # a server has one listing, and a session for each client
def _names(listing: Listing) -> Mapping[tuple[str, int], str]:
    kinds = (*KINDS, *(kind + _EVERYWHERE for kind in PRIVATE))
    return MappingProxyType(
        {(kind, at): name(kind, item) for kind in kinds for at, item in enumerate(listing)}
    )


@lru_cache(maxsize=64)  # more than there are options that make another topic
def _topics(listing: Listing, pairs: Pairs, unthinned: Pairs) -> Mapping[tuple[str, int], Topic]:
    """One object for each topic, which spares whoever compares two of them; only tickers can be thinned."""
    return MappingProxyType(
        {
            (kind, at): Topic(NAME, kind, at, pairs if kind == TICKER else unthinned)
            for kind, at in _names(listing)
        }
    )


@lru_cache(maxsize=64)
def _spelled(listing: Listing, pairs: Pairs, unthinned: Pairs) -> Mapping[str, Topic]:
    """What the usual spellings of public channels mean; all others take a look at every letter."""
    finder = symbols(listing)
    topics = _topics(listing, pairs, unthinned)
    spellings = [form for symbol in listing.symbols for form in (plain(symbol), symbol.lower(), symbol)]
    return MappingProxyType(
        {
            f"{kind}_{spelling}": topics[kind, index]
            for spelling in spellings
            if (index := finder.index(spelling)) is not None
            for kind in PUBLIC
        }
    )


class ChannelFinder:
    """
    Finds the topics that a connection may name.

    Args:
        listing: The instruments.
        options: What the connection asked for.
    """

    def __init__(self, listing: Listing, options: Options) -> None:
        self._listing = listing
        self._unthinned = options.unthinned.pairs
        asked = listing, options.pairs, self._unthinned
        self._topics = _topics(*asked)
        self._spelled = _spelled(*asked)

    def topics(self, channel: str, key: str | None = None, account: int = 0) -> Sequence[Topic]:
        """
        The topics that a client names, none when there is no such channel; the symbol in any usual spelling.

        Args:
            channel: As the client wrote it.
            key: Name of the key that the client has shown; None without.
            account: Number of its account; 0 for none.

        Raises:
            KeyRequired: It is not for clients without one.
            ProtocolError: The key has no account.
        """
        found = self._spelled.get(channel)
        if found is not None:
            return (found,)
        if channel in PRIVATE:
            owner = _owner(channel, channel, key, account)
            return [
                private_topic(channel + _EVERYWHERE, at, owner, self._unthinned)
                for at in range(len(self._listing))
            ]
        for kind, prefix in _PREFIXES.items():
            if channel.startswith(prefix):
                index = symbols(self._listing).index(channel[len(prefix) :])
                if index is None:
                    continue
                if kind in PRIVATE:
                    owner = _owner(kind, channel, key, account)
                    return (private_topic(kind, index, owner, self._unthinned),)
                if kind == SIGNALS and key is None:
                    raise KeyRequired(channel)
                return (self._topics[kind, index],)
        return ()


def _owner(kind: str, channel: str, key: str | None, account: int) -> tuple[str, str]:
    """Whom a private channel is told to, as an option of its topic."""
    if key is None:
        raise KeyRequired(channel)
    if kind not in OF_ACCOUNT:
        return KEY_OPTION, key
    if not account:
        raise ProtocolError(f"{channel}: the API key has no account")
    return ACCOUNT_OPTION, str(account)


def private_topic(kind: str, instrument: int, owner: tuple[str, str], options: Pairs = ()) -> Topic:
    """A topic that is told to one key or account alone; ``options`` are those of the connection."""
    return Topic(NAME, kind, instrument, tuple(sorted((*options, owner))))


def near(channel: str, listing: Listing, most: int) -> list[str]:
    """Names of channels that resemble one which is none: of its kind, for symbols near to its own."""
    found = [kind for kind in KINDS if channel.startswith(f"{kind}_")]
    return [
        f"{kind}_{plain(symbol)}"
        for kind in found[:1]
        for symbol in symbols(listing).near(channel[len(kind) + 1 :], most)
    ]
