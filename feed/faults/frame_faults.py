"""
Frames of a group's stream lost, doubled, overtaken or withheld.

What becomes of a frame follows from the seed, the fault, the topic and the sequence number of the event
that it tells of, and from nothing else: see :mod:`feed.stream.link_faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import attrs

from feed.model.faults import Drop, Duplicate, Fault, Mute, Reorder
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
        lost: What a bounded :class:`~feed.model.faults.Drop` has lost so far, by topic: the same frames for
            everybody, so that who subscribes anew does not lose as many again.
    """

    fault: Fault
    label: str
    seed: int
    lost: dict[bytes, set[bytes]] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @cached_property
    def _secret(self) -> bytes:
        return f"{self.seed}:{self.label}".encode()[-_KEY_BYTES:]

    def draws(self, key: bytes) -> tuple[float, float]:
        """Two numbers from [0, 1) for a frame: whether it is struck, and how hard."""
        drawn = blake2b(key, digest_size=16, key=self._secret).digest()
        return _unit(drawn[:8]), _unit(drawn[8:])

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

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        del key, data
        return ()


class _Dropped(_Passing):
    def __init__(self, seeded: SeededFault, fault: Drop) -> None:
        self._seeded = seeded
        self._fraction = fault.fraction
        self._messages = fault.messages

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        struck = self._seeded.draws(key)[0] < self._fraction and self._may_lose(key)
        return () if struck else ((key, data),)

    def _may_lose(self, key: bytes) -> bool:
        if self._messages is None:
            return True
        lost = self._seeded.lost.setdefault(key.rpartition(b"@")[0], set())
        if len(lost) < self._messages:
            lost.add(key)
        return key in lost


class _Duplicated(_Passing):
    def __init__(self, seeded: SeededFault, fault: Duplicate) -> None:
        self._seeded = seeded
        self._fraction = fault.fraction

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        struck = self._seeded.draws(key)[0] < self._fraction
        # The copy has a fate of its own in the stages that follow.
        return ((key, data), (key + b"'", data)) if struck else ((key, data),)


@attrs.define
class _Held:
    """A frame that waits for ``left`` later ones to go first."""

    left: int
    key: bytes
    data: bytes


class _Reordered:
    def __init__(self, seeded: SeededFault, fault: Reorder) -> None:
        self._seeded = seeded
        self._fraction = fault.fraction
        self._distance = fault.distance
        self._held: list[_Held] = []

    def take(self, key: bytes, data: bytes) -> Iterable[Frame]:
        struck, how_far = self._seeded.draws(key)
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


_STAGES: Final[dict[type[Fault], Callable[[SeededFault, Any], FrameFault]]] = {
    Mute: _Muted,
    Drop: _Dropped,
    Duplicate: _Duplicated,
    Reorder: _Reordered,
}

FRAME_FAULTS: Final = tuple(_STAGES)
"""Kinds of faults that are done to the frames of a stream."""
