"""
A file that grows by whole pieces, and survives whatever happens to it while it is open.

A full disk takes part of a write before it takes nothing: what was not taken whole is cut off again,
at once or before the next piece, so that the file never holds half a line for long. Only regular files are
cut; a device or a pipe that took half a piece is given up.
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
# Lines that say nothing, should they not be cut off. They are more than the rest of a page: a disk that
# has nothing but that left is full, and would take one small piece and not the next.
_PROBE: Final = b"\n" * 8192
# What passes without anybody's correcting a path or a permission.
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
    """Open without a buffer: what a write says was taken stands in the file."""
    return io.FileIO(os.open(path, flags, 0o666), "r+")


def passes(problem: OSError) -> bool:
    """Whether trouble with a file may be over by itself, as a full disk is when there is room again."""
    return problem.errno in _PASSES


class AppendOnlyFile:
    """
    One file of one process.

    It is opened once, and locked against other processes for as long as it is open.

    Args:
        path: Where it is; it need not exist.
        opener: How it is opened.
        fresh: Refuse a file that holds something already.
    Attributes:
        path: Where it was asked for.
        size: Bytes of whole pieces; of a device or a pipe 0.
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
            Whether it was not open yet.
        Raises:
            ConfigError: Another process writes it, or it should be fresh and is not.
            OSError: It cannot be opened; see :func:`passes`.
        """
        if self._file is not None:
            return False
        file = self._open(self.path, _FLAGS)
        try:
            self._regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            if self._regular:  # a device is there for everybody
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
        """The first bytes of what it holds, at most ``size``; of a device or a pipe none."""
        if self._file is None or not self._regular:
            return b""
        return os.pread(self._file.fileno(), min(size, self.size), 0)

    def append(self, piece: bytes) -> None:
        """
        Write a piece to the end, or nothing of it.

        Raises:
            OSError: It was not taken. What follows may be.
        """
        self.open()
        self._mend()
        assert self._file is not None  # noqa: S101 - just opened
        taken = 0
        try:
            while taken < len(piece):
                count = self._file.write(memoryview(piece)[taken:])
                if not count:
                    raise BlockingIOError(errno.EAGAIN, "it takes nothing now")
                taken += count
        except OSError:
            self._torn = self._torn or taken > 0
            with suppress(OSError):
                self._mend()
            raise
        self.size += len(piece) if self._regular else 0

    def probe(self) -> bool:
        """
        Find out whether there is room again, and leave the file as it is.

        Returns:
            Whether there is; False of a device or a pipe, where nothing can be tried without a trace.
        Raises:
            ConfigError: As :meth:`open`.
            OSError: There is none.
        """
        self.open()
        if not self._regular:
            return False
        self.append(_PROBE)
        self.cut(self.size - len(_PROBE))
        return True

    def cut(self, size: int) -> None:
        """Make ``size`` bytes all that is whole; what follows is gone at once, or with the next piece."""
        self.size = size
        with suppress(OSError):
            self._mend()

    def close(self) -> None:
        """Close it, and let others have it."""
        if self._file is not None:
            with suppress(OSError):
                self._mend()
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

    def _mend(self) -> None:
        """Cut off what was not taken whole, and see that the file is still where others can find it."""
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
        """Somebody has removed the file: write it anew, from what is still open."""
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
