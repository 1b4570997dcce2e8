"""The numbers that clients give their signed requests, and that must rise: no request acts twice."""

from __future__ import annotations

from typing import Final


class Nonces:
    """
    The last nonce of each key, in memory.

    Args:
        most: Keys that are remembered; of more the one is forgotten that has asked for nothing longest.
    """

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._last: Final[dict[str, int]] = {}

    def take(self, key: str, nonce: int) -> bool:
        """
        Remember a nonce, if it is higher than all before it.

        Args:
            key: A name that no other key has.
            nonce: The number.
        """
        if nonce <= self._last.get(key, -1):
            return False
        self._last.pop(key, None)  # the newest stands last
        self._last[key] = nonce
        if len(self._last) > self._most:
            del self._last[next(iter(self._last))]
        return True
