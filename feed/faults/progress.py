"""How far the faults of a scenario have come: for a server that begins in the middle of a market."""

from __future__ import annotations

from collections.abc import Iterable

from feed.faults.contract import FaultPlan, FaultRecord
from feed.faults.schedule import FaultSchedule, FaultTransition
from feed.model.events import Row
from feed.model.faults import Fault, LastingFault
from feed.model.timeline import verb


def begun(fault: Fault, transition: FaultTransition, *, seq: int, now: int) -> FaultRecord:
    """
    The record of a fault of the scenario that begins.

    Args:
        fault: It.
        transition: Its beginning.
        seq: Number of the last event before it.
        now: Market time of that event, nanoseconds since the Unix epoch.
    """
    return FaultRecord(
        number=transition.number,
        name=verb(type(fault)),
        seq=seq,
        market_time=now,
        since=None if fault.at is None else transition.when,
        over=not isinstance(fault, LastingFault),
    )


class FaultProgress:
    """
    The faults that have begun, and those that are still to come.

    Args:
        plan: The faults of the scenario.
        schedule: What is still to come of them; None for all.
        records: Those that have begun, in that order.

    Attributes:
        schedule: As it was given, and carried on.
        records: Likewise, by their place in the scenario.
    """

    def __init__(
        self, plan: FaultPlan, schedule: FaultSchedule | None = None, records: Iterable[FaultRecord] = ()
    ) -> None:
        self._plan = plan
        self.schedule = schedule or FaultSchedule(plan.faults, start=plan.start, every=plan.every)
        self.records = {one.number: one for one in records if one.number is not None}

    def published(self, seq: int, now: int, rows: list[Row]) -> None:
        """
        Take the next events into account.

        Args:
            seq: Number of the event before them.
            now: Market time of that event, nanoseconds since the Unix epoch.
            rows: The events.
        """
        while (before := self.schedule.next(seq, rows)) is not None:
            if before:
                now = rows[before - 1][2]
                seq, rows = seq + before, rows[before:]
            transition = self.schedule.take(seq, rows, now=now)
            number = transition.number
            if transition.begins:
                self.records.pop(number, None)  # of the round before
                self.records[number] = begun(self._plan.faults[number], transition, seq=seq, now=now)
            else:
                self.records[number].over = True
