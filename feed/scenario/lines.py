"""Finds the line of a TOML file on which a key stands. The standard library's reader does not keep it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Path = tuple[str | int, ...]
"""Keys and list positions from the top, such as ``("timeline", 0, "at")``."""

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEYS: Final = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]")
_ENTRY: Final = re.compile(rf"\s*({_KEYS})\s*=")
_LONG_TEXT: Final = re.compile(r'"""|\'\'\'')


class Lines:
    """
    The lines of one file.

    Tables inside a line (``aim = { key = "desk" }``) stand where the line does.

    Args:
        text: The file, valid TOML.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        for path, line in _scan(text):
            self._lines.setdefault(path, line)

    def find(self, path: Path) -> int | None:
        """The line of a key, from 1, or of the innermost table around it; None when nothing is known."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None


def _scan(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    quote = ""  # that ends the long text which the line is in
    for number, line in enumerate(text.split("\n"), start=1):
        if not quote:
            header, entry = _HEADER.match(line), _ENTRY.match(line)
            if header:
                table = _resolved(_split(header[2]), counts)
                if header[1] == "[[":
                    yield table, number
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                for depth in range(len(table)):  # those around it begin here, if nowhere before
                    yield table[: depth + 1], number
            elif entry:
                keys = _split(entry[1])
                for depth in range(len(keys)):
                    yield (*table, *keys[: depth + 1]), number
        for mark in _LONG_TEXT.findall(line):
            quote = mark if not quote else "" if mark == quote else quote


def _resolved(keys: Path, counts: dict[Path, int]) -> Path:
    """A table inside ``[[lists]]`` belongs to the last entry of each."""
    path: Path = ()
    for at, key in enumerate(keys):
        path = (*path, key)
        if at < len(keys) - 1 and path in counts:
            path = (*path, counts[path])
    return path


def _split(keys: str) -> Path:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, keys))
