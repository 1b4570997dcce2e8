"""A snapshot in parts of a size that a link sends in one piece, so that other messages pass between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from feed.cluster.block import Place
from feed.cluster.messages import SnapshotPart
from feed.cluster.snapshot import Snapshot
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition

PART_BYTES: Final = 1 << 20
MOST_PARTS: Final = 4096
"""The most parts that a snapshot may have: 4 GiB."""

_DECODER: Final = msgspec.msgpack.Decoder(tuple[Place, tuple[int, int], int, bytes, bytes])


def parts_of(snapshot: Snapshot) -> Iterator[SnapshotPart]:
    """The parts of a snapshot, in order."""
    position = snapshot.position
    data = msgspec.msgpack.encode(
        (snapshot.place, (position.seq, position.proof), snapshot.stood, snapshot.state, snapshot.history)
    )
    starts = range(0, len(data), PART_BYTES)
    for index, start in enumerate(starts):
        yield SnapshotPart(index=index, parts=len(starts), data=data[start : start + PART_BYTES])


class SnapshotParts:
    """Puts the parts of one snapshot after another together."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def take(self, part: SnapshotPart) -> Snapshot | None:
        """
        The snapshot, where this is its last part.

        Args:
            part: The next one.
        Raises:
            FeedError: It is not the next, or there are too many, or they are of no snapshot.
        """
        if part.index != len(self._held) or not part.index < part.parts <= MOST_PARTS:
            raise FeedError(f"part {part.index} of {part.parts} of a snapshot, after {len(self._held)}")
        self._held.append(part.data)
        if len(self._held) < part.parts:
            return None
        data = b"".join(self._held)
        self._held = []
        try:
            place, position, stood, state, history = _DECODER.decode(data)
        except msgspec.MsgspecError as error:
            raise FeedError(f"a snapshot is malformed: {error}") from None
        return Snapshot(
            place=place, position=StreamPosition(*position), stood=stood, state=state, history=history
        )
