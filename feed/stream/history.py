"""The last events, for clients that resume, and where the market stood before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from itertools import islice
from typing import Final
from zlib import crc32

from feed.model.events import Row
from feed.model.latest import Latest
from feed.model.position import Ahead, OtherHistory, Position, TooOld
from feed.stream.chain import chained, packed

# What a row takes in memory, measured on CPython: the tuple, its slots, and integers of its own.
_ROW_BYTES: Final = 56
_NUMBER_BYTES: Final = 8 + 32

# Copies of the market that are kept. To resume means to go through what follows one of them.
MARKS: Final = 16


class History:
    """
    The last events, oldest first, bounded in number and in bytes; what is older is forgotten.

    Attributes:
        seq: Sequence number of the newest event; 0 before the first.
        proof: Of everything up to it, see :mod:`feed.model.position`.
    """

    def __init__(self, *, instruments: int, events: int, size: int, proof: int = 0) -> None:
        """
        Begin with nothing.

        Args:
            instruments: How many the market lists.
            events: Bound on the number of events kept.
            size: Bound on what they take in memory, bytes.
            proof: Of position 0.
        """
        self.seq = 0
        self.proof = proof
        self._events = events
        self._size = size
        self._rows: deque[Row] = deque()
        self._proofs: deque[int] = deque()
        self._bytes = 0
        self._instruments = instruments
        self._base = Latest(instruments, proof)  # where the market stood before the oldest event kept
        self._marks: deque[Latest] = deque()  # and at some events since, oldest first

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest event kept; ``seq + 1`` when none is."""
        return self.seq - len(self._rows) + 1

    @property
    def position(self) -> Position:
        """That of the newest event."""
        return Position(self.seq, self.proof)

    def append(self, rows: list[Row]) -> list[int]:
        """Add the next events; gives the proof at each of them."""
        _, proofs = chained(rows, self.proof)
        if proofs:
            self.proof = proofs[-1]
        self._proofs.extend(proofs)
        self._rows.extend(rows)
        self.seq += len(rows)
        self._bytes += sum(map(_bytes, rows))
        while len(self._rows) > self._events or self._bytes > self._size:
            oldest = self.oldest
            row = self._rows.popleft()
            self._bytes -= _bytes(row)
            self._base.apply(oldest, row, self._proofs.popleft())
        return proofs

    def check(self, position: Position) -> None:
        """
        Whether somebody who is at ``position`` can go on here: whether it has seen this very history.

        Raises:
            TooOld: What follows it is no longer kept.
            Ahead: It has not been reached.
            OtherHistory: What led up to it was something else.
        """
        self._check(position.seq)
        if position.seq > self.seq:
            raise Ahead(self.seq)
        before = position.seq + 1 - self.oldest
        if position.proof != (self._proofs[before - 1] if before else self._base.proof):
            raise OtherHistory(position)

    def mark(self, latest: Latest) -> None:
        """
        Keep a copy of where the market stands, now and then: what comes after it is soon gone through.

        Args:
            latest: Where it stands after the newest event.
        """
        last = self._marks[-1].seq if self._marks else 0
        if self.seq - last < max(1, self._events // MARKS):
            return
        self._marks.append(latest.copy(range(self._instruments)))
        while self._marks[0].seq + 1 < self.oldest:
            self._marks.popleft()

    def after(self, seq: int) -> list[Row]:
        """
        Every event after ``seq``.

        Raises:
            TooOld: Some of them are no longer kept.
        """
        self._check(seq)
        return self._between(seq, self.seq)

    def at(self, seq: int, instruments: Collection[int]) -> Latest:
        """
        Where ``instruments`` stood at ``seq``.

        Only they are looked at: the whole market's past would take too long to go through while
        everybody waits.

        Raises:
            TooOld: That is longer ago than the events kept.
        """
        self._check(seq)
        before = next((mark for mark in reversed(self._marks) if mark.seq <= seq), self._base)
        latest = before.copy(instruments)
        proof = latest.proof
        for at, row in enumerate(self._between(before.seq, seq), before.seq + 1):
            proof = crc32(packed(row), proof)
            if row[1] in instruments:
                latest.apply(at, row, proof)
            else:
                latest.seq, latest.proof, latest.now = at, proof, row[2]
        return latest

    def _check(self, seq: int) -> None:
        if seq + 1 < self.oldest:
            raise TooOld(self.oldest)

    def _between(self, first: int, last: int) -> list[Row]:
        """The events after ``first`` up to ``last``, looked for from the end that is nearer."""
        if first >= last:
            return []
        skipped, newer = first + 1 - self.oldest, self.seq - last
        if skipped <= newer:
            return list(islice(self._rows, skipped, skipped + last - first))
        rows = list(islice(reversed(self._rows), newer, newer + last - first))
        rows.reverse()
        return rows


def _bytes(row: Row) -> int:
    return _ROW_BYTES + _NUMBER_BYTES * len(row)
