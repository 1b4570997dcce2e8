"""
What a client may ask for on a connection of streams, and the exchange's words for what is wrong with it.

Source: "Live Subscribing/Unsubscribing to streams" and "Error Messages" of "WebSocket Streams".
"""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, Final

import attrs
import msgspec

from feed.dialects.messages import message, parts
from feed.errors import ProtocolError

UNKNOWN_PROPERTY: Final = 0
INVALID_VALUE: Final = 1
INVALID_REQUEST: Final = 2
INVALID_JSON: Final = 3

COMBINED: Final = "combined"
METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
MOST_PARTS: Final = 1100
"""Values in one message; it is room for as many streams as a connection may have."""
_LONGEST_ID: Final = 36

Id = int | str | None
"""Of a request; the answer has it as it came."""


class Refused(ProtocolError):
    """
    A request that is answered with an error.

    Attributes:
        reason: One of the numbers above.
        number: Id of the request; an ellipsis where it has none that could be read.
    """

    def __init__(self, reason: int, what: str) -> None:
        self.reason = reason
        self.number: Id | EllipsisType = ...
        super().__init__(what)

    @property
    def text(self) -> str:
        """The answer."""
        named = {} if self.number is ... else {"id": self.number}
        return message(error={"code": self.reason, "msg": self.message}, **named)


@attrs.frozen
class Subscribe:
    """
    Begin to listen.

    Attributes:
        number: Id of the request.
        streams: Names, as the client wrote them.
    """

    number: Id
    streams: tuple[str, ...]


@attrs.frozen
class Unsubscribe(Subscribe):
    """Cease to listen."""


@attrs.frozen
class ListSubscriptions:
    """
    Name what is listened to.

    Attributes:
        number: Id of the request.
    """

    number: Id


@attrs.frozen
class SetCombined:
    """
    Let each message name its stream, or not.

    Attributes:
        number: Id of the request.
        value: Whether it shall.
    """

    number: Id
    value: bool


@attrs.frozen
class GetCombined:
    """
    Say whether each message names its stream.

    Attributes:
        number: Id of the request.
    """

    number: Id


Request = Subscribe | Unsubscribe | ListSubscriptions | SetCombined | GetCombined


def decode(text: str) -> Request:
    """
    The request in one message.

    Raises:
        Refused: There is none.
    """
    if parts(text) > MOST_PARTS:
        raise Refused(INVALID_REQUEST, "Invalid request: too many parameters")
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as problem:
        raise Refused(INVALID_JSON, f"Invalid JSON: expected value at {_place(text, str(problem))}") from None
    if not isinstance(fields, dict):
        raise Refused(INVALID_REQUEST, "Invalid request: expected an object")
    named = "id" in fields
    number = fields.get("id")
    if not named or not _is_id(number):
        raise Refused(INVALID_REQUEST, "Invalid request: request ID must be an unsigned integer")
    try:
        return _request(fields, number, f"at line 1 column {len(text)}")
    except Refused as problem:
        problem.number = number
        raise


def _request(fields: dict[str, Any], number: Id, place: str) -> Request:
    if "method" not in fields:
        raise Refused(INVALID_REQUEST, f"Invalid request: missing field `method` {place}")
    method, params = fields["method"], fields.get("params")
    if method not in METHODS:
        known = ", ".join(f"`{one}`" for one in METHODS)
        raise Refused(
            INVALID_REQUEST, f"Invalid request: unknown variant `{method}`, expected one of {known} {place}"
        )
    if not isinstance(params, list | None):
        raise Refused(INVALID_REQUEST, f"Invalid request: invalid type, expected a sequence {place}")
    match method:
        case "SUBSCRIBE":
            return Subscribe(number, _streams(params, place))
        case "UNSUBSCRIBE":
            return Unsubscribe(number, _streams(params, place))
        case "LIST_SUBSCRIPTIONS":
            _property(params, 0)
            return ListSubscriptions(number)
        case "GET_PROPERTY":
            _property(params, 1)
            return GetCombined(number)
    (value,) = _property(params, 2)
    if not isinstance(value, bool):
        raise Refused(INVALID_VALUE, "Invalid value type: expected Boolean")
    return SetCombined(number, value)


def _streams(params: list[Any] | None, place: str) -> tuple[str, ...]:
    if not params:
        raise Refused(INVALID_REQUEST, f"Invalid request: missing field `params` {place}")
    if not all(isinstance(name, str) for name in params):
        raise Refused(INVALID_REQUEST, f"Invalid request: invalid type, expected a string {place}")
    return tuple(dict.fromkeys(params))


def _property(params: list[Any] | None, most: int) -> Sequence[Any]:
    """What follows the name of the property, with which it makes ``most`` parameters."""
    params = params or []
    if len(params) > most:
        raise Refused(INVALID_REQUEST, "Invalid request: too many parameters")
    if not most:
        return ()
    if not params or not isinstance(params[0], str):
        raise Refused(INVALID_REQUEST, "Invalid request: property name must be a string")
    if params[0] != COMBINED:
        raise Refused(UNKNOWN_PROPERTY, "Unknown property")
    return [*params[1:], *[None] * (most - len(params))]


def _is_id(number: object) -> bool:
    if isinstance(number, bool):
        return False
    if isinstance(number, int):
        return -(2**63) <= number < 2**64
    if isinstance(number, str):
        return len(number) <= _LONGEST_ID
    return number is None


def _place(text: str, problem: str) -> str:
    """Where a text ceases to be JSON: ``(byte 12)`` at the end of the decoder's complaint, or its end."""
    at = problem.rpartition("(byte ")[2].rstrip(")")
    data = text.encode("utf-8", "replace")
    *lines, last = data[: int(at) if at.isdecimal() else len(data)].split(b"\n")
    return f"line {len(lines) + 1} column {len(last) + 1}"
