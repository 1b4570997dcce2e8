"""
The exchange's errors of REST: HTTP status, and a body of three fields.

Source: "REST API Error Responses" of the documents, and the tables of ccxt.
"""

from __future__ import annotations

from typing import Final

import msgspec

from feed.dialects.access import Problem, Shape


class ErrorBody(Shape):
    """
    A request that was refused.

    Attributes:
        error: What is wrong, a fixed word; programs go by it.
        error_details: One sentence.
        message: The same.
    """

    error: str
    error_details: str
    message: str


class CoinbaseError(Problem):
    """
    A request that is refused, in the exchange's own words.

    Args:
        status: Of HTTP.
        error: A fixed word, such as ``INVALID_ARGUMENT``.
        details: One sentence.
    """

    def __init__(self, status: int, error: str, details: str) -> None:
        super().__init__(status, error, details)


def unauthorized(details: str = "Unauthorized") -> CoinbaseError:
    """No key, or one that is not accepted, or a token or signature that is not good."""
    return CoinbaseError(401, "unauthorized", details)


def invalid(details: str) -> CoinbaseError:
    """No such request can be."""
    return CoinbaseError(400, "INVALID_ARGUMENT", details)


def unknown_product(product_id: str) -> CoinbaseError:
    """There is no such product."""
    return CoinbaseError(404, "NOT_FOUND", f"ProductID {product_id[:40]!r} could not be found.")


def too_many_connections() -> ErrorBody:
    """What is answered in place of the handshake to an address that connects too often."""
    details = "Too many connections"
    return ErrorBody(error="rate_limit_exceeded", error_details=details, message=details)


MISSING_SCOPES: Final = "Missing required scopes"
_WORDS: Final = {
    "forbidden": "PERMISSION_DENIED",
    "internal": "internal_server_error",
    "method_not_allowed": "not_found",
    "not_found": "not_found",
    "rate_limit_exceeded": "rate_limit_exceeded",
    "timeout": "DEADLINE_EXCEEDED",
    "unauthorized": "unauthorized",
    "unavailable": "UNAVAILABLE",
}
"""Words for what the server refuses before the protocol is asked; else the argument is invalid."""


def worded(problem: Problem) -> ErrorBody:
    """Any refusal in the exchange's style."""
    own = isinstance(problem, CoinbaseError)
    word = problem.code if own else _WORDS.get(problem.code, "INVALID_ARGUMENT")
    return ErrorBody(error=word, error_details=problem.message, message=problem.message)


def text_of(body: ErrorBody) -> str:
    """As it stands in an answer."""
    return msgspec.json.encode(body).decode()
