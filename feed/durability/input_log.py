"""
The log of inputs: written ahead of what depends on them, so that the market can be computed again.

It is only ever appended to. What a crash or a failed sync leaves in doubt is not cut off or overwritten: a
new segment is begun, whose header says how far the one before is good. The format stands in
:mod:`feed.durability.record_framing`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from feed.durability.disk import Disk, DiskFile
from feed.durability.entries import LogEntry, encode
from feed.durability.record_framing import (
    HEADER_BYTES,
    MOST_PAYLOAD,
    Frame,
    SegmentHeader,
    encode_frame,
    frame_at,
)
from feed.durability.segments import (
    LOOK,
    read_header,
    read_segment,
    records,
    segment_name,
    segment_numbers,
)
from feed.errors import ConfigError, MarketError

SEGMENT_BYTES: Final = 4 * 1024 * 1024
"""A segment that is larger is followed by a new one."""


class InputLog:
    """
    The log of a data folder, for the one process that writes to it; not for two threads at a time.

    Args:
        disk: The folder.
        history: 16 bytes that tell this folder's log from another's.
        known: Number of a record that was on the disk: a log that ends before it is damaged.
        segment_bytes: A segment that is larger is followed by a new one.
    Attributes:
        last: Number of the last record; 0 where there is none. Records count from 1 over all segments.
        cut: Bytes of a torn end that were left out when it was opened.
        failed: Whether what was written last is of unknown fate, and :meth:`move_on` is needed.
    Raises:
        ConfigError: It is damaged, or another folder's.
        OSError: It cannot be read, or written to.
    """

    def __init__(
        self, disk: Disk, *, history: bytes, known: int = 0, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.last = 0
        self.cut = 0
        self.failed = False
        self._disk = disk
        self._history = history
        self._segment_bytes = max(segment_bytes, HEADER_BYTES + 1)  # with at least one append
        self._file: DiskFile | None = None
        self._durable = 0  # bytes of the segment
        self._durable_last = 0  # number of the last record in them
        self._before = 0  # CRC of the last frame
        self._headers = [read_header(disk, one, history) for one in segment_numbers(disk.names())]
        if not self._headers:
            self._begin(good=0, last=0)
            return
        segment = read_segment(disk, self._headers[-1], None)
        self.cut = segment.rest
        last = self._headers[-1].first - 1 + sum(frame.count for frame in segment.frames)
        if last < known:
            # Before a new segment is begun: the file can still be put back as it was.
            raise ConfigError(
                f"the log ends with record {last}, and record {known} was on the disk",
                where=disk.where(segment_name(self._headers[-1].segment)),
                hint=LOOK,
            )
        in_doubt = [frame for frame in segment.frames if frame.end > segment.durable]
        if in_doubt or segment.rest:
            # That it can be read does not say that it is on the disk: written again, it is.
            self._begin(good=in_doubt[0].offset if in_doubt else segment.end, last=last, frames=in_doubt)
        else:
            self._continue(segment.frames, last)

    @property
    def bytes(self) -> int:
        """Of all segments."""
        return sum(header.good for header in self._headers[1:]) + self._open.size

    @property
    def first(self) -> int:
        """Number of the first record that is still there, or would be."""
        return self._headers[0].first

    def append(self, entries: Sequence[LogEntry]) -> None:
        """
        Append entries as the next records: all of them, or none.

        Raises:
            MarketError: They are too many for one append.
            OSError: None of them stands in the log.
        """
        self._check()
        if not entries:
            return
        payload = encode(entries)
        if len(payload) > MOST_PAYLOAD:
            raise MarketError(f"{len(payload)} bytes of inputs at once, more than {MOST_PAYLOAD}")
        if self._open.size >= self._segment_bytes:
            self._rotate()
        frame, crc = encode_frame(
            payload,
            salt=self._headers[-1].crc,
            before=self._before,
            first=self.last + 1,
            count=len(entries),
            durable=self._durable,
        )
        self._open.append(frame)
        self._before = crc
        self.last += len(entries)

    def sync(self) -> None:
        """
        Make all records durable.

        Raises:
            OSError: Those since the last sync are of unknown fate, whatever a later sync says; only
                :meth:`move_on` helps.
        """
        self._check()
        size = self._open.size
        try:
            self._open.sync()
        except OSError:
            self.failed = True
            raise
        self._durable = size
        self._durable_last = self.last

    def move_on(self, *, keep: bool = False) -> None:
        """
        Go on in a new segment, from the last good sync on. It is durable on return.

        Args:
            keep: Write the records since then again. Otherwise they are no part of the log any more, and
                their numbers are given to others.
        Raises:
            OSError: It cannot be written either; to be tried again.
        """
        self.failed = True
        if keep:
            self._begin(good=self._durable, last=self.last, frames=self._since_sync())
        else:
            self._begin(good=self._durable, last=self._durable_last)

    def after(self, number: int) -> Iterator[tuple[int, LogEntry]]:
        """
        The records after one, with their numbers, read from the disk, up to what is the last now.

        Raises:
            ConfigError: They were removed, or are damaged.
            OSError: They cannot be read.
        """
        return records(self._disk, tuple(self._headers), after=number, upto=self.last)

    def remove(self, *, upto: int, most_bytes: int) -> int:
        """
        Remove the oldest segments while the log is larger than ``most_bytes``; it may be written to.

        Args:
            upto: Number of the last record that nobody needs; segments with later ones stay.
            most_bytes: Bytes that the log may take.
        Returns:
            How many bytes were removed.
        Raises:
            OSError: A segment cannot be removed.
        """
        before = self.bytes
        while len(self._headers) > 1 and self.bytes > most_bytes and self._headers[1].first <= upto + 1:
            self._disk.remove(segment_name(self._headers[0].segment))
            del self._headers[0]
        return before - self.bytes

    def close(self) -> None:
        """Sync, if that can be done, and close."""
        if self._file is not None:
            with suppress(OSError):
                if not self.failed:
                    self.sync()
            self._file.close()
            self._file = None

    @property
    def _open(self) -> DiskFile:
        if self._file is None:
            raise OSError(errno.EBADF, "the log is closed")
        return self._file

    def _check(self) -> None:
        if self.failed:
            raise OSError(errno.EIO, "what was written last may not be on the disk")

    def _rotate(self) -> None:
        if self._durable < self._open.size:
            self.sync()
        self._begin(good=self._open.size, last=self.last)

    def _since_sync(self) -> list[Frame]:
        """The frames since the last good sync, as the file shows them."""
        data = self._open.read_at(0, self._open.size)
        frames, offset = [], self._durable
        while offset < len(data):
            frame = frame_at(data, offset, self._headers[-1].crc)
            if frame is None:
                raise OSError(errno.EIO, "what was written cannot be read again")
            frames.append(frame)
            offset = frame.end
        return frames

    def _begin(self, *, good: int, last: int, frames: Sequence[Frame] = ()) -> None:
        """Begin a segment with these frames at once, where an attempt before this may have left one."""
        header = SegmentHeader(
            segment=self._headers[-1].segment + 1 if self._headers else 1,
            history=self._history,
            first=last + 1 - sum(frame.count for frame in frames),
            good=good,
            birth=HEADER_BYTES + sum(frame.end - frame.offset for frame in frames),
        )
        parts, before = [header.encode()], header.crc
        for frame in frames:
            data, before = encode_frame(
                frame.payload, salt=header.crc, before=before, first=frame.first, count=frame.count, durable=0
            )
            parts.append(data)
        name = segment_name(header.segment)
        self._disk.replace(name, b"".join(parts))
        file = self._disk.open(name)
        if self._file is not None:
            self._file.close()
        self._file = file
        self._headers.append(header)
        self._before = before
        self._durable = header.birth
        self.last = self._durable_last = last
        self.failed = False

    def _continue(self, frames: Sequence[Frame], last: int) -> None:
        """Go on in a segment that is durable to its end."""
        self._file = self._disk.open(segment_name(self._headers[-1].segment))
        self._before = frames[-1].crc if frames else self._headers[-1].crc
        self._durable = self._file.size
        self.last = self._durable_last = last
