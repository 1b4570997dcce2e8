"""
Requests and answers of the WebSocket API, as texts.

Source: "Request format", "Response format" and "Rate limits" of the WebSocket API's document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from feed.dialects.access import Problem
from feed.dialects.binance import errors
from feed.dialects.binance.errors import BinanceError, worded
from feed.dialects.binance.limits import RateLimit
from feed.dialects.messages import MOST_PARTS, parts

Id = int | str | None
"""Of a request; the answer has it as it came."""

_ID: Final = re.compile(r"[a-zA-Z0-9\-_]{1,36}", re.ASCII)
_ID_RANGE: Final = "^[a-zA-Z0-9-_]{1,36}$"
_VERSION: Final = "v3/"
_MS: Final = 1000  # in a second
# Signatures cover numbers as they were written, and a number with a point has more than one spelling.
_decode: Final = msgspec.json.Decoder(float_hook=str).decode
_encode: Final = msgspec.json.Encoder().encode


@attrs.frozen
class ApiRequest:
    """
    One request.

    Attributes:
        id: Of the request.
        method: Its method, without a version.
        params: Its parameters.
    """

    id: Id
    method: str
    params: Mapping[str, Any] = attrs.field(repr=False)


class Malformed(BinanceError):
    """
    A message that is no request.

    Attributes:
        id: Of what it may have been; None where that cannot be read.
    """

    def __init__(self, problem: BinanceError, number: Id = None) -> None:
        self.id = number
        super().__init__(problem.number, problem.message, problem.status)


def decode(text: str) -> ApiRequest:
    """
    The request in one message.

    Raises:
        Malformed: There is none.
    """
    if parts(text) > MOST_PARTS:
        raise Malformed(errors.TOO_MANY_PARAMETERS.error(MOST_PARTS, parts(text)))
    try:
        fields = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise Malformed(errors.INVALID_JSON.error()) from None
    if not isinstance(fields, dict):
        raise Malformed(errors.INVALID_JSON.error())
    number = fields.get("id")
    if not _is_id(number):
        raise Malformed(errors.ILLEGAL_CHARACTERS.error("id", _ID_RANGE))
    method, params = fields.get("method"), fields.get("params")
    if not isinstance(method, str) or not method:
        raise Malformed(errors.MISSING.error("method"), number)
    if not isinstance(params, dict | None):
        raise Malformed(errors.MISSING.error("params"), number)
    return ApiRequest(number, method.removeprefix(_VERSION), params or {})


def result(number: Id, found: object, limits: Sequence[tuple[RateLimit, int]] | None) -> str:
    """
    A good answer.

    Args:
        number: Id of the request.
        found: The answer.
        limits: Limits that the request counts towards, and how much of them is used; None for not to tell.
    """
    return _encode({"id": number, "status": 200, "result": found, **_limits(limits)}).decode()


def failure(
    number: Id,
    problem: Problem,
    limits: Sequence[tuple[RateLimit, int]] | None,
    *,
    now: float = 0,
) -> str:
    """
    A refusal.

    Args:
        number: Id of the request.
        problem: Why; its header ``Retry-After``, where it has one, is told as a time.
        limits: See :func:`result`.
        now: Seconds since the Unix epoch.
    """
    error: dict[str, Any] = msgspec.to_builtins(worded(problem))
    wait = problem.headers.get("Retry-After")
    if wait is not None:
        error["data"] = {"serverTime": int(now * _MS), "retryAfter": int((now + int(wait)) * _MS)}
    return _encode({"id": number, "status": problem.status, "error": error, **_limits(limits)}).decode()


def _limits(limits: Sequence[tuple[RateLimit, int]] | None) -> dict[str, Any]:
    if limits is None:
        return {}
    return {
        "rateLimits": [
            {
                "rateLimitType": limit.rateLimitType,
                "interval": limit.interval,
                "intervalNum": limit.intervalNum,
                "limit": limit.limit,
                "count": count,
            }
            for limit, count in limits
        ]
    }


def _is_id(number: object) -> bool:
    if isinstance(number, bool):
        return False
    if isinstance(number, int):
        return -(2**63) <= number < 2**63
    if isinstance(number, str):
        return _ID.fullmatch(number) is not None
    return number is None
