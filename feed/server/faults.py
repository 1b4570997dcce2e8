"""
What goes wrong on purpose: the wire faults of a scenario, done to connections between two events.

Faults on the frames of topics (drop, duplicate, reorder, mute) are a matter of the stream: see
:mod:`feed.stream.link_faults`. The others are done here, to the connection itself. Nothing of this
exists unless a scenario asks for it.

A bad link (delay, drop, duplicate, reorder) is bad for whoever comes while it lasts; mute and half-open
strike those who are there when it begins, so that a client that comes back gets through.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from hashlib import blake2b
from random import Random
from typing import Final, Protocol

import attrs
import structlog

from feed.dialects.contract import DisconnectCause
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Row
from feed.model.faults import (
    Delay,
    Disconnect,
    Drop,
    Duplicate,
    ExpireTokens,
    Fault,
    Garbage,
    HalfOpen,
    LastingFault,
    Oversized,
    RefuseHandshakes,
    Reorder,
    Restart,
)
from feed.scenario.schema import verb
from feed.server.close_reason import CloseReason
from feed.server.connection.peer import Peer
from feed.server.head import BadRequest
from feed.server.schedule import Schedule
from feed.stream.frames import text_frame
from feed.stream.hub import Hub
from feed.stream.link_faults import DISTORTED, LinkFault
from feed.stream.send_buffer import SendBuffer

log = structlog.get_logger("feed.faults")

DROPPED: Final = 1006
# After a refusal that lasts to the end of the scenario.
RETRY_SECONDS: Final = 60

_BAD_LINKS: Final = (Delay, Drop, Duplicate, Reorder)
_EXPIRED: Final = CloseReason("fault: expire-tokens", 1008, "Token expired", DisconnectCause.TOKEN_EXPIRED)
_RESTARTED: Final = CloseReason("fault: restart", 1012, "Service restart")


@attrs.frozen(kw_only=True)
class Plan:
    """
    The faults of a run.

    Attributes:
        faults: In the order of the file.
        seed: Chooses whom they strike, and which frames.
        start: Market time from which they count, nanoseconds since the Unix epoch.
        every: Nanoseconds of market time after which the scenario begins again, and with it the faults
            whose time it says; None where it is played once.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 0
    start: int = 0
    every: int | None = None


@attrs.define(kw_only=True)
class FaultRecord:
    """
    A fault that has begun.

    Attributes:
        number: Its place among the scenario's faults, from 0.
        name: As the scenario has it, such as ``half-open``.
        seq: Sequence number of the last event before it.
        market_time: Of that event, nanoseconds since the Unix epoch.
        connections: How many it struck so far.
        refused: How many handshakes it turned away so far.
        since: Market time at which the scenario let it begin; None where it names an event.
        over: Whether it has ended; True from the start of one that does not last.
    """

    number: int
    name: str
    seq: int
    market_time: int
    connections: int = 0
    refused: int = 0
    since: int | None = None
    over: bool = True


class Target(Protocol):
    """
    An open connection, as faults see it.

    Attributes:
        peer_info: Who it is with.
    """

    peer_info: Peer

    @property
    def send_buffer(self) -> SendBuffer:
        """Everything that goes out, in order."""

    def leave(self, why: CloseReason) -> None:
        """End it between these two events; without a close code, drop the connection."""

    def delay(self, late: Callable[[], float] | None) -> None:
        """Let everything that is sent from now on be late by so many seconds; None for no more."""

    def stall(self, *, on: bool) -> None:
        """Neither send nor receive a byte from now on, while it stays open; or do again."""


