"""Pieces on their way to a file that may take none for a while, such as on a full disk."""

from __future__ import annotations

import errno
from collections import deque

from feed.errors import ConfigError
from feed.recording.append_only_file import AppendOnlyFile


class BufferedOutput:
    """
    Takes every piece, and holds in order what the file does not take, until it does.

    Args:
        file: Where the pieces go.
        most: Bytes that are held.
    Attributes:
        trouble: Why the file takes nothing now; empty while it does.
        held: Bytes that wait for it.
        written: Pieces that stand in it.
    """

    def __init__(self, file: AppendOnlyFile, most: int) -> None:
        self.trouble = ""
        self.held = 0
        self.written = 0
        self._file = file
        self._most = most
        self._pieces: deque[bytes] = deque()

    def write(self, piece: bytes) -> int:
        """
        Take a piece.

        Raises:
            OSError: More would be held than may be, for the reason that the file gave.
        """
        self._pieces.append(piece)
        self.held += len(piece)
        self.drain()
        if self.held > self._most:
            raise OSError(errno.ENOSPC, self.trouble)
        return len(piece)

    def flush(self) -> None:
        """Do nothing: what the file takes it has been given."""

    def drain(self) -> None:
        """Give the file what it takes."""
        try:
            while self._pieces:
                self._file.append(self._pieces[0])
                self.held -= len(self._pieces.popleft())
                self.written += 1
        except OSError as problem:
            self.trouble = problem.strerror or str(problem)
        except ConfigError as problem:
            self.trouble = str(problem)
        else:
            self.trouble = ""

    def drop(self) -> None:
        """Forget what is held."""
        self._pieces.clear()
        self.held = 0
