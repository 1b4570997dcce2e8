"""Writes settings as a settings file, each with its meaning and its source."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs

from feed.config.converter import MAX_SPEED
from feed.config.fields import (
    SettingField,
    attributes_of,
    group_meaning,
    is_group,
    item_kind,
    kind_of,
    value_of,
)
from feed.config.reader import DEFAULT, EffectiveSettings, resolve_path
from feed.settings import Moment, ScenarioName, Settings, Speed

_WIDTH: Final = 100


def settings_text(effective: EffectiveSettings) -> str:
    """
    The text of a settings file. Reading it gives the same settings again, except for secrets.

    Settings that are not set are comments, and so are defaults that are relative paths: in a file they
    would be relative to its folder.
    """
    return "\n".join(_table(effective, Settings, ())) + "\n"


def _table(effective: EffectiveSettings, owner: type[Any], path: tuple[str, ...]) -> Iterator[str]:
    """The settings of a group, then its lists of tables and its groups, which come last in TOML."""
    fields = attributes_of(owner)
    leaves = [
        SettingField(name=".".join((*path, field.name)), owner=owner, attribute=field)
        for field in fields
        if not is_group(field)
    ]
    tables: list[SettingField] = []
    for leaf in leaves:
        value = value_of(effective.settings, leaf.name)
        if value and attrs.has(item_kind(leaf.kind)) and not leaf.hides(value):
            tables.append(leaf)
            continue
        yield ""
        yield from _comment(f"{leaf.meaning} ({leaf.allowed})")
        yield _line(leaf, value, effective.origin(leaf.name))
    for leaf in tables:
        yield ""
        yield from _comment(f"{leaf.meaning} ({leaf.allowed})")
        for item in value_of(effective.settings, leaf.name):
            yield f"[[{leaf.name}]]  # {_printable(effective.origin(leaf.name))}"
            for field in attributes_of(type(item)):
                value = getattr(item, field.name)
                if value is not None:
                    yield f"{field.name} = {_toml_value(value, kind_of(field))}"
    for field in fields:
        if is_group(field):
            yield ""
            yield ""
            yield from _comment(group_meaning(owner, field.name, kind_of(field)))
            yield f"[{'.'.join((*path, field.name))}]"
            yield from _table(effective, kind_of(field), (*path, field.name))


def _line(leaf: SettingField, value: Any, origin: str) -> str:
    origin = _printable(origin)
    if value is None:
        return f"# {leaf.key} =  # None: not set" + ("" if origin == DEFAULT else f", {origin}")
    if leaf.hides(value):
        return f"# {leaf.key} =  # {origin}, not shown"
    line = f"{leaf.key} = {_toml_value(_absolute(leaf, value, origin), leaf.kind)}  # {origin}"
    if origin == DEFAULT and isinstance(value, Path) and not value.is_absolute():
        return f"# {line}"
    return line if _is_encodable(line) else f"# {leaf.key} =  # {origin}, is no Unicode text"


def _absolute(leaf: SettingField, value: Any, origin: str) -> Any:
    """A value with its paths made absolute: those of options are relative to the working directory."""
    if origin == DEFAULT:
        return value
    if isinstance(value, tuple):
        return tuple(_absolute(leaf, one, origin) for one in value)
    if leaf.kind == ScenarioName:
        return resolve_path(Path.cwd(), value, scenario=True)
    return value.absolute() if isinstance(value, Path) else value


def _toml_value(value: Any, kind: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml_value(one, item_kind(kind)) for one in value)}]"
    if isinstance(value, str | Path):
        # JSON strings are valid TOML but for one character.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if kind == Speed and value == 0:
        return json.dumps(MAX_SPEED)
    if kind == Moment:
        return _moment(value)
    return json.dumps(value)


def _moment(time: int) -> str:
    """Nanoseconds since the Unix epoch as a TOML time if they are whole microseconds, else as an integer."""
    try:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time // 1000)
    except OverflowError:
        return str(time)
    return str(time) if time % 1000 else moment.isoformat().replace("+00:00", "Z")


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(origin: str) -> str:
    """The source of a setting without control characters, which a file name may have."""
    return "".join(char if char.isprintable() else "?" for char in origin)
