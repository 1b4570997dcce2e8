"""
What the operator decides where a protocol leaves it open: part of :mod:`feed.settings`.

A protocol says it in the module ``policy`` of its folder, whose ``POLICY`` holds the defaults.

This is the one arrow from settings to protocols. It must be there: a settings file and ``feed config`` name
every policy with its type and bounds, ``Settings`` is whole before a server is, and a folder that is deleted
takes its policy along. It closes no circle, for these modules import values and none of the code that
speaks a protocol, which ``tests/test_architecture.py`` checks.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attr
import attrs

import feed.dialects


def _modules() -> dict[str, ModuleType]:
    """The module ``policy`` of every protocol that has one, in alphabetical order."""
    found = {}
    for name in sorted(
        module.name for module in pkgutil.iter_modules(feed.dialects.__path__) if module.ispkg
    ):
        module = f"feed.dialects.{name}.policy"
        if importlib.util.find_spec(module) is not None:
            found[name] = importlib.import_module(module)
    return found


MODULES = _modules()

if TYPE_CHECKING:

    class Policies:
        """What the operator decides where a protocol leaves it open, by protocol."""

        def __init__(self, **policies: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

else:
    Policies = attrs.make_class(
        "Policies",
        {name: attr.ib(default=module.POLICY, type=type(module.POLICY)) for name, module in MODULES.items()},
        frozen=True,
        kw_only=True,
    )
    Policies.__doc__ = "What the operator decides where a protocol leaves it open, by protocol."
    Policies.__module__ = __name__
