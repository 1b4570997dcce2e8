"""Which version of the market this is: a checksum over the source that determines its events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

PACKAGES: Final = (
    "agents",
    "analytics",
    "book",
    "checkpoint",
    "model",
    "scenario",
    "settings",
    "sim",
    "state",
    "stream",
)
"""What computes events, what checkpoints and their histories keep of it, and the defaults of parameters."""

_LENGTH: Final = 16  # hex digits


@cache
def engine_digest() -> str:
    """
    SHA-256 over the sources of :data:`PACKAGES`, its first 16 digits.

    Two processes with the same digest compute the same events from the same inputs, and each reads the
    checkpoints of the other. Any change of the source is another engine, be it of a comment: nobody has to
    judge which changes matter.
    """
    return _digest(PACKAGES)


@cache
def source_digest() -> str:
    """As :func:`engine_digest`, over everything: two processes with the same also word events alike."""
    return _digest(("",))


def _digest(packages: Sequence[str]) -> str:
    found = hashlib.sha256()
    for package in packages:
        for path, source in _sources(files("feed").joinpath(*package.split("/")), package):
            found.update(f"{path} {len(source)}\n".encode())
            found.update(source)
    return found.hexdigest()[:_LENGTH]


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """The modules of a folder and of those below, sorted by name."""
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        name = f"{path}/{item.name}"
        if item.is_dir():
            yield from _sources(item, name)
        elif item.name.endswith(".py"):
            yield name, item.read_bytes()
