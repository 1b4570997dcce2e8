"""
Keys that were wrong, counted by the address that they came from.

A key cannot be guessed; but whoever tries shall not do so as fast as this server can look. Past the
bound no key from that address is looked at until the minute is over, but those that were good there
before: whoever guesses from behind a shared address locks nobody out who uses it too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final

from feed.server.limits import MINUTE, WindowCounter
from feed.settings import Limits

_SITE_BITS: Final = 64  # of an IPv6 address: whoever has one has all that share them


class WrongKeyCounter:
    """Counts wrong keys in windows of a minute, the same for all; what a window counted is forgotten."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """
        Begin with nothing counted.

        Args:
            limits: How many wrong keys an address may show, and how much is kept of them.
            clock: Seconds that never go back.
        """
        self._limits = limits
        self._clock = clock
        self._wrong = WindowCounter(MINUTE, most=limits.counted_addresses)
        self._good: dict[tuple[str, bytes], None] = {}

    def wait(self, address: str, digest: bytes) -> float:
        """
        Seconds until a key may be looked at; 0 for now.

        Args:
            address: Where it comes from.
            digest: Its SHA-256.
        """
        now = self._clock()
        if self._wrong.count(_site(address), now) < self._limits.wrong_keys_per_minute:
            return 0.0
        return 0.0 if (_site(address), digest) in self._good else self._wrong.left(now)

    def wrong(self, address: str) -> None:
        """A key from ``address`` was wrong."""
        self._wrong.take(_site(address), self._limits.wrong_keys_per_minute, self._clock())

    def good(self, address: str, digest: bytes) -> None:
        """A key from ``address`` was good."""
        pair = (_site(address), digest)
        self._good.pop(pair, None)
        self._good[pair] = None
        if len(self._good) > self._limits.remembered_keys:
            del self._good[next(iter(self._good))]


def _site(address: str) -> str:
    """What one client can hardly change of its address."""
    if ":" not in address:
        return address
    try:
        whole = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(whole.ipv4_mapped or ipaddress.IPv6Network((whole, _SITE_BITS), strict=False))
