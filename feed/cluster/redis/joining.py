"""Reads from Redis what an edge begins with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

from feed.cluster.redis.connection import RedisConnection, Reply, reply_as
from feed.cluster.redis.format import unpack_pointer
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshot_parts import MOST_PARTS, SnapshotParts
from feed.errors import FeedError

T = TypeVar("T")

Entry: TypeAlias = tuple[bytes, list[bytes]]
"""Of a stream: its identifier, and names and values by turns."""

_PART_SECONDS = 10.0  # that one part of a snapshot may take


def found(reply: Reply, kind: type[T]) -> T | None:
    """A reply as what it must be; None where there is nothing."""
    return None if reply is None else reply_as(reply, kind)


def fields_of(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    """The fields of an entry."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


async def read_newest(connection: RedisConnection, key: str, history: bytes) -> Snapshot | None:
    """
    The newest snapshot of a log.

    Args:
        connection: To be asked.
        key: Where its pointer is.
        history: Of the header of the log.
    Returns:
        None where there is none yet, or it was removed meanwhile, as there is a newer one: then ask again.
    Raises:
        RedisAway: See there.
        FeedError: It is malformed.
    """
    data = found(await connection.command("GET", key), bytes)
    if data is None:
        return None
    pointer = unpack_pointer(data)
    if pointer.history != history:
        return None
    if not 0 < pointer.parts <= MOST_PARTS:
        raise FeedError(f"a snapshot in Redis says that it has {pointer.parts} parts")
    parts = SnapshotParts()
    for index, name in enumerate(pointer.keys()):
        part = found(await connection.command("GET", name, seconds=_PART_SECONDS), bytes)
        if part is None:
            return None
        if (snapshot := parts.take(pointer.part(index, part))) is not None:
            return snapshot
    return None
