"""Which states of agents a checkpoint can keep: plain data."""

from __future__ import annotations

from collections import deque
from typing import Any

_SCALARS = (bool, int, float, str, bytes)


def check_plain(state: dict[str, Any]) -> None:
    """
    See that a state is plain data: numbers, text, bytes, None, and lists, tuples, deques and dicts of them.

    Sets are not: their order differs from run to run.

    Raises:
        TypeError: It is not; says which attribute.
    """
    for name, value in state.items():
        found = _odd(value)
        if found is not None:
            raise TypeError(
                f"the attribute {name} holds a {found}, which no checkpoint can keep; "
                "keep plain data, or override state() and restore()"
            )


def _odd(value: object) -> str | None:
    """The name of the type of the first part of a value that is not plain; None if all is."""
    if value is None or isinstance(value, _SCALARS):
        return None
    if isinstance(value, dict):
        parts: list[object] = [part for pair in value.items() for part in pair]
    elif isinstance(value, list | tuple | deque):
        parts = list(value)
    else:
        return type(value).__name__
    return next((odd for odd in map(_odd, parts) if odd is not None), None)
