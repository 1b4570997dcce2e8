"""
Reads a file of settings, and says all that is wrong with it at once.

The file is TOML: the fields of :class:`feed.settings.Settings`, its groups as tables. What it does not
say is as it would be without it::

    port = 9000
    start = 2024-03-06T16:20:00Z

    [limits]
    ping_seconds = 5

    [policies.rails]
    strict_expiry = true

    [[listen]]
    protocol = "tradyn"
    host = "127.0.0.1"
    port = 9001

A relative path in it is relative to the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import cattrs

from feed.config.converter import structure
from feed.config.fields import leaves, value_of
from feed.errors import ConfigErrors
from feed.scenario.lines import Lines
from feed.scenario.problems import choice, keys_of, problems
from feed.scenario.toml import located, parse, read_text
from feed.settings import ScenarioName


@attrs.frozen
class FileSettings:
    """
    What a file says.

    Attributes:
        values: By dotted name; nothing for what the file does not mention.
        places: Where each stands, ``file:line``.
    """

    values: Mapping[str, Any]
    places: Mapping[str, str]


def read_settings(path: Path, options: Mapping[str, str] | None = None) -> FileSettings:
    """
    The settings in a file.

    Args:
        path: TOML.
        options: Names of command line options without their dashes, and the settings that they fill:
            for those who write one of them into the file.
    Raises:
        ConfigError: It cannot be read, is no TOML, or says something that is not understood;
            ``ConfigErrors`` with one error for each thing that is wrong.
    """
    return parse_settings(read_text(path), name=str(path), folder=path.absolute().parent, options=options)


def parse_settings(
    text: str, *, name: str, folder: Path, options: Mapping[str, str] | None = None
) -> FileSettings:
    """
    The settings in the text of a file.

    Args:
        text: TOML.
        name: Of the file, for errors.
        folder: What relative paths are relative to.
        options: As in :func:`read_settings`.
    Raises:
        ConfigError: As :func:`read_settings`.
    """
    document = parse(text, name=name)

    def suggest(key: str, owner: type[Any]) -> str:
        return _suggestion(key, owner, options or {})

    try:
        settings = structure(document)
    except cattrs.BaseValidationError as error:
        raise ConfigErrors.of(located(problems(error, suggest=suggest), text, name=name)) from None
    lines = Lines(text)
    said = [leaf for leaf in leaves() if _mentions(document, leaf.name)]
    values = {
        leaf.name: against(folder, value_of(settings, leaf.name), scenario=leaf.kind == ScenarioName)
        for leaf in said
    }
    places = {leaf.name: f"{name}:{lines.find(tuple(leaf.name.split('.'))) or 1}" for leaf in said}
    return FileSettings(values, places)


def _mentions(document: Any, name: str) -> bool:
    for key in name.split("."):
        if key not in document:
            return False
        document = document[key]
    return True


def against(folder: Path, value: Any, *, scenario: bool) -> Any:
    """A value with its paths made absolute, which are relative to a folder."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, tuple):
        return tuple(against(folder, one, scenario=scenario) for one in value)
    if scenario:
        # A name without suffix and folder is that of a shipped scenario, unless there is such a file.
        path = folder / value
        return str(path) if Path(value).suffix or "/" in value or path.exists() else value
    return value


def _suggestion(key: str, owner: type[Any], options: Mapping[str, str]) -> str:
    """What to write instead of a key that ``owner`` does not have: one of its own, or in another group."""
    key = key.lower().lstrip("-")
    own, plain = keys_of(owner), key.replace("-", "_")
    if plain in own:
        return f"did you mean {plain}?"
    if key in options:
        return f"did you mean {options[key]}?"
    elsewhere: dict[str, list[str]] = {}
    for name in _names():
        elsewhere.setdefault(name.rpartition(".")[2], []).append(name)
    if plain not in elsewhere and difflib.get_close_matches(plain, own, n=1):
        return choice(plain, own)
    near = difflib.get_close_matches(plain, elsewhere, n=1)
    return f"did you mean {' or '.join(elsewhere[near[0]])}?" if near else choice(plain, own)


def _names() -> list[str]:
    """Of every group and every setting, dotted."""
    parts = [leaf.name.split(".") for leaf in leaves()]
    return list(dict.fromkeys(".".join(part[:depth]) for part in parts for depth in range(1, len(part) + 1)))
