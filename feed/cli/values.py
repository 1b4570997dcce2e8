"""How the text of an option becomes a value, where its type does not say."""

from __future__ import annotations

import math
import re
from typing import Final

import click

from feed.dialects.discovery import with_codec
from feed.scenario.times import parse_moment
from feed.settings import MOST_SPEED, Listen

_LISTEN: Final = re.compile(
    r"(?P<protocol>\w+)=(\[(?P<v6>[^]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>\d{1,5})", re.ASCII
)


def seconds(value: str | float) -> float:
    """A finite number of seconds."""
    number = _number(value)
    if number is None:
        raise click.BadParameter(f"{value!r} is not a number of seconds")
    return number


def market_time(value: str) -> int | None:
    """ISO-8601 as integer nanoseconds since the Unix epoch, UTC where it names no zone; None for ``now``."""
    if value == "now":
        return None
    try:
        return parse_moment(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a time such as 2024-03-06T16:20:00Z, nor now") from None


def speed(value: str | float) -> float:
    """Market seconds per second; 0 for ``max``. A typed 0 is refused: it may as well mean a halt."""
    number = _number(value)
    if value == "max":
        return 0.0
    if number is None or number <= 0:
        raise click.BadParameter(f"{value!r} is neither a number above 0 nor max")
    if number > MOST_SPEED:
        raise click.BadParameter(f"{value!r} is above {MOST_SPEED:.0f}; max is as fast as possible")
    return number


def listen(value: str) -> Listen:
    """``PROTOCOL=HOST:PORT``; an IPv6 address stands in brackets."""
    found = _LISTEN.fullmatch(value)
    try:
        if found is not None:
            return Listen(found["protocol"], found["v6"] or found["host"], int(found["port"]))
    except ValueError:
        pass  # no such port
    protocol = with_codec()[-1]
    raise click.BadParameter(f"{value!r} is not PROTOCOL=HOST:PORT, such as {protocol}=127.0.0.1:8083")


def _number(value: str | float) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
