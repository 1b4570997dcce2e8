"""The last events, for clients that resume."""

from __future__ import annotations

from collections import deque
from itertools import islice

from feed.errors import ClientError
from feed.model.events import Row


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
    The last ``limit`` events, oldest first; what is older is forgotten.

    Attributes:
        seq: Sequence number of the newest event; 0 before the first.
    """

    def __init__(self, limit: int) -> None:
        self.seq = 0
        self._rows: deque[Row] = deque(maxlen=limit)

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest event kept; ``seq + 1`` when none is."""
        return self.seq - len(self._rows) + 1

    def append(self, rows: list[Row]) -> None:
        """Add the next events."""
        self._rows.extend(rows)
        self.seq += len(rows)

    def after(self, seq: int) -> list[tuple[int, Row]]:
        """
        Every event after ``seq``, with its sequence number.

        Raises:
            TooOld: Some of them are no longer kept.
        """
        first = seq + 1
        if first < self.oldest:
            raise TooOld(self.oldest)
        return list(enumerate(islice(self._rows, first - self.oldest, None), first))
