"""Turns validation errors of cattrs and attrs into messages: which key, what is wrong, what is allowed."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import attrs
import cattrs

from feed.model.durations import epoch_ns
from feed.model.market import MarketSpec

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of a TOML document, such as ``("timeline", 0, "at")``."""


class InvalidValue(ValueError):
    """
    A value of a wrong type or out of bounds.

    Attributes:
        what: What is wrong, in one clause.
        hint: What is allowed.
        path: Its place, relative to the value that was checked.
    """

    def __init__(self, what: str, hint: str = "", path: KeyPath = ()) -> None:
        self.what = what
        self.hint = hint
        self.path = path
        super().__init__(what)


@attrs.frozen
class Problem:
    """
    What is wrong with a document, and at which key.

    Attributes:
        path: The key, from the top of the document.
        what: What is wrong, in one clause.
        hint: What is allowed.
    """

    path: KeyPath
    what: str
    hint: str = ""

    @property
    def text(self) -> str:
        """The key's full name and what is wrong: ``timeline[2].at: found 90``."""
        name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        return f"{name}: {self.what}" if name else self.what


def found(value: Any) -> str:
    """A value for an error message, at most 60 characters: ``found "USD"``."""
    text = json.dumps(value, default=str)
    return f"found {text if len(text) <= 60 else text[:57] + '...'}"


_NAMED: Final = 40
"""Most names in one hint: there are more instruments than anybody reads."""


def did_you_mean(value: Any, allowed: Iterable[str]) -> str:
    """A hint for an unknown name: the most similar allowed name, else all of them, or the first of many."""
    names = list(allowed)
    near = difflib.get_close_matches(str(value), names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"allowed: {', '.join(names[:_NAMED])}{more}"


Suggest = Callable[[str, type[Any]], str]
"""Gives the hint for an unknown key, from the key and the class whose table it is in."""


def problems(error: BaseException, path: KeyPath = (), suggest: Suggest | None = None) -> Iterator[Problem]:
    """
    The single problems in an error of cattrs, which nests them.

    Args:
        error: What cattrs, or a hook of ours, raised.
        path: Key of the value that was structured.
        suggest: Gives hints for unknown keys; by default the most similar key of the class.
    """
    if isinstance(error, cattrs.BaseValidationError):
        missing = [key for inner in error.exceptions if isinstance(inner, KeyError) for key in _step(inner)]
        if missing:
            keys = ", ".join(map(str, missing))
            yield Problem(path, f"{keys} {'is' if len(missing) == 1 else 'are'} missing")
        for inner in error.exceptions:
            if not isinstance(inner, KeyError):
                yield from problems(inner, path + _step(inner), suggest)
    elif isinstance(error, InvalidValue):
        yield Problem(path + error.path, error.what, error.hint)
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields):
            hint = suggest(key, error.cl) if suggest else did_you_mean(key, keys_of(error.cl))
            yield Problem((*path, key), "unknown key", hint)
    else:
        yield _validator_problem(error, path)


def keys_of(owner: type[Any]) -> list[str]:
    """The keys that a file may use for an attrs class."""
    keys = ["base", "count"] if owner is MarketSpec else []
    for field in attrs.fields(attrs.resolve_types(owner)):
        # An instrument and its parameters are one table.
        keys += keys_of(field.type) if field.name == "instrument" else [field.name]
    return keys


def _step(error: BaseException) -> KeyPath:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            return () if note.name == "instrument" else (note.name,)
        if isinstance(note, cattrs.IterableValidationNote):
            return (note.index,)
    return ()


# The messages of attrs' validators: the name of the field, its bound, and the value.
_REFUSAL: Final = re.compile(r"(?:Length of )?'(\w+)' must (?:be )?(.*?)(?:: (\S+))?", re.DOTALL)


def _validator_problem(error: BaseException, path: KeyPath) -> Problem:
    """The problem that a validator of attrs found; its message has the field, which cattrs does not name."""
    text = str(error.args[0]) if error.args else str(error)
    refusal = _REFUSAL.fullmatch(text)
    if refusal is None:
        return Problem(path, text)
    name, bound, value = refusal.groups()
    return Problem((*path, name), f"found {value}" if value else "out of bounds", f"allowed: {bound}")


def structure_items(values: list[Any], structure: Callable[[Any], Any], kind: Any) -> tuple[Any, ...]:
    """
    The items of a list, each structured by itself, so that all errors are found.

    Args:
        values: The list.
        structure: Structures one item.
        kind: The type of the whole, for the error.
    Raises:
        cattrs.IterableValidationError: With the errors of all items.
    """
    items, errors = [], []
    for index, value in enumerate(values):
        try:
            items.append(structure(value))
        except (ValueError, cattrs.BaseValidationError) as error:
            error.add_note(cattrs.IterableValidationNote("", index, None))
            errors.append(error)
    if errors:
        raise cattrs.IterableValidationError("", errors, kind)
    return tuple(items)


def finite_number(value: Any) -> float | None:
    """A TOML number as a float; None for anything else, ``inf``, ``nan`` and integers beyond all floats."""
    try:
        return float(value) if type(value) in (int, float) and math.isfinite(value) else None
    except OverflowError:
        return None


def zoned_time(value: Any) -> int | None:
    """A TOML time with a time zone as nanoseconds since the Unix epoch; None for anything else."""
    return epoch_ns(value) if isinstance(value, datetime) and value.tzinfo is not None else None
