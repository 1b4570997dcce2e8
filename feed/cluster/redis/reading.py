"""
What the entries of a log in Redis say, one after another, to somebody who has read up to one of them.

Reading a stream passes silently over what was trimmed meanwhile, and over what a Redis has lost that came
back with less. So each entry is held against the head before it. An entry of a newer term may follow one that
was read long ago: then somebody else appends now, and brings blocks again that the log had lost. What is
known of them is passed over; that they are the same ones is seen at the next event, by its proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feed.cluster.block import Block, BrokenChain, Missing, Place
from feed.cluster.redis.format import (
    BODY,
    HEAD_BEFORE,
    NO_HEAD,
    POSITION,
    head_text,
    parse_head,
    parse_place,
    unpack_block,
)
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition

_MOST_STILL: Final = 1000  # blocks without events that are kept, to know them again


class AnotherLog(Missing):
    """The log was begun anew: what is in it now is not what was read."""

    def __str__(self) -> str:
        return "the log that is followed was begun anew"


class LogReader:
    """
    Holds each entry against the one before.

    Attributes:
        place: Of the last entry that was read.
        position: Of the last event that was read.
    """

    def __init__(self, place: Place, position: StreamPosition) -> None:
        """
        Stand after the block at a place, which ends at a position.

        Args:
            place: See the class.
            position: See the class.
        """
        self.place = place
        self.position = position
        self._head = head_text(place, position)
        self._still: dict[bytes, None] = {}  # bodies of blocks without events, since the last event

    def look(self, head: bytes | None) -> None:
        """
        Take note of the head of the log, after a connection was made.

        A log that ends before what was read is waited for: who appends brings what Redis has lost.

        Raises:
            BrokenChain: It is of another history.
            FeedError: It is malformed.
        """
        found = parse_head(head)
        if found is not None and found[0] == self.place and head != self._head:
            raise BrokenChain(self.position)

    def take(self, identifier: bytes, fields: Mapping[bytes, bytes]) -> tuple[Place, Block] | None:
        """
        The block of the next entry, and its place; None for one that is known.

        Args:
            identifier: Of the entry.
            fields: Likewise.
        Raises:
            Missing: Blocks before it were passed over.
            AnotherLog: They are of another log.
            BrokenChain: It is of another history.
            FeedError: It is malformed.
        """
        place = parse_place(identifier)
        try:
            before, ends, body = fields[HEAD_BEFORE], fields[POSITION], fields[BODY]
        except KeyError:
            raise FeedError(f"the log in Redis has an entry that is no block: {identifier!r}") from None
        if before != self._head:
            self._look_behind(place, before)
        block = unpack_block(body)
        if block.ends.text.encode() != ends:
            raise BrokenChain(block.ends)
        known = self._is_known(block, body)
        self.place, self._head = place, head_text(place, block.ends)
        if known:
            return None
        if block.events:
            self._still.clear()
            self.position = block.ends
        else:
            self._note(body)
        return place, block

    def _look_behind(self, place: Place, before: bytes) -> None:
        """Look whether an entry may come although it does not follow the last one."""
        if before == NO_HEAD:
            raise AnotherLog(self.position, 0)
        found = parse_head(before)
        assert found is not None  # noqa: S101 - it is a head
        if found[0] > self.place:
            raise Missing(self.position, found[1].seq)
        if place[0] <= self.place[0] or found[0] == self.place:
            raise BrokenChain(self.position)

    def _is_known(self, block: Block, body: bytes) -> bool:
        if block.events:
            return block.ends.seq <= self.position.seq
        return block.before < self.position.seq or body in self._still

    def _note(self, body: bytes) -> None:
        self._still[body] = None
        if len(self._still) > _MOST_STILL:
            del self._still[next(iter(self._still))]
