"""
Frames of a group's stream lost, doubled, overtaken, withheld, or with a wrong checksum.

What becomes of a frame follows from the seed, the fault, the topic and the sequence number of the event
that it tells of, and from nothing else: see :mod:`feed.stream.link_faults`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import attrs

from feed.model.faults import BrokenChecksum, Drop, Duplicate, Fault, MessageFault, Mute, Reorder
from feed.model.kinds import KIND_NAMES
from feed.model.topics import Topic
from feed.stream.link_faults import Frame, FrameFault

_KEY_BYTES: Final = 64  # RFC 7693, section 2.1


@attrs.frozen
class SeededFault:
    """
    A fault as it is done to frames, see :class:`feed.stream.link_faults.LinkFault`.

    Attributes:
        fault: One of :data:`FRAME_FAULTS`.
        label: Tells it from others: two faults that are else the same strike different frames.
        seed: Of the scenario, or of the market.
        instrument: Index of the only instrument whose frames are struck; None for all.
        checksums: By protocol, the members of its messages that are checksums.
        struck: What a bounded :class:`~feed.model.faults.MessageFault` has struck so far, by topic: the same
            frames for everybody, so that who subscribes anew does not meet as many again.
    """

    fault: Fault
    label: str
    seed: int
    instrument: int | None = None
    checksums: Mapping[str, Sequence[str]] = attrs.field(factory=dict, repr=False, eq=False)
    struck: dict[Topic, set[bytes]] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @cached_property
    def _secret(self) -> bytes:
        return f"{self.seed}:{self.label}".encode()[-_KEY_BYTES:]

    def draws(self, key: bytes) -> tuple[float, float]:
        """Two numbers from [0, 1) for a frame: whether it is struck, and how hard."""
        drawn = blake2b(key, digest_size=16, key=self._secret).digest()
        return _unit(drawn[:8]), _unit(drawn[8:])

    def strikes(self, fault: MessageFault, frame: Frame, lot: float) -> bool:
        """
        Whether a frame is struck by the fault that this is.

        Args:
            fault: That fault.
            frame: The frame.
            lot: The first of :meth:`draws`.
        """
        topic = frame.topic
        if (
            lot >= fault.fraction
            or fault.event not in (None, KIND_NAMES.get(frame.kind))
            or fault.channel not in (None, topic.channel)
            or self.instrument not in (None, topic.instrument)
        ):
            return False
        if fault.messages is None:
            return True
        struck = self.struck.setdefault(topic, set())
        if len(struck) < fault.messages:
            struck.add(frame.key)
        return frame.key in struck

    @property
    def mutes(self) -> bool:
        """Whether messages for one client alone are lost as well."""
        return isinstance(self.fault, Mute)

    def begin(self) -> FrameFault:
        """What it does to a stream from here on."""
        return _STAGES[type(self.fault)](self, self.fault)


def _unit(drawn: bytes) -> float:
    # 53 bits, as many as a float holds exactly: never 1.
    return (int.from_bytes(drawn, "big") >> 11) / (1 << 53)


class _Passing:
    """A fault that keeps nothing back."""

    def held(self) -> list[bytes]:
        return []


class _Muted(_Passing):
    def __init__(self, seeded: SeededFault, fault: Mute) -> None:
        del seeded, fault

    def take(self, frame: Frame) -> Iterable[Frame]:
        del frame
        return ()


class _Dropped(_Passing):
    def __init__(self, seeded: SeededFault, fault: Drop) -> None:
        self._seeded, self._fault = seeded, fault

    def take(self, frame: Frame) -> Iterable[Frame]:
        struck = self._seeded.strikes(self._fault, frame, self._seeded.draws(frame.key)[0])
        return () if struck else (frame,)


class _Duplicated(_Passing):
    def __init__(self, seeded: SeededFault, fault: Duplicate) -> None:
        self._seeded, self._fault = seeded, fault

    def take(self, frame: Frame) -> Iterable[Frame]:
        struck = self._seeded.strikes(self._fault, frame, self._seeded.draws(frame.key)[0])
        # The copy has a fate of its own in the stages that follow.
        return (frame, frame._replace(key=frame.key + b"'")) if struck else (frame,)


class _BrokenChecksum(_Passing):
    def __init__(self, seeded: SeededFault, fault: BrokenChecksum) -> None:
        self._seeded, self._fault = seeded, fault
        self._patterns = {
            dialect: re.compile(rb'"(?:%s)":"?[0-9]*([0-9])[",}]' % b"|".join(map(str.encode, members)))
            for dialect, members in seeded.checksums.items()
            if members
        }

    def take(self, frame: Frame) -> Iterable[Frame]:
        pattern = self._patterns.get(frame.topic.dialect)
        found = pattern and pattern.search(frame.data)
        if not found or not self._seeded.strikes(self._fault, frame, self._seeded.draws(frame.key)[0]):
            return (frame,)
        at = found.start(1)
        digit = b"%d" % (int(found[1]) ^ 1)  # the frame stays as long, and the number one of 32 bits
        return (frame._replace(data=frame.data[:at] + digit + frame.data[at + 1 :]),)


@attrs.define
class _Held:
    """A frame that waits for ``left`` later ones to go first."""

    left: int
    frame: Frame


class _Reordered:
    def __init__(self, seeded: SeededFault, fault: Reorder) -> None:
        self._seeded, self._fault = seeded, fault
        # Of one channel alone, a message is late among those of its own topic, not among all.
        self._apart = fault.channel is not None
        self._held: defaultdict[Topic | None, list[_Held]] = defaultdict(list)

    def take(self, frame: Frame) -> Iterable[Frame]:
        lot, how_far = self._seeded.draws(frame.key)
        held = self._held[frame.topic if self._apart else None]
        if self._seeded.strikes(self._fault, frame, lot):
            held.append(_Held(1 + int(how_far * self._fault.distance), frame))
            return ()
        out = [frame]
        for one in held:
            one.left -= 1
        while (ripe := next((at for at, one in enumerate(held) if not one.left), None)) is not None:
            one = held.pop(ripe)
            out.append(one.frame)
            for older in held[:ripe]:
                older.left -= 1
        return out

    def held(self) -> list[bytes]:
        return [one.frame.data for held in self._held.values() for one in held]


_STAGES: Final[dict[type[Fault], Callable[[SeededFault, Any], FrameFault]]] = {
    Mute: _Muted,
    Drop: _Dropped,
    Duplicate: _Duplicated,
    Reorder: _Reordered,
    BrokenChecksum: _BrokenChecksum,
}

FRAME_FAULTS: Final = tuple(_STAGES)
"""Kinds of faults that are done to the frames of a stream."""
