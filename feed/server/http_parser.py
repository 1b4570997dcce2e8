"""
The parser of requests: h11, stricter, and handed on from whoever read the first head to whoever serves it.

h11 is lenient where two readers of one request can disagree about its length: it lets a transfer coding
win over a length, joins folded lines, and takes a length that is said twice. A proxy in front of this
server may see it otherwise, and then the end of one client's request is the beginning of another's. All
of these are refused, which RFC 9112 allows or asks for (sections 5.1, 5.2, 6.1 and 6.3).
"""

from __future__ import annotations

from typing import Final

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


class HttpParser(h11.Connection):
    """
    A server's side of an HTTP/1.1 connection, which refuses what can be read in two ways.

    The router reads the first head to decide who serves the connection, and puts it back: the HTTP server
    goes on with this parser, so that no head is parsed twice.
    """

    def __init__(self, head_bytes: int) -> None:
        """
        Begin before the first byte.

        Args:
            head_bytes: Bound on a request head, or on a trailer, that is not whole yet.
        """
        super().__init__(h11.SERVER, max_incomplete_event_size=head_bytes)
        self._receive_buffer: ReceiveBuffer = StrictBuffer()  # h11 has no option for it
        self._put_back: h11.Request | None = None

    def put_back(self, request: h11.Request) -> None:
        """Let :meth:`next_event` give ``request``, which it has just given, once more."""
        self._put_back = request

    def next_event(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        """What comes next in the bytes that were received."""
        if self._put_back is None:
            return super().next_event()
        request, self._put_back = self._put_back, None
        return request

    @property
    def they_are_waiting_for_100_continue(self) -> bool:
        """Whether the client sends its body only when told to; not before its request has been taken."""
        return self._put_back is None and super().they_are_waiting_for_100_continue


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
