"""
Where a request ends, beyond doubt.

h11 is lenient where two readers of one request can disagree about its length: it lets a transfer coding
win over a length, joins folded lines, and takes a length that is said twice. A proxy in front of this
server may see it otherwise, and then the end of one client's request is the beginning of another's. All
of these are refused, which RFC 9112 allows or asks for (sections 5.1, 5.2, 6.1 and 6.3).
"""

from __future__ import annotations

from typing import Any, Final, cast

import h11
from h11._receivebuffer import ReceiveBuffer  # importable, but not promised: the tests would notice

_LENGTH: Final = b"content-length"
_CODING: Final = b"transfer-encoding"


class StrictBuffer(ReceiveBuffer):
    """What h11 has received, and not yet read."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        """
        The lines of the next head, or of a trailer; None while they are not whole.

        Raises:
            h11.RemoteProtocolError: Somebody might read them otherwise.
        """
        lines = super().maybe_extract_lines()
        problem = _problem(lines) if lines else ""
        if problem:
            raise h11.RemoteProtocolError(problem)
        return lines


def strict(connection: h11.Connection) -> h11.Connection:
    """The same connection, which has received nothing yet, and doubts nothing any more."""
    cast("Any", connection)._receive_buffer = StrictBuffer()  # noqa: SLF001 - h11 has no option for it
    return connection


def _problem(lines: list[bytearray]) -> str:
    """What can be read in two ways; empty when nothing can."""
    if any(line.startswith((b" ", b"\t")) for line in lines):
        return "continuation line"
    if any(b"\r" in line for line in lines):
        return "carriage return inside a line"
    fields = [
        (bytes(name).lower(), bytes(value)) for name, _, value in (line.partition(b":") for line in lines)
    ]
    lengths = [value.strip(b" \t") for name, value in fields if name == _LENGTH]
    codings = [value for name, value in fields if name == _CODING]
    if len(lengths) > 1 or len(codings) > 1:
        return f"more than one {'Content-Length' if len(lengths) > 1 else 'Transfer-Encoding'}"
    if lengths and codings:
        return "Content-Length with Transfer-Encoding"
    return "" if all(map(bytes.isdigit, lengths)) else "bad Content-Length"
