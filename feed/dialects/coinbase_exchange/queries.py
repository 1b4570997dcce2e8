"""A question that anybody may ask, written once: the endpoints of REST are made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import msgspec

from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Answer


@attrs.frozen(kw_only=True)
class Page:
    """
    Some rows of many, the newest first.

    Attributes:
        rows: They.
        before: Cursor of the first: what is newer is before it. Empty where there are no rows.
        after: Cursor of the last.
    """

    rows: object
    before: str
    after: str

    def answer(self) -> Answer:
        """The rows, with the cursors in the exchange's headers."""
        headers = {"cb-before": self.before, "cb-after": self.after} if self.before else {}
        return Answer(content=msgspec.json.encode(self.rows), headers=headers)


@attrs.frozen(kw_only=True)
class Query:
    """
    One question, and what answers it.

    Attributes:
        path: Below the dialect's own.
        summary: One line for people.
        parameters: All that it may have, for the documents.
        answer: Made of the market alone: equal positions in equal streams give equal answers. A
            :class:`Page` where there are more rows than one answer holds.
        returns: Type of the answer.
        tells_time: Whether clients may set their clocks by the answer.
    """

    path: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    answer: Callable[[MarketView, Fields], object]
    returns: Any
    tells_time: bool = False
