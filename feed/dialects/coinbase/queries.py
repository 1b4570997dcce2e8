"""A question that anybody may ask, written once: the endpoints of REST are made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.views import MarketView
from feed.dialects.parameters import Parameter


@attrs.frozen(kw_only=True)
class Query:
    """
    One question, and what answers it.

    Attributes:
        path: Below ``/api/v3/brokerage``, for anybody; empty where only the holder of a key may ask.
        signed: The same for the holder of a key; empty where there is none.
        summary: One line for people.
        parameters: All that it may have, for the documents.
        answer: Made of the market alone: equal positions in equal streams give equal answers.
        returns: Type of the answer.
        tells_time: Whether clients may set their clocks by the answer.
    """

    path: str = ""
    signed: str = ""
    summary: str
    parameters: tuple[Parameter, ...] = ()
    answer: Callable[[MarketView, Fields], object]
    returns: Any
    tells_time: bool = False
