"""Finds every object that can be reached from some, sorted by what it takes to make it again."""

from __future__ import annotations

import enum
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import chain
from operator import attrgetter
from pathlib import Path
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any, Final

from feed.checkpoint.classes import has_state, is_found, is_named_tuple, is_our_enum, is_ours, slots
from feed.checkpoint.columns import PLAIN, Shape, is_plain, shape_of
from feed.checkpoint.tables import origin
from feed.errors import MarketError

Row = tuple[Any, ...]
Containers = tuple[type, tuple[Shape] | None, tuple[Shape] | None]


class Discovery:
    """
    The objects that can be reached from ``roots``, each once, without recursion: in rounds, where each
    looks at the objects that the one before it has found, all of one class together.

    Args:
        roots: Where to begin.

    Attributes:
        instances: Those of our classes, by class and names of their attributes, each with its values.
        states: Of those that keep something else than their attributes: by class, each with that.
        enums: Members of enumerations, by class.
        containers: Lists, dicts, sets and deques, by type and by the shapes of the keys and of the values (a
            tuple of the shape; None where they are written as objects).
        leaves: Whatever refers to no object: functions and classes, streams of random numbers, tables that
            have an origin, decimal numbers, paths; by kind.
        plain: Tuples, also with names, and frozen sets, of plain values alone, by type; each with its items.
        fixed: What is made of other objects in one piece: other such tuples and sets, and methods; each with
            what it is made of.
    Raises:
        MarketError: Something can be reached that cannot be kept; says what, and where it is.
    """

    def __init__(self, roots: Iterable[object]) -> None:
        self.instances: Final[dict[tuple[type, tuple[str, ...]], list[tuple[object, Row]]]] = {}
        self.states: Final[dict[type, list[tuple[object, object]]]] = defaultdict(list)
        self.enums: Final[dict[type, list[enum.Enum]]] = defaultdict(list)
        self.containers: Final[dict[Containers, list[Any]]] = defaultdict(list)
        self.leaves: Final[dict[str, list[Any]]] = defaultdict(list)
        self.plain: Final[dict[type, list[tuple[object, Row]]]] = defaultdict(list)
        self.fixed: Final[list[tuple[object, Row]]] = []
        self._seen: set[int] = set()
        self._found: list[Any] = []
        self._scan(roots)
        while self._found:
            by_type: dict[type, list[Any]] = defaultdict(list)
            for one in self._found:
                by_type[type(one)].append(one)
            self._found = []
            for kind, objects in by_type.items():
                self._visit(kind, objects)

    def _scan(self, values: Iterable[Any]) -> None:
        """Note the objects among ``values`` that were not seen before."""
        seen, found = self._seen, self._found
        for value in values:
            if type(value) not in PLAIN and id(value) not in seen:
                seen.add(id(value))
                found.append(value)

    def _visit(self, kind: type, objects: list[Any]) -> None:
        form = _form(kind)
        visit = _VISITS.get(form)
        if visit is not None:
            visit(self, kind, objects)
            return
        for one in objects:
            if not form or (form == "name" and not is_found(one)):
                raise self._refusal(one)
        self.leaves[form] += objects

    def visit_containers(self, kind: type, objects: list[Any]) -> None:
        """Lists, dicts, sets or deques."""
        for one in objects:
            keys = one if kind is dict else ()
            values = one.values() if kind is dict else in_order(one) if kind is set else one
            of_keys, of_values = shape_of(keys), shape_of(values)
            self.containers[kind, of_keys, of_values].append(one)
            if of_keys is None:
                self._scan(keys)
            if of_values is None:
                self._scan(values)

    def visit_states(self, kind: type, objects: list[Any]) -> None:
        """Instances that keep something else than their attributes."""
        for one in objects:
            state = one.checkpoint_state()
            self.states[kind].append((one, state))
            self._scan([state])

    def visit_enums(self, kind: type, members: list[enum.Enum]) -> None:
        """Members of an enumeration."""
        self.enums[kind] += members

    def visit_parts(self, _: type, objects: list[Any]) -> None:
        """Tuples with names, frozen sets and methods."""
        for one in objects:
            parts = _parts(one)
            if parts is None:
                raise self._refusal(one)
            self._add_fixed(one, parts)

    def _add_fixed(self, one: object, parts: Row) -> None:
        if is_plain(parts):
            self.plain[type(one)].append((one, parts))
        else:
            self.fixed.append((one, parts))
            self._scan(parts)

    def visit_instances(self, kind: type, objects: list[Any]) -> None:
        """Instances of which the attributes are kept."""
        attributes = _attributes(kind)
        columns: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for one in objects:
            names, values = attributes(one)
            self.instances.setdefault((kind, names), []).append((one, values))
            columns[names].append(values)
        for rows in columns.values():
            for column in zip(*rows, strict=True):
                if not is_plain(column):
                    self._scan(column)

    def visit_tuples(self, _: type, tuples: list[tuple[Any, ...]]) -> None:
        """Tuples, and tables that have an origin."""
        for one in tuples:
            if origin(one):
                self.leaves["table"].append(one)
            else:
                self._add_fixed(one, one)

    def _refusal(self, value: object) -> MarketError:
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        if isinstance(value, FunctionType | type | BuiltinMethodType | MethodType):
            name = f"{type(value).__name__} {value.__module__}.{value.__qualname__}"
        return MarketError(f"no checkpoint can keep a {name}, which is in {self._holder(value)}")

    def _holder(self, value: object) -> str:
        """Where an object is: the class and the attribute, and whether it is in a container there."""
        inside = ""
        passed = {id(value)}
        while True:
            for (kind, names), rows in self.instances.items():
                for _, values in rows:
                    for name, held in zip(names, values, strict=True):
                        if held is value:
                            return f"{kind.__qualname__}.{name}{inside}"
            holders = (
                one
                for one, parts in self._holding()
                if id(one) not in passed and any(held is value for held in parts)
            )
            value = next(holders, None)
            if value is None:
                return "what is given"
            passed.add(id(value))
            inside = "[...]"

    def _holding(self) -> Iterator[tuple[object, Iterable[object]]]:
        """Containers, and what is made in one piece, each with what is in it."""
        yield from self.fixed
        for one, state in chain.from_iterable(self.states.values()):
            yield one, (state,)
        for container in chain.from_iterable(self.containers.values()):
            yield container, chain(container, container.values()) if type(container) is dict else container


