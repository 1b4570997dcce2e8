"""Reads TOML files, and finds the line of each key for error messages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from feed.errors import ConfigError
from feed.scenario.problems import KeyPath, Problem

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEYS: Final = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]")
_ENTRY: Final = re.compile(rf"\s*({_KEYS})\s*=")
_LONG_TEXT: Final = re.compile(r'"""|\'\'\'')


def read_text(path: Path) -> str:
    """
    The text of a file.

    Raises:
        ConfigError: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", where=str(path)) from None


def parse(text: str, *, name: str) -> dict[str, Any]:
    """
    Parse TOML.

    Args:
        text: TOML.
        name: Of the file, for errors.
    Raises:
        ConfigError: It is not valid TOML; says on which line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at = int(line[1]) if line else text.count("\n") + 1  # else it says "at end of document"
        raise ConfigError(f"is not TOML: {error}", where=f"{name}:{at}") from None
    except RecursionError:
        raise ConfigError("is nested too deeply", where=name) from None


def with_lines(wrong: Iterable[Problem], text: str, *, name: str) -> list[ConfigError]:
    """The errors for the problems of a document, each with its line, in the order of lines."""
    lines = KeyLines(text)
    placed = [(lines.find(problem.path) or 0, problem) for problem in wrong]
    return [
        ConfigError(problem.text, where=f"{name}:{line}" if line else name, hint=problem.hint)
        for line, problem in sorted(placed, key=lambda pair: pair[0])
    ]


class KeyLines:
    """
    The line on which each key of a TOML file is, which the standard library's parser does not keep.

    Keys of an inline table (``aim = { key = "desk" }``) are on the line of that table.

    Args:
        text: The file, valid TOML.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        for path, line in _scan(text):
            self._lines.setdefault(path, line)

    def find(self, path: KeyPath) -> int | None:
        """The line of a key, from 1, or of the innermost table around it that has a line; else None."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None


def _scan(text: str) -> Iterator[tuple[KeyPath, int]]:
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    quote = ""  # the closing quotes of the multi-line string that the line is in
    for number, line in enumerate(text.split("\n"), start=1):
        if not quote:
            header, entry = _HEADER.match(line), _ENTRY.match(line)
            if header:
                table = _resolved(_split(header[2]), counts)
                if header[1] == "[[":
                    yield table, number
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                for depth in range(len(table)):  # tables around it begin here, if not before
                    yield table[: depth + 1], number
            elif entry:
                keys = _split(entry[1])
                for depth in range(len(keys)):
                    yield (*table, *keys[: depth + 1]), number
        for mark in _LONG_TEXT.findall(line):
            quote = mark if not quote else "" if mark == quote else quote


def _resolved(keys: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """The path of a table's header: within ``[[lists]]``, it belongs to the last entry of each."""
    path: KeyPath = ()
    for at, key in enumerate(keys):
        path = (*path, key)
        if at < len(keys) - 1 and path in counts:
            path = (*path, counts[path])
    return path


def _split(keys: str) -> KeyPath:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, keys))
