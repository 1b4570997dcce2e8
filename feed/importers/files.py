"""
Reads the lines of input files of any size, in bounded memory, and decompresses them.

The compression follows from the file name: ``.gz``, ``.zst``, ``.zip`` (its one CSV file); anything
else is plain text.
"""

from __future__ import annotations

import contextlib
import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final

import attrs
import zstandard

from feed.errors import ConfigError
from feed.settings import Importing


@attrs.define
class FileSpan:
    """
    The times of a file of lines.

    Attributes:
        first, last: Times of its first and its last line that have one, nanoseconds since the Unix epoch.
    """

    first: int
    last: int


NO_SPAN: Final = FileSpan(0, 0)
"""That of a file in which no line has a time that can be read."""


class InputFile:
    """
    One input file, read in chunks of whole lines.

    Args:
        path: The file.
        bounds: How much is read at a time.
        advance: Called with the bytes of the file on disk that were read since the last call.
        most: Bound on the lines read; None reads all.
    Attributes:
        path: The file.
        number: Number of the first line of the chunk last yielded; the first line is 1.
    """

    def __init__(
        self, path: Path, bounds: Importing, advance: Callable[[int], None], most: int | None = None
    ) -> None:
        self.path = path
        self.number = 1
        self._bounds = bounds
        self._advance = advance
        self._most = most

    def chunks(self) -> Iterator[list[str]]:
        """
        Whole lines without their line ends, many at a time.

        Raises:
            ConfigError: The file cannot be read or decompressed to its end.
        """
        with self._readable(), self.path.open("rb") as raw:
            for text in self._texts(raw):
                # Invalid UTF-8 is replaced; only fields that are not used can have it without an error.
                lines = text.decode(errors="replace").split("\n")
                if not lines[-1]:
                    lines.pop()
                if self._most is not None and self.number + len(lines) > self._most:
                    yield lines[: self._most + 1 - self.number]
                    return
                yield lines
                self.number += len(lines)

    def pieces(self) -> Iterator[bytes]:
        """
        The decompressed bytes, at most about ``Importing.chunk_bytes`` at a time, for formats without lines.

        Raises:
            ConfigError: The file cannot be read or decompressed to its end.
        """
        told = 0
        with self._readable(), self.path.open("rb") as raw:
            for piece in _unpacked(self.path, raw, self._bounds.chunk_bytes):
                self._advance(raw.tell() - told)
                told = raw.tell()
                yield piece
            self._advance(self.path.stat().st_size - told)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Turns what may go wrong with a file into an error of the operator."""
        try:
            yield
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError) as problem:
            what = str(problem.strerror if isinstance(problem, OSError) and problem.strerror else problem)
            where = str(self.path) if self.number == 1 else f"{self.path}:{self.number}"
            raise ConfigError(f"cannot be read any further: {what}", where=where) from problem

    def _texts(self, raw: BinaryIO) -> Iterator[bytes]:
        """Chunks of decompressed bytes, each of whole lines."""
        told = 0
        rest: list[bytes] = []
        waiting = 0
        for chunk in _unpacked(self.path, raw, self._bounds.chunk_bytes):
            self._advance(raw.tell() - told)
            told = raw.tell()
            cut = chunk.rfind(b"\n") + 1
            if not cut:
                rest.append(chunk)
                waiting += len(chunk)
                if waiting > self._bounds.line_bytes:
                    raise EOFError(f"a line is longer than {self._bounds.line_bytes} bytes")
                continue
            yield _without_returns(b"".join([*rest, chunk[:cut]]))
            rest = [chunk[cut:]]
            waiting = len(rest[0])
        if waiting:
            yield _without_returns(b"".join(rest))
        self._advance(self.path.stat().st_size - told)


def _without_returns(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").removesuffix(b"\r") if b"\r" in text else text


def _unpacked(path: Path, raw: BinaryIO, size: int) -> Iterator[bytes]:
    match path.suffix.lower():
        case ".gz":
            with gzip.GzipFile(fileobj=raw) as file:
                yield from _pieces(file, size)
        case ".zst":
            yield from _zstd(raw, size)
        case ".zip":
            with zipfile.ZipFile(raw) as archive, archive.open(_only_table(archive)) as part:
                yield from _pieces(part, size)
        case _:
            yield from _pieces(raw, size)


def _only_table(archive: zipfile.ZipFile) -> str:
    # Some vendors add a text file with a description of the CSV file.
    members = archive.namelist()
    tables = [name for name in members if name.lower().endswith(".csv")] or members
    if len(tables) != 1:
        raise zipfile.BadZipFile(f"it holds {len(tables)} files where one is expected")
    return tables[0]


def _pieces(file: IO[bytes] | gzip.GzipFile, size: int) -> Iterator[bytes]:
    while piece := file.read(size):
        yield piece


def _zstd(raw: BinaryIO, size: int) -> Iterator[bytes]:
    """Decompress frame by frame, because the library's stream reader does not report a truncated file."""
    unpack = zstandard.ZstdDecompressor(max_window_size=1 << 31)
    frame = unpack.decompressobj()
    begun = False
    for piece in _pieces(raw, size // 8):
        rest = piece
        while rest:
            begun = True
            yield frame.decompress(rest)
            rest = b""
            if frame.eof:
                rest, frame, begun = frame.unused_data, unpack.decompressobj(), False
    if begun:
        raise EOFError("the compressed file ended before its end mark")


def total_bytes(paths: list[Path]) -> int:
    """
    Size of all files on disk, bytes.

    Raises:
        ConfigError: One of them does not exist.
    """
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):
            if path.is_file():
                total += path.stat().st_size
                continue
        raise ConfigError("no such file", where=str(path))
    return total
