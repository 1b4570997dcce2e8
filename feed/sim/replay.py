"""Runs a market without clients, counts its events, and compares them with what a scenario expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import attrs

from feed.model.digest import Digest
from feed.model.events import KINDS, SIGNAL, Row
from feed.model.faults import Fault
from feed.model.kinds import KIND_NAMES
from feed.model.scenario import Counts, Expect, Scenario
from feed.sim.control import Control
from feed.sim.script import ScriptedMarket
from feed.sim.simulation import WHOLE, Simulation, StopCondition

# Events taken at a time: enough to make the digest cheap, few enough for a smooth progress bar.
_TAKEN_AT_ONCE: Final = 4096


@attrs.frozen(kw_only=True)
class Outcome:
    """
    The result of a run.

    Attributes:
        events: Number of events, with the opening books.
        counts: Events of each kind.
        digest: SHA-256 over the canonical event stream (:mod:`feed.model.digest`), 64 digits.
        faults: Number of faults of the timeline that would have begun.
        market_ns: Market time that has passed, nanoseconds.
        signals: The ``SIGNAL`` rows.
    """

    events: int
    counts: Counts
    digest: str
    faults: int
    market_ns: int
    signals: tuple[Row, ...] = ()

    def expectation(self) -> Expect:
        """The expectation of a scenario file that this result meets."""
        return Expect(events=self.events, digest=self.digest, faults=self.faults, counts=self.counts)

    def differences(self, expect: Expect) -> list[str]:
        """The differences from an expectation, each a clause such as ``trade: 12 instead of 13``."""
        pairs: list[tuple[str, object, object]] = [
            ("events", self.events, expect.events),
            ("faults", self.faults, expect.faults),
            *(
                (name, getattr(self.counts, name), getattr(expect.counts, name, None))
                for name in KIND_NAMES.values()
            ),
            ("digest", self.digest, expect.digest),
        ]
        return [
            f"{name}: {found} instead of {wanted}"
            for name, found, wanted in pairs
            if wanted not in (None, found)
        ]


class Replay:
    """
    Runs to the end and counts events.

    Args:
        run: Used by nothing else.
        start: Market time at which it begins, nanoseconds since the Unix epoch.
        faults: The faults of its timeline.
        clock: A monotonic clock, seconds.
        speed: Market seconds per second; 0 for as fast as possible.
        until: Where to end.
    """

    def __init__(
        self,
        run: Simulation,
        *,
        start: int,
        faults: tuple[Fault, ...] = (),
        clock: Callable[[], float] = lambda: 0.0,
        speed: float = 0.0,
        until: StopCondition = WHOLE,
    ) -> None:
        self._control = Control(run, clock=clock, speed=speed, until=until)
        self._start = start
        self._faults = faults
        self._digest = Digest()
        self._counts = dict.fromkeys(KINDS, 0)
        self._signals: list[Row] = []

    def steps(self) -> Iterator[float]:
        """
        Run to the end.

        Yields the clock time of the next step, until which the caller waits.
        """
        control = self._control
        self._add(control.opening())
        control.start()
        while not control.ended:
            yield control.wake_time()
            self._add(control.take(_TAKEN_AT_ONCE))

    @property
    def market_ns(self) -> int:
        """Market time that has passed, nanoseconds."""
        return self._control.status().market_time - self._start

    def outcome(self) -> Outcome:
        """The result so far."""
        seq, passed = self._digest.events, self.market_ns
        begun = [
            fault
            for fault in self._faults
            if (fault.seq is not None and fault.seq <= seq) or (fault.at is not None and fault.at <= passed)
        ]
        return Outcome(
            events=seq,
            counts=Counts(**{KIND_NAMES[kind]: count for kind, count in self._counts.items()}),
            digest=self._digest.hexdigest(),
            faults=len(begun),
            market_ns=passed,
            signals=tuple(self._signals),
        )

    def _add(self, rows: list[Row]) -> None:
        self._digest.update(rows)
        counts = self._counts
        for row in rows:
            counts[row[0]] += 1
            if row[0] == SIGNAL:
                self._signals.append(row)


def replay(scenario: Scenario, *, until: StopCondition = WHOLE) -> Outcome:
    """Run a scenario as fast as possible."""
    run = Replay(ScriptedMarket(scenario), start=scenario.start, faults=scenario.faults, until=until)
    for _ in run.steps():
        pass
    return run.outcome()
