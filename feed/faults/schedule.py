"""Between which two events a fault begins, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

import attrs

from feed.model.events import Row
from feed.model.faults import Fault, LastingFault


@attrs.frozen(order=True)
class FaultTransition:
    """
    A fault that begins or is over. Of those at one place, the ends come first, then the file's order.

    Attributes:
        when: Market time, nanoseconds since the Unix epoch, or sequence number of the event before.
        begins: Whether it begins.
        number: Place of the fault among the scenario's, from 0.
    """

    when: int
    begins: bool
    number: int


class FaultSchedule:
    """
    What is still to come. A cue by market time stands before the first event of that time or later.

    Every cue comes once: a market that is taken back in time does not bring it back. Where the scenario
    is played again and again, those by market time come once in every round, and what lasts is over at
    the latest when the round is.

    Args:
        faults: In the order of the file.
        start: Market time from which they count, nanoseconds since the Unix epoch.
        every: Nanoseconds from the beginning of one round to that of the next; None for one round.
    """

    def __init__(self, faults: Iterable[Fault], *, start: int, every: int | None = None) -> None:
        self._start, self._every = start, every
        self._faults = tuple(faults)
        self._by_time: list[FaultTransition] = []
        self._by_seq: list[FaultTransition] = []
        for number, fault in enumerate(self._faults):
            if fault.at is not None:
                self._by_time.append(FaultTransition(start + fault.at, True, number))
            elif fault.seq is not None:
                self._by_seq.append(FaultTransition(fault.seq, True, number))
        heapify(self._by_time)
        heapify(self._by_seq)

    def next(self, seq: int, rows: list[Row]) -> int | None:
        """
        How many of the next events come before the next cue; None when all do, and more.

        Args:
            seq: Sequence number of the last event before ``rows``.
            rows: The next events.
        """
        first = self._first(seq, rows)
        return None if first is None else first[0]

    def take(self, seq: int, rows: list[Row], *, now: int) -> FaultTransition:
        """
        The cue of which :meth:`next` spoke, which is done with.

        Args:
            seq: As there, but for the events that came before it: they have been told.
            rows: As there.
            now: Market time of the last event told.
        Raises:
            LookupError: There is none.
        """
        first = self._first(seq, rows)
        if first is None:
            raise LookupError("no cue is due")
        cue = heappop(self._by_time if first[1] else self._by_seq)
        fault = self._faults[cue.number]
        if not cue.begins:
            return cue
        begun = cue.when if first[1] else now
        if isinstance(fault, LastingFault):
            ends = [] if fault.duration is None else [begun + fault.duration]
            if self._every is not None:
                ends.append(begun - (begun - self._start) % self._every + self._every)
            if ends:
                heappush(self._by_time, FaultTransition(min(ends), False, cue.number))
        if self._every is not None and first[1]:
            heappush(self._by_time, FaultTransition(cue.when + self._every, True, cue.number))
        return cue

    def _first(self, seq: int, rows: list[Row]) -> tuple[int, bool] | None:
        """Events before the next cue, and whether it is one by time."""
        # Between two events those by number come first: they stand right after the one, the others
        # right before the other, which may not be here yet.
        places: list[tuple[int, bool]] = []
        if self._by_time:
            cue = self._by_time[0]
            place = next((at for at, row in enumerate(rows) if row[2] >= cue.when), None)
            if place is not None:
                places.append((place, True))
        if self._by_seq:
            cue = self._by_seq[0]
            place = max(0, cue.when - seq)
            if place <= len(rows):
                places.append((place, False))
        return min(places, default=None)
