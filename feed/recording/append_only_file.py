"""
A file that is appended to in whole records, and recovers from full disks, partial writes and removal.

A full disk accepts part of a write before it fails. Such a partial record is truncated away at once, or
before the next record, so that the file does not keep half a line. Only regular files can be truncated; a
device or a pipe fails for good after a partial write.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from feed.errors import ConfigError

Opener = Callable[[Path, int], io.FileIO]
"""Opens a path with the given ``os.O_`` flags."""

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_COPIED_AT_ONCE: Final = 1 << 20  # bytes
# Empty lines, in case they cannot be truncated away. They are more than the rest of a page of the file: a
# full disk would still take a small record into that, and not the next one.
_PROBE: Final = b"\n" * 8192
# Errors that may go away without a change of path or permissions.
_PASSES: Final = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EIO,
    errno.EINTR,
    errno.EAGAIN,
}


def open_raw(path: Path, flags: int) -> io.FileIO:
    """Open without a buffer, so that the count of a write is what the file has taken."""
    return io.FileIO(os.open(path, flags, 0o666), "r+")


def is_temporary(problem: OSError) -> bool:
    """Whether an error may go away by itself, as that of a full disk does when space is freed."""
    return problem.errno in _PASSES


class AppendOnlyFile:
    """
    A file that this process alone appends to. It is locked for as long as it is open.

    Args:
        path: Its path; it need not exist.
        opener: Opens it.
        fresh: Refuse a file that is not empty.
    Attributes:
        path: Its path.
        size: Bytes of whole records; 0 for a device or a pipe.
    """

    def __init__(self, path: Path, opener: Opener = open_raw, *, fresh: bool = False) -> None:
        self.path = path
        self.size = 0
        self._open = opener
        self._fresh = fresh
        self._file: io.FileIO | None = None
        self._regular = True
        self._torn = False

    def open(self) -> bool:
        """
        Open the file.

        Returns:
            Whether it was closed before.
        Raises:
            ConfigError: Another process writes it, or it should be fresh and is not empty.
            OSError: It cannot be opened; see :func:`is_temporary`.
        """
        if self._file is not None:
            return False
        file = self._open(self.path, _FLAGS)
        try:
            self._regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            if self._regular:  # devices are shared
                self._lock(file)
            status = os.fstat(file.fileno())
            self.size = status.st_size if self._regular else 0
            if self.size and self._fresh:
                raise ConfigError(  # noqa: TRY301 - the file is to be closed
                    "holds something already", where=str(self.path), hint="choose another name"
                )
        except BaseException:
            file.close()
            raise
        self._file = file
        return True

    def head(self, size: int) -> bytes:
        """Its first bytes, at most ``size``; none for a device or a pipe."""
        if self._file is None or not self._regular:
            return b""
        return os.pread(self._file.fileno(), min(size, self.size), 0)

    def append(self, record: bytes) -> None:
        """
        Append a whole record, or nothing.

        Raises:
            OSError: It was not written. Later records may be.
        """
        self.open()
        self._repair()
        assert self._file is not None  # noqa: S101 - just opened
        taken = 0
        try:
            while taken < len(record):
                count = self._file.write(memoryview(record)[taken:])
                if not count:
                    raise BlockingIOError(errno.EAGAIN, "it takes nothing now")
                taken += count
        except OSError:
            self._torn = self._torn or taken > 0
            with suppress(OSError):
                self._repair()
            raise
        self.size += len(record) if self._regular else 0

    def probe(self) -> bool:
        """
        Test whether the file can be written, without changing it.

        Returns:
            True if it can; False for a device or a pipe, which cannot be tested without a change.
        Raises:
            ConfigError: As :meth:`open`.
            OSError: It cannot be written now.
        """
        self.open()
        if not self._regular:
            return False
        self.append(_PROBE)
        self.cut(self.size - len(_PROBE))
        return True

    def cut(self, size: int) -> None:
        """Truncate the file to ``size`` bytes, now or, if that fails, before the next record."""
        self.size = size
        with suppress(OSError):
            self._repair()

    def close(self) -> None:
        """Close it, and release the lock."""
        if self._file is not None:
            with suppress(OSError):
                self._repair()
            self._file.close()
            self._file = None

    def _lock(self, file: io.FileIO) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                "another process or option writes it",
                where=str(self.path),
                hint="give each a file of its own",
            ) from None
        except OSError:
            pass  # a file system without locks

    def _repair(self) -> None:
        """Truncate a partial record away, and restore the file if it was removed."""
        file = self._file
        if file is None:
            return
        if not self._regular:
            if self._torn:
                raise OSError(errno.EIO, "it took half a piece, which cannot be cut off")
            return
        status = os.fstat(file.fileno())
        if not status.st_nlink:
            self._restore(file)
        elif status.st_size < self.size:
            raise OSError(errno.EIO, "somebody else has shortened it")
        elif status.st_size > self.size:
            file.truncate(self.size)
        self._torn = False

    def _restore(self, old: io.FileIO) -> None:
        """Write a removed file again at its path, from the descriptor that is still open."""
        try:
            new = self._open(self.path, _FLAGS | os.O_EXCL)
        except FileExistsError:
            raise OSError(errno.EEXIST, "it was removed, and another file has its name") from None
        try:
            self._lock(new)
            at = 0
            while at < self.size:
                part = os.pread(old.fileno(), min(_COPIED_AT_ONCE, self.size - at), at)
                at += new.write(part)
        except BaseException:
            self.path.unlink(missing_ok=True)
            new.close()
            raise
        self._file = new
        old.close()
