"""Every setting by its dotted name, such as ``limits.ping_seconds``: its kind, bounds, meaning and value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

import attrs

from feed.config.meanings import meaning, meanings
from feed.settings import Moment, ScenarioName, Settings, Speed

T = TypeVar("T")

_KINDS: Final[dict[Any, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a file name",
    Moment: "a time with its zone, such as 2024-03-06T16:20:00Z",
    Speed: 'a number, or "max"',
    ScenarioName: "a file name, or the name of a shipped scenario",
}
_UNITS: Final = ("seconds", "bytes")


@attrs.frozen(kw_only=True)
class SettingField:
    """
    One setting.

    Attributes:
        name: Dotted, from the top.
        owner: The class that it is a field of.
        attribute: The field.
    """

    name: str
    owner: type[Any]
    attribute: attrs.Attribute[Any]

    @property
    def key(self) -> str:
        """The last part of its name."""
        return self.attribute.name

    @property
    def kind(self) -> Any:
        """What type it is; without None, where that means that it is not set."""
        return kind_of(self.attribute)

    @property
    def meaning(self) -> str:
        """What it does, with its unit."""
        return meanings(self.owner).get(self.key, "")

    @property
    def allowed(self) -> str:
        """What it may be, such as ``a whole number, >= 1 and <= 65535``."""
        return allowed(self.attribute)

    @property
    def secret(self) -> bool:
        """Whether its value is shown nowhere: a field with ``repr=False``."""
        return not self.attribute.repr


def leaves(owner: type[Any] = Settings, prefix: str = "") -> Iterator[SettingField]:
    """Every setting, in the order of its class; those of a group follow where the group stands."""
    for attribute in attributes_of(owner):
        name = f"{prefix}{attribute.name}"
        if is_group(attribute):
            yield from leaves(kind_of(attribute), f"{name}.")
        else:
            yield SettingField(name=name, owner=owner, attribute=attribute)


def attributes_of(owner: type[Any]) -> tuple[attrs.Attribute[Any], ...]:
    """The fields of a class, their types resolved."""
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(attrs.resolve_types(owner))
    return fields


def kind_of(attribute: attrs.Attribute[Any]) -> Any:
    """The type of a field; ``int`` of ``int | None``, where None means that it is not set."""
    kind: Any = attribute.type
    if get_origin(kind) in (UnionType, Union):
        rest = [one for one in get_args(kind) if one is not NoneType]
        if len(rest) == 1:
            return rest[0]
    return kind


def is_group(attribute: attrs.Attribute[Any]) -> bool:
    """Whether a field is a group of settings."""
    return attrs.has(kind_of(attribute))


def group_meaning(owner: type[Any], key: str, kind: type[Any]) -> str:
    """What a group is for: as its owner says, else as its class does."""
    return meanings(owner).get(key) or meaning(kind)


def value_of(settings: Any, name: str) -> Any:
    """The value of a setting."""
    for key in name.split("."):
        settings = getattr(settings, key)
    return settings


def with_values(settings: T, values: Mapping[str, Any]) -> T:
    """The same settings with other values, by dotted name. Raises what their validators raise."""
    changes: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        key, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(key, {})[rest] = value
        else:
            changes[key] = value
    changes |= {key: with_values(getattr(settings, key), deeper) for key, deeper in inner.items()}
    whole: Any = settings
    changed: T = attrs.evolve(whole, **changes)
    return changed


def item_kind(kind: Any) -> Any:
    """``str`` of ``tuple[str, ...]``; None for what is no tuple of any length."""
    match get_origin(kind), get_args(kind):
        case (origin, (item, end)) if origin is tuple and end is ...:
            return item
    return None


def allowed(attribute: attrs.Attribute[Any]) -> str:
    """What a field may be: its kind, its unit where the name ends in one, and its bounds."""
    unit = attribute.name.rpartition("_")[2]
    kind = _kind(kind_of(attribute)) + (f" of {unit}" if unit in _UNITS else "")
    limits = list(bounds(attribute.validator))
    return f"{kind}, {' and '.join(limits)}" if limits else kind


def _kind(kind: Any) -> str:
    if kind in _KINDS:
        return _KINDS[kind]
    item = item_kind(kind)
    if attrs.has(item):
        return f"tables of {', '.join(field.name for field in attrs.fields(item))}"
    if item is not None:
        return f"a list in square brackets, each {_kind(item)}"
    if get_origin(kind) is Annotated:
        return _kind(get_args(kind)[0])
    raise TypeError(f"a setting cannot be of the type {kind}: feed.config does not know it")


def bounds(validator: Any) -> Iterator[str]:
    """What a validator of attrs asks for, as far as a type does not say it already."""
    if validator is None:
        return
    if hasattr(validator, "_validators"):  # and_
        for one in validator._validators:  # noqa: SLF001 - attrs shows it in repr only
            yield from bounds(one)
    elif hasattr(validator, "validator"):  # optional
        yield from bounds(validator.validator)
    elif hasattr(validator, "member_validator"):  # deep_iterable
        yield from bounds(validator.member_validator)
    elif hasattr(validator, "compare_op"):  # ge, gt, le, lt
        yield f"{validator.compare_op} {validator.bound}"
    elif hasattr(validator, "options"):  # in_
        yield f"one of {', '.join(map(str, validator.options))}"
