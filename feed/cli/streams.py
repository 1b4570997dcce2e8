"""Standard output and error that cannot be written to: a full disk, a closed pipe or terminal."""

from __future__ import annotations

import os
import sys
from typing import TextIO


class LogStream:
    """
    A log stream that never raises: lines that cannot be written are counted, and the next one says how many.

    Args:
        stream: Where lines go; None, as Python has it where standard error is closed, discards them.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._missed = 0

    def write(self, text: str) -> int:
        """Write, if that is possible."""
        if self._stream is not None:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._missed += text.endswith("\n")
        return len(text)

    def flush(self) -> None:
        """Hold nothing back, if that is possible."""
        if self._stream is None:
            return
        try:
            self._stream.flush()
            if self._missed:
                missed, self._missed = self._missed, 0
                self._stream.write(f"feed: {missed} lines of this log came late, or not at all\n")
                self._stream.flush()
        except (OSError, ValueError):
            pass  # the next line tries again


def abandon_output() -> None:
    """Discard what standard output still buffers, or Python would try to write it at exit, and fail."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass  # it is no file, as in tests, or there is none
