"""Compares what several connections were sent while all of them were subscribed, byte by byte."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from itertools import zip_longest

import attrs
import msgspec

from feed.dialects.client import sequence_number


@attrs.frozen
class Line:
    """
    One message as it was received.

    Attributes:
        data: All of it.
        seq: The sequence number in it; None when it has none.
        settled: Whether it came after the answers to the subscription: no snapshot, no answer.
    """

    data: bytes
    seq: int | None
    settled: bool


def line(data: bytes, *, settled: bool, number: Callable[[bytes], int | None] = sequence_number) -> Line:
    """A message, and its sequence number where it has one, as ``number`` reads it."""
    try:
        seq = number(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        seq = None  # no object: whatever it is, it is compared
    return Line(data, seq, settled)


@attrs.frozen(kw_only=True)
class Verdict:
    """
    What the comparison found.

    Attributes:
        messages: How many messages all have in common.
        size: Bytes of them.
        digest: SHA-256 of them; empty when there is a difference, or nothing to compare.
        difference: The first difference, for people; empty when there is none.
    """

    messages: int = 0
    size: int = 0
    digest: str = ""
    difference: str = ""


def compare(transcripts: Sequence[Sequence[Line]], *, counter: bytes = b"") -> Verdict:
    """
    Find the first difference of transcripts, from where the last one had joined to where the first one ends.

    Sequence numbers say where that is. Messages without one are compared in their places.

    Args:
        transcripts: Of each connection.
        counter: Stands before the number that a message has in its connection, see
            :attr:`feed.dialects.client.Codec.counter`: such numbers are compared from the first message on
            that all have in common. Empty where there is none.
    """
    first = max(map(subscribed_at, transcripts), default=0)
    last = min(map(_newest, transcripts), default=0)
    # The last number may have more messages than had come by then.
    windows = [_window(lines, first, last) for lines in transcripts]
    if counter:
        windows = [_counted_from_first(window, counter) for window in windows]
    if not windows or not windows[0]:
        return Verdict(difference="nothing to compare: no time in which all connections listened")
    reference = windows[0]
    for number, window in enumerate(windows[1:], start=2):
        for at, (one, other) in enumerate(zip_longest(reference, window)):
            if one != other:
                return Verdict(
                    messages=at,
                    difference=f"connection {number} differs from connection 1 at message {at + 1}:\n"
                    f"  1: {_text(one)}\n  {number}: {_text(other)}",
                )
    content = b"\n".join(reference)
    return Verdict(messages=len(reference), size=len(content), digest=hashlib.sha256(content).hexdigest())


def newest(lines: Sequence[Line]) -> int:
    """The number that a transcript has come to; 0 before any. It looks no further back than it must."""
    return next((item.seq for item in reversed(lines) if item.seq is not None), 0)


def subscribed_at(lines: Sequence[Line]) -> int:
    """The newest number of what came with the answers to the subscription."""
    return _newest([item for item in lines if not item.settled])


def _newest(lines: Sequence[Line]) -> int:
    return max((item.seq for item in lines if item.seq is not None), default=0)


def _window(lines: Sequence[Line], first: int, last: int) -> list[bytes]:
    """The messages after the number ``first`` and before the number ``last``."""
    numbers = [(at, item.seq) for at, item in enumerate(lines) if item.seq is not None and item.settled]
    start = next((at for at, seq in numbers if seq > first), len(lines))
    stop = next((at for at, seq in numbers if seq >= last and at >= start), len(lines))
    return [item.data for item in lines[start:stop]]


def _counted_from_first(window: Sequence[bytes], counter: bytes) -> list[bytes]:
    """The same messages, whose numbers in the connection count from the first of them on."""
    number = re.compile(re.escape(counter) + rb"([0-9]+)")
    first = next((int(found[1]) for data in window if (found := number.search(data))), 0)
    return [number.sub(lambda found: counter + b"%d" % (int(found[1]) - first), data, 1) for data in window]


def _text(data: bytes | None) -> str:
    """For people; every byte can be told from every other."""
    return "nothing" if data is None else data.decode(errors="backslashreplace")
