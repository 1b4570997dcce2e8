"""Reads recordings, up to the first corrupt block. The format is that of :mod:`feed.recording.format`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import attrs
import msgspec
import zstandard

from feed.errors import ConfigError
from feed.model.digest import Digest
from feed.model.events import Row
from feed.recording.format import Header, parse_header
from feed.settings import Recording

SUFFIX: Final = ".feed.zst"
"""The usual suffix of recordings; they are recognised by their first bytes."""

MAGIC: Final = b"\x28\xb5\x2f\xfd"
"""The first bytes of a Zstandard frame, and so of a recording."""

# Compressed bytes read at a time. Zstandard can turn 4 bytes into 128 KiB, so small chunks keep a forged
# block from filling the memory before its size is checked.
_CHUNK = 4096


@attrs.frozen(kw_only=True)
class Corruption:
    """
    Where a recording is corrupt. All blocks before that are valid.

    Attributes:
        block: Number of the corrupt block; the first block is 1, the header is 0.
        byte: Offset of that block in the file.
        seq: Sequence number of the first event that could not be read; the first event is 1.
        reason: What is wrong, in one clause.
    """

    block: int
    byte: int
    seq: int
    reason: str

    def __str__(self) -> str:
        return f"block {self.block} at byte {self.byte}, event {self.seq}: {self.reason}"


class _Block(msgspec.Struct, forbid_unknown_fields=True):
    events: int
    digest: str
    end: bool = False
    blocks: int | None = None


_ROWS = msgspec.json.Decoder(list[tuple[int, ...]])
_MARK = msgspec.json.Decoder(_Block)


class RecordingReader:
    """
    Reads one recording from a binary file, block by block, in bounded memory.

    Iterating yields each block's events as a list of rows, after its digest has been checked. After
    the iteration, :attr:`corruption` says whether it ended early.

    Args:
        file: A readable binary file at its beginning.
        name: Name of the file, for errors.
        settings: Bounds on a block.
    Attributes:
        header: The first line.
        events: Events yielded so far.
        blocks: Blocks yielded so far.
        complete: Whether the end line was reached, and matched what was read.
        corruption: Why the iteration ended early; None while it runs, and if it was complete.
    Raises:
        ConfigError: No recording, one of another version, or one without a whole header.
    """

    def __init__(self, file: BinaryIO, name: str = "recording", settings: Recording | None = None) -> None:
        self.events = 0
        self.blocks = 0
        self.complete = False
        self.corruption: Corruption | None = None
        self._digest = Digest()
        self._frames = _Frames(file, (settings or Recording()).block_bytes)
        try:
            line = self._frames.next()
        except _BadFrame as broken:
            what = f"no recording, or one damaged in its header: {broken}"
            raise ConfigError(what, where=name) from None
        if line is None:
            raise ConfigError("the file is empty", where=name)
        self.header: Header = parse_header(line, where=name)

    def __iter__(self) -> Iterator[list[Row]]:
        while not self.complete:
            byte = self._frames.offset
            try:
                rows = self._next_block()
            except _BadFrame as broken:
                self.corruption = Corruption(
                    block=self.blocks + 1, byte=byte, seq=self.events + 1, reason=str(broken)
                )
                return
            if rows:
                yield rows

    def hexdigest(self) -> str:
        """SHA-256 over the canonical form of the events read so far."""
        return self._digest.hexdigest()

    def _next_block(self) -> list[Row]:
        content = self._frames.next()
        if content is None:
            raise _BadFrame("the file ends without an end line")
        cut = content.rfind(b"\n", 0, -1) + 1
        try:
            # JSON Lines, read as one array: one call of the decoder instead of thousands.
            rows = _ROWS.decode(b"[" + content[: max(cut - 1, 0)].replace(b"\n", b",") + b"]")
            mark = _MARK.decode(content[cut:])
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise _BadFrame(f"not what a block holds: {problem}") from None
        self._check(rows, mark)
        if mark.end:
            self._finish(mark)
        else:
            self.blocks += 1
        return rows

    def _check(self, rows: list[Row], mark: _Block) -> None:
        try:
            self._digest.update(rows)
        except KeyError:
            raise _BadFrame("an event with too many or too few numbers") from None
        if self._digest.hexdigest() != mark.digest:
            raise _BadFrame("the events do not match their digest")
        if self._digest.events != mark.events:
            raise _BadFrame(f"{self._digest.events} events where {mark.events} were written")
        self.events = self._digest.events

    def _finish(self, mark: _Block) -> None:
        if mark.blocks != self.blocks:
            raise _BadFrame(f"{self.blocks} blocks where {mark.blocks} were written")
        if self._frames.next() is not None:
            raise _BadFrame("more follows the end line")
        self.complete = True


class _BadFrame(Exception):
    """The current frame is corrupt; the message says why."""


class _Frames:
    """The Zstandard frames of a file, one at a time. ``offset`` is that of the next one, bytes."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.offset = 0
        self._file = file
        self._most = most
        self._waiting = b""
        self._zstd = zstandard.ZstdDecompressor(max_window_size=1 << 27)

    def next(self) -> bytes | None:
        """Content of the next frame; None at the end of the file."""
        frame = self._zstd.decompressobj()
        parts = []
        taken = unpacked = 0
        while not frame.eof:
            bite = self._waiting or self._file.read(_CHUNK)
            self._waiting = b""
            if not bite:
                if taken:
                    raise _BadFrame("the file ends inside the block")
                return None
            try:
                parts.append(frame.decompress(bite))
            except zstandard.ZstdError as problem:
                raise _BadFrame(f"not readable: {problem}") from None
            taken += len(bite)
            unpacked += len(parts[-1])
            if unpacked > self._most:
                raise _BadFrame(f"the block unpacks to more than {self._most} bytes")
        self._waiting = frame.unused_data
        self.offset += taken - len(self._waiting)
        return b"".join(parts)


def is_recording(path: Path) -> bool:
    """Whether a file starts like a recording; False if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


class RecordedBlocks:
    """
    A recording in a file, which can be read any number of times: each call iterates over its blocks.

    Args:
        path: The file.

    Attributes:
        header: Its first line.
        corruption: Where it is corrupt, once a reader has come to that block; else None.
    Raises:
        ConfigError: No recording, one of another version, or a file that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.corruption: Corruption | None = None
        self._path = path
        try:
            with path.open("rb") as file:
                self.header: Header = RecordingReader(file, str(path)).header
        except OSError as problem:
            raise ConfigError(f"cannot be read: {problem.strerror}", where=str(path)) from None

    def __call__(self) -> Iterator[list[Row]]:
        """Iterate over the blocks from the beginning, up to the end or the first corrupt block."""
        try:
            with self._path.open("rb") as file:
                reader = RecordingReader(file, str(self._path))
                yield from reader
                self.corruption = reader.corruption
        except OSError as problem:
            what = f"cannot be read any further: {problem.strerror}"
            raise ConfigError(what, where=str(self._path)) from None
