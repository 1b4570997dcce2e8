"""What clients and operators change beside the market, recorded before they are told that it is done."""

from __future__ import annotations

from typing import Any, Final

import structlog
import trio

from feed.dialects.access import Problem
from feed.server.durable.entry_log import NOT_KEPT, EntryLog, Refused
from feed.server.durable.kinds import NONCE

log = structlog.get_logger("feed.durable")

_HELD_SECONDS: Final = 1.0


class ServiceLog:
    """
    Records changes, and lets answers wait for those that they depend on.

    A change acts at once, between two events; whoever asked for it is answered when it is durable. So is
    whoever looks at what it has changed.

    Args:
        entries: Where changes are recorded.
        seconds: That an answer waits at most.
    Attributes:
        mark: Differs before and after a step in which something was changed or looked at that is not durable
            yet.
    """

    def __init__(self, entries: EntryLog = NOT_KEPT, *, seconds: float = 5.0) -> None:
        self._entries = entries
        self._kept = entries is not NOT_KEPT
        self._seconds = seconds
        self._changes = 0
        self._unsure: dict[str, int] = {}  # the last change of each part that nobody has seen durable yet
        self._nonces: dict[str, int] = {}
        self._waiting = False  # whether some are recorded that wait for a batch
        self._lost = False
        self.mark = 0

    def record(self, kind: str, data: Any, *, part: str = "") -> None:
        """
        Record a change that is about to be made.

        Args:
            kind: See :mod:`feed.server.durable.kinds`.
            data: See there.
            part: What is changed: whoever looks at that waits for it.

        Raises:
            Problem: 503, the disk takes nothing, and the change must not be made.
        """
        if not self._kept:
            return
        self.put_nonces()
        try:
            self._entries.record(kind, data)
        except Refused as problem:
            raise Problem(503, "unavailable", problem.answer) from None
        self._changes += 1
        self._unsure[part] = self._changes
        self.mark += 1

    def try_record(self, kind: str, data: Any) -> bool:
        """Record what has happened, and nobody waits for; False when the disk does not take it."""
        try:
            self._entries.record(kind, data)
        except Refused:
            if not self._lost:
                log.warning("not recorded, and may be repeated after a restart", kind=kind)
            self._lost = True
            return False
        self._lost = False
        return True

    def recorded(self) -> None:
        """Note that a change was recorded by who made it, so that the answer waits for it."""
        if self._kept:
            self.mark += 1

    def look(self, part: str) -> None:
        """Note that something is looked at, which may have been changed."""
        if part in self._unsure:
            self.mark += 1

    async def durable(self) -> None:
        """
        Wait until what was changed so far is durable.

        Raises:
            Problem: 503, it takes too long; the changes may still be kept.
        """
        changes = self._changes
        with trio.move_on_after(self._seconds) as waiting:
            await self._entries.durable()
        if waiting.cancelled_caught:
            raise Problem(503, "timeout", "The disk has not answered in time; the change may still be kept")
        self._unsure = {part: number for part, number in self._unsure.items() if number > changes}

    def nonce(self, key: str, nonce: int) -> None:
        """
        Note a nonce that was taken: it joins the batch of the request that it came with.

        Requests that change nothing have no batch. Their nonces wait for whatever is recorded next, a second
        at most.

        Args:
            key: See :attr:`feed.server.keyfile.KeyRecord.mark`.
            nonce: See :mod:`feed.server.nonces`.
        """
        if self._kept:
            self._nonces[key] = nonce

    def put_nonces(self, *, hurry: bool = False) -> None:
        """
        Record the nonces that wait, right before a request that may act, in whose batch they are written.

        Args:
            hurry: Whether they have a batch of their own instead.

        Raises:
            Problem: 503, the disk takes nothing, and the request must not act.
        """
        while self._nonces:
            key, nonce = next(iter(self._nonces.items()))
            try:
                self._entries.record(NONCE, {"key": key, "nonce": nonce}, hurry=hurry)
            except Refused as problem:
                raise Problem(503, "unavailable", problem.answer) from None
            self._nonces.pop(key)
            self._waiting = not hurry

    async def run(self) -> None:
        """Record the nonces that have nothing to wait for, until cancelled."""
        while self._kept:
            await trio.sleep(_HELD_SECONDS)
            if self._waiting:  # perhaps for a request that the market has not taken
                self._waiting = False
                with trio.move_on_after(_HELD_SECONDS):
                    await self._entries.durable()
            try:
                self.put_nonces(hurry=True)
            except Problem:
                continue  # they wait on
