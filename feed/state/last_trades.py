"""The last trades of every instrument."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from feed.model.events import Row, Trade


class LastTrades:
    """
    A bounded number of trades of each instrument; the oldest goes when another one comes.

    Args:
        instruments: How many the market lists.
        most: Trades that are kept of each.
    """

    def __init__(self, instruments: int, most: int) -> None:
        self._trades: tuple[deque[tuple[int, Row, int]], ...] = tuple(
            deque(maxlen=most) for _ in range(instruments)
        )

    def add(self, seq: int, row: Row, proof: int) -> None:
        """Take the next ``TRADE`` row into account: its sequence number, and the proof up to it."""
        self._trades[row[1]].append((seq, row, proof))

    def rows(self, instrument: int) -> Iterator[Row]:
        """All that are kept of an instrument, oldest first."""
        return (row for _, row, _ in self._trades[instrument])

    def newest(self, instrument: int, limit: int) -> list[Trade]:
        """The last ``limit`` trades of an instrument, newest first."""
        return [Trade.from_row(*told) for told in islice(reversed(self._trades[instrument]), limit)]
