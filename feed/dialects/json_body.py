"""The JSON body of a request, as the type that its endpoint declares."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from feed.dialects.access import Problem


def decoded(body: bytes, wanted: Any) -> object:
    """
    A body as an object of the type ``wanted``.

    Raises:
        Problem: 400, it is no JSON, or does not fit.
    """
    try:
        return msgspec.convert(_with_whole_numbers(msgspec.json.decode(body)), type=wanted)
    except msgspec.ValidationError as problem:
        message = f"The body does not fit: {problem}{_known(wanted, problem)}"
        raise Problem(400, "bad_request", message) from None
    except (msgspec.DecodeError, RecursionError):
        raise Problem(400, "bad_request", "The body is not JSON") from None


def _with_whole_numbers(value: Any) -> Any:
    """1.0 is a whole number to JSON Schema, and to programs whose numbers are all alike."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_with_whole_numbers(item) for item in value]
        case dict():
            return {name: _with_whole_numbers(item) for name, item in value.items()}
    return value


def _known(wanted: Any, problem: msgspec.ValidationError) -> str:
    """The kinds of body there are, for one of another kind."""
    union = msgspec.inspect.type_info(wanted)
    kinds = [one for one in getattr(union, "types", ()) if isinstance(one, msgspec.inspect.StructType)]
    field = kinds[0].tag_field if kinds else None
    unknown, missing = f"Invalid value .* - at `\\$\\.{field}`", f".* required field `{field}`"
    if field is None or not re.fullmatch(f"{unknown}|{missing}", str(problem)):
        return ""
    return f"; known are {', '.join(str(one.tag) for one in kinds)}"
