"""
Books: every level of both sides, then each change, as the quantity that a level has from then on.

Source: "Level2 Channel".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects.coinbase.streams.encoder import SNAPSHOT, UPDATE, ProductEncoder
from feed.dialects.ladder import BOOK_KINDS, changed_level
from feed.dialects.times import iso_microseconds
from feed.model.events import CLEAR, Row, Side
from feed.state.encoder import RowEncoder

_SIDES: Final = {Side.BUY: "bid", Side.SELL: "offer"}
_BEFORE: Final = "1970-01-01T00:00:00Z"
"""Of every level of a snapshot: when it came is not told."""


class BookEncoder(ProductEncoder, RowEncoder):
    """The book of one product."""

    kinds: Sequence[int] = BOOK_KINDS
    channel = "l2_data"

    def present(self) -> str:
        """The whole book, each side from its best level on."""
        index = self._product.index
        return self._updates(
            [
                self._update(side, price, self._product.size_text(lots), _BEFORE)
                for side in Side
                for price, lots in self._market_state.levels(index, side)
            ]
        )

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """The level that has changed, if any has; the book anew where it begins anew."""
        del seq, proof
        changed = changed_level(row)
        if changed is None:
            return self.said(SNAPSHOT, self._updates(()), row[2]) if row[0] == CLEAR else None
        side, price, lots = changed
        size = self._product.size_text(lots) if lots else "0"
        update = self._update(side, price, size, iso_microseconds(row[2]))
        return self.said(UPDATE, self._updates([update]), row[2])

    def _updates(self, updates: Sequence[str]) -> str:
        return f'"product_id":{self._id},"updates":[{",".join(updates)}]'

    def _update(self, side: Side, price: int, size: str, time: str) -> str:
        return (
            f'{{"side":"{_SIDES[side]}","event_time":"{time}",'
            f'"price_level":"{self._product.price_text(price)}","new_quantity":"{size}"}}'
        )
