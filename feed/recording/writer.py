"""Writes recordings. The format is described in :mod:`feed.recording.format`."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
import zstandard

from feed.errors import RecordingError
from feed.model.digest import Digest, canonical
from feed.model.events import Row
from feed.recording.format import Header, header_line
from feed.settings import Recording


class Output(Protocol):
    """The destination of a recording: a binary file, or a buffer before one."""

    def write(self, frame: bytes, /) -> int:
        """Write bytes; returns how many were written, or raises ``OSError``."""
        ...

    def flush(self) -> object:
        """Write what is buffered."""
        ...


class RecordingWriter:
    """
    Writes one recording into an output that it neither opens nor closes.

    At most one block of events is held in memory. A failed write is raised once; after that every call
    does nothing, so that the caller can log the error and carry on.

    Args:
        out: An empty output.
        header: The first line.
        settings: Size of blocks and compression.
    Attributes:
        events: Events appended; after a failure, those that are in the file.
        blocks: Blocks written.
        failed: Whether the recording has stopped.
    Raises:
        RecordingError: The header could not be written.
    """

    def __init__(self, out: Output, header: Header, settings: Recording | None = None) -> None:
        self.events = 0
        self.blocks = 0
        self.failed = False
        self._settings = settings or Recording()
        self._out = out
        self._rows: list[Row] = []
        self._digest = Digest()
        self._closed = False
        self._settled = 0
        # The frame's own checksum tells a damaged block from a wrong one before it is parsed.
        self._pack = zstandard.ZstdCompressor(level=self._settings.level, write_checksum=True)
        self._write(header_line(header))

    def append(self, rows: list[Row]) -> None:
        """
        Add the next events, in order.

        Raises:
            RecordingError: The write failed. Raised once.
        """
        if self.failed:
            return
        self.events += len(rows)
        self._rows += rows
        size = self._settings.block_events
        while len(self._rows) >= size:
            block, self._rows = self._rows[:size], self._rows[size:]
            self._write_block(block)

    def flush(self) -> None:
        """
        Write the events in memory as a block of its own, so that they survive a crash.

        Raises:
            RecordingError: As :meth:`append`.
        """
        if self._rows and not self.failed:
            block, self._rows = self._rows, []
            self._write_block(block)

    def close(self) -> None:
        """
        Write the events in memory and the end line. The file stays open; a second call does nothing.

        Raises:
            RecordingError: As :meth:`append`.
        """
        self.flush()
        if not self.failed and not self._closed:
            self._closed = True
            self._write(_line({"end": True, "events": self.events, "blocks": self.blocks} | self._sum()))

    def hexdigest(self) -> str:
        """SHA-256 over the canonical form of the events in written blocks, while it has not failed."""
        return self._digest.hexdigest()

    def _sum(self) -> dict[str, Any]:
        return {"digest": self._digest.hexdigest()}

    def _write_block(self, rows: list[Row]) -> None:
        lines = canonical(rows)
        self._digest.update_lines(lines, len(rows))
        # A canonical line is a JSON array without its brackets.
        arrays = b"[" + lines[:-1].replace(b"\n", b"]\n[") + b"]\n"
        self._write(arrays + _line({"events": self._digest.events} | self._sum()))
        self.blocks += 1
        self._settled = self._digest.events

    def _write(self, content: bytes) -> None:
        frame = self._pack.compress(content)
        try:
            if self._out.write(frame) != len(frame):
                raise OSError("the file took only part of a block")  # noqa: TRY301 - one way out
            self._out.flush()
        except OSError as problem:
            self.failed = True
            self._rows = []
            self.events = self._settled
            what = problem.strerror or str(problem)
            raise RecordingError(what, events=self.events) from problem


def _line(fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode(fields) + b"\n"
