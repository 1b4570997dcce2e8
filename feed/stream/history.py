"""The last events, for clients that resume, and where the market stood before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from itertools import islice
from typing import Final

from feed.errors import ClientError
from feed.model.events import Row
from feed.model.latest import Latest

# What a row takes in memory, measured on CPython: the tuple, its slots, and integers of its own.
_ROW_BYTES: Final = 56
_NUMBER_BYTES: Final = 8 + 32


class TooOld(ClientError):
    """
    What was asked for is no longer kept.

    Attributes:
        oldest: Sequence number of the oldest event kept.
    """

    def __init__(self, oldest: int) -> None:
        self.oldest = oldest
        super().__init__(f"the oldest event kept is {oldest}")


class History:
    """
    The last events, oldest first, bounded in number and in bytes; what is older is forgotten.

    Attributes:
        seq: Sequence number of the newest event; 0 before the first.
    """

    def __init__(self, *, instruments: int, events: int, size: int) -> None:
        """
        Begin with nothing.

        Args:
            instruments: How many the market lists.
            events: Bound on the number of events kept.
            size: Bound on what they take in memory, bytes.
        """
        self.seq = 0
        self._events = events
        self._size = size
        self._rows: deque[Row] = deque()
        self._bytes = 0
        self._base = Latest(instruments)  # where the market stood before the oldest event kept

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest event kept; ``seq + 1`` when none is."""
        return self.seq - len(self._rows) + 1

    def append(self, rows: list[Row]) -> None:
        """Add the next events."""
        self._rows.extend(rows)
        self.seq += len(rows)
        self._bytes += sum(map(_bytes, rows))
        while len(self._rows) > self._events or self._bytes > self._size:
            oldest = self.oldest
            row = self._rows.popleft()
            self._bytes -= _bytes(row)
            self._base.apply(oldest, row)

    def after(self, seq: int) -> list[Row]:
        """
        Every event after ``seq``.

        Raises:
            TooOld: Some of them are no longer kept.
        """
        if seq + 1 < self.oldest:
            raise TooOld(self.oldest)
        return list(islice(self._rows, seq + 1 - self.oldest, None))

    def at(self, seq: int, instruments: Collection[int]) -> Latest:
        """
        Where ``instruments`` stood at ``seq``.

        Only they are looked at: the whole market's past would take too long to go through while
        everybody waits.

        Raises:
            TooOld: That is longer ago than the events kept.
        """
        if seq + 1 < self.oldest:
            raise TooOld(self.oldest)
        latest = self._base.copy(instruments)
        for at, row in enumerate(islice(self._rows, seq + 1 - self.oldest), self.oldest):
            if row[1] in instruments:
                latest.apply(at, row)
            else:
                latest.seq, latest.now = at, row[2]
        return latest


def _bytes(row: Row) -> int:
    return _ROW_BYTES + _NUMBER_BYTES * len(row)
