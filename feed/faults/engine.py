"""
The part of the fault engine that decides: begins and ends faults, and selects the connections they affect.

Faults of a scenario begin and end between two events (:mod:`feed.faults.schedule`): the engine is the
fan-out's hook. A bad link (delay, drop, duplicate, reorder, broken checksum) is bad for whoever comes while
it lasts; mute and half-open strike those who are there when it begins, so that a client that comes back gets
through.

Faults that are set at run time (:mod:`feed.faults.runtime`) begin and end wherever the stream stands then.

Several faults on one connection work together: those of frames in the order in which they began
(:mod:`feed.faults.frame_faults`), then delay, bandwidth and stall (:mod:`feed.faults.transport`). Of several
delays of the scenario the one that began last counts, and those set at run time are added to it; of several
bandwidths the narrowest counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Final

import attrs
import structlog

from feed.faults.active import ActiveFault
from feed.faults.contract import FaultPlan, FaultRecord, ForcedClose, RefusedHandshake, Target
from feed.faults.frame_faults import FRAME_FAULTS, SeededFault
from feed.faults.pacing import LinkState
from feed.faults.progress import FaultProgress, begun
from feed.faults.requests import disruption
from feed.faults.schedule import FaultSchedule
from feed.model.disruption import Disruption
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Row
from feed.model.faults import (
    Bandwidth,
    BrokenChecksum,
    Delay,
    Disconnect,
    Drop,
    Duplicate,
    ExpireTokens,
    Fault,
    Garbage,
    GoAway,
    HalfOpen,
    LastingFault,
    MessageFault,
    Oversized,
    RefuseHandshakes,
    Reorder,
    RequestFault,
    Reset,
    Restart,
)
from feed.model.instruments import Listing
from feed.model.symbols import symbols
from feed.model.timeline import verb
from feed.stream.frames import text_frame
from feed.stream.hub import Hub

log = structlog.get_logger("feed.faults")

DROPPED: Final = 1006
NO_INSTRUMENTS: Final = Listing(())

_BAD_LINKS: Final = (Delay, Bandwidth, Drop, Duplicate, Reorder, BrokenChecksum)
_EXPIRED: Final = ForcedClose(
    why="fault: expire-tokens", code=1008, reason="Token expired", token_expired=True
)
_RESET: Final = ForcedClose(why="fault: reset", reset=True)
_RESTARTED: Final = ForcedClose(why="fault: restart", code=1012, reason="Service restart")


@attrs.define(eq=False)
class _Present:
    """
    An open connection.

    Attributes:
        number: As they came, from 1; those that only watch have numbers of their own, from -1 down, so that
            whom a fault strikes of the others does not depend on them.
        struck_by: The faults that last on it; for a delay, the seconds by which the next write is late
            because of it.
    """

    number: int
    struck_by: dict[ActiveFault, Callable[[], float] | None] = attrs.field(factory=dict)


class FaultEngine:
    """
    Lets faults happen to connections. It is the fan-out's hook for those of the scenario.

    Args:
        plan: The faults of the scenario.
        hub: Who listens to what.
        listing: The instruments of the market.
        checksums: By protocol, the members of its messages that are checksums.
        clock: In seconds; for faults that are set at run time.
    """

    def __init__(
        self,
        plan: FaultPlan,
        hub: Hub,
        *,
        listing: Listing = NO_INSTRUMENTS,
        checksums: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._listing = listing
        self._checksums = checksums or {}
        self._hub = hub
        self._clock = clock
        self._schedule = FaultSchedule(plan.faults, start=plan.start, every=plan.every)
        self._scheduled: dict[int, ActiveFault] = {}  # those that have begun, by their place in the scenario
        self._lasting: dict[ActiveFault, None] = {}  # in the order in which they began
        self._present: dict[Target, _Present] = {}
        self._arrivals = itertools.count(1)
        self._observers = itertools.count(-1, -1)
        self._handshakes = itertools.count(1)

    @property
    def idle(self) -> bool:
        """Whether nothing goes wrong, now or later, unless somebody asks for it."""
        return not self._plan.faults and not self._lasting

    def statistics(self) -> tuple[FaultRecord, ...]:
        """Every fault of the scenario that has begun, in the order in which they did."""
        return tuple(attrs.evolve(active.record) for active in self._scheduled.values())

    def planned(self, kind: type[LastingFault]) -> list[tuple[int, int | None]]:
        """
        The faults of a kind that the scenario still has ahead, where it says their time.

        Returns:
            Market time of the beginning, nanoseconds since the Unix epoch, and duration in nanoseconds; None
            for the rest of the scenario.
        """
        return [
            (self._plan.start + fault.at, fault.duration)
            for number, fault in enumerate(self._plan.faults)
            if isinstance(fault, kind) and fault.at is not None and number not in self._scheduled
        ]

    # --- between two events ----------------------------------------------------------------------

    def next(self, seq: int, rows: list[Row]) -> int | None:
        """How many of ``rows``, which follow the event ``seq``, come before the next fault."""
        return self._schedule.next(seq, rows)

    def act(self, seq: int, rows: list[Row]) -> None:
        """Let the next fault begin or end."""
        cue = self._schedule.take(seq, rows, now=self._hub.market_state.now)
        if not cue.begins:
            self._end([self._scheduled[cue.number]], seq)
            return
        fault = self._plan.faults[cue.number]
        active = self._of_scenario(begun(fault, cue, seq=seq, now=self._hub.market_state.now), cue.number)
        self._begin(active, seq)

    def progress(self) -> FaultProgress:
        """How far the scenario's faults have come, between two events; nothing of it is to be changed."""
        found = sorted(self._scheduled.values(), key=lambda active: active in self._lasting)
        return FaultProgress(self._plan, self._schedule, [active.record for active in found])

    def restore(self, progress: FaultProgress) -> None:
        """
        Go on where another server's faults are that publishes the same events; nobody is connected yet.

        Args:
            progress: Theirs, which is carried on here and used by nobody else.
        """
        self._schedule = progress.schedule
        for number, record in progress.records.items():
            active = self._of_scenario(attrs.evolve(record, connections=0, refused=0), number)
            if not record.over:
                self._lasting[active] = None

    def begin(self, fault: Fault, *, name: str, until: float | None, connection: int = 0) -> ActiveFault:
        """
        Let a fault begin here and now; the stream is between two events.

        Args:
            fault: What it is; it strikes whom it aims at, whatever it says of when.
            name: Tells it from others that are set at run time; whom it strikes is drawn from it.
            until: When :meth:`end` will be called, seconds of the clock; None when that is not known.
            connection: Number of the one that it strikes, with which it ends; 0 for all that it aims at.
        """
        seq = self._hub.seq
        now = self._hub.market_state.now
        record = FaultRecord(number=None, name=verb(type(fault)), seq=seq, market_time=now)
        active = self._active(fault, f"run time {name}", record, itertools.count(1))
        active.until, active.connection = until, connection
        self._begin(active, seq)
        return active

    def end(self, *actives: ActiveFault) -> None:
        """Let faults be over that :meth:`begin` gave, here and now, those that are not."""
        self._end([active for active in actives if active in self._lasting], self._hub.seq)

    def _of_scenario(self, record: FaultRecord, number: int) -> ActiveFault:
        active = self._active(self._plan.faults[number], str(number), record, self._handshakes)
        self._scheduled[number] = active
        return active

    def _active(
        self, fault: Fault, label: str, record: FaultRecord, handshakes: Iterator[int]
    ) -> ActiveFault:
        frames = isinstance(fault, FRAME_FAULTS)
        instrument = None
        if isinstance(fault, MessageFault) and fault.symbol is not None:
            found = symbols(self._listing).index(fault.symbol)
            instrument = -1 if found is None else found  # none of what is listed
        seeded = SeededFault(fault, label, self._plan.seed, instrument, self._checksums) if frames else None
        return ActiveFault(fault=fault, label=label, record=record, handshakes=handshakes, seeded=seeded)

    def _begin(self, active: ActiveFault, seq: int) -> None:
        record = active.record
        if isinstance(active.fault, LastingFault):
            record.over = False
            self._lasting[active] = None
        if (frame := self._frame(active)) is not None:
            for connection in [one for one in self._present if self._aims_at(active, one)]:
                record.connections += 1
                connection.send_buffer.send(frame)
        elif not isinstance(active.fault, RefuseHandshakes | RequestFault):
            for connection in list(self._present):
                if self._aims_at(active, connection):
                    self._strike(active, connection)
        log.info("fault begins", fault=record.name, seq=seq, connections=record.connections)

    def _end(self, actives: Sequence[ActiveFault], seq: int) -> None:
        for active in actives:
            active.record.over = True
            del self._lasting[active]
        # Once for each connection, however many of them struck it.
        for connection, present in list(self._present.items()):
            if ended := [active for active in actives if active in present.struck_by]:
                for active in ended:
                    del present.struck_by[active]
                self._put_right(connection)
        for active in actives:
            record = active.record
            counts = {"connections": record.connections, "refused": record.refused}
            log.info("fault ends", fault=record.name, seq=seq, **counts)

    # --- connections -----------------------------------------------------------------------------

    def arrived(self, connection: Target) -> None:
        """A connection has opened."""
        numbers = self._observers if connection.send_buffer.observer else self._arrivals
        self._present[connection] = _Present(next(numbers))
        for active in self._lasting:
            if isinstance(active.fault, Restart) and self._aims_at(active, connection):
                self._strike(active, connection)
                return
        self.met(connection)

    def met(self, connection: Target) -> None:
        """It is about to subscribe, and may have shown its key since it opened."""
        for active in self._lasting:
            struck = active in self._present[connection].struck_by
            if isinstance(active.fault, _BAD_LINKS) and not struck and self._aims_at(active, connection):
                self._strike(active, connection)

    def left(self, connection: Target) -> None:
        """It is over."""
        self._present.pop(connection, None)
        if alone := [one for one in self._lasting if one.connection and one.connection == connection.number]:
            self._end(alone, self._hub.seq)

    def striking(self, connection: Target) -> list[str]:
        """Names of the faults that last on a connection, in the order in which they struck it."""
        present = self._present.get(connection)
        return [] if present is None else [active.record.name for active in present.struck_by]

    def refusal(self, dialect: str, *, observer: bool = False) -> RefusedHandshake | None:
        """How a handshake of ``dialect`` is turned away, if it is; of one who only watches, all alike."""
        for active in self._lasting:
            fault = active.fault
            if not isinstance(fault, RefuseHandshakes | Restart) or active.connection:
                continue
            lot = self._lot(active, f"knock {0 if observer else next(active.handshakes)}")
            if fault.aim.strikes(dialect=dialect, key=None, lot=lot):
                active.record.refused += 1
                status = fault.status if isinstance(fault, RefuseHandshakes) else 503
                return RefusedHandshake(status, self._seconds_left(active))
        return None

    def disruption(self, dialect: str, *, key: str | None, address: str) -> Disruption:
        """
        What goes wrong with a request that comes now; one of who is banned is counted as refused.

        Args:
            dialect: Of which protocol it is.
            key: Name of the key that it shows; None when it shows none that is accepted.
            address: Where it comes from.
        """
        return disruption(
            self._lasting, dialect=dialect, key=key, address=address, seconds_left=self._seconds_left
        )

    def _seconds_left(self, active: ActiveFault) -> int:
        return active.seconds_left(self._clock(), self._hub.market_state.now)

    def _aims_at(self, active: ActiveFault, connection: Target) -> bool:
        peer_info = connection.peer_info
        if active.connection not in (0, connection.number):
            return False
        if isinstance(active.fault, ExpireTokens) and peer_info.key is None:
            return False  # it has none
        lot = self._lot(active, str(self._present[connection].number))
        return active.fault.aim.strikes(dialect=peer_info.dialect, key=peer_info.key, lot=lot)

    def _lot(self, active: ActiveFault, whose: str) -> float:
        if active.fault.aim.fraction == 1:
            return 0.0  # whatever is drawn: to draw for ten thousand connections takes a while
        return Random(f"{self._plan.seed}:{active.label}:{whose}").random()  # noqa: S311

    def _strike(self, active: ActiveFault, connection: Target) -> None:
        active.record.connections += 1
        fault = active.fault
        match fault:
            case Disconnect(code=code, reason=reason):
                code = 0 if code == DROPPED else code
                self._send_away(connection, ForcedClose(why="fault: disconnect", code=code, reason=reason))
            case GoAway(notice=notice):
                connection.go_away(notice / NS_PER_SECOND)
            case Reset():
                self._send_away(connection, _RESET)
            case ExpireTokens():
                self._send_away(connection, _EXPIRED)
            case Restart():
                self._send_away(connection, _RESTARTED)
            case _:
                late = self._lateness(active, connection) if isinstance(fault, Delay) else None
                self._present[connection].struck_by[active] = late
                self._put_right(connection)

    def _frame(self, active: ActiveFault) -> bytes | None:
        """What a fault says to everybody whom it strikes: one object for all, as it may be long."""
        match active.fault:
            case Garbage():
                noise = blake2b(f"{self._plan.seed}:{active.label}".encode(), digest_size=16).hexdigest()
                return text_frame(f"#{noise}")
            case Oversized(bytes=size):
                return text_frame("#" * size)
            case _:
                return None

    def _send_away(self, connection: Target, ending: ForcedClose) -> None:
        self.left(connection)
        connection.leave(ending)

    def _put_right(self, connection: Target) -> None:
        """Make a connection as bad as the faults that last on it."""
        present = self._present[connection]
        # It may have been struck in another order than that in which they began: by a key shown late.
        struck_by = {
            active: present.struck_by[active] for active in self._lasting if active in present.struck_by
        }
        link_faults = tuple(active.seeded for active in struck_by if active.seeded is not None)
        if link_faults != connection.send_buffer.link_faults:
            self._hub.distort(connection.send_buffer, link_faults)
        narrow = [one.fault.bytes_per_second for one in struck_by if isinstance(one.fault, Bandwidth)]
        connection.impair(
            LinkState(
                late=_late(struck_by),
                bytes_per_second=min(narrow, default=None),
                stalled=any(isinstance(active.fault, HalfOpen) for active in struck_by),
            )
        )

    def _lateness(self, active: ActiveFault, connection: Target) -> Callable[[], float]:
        whose, fault = self._present[connection].number, active.fault
        assert isinstance(fault, Delay)  # noqa: S101 - nothing else makes a link late
        seconds = fault.delay / NS_PER_SECOND
        if not fault.jitter:
            return lambda: seconds  # the state of a generator takes 2.5 KB
        draws = Random(f"{self._plan.seed}:{active.label}:{whose} is late")  # noqa: S311
        return lambda: (fault.delay + draws.random() * fault.jitter) / NS_PER_SECOND


def _late(struck_by: Mapping[ActiveFault, Callable[[], float] | None]) -> Callable[[], float] | None:
    """By how much all delays together make a write late."""
    delays = [(active, late) for active, late in struck_by.items() if late is not None]
    scheduled = [late for active, late in delays if not active.at_run_time]
    summed = [late for active, late in delays if active.at_run_time] + scheduled[-1:]
    if len(summed) < 2:
        return summed[0] if summed else None
    return lambda: sum(one() for one in summed)
