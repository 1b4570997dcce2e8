"""The last event of every stream: finds duplicates and gaps. Sans-I/O."""

from __future__ import annotations

from collections.abc import Callable

from feed.client.states import Gap, State
from feed.dialects.items import CandleChanged, Channel, ChannelEvent
from feed.model.directory import Directory
from feed.model.events import Event

Stream = tuple[Channel, int]
"""A channel of an instrument, which is given by its index in the directory."""


class Streams:
    """
    The last event of each stream. Streams are independent: one may be ahead of another.

    Attributes:
        newest: Highest sequence number so far; 0 before the first.
    """

    def __init__(self, directory: Directory) -> None:
        self.newest = 0
        self._directory = directory
        self._last: dict[Stream, Event] = {}
        self._serials: dict[int, int] = {}  # by instrument

    def __bool__(self) -> bool:
        return bool(self._last or self._serials)

    def take(self, item: ChannelEvent) -> list[Event | State]:
        """The event, after the gap before it if there is one; nothing for a duplicate."""
        event = item.event
        stream = (item.channel, event.instrument)
        before = self._last.get(stream)
        if event.seq:
            if _is_old(event, before):
                return []
            self._last[stream] = event
            self.newest = max(self.newest, event.seq)
        gap = self._gap(item, before)
        return [event] if gap is None else [gap, event]

    def forget(self, which: Callable[[Stream], bool] = lambda _: True) -> None:
        """Forget the last events of some streams: they may be numbered otherwise from now on."""
        self._last = {stream: event for stream, event in self._last.items() if not which(stream)}
        if not self._last:
            self._serials.clear()
            self.newest = 0

    def _gap(self, item: ChannelEvent, before: Event | None) -> Gap | None:
        """What is known to be missing between an event and the one ``before`` it."""
        index, serial, channel = item.event.instrument, item.serial, item.channel.value
        symbol = self._directory[index].symbol
        if item.previous is not None and before is not None and before.seq != item.previous:
            return Gap(reason=f"{channel} name the one before", symbol=symbol, after=before.seq)
        if not serial:
            return None
        last = self._serials.get(index)
        self._serials[index] = serial
        if last is None or serial <= last + 1:
            return None
        return Gap(reason=f"{channel} are numbered", symbol=symbol, missed=serial - last - 1)


def _is_old(event: Event, before: Event | None) -> bool:
    """Whether ``event`` is not newer than the one before it in its stream."""
    if before is None or event.seq > before.seq:
        return False
    # A candle has the number of an event before it, which it can share with the next.
    return event.seq < before.seq or not isinstance(event, CandleChanged) or event == before
