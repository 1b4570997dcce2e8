"""Makes the objects of a document again: see :mod:`feed.checkpoint.object_graph`."""

from __future__ import annotations

import random
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice, repeat
from pathlib import Path
from typing import Any, Final

from feed.checkpoint.classes import (
    HasCheckpointState,
    class_named,
    has_state,
    is_our_enum,
    is_ours,
    named,
    slots,
)
from feed.checkpoint.columns import tuple_maker, unpacked
from feed.checkpoint.tables import make
from feed.checkpoint.writing import FORMAT
from feed.errors import FeedError

_GENERATOR: Final = 3  # the version of the state that ``random.Random`` takes
_set: Final = object.__setattr__  # past what freezes an instance


def objects_of(document: Any) -> dict[str, Any]:
    """
    The roots of a document, with everything that can be reached from them.

    Raises:
        FeedError: It is of another format, or names what there is not.
        LookupError, TypeError, ValueError, AttributeError: It is damaged.
    """
    if document["format"] != FORMAT:
        raise FeedError(f"a checkpoint of format {document['format']}; this version reads {FORMAT}")
    made = _Making(document["groups"])
    return dict(zip(document["names"], unpacked(document["roots"], made.objects), strict=True))


class _Making:
    """
    Makes objects first, then gives them their contents.

    Args:
        groups: Of a document.

    Attributes:
        objects: By number.
    """

    def __init__(self, groups: list[list[Any]]) -> None:
        self.objects: Final[list[Any]] = []
        # What is yet to be done, in this order: contents, which need no hash; dicts and sets, which need
        # those of their keys; and what goes on from a state, which needs everything else.
        self._contents: list[Callable[[], None]] = []
        self._hashed: list[Callable[[], None]] = []
        self._restored: list[Callable[[], None]] = []
        for form, count, *body in groups:
            objects = [*_FORMS[form](self, count, *body)]
            if len(objects) != count:
                raise ValueError(f"{len(objects)} objects in place of {count}")
            self.objects.extend(objects)
        for task in (*self._contents, *self._hashed, *self._restored):
            task()

    def _column(self, column: list[Any]) -> list[Any]:
        return unpacked(column, self.objects)

    # --- what refers to no object ------------------------------------------------------------------

    def enums(self, _: int, name: str, members: list[str]) -> list[Any]:
        kind: Any = class_named(name)
        if not is_our_enum(kind):
            raise FeedError(f"{name} in a checkpoint is no enumeration")
        return [kind[member] for member in members]

    def names(self, _: int, found: list[str]) -> list[Any]:
        return [named(name) for name in found]

    def streams(self, _: int, states: list[bytes], rests: list[float | None]) -> Iterator[random.Random]:
        for state, rest in zip(states, rests, strict=True):
            words = array("I", state)
            if sys.byteorder == "big":
                words.byteswap()
            stream = random.Random(0)  # noqa: S311 - continues the state of the market's own
            stream.setstate((_GENERATOR, tuple(words), rest))
            yield stream

    def tables(self, _: int, functions: list[str], arguments: list[Any]) -> list[object]:
        return [
            make(function, objects_of(given)["args"])
            for function, given in zip(functions, arguments, strict=True)
        ]

    def decimals(self, _: int, texts: list[str]) -> list[Decimal]:
        return [Decimal(text) for text in texts]

    def paths(self, _: int, texts: list[str]) -> list[Path]:
        return [Path(text) for text in texts]

    # --- what gets its contents later --------------------------------------------------------------

    def instances(self, count: int, name: str, names: list[str], columns: list[Any]) -> list[object]:
        kind = class_named(name)
        if not is_ours(kind) or has_state(kind):
            raise FeedError(f"{name} in a checkpoint is no class whose attributes are kept")
        known = slots(kind)
        missing = [one for one in names if kind.__dictoffset__ == 0 and one not in known]
        if missing:
            raise FeedError(f"{name} has no attribute {missing[0]}, which a checkpoint names")
        objects: list[object] = [object.__new__(kind) for _ in range(count)]

        def fill() -> None:
            for attribute, column in zip(names, columns, strict=True):
                values = self._column(column)
                if len(values) != count:
                    raise ValueError(f"{len(values)} values of {attribute} in place of {count}")
                _exhaust(map(_set, objects, repeat(attribute), values))

        self._contents.append(fill)
        return objects

    def states(self, count: int, name: str, column: list[Any]) -> list[HasCheckpointState]:
        kind = class_named(name)
        if not is_ours(kind) or not has_state(kind):
            raise FeedError(f"{name} in a checkpoint is no class that keeps a state")
        objects: list[Any] = [object.__new__(kind) for _ in range(count)]

        def restore() -> None:
            for one, state in zip(objects, self._column(column), strict=True):
                one.restore_checkpoint_state(state)

        self._restored.append(restore)
        return objects

    def lists(self, count: int, lengths: list[int], column: list[Any]) -> list[list[Any]]:
        objects: list[list[Any]] = [[] for _ in range(count)]
        self._contents.append(lambda: self._extend(objects, lengths, column))
        return objects

    def deques(
        self, _: int, bounds: list[int | None], lengths: list[int], column: list[Any]
    ) -> list[deque[Any]]:
        objects: list[deque[Any]] = [deque(maxlen=bound) for bound in bounds]
        self._contents.append(lambda: self._extend(objects, lengths, column))
        return objects

    def sets(self, count: int, lengths: list[int], column: list[Any]) -> list[set[Any]]:
        objects: list[set[Any]] = [set() for _ in range(count)]

        def fill() -> None:
            for one, items in zip(objects, self._split(lengths, column), strict=True):
                one.update(items)

        self._hashed.append(fill)
        return objects

    def dicts(self, count: int, lengths: list[int], keys: list[Any], values: list[Any]) -> list[Any]:
        objects: list[dict[Any, Any]] = [{} for _ in range(count)]

        def fill() -> None:
            pairs = zip(self._column(keys), self._column(values), strict=True)
            for one, length in zip(objects, lengths, strict=True):
                one.update(islice(pairs, length))

        self._hashed.append(fill)
        return objects

    def _extend(self, objects: Iterable[Any], lengths: list[int], column: list[Any]) -> None:
        for one, items in zip(objects, self._split(lengths, column), strict=True):
            one.extend(items)

    def _split(self, lengths: list[int], column: list[Any]) -> Iterator[Iterator[Any]]:
        """The items of one container after the other."""
        values = self._column(column)
        if sum(lengths) != len(values):
            raise ValueError(f"{len(values)} items in place of {sum(lengths)}")
        items = iter(values)
        return (islice(items, length) for length in lengths)

    # --- what is made in one piece -----------------------------------------------------------------

    def tuples(self, _: int, lengths: list[int], column: list[Any]) -> list[tuple[Any, ...]]:
        return [*map(tuple, self._split(lengths, column))]

    def frozen_sets(self, _: int, lengths: list[int], column: list[Any]) -> list[frozenset[Any]]:
        return [*map(frozenset, self._split(lengths, column))]

    def named_tuples(self, _: int, name: str, lengths: list[int], column: list[Any]) -> list[Any]:
        return [*map(tuple_maker(name), self._split(lengths, column))]

    def methods(self, _: int, lengths: list[int], column: list[Any]) -> list[Any]:
        return [getattr(owner, name) for owner, name in self._split(lengths, column)]


def _exhaust(values: Iterator[None]) -> None:
    deque(values, maxlen=0)


_FORMS: Final[dict[str, Callable[..., Iterable[Any]]]] = {
    "enum": _Making.enums,
    "name": _Making.names,
    "random": _Making.streams,
    "table": _Making.tables,
    "decimal": _Making.decimals,
    "path": _Making.paths,
    "instance": _Making.instances,
    "state": _Making.states,
    "list": _Making.lists,
    "deque": _Making.deques,
    "set": _Making.sets,
    "dict": _Making.dicts,
    "tuple": _Making.tuples,
    "frozenset": _Making.frozen_sets,
    "named": _Making.named_tuples,
    "method": _Making.methods,
}
