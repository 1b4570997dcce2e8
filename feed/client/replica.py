"""A copy of a book of the server: a snapshot, in parts, and then changes. Sans-I/O."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from feed.dialects.items import Part
from feed.model.directory import Directory
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Instrument

# A lost snapshot is noticed by the deltas that come without it. Some are on their way from before it was
# asked for, and a busy server answers late: both so many, and for so long by the market's clock.
PATIENCE: Final = 200
PATIENCE_NS: Final = 2 * NS_PER_SECOND
MOST_IGNORED: Final = 20_000  # where they do not say when they are of

P = TypeVar("P", bound=Part)


class OutOfStep(Exception):
    """
    The copy differs from the server's book; a new snapshot is needed.

    Attributes:
        reason: How we know.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Replica(Generic[P]):
    """
    A copy of a book of one instrument.

    Attributes:
        in_sync: Whether it is what the server has at :attr:`seq`; while it is not, it is out of date.
        seq: Sequence number of the last event in it; 0 before the first.
        ts: Its market time, nanoseconds since the Unix epoch.
    """

    def __init__(self, directory: Directory, index: int) -> None:
        self.in_sync = False
        self.seq = 0
        self.ts = 0
        self._directory = directory
        self._index = index
        self._grid = directory[index]
        self._building = False  # the first part of a snapshot has come, and the last has not
        self._ignored = 0
        self._ignored_from = 0  # market time of the first of them

    @property
    def instrument(self) -> Instrument:
        """Turns ticks and lots into decimals."""
        return self._grid

    def apply(self, part: P) -> bool:
        """
        Take one message into account.

        Returns:
            Whether it changed the copy: a delta that is already in it does not, nor does one that
            comes while a snapshot is awaited.

        Raises:
            OutOfStep: The copy is not what the server has. It goes on when a snapshot comes.
        """
        if part.first:
            self._clear()
            self._building, self.in_sync = True, False
        elif part.snapshot:
            if not self._building:
                return self._ignore(part, "part of a snapshot without its beginning")
        elif self._building:
            raise self._lost("a snapshot without its end")
        elif not self.in_sync:
            return self._ignore(part, "no snapshot")
        elif part.seq <= self.seq:
            return False
        if self._grid is not self._directory[self._index]:
            if self._holds_any():
                raise self._lost("prices have more digits than was known")
            self._grid = self._directory[self._index]
        self._set(part)
        self.seq, self.ts = part.seq, part.ts
        if not part.more:
            self._prove(part)
            self._building, self.in_sync = False, True
        return True

    def lose(self) -> None:
        """From here on it is not known to be what the server has; a snapshot is awaited."""
        self.in_sync = self._building = False
        self._ignored = 0

    def _clear(self) -> None:
        """Forget all of it."""
        raise NotImplementedError

    def _holds_any(self) -> bool:
        """Whether there is anything in it."""
        raise NotImplementedError

    def _set(self, part: P) -> None:
        """Take over what a part says; :class:`OutOfStep` when that cannot be."""
        raise NotImplementedError

    def _prove(self, part: P) -> None:
        """:class:`OutOfStep` when the part proves that something was lost."""

    def _lost(self, reason: str) -> OutOfStep:
        self.lose()
        return OutOfStep(reason)

    def _ignore(self, part: P, reason: str) -> bool:
        if not self._ignored:
            self._ignored_from = part.ts
        self._ignored += 1
        late = part.ts - self._ignored_from > PATIENCE_NS or self._ignored > MOST_IGNORED
        if self._ignored > PATIENCE and late:
            raise self._lost(reason)
        return False
