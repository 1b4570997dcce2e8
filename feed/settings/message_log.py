"""The log of messages."""

from __future__ import annotations

from pathlib import Path

import attrs
from attrs.validators import ge, gt, instance_of, optional


@attrs.frozen(kw_only=True)
class MessageLog:
    """
    A log of what clients send and are sent, for audits: JSON Lines, a file for each key, secrets blotted out.

    A disk that is full or slow holds nobody up: messages are left out, and the file says how many.

    Attributes:
        directory: Where the files are: ``key-NAME.jsonl``, and ``keyless.jsonl`` for clients that have shown
            no key. It is made where there is none, and one server at a time writes there. None keeps no log.
        keys: Names of the keys whose messages are kept; where none is given, those of all keys, and of
            clients that show none.
        file_bytes: A file that would grow past it is renamed, with ``.1`` behind its name, and a new one
            begun.
        files: Files of one key, the one that is written included; the oldest is removed.
        bytes: All files together; past it the one is removed that was written to longest ago.
        message_bytes: A longer message is noted by its length alone.
        waiting_bytes: What waits in memory for the disk; past it messages are left out.
        flush_seconds: Between two writes.
        settle_seconds: Without a loss until it is said that messages are kept again, and between two
            attempts to write when no message comes.
        stall_seconds: For the last write, when the server ends.
    """

    directory: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    keys: tuple[str, ...] = ()
    file_bytes: int = attrs.field(default=8 * 1024 * 1024, validator=ge(4096))
    files: int = attrs.field(default=4, validator=ge(1))
    bytes: int = attrs.field(default=256 * 1024 * 1024, validator=ge(4096))
    message_bytes: int = attrs.field(default=64 * 1024, validator=ge(1))
    waiting_bytes: int = attrs.field(default=8 * 1024 * 1024, validator=ge(1024))
    flush_seconds: float = attrs.field(default=0.2, validator=gt(0))
    settle_seconds: float = attrs.field(default=5.0, validator=gt(0))
    stall_seconds: float = attrs.field(default=2.0, validator=gt(0))
