"""From what cattrs and attrs complain of to what an author needs: where, what, and what instead."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import attrs
import cattrs

from feed.model.market import MarketSpec
from feed.scenario.lines import Path


class InvalidValue(ValueError):
    """
    A value that does not belong where it stands.

    Attributes:
        what: What is wrong, in one clause.
        hint: What is allowed.
        path: Where, from the value that was looked at.
    """

    def __init__(self, what: str, hint: str = "", path: Path = ()) -> None:
        self.what = what
        self.hint = hint
        self.path = path
        super().__init__(what)


@attrs.frozen
class Problem:
    """
    A misfit and its place in the file.

    Attributes:
        path: From the top.
        what: What is wrong, in one clause.
        hint: What is allowed.
    """

    path: Path
    what: str
    hint: str = ""

    @property
    def text(self) -> str:
        """The key's full name and what is wrong: ``timeline[2].at: found 90``."""
        name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        return f"{name}: {self.what}" if name else self.what


def found(value: Any) -> str:
    """A value as an error shows it."""
    text = json.dumps(value, default=str)
    return f"found {text if len(text) <= 60 else text[:57] + '...'}"


def choice(value: Any, allowed: Iterable[str]) -> str:
    """What to take instead of an unknown name: the nearest one, else all."""
    names = list(allowed)
    near = difflib.get_close_matches(str(value), names, n=1)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(names)}"


Suggest = Callable[[str, type[Any]], str]
"""What to take instead of a key that a class does not have."""


def problems(error: BaseException, path: Path = (), suggest: Suggest | None = None) -> Iterator[Problem]:
    """Every leaf of what cattrs raised. ``suggest`` may know more than the nearest key of the class."""
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
            hint = suggest(key, error.cl) if suggest else choice(key, keys_of(error.cl))
            yield Problem((*path, key), "unknown key", hint)
    else:
        yield _refused(error, path)


def keys_of(owner: type[Any]) -> list[str]:
    """The keys that a file may use for an attrs class."""
    keys = ["base", "count"] if owner is MarketSpec else []
    for field in attrs.fields(attrs.resolve_types(owner)):
        # An instrument and its character are one table.
        keys += keys_of(field.type) if field.name == "instrument" else [field.name]
    return keys


def _step(error: BaseException) -> Path:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            return () if note.name == "instrument" else (note.name,)
        if isinstance(note, cattrs.IterableValidationNote):
            return (note.index,)
    return ()


# How attrs' validators put it: the name of the field, what it must be, and what it is.
_REFUSAL: Final = re.compile(r"(?:Length of )?'(\w+)' must (?:be )?(.*?)(?:: (\S+))?", re.DOTALL)


def _refused(error: BaseException, path: Path) -> Problem:
    """A validator's complaint. It knows the field, which cattrs then does not name."""
    text = str(error.args[0]) if error.args else str(error)
    refusal = _REFUSAL.fullmatch(text)
    if refusal is None:
        return Problem(path, text)
    name, bound, value = refusal.groups()
    return Problem((*path, name), f"found {value}" if value else "out of bounds", f"allowed: {bound}")
