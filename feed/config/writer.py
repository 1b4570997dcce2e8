"""Writes settings as the file that would give them, each with what it means and where it is from."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs

from feed.config.converter import MAX_SPEED
from feed.config.effective import DEFAULT, Effective
from feed.config.fields import (
    SettingField,
    attributes_of,
    group_meaning,
    is_group,
    item_kind,
    kind_of,
    value_of,
)
from feed.config.reader import against
from feed.settings import Moment, ScenarioName, Settings, Speed

_WIDTH: Final = 100


def settings_text(effective: Effective) -> str:
    """
    A file of settings. Reading it gives the same ones again, but for what is shown to nobody.

    What is not set is there as a comment, and so is a default that is a relative path: here it would be
    relative to the file.
    """
    return "\n".join(_table(effective, Settings, ())) + "\n"


def _table(effective: Effective, owner: type[Any], path: tuple[str, ...]) -> Iterator[str]:
    """The settings of a group; then its lists of tables and its groups, for TOML has these last."""
    fields = attributes_of(owner)
    leaves = [
        SettingField(name=".".join((*path, field.name)), owner=owner, attribute=field)
        for field in fields
        if not is_group(field)
    ]
    later: list[SettingField] = []
    for leaf in leaves:
        value = value_of(effective.settings, leaf.name)
        if value and attrs.has(item_kind(leaf.kind)) and not leaf.secret:
            later.append(leaf)
            continue
        yield ""
        yield from _comment(f"{leaf.meaning} ({leaf.allowed})")
        yield _line(leaf, value, effective.origin(leaf.name))
    for leaf in later:
        yield ""
        yield from _comment(leaf.meaning)
        for item in value_of(effective.settings, leaf.name):
            yield f"[[{leaf.name}]]  # {_printable(effective.origin(leaf.name))}"
            for field in attributes_of(type(item)):
                value = getattr(item, field.name)
                if value is not None:
                    yield f"{field.name} = {_written(value, kind_of(field))}"
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
    if leaf.secret:
        return f"# {leaf.key} =  # {origin}, not shown"
    line = f"{leaf.key} = {_written(_anchored(leaf, value, origin), leaf.kind)}  # {origin}"
    if origin == DEFAULT and isinstance(value, Path) and not value.is_absolute():
        return f"# {line}"
    return line if _can_be_said(line) else f"# {leaf.key} =  # {origin}, is no Unicode text"


def _anchored(leaf: SettingField, value: Any, origin: str) -> Any:
    """A path as it is from everywhere: options are relative to where the program runs."""
    if origin == DEFAULT:
        return value
    if isinstance(value, tuple):
        return tuple(_anchored(leaf, one, origin) for one in value)
    if leaf.kind == ScenarioName:
        return against(Path.cwd(), value, scenario=True)
    return value.absolute() if isinstance(value, Path) else value


def _written(value: Any, kind: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_written(one, item_kind(kind)) for one in value)}]"
    if isinstance(value, str | Path):
        # A JSON string means the same in TOML, but for one character.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if kind == Speed and value == 0:
        return json.dumps(MAX_SPEED)
    if kind == Moment:
        return _moment(value)
    return json.dumps(value)


def _moment(time: int) -> str:
    """Nanoseconds as a time where that is exact, else as they are."""
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


def _can_be_said(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(origin: str) -> str:
    """Where a setting is from, whatever the file is called: a comment is one line."""
    return "".join(char if char.isprintable() else "?" for char in origin)
