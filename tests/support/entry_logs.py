"""A log of entries in memory, whose disk is as slow, and as full, as the test says."""

import trio
from copies import copied

from feed.durability.entries import LogEntry, decode, encode
from feed.server.durable.entry_log import Refused
from feed.server.durable.service_state import ServiceState

SECOND = 1_000_000_000


class MemoryLog:
    """
    A log as :class:`feed.server.durable.entry_log.EntryLog`, from the newest entry that was durable on.

    Attributes:
        entries: What was recorded, as it is read again.
        hurried: Which of them did not wait for what came next.
        full: Whether it takes nothing.
        seconds: Until what is recorded is durable; infinite for never.
        waits: How often somebody waited for that.
    """

    def __init__(self, *, wall=lambda: 0.0, seconds=0.0):
        self.entries = []
        self.hurried = []
        self.full = False
        self.seconds = seconds
        self.waits = 0
        self._wall = wall

    def record(self, kind, data, *, hurry=True):
        if self.full:
            raise Refused("no space left")
        entry = LogEntry(at=0, wall=int(self._wall() * SECOND), kind=kind, data=data)
        self.entries += decode(encode([entry]))
        self.hurried.append(hurry)

    async def durable(self):
        self.waits += 1
        await trio.sleep(self.seconds)

    @property
    def kinds(self):
        return [entry.kind for entry in self.entries]

    def state(self):
        """What the entries come to, as a checkpoint has it."""
        state = ServiceState()
        for entry in self.entries:
            state.apply(entry)
        return copied(state)
