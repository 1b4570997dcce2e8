"""
The writing of one step: what each group has to hear, to each of its members that owes nothing.

A write never waits. Only a sweep over very many connections pauses half-way, to let other tasks run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from feed.stream.groups import Audience, Group, Member, Write
from feed.stream.steps import FanoutStatistics


class Sweep:
    """
    Writes steps, and counts what it writes.

    Args:
        most: Writes in a row, after which other tasks may run.
        newest: Number of the newest event.

    Attributes:
        statistics: What went out so far.
    """

    def __init__(self, most: int, newest: Callable[[], int]) -> None:
        self.statistics = FanoutStatistics()
        self._most = most
        self._newest = newest
        self._until_pause = 0  # writes that this step may still make before it must pause

    def over(self, groups: Iterable[Group]) -> Iterator[None]:
        """Write to ``groups``; each item is a pause. One that has begun is to be finished."""
        self._until_pause = self._most
        for group in groups:
            data = group.publish()
            members, writes = audience = group.audience()
            if len(members) <= self._until_pause:
                self._until_pause -= len(members)
                self._write(group, data, members, writes)
            else:
                yield from self._in_parts(group, data, audience)
            if group.behind:
                for member in list(group.behind):
                    member.check(self._newest())

    def _in_parts(self, group: Group, data: bytes, audience: Audience) -> Iterator[None]:
        members, writes = audience
        start = 0
        while start < len(members):
            if self._until_pause <= 0:
                self._until_pause = self._most
                group.sweeping = True
                yield
            stop = start + self._until_pause
            part, ways = members[start:stop], writes[start:stop]
            if group.audience() is not audience:  # somebody left, or fell behind, or goes another way
                part = [member for member in part if member in group.ready]
                ways = [member.write for member in part]
            self._write(group, data, part, ways)
            start = stop
            self._until_pause -= len(part)
        if group.sweeping:
            group.finish_sweep()

    def _write(self, group: Group, data: bytes, members: list[Member], writes: list[Write]) -> None:
        size = len(data)
        statistics = self.statistics
        statistics.deliveries += len(writes)
        statistics.bytes += size * len(writes)
        for index, write in enumerate(writes):
            try:
                sent = write(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                members[index].broken()
                continue
            if sent != size:
                statistics.slow += 1
                group.fell_behind(members[index], data, sent)
