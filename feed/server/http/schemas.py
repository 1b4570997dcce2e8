"""JSON schemas of the types that answers and messages are made of, with what their docstrings say of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from feed.config.fields import attributes

_REF: Final = "#/components/schemas/{name}"


def schemas_of(types: Iterable[Any]) -> tuple[dict[int, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The schema of each type, by its identity, and the components that these refer to, by name."""
    kinds = {id(kind): kind for kind in types}
    schemas, components = msgspec.json.schema_components(kinds.values(), ref_template=_REF)
    for component in components.values():
        _say_what_it_means(component)
        _write_decimals_as_numbers(component)
    return dict(zip(kinds, schemas, strict=True)), components


def _say_what_it_means(component: dict[str, Any]) -> None:
    """Put what a docstring says of its attributes where it belongs."""
    text = inspect.cleandoc(component.get("description", ""))
    component["description"] = text.partition("\n\n")[0]
    for field, meaning in attributes(text).items():
        component["properties"][field].setdefault("description", meaning)


def _write_decimals_as_numbers(component: dict[str, Any]) -> None:
    """As answers do; the library that knows the types takes them for texts."""
    for field in component.get("properties", {}).values():
        if field.get("format") == "decimal":
            field["type"] = "number"
            del field["format"]
