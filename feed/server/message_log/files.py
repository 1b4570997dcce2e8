"""
The files of the log of messages: one for each key, rotated by size, and bounded together.

Not for the event loop: every call may wait for the disk.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Final

from feed.errors import ConfigError
from feed.recording.append_only_file import AppendOnlyFile, Opener
from feed.settings import MessageLog

KEYLESS: Final = "keyless.jsonl"
_OPTION: Final = "--log-messages"
# What this class has written, and what it may remove.
_OURS: Final = re.compile(r"(?:keyless|key-[A-Za-z0-9][A-Za-z0-9._@ -]{0,63})\.jsonl(?:\.\d{1,6})?")
_OWNER_ALONE: Final = 0o600  # messages tell of accounts
_FOLDER: Final = 0o700


def open_private(path: Path, flags: int) -> io.FileIO:
    """Open a file that its owner alone can read, without a buffer; not through a symbolic link."""
    return io.FileIO(os.open(path, flags | os.O_NOFOLLOW, _OWNER_ALONE), "r+")


class RotatedFiles:
    """
    The files in one directory, which is locked for as long as this is open.

    Args:
        directory: Where they are; it is made where there is none.
        settings: How large they may be, and how many.
        opener: Opens a file.
    """

    def __init__(self, directory: Path, settings: MessageLog, opener: Opener = open_private) -> None:
        self._directory = directory
        self._settings = settings
        self._opener = opener
        self._lock: int | None = None

    def open(self) -> None:
        """
        Make the directory, and lock it.

        Raises:
            ConfigError: Nothing can be written there, or another server writes there.
        """
        try:
            self._directory.mkdir(mode=_FOLDER, exist_ok=True)
            lock = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as problem:
            raise ConfigError(
                f"cannot write into {self._directory} ({problem.strerror})",
                where=_OPTION,
                hint="name a directory, or one that can be made",
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise ConfigError(
                f"another server writes into {self._directory}",
                where=_OPTION,
                hint="give each a directory of its own",
            ) from None
        except OSError:
            pass  # a file system without locks
        self._lock = lock
        if not os.access(self._directory, os.W_OK | os.X_OK):
            self.close()
            raise ConfigError(
                f"cannot write into {self._directory} (Permission denied)",
                where=_OPTION,
                hint="name a directory, or one that can be made",
            )

    def append(self, owner: str, lines: bytes) -> None:
        """
        Append lines to the file of a key.

        Args:
            owner: Name of the key; empty for clients without.
            lines: Whole ones.

        Raises:
            OSError: None of them was written.
        """
        path = self._directory / (f"key-{owner}.jsonl" if owner else KEYLESS)
        file = AppendOnlyFile(path, self._opener)
        try:
            file.open()
            if file.size and file.size + len(lines) > self._settings.file_bytes:
                file.close()
                self._rotate(path)
                file = AppendOnlyFile(path, self._opener)
            file.append(lines)
        except ConfigError as problem:  # somebody holds a lock on it
            raise OSError(problem.what) from None
        finally:
            file.close()

    def prune(self) -> None:
        """
        Remove the files that were written to longest ago, until all together are within their bound.

        Raises:
            OSError: That cannot be done now.
        """
        found = [
            (status.st_mtime_ns, entry.path, status.st_size)
            for entry in os.scandir(self._directory)
            if _OURS.fullmatch(entry.name) and (status := entry.stat(follow_symlinks=False))
        ]
        total = sum(size for _, _, size in found)
        for _, path, size in sorted(found):
            if total <= self._settings.bytes:
                break
            Path(path).unlink()
            total -= size

    def close(self) -> None:
        """Let others write there."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _rotate(self, path: Path) -> None:
        """Rename a file, and those before it; the oldest is replaced or removed."""
        last = self._settings.files - 1
        if not last:
            path.unlink()
            return
        names = [path, *(path.with_name(f"{path.name}.{age}") for age in range(1, last + 1))]
        for younger, older in reversed(list(pairwise(names))):
            if younger.exists():
                younger.replace(older)
