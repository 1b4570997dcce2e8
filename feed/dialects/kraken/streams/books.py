"""
Books: the best levels of both sides, what has changed of them, and a checksum in every message.

A client keeps as many levels as it has subscribed to, and forgets what falls behind them, of which nothing
is said; what comes up again is told anew. Source: "Book (Level 2)" and "Book Checksum".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from feed.dialects.checksums import CHECKED_LEVELS, of_digits
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.ladder import BOOK_KINDS, Ladder, TextLevels, changed_level
from feed.dialects.times import iso_microseconds
from feed.model.events import BookCleared, Event, Side
from feed.model.topics import Topic
from feed.state.market_state import MarketState


class BookEncoder(PairEncoder):
    """
    The best levels of one pair.

    Args:
        pair: Whose book.
        topic: Of the messages; it says how many levels of a side there are.
        market_state: The market's state, now and from now on.
    """

    kinds: Sequence[int] = BOOK_KINDS

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState) -> None:
        super().__init__(pair, topic, market_state)
        self._depth: Final = int(dict(topic.options)[topics.DEPTH])
        self._ladder: Final = Ladder.of(pair.instrument, pair.index, market_state)

    def present(self) -> Sequence[str]:
        """The best levels."""
        bids, asks = (
            ",".join([_level(text) for text in self._ladder.side(side).sizes(self._depth)]) for side in Side
        )
        return [f"{self._snapshot}{self._book(bids, asks)}}}]}}"]

    def encode(self, item: Event) -> str | None:
        """What has changed of the best levels, or None when nothing has."""
        changed = changed_level(item)
        if changed is None:
            if not isinstance(item, BookCleared):
                return None
            self._ladder.clear()
            return self.present()[0]
        side, price, lots = changed
        levels = self._ladder.side(side)
        told = self._set(side, price, lots) if lots else self._remove(side, price, levels)
        if not told:
            return None
        bids, asks = (told, "") if side is Side.BUY else ("", told)
        ts = iso_microseconds(item.ts)
        return f'{self._update}{self._book(bids, asks)},"timestamp":"{ts}"}}]}}'

    def _set(self, side: Side, price: int, lots: int) -> str:
        """The level that has come or changed; empty when it is behind those that are told of."""
        at, size = self._pair.price_text(price), self._pair.size_text(lots)
        self._ladder.set(side, price, at, size)
        levels = self._ladder.side(side)
        keys = levels.keys
        if len(keys) > self._depth and price * levels.sign < keys[-self._depth]:
            return ""
        return f'{{"price":{at},"qty":{size}}}'

    def _remove(self, side: Side, price: int, levels: TextLevels) -> str:
        """The level that has gone, and the one that comes up from behind; empty when it was there itself."""
        keys, key = levels.keys, price * levels.sign
        at = bisect_left(keys, key)
        if at == len(keys) or keys[at] != key:
            return ""
        told_of = len(keys) - at <= self._depth
        self._ladder.set(side, price, "", None)
        if not told_of:
            return ""
        gone = f'{{"price":{self._pair.price_text(price)},"qty":{self._pair.size_text(0)}}}'
        best = levels.sizes(self._depth)
        return f"{gone},{_level(best[-1])}" if len(best) == self._depth else gone

    def _book(self, bids: str, asks: str) -> str:
        return f'{{"symbol":{self._symbol},"bids":[{bids}],"asks":[{asks}],"checksum":{self._checksum()}'

    def _checksum(self) -> int:
        bids, asks = (
            [_parts(text) for text in self._ladder.side(side).sizes(CHECKED_LEVELS)] for side in Side
        )
        return of_digits(bids, asks)


def _parts(text: str) -> tuple[str, str]:
    price, _, size = text.partition(":")
    return price, size


def _level(text: str) -> str:
    price, size = _parts(text)
    return f'{{"price":{price},"qty":{size}}}'
