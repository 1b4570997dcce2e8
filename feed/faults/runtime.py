"""
Faults that are added, listed and removed while a server runs.

They act on connections alone. The market, its events, their numbers, the journal and recordings are what
they would be without, and so is every byte to a client that they do not strike: what a fault draws comes
from the seed and the fault's name. ``feed replay`` computes events, and so knows nothing of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

import attrs
import structlog
import trio

from feed.errors import ClientError
from feed.faults.active import ActiveFault
from feed.faults.contract import FaultRecord
from feed.faults.engine import FaultEngine
from feed.model.faults import Fault

log = structlog.get_logger("feed.faults")

MOST_FAULTS: Final = 100
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class NameTaken(ClientError):
    """A fault of that name is at work, or too many are."""


class NoSuchFault(ClientError):
    """There is no fault of that name."""


@attrs.frozen(kw_only=True)
class RunTimeFault:
    """
    A fault that was set at run time.

    Attributes:
        name: Told by whoever added it.
        kind: Likewise.
        settings: Likewise: what makes it differ from others of its kind, for people to read.
        seconds: For how long; None until it is removed, or when it is over at once.
        active: What the engine made of it.
    """

    name: str
    kind: str
    settings: Mapping[str, object]
    seconds: float | None
    active: ActiveFault

    @property
    def record(self) -> FaultRecord:
        """What became of it so far."""
        return self.active.record


class RunTimeFaults:
    """
    Those of one server, by name.

    One that is over is kept, for people to see whom it struck, until it is removed, its name is given
    to another, or there are more than ``MOST_FAULTS``.

    Args:
        engine: Lets them happen.
        clock: Seconds in which durations count; they go on while the market stands still.
    """

    def __init__(self, engine: FaultEngine, *, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._faults: dict[str, RunTimeFault] = {}
        self._changed = trio.lowlevel.ParkingLot()

    def __iter__(self) -> Iterator[RunTimeFault]:
        """In the order in which they were added."""
        return iter(tuple(self._faults.values()))

    def find(self, name: str) -> RunTimeFault:
        """
        The one of that name.

        Raises:
            NoSuchFault: There is none.
        """
        if name not in self._faults:
            known = ", ".join(self._faults)
            hint = f"there are {known}" if known else "there are none"
            raise NoSuchFault(f"There is no fault {name!r}; {hint}")
        return self._faults[name]

    def seconds_left(self, fault: RunTimeFault) -> float | None:
        """Until it ends by itself; None when it does not, or is over."""
        until = fault.active.until
        return None if until is None or fault.record.over else max(0.0, until - self._clock())

    def check_name(self, name: str) -> None:
        """
        Look whether a fault may have a name.

        Raises:
            NameTaken: Another one has it, or ``MOST_FAULTS`` are at work.
            ValueError: It is no name.
        """
        if not NAME.fullmatch(name):
            raise ValueError(
                "'name' must be small letters, digits, dots, hyphens and underscores, at most 32"
            )
        before = self._faults.get(name)
        if before is not None and not before.record.over:
            raise NameTaken(f"There is a fault {name!r} already; remove it first")
        if before is None and len(self._faults) >= MOST_FAULTS and self._over() is None:
            raise NameTaken(f"There are {MOST_FAULTS} faults already; remove one first")

    def add(
        self,
        name: str,
        fault: Fault,
        *,
        kind: str,
        settings: Mapping[str, object],
        seconds: float | None,
        left: float | None = None,
        connection: int = 0,
    ) -> RunTimeFault:
        """
        Let a fault begin, between two events.

        Args:
            name: That no other has which is still at work; as ``NAME`` has it.
            fault: What it is.
            kind: What people call it.
            settings: See :class:`RunTimeFault`.
            seconds: For how long; None until it is removed.
            left: What is left of that, if it has begun before.
            connection: Number of the one that it strikes; 0 for all that it aims at.

        Raises:
            NameTaken: See :meth:`check_name`.
            ValueError: See there.
        """
        self.check_name(name)
        if name not in self._faults and len(self._faults) >= MOST_FAULTS and (over := self._over()):
            del self._faults[over.name]
        self._faults.pop(name, None)
        left = seconds if left is None else left
        until = None if left is None else self._clock() + left
        active = self._engine.begin(fault, name=name, until=until, connection=connection)
        added = RunTimeFault(name=name, kind=kind, settings=settings, seconds=seconds, active=active)
        self._faults[name] = added
        self._changed.unpark_all()
        return added

    def _over(self) -> RunTimeFault | None:
        """The oldest that is over."""
        return next((one for one in self._faults.values() if one.record.over), None)

    def remove(self, name: str) -> RunTimeFault:
        """
        End a fault if it is not over, and forget it; what became of it.

        Raises:
            NoSuchFault: There is none.
        """
        fault = self.find(name)
        del self._faults[name]
        self._engine.end(fault.active)
        return fault

    def reset(self) -> tuple[RunTimeFault, ...]:
        """End and forget all of them; what became of each."""
        ended = tuple(self)
        self._faults.clear()
        self._engine.end(*(fault.active for fault in ended))
        return ended

    def end_due(self) -> None:
        """End those whose time is over."""
        now = self._clock()
        due = [one.active for one in self if one.active.until is not None and one.active.until <= now]
        self._engine.end(*due)

    async def run(self, at_rest: Callable[[], Awaitable[None]]) -> None:
        """
        End each when its time is over, until cancelled.

        Args:
            at_rest: Waits until the stream is between two events.
        """
        while True:
            ends = [one.active.until for one in self if one.active.until is not None and not one.record.over]
            with trio.move_on_at(min(ends, default=math.inf)):
                await self._changed.park()
            await at_rest()
            self.end_due()
