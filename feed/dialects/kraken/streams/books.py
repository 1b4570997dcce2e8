"""
Books: the best levels of both sides, what has changed of them, and a checksum in every message.

A client keeps as many levels as it has subscribed to, and forgets what falls behind them, of which nothing
is said; what comes up again is told anew. Source: "Book (Level 2)" and "Book Checksum".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

from feed.book.price_levels import PriceLevels
from feed.dialects.checksums import CHECKED_LEVELS, Rows, digits
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.ladder import BOOK_KINDS, changed_level
from feed.dialects.times import iso_microseconds
from feed.model.events import CLEAR, Row, Side
from feed.model.topics import Topic
from feed.state.encoder import RowEncoder
from feed.state.market_state import MarketState


class LevelTexts(PriceLevels[tuple[str, str, str]]):
    """
    One side of a book: price and quantity of each level as they stand in messages, and the digits of both.

    Args:
        side: Which.
        levels: Price in ticks, and the texts of price and quantity, of each level.
    """

    __slots__ = ("_best_digits",)

    def __init__(self, side: int, levels: Iterable[tuple[int, tuple[str, str]]] = ()) -> None:
        super().__init__(side)
        for price, texts in levels:
            self.set(price, _with_digits(*texts))
        # Of the levels that the checksum is over; None when they must be joined anew. A change of one leaves
        # the other side's, and many changes of a book are behind these levels.
        self._best_digits: str | None = None

    def put(self, price: int, texts: tuple[str, str] | None) -> None:
        """
        Let a level come, change, or go.

        Args:
            price: Integer ticks.
            texts: Price and quantity; None removes the level.
        """
        keys = self.keys
        if len(keys) < CHECKED_LEVELS or price * self.sign >= keys[-CHECKED_LEVELS]:
            self._best_digits = None
        self.set(price, texts and _with_digits(*texts))

    def at(self, rank: int) -> tuple[str, str] | None:
        """Price and quantity of a level, the best being the first; None where there are not as many."""
        keys = self.keys
        return self._sizes[keys[-rank]][:2] if len(keys) >= rank else None

    def checked(self) -> str:
        """The digits that the checksum is over."""
        if self._best_digits is None:
            self._best_digits = "".join([texts[2] for texts in self.sizes(CHECKED_LEVELS)])
        return self._best_digits


class BookEncoder(PairEncoder, RowEncoder):
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
        bids, asks = (
            LevelTexts(
                side,
                [
                    (price, (pair.price_text(price), pair.size_text(lots)))
                    for price, lots in market_state.levels(pair.index, side)
                ],
            )
            for side in Side
        )
        self._sides = bids, asks

    def present(self) -> Sequence[str]:
        """The best levels."""
        bids, asks = (",".join([_level(*row) for row in self.rows(side, self._depth)]) for side in Side)
        return [f"{self._snapshot}{self._book(bids, asks)}}}]}}"]

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """What has changed of the best levels, or None when nothing has."""
        del seq, proof
        changed = changed_level(row)
        if changed is None:
            if row[0] != CLEAR:
                return None
            self._sides = (LevelTexts(Side.BUY), LevelTexts(Side.SELL))
            return self.present()[0]
        side, price, lots = changed
        told = self._set(side, price, lots) if lots else self._remove(side, price)
        return self.update(side, told, row[2]) if told else None

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
        return [(price, size) for price, size, _ in self._sides[side].sizes(most)]

    def checksum(self) -> int:
        """Over the best levels: digits of the asks, then of the bids."""
        bids, asks = self._sides
        return crc32(f"{asks.checked()}{bids.checked()}".encode("ascii"))

    def _set(self, side: Side, price: int, lots: int) -> Rows:
        """The level that has come or changed; none when it is behind those that are told of."""
        at, size = self._pair.price_text(price), self._pair.size_text(lots)
        levels = self._sides[side]
        levels.put(price, (at, size))
        keys = levels.keys
        behind = len(keys) > self._depth and price * levels.sign < keys[-self._depth]
        return () if behind else [(at, size)]

    def _remove(self, side: Side, price: int) -> Rows:
        """The level that has gone, and the one that comes up from behind; none when it was there itself."""
        levels = self._sides[side]
        keys, key = levels.keys, price * levels.sign
        at = bisect_left(keys, key)
        if at == len(keys) or keys[at] != key:
            return ()
        told_of = len(keys) - at <= self._depth
        levels.put(price, None)
        if not told_of:
            return ()
        gone = (self._pair.price_text(price), self._pair.size_text(0))
        comes_up = levels.at(self._depth)
        return [gone] if comes_up is None else [gone, comes_up]

    def _book(self, bids: str, asks: str) -> str:
        return f'{{"symbol":{self._symbol},"bids":[{bids}],"asks":[{asks}],"checksum":{self.checksum()}'


def _with_digits(price: str, size: str) -> tuple[str, str, str]:
    return price, size, f"{digits(price)}{digits(size)}"


def _level(price: str, size: str) -> str:
    return f'{{"price":{price},"qty":{size}}}'
