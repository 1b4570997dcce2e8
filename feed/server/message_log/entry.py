"""One line of the log of messages."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import attrs
import msgspec

from feed.server.redaction import Redactor, unsuspicious
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

    def line(self, sent: SentTexts) -> bytes:
        """It as a line of JSON, without secrets. Costs far more than all else: done in a thread."""
        fields = {**_head(self.owner, self.time), **self.facts}
        for name, target in self.targets.items():
            fields[name] = self.redactor.target(target)
        for name, text in self.texts.items():
            self._put(fields, name, text)
        if self.payload is not None:
            said, plain = sent.get(self.payload, self.most, packed=self.packed)
            if said is None or self.redactor.blind:
                fields |= {"message_bytes": len(self.payload), "readable": False}
            elif plain and not self.redactor.shown_in(said):
                fields["message"] = said
            else:
                self._put(fields, "message", said)
        return _line(fields)

    def _put(self, fields: dict[str, Any], name: str, text: str) -> None:
        cleaned = self.redactor.message(text) if len(text) <= self.most else None
        if cleaned is not None:
            fields[name] = cleaned
            return
        fields[f"{name}_bytes"] = len(self.payload or text.encode("utf-8", "surrogatepass"))
        if len(text) <= self.most:
            fields["readable"] = False  # no JSON: there may be anything in it, secrets too


class SentTexts:
    """What messages say that were sent: each is looked at once, for those of a group go to many."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bool], tuple[str | None, bool]] = {}

    def get(self, payload: bytes, most: int, *, packed: bool) -> tuple[str | None, bool]:
        """The text of a message, and whether nothing in it looks secret; None for one that cannot be read."""
        found = self._known.get((payload, packed))
        if found is None:
            text = _text(payload, most, packed=packed)
            plain = text is not None and len(text) <= most and unsuspicious(text)
            found = self._known[payload, packed] = text, plain
        return found


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
    return {"time": _when(round(time * 1000)), "key": owner or None}


@lru_cache(maxsize=64)
def _when(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode(fields) + b"\n"


def _text(payload: bytes, most: int, *, packed: bool) -> str | None:
    """What a payload says; None when it says nothing that can be read."""
    try:
        if packed:
            inflater = zlib.decompressobj(-WINDOW_BITS)
            payload = inflater.decompress(payload + _FLUSHED, most + 1)
        return payload.decode()
    except (zlib.error, UnicodeDecodeError):
        return None
