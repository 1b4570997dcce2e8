"""A question that anybody may ask, written once: REST and the WebSocket API are made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from feed.dialects.binance.fields import Fields, Sent
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.dialects.parameters import Parameter

Weight = Callable[[Sent], int]


def weighs(number: int) -> Weight:
    """The same, whatever is asked."""
    return lambda _: number


_LIGHT: Final = weighs(1)


@attrs.frozen(kw_only=True)
class Query:
    """
    One question, and what answers it.

    Attributes:
        path: Of REST, below the dialect's own.
        method: Of the WebSocket API; empty where there is none.
        summary: One line for people.
        parameters: All that it may have.
        answer: Made of the market alone: equal positions in equal streams give equal answers.
        returns: Type of the answer.
        weight: What a request counts.
        tells_time: Whether clients may set their clocks by the answer.
    """

    path: str
    method: str = ""
    summary: str
    parameters: tuple[Parameter, ...] = ()
    answer: Callable[[MarketView, Fields, TimeUnit], object]
    returns: Any
    weight: Weight = _LIGHT
    tells_time: bool = False

    def ask(self, view: MarketView, sent: Sent, unit: TimeUnit) -> object:
        """
        The answer.

        Args:
            view: The market.
            sent: Parameters.
            unit: Of the times in it.

        Raises:
            BinanceError: The question cannot be asked so.
        """
        fields = Fields(sent, [parameter.name for parameter in self.parameters])
        return self.answer(view, fields, unit)
