"""
A bad link: the frames of a group's stream lost, doubled, overtaken or withheld.

What becomes of a frame follows from the scenario's seed, the fault, the topic and the sequence number
of the event that it tells of, and from nothing else: not from who listens, since when, or how many
events a step of the fan-out takes. So whoever is struck by the same faults loses the same frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, Protocol

import attrs

from feed.model.faults import Drop, Duplicate, Fault, Mute, Reorder
from feed.model.topics import Topic

Frame = tuple[bytes, bytes]
"""What the fate of a frame is drawn from, and its bytes."""


@attrs.frozen
class LinkFault:
    """
    A fault of a scenario as it is done to frames; connections with equal ones share their bytes.

    Attributes:
        fault: One of :data:`DISTORTED`.
        number: Its place among the scenario's faults.
        seed: The scenario's.
    """

    fault: Fault
    number: int
    seed: int

    @cached_property
    def _secret(self) -> bytes:
        return f"{self.seed}:{self.number}".encode()

    def draws(self, key: bytes) -> tuple[float, float]:
        """Two numbers from [0, 1) for a frame: whether it is struck, and how hard."""
        drawn = blake2b(key, digest_size=16, key=self._secret).digest()
        return _unit(drawn[:8]), _unit(drawn[8:])


def _unit(drawn: bytes) -> float:
    # 53 bits, as many as a float holds exactly: never 1.
    return (int.from_bytes(drawn, "big") >> 11) / (1 << 53)


class FrameFault(Protocol):
    """One distortion of one stream."""

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        """The frames that go out now that the next one has come."""
        ...

    def held(self) -> list[bytes]:
        """The frames that have not gone out yet, oldest first."""
        ...


class _Passing:
    """A stage that keeps nothing back."""

    def held(self) -> list[bytes]:
        return []


class _Muted(_Passing):
    def __init__(self, link_fault: LinkFault, fault: Mute) -> None:
        del link_fault, fault

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        del key, data
        return ()


class _Dropped(_Passing):
    def __init__(self, link_fault: LinkFault, fault: Drop) -> None:
        self._link_fault = link_fault
        self._fraction = fault.fraction

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        struck = self._link_fault.draws(key)[0] < self._fraction
        return () if struck else ((key, data),)


class _Duplicated(_Passing):
    def __init__(self, link_fault: LinkFault, fault: Duplicate) -> None:
        self._link_fault = link_fault
        self._fraction = fault.fraction

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        struck = self._link_fault.draws(key)[0] < self._fraction
        # The copy has a fate of its own in the stages that follow.
        return ((key, data), (key + b"'", data)) if struck else ((key, data),)


@attrs.define
class _Held:
    """A frame that waits for ``left`` later ones to go first."""

    left: int
    key: bytes
    data: bytes


class _Reordered:
    def __init__(self, link_fault: LinkFault, fault: Reorder) -> None:
        self._link_fault = link_fault
        self._fraction = fault.fraction
        self._distance = fault.distance
        self._held: list[_Held] = []

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        struck, how_far = self._link_fault.draws(key)
        if struck < self._fraction:
            self._held.append(_Held(1 + int(how_far * self._distance), key, data))
            return ()
        out = [(key, data)]
        for one in self._held:
            one.left -= 1
        while (ripe := next((at for at, one in enumerate(self._held) if not one.left), None)) is not None:
            one = self._held.pop(ripe)
            out.append((one.key, one.data))
            for older in self._held[:ripe]:
                older.left -= 1
        return out

    def held(self) -> list[bytes]:
        return [one.data for one in self._held]


_STAGES: Final[dict[type[Fault], Callable[[LinkFault, Any], FrameFault]]] = {
    Mute: _Muted,
    Drop: _Dropped,
    Duplicate: _Duplicated,
    Reorder: _Reordered,
}

DISTORTED: Final = tuple(_STAGES)
"""Kinds of faults that are done to the frames of a stream."""


class FaultyLink:
    """
    The distortions of one stream, one after the other.

    Args:
        link_faults: In the order in which a frame meets them.
    """

    def __init__(self, link_faults: Sequence[LinkFault]) -> None:
        self._stages = [_STAGES[type(one.fault)](one, one.fault) for one in link_faults]

    def take(self, topic: Topic, seq: int, data: bytes) -> list[bytes]:
        """
        What goes out now that a frame of ``topic`` has come, in order; perhaps nothing.

        Args:
            topic: What it tells of.
            seq: Sequence number of the event that it tells of.
            data: The whole frame.
        """
        options = ",".join(f"{name}={value}" for name, value in topic.options)
        key = f"{topic.dialect}/{topic.channel}/{topic.instrument}/{options}@{seq}".encode()
        frames: list[Frame] = [(key, data)]
        for stage in self._stages:
            frames = [out for frame in frames for out in stage.take(*frame)]
        return [frame for _, frame in frames]

    def held(self) -> list[bytes]:
        """The frames that wait for others to overtake them, those nearest to their way out first."""
        return [data for stage in reversed(self._stages) for data in stage.held()]
