"""
The exchange's errors of REST: texts in the field ``error`` of an answer that is good by HTTP.

The first letter says how bad it is, what follows up to the colon what it is about, and the rest what it is:
programs compare the whole. Source: "Errors" of the REST documents, and the tables of ccxt and
python-kraken-sdk.
"""

from __future__ import annotations

from typing import Final

import msgspec

from feed.dialects.access import Problem, Shape


class ErrorBody(Shape):
    """
    A request that was refused.

    Attributes:
        error: What is wrong, one or more texts.
    """

    error: list[str]


class KrakenError(Problem):
    """A request that is refused, in the exchange's own words; by HTTP the answer is good."""

    def __init__(self, text: str) -> None:
        super().__init__(200, text, text)


INVALID_ARGUMENTS: Final = "EGeneral:Invalid arguments"
UNKNOWN_METHOD: Final = "EGeneral:Unknown method"
UNKNOWN_PAIR: Final = "EQuery:Unknown asset pair"
UNKNOWN_ASSET: Final = "EQuery:Unknown asset"

_TEXTS: Final = {
    "forbidden": "EGeneral:Permission denied",
    "internal": "EGeneral:Internal error",
    "method_not_allowed": UNKNOWN_METHOD,
    "not_found": UNKNOWN_METHOD,
    "rate_limit_exceeded": "EAPI:Rate limit exceeded",
    "timeout": "EService:Deadline elapsed",
    "unauthorized": "EAPI:Invalid key",
    "unavailable": "EService:Unavailable",
}
"""Texts for what the server refuses before the protocol is asked; else the arguments are invalid."""


def worded(problem: Problem) -> ErrorBody:
    """Any refusal in the exchange's style."""
    if isinstance(problem, KrakenError):
        return ErrorBody([problem.code])
    return ErrorBody([_TEXTS.get(problem.code, INVALID_ARGUMENTS)])


def text_of(body: ErrorBody) -> str:
    """As it stands in an answer."""
    return msgspec.json.encode(body).decode()
