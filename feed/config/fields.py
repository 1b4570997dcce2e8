"""Every setting by its dotted name, such as ``limits.ping_seconds``: its type, bounds, meaning and value."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

import attrs

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
# An entry of "Attributes:" in a docstring, and the lines that continue it.
_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


@attrs.frozen(kw_only=True)
class SettingField:
    """
    One setting.

    Attributes:
        name: Dotted, from :class:`~feed.settings.Settings`.
        owner: The class that it is a field of.
        attribute: The field.
    """

    name: str
    owner: type[Any]
    attribute: attrs.Attribute[Any]

    @property
    def key(self) -> str:
        """The last part of its dotted name."""
        return self.attribute.name

    @property
    def kind(self) -> Any:
        """Its type; ``int`` for ``int | None``, where None means that it is not set."""
        return kind_of(self.attribute)

    @property
    def meaning(self) -> str:
        """What it does, with its unit: from the docstring of its class."""
        return meanings(self.owner).get(self.key, "")

    @property
    def allowed(self) -> str:
        """Its type and bounds in words, such as ``a whole number, >= 1 and <= 65535``."""
        return allowed(self.attribute)

    def hides(self, value: Any) -> bool:
        """Whether a value is not shown: of a field with ``repr=False``, or whose ``repr`` hides a part."""
        show = self.attribute.repr
        return not show if isinstance(show, bool) else show(value) != repr(value)


def leaves(owner: type[Any] = Settings, prefix: str = "") -> Iterator[SettingField]:
    """Every setting, depth first, in the order of the classes' fields."""
    for attribute in attributes_of(owner):
        name = f"{prefix}{attribute.name}"
        if is_group(attribute):
            yield from leaves(kind_of(attribute), f"{name}.")
        else:
            yield SettingField(name=name, owner=owner, attribute=attribute)


def attributes_of(owner: type[Any]) -> tuple[attrs.Attribute[Any], ...]:
    """The fields of an attrs class, with their type annotations resolved."""
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
    """What a group of settings is for: from its owner's docstring, else from its class's."""
    return meanings(owner).get(key) or meaning(kind)


def value_of(settings: Any, name: str) -> Any:
    """The value of a setting."""
    for key in name.split("."):
        settings = getattr(settings, key)
    return settings


def with_values(settings: T, values: Mapping[str, Any]) -> T:
    """A copy of settings with other values, by dotted name. Raises what the validators raise."""
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
    """The item type of a tuple of any length, ``str`` for ``tuple[str, ...]``; None for other types."""
    match get_origin(kind), get_args(kind):
        case (origin, (item, end)) if origin is tuple and end is ...:
            return item
    return None


def allowed(attribute: attrs.Attribute[Any]) -> str:
    """Type and bounds of a field in words, with its unit where its name ends in one."""
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
    """The bounds that a validator of attrs checks, such as ``>= 1``; none for checks of the type."""
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


def meaning(owner: type[Any]) -> str:
    """The first paragraph of a class's docstring, in one line."""
    return _plain((inspect.getdoc(owner) or "").partition("\n\n")[0])


def meanings(owner: type[Any]) -> dict[str, str]:
    """The ``Attributes:`` of the docstrings of a class and its bases: description by field, in one line."""
    found: dict[str, str] = {}
    for base in reversed(owner.__mro__):
        found |= _said_in(base.__doc__ or "")
    return found


@cache
def _said_in(doc: str) -> dict[str, str]:
    return {name: _plain(text) for name, text in _ATTRIBUTE.findall(inspect.cleandoc(doc))}


def attributes(text: str) -> dict[str, str]:
    """The ``Attributes:`` of a docstring: description by field, with its markup."""
    return {name: " ".join(said.split()) for name, said in _ATTRIBUTE.findall(text)}


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "").split())
