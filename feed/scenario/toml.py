"""TOML files that people write: read as text first, so that what is wrong can be told with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from feed.errors import ConfigError
from feed.scenario.lines import Lines
from feed.scenario.problems import Problem


def read_text(path: Path) -> str:
    """
    The text of a file.

    Raises:
        ConfigError: It cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", where=str(path)) from None


def parse(text: str, *, name: str) -> dict[str, Any]:
    """
    The document in a text.

    Args:
        text: TOML.
        name: Of the file, for errors.
    Raises:
        ConfigError: It is no TOML; says on which line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at = int(line[1]) if line else text.count("\n") + 1  # else it says "at end of document"
        raise ConfigError(f"is not TOML: {error}", where=f"{name}:{at}") from None
    except RecursionError:
        raise ConfigError("is nested too deeply", where=name) from None


def located(wrong: Iterable[Problem], text: str, *, name: str) -> list[ConfigError]:
    """Problems of a document, each with its line, in the order of lines."""
    lines = Lines(text)
    placed = [(lines.find(problem.path) or 0, problem) for problem in wrong]
    return [
        ConfigError(problem.text, where=f"{name}:{line}" if line else name, hint=problem.hint)
        for line, problem in sorted(placed, key=lambda pair: pair[0])
    ]
