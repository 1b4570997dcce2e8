"""
The exchange's errors of REST: a status of HTTP, and one text.

Programs compare the text. Source: "Errors" of the REST documents, and the tables of ccxt.
"""

from __future__ import annotations

from typing import Final

import msgspec

from feed.dialects.access import Problem, Shape


class ErrorBody(Shape):
    """
    A request that was refused.

    Attributes:
        message: What is wrong.
    """

    message: str


class ExchangeError(Problem):
    """A request that is refused, in the exchange's own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, "refused", message)


MAINTENANCE: Final = "Coinbase Exchange is under maintenance"
NOT_FOUND: Final = "NotFound"
TOO_MANY_CONNECTIONS: Final = "Too many connections"
_TEXTS: Final = {
    "forbidden": "Forbidden",
    "internal": "Internal server error",
    "not_found": NOT_FOUND,
    "rate_limit_exceeded": "Rate limit exceeded",
    "unavailable": "Service unavailable",
}
"""Texts for what the server refuses before the protocol is asked; else it says so in a sentence."""


def not_found() -> ExchangeError:
    """That there is no such thing."""
    return ExchangeError(404, NOT_FOUND)


def bad(message: str) -> ExchangeError:
    """That a request cannot be."""
    return ExchangeError(400, message)


def worded(problem: Problem) -> ErrorBody:
    """Any refusal in the exchange's style."""
    return ErrorBody(_TEXTS.get(problem.code, problem.message))


def text_of(body: ErrorBody) -> str:
    """As it stands in an answer."""
    return msgspec.json.encode(body).decode()
