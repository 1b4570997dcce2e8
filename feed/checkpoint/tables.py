"""Tables that are the same for the same arguments: a checkpoint keeps the name of the function, and these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from feed.checkpoint.classes import named
from feed.errors import FeedError

Given = ParamSpec("Given")
Table = TypeVar("Table")

_functions: Final[dict[str, Callable[..., Any]]] = {}
# By identity of the table, which is kept alive here: the name of its function, its arguments, and itself.
_made: Final[dict[int, tuple[str, tuple[Any, ...], object]]] = {}


def table(function: Callable[Given, Table]) -> Callable[Given, Table]:
    """
    Have a function make each table once, and checkpoints keep its name and arguments in place of the table.

    For functions of a module that take hashable positional arguments, and whose results nobody changes.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    tables: dict[tuple[Any, ...], Table] = {}

    def made(*args: Given.args, **kwargs: Given.kwargs) -> Table:
        found = tables.get(args)
        if found is None or kwargs:
            if kwargs:
                raise TypeError(f"{name} takes its arguments by position")
            found = tables[args] = function(*args, **kwargs)
            _made[id(found)] = name, args, found
        return found

    _functions[name] = made
    return made


def origin(value: object) -> tuple[str, tuple[Any, ...]] | None:
    """Name of the function, and arguments, that a table was made of; None for anything else."""
    found = _made.get(id(value))
    return None if found is None else found[:2]


def make(name: str, args: tuple[Any, ...]) -> object:
    """
    The table that a function makes of its arguments.

    Raises:
        FeedError: There is no such function.
    """
    named(name)  # its module may not have been imported yet
    function = _functions.get(name)
    if function is None:
        raise FeedError(f"no function {name} makes tables")
    return function(*args)
