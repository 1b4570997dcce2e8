"""
JSON in and out, for the dialects whose messages are JSON objects.

Outward one compact object, its keys in the order given. Inward an object whose ``type``, ``op`` or
the like names a request class; what is wrong with it is said in one sentence, fit for the client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import cattrs
import msgspec

from feed.errors import ProtocolError
from feed.model.symbols import NEAR

# An error never quotes more of what the client sent than this ...
QUOTED_CHARACTERS: Final = 32
# ... and never names more unknown things than this.
NAMED: Final = 10

# A message of more parts is not looked at: what is done for it grows with their number, and so does what
# others wait for meanwhile. It is room for a thousand symbols.
MOST_PARTS: Final = 1000

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def message(**fields: object) -> str:
    """One compact JSON object, keys in the order given."""
    return _encode(fields).decode()


def quoted(text: str) -> str:
    """A JSON string."""
    return _encode(text).decode()


def parts(text: str) -> int:
    """How many values a JSON text may have in it: never less than it has."""
    return text.count(",") + text.count("{") + text.count("[")


def parse(text: str) -> dict[str, Any]:
    """
    The JSON object in one client message.

    Raises:
        ProtocolError: It is no JSON, or no object, or has too many parts.
    """
    if parts(text) > MOST_PARTS:
        raise ProtocolError(_too_many_parts(text))
    try:
        found = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise ProtocolError("Invalid JSON") from None
    if not isinstance(found, dict):
        raise ProtocolError("Message must be a JSON object")
    return found


_pass_over = msgspec.json.Decoder(msgspec.Raw).decode


def _too_many_parts(text: str) -> str:
    """What is wrong with such a message, found without taking it apart."""
    try:
        _pass_over(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return "Invalid JSON"
    if not text.lstrip().startswith("{"):
        return "Message must be a JSON object"
    return f"Message has more than {MOST_PARTS} parts; send several"


def request(fields: dict[str, Any], name: str, requests: Mapping[str, type[T]]) -> T:
    """
    The request that an object stands for.

    Fields that a request class does not have are passed over: published clients send some.

    Args:
        fields: The object.
        name: Its field that says which request it is.
        requests: Request classes by the value of that field.

    Raises:
        ProtocolError: No such request, or a field of it is missing or of the wrong type.
    """
    kind = fields.get(name)
    if not isinstance(kind, str):
        raise ProtocolError(f"Missing or invalid field: {name}")
    wanted = requests.get(kind)
    if wanted is None:
        what = name if name == "message" else f"message {name}"
        raise ProtocolError(unknown(what, [kind]))
    try:
        return _converter.structure(fields, wanted)
    except cattrs.ClassValidationError as problem:
        raise ProtocolError(_complaint(kind, problem)) from None


def decoder(name: str, requests: Mapping[str, type[T]]) -> Callable[[str], T]:
    """
    What reads the request in one client message; see :func:`parse` and :func:`request`.

    Args:
        name: The field that says which request it is.
        requests: Request classes by the value of that field.
    """
    return lambda text: request(parse(text), name, requests)


def clip(text: str) -> str:
    """At most :data:`QUOTED_CHARACTERS` of what the client sent."""
    return text if len(text) <= QUOTED_CHARACTERS else text[:QUOTED_CHARACTERS] + "..."


def unknown(what: str, names: Sequence[str], near: Callable[[str, int], Sequence[str]] | None = None) -> str:
    """
    A sentence that names what a client asked for and nobody knows, such as symbols.

    Args:
        what: What kind of thing it is.
        names: As the client wrote them; at least one.
        near: The known names nearest to one, and at most how many of them; None suggests nothing.
    """
    text = f"Unknown {what}: " + ", ".join(clip(name) for name in names[:NAMED])
    more = len(names) - NAMED
    text = f"{text} and {more} more" if more > 0 else text
    if near is None:
        return text
    each = NEAR if len(names) == 1 else 1
    found = list(dict.fromkeys(one for name in names[:NAMED] for one in near(name, each)))
    *others, last = found[:NEAR] or [""]
    return f"{text}; did you mean {', '.join(others)}{' or ' if others else ''}{last}?" if last else text


def _string(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise TypeError("must be a string")
    return value


def _boolean(value: object, _: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("must be true or false")
    return value


def _strings(value: object, _: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("must be a list of strings")
    return value


def _complaint(kind: str, problem: cattrs.ClassValidationError) -> str:
    """The first thing wrong with the fields of a request."""
    cause, note = problem.group_exceptions()[0][0]
    if isinstance(cause, KeyError):
        return f"Missing field in {kind}: {cause.args[0]}"
    return f"Invalid field in {kind}: {note.name} {cause}"


_converter = cattrs.Converter()
_converter.register_structure_hook(str, _string)
_converter.register_structure_hook(bool, _boolean)
_converter.register_structure_hook_func(lambda wanted: wanted == list[str], _strings)