class Faults:
    """
    Lets the faults of a plan happen. It is the fan-out's interlude.

    Args:
        plan: Which, and when.
        hub: Who listens to what.
    """

    def __init__(self, plan: Plan, hub: Hub) -> None:
        self._plan = plan
        self._hub = hub
        self._schedule = Schedule(plan.faults, start=plan.start, every=plan.every)
        self._records: dict[int, FaultRecord] = {}
        self._lasting: dict[int, dict[Target, None]] = {}  # whom they have struck
        self._present: dict[Target, int] = {}  # and the how-manyeth each is
        self._arrivals = itertools.count(1)
        self._knocks = itertools.count(1)

    def statistics(self) -> tuple[FaultRecord, ...]:
        """Every fault that has begun, in the order in which they did."""
        return tuple(attrs.evolve(record) for record in self._records.values())

    # --- between two events ----------------------------------------------------------------------

    def next(self, seq: int, rows: list[Row]) -> int | None:
        """How many of ``rows``, which follow the event ``seq``, come before the next fault."""
        return self._schedule.next(seq, rows)

    def act(self, seq: int, rows: list[Row]) -> None:
        """Let the next fault begin or end."""
        cue = self._schedule.take(seq, rows, now=self._hub.market_state.now)
        if cue.begins:
            self._begin(cue.number, seq, since=None if self._plan.faults[cue.number].at is None else cue.when)
        else:
            self._end(cue.number, seq)

    def _begin(self, number: int, seq: int, *, since: int | None) -> None:
        fault = self._plan.faults[number]
        record = self._records[number] = FaultRecord(
            number=number,
            name=verb(type(fault)),
            seq=seq,
            market_time=self._hub.market_state.now,
            since=since,
        )
        if isinstance(fault, LastingFault):
            record.over = False
            self._lasting[number] = {}
        if not isinstance(fault, RefuseHandshakes):
            for connection in list(self._present):
                if self._aims_at(number, connection):
                    self._strike(number, connection)
        log.info("fault begins", fault=record.name, seq=seq, connections=record.connections)

    def _end(self, number: int, seq: int) -> None:
        record = self._records[number]
        record.over = True
        for connection in self._lasting.pop(number):
            if connection in self._present:
                self._put_right(connection)
        log.info("fault ends", fault=record.name, seq=seq, **_counts(record))

    # --- connections -----------------------------------------------------------------------------

    def arrived(self, connection: Target) -> None:
        """A connection has opened."""
        self._present[connection] = next(self._arrivals)
        for number in self._lasting:
            if isinstance(self._plan.faults[number], Restart) and self._aims_at(number, connection):
                self._strike(number, connection)
                return
        self.met(connection)

    def met(self, connection: Target) -> None:
        """It is about to subscribe, and may have shown its key since it opened."""
        for number, struck in self._lasting.items():
            bad_link = isinstance(self._plan.faults[number], _BAD_LINKS)
            if bad_link and connection not in struck and self._aims_at(number, connection):
                self._strike(number, connection)

    def left(self, connection: Target) -> None:
        """It is over."""
        self._present.pop(connection, None)
        for struck in self._lasting.values():
            struck.pop(connection, None)

    def refusal(self, dialect: str) -> BadRequest | None:
        """What a handshake of ``dialect`` is answered instead, if nobody is let in."""
        for number in self._lasting:
            fault = self._plan.faults[number]
            if not isinstance(fault, RefuseHandshakes | Restart):
                continue
            lot = self._lot(number, f"knock {next(self._knocks)}")
            if fault.aim.strikes(dialect=dialect, key=None, lot=lot):
                self._records[number].refused += 1
                status = fault.status if isinstance(fault, RefuseHandshakes) else 503
                return BadRequest(
                    status, "Nobody is let in at the moment", (("Retry-After", str(self._seconds(number))),)
                )
        return None

    def _seconds(self, number: int) -> int:
        """Market seconds until a lasting fault is over, at least 1."""
        fault, record = self._plan.faults[number], self._records[number]
        if not isinstance(fault, LastingFault) or fault.duration is None:
            return RETRY_SECONDS
        begun = record.market_time if record.since is None else record.since
        left = begun + fault.duration - self._hub.market_state.now
        return max(1, math.ceil(left / NS_PER_SECOND))

    def _aims_at(self, number: int, connection: Target) -> bool:
        fault, peer_info = self._plan.faults[number], connection.peer_info
        if isinstance(fault, ExpireTokens) and peer_info.key is None:
            return False  # it has none
        lot = self._lot(number, str(self._present[connection]))
        return fault.aim.strikes(dialect=peer_info.dialect, key=peer_info.key, lot=lot)

    def _lot(self, number: int, whose: str) -> float:
        return Random(f"{self._plan.seed}:{number}:{whose}").random()  # noqa: S311

    def _strike(self, number: int, connection: Target) -> None:
        self._records[number].connections += 1
        match fault := self._plan.faults[number]:
            case Disconnect(code=code, reason=reason):
                why = CloseReason("fault: disconnect", 0 if code == DROPPED else code, reason)
                self._send_away(connection, why)
            case ExpireTokens():
                self._send_away(connection, _EXPIRED)
            case Restart():
                self._send_away(connection, _RESTARTED)
            case Garbage():
                noise = blake2b(f"{self._plan.seed}:{number}".encode(), digest_size=16).hexdigest()
                connection.send_buffer.send(text_frame(f"#{noise}"))
            case Oversized():
                connection.send_buffer.send(text_frame("#" * fault.bytes))
            case _:
                self._lasting[number][connection] = None
                self._put_right(connection)

    def _send_away(self, connection: Target, why: CloseReason) -> None:
        self.left(connection)
        connection.leave(why)

    def _put_right(self, connection: Target) -> None:
        """Make a connection as bad as the faults that last on it."""
        faults = [(number, self._plan.faults[number]) for number in self._lasting_on(connection)]
        link_faults = tuple(
            LinkFault(fault, number, self._plan.seed)
            for number, fault in faults
            if isinstance(fault, DISTORTED)
        )
        if link_faults != connection.send_buffer.link_faults:
            self._hub.distort(connection.send_buffer, link_faults)
        delays = [(number, fault) for number, fault in faults if isinstance(fault, Delay)]
        connection.delay(self._lateness(*delays[-1], connection) if delays else None)
        connection.stall(on=any(isinstance(fault, HalfOpen) for _, fault in faults))

    def _lasting_on(self, connection: Target) -> list[int]:
        return [number for number, struck in self._lasting.items() if connection in struck]

    def _lateness(self, number: int, fault: Delay, connection: Target) -> Callable[[], float]:
        whose = self._present[connection]
        draws = Random(f"{self._plan.seed}:{number}:{whose} is late")  # noqa: S311
        return lambda: (fault.delay + draws.random() * fault.jitter) / NS_PER_SECOND


def _counts(record: FaultRecord) -> dict[str, int]:
    return {"connections": record.connections, "refused": record.refused}
