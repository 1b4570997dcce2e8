"""The numbers that clients give their signed requests, and that must rise: no request acts twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feed.server.durable.service_log import ServiceLog


class Nonces:
    """
    The last nonce of each key.

    Args:
        most: Keys that are remembered; of more the one is forgotten that has asked for nothing longest.
        service_log: Where they are recorded.
    """

    def __init__(self, most: int, service_log: ServiceLog) -> None:
        self._most: Final = most
        self._log: Final = service_log
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
        self._log.nonce(key, nonce)
        remember(self._last, key, nonce, self._most)
        return True

    def recorded(self) -> dict[str, int]:
        """The last nonce of each key, by its mark."""
        return dict(self._last)

    def restore(self, recorded: Mapping[str, int]) -> None:
        """Take back those that were recorded, in the order in which the keys have asked."""
        for key, nonce in recorded.items():
            remember(self._last, key, nonce, self._most)


def remember(nonces: dict[str, int], key: str, nonce: int, most: int) -> None:
    """Note the last nonce of a key among those of ``most`` keys, the newest last."""
    nonces.pop(key, None)
    nonces[key] = nonce
    if len(nonces) > most:
        del nonces[next(iter(nonces))]
