"""The parameters of a request by HTTP: how they are declared, and how they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

import attrs

from feed.dialects.access import Problem
from feed.model.symbols import LONGEST_SYMBOL

_LONGEST_NUMBER: Final = 18  # digits

Fields = Sequence[tuple[str, str]]
"""Parameters as they were sent: name and value, decoded, in order."""


def sent_fields(query: str, form: bytes = b"") -> Fields:
    """
    The parameters of a query, then those of a form in the body.

    Args:
        query: Percent-encoded.
        form: Percent-encoded as well. Clients that send one do not always call it so in their headers.
    """
    found = parse_qsl(query, keep_blank_values=True)
    found += parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True)
    return tuple(found)


@attrs.frozen(kw_only=True)
class Parameter:
    """
    One parameter of a query.

    Attributes:
        name: As in the URL.
        meaning: For people.
        default: Value when it is left out; None when it may not be.
        least: Smallest value of a whole number; None for a text.
        most: Largest value of a whole number, or length of a text; None where more is taken for the most.
        choices: All that a text may be; empty when that is not for here to say.
        pattern: Regular expression of a text, for the documents; empty for none.
        aliases: Whether the endpoint knows further names of the choices.
        example: One that works.
        in_path: Whether it is a part of the path, ``{name}`` there, and not of the query.
        optional: Whether it may be left out without a default; then the protocol reads it itself.
    """

    name: str
    meaning: str
    default: str | int | None = None
    least: int | None = None
    most: int | None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    aliases: bool = False
    example: str | int | None = None
    in_path: bool = False
    optional: bool = False

    @property
    def required(self) -> bool:
        """Whether a request must have it."""
        return self.default is None and not self.optional

    def read(self, query: Mapping[str, str]) -> str | int:
        """
        Its value.

        Raises:
            Problem: 400, it is missing or cannot be.
        """
        text = query.get(self.name, "")
        if not text:
            # An empty value is no value: forms send their empty fields.
            if self.default is None or self.name in query:
                raise self._bad("is missing")
            return self.default
        if self.least is None:
            if self.most is not None and len(text) > self.most:
                raise self._bad(f"is longer than {self.most} characters")
            if self.choices and not self.aliases and text not in self.choices:
                raise self._bad(f"must be one of {', '.join(self.choices)}")
            return text
        number = int(text) if _is_number(text) else -1
        if number < self.least or (self.most is not None and number > self.most):
            bounds = f"from {self.least}" + ("" if self.most is None else f" to {self.most}")
            raise self._bad(f"must be a whole number {bounds}")
        return number

    def _bad(self, what: str) -> Problem:
        return Problem(400, "bad_request", f"The parameter {self.name} {what}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def symbol_parameter(example: str) -> Parameter:
    """Which instrument."""
    meaning = "Symbol of an instrument, in any usual spelling: with any separator or none."
    return Parameter(name="symbol", meaning=meaning, most=LONGEST_SYMBOL, example=example)


def all_of(pattern: str) -> str:
    """A pattern of a field in a body for the whole text: ``$`` alone lets a line feed stand behind it."""
    return rf"^{pattern}$(?!\n)"
