"""
Columns of values in a checkpoint: plain ones as they are, objects by their number.

A column is ``[form, ...]``, where the form is one of

``v``
    values: None, truth values, integers of 64 bits, floats of 8 bytes, text and bytes.
``r``
    numbers of objects.
``m``
    first a byte for each item, which says what it is: a value, the number of an object, an integer beyond
    64 bits (bytes, signed, the lowest first), or text that is no Unicode (bytes, UTF-8 with surrogates).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from feed.errors import FeedError

PLAIN: Final = frozenset({type(None), bool, int, float, str, bytes})
"""Types of values that have no identity."""

_VALUE, _OBJECT, _INTEGER, _TEXT = range(4)
_LEAST: Final = -(1 << 63)
_GREATEST: Final = (1 << 63) - 1


def packed(values: Sequence[Any], numbers: Mapping[int, int]) -> list[Any]:
    """
    A column of values, ready for msgpack.

    Args:
        values: They.
        numbers: Of the objects among them, by identity.
    """
    types = set(map(type, values))
    if types <= PLAIN:
        if not _is_odd(types, values):
            return ["v", values if isinstance(values, list) else list(values)]
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
        column: From :func:`packed`.
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
    raise FeedError("a column of a checkpoint is malformed")


def _is_odd(types: set[type], values: Sequence[Any]) -> bool:
    """Whether msgpack cannot take all of these plain values."""
    if int in types:
        whole = values if len(types) == 1 else [value for value in values if type(value) is int]
        if min(whole) < _LEAST or max(whole) > _GREATEST:
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
