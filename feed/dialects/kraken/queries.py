"""A question that anybody may ask, written once: the endpoints of REST are made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import msgspec

from feed.dialects.access import Shape
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.views import MarketView
from feed.dialects.parameters import Parameter


def enveloped(name: str, result: Any) -> type[msgspec.Struct]:
    """
    The type of an answer, for the documents.

    Args:
        name: Of the method.
        result: Type of what it gives.
    """
    made = msgspec.defstruct(f"{name}Answer", [("error", list[str]), ("result", result)], bases=(Shape,))
    made.__doc__ = "An answer.\n\nAttributes:\n    error: Empty.\n    result: What was asked for.\n"
    return made


@attrs.frozen(kw_only=True)
class Query:
    """
    One question, and what answers it.

    Attributes:
        name: Of the method.
        summary: One line for people.
        parameters: All that it may have, for the documents.
        answer: Made of the market alone: equal positions in equal streams give equal answers.
        result: Type of the answer.
        tells_time: Whether clients may set their clocks by the answer.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    answer: Callable[[MarketView, Fields], object]
    result: Any
    tells_time: bool = False
