"""Reads the log of inputs from its segments, and changes nothing; another process may be writing to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from feed.durability.disk import Disk
from feed.durability.entries import LogEntry, decode
from feed.durability.record_framing import (
    HEADER_BYTES,
    Frame,
    SegmentHeader,
    good_frames,
    known_durable,
    parse_header,
)
from feed.errors import ConfigError

_NAME: Final = re.compile(r"log-(\d{8})\.feed")
LOOK: Final = (
    "feed data DIR --verify tells what is good; put back a copy of the folder, or begin a --new-history"
)
"""What to do about a damaged log."""


def segment_name(number: int) -> str:
    """The name of a segment's file."""
    return f"log-{number:08}.feed"


def segment_numbers(names: Sequence[str]) -> list[int]:
    """
    The numbers of the segments of the log, in order.

    Segments before one that is missing are left out: their removal had begun.
    """
    numbers = sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))
    begin = len(numbers) - 1
    while begin > 0 and numbers[begin - 1] == numbers[begin] - 1:
        begin -= 1
    return numbers[max(0, begin) :]


@attrs.frozen(kw_only=True)
class Segment:
    """
    A segment that was read.

    Attributes:
        header: Its header.
        frames: Its frames, as far as they belong to the log.
        end: Bytes of it that do.
        durable: Bytes of it that were durable once, as it says itself.
        rest: Bytes behind them: torn, or of a write that failed and was repeated in the next segment.
    """

    header: SegmentHeader
    frames: tuple[Frame, ...]
    end: int
    durable: int
    rest: int


def read_header(disk: Disk, number: int, history: bytes) -> SegmentHeader:
    """
    The header of a segment.

    Raises:
        ConfigError: It is damaged, or belongs to another data folder or place.
        OSError: It cannot be read.
    """
    name = segment_name(number)
    file = disk.open(name)
    try:
        header = parse_header(file.read_at(0, HEADER_BYTES), where=disk.where(name))
    finally:
        file.close()
    if header.history != history:
        raise ConfigError("belongs to another data folder", where=disk.where(name), hint=LOOK)
    if header.segment != number:
        raise ConfigError(f"is segment {header.segment} by its header", where=disk.where(name), hint=LOOK)
    return header


def read_segment(disk: Disk, header: SegmentHeader, following: SegmentHeader | None) -> Segment:
    """
    Read a segment.

    Args:
        disk: Where it is.
        header: Its header.
        following: That of the next segment; None for the last, whose end may be torn.
    Raises:
        ConfigError: It is damaged; says at which byte.
        OSError: It cannot be read.
    """
    name = segment_name(header.segment)
    data = disk.read(name)
    if parse_header(data, where=disk.where(name)) != header:
        raise ConfigError("was exchanged while it was read", where=disk.where(name))
    belonging = data if following is None else data[: following.good]
    frames = tuple(good_frames(belonging, header))
    end = frames[-1].end if frames else HEADER_BYTES
    durable = known_durable(data, header, HEADER_BYTES) if following is None else following.good
    if end < durable:
        what = "missing" if end == len(data) else "broken"
        raise ConfigError(
            f"damaged at byte {end}: what stood there was on the disk, and is {what}",
            where=disk.where(name),
            hint=LOOK,
        )
    number = frames[-1].first + frames[-1].count if frames else header.first
    if following is not None and following.first != number:
        raise ConfigError(
            f"damaged at byte {end}: ends with record {number - 1}, and the next segment begins with "
            f"record {following.first}",
            where=disk.where(name),
            hint=LOOK,
        )
    return Segment(header=header, frames=frames, end=end, durable=durable, rest=len(data) - end)


def entries_of(frame: Frame, *, where: str) -> list[LogEntry]:
    """
    The entries of a frame.

    Raises:
        ConfigError: It is good, and yet holds something else: another program wrote it.
    """
    try:
        entries = decode(frame.payload)
    except ValueError:
        entries = []
    if len(entries) != frame.count:
        raise ConfigError(
            f"damaged at byte {frame.offset}: record {frame.first} is no entry of a log",
            where=where,
            hint=LOOK,
        )
    return entries


def records(
    disk: Disk, headers: Sequence[SegmentHeader], *, after: int, upto: int | None = None
) -> Iterator[tuple[int, LogEntry]]:
    """
    The records of a log, with their numbers.

    Args:
        disk: Where it is.
        headers: Of all its segments, in order.
        after: Number of the last record that is not asked for.
        upto: Number of the last that is; None for all. What is behind it is not looked at.
    Raises:
        ConfigError: Records that are asked for were removed, or are damaged.
        OSError: They cannot be read.
    """
    if headers and after + 1 < headers[0].first:
        raise ConfigError(
            f"the log begins with record {headers[0].first}, and record {after + 1} is needed",
            where=disk.where(segment_name(headers[0].segment)),
            hint=LOOK,
        )
    for header, following in zip(headers, [*headers[1:], None], strict=True):
        if following is not None and following.first <= after + 1:
            continue
        if upto is not None and header.first > upto:
            return
        where = disk.where(segment_name(header.segment))
        for frame in read_segment(disk, header, following).frames:
            if frame.first + frame.count <= after + 1:
                continue
            for number, entry in enumerate(entries_of(frame, where=where), start=frame.first):
                if upto is not None and number > upto:
                    return
                if number > after:
                    yield number, entry


def read_records(
    disk: Disk, history: bytes, *, after: int, upto: int | None = None
) -> Iterator[tuple[int, LogEntry]]:
    """The records of a log that another process may be writing to; see :func:`records`."""
    headers = [read_header(disk, number, history) for number in segment_numbers(disk.names())]
    yield from records(disk, headers, after=after, upto=upto)
