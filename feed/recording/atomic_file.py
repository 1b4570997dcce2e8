"""
Files that are written as a whole: whoever looks sees all of the old one, or all of the new one.

A file is written beside its place and renamed into it. Only a regular file is ever replaced, and only
one that looks like an earlier output of the same kind: a slip of the hand must not cost anybody a file.
A device or a pipe is written into as it is, and stays what it is.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from feed.errors import ConfigError

Mine = Callable[[bytes], bool]
"""Tells from the first bytes of a file whether it is an earlier output, which may be replaced."""

_LOOKED_AT: Final = 64  # bytes
_NEW: Final = 0o666  # and what the umask leaves of it
_NUMBER: Final = re.compile(rb"\d{1,5}\n?")


def anything(head: bytes) -> bool:
    """Whatever is there has been read before, and is to be changed."""
    del head
    return True


def a_port(head: bytes) -> bool:
    """A port, as ``--port-file`` has it."""
    return _NUMBER.fullmatch(head) is not None


def beginning(start: bytes) -> Mine:
    """What begins like that."""
    return lambda head: head.startswith(start)


class AtomicFile:
    """
    A file to write into; it takes its place at the end of the block, or is gone when that fails.

    Args:
        path: Where it goes.
        where: The option that names it, for errors; empty for the path.
        mine: What may be there and is replaced. An empty file always may.
        mode: Permissions of the file; None for those of the one that it replaces, or the usual ones.
    Raises:
        ConfigError: It cannot be written, or something else is there.
    """

    def __init__(self, path: Path, *, mine: Mine, where: str = "", mode: int | None = None) -> None:
        self._path = path
        self._where = where
        self._mine = mine
        self._mode = mode
        self._partial: Path | None = None
        self._file: BinaryIO

    def __enter__(self) -> BinaryIO:
        try:
            self._file = self._open()
        except OSError as problem:
            raise self.cannot(problem) from None
        return self._file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            if error is None:
                self._finish()
        except OSError as problem:
            raise self.cannot(problem) from None
        finally:
            with suppress(OSError):  # what could not be written cannot be flushed either
                self._file.close()
            if self._partial is not None:
                self._partial.unlink(missing_ok=True)

    def cannot(self, problem: OSError) -> ConfigError:
        """The error for trouble with the file."""
        if self._where:
            return ConfigError(f"cannot write {self._path} ({problem.strerror})", where=self._where)
        return ConfigError(f"cannot be written: {problem.strerror}", where=str(self._path))

    def _open(self) -> BinaryIO:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            status = None
        if status is not None and stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(None, "Is a directory")
        if status is not None and not stat.S_ISREG(status.st_mode):
            # Not to hang on a pipe that nobody reads; only then may a write wait.
            fd = os.open(self._path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.set_blocking(fd, True)
            return os.fdopen(fd, "wb")
        target = self._path.resolve()  # a symbolic link stays one
        mode = _NEW if self._mode is None else self._mode
        if status is not None:
            self._look(target)
            mode = stat.S_IMODE(status.st_mode) if self._mode is None else self._mode
        self._target = target
        return self._beside(target, mode, known=status is not None)

    def _look(self, target: Path) -> None:
        with target.open("rb") as file:
            head = file.read(_LOOKED_AT)
        if head and not self._mine(head):
            raise ConfigError(
                f"{self._path} holds something else", where=self._where, hint="choose another name"
            )

    def _beside(self, target: Path, mode: int, *, known: bool) -> BinaryIO:
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        partial.unlink(missing_ok=True)  # of a process of that number that was killed
        fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        self._partial = partial
        if known:
            os.fchmod(fd, mode)
        return os.fdopen(fd, "wb")

    def _finish(self) -> None:
        self._file.flush()
        if self._partial is None:
            self._file.close()
            return
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.replace(self._target)
        self._partial = None


def write_atomically(
    path: Path, content: bytes, *, mine: Mine, where: str = "", mode: int | None = None
) -> None:
    """
    Write a small file as a whole; see :class:`AtomicFile`.

    Raises:
        ConfigError: It cannot be written, or something else is there.
    """
    output = AtomicFile(path, mine=mine, where=where, mode=mode)
    try:
        with output as file:
            file.write(content)
    except OSError as problem:
        raise output.cannot(problem) from None
