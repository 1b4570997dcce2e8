"""Buffers records for a file that cannot be written for a while, such as on a full disk."""

from __future__ import annotations

import errno
from collections import deque

from feed.errors import ConfigError
from feed.recording.append_only_file import AppendOnlyFile


class BufferedOutput:
    """
    Writes records to a file, and buffers them in order while it cannot be written.

    Args:
        file: The file.
        most: Bound on the buffer, bytes.
    Attributes:
        trouble: Why the file cannot be written now; empty while it can.
        held: Bytes in the buffer.
        written: Records in the file.
    """

    def __init__(self, file: AppendOnlyFile, most: int) -> None:
        self.trouble = ""
        self.held = 0
        self.written = 0
        self._file = file
        self._most = most
        self._records: deque[bytes] = deque()

    def write(self, record: bytes) -> int:
        """
        Write or buffer a record.

        Raises:
            OSError: The buffer is over its bound, for the reason in :attr:`trouble`.
        """
        self._records.append(record)
        self.held += len(record)
        self.drain()
        if self.held > self._most:
            raise OSError(errno.ENOSPC, self.trouble)
        return len(record)

    def flush(self) -> None:
        """Do nothing: :meth:`write` has written what can be written."""

    def drain(self) -> None:
        """Write as much of the buffer to the file as it takes."""
        try:
            while self._records:
                self._file.append(self._records[0])
                self.held -= len(self._records.popleft())
                self.written += 1
        except OSError as problem:
            self.trouble = problem.strerror or str(problem)
        except ConfigError as problem:
            self.trouble = str(problem)
        else:
            self.trouble = ""

    def drop(self) -> None:
        """Discard the buffer."""
        self._records.clear()
        self.held = 0