_VISITS: Final[dict[str, Callable[[Discovery, type, list[Any]], None]]] = {
    "container": Discovery.visit_containers,
    "tuple": Discovery.visit_tuples,
    "parts": Discovery.visit_parts,
    "enum": Discovery.visit_enums,
    "state": Discovery.visit_states,
    "instance": Discovery.visit_instances,
}

_BUILT_IN: Final[dict[type, str]] = {
    list: "container",
    dict: "container",
    set: "container",
    deque: "container",
    tuple: "tuple",
    frozenset: "parts",
    MethodType: "parts",
    BuiltinMethodType: "parts",
    FunctionType: "name",
    random.Random: "random",
    Decimal: "decimal",
}
_CLASSES: Final[tuple[tuple[str, Callable[[type], bool]], ...]] = (
    ("parts", is_named_tuple),
    ("enum", is_our_enum),
    ("path", lambda kind: issubclass(kind, Path)),
    ("name", lambda kind: issubclass(kind, type)),
    ("state", lambda kind: is_ours(kind) and has_state(kind)),
    ("instance", is_ours),
)


@cache
def _form(kind: type) -> str:
    """How objects of a class are kept; empty where they are not."""
    built_in = _BUILT_IN.get(kind)
    return built_in or next((form for form, belongs in _CLASSES if belongs(kind)), "")


def _parts(value: Any) -> Row | None:
    """What an object that is made in one piece is made of; None where it cannot be."""
    match value:
        case frozenset():
            return tuple(in_order(value))
        case MethodType() | BuiltinMethodType():
            owner = value.__self__
            # The function of a module has the module; a method of a class, the class, which may be replaced.
            if isinstance(owner, type) or getattr(owner, value.__name__, None) != value:
                return None
            return owner, value.__name__
        case _:
            return tuple(value)


def in_order(values: Iterable[Any]) -> list[Any]:
    """
    The items of a set in an order that is the same in every run.

    Raises:
        MarketError: They have none: there is something in it that is neither plain nor made of plain ones.
    """
    return sorted(values, key=_rank)


def _rank(value: Any) -> tuple[Any, ...]:
    kind = type(value)
    if kind in (bool, int, float):
        return 1, value
    if kind is str:
        return 2, value
    if kind is bytes:
        return 3, value
    if isinstance(value, enum.Enum):
        return 4, kind.__qualname__, value.name
    if isinstance(value, tuple):
        return 5, tuple(map(_rank, value))
    if value is None:
        return (0,)
    raise MarketError(f"no checkpoint can keep a set of {kind.__qualname__}, which has no order")


def _attributes(kind: type) -> Callable[[Any], tuple[tuple[str, ...], Row]]:
    """What gives the names and the values of the attributes that an instance of a class has."""
    known = slots(kind)
    has_dict = hasattr(kind, "__dict__") and kind.__dictoffset__ != 0

    def of_dict(one: Any) -> tuple[tuple[str, ...], Row]:
        held = vars(one)
        return tuple(held), tuple(held.values())

    def of_one(one: Any) -> Row:
        return (getattr(one, known[0]),)

    def of_slots(one: Any) -> tuple[tuple[str, ...], Row]:
        try:
            return known, get(one)
        except AttributeError:  # one of them was never set
            names = tuple(name for name in known if hasattr(one, name))
            return names, tuple(getattr(one, name) for name in names)

    def of_both(one: Any) -> tuple[tuple[str, ...], Row]:
        names, values = of_slots(one)
        more, of_them = of_dict(one)
        return names + more, values + of_them

    if not known:
        return of_dict if has_dict else (lambda _: ((), ()))
    get: Callable[[Any], Row] = attrgetter(*known) if len(known) > 1 else of_one
    return of_both if has_dict else of_slots
