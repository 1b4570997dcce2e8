"""
Files that are replaced atomically: readers see the whole old file or the whole new one.

A file is written under a temporary name beside its path, and then renamed. Only a regular file is
replaced, and only one that looks like an earlier output of the same kind, so that a mistyped path does
not destroy another file. Devices and pipes are written directly.
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

IsOurs = Callable[[bytes], bool]
"""Tells from the first bytes of a file whether it is an earlier output of ours, which may be replaced."""

_LOOKED_AT: Final = 64  # bytes
_NEW: Final = 0o666  # less the umask
_NUMBER: Final = re.compile(rb"\d{1,5}\n?")


def any_content(head: bytes) -> bool:
    """Accept any content: for a file that was read before and is now updated."""
    del head
    return True


def is_port(head: bytes) -> bool:
    """Accept a port number, the content of ``--port-file``."""
    return _NUMBER.fullmatch(head) is not None


def starts_with(start: bytes) -> IsOurs:
    """Accept files that start with these bytes."""
    return lambda head: head.startswith(start)


class AtomicFile:
    """
    A context manager that gives a file to write; it replaces ``path`` at the end of the block.

    After an exception the temporary file is removed, and ``path`` is not changed.

    Args:
        path: The path to replace.
        where: The option that names it, for errors; empty for the path.
        is_ours: Tells which existing file may be replaced. An empty one always may.
        mode: Permissions of the file; None for those of the file it replaces, or the default ones.
    Raises:
        ConfigError: It cannot be written, or another file is there.
    """

    def __init__(self, path: Path, *, is_ours: IsOurs, where: str = "", mode: int | None = None) -> None:
        self._path = path
        self._where = where
        self._is_ours = is_ours
        self._mode = mode
        self._partial: Path | None = None
        self._file: BinaryIO

    def __enter__(self) -> BinaryIO:
        try:
            self._file = self._open()
        except OSError as problem:
            raise self.error_for(problem) from None
        return self._file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            if error is None:
                self._finish()
        except OSError as problem:
            raise self.error_for(problem) from None
        finally:
            with suppress(OSError):  # what could not be written cannot be flushed either
                self._file.close()
            if self._partial is not None:
                self._partial.unlink(missing_ok=True)

    def error_for(self, problem: OSError) -> ConfigError:
        """The error for a failed operation on the file."""
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
            # Opening must not block on a pipe without a reader; writing may.
            fd = os.open(self._path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.set_blocking(fd, True)
            return os.fdopen(fd, "wb")
        target = self._path.resolve()  # a symbolic link is kept, its target replaced
        mode = _NEW if self._mode is None else self._mode
        if status is not None:
            self._check_content(target)
            mode = stat.S_IMODE(status.st_mode) if self._mode is None else self._mode
        self._target = target
        return self._open_partial(target, mode, known=status is not None)

    def _check_content(self, target: Path) -> None:
        with target.open("rb") as file:
            head = file.read(_LOOKED_AT)
        if head and not self._is_ours(head):
            raise ConfigError(
                f"{self._path} holds something else", where=self._where, hint="choose another name"
            )

    def _open_partial(self, target: Path, mode: int, *, known: bool) -> BinaryIO:
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        partial.unlink(missing_ok=True)  # left by a killed process that had the same id
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
    path: Path, content: bytes, *, is_ours: IsOurs, where: str = "", mode: int | None = None
) -> None:
    """
    Replace a small file; see :class:`AtomicFile`.

    Raises:
        ConfigError: It cannot be written, or another file is there.
    """
    output = AtomicFile(path, is_ours=is_ours, where=where, mode=mode)
    try:
        with output as file:
            file.write(content)
    except OSError as problem:
        raise output.error_for(problem) from None
