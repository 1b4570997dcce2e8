"""What a client says first in a protocol, for commands that listen to any of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import attrs


@attrs.frozen(kw_only=True)
class Handshake:
    """
    How a connection begins. A dialect's folder has it in ``handshake.py``, as ``handshake(symbol, key)``.

    Attributes:
        query: Added to the URL's own.
        messages: Sent at once.
    """

    query: dict[str, str] = attrs.field(factory=dict)
    messages: tuple[str, ...] = attrs.field(default=(), repr=False)


def requests(each: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """Messages of JSON."""
    return tuple(map(json.dumps, each))
