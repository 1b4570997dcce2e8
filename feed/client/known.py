"""The symbols that a server lists: for messages about unknown ones, and for defaults."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from feed.errors import ClientError
from feed.model.symbols import NearNames, plain

PATH: Final = "/api/v1/markets"
"""Where every server of this project lists what it has, for anybody."""
NAMED: Final = 12
"""Most names in one message."""


class SymbolUnknown(ClientError):
    """
    The server does not list a symbol: waiting for it would not help.

    Attributes:
        known: The symbols that it has, the nearest first; empty where it does not say.
    """

    def __init__(self, message: str, known: Sequence[str] = ()) -> None:
        self.known = tuple(known)
        super().__init__(message)


class Market(msgspec.Struct):
    """One instrument of a listing."""

    market: str


_LISTING: Final = msgspec.json.Decoder(list[Market])


def listing_url(url: str) -> str:
    """Where the server of a WebSocket URL lists its symbols."""
    parts = urlsplit(url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}{PATH}"


def symbols_of(body: bytes | None) -> list[str]:
    """The symbols in a listing, in its order; none when it is no listing."""
    try:
        return [item.market for item in _LISTING.decode(body or b"")]
    except msgspec.DecodeError:
        return []


def unknown(message: str, asked: Sequence[str], known: Sequence[str]) -> SymbolUnknown:
    """
    The error for a refused symbol, with the nearest known ones.

    Args:
        message: The server's.
        asked: What was asked for.
        known: What the server has, in its order.
    """
    if not known:
        return SymbolUnknown(message)
    near = NearNames(known)
    strange = [name for name in asked if name not in known]
    text, _, meant = message.partition("; did you mean")
    # The server knows venues that no symbol tells, and so may suggest what does not look alike.
    first = dict.fromkeys(_named(meant, known))
    first |= dict.fromkeys(one for name in strange for one in near.find(name))
    names = [*first, *(name for name in known if name not in first)]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return SymbolUnknown(f"{text}; known are {', '.join(names[:NAMED])}{more}", names)


def _named(text: str, known: Sequence[str]) -> list[str]:
    """The known symbols that a text names, in any spelling, or as the last part of a channel's name."""
    spelled = {plain(name): name for name in known}
    words = (plain(word.rpartition("_")[2]) for word in re.findall(r"[^\s,?]+", text))
    return [spelled[word] for word in words if word in spelled]


def choose(known: Sequence[str], liked: Sequence[str]) -> list[str]:
    """A few symbols to begin with: those that are liked, as far as they are known, or the first."""
    return [name for name in liked if name in known] or list(known[: len(liked)]) or list(liked)
