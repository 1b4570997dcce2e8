"""The nine channels: which instruments each has of a pair, and how names become topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from feed.analytics.candles import INTERVALS
from feed.analytics.pairs import Pair, pair_name, pairs
from feed.model.instruments import Listing
from feed.model.symbols import LONGEST_SYMBOL, NearNames, plain, symbols
from feed.model.topics import Topic

NAME: Final = "marketai"
QUOTES: Final = "quotes"
BOOK: Final = "book"
TRADES: Final = "trades"
SIGNALS: Final = "signals"
LIQUIDATIONS: Final = "liquidations"
FUNDING: Final = "funding"
KLINES: Final = "klines"
NARRATIVES: Final = "narratives"
POLYMARKET: Final = "polymarket"

ALL: Final = "*"
DEFAULT_INTERVALS: Final = ("1m",)


def _first(pair: Pair) -> Sequence[int]:
    return pair.spot[:1]


def _traded(pair: Pair) -> Sequence[int]:
    return pair.spot + pair.perpetuals


def _perpetuals(pair: Pair) -> Sequence[int]:
    return pair.perpetuals


def _predictions(pair: Pair) -> Sequence[int]:
    return pair.predictions


CHANNELS: Final[dict[str, Callable[[Pair], Sequence[int]]]] = {
    QUOTES: _first,  # of a pair as a whole, as its first venue stands for it
    BOOK: _traded,
    TRADES: _traded,
    SIGNALS: _traded,
    LIQUIDATIONS: _perpetuals,
    FUNDING: _perpetuals,
    KLINES: _traded,
    NARRATIVES: _first,
    POLYMARKET: _predictions,
}
"""Every channel, and the instruments of a pair that it tells of."""


class PairNames:
    """
    Finds the pairs of one listing by what clients call them.

    ``BTC/USDT``, ``BTC-USDT``, ``btcusdt`` and ``BTC-USD`` are one pair, and so is ``BTC`` alone, as
    prediction markets are named. Any name of an instrument (:mod:`feed.model.symbols`) is one of its pair.
    """

    def __init__(self, listing: Listing) -> None:
        self.pairs: Final = pairs(listing)
        self._names: dict[str, str] = {}
        for name, pair in self.pairs.items():
            self._names.setdefault(plain(name), name)
            for at in pair.spot:
                self._names.setdefault(plain(listing[at].symbol), name)
        for name, pair in self.pairs.items():
            self._names.setdefault(plain(pair.base), name)
        self._symbols = symbols(listing)
        self._of_instrument = [pair_name(instrument) for instrument in listing]
        self._near = NearNames(self.pairs)

    def find(self, symbol: str) -> str | None:
        """The name of the pair that a client means, ``*`` for all of them; None when there is none."""
        if symbol == ALL:
            return ALL
        if len(symbol) > LONGEST_SYMBOL:
            return None
        index = self._symbols.index(symbol)
        return self._names.get(plain(symbol)) if index is None else self._of_instrument[index]

    def near(self, symbol: str, most: int) -> list[str]:
        """Names of pairs that resemble one which is none, the nearest first."""
        return self._near.find(symbol.partition("@")[0], most)  # a pair is on all its venues

    def topics(
        self,
        channel: str,
        name: str,
        intervals: Iterable[str],
        options: tuple[tuple[str, str], ...] = (),
    ) -> list[Topic]:
        """
        The topics of a subscription.

        Args:
            channel: One of :data:`CHANNELS`.
            name: Of a pair, or ``*``.
            intervals: Of klines; any other channel has none.
            options: Of the connection, as pairs.
        """
        found = self.pairs.values() if name == ALL else [self.pairs[name]]
        choices = [options]
        if channel == KLINES:
            choices = [(*options, ("interval", interval)) for interval in intervals]
        return [
            Topic(NAME, channel, at, chosen)
            for pair in found
            for at in CHANNELS[channel](pair)
            for chosen in choices
        ]


@lru_cache(maxsize=8)  # a server has one listing, and a session for each client
def names(listing: Listing) -> PairNames:
    """The finder of a listing."""
    return PairNames(listing)


def known_interval(interval: str) -> bool:
    """Whether there are klines of that length."""
    return interval in INTERVALS
