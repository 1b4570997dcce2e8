"""Documents every table, action, fault and field of a scenario file, from the classes that it becomes."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, Final, get_origin

import attrs

from feed.config.fields import attributes_of, bounds, item_kind, kind_of, meaning, meanings
from feed.model.agents import Parameters, Participant
from feed.model.events import Side
from feed.model.faults import Aim, Fault
from feed.model.ground_truth import GroundTruth
from feed.model.market import InstrumentSpec, MarketSpec
from feed.model.scenario import Expect
from feed.model.signals import SignalType
from feed.model.timeline import Nanoseconds
from feed.scenario.schema import NAMES, VERBS, VERSION, Format, Moment, Name, ScenarioDocument
from feed.scenario.times import duration_text

_KINDS: Final[dict[Any, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Nanoseconds: 'a span of time, such as "90s"',
    Moment: "a time with its zone, such as 2024-03-06T14:30:00Z",
    Name: NAMES,
    Format: str(VERSION),
    Side: " or ".join(side.name.lower() for side in Side),
    Participant: "a module and a class in it, such as my_package:MyAgent",
    Parameters: "a table of any keys",
    SignalType: f"one of {', '.join(kind.label for kind in SignalType)}",
}


@attrs.frozen
class FieldRow:
    """
    One field.

    Attributes:
        name: Its key.
        allowed: Its type and bounds in words.
        default: Its default; ``needed`` where it is required.
        meaning: What it does.
    """

    name: str
    allowed: str
    default: str
    meaning: str


@attrs.frozen
class Section:
    """
    A table of the file, or an entry of the timeline.

    Attributes:
        name: Of the table, or of the action or fault.
        heading: Its first line in a file.
        meaning: What it is.
        rows: Its fields.
    """

    name: str
    heading: str
    meaning: str
    rows: tuple[FieldRow, ...]


def sections() -> Iterator[Section]:
    """The whole format, in the order of a file."""
    yield Section("file", "", "At the top of the file.", tuple(_rows(ScenarioDocument)))
    yield from _tables(MarketSpec, "market")
    for name, kind in VERBS.items():
        what = "Goes wrong between server and clients" if issubclass(kind, Fault) else "Happens in the market"
        heading = f'[[timeline]] do = "{name}"'
        yield Section(name, heading, f"{what}. {meaning(kind)}", tuple(_rows(kind)))
    yield Section("aim", "aim = { ... }", meaning(Aim), tuple(_rows(Aim)))
    yield Section("truth", "[[truth]]", meaning(GroundTruth), tuple(_rows(GroundTruth)))
    yield from _tables(Expect, "expect")


def _tables(owner: type[Any], path: str, *, several: bool = False) -> Iterator[Section]:
    """A table, and its nested tables."""
    rows = [*_market_rows(), *_rows(owner)] if owner is MarketSpec else list(_rows(owner))
    yield Section(path, f"[[{path}]]" if several else f"[{path}]", meaning(owner), tuple(rows))
    for field in attributes_of(owner):
        kind = kind_of(field)
        if attrs.has(item_kind(kind)):
            yield from _tables(item_kind(kind), f"{path}.{field.name}", several=True)
        elif attrs.has(kind) and not _is_flat(owner, field):
            yield from _tables(kind, f"{path}.{field.name}")


def _market_rows() -> Iterator[FieldRow]:
    yield FieldRow(
        "base",
        "name of a market",
        "default",
        "What the file does not say is as in this market. In bare, nothing but defaults is filled in.",
    )
    yield FieldRow(
        "count", "a whole number, >= 1 and <= 10000", "all", "Begin with so many of its instruments."
    )


def _rows(owner: type[Any]) -> Iterator[FieldRow]:
    said = meanings(owner)
    for field in attributes_of(owner):
        if _is_flat(owner, field):
            yield from _rows(kind_of(field))
        else:
            allowed = ", ".join([_kind(kind_of(field)), " and ".join(bounds(field.validator))]).rstrip(", ")
            text = said.get(field.name) or meaning(kind_of(field))
            if kind_of(field) == Nanoseconds:  # a file says a span with its unit
                allowed = re.sub(r"\b\d{4,}\b", lambda it: duration_text(int(it[0])), allowed)
                text = re.sub(r"\bnanoseconds ", "", text, flags=re.IGNORECASE)
            yield FieldRow(field.name, allowed, _default(field), text[:1].upper() + text[1:])


def _is_flat(owner: type[Any], field: attrs.Attribute[Any]) -> bool:
    """Whether a field's class shares a table with its owner: an instrument and its parameters do."""
    return owner is InstrumentSpec and field.name == "instrument"


def _kind(kind: Any) -> str:
    if kind in _KINDS:
        return _KINDS[kind]
    if attrs.has(kind):
        return "a table"
    item = item_kind(kind)
    if item is not None:
        return f"tables, each {_kind(item)}" if item not in _KINDS else f"a list, each {_kind(item)}"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return f"one of {', '.join(json.dumps(one.value) for one in kind)}"
    if get_origin(kind) is UnionType:
        return "one of those below that begin so"
    raise TypeError(f"a scenario file cannot say the type {kind}: feed.config does not know it")


def _default(field: attrs.Attribute[Any]) -> str:
    value = field.default
    if value is attrs.NOTHING:
        return "needed"
    if value is None or value == () or isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return "none"
    if kind_of(field) == Nanoseconds:
        return duration_text(value)
    if attrs.has(type(value)) or isinstance(value, tuple):
        return "as that table says"
    return json.dumps(value.value if isinstance(value, enum.Enum) else value)
