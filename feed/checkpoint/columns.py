"""
Columns of values in a checkpoint: plain ones as they are, tuples of them by column, objects by their number.

A column is ``[form, ...]``, where the form is one of

``v``
    values: None, truth values, integers of 64 bits, floats of 8 bytes, text and bytes.
``r``
    numbers of objects.
``m``
    first a byte for each item, which says what it is: a value, the number of an object, an integer beyond
    64 bits (bytes, signed, the lowest first), or text that is no Unicode (bytes, UTF-8 with surrogates).
``t``
    tuples of one length: their class (empty for a plain tuple), how many there are, and a column for the
    first items of all of them, one for the second items, and so on.
``l``
    tuples of any lengths: their class, their lengths, and a column for all their items.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, Final, TypeVar

import attrs

from feed.checkpoint.classes import class_named, is_named_tuple, name_of
from feed.errors import FeedError

PLAIN: Final = frozenset({type(None), bool, int, float, str, bytes})
"""Types of values that have no identity."""

Value = TypeVar("Value")

_VALUE, _OBJECT, _INTEGER, _TEXT = range(4)
_LEAST: Final = -(1 << 63)
_GREATEST: Final = (1 << 63) - 1
_WIDEST: Final = 64  # items of a tuple that gets a column for each


@attrs.frozen
class Tuples:
    """
    What values have in common that are tuples, of plain values or of such tuples.

    Attributes:
        kind: Their class.
        items: What the first items of all have in common, the second, and so on; None where the tuples have
            different lengths, and plain items.
    """

    kind: type
    items: tuple[Shape, ...] | None


Shape = Tuples | type | None
"""
What the values of a column have in common that refers to no object: their plain type; None for several.
"""


def is_plain(values: Iterable[Any]) -> bool:
    """Whether there are plain values alone."""
    return PLAIN.issuperset(map(type, values))


def shape_of(values: Collection[Any]) -> tuple[Shape] | None:
    """The shape of values, in a tuple; None where they have none, and are written as objects."""
    types = _distinct(map(type, values))
    if PLAIN.issuperset(types):
        return (types[0] if len(types) == 1 else None,)
    if len(types) > 1 or not (types[0] is tuple or is_named_tuple(types[0])):
        return None
    lengths = _distinct(map(len, values))
    if len(lengths) > 1:
        return (Tuples(types[0], None),) if is_plain(chain.from_iterable(values)) else None
    if lengths[0] > _WIDEST:
        return None
    items: list[Shape] = []
    for column in zip(*values, strict=True):
        found = shape_of(column)
        if found is None:
            return None
        items += found
    return (Tuples(types[0], tuple(items)),)


def _distinct(values: Iterable[Value]) -> list[Value]:
    """Each of the values once, in the order in which they come."""
    return [*dict.fromkeys(values)]


def packed_values(values: Sequence[Any], shape: Shape) -> list[Any]:
    """A column of values that have a shape, ready for msgpack."""
    if not isinstance(shape, Tuples):
        return packed(values, {})
    name = "" if shape.kind is tuple else name_of(shape.kind)
    if shape.items is None:
        return ["l", name, [*map(len, values)], packed([*chain.from_iterable(values)], {})]
    columns = zip(*values, strict=True)
    packed_columns = [packed_values(column, item) for column, item in zip(columns, shape.items, strict=True)]
    return ["t", name, len(values), packed_columns]


def packed(values: Sequence[Any], numbers: Mapping[int, int]) -> list[Any]:
    """
    A column of plain values and of objects, ready for msgpack.

    Args:
        values: They.
        numbers: Of the objects among them, by identity.
    """
    types = set(map(type, values))
    if types <= PLAIN:
        if not _is_odd(types, values):
            return ["v", values]
    elif types.isdisjoint(PLAIN):
        return ["r", [numbers[id(value)] for value in values]]
    forms = bytearray()
    items: list[Any] = []
    for value in values:
        kind = type(value)
        if kind not in PLAIN:
            form, item = _OBJECT, numbers[id(value)]
        elif kind is int and not _LEAST <= value <= _GREATEST:
            form, item = _INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        elif kind is str and not _is_unicode(value):
            form, item = _TEXT, value.encode("utf-8", "surrogatepass")
        else:
            form, item = _VALUE, value
        forms.append(form)
        items.append(item)
    return ["m", bytes(forms), items]


def unpacked(column: list[Any], objects: Sequence[Any]) -> list[Any]:
    """
    The values of a column.

    Args:
        column: From :func:`packed` or :func:`packed_values`.
        objects: By number.
    Raises:
        FeedError: It is none.
    """
    match column:
        case ["v", list(values)]:
            return values
        case ["r", list(numbers)]:
            return [objects[number] for number in numbers]
        case ["m", bytes(forms), list(items)] if len(forms) == len(items):
            return [
                item if form == _VALUE else objects[item] if form == _OBJECT else _rare(form, item)
                for form, item in zip(forms, items, strict=True)
            ]
        case ["t", str(name), int(count), list(columns)]:
            rows = [unpacked(one, objects) for one in columns]
            if any(len(one) != count for one in rows):
                raise FeedError("a column of tuples in a checkpoint is malformed")
            made = tuple_maker(name)
            return [*map(made, zip(*rows, strict=True))] if rows else [made(()) for _ in range(count)]
        case ["l", str(name), list(lengths), list(items)]:
            rest = iter(unpacked(items, objects))
            return [*map(tuple_maker(name), (islice(rest, length) for length in lengths))]
    raise FeedError("a column of a checkpoint is malformed")


def tuple_maker(name: str) -> Callable[[Iterable[Any]], Any]:
    """
    What makes tuples, or those of a class with names for its items, of what is in them.

    Raises:
        FeedError: There is no such class.
    """
    if not name:
        return tuple
    kind = class_named(name)
    if not is_named_tuple(kind):
        raise FeedError(f"{name} in a checkpoint is no tuple with names")
    return partial(tuple.__new__, kind)


def _is_odd(types: set[type], values: Sequence[Any]) -> bool:
    """Whether msgpack cannot take all of these plain values."""
    if int in types:
        whole = values if len(types) == 1 else [value for value in values if type(value) is int]
        try:
            array("q", whole)  # in a fraction of the time that comparisons take
        except OverflowError:
            return True
    return str in types and not all(_is_unicode(value) for value in values if type(value) is str)


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _rare(form: int, item: bytes) -> int | str:
    if form == _INTEGER:
        return int.from_bytes(item, "little", signed=True)
    if form == _TEXT:
        return item.decode("utf-8", "surrogatepass")
    raise FeedError("a column of a checkpoint is malformed")
