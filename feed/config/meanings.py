"""What docstrings say of classes and their fields, for ``--help``, ``feed config`` and ``/docs``."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any, Final

_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def meaning(owner: type[Any]) -> str:
    """The first paragraph of a class's docstring, in one line."""
    return _plain((inspect.getdoc(owner) or "").partition("\n\n")[0])


def meanings(owner: type[Any]) -> dict[str, str]:
    """What docstrings of ``owner`` and its bases say under ``Attributes:``, by field, each in one line."""
    found: dict[str, str] = {}
    for base in reversed(owner.__mro__):
        found |= _said_in(base.__doc__ or "")
    return found


@cache
def _said_in(doc: str) -> dict[str, str]:
    return {name: _plain(text) for name, text in _ATTRIBUTE.findall(inspect.cleandoc(doc))}


def attributes(text: str) -> dict[str, str]:
    """The same for a docstring that a library hands on: by field, as it was written."""
    return {name: " ".join(said.split()) for name, said in _ATTRIBUTE.findall(text)}


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "").split())
