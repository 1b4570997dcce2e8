"""An object graph as a document of plain values: see :mod:`feed.checkpoint.object_graph`."""

from __future__ import annotations

import random
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from types import BuiltinMethodType, MethodType
from typing import Any, Final

from feed.checkpoint.classes import name_of
from feed.checkpoint.columns import Shape, packed, packed_values
from feed.checkpoint.discovery import Discovery, Row, in_order
from feed.checkpoint.tables import origin
from feed.errors import MarketError

FORMAT: Final = 1
"""Number of the format; greater for one that older readers do not understand."""

_GENERATOR: Final = 3  # the version of the state that ``random.Random`` gives


def document(roots: Mapping[str, object]) -> dict[str, Any]:
    """
    Everything that can be reached from objects.

    Raises:
        MarketError: Something of it cannot be kept.
    """
    found = Discovery(roots.values())
    groups = _Groups(found)
    return {
        "format": FORMAT,
        "groups": groups.written(),
        "names": [*roots],
        "roots": packed([*roots.values()], groups.numbers),
    }


class _Groups:
    """
    The objects of a graph in groups of one kind: ``[kind, number of objects, what they are, ...]``.

    Attributes:
        numbers: Of the objects, by identity.
    """

    def __init__(self, found: Discovery) -> None:
        self.numbers: Final[dict[int, int]] = {}
        self._bodies: list[tuple[str, int, Callable[[], list[Any]]]] = []
        for enumeration, members in found.enums.items():
            self._add("enum", members, partial(_enums, enumeration, members))
        for form, leaves in found.leaves.items():
            self._add(form, leaves, partial(_LEAVES[form], leaves))
        for (kind, names), rows in found.instances.items():
            self._add("instance", [one for one, _ in rows], partial(self._instances, kind, names, rows))
        for (kind, of_keys, of_values), objects in found.containers.items():
            body = partial(self._containers, kind, objects, of_keys, of_values)
            self._add(kind.__name__, objects, body)
        for kind, states in found.states.items():
            self._add("state", [one for one, _ in states], partial(self._states, kind, states))
        for kind, fixed in chain(found.plain.items(), _in_order_of_making(found.fixed)):
            parts = [part for _, part in fixed]
            name = "method" if kind is BuiltinMethodType or kind is MethodType else kind.__name__
            if kind in (tuple, frozenset) or name == "method":
                self._add(name, [one for one, _ in fixed], partial(self._parts, parts))
            else:
                self._add("named", [one for one, _ in fixed], partial(self._named_tuples, kind, parts))

    def _add(self, form: str, objects: Sequence[object], body: Callable[[], list[Any]]) -> None:
        """Number objects; the body is made when all have their numbers."""
        if objects:
            first = len(self.numbers)
            self.numbers.update(zip(map(id, objects), range(first, first + len(objects)), strict=True))
            self._bodies.append((form, len(objects), body))

    def written(self) -> list[list[Any]]:
        """All groups, in the order of the numbers."""
        return [[form, count, *body()] for form, count, body in self._bodies]

    def _column(self, values: Sequence[Any]) -> list[Any]:
        return packed(values, self.numbers)

    def _instances(self, kind: type, names: tuple[str, ...], rows: list[tuple[object, Row]]) -> list[Any]:
        columns = zip(*(values for _, values in rows), strict=True)
        return [name_of(kind), [*names], [self._column(values) for values in columns]]

    def _states(self, kind: type, states: list[tuple[object, object]]) -> list[Any]:
        return [name_of(kind), self._column([state for _, state in states])]

    def _containers(
        self, kind: type, objects: list[Any], of_keys: tuple[Shape] | None, of_values: tuple[Shape] | None
    ) -> list[Any]:
        lengths = [*map(len, objects)]
        if kind is dict:
            values = self._items([one.values() for one in objects], of_values)
            return [lengths, self._items(objects, of_keys), values]
        if kind is set:
            return [lengths, self._items([in_order(one) for one in objects], of_values)]
        if kind is deque:
            return [[one.maxlen for one in objects], lengths, self._items(objects, of_values)]
        return [lengths, self._items(objects, of_values)]

    def _items(self, parts: Iterable[Iterable[Any]], shape: tuple[Shape] | None) -> list[Any]:
        items = _flat(parts)
        return self._column(items) if shape is None else packed_values(items, *shape)

    def _parts(self, objects: Sequence[Sequence[Any]]) -> list[Any]:
        return [[*map(len, objects)], self._column(_flat(objects))]

    def _named_tuples(self, kind: type, parts: list[Row]) -> list[Any]:
        return [name_of(kind), *self._parts(parts)]


def _flat(parts: Iterable[Iterable[Any]]) -> list[Any]:
    return list(chain.from_iterable(parts))


def _in_order_of_making(
    fixed: list[tuple[object, Row]],
) -> Iterable[tuple[type, list[tuple[object, Row]]]]:
    """
    Objects made in one piece, those of one class together, each after what it is made of.

    Raises:
        MarketError: Something is made of itself.
    """
    late = {id(one) for one, _ in fixed}
    while fixed:
        ready: dict[type, list[tuple[object, Row]]] = {}
        waiting = []
        for entry in fixed:
            if late.isdisjoint(map(id, entry[1])):
                ready.setdefault(type(entry[0]), []).append(entry)
            else:
                waiting.append(entry)
        if not ready:
            raise MarketError(f"no checkpoint can keep a {type(fixed[0][0]).__name__} that is made of itself")
        for entries in ready.values():
            late.difference_update(id(one) for one, _ in entries)
        yield from ready.items()
        fixed = waiting


def _enums(kind: type, members: list[Any]) -> list[Any]:
    return [name_of(kind), [member.name for member in members]]


def _streams(streams: list[random.Random]) -> list[Any]:
    """The states of streams of random numbers: 625 integers of 32 bits each, the lowest byte first."""
    states, rests = [], []
    for stream in streams:
        version, state, rest = stream.getstate()
        if version != _GENERATOR:
            raise MarketError(f"no checkpoint can keep a random stream whose state is of version {version}")
        words = array("I", state)
        if sys.byteorder == "big":
            words.byteswap()
        states.append(words.tobytes())
        rests.append(rest)
    return [states, rests]


def _tables(tables: list[object]) -> list[Any]:
    """Functions and arguments, each written for itself: they are made before all other objects."""
    origins = [known for one in tables if (known := origin(one))]
    return [[name for name, _ in origins], [document({"args": args}) for _, args in origins]]


_LEAVES: Final[Mapping[str, Callable[[list[Any]], list[Any]]]] = {
    "name": lambda named: [[*map(name_of, named)]],
    "random": _streams,
    "table": _tables,
    "decimal": lambda numbers: [[*map(str, numbers)]],
    "path": lambda paths: [[*map(str, paths)]],
}
