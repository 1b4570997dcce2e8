"""
The canonical form of an event stream, and its digest.

One line per event: the integers of its row, joined by commas, ended by a line feed, ASCII. The
SHA-256 over those lines is what scenario files carry as their golden digest, and what two runs
compare.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from feed.model.events import Row

# More numbers than any row has; formatting by length is three times faster than joining.
_MOST = 40
_LINE = {width: ",".join(["%d"] * width) + "\n" for width in range(1, _MOST + 1)}


def canonical(rows: Iterable[Row]) -> bytes:
    """The canonical lines of ``rows``."""
    return "".join([_LINE[len(row)] % row for row in rows]).encode("ascii")


class Digest:
    """
    A running SHA-256 over a stream of events.

    Attributes:
        events: How many events went in.
    """

    def __init__(self) -> None:
        self.events = 0
        self._hash = hashlib.sha256()

    def update(self, rows: list[Row]) -> None:
        """Add the next events, in order."""
        self.update_lines(canonical(rows), len(rows))

    def update_lines(self, lines: bytes, events: int) -> None:
        """Add the next ``events`` events, already in :func:`canonical` form."""
        self.events += events
        self._hash.update(lines)

    def hexdigest(self) -> str:
        """The digest of everything so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()
