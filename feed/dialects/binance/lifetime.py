"""How long a connection lasts: nearly all of a day, then a notice, then the end."""

from __future__ import annotations

from typing import Final

from feed.dialects.binance.policy import BinancePolicy
from feed.dialects.contract import Close

EXPIRED: Final = Close(1001, "Connection expired")


class Lifetime:
    """
    The spans of one connection's life.

    Attributes:
        seconds: Until the present one is over.
    """

    def __init__(self, policy: BinancePolicy) -> None:
        self._notice_seconds = min(policy.shutdown_notice_seconds, policy.stream_connection_seconds / 2)
        self._given_notice = False
        self.seconds = policy.stream_connection_seconds - self._notice_seconds

    def over(self) -> bool:
        """The present span is over: whether it was the last."""
        if self._given_notice:
            return True
        self._given_notice, self.seconds = True, self._notice_seconds
        return False
