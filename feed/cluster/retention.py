"""The last blocks of a log, for all who follow it: each is kept once, as it is sent."""

from __future__ import annotations

from collections import deque

import attrs

from feed.cluster.block import BEFORE_ALL, Block, Place, encode_block
from feed.cluster.framing import frame
from feed.cluster.messages import Placed
from feed.cluster.snapshot import Snapshot
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition


class NotKept(FeedError):
    """
    Blocks that somebody wants are not kept, or not there.

    Attributes:
        place: After which they are wanted.
        oldest: Of the oldest block that is kept.
    """

    def __init__(self, place: Place, oldest: Place) -> None:
        self.place = place
        self.oldest = oldest
        super().__init__(f"the blocks after {place[1]} are not kept, the oldest is {oldest[1]}")


@attrs.frozen
class _Kept:
    """A block: its frame, the positions around it, and the bytes of all blocks before it."""

    frame: bytes
    begins: StreamPosition
    ends: StreamPosition
    start: int


class Retained:
    """
    Blocks back to the newest snapshot, and some before it for those who come back; bounded.

    Who follows is a place in it: the last block that was sent there.

    Args:
        most_bytes: What the blocks may take. Past it the oldest are forgotten, needed or not.
        after: The place before the first block.

    Attributes:
        place: Of the newest block.
        newest: The newest snapshot; None before the first.
    """

    def __init__(self, *, most_bytes: int, after: Place = BEFORE_ALL) -> None:
        self.place: Place = after
        self.newest: Snapshot | None = None
        self._most_bytes = most_bytes
        self._kept: deque[_Kept] = deque()
        self._written = 0  # bytes of all blocks that ever were

    @property
    def oldest(self) -> Place:
        """Of the oldest block that is kept; of the next one, where none is."""
        term, number = self.place
        return term, number + 1 - len(self._kept)

    @property
    def begins(self) -> StreamPosition | None:
        """Before the oldest block that is kept; None where none is."""
        return self._kept[0].begins if self._kept else None

    @property
    def held_bytes(self) -> int:
        """What the blocks take."""
        return self._written - self._kept[0].start if self._kept else 0

    def add(self, block: Block) -> Place:
        """Keep the next block; gives its place."""
        term, number = self.place
        self.place = term, number + 1
        data = frame(Placed(place=self.place, block=encode_block(block)))
        self._kept.append(_Kept(data, block.begins, block.ends, self._written))
        self._written += len(data)
        while self.held_bytes > self._most_bytes and len(self._kept) > 1:
            self._kept.popleft()
        return self.place

    def keep(self, snapshot: Snapshot) -> None:
        """
        Let those who come begin with a snapshot, and forget blocks before it.

        Half of what may be kept stays all the same: who was away for a moment needs no snapshot.
        """
        self.newest = snapshot
        while self._kept and self.oldest <= snapshot.place:
            if self.held_bytes - len(self._kept[0].frame) < self._most_bytes // 2:
                return
            self._kept.popleft()

    def keeps(self, place: Place) -> bool:
        """Whether all blocks after a place are kept."""
        term, number = self.place
        return place[0] == term and number - len(self._kept) <= place[1] <= number

    def owed(self, place: Place) -> int:
        """
        Bytes of the blocks after a place.

        Raises:
            NotKept: Some of them are not kept.
        """
        index = self._index(place)
        return self._written - self._kept[index].start if index < len(self._kept) else 0

    def after(self, place: Place, most_bytes: int) -> tuple[list[bytes], Place]:
        """
        The frames of the blocks after a place.

        Args:
            place: The last block that is not wanted.
            most_bytes: Of the frames; one frame may be longer.
        Returns:
            The frames, and the place of the last of them.
        Raises:
            NotKept: Some of them are not kept.
        """
        index = self._index(place)
        frames: list[bytes] = []
        while index < len(self._kept) and (not frames or most_bytes >= len(self._kept[index].frame)):
            frames.append(self._kept[index].frame)
            most_bytes -= len(frames[-1])
            index += 1
        return frames, (place[0], place[1] + len(frames))

    def start(self, place: Place, position: StreamPosition) -> Place | None:
        """
        After which place somebody goes on who comes back.

        Args:
            place: Of the last block that they have.
            position: Of the last event that they have.
        Returns:
            That place; None where what follows is not kept, or the block there is another one: then they
            begin with a snapshot.
        """
        return place if self.keeps(place) and self._ends(place) == position else None

    def _ends(self, place: Place) -> StreamPosition | None:
        """Where a block ends after which all are kept."""
        index = self._index(place)
        if index:
            return self._kept[index - 1].ends
        if self._kept:
            return self._kept[0].begins
        return self.newest.position if self.newest is not None and self.newest.place == place else None

    def _index(self, place: Place) -> int:
        """Of the block after a place, among those that are kept."""
        if not self.keeps(place):
            raise NotKept(place, self.oldest)
        return place[1] - self.oldest[1] + 1
