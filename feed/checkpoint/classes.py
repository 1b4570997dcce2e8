"""Names of classes and functions in a checkpoint, and the attributes of each class that are kept."""

from __future__ import annotations

import enum
import importlib
from abc import ABC
from functools import cache
from types import FunctionType, MemberDescriptorType
from typing import Any, Final, Generic, Protocol, cast, runtime_checkable

from feed.errors import FeedError

_PACKAGE: Final = "feed"
_ABSTRACT: Final = frozenset({object, ABC, Generic, cast("Any", Protocol)})
"""Bases that add nothing to an instance."""


@runtime_checkable
class HasCheckpointState(Protocol):
    """An object of which something else is kept than its attributes."""

    def checkpoint_state(self) -> object:
        """
        What is kept in place of its attributes.

        Raises:
            MarketError: It cannot be kept.
        """

    def restore_checkpoint_state(self, state: Any) -> None:
        """
        Go on from there; called on an instance without attributes, when everything else is restored.

        Raises:
            FeedError: It cannot.
        """


def is_ours(kind: type) -> bool:
    """Whether a class is one of this package, found by its name, and no kind of a built-in container."""
    return (
        _inside(kind.__module__)
        and "<" not in kind.__qualname__
        and all(base in _ABSTRACT or _inside(base.__module__) for base in kind.__mro__)
    )


def is_named_tuple(kind: type) -> bool:
    """Whether a class of this package is a tuple with names for its items."""
    return kind.__bases__ == (tuple,) and _inside(kind.__module__) and hasattr(kind, "_fields")


def is_our_enum(kind: type) -> bool:
    """Whether a class of this package is an enumeration."""
    return issubclass(kind, enum.Enum) and _inside(kind.__module__) and "<" not in kind.__qualname__


def has_state(kind: type) -> bool:
    """Whether something else is kept of its instances than their attributes."""
    return issubclass(kind, HasCheckpointState)


@cache
def slots(kind: type) -> tuple[str, ...]:
    """The attributes of an instance that are in slots, those of base classes first."""
    return tuple(
        name
        for base in reversed(kind.__mro__)
        for name, member in vars(base).items()
        if isinstance(member, MemberDescriptorType)
    )


def name_of(value: type | FunctionType) -> str:
    """Module and name, such as ``feed.book.level:Level``."""
    return f"{value.__module__}:{value.__qualname__}"


def is_found(value: type | FunctionType) -> bool:
    """Whether a class or a function of this package is what its name leads to."""
    if not _inside(value.__module__ or ""):
        return False
    try:
        return named(name_of(value)) is value
    except FeedError:
        return False


def named(name: str) -> Any:
    """
    The class or function of a name, in this package alone.

    Raises:
        FeedError: There is none.
    """
    module, _, path = name.partition(":")
    try:
        if not _inside(module):
            raise FeedError(f"{name} in a checkpoint is not of this package")
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError):
        raise FeedError(f"there is no {name}, which a checkpoint names") from None
    if not isinstance(found, type | FunctionType):
        raise FeedError(f"{name} in a checkpoint is neither a class nor a function")
    return found


def class_named(name: str) -> type:
    """
    The class of a name.

    Raises:
        FeedError: There is none.
    """
    found = named(name)
    if not isinstance(found, type):
        raise FeedError(f"{name} in a checkpoint is no class")
    return found


def _inside(module: str) -> bool:
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
