"""
Keys that were wrong, counted by the address that they came from.

A key cannot be guessed; but whoever tries shall not do so as fast as this server can look. Past the
bound no key from that address is looked at until the minute is over, but those that were good there
before: a neighbour behind the same address who guesses locks nobody out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final

from feed.server.limits import WINDOW_SECONDS

ADDRESSES: Final = 65_536  # counted apart in a minute; further ones are counted together
REMEMBERED: Final = 4096  # pairs of an address and a key that was good there
_SITE_BITS: Final = 64  # of an IPv6 address: whoever has one has all that share them
_OTHERS: Final = ""


class Guesses:
    """Counts wrong keys in windows of a minute, the same for all; what a window counted is forgotten."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        """
        Begin with nothing counted.

        Args:
            per_minute: Wrong keys from one address.
            clock: Seconds that never go back.
        """
        self._per_minute = per_minute
        self._clock = clock
        self._window = -1.0
        self._wrong: dict[str, int] = {}
        self._good: dict[tuple[str, bytes], None] = {}

    def wait(self, address: str, digest: bytes) -> float:
        """
        Seconds until a key may be looked at; 0 for now.

        Args:
            address: Where it comes from.
            digest: Its SHA-256.
        """
        self._turn()
        if self._wrong.get(self._counted(address), 0) < self._per_minute:
            return 0.0
        if (_site(address), digest) in self._good:
            return 0.0
        return WINDOW_SECONDS - self._clock() % WINDOW_SECONDS

    def wrong(self, address: str) -> None:
        """A key from ``address`` was wrong."""
        self._turn()
        who = self._counted(address)
        self._wrong[who] = min(self._wrong.get(who, 0) + 1, self._per_minute)

    def good(self, address: str, digest: bytes) -> None:
        """A key from ``address`` was good."""
        pair = (_site(address), digest)
        self._good.pop(pair, None)
        self._good[pair] = None
        if len(self._good) > REMEMBERED:
            del self._good[next(iter(self._good))]

    def _turn(self) -> None:
        window = self._clock() // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._wrong = {}

    def _counted(self, address: str) -> str:
        who = _site(address)
        return who if who in self._wrong or len(self._wrong) < ADDRESSES else _OTHERS


def _site(address: str) -> str:
    """What one client can hardly change of its address."""
    if ":" not in address:
        return address
    try:
        whole = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(whole.ipv4_mapped or ipaddress.IPv6Network((whole, _SITE_BITS), strict=False))
