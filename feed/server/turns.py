"""
Fair scheduling of the work that clients ask of the event loop: round robin over their addresses.

Whatever a client sends is work for the one loop that also publishes. So before it is worked on it
takes a *turn*. Turns are given out between two passes of the loop, a bounded number of units at a
time, to one address after the other: however many clients push, the fan-out's own turn comes soon,
and a client of another address stands behind one piece of work of each, not behind all of them.
Where nobody pushes, a turn is there at once, and costs nothing.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import trio

from feed.server.budget import ConnectionBudget, TokenBucket
from feed.settings import Limits
from feed.stream.resettable_event import ResettableEvent

_FREE: Final = ""
"""The queue of those who are served on their reserve."""


FIRST_UNITS: Final = 100
"""More than is known that may come of a connection's first message."""

ADDRESSES: Final = 1024
"""Budgets of addresses that are kept before those are forgotten that nobody uses."""


class _Waiting:
    """A connection that waits for a turn."""

    __slots__ = ("task", "units")

    def __init__(self, task: trio.lowlevel.Task, units: float) -> None:
        self.task = task
        self.units = units


class FairScheduler:
    """
    Gives turns, and keeps the budget of every address.

    Attributes:
        spent: Units of work done for clients so far.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._addresses: dict[str, TokenBucket] = {}
        self._queues: dict[str, deque[_Waiting]] = {}  # in the order in which they are served
        self.spent = 0.0
        self._pass = limits.pass_work
        self._left: float = self._pass
        self._running = False
        self._busy = ResettableEvent()  # something of this pass has been given out

    def member(self, address: str) -> ScheduledConnection:
        """A new connection from ``address``."""
        return ScheduledConnection(self, address, ConnectionBudget(self._limits, trio.current_time()))

    def replays(self, now: float) -> TokenBucket:
        """What may be done to tell one connection the past."""
        return TokenBucket(self._limits.work_per_second, self._limits.work_burst, now=now)

    async def run(self) -> None:
        """Give turns until cancelled; from then on, as before, everybody has one at once."""
        self._running = True
        try:
            while True:
                await self._busy.wait()
                self._left = min(self._left + self._pass, self._pass)
                self._give()
                if self._left == self._pass and not self._queues:
                    self._busy.clear()
                    self._forget()
                elif self._left == self._pass:  # all who wait are in debt
                    with trio.move_on_after(self._soonest()):
                        self._busy.clear()
                        await self._busy.wait()
                    self._busy.set()
                else:
                    await trio.lowlevel.checkpoint()
        finally:
            self._running = False
            for queue in self._queues.values():
                for waiting in queue:
                    trio.lowlevel.reschedule(waiting.task)
            self._queues.clear()

    async def take(self, address: str, units: float, *, free: bool, bounded: bool = True) -> bool:
        """
        Wait for a turn of so many units.

        Args:
            address: Who pays for it.
            units: What is known of its cost; :meth:`charge` adds what comes of it.
            free: Whether it is paid for already, so that a debt of the address does not matter.
            bounded: Whether it waits for the next pass of the loop when this one has had its units; if not
                something else bounds how many there are in a pass.

        Returns:
            Whether there was a wait.
        """
        queue = _FREE if free else address
        room = not bounded or (self._left > 0 and not self._queues)
        if not self._running or (room and (free or not self._debt(address))):
            self._pay(queue, units)
            return False
        waiting = _Waiting(trio.lowlevel.current_task(), units)
        self._queues.setdefault(queue, deque()).append(waiting)
        self._busy.set()

        def abandon(_: object) -> trio.lowlevel.Abort:
            self._queues[queue].remove(waiting)
            if not self._queues[queue]:
                del self._queues[queue]
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abandon)
        return True

    def charge(self, address: str, units: float, *, free: bool) -> None:
        """So much more has come of a turn."""
        self._pay(_FREE if free else address, units)

    def replays_of(self, address: str) -> TokenBucket:
        """What may be done to tell connections of that address the past: beside the work of messages."""
        return self._bucket(f"{address} replays")

    def _pay(self, queue: str, units: float) -> None:
        self.spent += units
        self._left -= units
        self._busy.set()
        if queue is not _FREE:
            self._bucket(queue).take(units, trio.current_time())

    def _give(self) -> None:
        """Give what there is to those who wait and are not in debt, one of each address at a time."""
        now = trio.current_time()
        passed = 0
        while self._left > 0 and passed < len(self._queues):
            name = next(iter(self._queues))
            queue = self._queues.pop(name)
            if name is not _FREE and self._bucket(name).delay(now):
                passed += 1
                self._queues[name] = queue
                continue
            passed = 0
            waiting = queue.popleft()
            if queue:
                self._queues[name] = queue
            self._pay(name, waiting.units)
            trio.lowlevel.reschedule(waiting.task)

    def _soonest(self) -> float:
        now = trio.current_time()
        return min(self._bucket(name).delay(now) for name in self._queues)

    def _debt(self, address: str) -> bool:
        return self._bucket(address).delay(trio.current_time()) > 0

    def _bucket(self, address: str) -> TokenBucket:
        bucket = self._addresses.get(address)
        if bucket is None:
            limits, now = self._limits, trio.current_time()
            bucket = TokenBucket(limits.address_work_per_second, limits.address_work_burst, now=now)
            self._addresses[address] = bucket
        return bucket

    def _forget(self) -> None:
        """A bucket that is full says nothing that a new one would not say."""
        if len(self._addresses) >= ADDRESSES:
            now = trio.current_time()
            self._addresses = {name: it for name, it in self._addresses.items() if not it.full(now)}


class ScheduledConnection:
    """One connection, which takes turns."""

    __slots__ = (
        "_address",
        "_allowance",
        "_expected",
        "_free",
        "_reckoned",
        "_replays",
        "_turns",
        "_waited",
        "_waiting",
    )

    def __init__(self, turns: FairScheduler, address: str, allowance: ConnectionBudget) -> None:
        self._turns = turns
        self._address = address
        self._allowance = allowance
        self._expected: float = FIRST_UNITS  # more than is known to come of a turn
        self._reckoned = 0.0  # of it for the last turn
        self._free = False  # that turn was served on the reserve
        self._replays: TokenBucket | None = None
        self._waiting = 0  # tasks of it that wait for a turn
        self._waited = -math.inf  # when one last had to

    def expect(self, messages_per_second: int) -> None:
        """See :meth:`~feed.server.budget.ConnectionBudget.expect`."""
        self._allowance.expect(messages_per_second, trio.current_time())

    async def enter(self, units: float) -> None:
        """Wait until the address may have another connection; the listener bounds how many come in a pass."""
        self._allowance.take(units, trio.current_time())
        await self._turns.take(self._address, units, free=False, bounded=False)

    async def turn(self, units: float, *, messages: int = 0, more: bool = False) -> bool:
        """
        Wait until this connection may have ``units`` of work done.

        Args:
            units: What is known of the cost.
            messages: How many messages it is about.
            more: Whether more may come of it, which :meth:`charge` then tells; so much is reckoned with
                as came of it before.

        Returns:
            Whether it keeps within reason; if not it was not held back, and is to be closed.
        """
        allowance = self._allowance
        self._waiting += 1
        try:
            while delay := allowance.hold(now := trio.current_time(), messages=messages):
                if allowance.excessive:
                    break
                await trio.sleep(delay)
                self._waited = trio.current_time()
            allowance.take(units, now, messages=messages)
            reckoned = self._expected if more else 0.0
            free = allowance.reserved(units + reckoned, now)
            if await self._turns.take(self._address, units + reckoned, free=free):
                self._waited = trio.current_time()
            if more:
                self._reckoned, self._free = reckoned, free
        finally:
            self._waiting -= 1
        return not allowance.excessive

    def charge(self, units: float) -> None:
        """So much more has come of the last turn."""
        self._allowance.take(units, trio.current_time())
        self._turns.charge(self._address, units - self._reckoned, free=self._free)
        if self._reckoned:
            self._expected = max(units, self._expected / 2, 1.0)
            self._reckoned = 0.0

    def waited(self, *, since: float) -> bool:
        """Whether it has been kept waiting since then: what it has sent may not have been read."""
        return self._waiting > 0 or self._waited >= since

    def replayed(self, units: float) -> float:
        """
        Count work that was done to tell this connection the past.

        It is paced by the same figures as what comes of messages, but apart from it: who resumes may ask
        for more meanwhile, and is not cut for how long it was away.

        Returns:
            When more may be done, seconds on Trio's clock; 0 for at once.
        """
        now = trio.current_time()
        if self._replays is None:
            self._replays = self._turns.replays(now)
        delay = 0.0
        for bucket in (self._replays, self._turns.replays_of(self._address)):
            bucket.take(units, now)
            delay = max(delay, bucket.delay(now))
        return now + delay if delay else 0.0
