"""
Books by price level: a snapshot, then what rests at each level that has changed.

Source: "Level2 Channel" and "Level2 Batch Channel".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from feed.book.price_levels import PriceLevels
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.streams.encoder import ProductEncoder
from feed.dialects.ladder import BOOK_KINDS, changed_level
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import CLEAR, BookCleared, Event, Row, Side
from feed.state.encoder import RowEncoder
from feed.state.market_state import MarketState

BATCH: Final = 50 * NS_PER_MILLISECOND
"""Length of a window of market time, nanoseconds."""
TOP: Final = 50
"""Levels of a side, where a book is not told whole."""

Change = tuple[Side, int, int]
"""Side, price in ticks, and lots that rest there now."""
_SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell"}


class _Book(ProductEncoder):
    """The messages of all three channels."""

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """Both sides, best first."""
        del market_state, instrument
        return [self.present()]

    def present(self, most: int | None = None) -> str:
        """The message with the best levels, or with all."""
        product, state = self._product, self._market_state
        bids, asks = (
            ",".join(
                f'["{product.price_text(price)}","{product.size_text(lots)}"]'
                for price, lots in state.levels(product.index, side, most)
            )
            for side in Side
        )
        return (
            f'{{"type":"snapshot","product_id":{self._id},"asks":[{asks}],"bids":[{bids}],'
            f'"time":"{iso_microseconds(state.now)}"}}'
        )

    def update(self, changes: Iterable[Change], ts: int) -> str:
        """
        The message for levels that have changed.

        Args:
            changes: The levels.
            ts: Market time, nanoseconds.
        """
        product = self._product
        told = ",".join(
            f'["{_SIDES[side]}","{product.price_text(price)}","{product.size_text(lots)}"]'
            for side, price, lots in changes
        )
        return (
            f'{{"type":"l2update","product_id":{self._id},"changes":[{told}],'
            f'"time":"{iso_microseconds(ts)}"}}'
        )


class BookEncoder(_Book, RowEncoder):
    """Every change of a level at once."""

    kinds: Sequence[int] = BOOK_KINDS

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """What has changed; a book that is begun anew is told whole."""
        del seq, proof
        changed = changed_level(row)
        if changed is None:
            return self.present() if row[0] == CLEAR else None
        return self.update([changed], row[2])


class BatchEncoder(_Book):
    """The levels that have changed within a window of market time, at its end."""

    kinds: Sequence[int] = (CLEAR,)
    period = BATCH

    def encode(self, item: Event) -> str | None:
        """A book that is begun anew is told whole."""
        return self.present() if isinstance(item, BookCleared) else None

    def on_timer(self, seq: int, now: int) -> str | None:
        """What the window has changed."""
        del seq
        window = self._market_state.book_window(self._product.index, self.period)
        if window is None:
            return None
        bids, asks = (
            [(side, price, lots) for price, lots in levels]
            for side, levels in ((Side.BUY, window.bids), (Side.SELL, window.asks))
        )
        return self.update([*bids, *asks], now)


class TopEncoder(_Book, RowEncoder):
    """
    Every change of the best levels at once.

    A level that falls behind the last of them is told as gone, one that comes up from behind as new: who
    follows what is told has the best levels, and no other.
    """

    kinds: Sequence[int] = BOOK_KINDS

    def __init__(self, product: Product, market_state: MarketState) -> None:
        super().__init__(product, market_state)
        self._sides: Final = tuple(PriceLevels[int](side) for side in Side)
        for side in Side:
            for price, lots in market_state.levels(product.index, side):
                self._sides[side].set(price, lots)

    def present(self, most: int | None = TOP) -> str:
        """The message with the best levels."""
        return super().present(most)

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """What has changed of the best levels, or None when nothing has."""
        del seq, proof
        changed = changed_level(row)
        if changed is None:
            if row[0] != CLEAR:
                return None
            for levels in self._sides:
                levels.clear()
            return self.present()
        changes = self._changes(*changed)
        return self.update(changes, row[2]) if changes else None

    def _changes(self, side: Side, price: int, lots: int) -> list[Change]:
        levels = self._sides[side]
        keys, key = levels.keys, price * levels.sign
        at = bisect_left(keys, key)
        known = at < len(keys) and keys[at] == key
        better = len(keys) - at - known
        if not (known or lots):
            return []
        last = keys[-TOP] * levels.sign if len(keys) >= TOP else None  # of those that are told of
        following = keys[-TOP - 1] * levels.sign if len(keys) > TOP else None
        levels.set(price, lots or None)
        if better >= TOP:
            return []
        changes = [(side, price, lots)]
        if not known and last is not None:
            changes.append((side, last, 0))
        elif not lots and following is not None:
            changes.append((side, following, levels.size(following)))
        return changes
