"""Writes a market as a scenario file, with those parameters that are not the default ones."""

from __future__ import annotations

import enum
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from feed.model.market import MarketSpec
from feed.scenario.schema import VERSION, as_tables
from feed.scenario.times import duration_text, moment_text

BASE: Final = "bare"
"""The base of such a file: a market in which nothing is filled in but the defaults of its parameters."""

_WIDTH: Final = 100
_INSTRUMENTS: Final = "instruments"


def market_text(
    market: MarketSpec,
    *,
    name: str,
    about: str,
    seed: int,
    start: int,
    duration: int,
    remarks: Mapping[str, Iterable[str]] | None = None,
) -> str:
    """
    The text of a scenario file; read again, it gives this market. What has its default is left out.

    Args:
        market: What is traded, and by whom.
        name: Of the scenario.
        about: What it is for.
        seed: Of the market.
        start: Market time at which it opens, integer nanoseconds since the Unix epoch.
        duration: Nanoseconds from opening to end.
        remarks: Comments by symbol, which stand before the instrument.
    """
    values = as_tables(market)
    lines = [
        f"# Try it:   feed replay {name}.toml --speed max",
        f"# Serve it: feed serve --scenario {name}.toml",
        f"format = {VERSION}",
        f"name = {_value(name)}",
        f'about = """\n{_wrapped(about)}\n"""',
        f"seed = {seed}",
        f"start = {moment_text(start)}",
        f"duration = {_value(duration_text(duration))}",
        "",
        "[market]",
        f"base = {_value(BASE)}",
        *_entries(market, values, ""),
    ]
    for item, table in zip(market.instruments, values[_INSTRUMENTS], strict=True):
        lines += ["", *(f"# {remark}" for remark in (remarks or {}).get(item.instrument.symbol, ()))]
        lines += ["[[market.instruments]]", *_entries(item.instrument, table, "")]
        lines += _entries(item, table, "market.instruments")
    return "\n".join([*lines, *_groups(market, values, "market")]) + "\n"


def _entries(owner: Any, values: Mapping[str, Any], path: str) -> Iterator[str]:
    """The values of a class that are not its defaults; below ``path``, its groups too."""
    for field in attrs.fields(type(owner)):
        value = getattr(owner, field.name)
        if value != field.default and not attrs.has(type(value)) and field.name != _INSTRUMENTS:
            yield _assigned(field.name, values[field.name])
    if path:
        yield from _groups(owner, values, path)


def _groups(owner: Any, values: Mapping[str, Any], path: str) -> Iterator[str]:
    for field in attrs.fields(type(owner)):
        value = getattr(owner, field.name)
        # An instrument and its parameters share a table.
        if value != field.default and attrs.has(type(value)) and field.name != "instrument":
            inner = f"{path}.{field.name}"
            yield from ("", f"[{inner}]", *_entries(value, values[field.name], inner))


def _assigned(key: str, value: Any) -> str:
    return f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, dict):
        return "{ " + ", ".join(_assigned(key, one) for key, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    # JSON is TOML for numbers, truth values and, but for one character, strings.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _wrapped(text: str) -> str:
    """A text that can stand between three quotes."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(textwrap.wrap(plain, _WIDTH, break_long_words=False, break_on_hyphens=False))
