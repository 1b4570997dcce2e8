"""
Object graphs as bytes that any Python reads, and that run nothing when they are read.

What is reached from the roots is written by class, attribute by attribute, in columns of values and of
numbers of objects (:mod:`feed.checkpoint.columns`). What was shared is shared again, but for tuples of
plain values, which may become equal ones; lists, dicts and deques keep their order, sets get one. Kept are
plain values, built-in containers, instances of classes of this package, members of its enumerations, its
functions and classes by name, methods, streams of random numbers with their state, decimal numbers, paths,
and tables by the function that makes them (:mod:`feed.checkpoint.tables`). Everything else is refused.
Equal graphs give equal bytes.

The document is a msgpack map: ``format``, ``groups`` of objects in the order in which they are numbered and
made, and ``names`` and a column of ``roots``. Objects are made first, and given their contents then:
instances, lists and deques; dicts and sets, whose keys have a hash only then; and at last what restores
itself of a state of its own (:class:`feed.checkpoint.classes.HasCheckpointState`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from feed.checkpoint.making import objects_of
from feed.checkpoint.writing import document
from feed.errors import FeedError


def dump(roots: Mapping[str, object]) -> bytes:
    """
    Write objects, and everything that can be reached from them.

    Args:
        roots: The objects, by names of the caller's.
    Raises:
        MarketError: Something of it cannot be kept; says what, and where it is.
    """
    with _collector_off():
        return msgspec.msgpack.encode(document(roots))


def load(data: bytes) -> dict[str, Any]:
    """
    The objects that :func:`dump` has written, by their names.

    Raises:
        FeedError: The bytes are damaged, or of another format, or name a class, a function or an attribute
            that there is not; or something cannot go on from its state.
    """
    with _collector_off():
        try:
            return objects_of(msgspec.msgpack.decode(data))
        except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise FeedError(f"a checkpoint is damaged: {error}") from error


@contextmanager
def _collector_off() -> Iterator[None]:
    """Without the collector of cycles: hundreds of thousands of objects are made, and none is garbage yet."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
