"""
Books: the best levels of both sides, what has changed of them, and a checksum in every message.

A client keeps as many levels as it has subscribed to, and forgets what falls behind them, of which nothing
is said; what comes up again is told anew. Source: "Book (Level 2)" and "Book Checksum".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from feed.dialects.checksums import CHECKED_LEVELS, Rows, of_digits
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.ladder import BOOK_KINDS, Ladder, changed_level
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
        bids, asks = (",".join([_level(*row) for row in self.rows(side, self._depth)]) for side in Side)
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
        told = self._set(side, price, lots) if lots else self._remove(side, price)
        return self.update(side, told, item.ts) if told else None

    def update(self, side: Side, rows: Rows, ts: int) -> str:
        """
        The message for levels that have changed.

        Args:
            side: Theirs.
            rows: Price and quantity of each; the second one, if there are two, comes up from behind.
            ts: Market time, nanoseconds.
        """
        told = ",".join([_level(*row) for row in rows])
        bids, asks = (told, "") if side is Side.BUY else ("", told)
        return f'{self._update}{self._book(bids, asks)},"timestamp":"{iso_microseconds(ts)}"}}]}}'

    def rows(self, side: Side, most: int) -> Rows:
        """Price and quantity of the best levels of a side."""
        return [_parts(text) for text in self._ladder.side(side).sizes(most)]

    def checksum(self) -> int:
        """Over the best levels."""
        return of_digits(*(self.rows(side, CHECKED_LEVELS) for side in Side))

    def _set(self, side: Side, price: int, lots: int) -> Rows:
        """The level that has come or changed; none when it is behind those that are told of."""
        at, size = self._pair.price_text(price), self._pair.size_text(lots)
        self._ladder.set(side, price, at, size)
        levels = self._ladder.side(side)
        keys = levels.keys
        behind = len(keys) > self._depth and price * levels.sign < keys[-self._depth]
        return () if behind else [(at, size)]

    def _remove(self, side: Side, price: int) -> Rows:
        """The level that has gone, and the one that comes up from behind; none when it was there itself."""
        levels = self._ladder.side(side)
        keys, key = levels.keys, price * levels.sign
        at = bisect_left(keys, key)
        if at == len(keys) or keys[at] != key:
            return ()
        told_of = len(keys) - at <= self._depth
        self._ladder.set(side, price, "", None)
        if not told_of:
            return ()
        gone = (self._pair.price_text(price), self._pair.size_text(0))
        best = self.rows(side, self._depth)
        return [gone, best[-1]] if len(best) == self._depth else [gone]

    def _book(self, bids: str, asks: str) -> str:
        return f'{{"symbol":{self._symbol},"bids":[{bids}],"asks":[{asks}],"checksum":{self.checksum()}'


def _parts(text: str) -> tuple[str, str]:
    price, _, size = text.partition(":")
    return price, size


def _level(price: str, size: str) -> str:
    return f'{{"price":{price},"qty":{size}}}'
