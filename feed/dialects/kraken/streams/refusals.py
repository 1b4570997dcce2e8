"""Requests of the second WebSocket API that are answered with an error."""

from __future__ import annotations

from typing import Final

from feed.errors import ProtocolError

UNKNOWN_PAIR: Final = "Currency pair not supported"
INVALID_SESSION: Final = "ESession:Invalid session"
"""The token is none, or is not good any more."""
NO_PERMISSION: Final = "EAccount:Invalid permissions"


class Refused(ProtocolError):
    """
    A request that is answered with an error.

    Attributes:
        method: Of the request; None where it has none that could be read.
        number: Its ``req_id``; None where it has none.
    """

    def __init__(self, what: str, method: str | None = None, number: int | None = None) -> None:
        self.method = method
        self.number = number
        super().__init__(what)
