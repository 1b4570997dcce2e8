"""One line of the log of messages."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from feed.server.redaction import Redactor
from feed.stream.deflate import WINDOW_BITS

ENTRY_BYTES: Final = 300  # of a line, and of an entry that waits, beside its texts; roughly
_FLUSHED: Final = b"\x00\x00\xff\xff"


@attrs.define(kw_only=True)
class Entry:
    """
    What happened on a connection, before it is made a line.

    Attributes:
        owner: Name of the key whose file it goes to; empty without a key.
        time: Seconds since the Unix epoch.
        facts: Fields of the line, in their order: whole numbers and texts without secrets.
        texts: Fields that may hold secrets.
        targets: The same, of paths with queries.
        payload: Of a message that was sent; None for none.
        packed: It is compressed as permessage-deflate has it.
        redactor: Knows the secrets of this client.
        most: A longer message is noted by its length alone, bytes.
    """

    owner: str
    time: float
    facts: dict[str, Any]
    texts: dict[str, str] = attrs.field(factory=dict)
    targets: dict[str, str] = attrs.field(factory=dict)
    payload: bytes | None = None
    packed: bool = False
    redactor: Redactor
    most: int

    @property
    def size(self) -> int:
        """What it takes in memory, bytes, roughly."""
        texts = sum(map(len, self.texts.values())) + sum(map(len, self.targets.values()))
        return ENTRY_BYTES + 2 * texts + len(self.payload or b"")

    def line(self) -> bytes:
        """It as a line of JSON, without secrets. Costs far more than all else: done in a thread."""
        fields = {**_head(self.owner, self.time), **self.facts}
        for name, target in self.targets.items():
            fields[name] = self.redactor.target(target)
        texts = dict(self.texts)
        if self.payload is not None:
            text = _text(self.payload, self.most, packed=self.packed)
            if text is None:
                fields |= {"message_bytes": len(self.payload), "readable": False}
            else:
                texts["message"] = text
        for name, text in texts.items():
            cleaned = self.redactor.message(text) if len(text) <= self.most else None
            if cleaned is not None:
                fields[name] = cleaned
                continue
            fields[f"{name}_bytes"] = len(self.payload or text.encode("utf-8", "surrogatepass"))
            if len(text) <= self.most:
                fields["readable"] = False  # no JSON: there may be anything in it, secrets too
        return _line(fields)


def left_out(owner: str, time: float, messages: int) -> bytes:
    """
    The line that tells of messages which stand in no file.

    Args:
        owner: Name of the key that they were for; empty without a key.
        time: Seconds since the Unix epoch.
        messages: How many.
    """
    return _line({**_head(owner, time), "left_out": messages})


def _head(owner: str, time: float) -> dict[str, Any]:
    """The fields that every line begins with."""
    when = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
    return {"time": when.replace("+00:00", "Z"), "key": owner or None}


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _text(payload: bytes, most: int, *, packed: bool) -> str | None:
    """What a payload says; None when it says nothing that can be read."""
    try:
        if packed:
            inflater = zlib.decompressobj(-WINDOW_BITS)
            payload = inflater.decompress(payload + _FLUSHED, most + 1)
        return payload.decode()
    except (zlib.error, UnicodeDecodeError):
        return None
