"""What the log of inputs holds: entries, each an input with its place in market time, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs
import msgspec

from feed.errors import ConfigError
from feed.model.requests import Request
from feed.recording.journal import MISFITS, request_fields, request_of

REQUESTS: Final = "requests"
"""The kind of an entry whose data is a list of requests, which act at its place in their order."""

_DECODER: Final = msgspec.json.Decoder(list[tuple[int, int, str, Any]])


@attrs.frozen(kw_only=True)
class LogEntry:
    """
    An input.

    Attributes:
        at: Its place: market time, integer nanoseconds since the Unix epoch. It acts after everything that
            the market does by itself up to and including then.
        wall: The machine's clock when it was written, integer nanoseconds since the Unix epoch.
        kind: What it is: :data:`REQUESTS`, or a name that belongs to whoever reads it.
        data: The rest, of JSON's types.
    """

    at: int
    wall: int
    kind: str
    data: Any


def requests_entry(*, at: int, wall: int, requests: Sequence[Request]) -> LogEntry:
    """The entry of requests that act at one place, in this order."""
    return LogEntry(at=at, wall=wall, kind=REQUESTS, data=[request_fields(one) for one in requests])


def requests_of(entry: LogEntry) -> tuple[Request, ...]:
    """
    The requests of an entry of the kind :data:`REQUESTS`.

    Raises:
        ConfigError: It holds something else.
    """
    try:
        return tuple([request_of(fields) for fields in entry.data])
    except MISFITS:
        raise ConfigError("holds requests that this release of feed does not know") from None


def encode(entries: Sequence[LogEntry]) -> bytes:
    """Entries as JSON, in UTF-8."""
    return msgspec.json.encode([[one.at, one.wall, one.kind, one.data] for one in entries])


def decode(payload: bytes) -> list[LogEntry]:
    """
    Entries of JSON.

    Raises:
        ValueError: It is not what :func:`encode` makes.
    """
    return [
        LogEntry(at=at, wall=wall, kind=kind, data=data) for at, wall, kind, data in _DECODER.decode(payload)
    ]
