"""JSON numbers in plain decimals, for protocols that write prices and money as numbers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from feed.model.instruments import decimal_text

Number = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "number"})]
"""A number that stands in the message exactly as it was made: never ``1e-05``."""


def number(units: int, decimals: int) -> msgspec.Raw:
    """``units * 10 ** -decimals``, without zeros at its end."""
    text = decimal_text(units, decimals)
    return msgspec.Raw((text.rstrip("0").rstrip(".") if "." in text else text).encode())


def exact(text: str) -> msgspec.Raw:
    """A number with all its digits, from the text of a price or a size."""
    return msgspec.Raw(text.encode())
