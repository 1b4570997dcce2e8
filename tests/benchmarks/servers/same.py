"""Streams of clients with the same parameters at several servers, held against each other as they come."""

from __future__ import annotations

import hashlib
from collections import deque
from itertools import starmap

MOST_APART = 16 << 20
"""Bytes that are kept of who is ahead; past it only checksums tell whether streams differ, not where."""

_SHOWN = 300  # characters of a message
_CHECKSUM_BYTES = 16


class Same:
    """
    Streams that should be the same.

    Each has a running checksum over its messages. Beside it, what some have said and others not yet is kept
    until all have, so that the first difference can be shown.

    Args:
        name: Of what is streamed.
        servers: Names of those that stream it.
    Attributes:
        messages: How many each has said.
        bytes: Of these.
        difference: Where the streams differ first; empty as long as that was not seen.
    """

    def __init__(self, name, servers):
        self.name = name
        self.messages = [0] * len(servers)
        self.bytes = [0] * len(servers)
        self.difference = ""
        self._servers = servers
        self._checksums = [hashlib.blake2b(digest_size=_CHECKSUM_BYTES) for _ in servers]
        self._ahead = [deque() for _ in servers]
        self._apart = 0
        self._compared = 0
        self._lost = False  # whether somebody was too far ahead

    def take(self, server, messages):
        """Take the next messages of a server, by the number of that one."""
        text = b"\n".join([*messages, b""])
        self.messages[server] += len(messages)
        self.bytes[server] += len(text) - len(messages)
        self._checksums[server].update(text)
        if self._lost or self.difference:
            return
        self._ahead[server] += messages
        self._apart += len(text)
        if all(self._ahead):
            self._compare()
        elif self._apart > MOST_APART:
            self._lost = True
            self._forget()

    def _compare(self):
        count = min(map(len, self._ahead))
        first, *others = ([waiting.popleft() for _ in range(count)] for waiting in self._ahead)
        self._apart -= (1 + len(others)) * sum(1 + len(message) for message in first)
        if any(other != first for other in others):
            rows = zip(first, *others, strict=True)
            at, found = next((at, row) for at, row in enumerate(rows) if row.count(row[0]) != len(row))
            self._compared += at + 1
            self._differs(found)
        else:
            self._compared += count

    def _differs(self, found):
        said = starmap("{}: {}".format, zip(self._servers, map(_shown, found), strict=True))
        self.difference = f"message {self._compared} is at " + "; at ".join(said)
        self._forget()

    def _forget(self):
        for waiting in self._ahead:
            waiting.clear()

    def end(self):
        """Nothing more comes: whether all have said the same."""
        if any(self._ahead):
            self._compared += 1
            self._differs([waiting[0] if waiting else b"nothing more" for waiting in self._ahead])
        if self.difference:
            return False
        alike = len({checksum.digest() for checksum in self._checksums}) == 1
        if not alike:
            self.difference = f"the checksums differ, after message {self._compared}"
        return alike


def _shown(message):
    return message[:_SHOWN].decode("utf-8", "backslashreplace")
