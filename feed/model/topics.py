"""Topics, to which clients subscribe."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

import attrs


@attrs.frozen(order=True, cache_hash=True)
class Topic:
    """
    One channel of one instrument in one protocol.

    Everyone who listens to a topic gets the same frames, encoded once. Topics have a total order,
    so that an event that concerns two topics of one connection puts their frames in the same order
    on every run.

    Attributes:
        dialect: Name of the protocol.
        channel: The protocol's channel, such as ``tick``.
        instrument: Index into the market's listing.
        options: Connection options that change the bytes, as sorted ``(name, value)`` pairs.
    """

    dialect: str
    channel: str
    instrument: int
    options: tuple[tuple[str, str], ...] = ()


in_order: Final[Callable[[Topic], tuple[Any, ...]]] = attrgetter(
    "dialect", "channel", "instrument", "options"
)
"""The key that sorts topics as they compare, without a call for each comparison."""
