"""
Reads a settings file, reports all errors in it at once, and combines it with options and environment.

The file is TOML: the fields of :class:`feed.settings.Settings`, its groups as tables. Fields that it
leaves out have their defaults::

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
from typing import Any, Final

import attrs
import cattrs

from feed.config.converter import structure
from feed.config.fields import leaves, value_of, with_values
from feed.errors import ConfigErrors
from feed.scenario.problems import did_you_mean, keys_of, problems
from feed.scenario.toml import KeyLines, parse, read_text, with_lines
from feed.settings import ScenarioName, Settings

DEFAULT: Final = "default"


@attrs.frozen
class FileSettings:
    """
    The settings in a file.

    Attributes:
        values: By dotted name; only those that the file has.
        places: Place of each, ``file:line``.
    """

    values: Mapping[str, Any]
    places: Mapping[str, str]


def read_settings(path: Path, options: Mapping[str, str] | None = None) -> FileSettings:
    """
    The settings in a file.

    Args:
        path: TOML.
        options: Names of command line options without their dashes, and the settings that they set; used
            for hints when the file has the name of an option.
    Raises:
        ConfigError: It cannot be read or is not valid; ``ConfigErrors`` with all errors if there are
            several.
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
        raise ConfigErrors.of(with_lines(problems(error, suggest=suggest), text, name=name)) from None
    lines = KeyLines(text)
    said = [leaf for leaf in leaves() if _mentions(document, leaf.name)]
    values = {
        leaf.name: resolve_path(folder, value_of(settings, leaf.name), scenario=leaf.kind == ScenarioName)
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


def resolve_path(folder: Path, value: Any, *, scenario: bool) -> Any:
    """A value with its relative paths made absolute, by the folder of the file."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, tuple):
        return tuple(resolve_path(folder, one, scenario=scenario) for one in value)
    if scenario:
        # A name without suffix and folder is that of a shipped scenario, unless a file has that name.
        path = folder / value
        return str(path) if Path(value).suffix or "/" in value or path.exists() else value
    return value


def _suggestion(key: str, owner: type[Any], options: Mapping[str, str]) -> str:
    """A hint for a key that ``owner`` does not have: a similar one of its own, or of another group."""
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
        return did_you_mean(plain, own)
    near = difflib.get_close_matches(plain, elsewhere, n=1)
    return f"did you mean {' or '.join(elsewhere[near[0]])}?" if near else did_you_mean(plain, own)


def _names() -> list[str]:
    """The dotted names of all groups and settings."""
    parts = [leaf.name.split(".") for leaf in leaves()]
    return list(dict.fromkeys(".".join(part[:depth]) for part in parts for depth in range(1, len(part) + 1)))


@attrs.frozen
class EffectiveSettings:
    """
    The settings in force, combined from defaults, file, environment and options.

    Attributes:
        settings: All of them.
        origins: Source of each that is no default, by dotted name: ``--port``, ``FEED_PORT`` or
            ``feed.toml:3``.
    """

    settings: Settings
    origins: Mapping[str, str] = attrs.field(factory=dict)

    def origin(self, name: str) -> str:
        """The source of a setting."""
        return self.origins.get(name, DEFAULT)


def effective(file: FileSettings | None, given: Mapping[str, tuple[str, Any]]) -> EffectiveSettings:
    """
    Combine the settings of a file with options and environment variables, which take precedence.

    Args:
        file: None when there is none.
        given: By dotted name: name of the option or variable, and its value.
    """
    values = dict(file.values) if file else {}
    origins = dict(file.places) if file else {}
    for name, (origin, value) in given.items():
        values[name], origins[name] = value, origin
    return EffectiveSettings(with_values(Settings(), values), origins)
