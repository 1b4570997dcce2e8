"""What an order needs by its type, as JSON Schema: what no Python type of a body can say."""

from __future__ import annotations

from typing import Any, Final

from feed.dialects.tradyn.shapes import ACTIONS, BUY_LIMIT, TYPES

_NOTHING: Final = {"type": "null"}


def order_schema() -> dict[str, Any]:
    """One branch for each order type; a body is of exactly one."""
    return {"oneOf": [_branch(kind) for kind in range(len(TYPES))]}


def _branch(kind: int) -> dict[str, Any]:
    pending = kind >= BUY_LIMIT
    # A side alone, in a word or its number, says that a type beside it is of that side.
    side = [_word(ACTIONS[kind % 2]), {"const": kind % 2}] if pending else []
    named = [_word(TYPES[kind]), {"const": kind}]
    ways = [
        {
            "required": ["type"],
            "properties": {"type": {"const": kind}, "action": {"anyOf": [*named, *side, _NOTHING]}},
        },
        {"required": ["action"], "properties": {"action": {"anyOf": named}, "type": _NOTHING}},
    ]
    price = {"type": "number", "exclusiveMinimum": 0} if pending else {"enum": [None, 0]}
    return {
        "title": TYPES[kind],
        "anyOf": ways,
        "properties": {"price": price},
        **({"required": ["price"]} if pending else {}),
    }


def _word(text: str) -> dict[str, str]:
    """A text in whatever case, with a space or an underscore between its words."""
    letters = ("[ _]" if letter == " " else f"[{letter.upper()}{letter.lower()}]" for letter in text)
    return {"type": "string", "pattern": f"^{''.join(letters)}$"}
