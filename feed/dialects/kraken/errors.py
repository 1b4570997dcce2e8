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
from feed.dialects.messages import clip


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

INVALID_KEY: Final = "EAPI:Invalid key"
INVALID_SIGNATURE: Final = "EAPI:Invalid signature"
INVALID_NONCE: Final = "EAPI:Invalid nonce"
PERMISSION_DENIED: Final = "EGeneral:Permission denied"
INTERNAL_ERROR: Final = "EGeneral:Internal error"
RATE_LIMIT: Final = "EAPI:Rate limit exceeded"
TEMPORARY_LOCKOUT: Final = "EGeneral:Temporary lockout"
UNAVAILABLE: Final = "EService:Unavailable"
DEADLINE_ELAPSED: Final = "EService:Deadline elapsed"
CANCEL_ONLY: Final = "EService:Market in cancel_only mode"
LIMIT_ONLY: Final = "EService:Market in limit_only mode"

UNKNOWN_ORDER: Final = "EOrder:Unknown order"
INSUFFICIENT_FUNDS: Final = "EOrder:Insufficient funds"
MINIMUM_NOT_MET: Final = "EOrder:Order minimum not met"
COST_MINIMUM_NOT_MET: Final = "EOrder:Cost minimum not met"
TICK_SIZE: Final = "EOrder:Tick size check failed"
ORDER_RATE_LIMIT: Final = "EOrder:Rate limit exceeded"
ORDERS_LIMIT: Final = "EOrder:Orders limit exceeded"
POST_ONLY: Final = "EOrder:Post only order"
NO_POSITION: Final = "EOrder:Reduce only:No position exists"
INVALID_ORDER: Final = "EOrder:Invalid order"
INVALID_PRICE: Final = "EOrder:Invalid price:Invalid price argument"


def invalid(name: str) -> KrakenError:
    """That a parameter of an order cannot be."""
    return KrakenError(f"{INVALID_ARGUMENTS}:{clip(name)}")


def too_many_decimals(symbol: str, decimals: int) -> KrakenError:
    """That a price has more digits than those of a pair."""
    return KrakenError(
        f"EOrder:Invalid price:{symbol} price can only be specified up to {decimals} decimals."
    )


def unknown_outcome() -> KrakenError:
    """That nobody knows what a request did."""
    return KrakenError(INTERNAL_ERROR)


_TEXTS: Final = {
    "forbidden": PERMISSION_DENIED,
    "internal": INTERNAL_ERROR,
    "method_not_allowed": UNKNOWN_METHOD,
    "not_found": UNKNOWN_METHOD,
    "rate_limit_exceeded": RATE_LIMIT,
    "timeout": DEADLINE_ELAPSED,
    "unauthorized": INVALID_KEY,
    "unavailable": UNAVAILABLE,
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
