"""
Where the market stood when clients left, read from the history: once for all who left after the same mark.

History has the market's state at some events alone, its marks. When a server goes on after a crash each
client resumes after another event, a little before the same moment; to read from the mark for each of them
would take longer than what they have missed.
"""

from __future__ import annotations

from typing import Protocol
from weakref import WeakSet, WeakValueDictionary

from feed.state.market_state import MarketState
from feed.stream.history import History


class Waiting(Protocol):
    """
    Wants the state of the market after an event.

    Attributes:
        start: Sequence number of the event.
    """

    start: int

    def begin(self, market_state: MarketState) -> None:
        """Where it stood then; nobody else's."""


class Seek:
    """
    Reads on from a mark.

    Attributes:
        seq: Sequence number of the last event read.
    """

    def __init__(self, history: History, instruments: tuple[int, ...], mark: MarketState) -> None:
        """
        Begin at a mark, with nobody waiting.

        Args:
            history: The events.
            instruments: Those whose state is wanted.
            mark: Where the market stood there; it is not changed.
        """
        self.seq = mark.seq
        self._history = history
        self._instruments = instruments
        self._market_state = mark.copy(instruments)
        self._waiting: WeakSet[Waiting] = WeakSet()

    def join(self, waiting: Waiting) -> None:
        """Let ``waiting``, which starts no earlier than what was read, begin when its start is reached."""
        self._waiting.add(waiting)

    def read(self) -> int:
        """
        Read on towards the nearest start, to the end of a block at most, and let begin who starts there.

        Returns:
            How many events were read.
        """
        stop = min(one.start for one in self._waiting)
        count = self._apply(stop - self.seq) if self.seq < stop else 0
        if self.seq == stop:
            for one in [one for one in self._waiting if one.start == stop]:
                self._waiting.discard(one)
                one.begin(self._market_state.copy(self._instruments))
        return count

    def _apply(self, most: int) -> int:
        rows, proofs = self._history.after(self.seq)
        rows, market_state, seq = rows[:most], self._market_state, self.seq
        for row, proof in zip(rows, proofs, strict=False):
            seq += 1
            if row[1] in self._instruments:
                market_state.apply(seq, row, proof)
        self.seq = seq
        market_state.seq, market_state.proof, market_state.now = seq, proofs[len(rows) - 1], rows[-1][2]
        return len(rows)


class Seeks:
    """
    The readings under way.

    Args:
        history: The events.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._under_way: WeakValueDictionary[tuple[tuple[int, ...], int], Seek] = WeakValueDictionary()

    def join(self, waiting: Waiting, instruments: tuple[int, ...]) -> Seek:
        """
        Let ``waiting`` wait for the state of some instruments, with others if there are any.

        Args:
            waiting: Begins when its start is reached; it holds on to the reading until then.
            instruments: Those that it needs.
        Returns:
            Who reads, to be asked for it until it has begun.
        Raises:
            TooOld: What follows its start is no longer kept.
            Ahead: Its start has not been reached.
        """
        mark = self._history.before(waiting.start)
        key = instruments, mark.seq
        seek = self._under_way.get(key)
        if seek is None or seek.seq > waiting.start:
            seek = self._under_way[key] = Seek(self._history, instruments, mark)
        seek.join(waiting)
        return seek
