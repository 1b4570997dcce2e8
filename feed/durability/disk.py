"""
The disk below the log: the files of one folder, flat, with what a log must know of each write.

An append is in the file whole, or an ``OSError`` says that nothing of it is. A file is durable after
:meth:`DiskFile.sync`, a name when :meth:`Disk.open`, :meth:`Disk.replace` or :meth:`Disk.rename` returns.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from feed.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIVATE: Final = 0o600  # it holds names of keys, accounts and the key of tokens
_PARTIAL: Final = ".partial"


class DiskFile(Protocol):
    """An open file. Every method blocks, and may raise ``OSError``."""

    @property
    def size(self) -> int:
        """Bytes of whole appends."""

    def append(self, data: bytes) -> None:
        """Append all of it, or raise ``OSError`` and have none of it in the file."""

    def write_at(self, offset: int, data: bytes) -> None:
        """Overwrite what is there; after an error it is unknown how much of it was."""

    def read_at(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes, fewer at the end."""

    def truncate(self, size: int) -> None:
        """Cut off what is behind the first ``size`` bytes."""

    def sync(self) -> None:
        """Make all that was written durable; after an error its fate is unknown for good."""

    def close(self) -> None:
        """Close it."""


class Disk(Protocol):
    """The files of one folder, by flat names. Every method blocks, and may raise ``OSError``."""

    def names(self) -> list[str]:
        """The names of all files, in order."""

    def where(self, name: str) -> str:
        """What messages call a file, or the folder if the name is empty."""

    def open(self, name: str, *, create: bool = False) -> DiskFile:
        """Open a file that there is, or with ``create`` a new, empty one, whose name is then durable."""

    def read(self, name: str) -> bytes:
        """All of a file."""

    def replace(self, name: str, data: bytes) -> None:
        """Give a file this content, durably: after a crash it has the old or the new, whole."""

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, durably."""

    def remove(self, name: str) -> None:
        """Remove a file; a crash may bring it back."""


class FolderFile:
    """
    A file of a :class:`FolderDisk`, written to by this process alone.

    Args:
        fd: Its descriptor, which is closed with it.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._size = os.fstat(fd).st_size
        self._torn = False

    @property
    def size(self) -> int:
        """Bytes of whole appends."""
        return self._size

    def append(self, data: bytes) -> None:
        """Append all of it or nothing: what a full disk took of it is cut off, now or before the next."""
        self._repair()
        try:
            _write_whole(self._fd, data, self._size)
        except OSError:
            self._torn = True
            with suppress(OSError):
                self._repair()
            raise
        self._size += len(data)

    def write_at(self, offset: int, data: bytes) -> None:
        """Overwrite what is there."""
        _write_whole(self._fd, data, offset)
        self._size = max(self._size, offset + len(data))

    def read_at(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes, fewer at the end."""
        parts = []
        while size > 0 and (part := os.pread(self._fd, size, offset)):
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return b"".join(parts)

    def truncate(self, size: int) -> None:
        """Cut off what is behind the first ``size`` bytes."""
        os.ftruncate(self._fd, size)
        self._size = size
        self._torn = False

    def sync(self) -> None:
        """Make what was written durable, with the size that is needed to read it: ``fdatasync``."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Close it."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _repair(self) -> None:
        if self._torn:
            self.truncate(self._size)


class FolderDisk:
    """
    The files of a folder.

    Args:
        path: The folder; see :meth:`make`.
        read_only: Open files for reading alone, as must be on read-only media.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._lock = -1

    def make(self) -> None:
        """
        Make the folder where there is none; only its owner may look into it.

        Raises:
            ConfigError: It cannot be made, or something else has its name.
        """
        try:
            if self.path.is_dir():
                return
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self.path.parent)
        except FileExistsError:
            raise ConfigError("is no folder", where=str(self.path), hint="name another") from None
        except OSError as problem:
            raise ConfigError(
                f"cannot be made: {problem.strerror}", where=str(self.path), hint="name another folder"
            ) from None

    def lock(self) -> None:
        """
        Keep other processes from opening it for writing, until :meth:`close` or the end of this process.

        Raises:
            ConfigError: Another process has locked it, or it cannot be opened.
        """
        try:
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise ConfigError(
                "another server uses it", where=str(self.path), hint="stop that one, or name another folder"
            ) from None
        except OSError as problem:
            if self._lock < 0:
                raise ConfigError(
                    f"cannot be opened: {problem.strerror}", where=str(self.path), hint="name another folder"
                ) from None
            # A file system without locks.
        for left in self.path.glob(f".*{_PARTIAL}"):  # of a replacement that a crash cut short
            with suppress(OSError):
                left.unlink()

    def is_used(self) -> bool:
        """Whether another process has locked it."""
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return False
        finally:
            os.close(folder)
        return False

    def close(self) -> None:
        """Give up the lock."""
        if self._lock >= 0:
            fd, self._lock = self._lock, -1
            os.close(fd)

    def names(self) -> list[str]:
        """The names of all files, in order."""
        with os.scandir(self.path) as entries:
            return sorted(
                entry.name for entry in entries if not entry.name.endswith(_PARTIAL) and entry.is_file()
            )

    def where(self, name: str) -> str:
        """The path of a file, or of the folder."""
        return str(self.path / name)

    def open(self, name: str, *, create: bool = False) -> FolderFile:
        """Open a file that there is, or with ``create`` a new, empty one, whose name is then durable."""
        flags = os.O_RDONLY if self._read_only else os.O_RDWR
        flags |= os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
        if not create:
            return FolderFile(os.open(self.path / name, flags))
        fd = os.open(self.path / name, flags | os.O_CREAT | os.O_EXCL, _PRIVATE)
        try:
            _sync_folder(self.path)
        except OSError:
            os.close(fd)
            with suppress(OSError):
                self.remove(name)
            raise
        return FolderFile(fd)

    def read(self, name: str) -> bytes:
        """All of a file."""
        return (self.path / name).read_bytes()

    def replace(self, name: str, data: bytes) -> None:
        """Give a file this content: a temporary file, synced, takes its name, and the folder is synced."""
        partial = self.path / f".{name}.{os.getpid()}{_PARTIAL}"
        with suppress(FileNotFoundError):
            partial.unlink()
        with _removed_after_error(partial):
            fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
            try:
                _write_whole(fd, data, 0)
                os.fsync(fd)
            finally:
                os.close(fd)
            partial.replace(self.path / name)
        _sync_folder(self.path)

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, durably."""
        (self.path / name).rename(self.path / new)
        _sync_folder(self.path)

    def remove(self, name: str) -> None:
        """Remove a file; a crash may bring it back."""
        (self.path / name).unlink()


@contextmanager
def _removed_after_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def _write_whole(fd: int, data: bytes, offset: int) -> None:
    """Write all of it; a full disk takes a part before it says so."""
    taken = 0
    while taken < len(data):
        count = os.pwrite(fd, memoryview(data)[taken:], offset + taken)
        if not count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken += count


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as problem:
        if problem.errno != errno.EINVAL:  # a file system whose folders need none
            raise
    finally:
        os.close(fd)
