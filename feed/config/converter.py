"""Structures TOML as settings: strictly typed, each field checked by itself, so that all errors are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from feed.config.fields import allowed, attributes_of, is_group, item_kind, kind_of
from feed.scenario.problems import InvalidValue, finite_number, found, structure_items, zoned_time
from feed.settings import Moment, ScenarioName, Settings, Speed

MAX_SPEED: Final = "max"


def structure(document: dict[str, Any]) -> Settings:
    """
    The settings in a document; fields that it leaves out have their defaults.

    Raises:
        cattrs.BaseValidationError: With all errors.
    """
    return _CONVERTER.structure(_with_defaults(document, Settings()), Settings)


class _Default:
    """Marks a default among the values of a document, which is structured already."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _with_defaults(document: dict[str, Any], settings: Any) -> dict[str, Any]:
    """The document with the fields it leaves out taken from ``settings``, in nested groups too."""
    whole = dict(document)
    for attribute in attributes_of(type(settings)):
        default = getattr(settings, attribute.name)
        if is_group(attribute):
            said = document.get(attribute.name, {})
            whole[attribute.name] = _with_defaults(said, default) if isinstance(said, dict) else said
        elif attribute.name not in document:
            whole[attribute.name] = _Default(default)
    return whole


# --- values ----------------------------------------------------------------------------------------


def _is_moment(value: Any) -> int | None:
    if type(value) is int:
        return value
    return zoned_time(value)


def _is_speed(value: Any) -> float | None:
    return 0.0 if value == MAX_SPEED else finite_number(value)


def _is_path(value: Any) -> Path | None:
    return Path(value) if isinstance(value, str) and value and "\0" not in value else None


def _exactly(kind: type[Any]) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is kind else None  # a bool is an int


_READ: Final[dict[Any, Callable[[Any], Any]]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: finite_number,
    Path: _is_path,
    Moment: _is_moment,
    Speed: _is_speed,
    ScenarioName: _exactly(str),
}


def _value(value: Any, attribute: attrs.Attribute[Any]) -> Any:
    """One field: its type is checked, then its bounds."""
    if isinstance(value, _Default):
        return value.value
    kind = kind_of(attribute)
    if attrs.has(kind):
        return _CONVERTER.structure(value, kind)
    hint = f"allowed: {allowed(attribute)}"
    # The value of a secret is not shown in errors either.
    shown = found(value) if attribute.repr is True else "not allowed"
    item = item_kind(kind)
    if item is not None:
        taken = _several(value, item, hint)
    else:
        taken = _READ[kind](value)
        if taken is None:
            raise InvalidValue(shown, hint)
    if attribute.validator is not None:
        try:
            attribute.validator(None, attribute, taken)
        except (ValueError, TypeError):
            raise InvalidValue(shown, hint) from None
    return taken


def _several(value: Any, item: Any, hint: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise InvalidValue(found(value), hint)
    return structure_items(value, lambda one: _item(one, item, hint), tuple)


def _item(value: Any, kind: Any, hint: str) -> Any:
    if attrs.has(kind):
        return _CONVERTER.structure(value, kind)
    taken = _READ[kind](value)
    if taken is None:
        raise InvalidValue(found(value), hint)
    return taken


def _table(kind: type[Any]) -> Callable[[Any, Any], Any]:
    def hook(attribute: attrs.Attribute[Any]) -> Callable[[Any, Any], Any]:
        return lambda value, _: _value(value, attribute)

    overrides = {one.name: override(struct_hook=hook(one)) for one in attributes_of(kind)}
    fields: Any = overrides
    structured = make_dict_structure_fn(kind, _CONVERTER, _cattrs_forbid_extra_keys=True, **fields)

    def checked(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise InvalidValue(found(value), "allowed: a table")
        return structured(value, kind)

    return checked


_CONVERTER: Final = cattrs.Converter()
_CONVERTER.register_structure_hook_factory(attrs.has, _table)
