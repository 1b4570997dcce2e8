"""A recording in a file, to be run again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from feed.errors import ConfigError
from feed.model.events import Row
from feed.recording.format import Header
from feed.recording.reader import Corruption, RecordingReader

SUFFIX = ".feed.zst"
"""What a recording should be called by; what it is shows in its first bytes."""

MAGIC = b"\x28\xb5\x2f\xfd"
"""How a Zstandard frame begins, and with it a recording."""


def is_recording(path: Path) -> bool:
    """Whether a file begins as a recording does; False for one that cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


class RecordedBlocks:
    """
    The events of a recording, block by block, as often as they are asked for.

    Args:
        path: The file.

    Attributes:
        header: Its first line.
        damage: Where it stopped making sense the last time that somebody came so far; else None.
    Raises:
        ConfigError: No recording, one of another version, or a file that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.damage: Corruption | None = None
        self._path = path
        try:
            with path.open("rb") as file:
                self.header: Header = RecordingReader(file, str(path)).header
        except OSError as problem:
            raise ConfigError(f"cannot be read: {problem.strerror}", where=str(path)) from None

    def __call__(self) -> Iterator[list[Row]]:
        """Read from the beginning, up to the end or the damage."""
        try:
            with self._path.open("rb") as file:
                reader = RecordingReader(file, str(self._path))
                yield from reader
                self.damage = reader.damage
        except OSError as problem:
            what = f"cannot be read any further: {problem.strerror}"
            raise ConfigError(what, where=str(self._path)) from None
