"""
What happens to contracts that derive their value from another instrument.

===============  ==================================================================================
``Kind``         row
===============  ==================================================================================
``MARK``         kind, instrument, ts, mark, index, open_interest
``FUNDING``      kind, instrument, ts, rate, predicted, next_time
``LIQUIDATION``  kind, instrument, ts, order, side, price, size
``ROUND``        kind, instrument, ts, opens, closes, strike, outcome
===============  ==================================================================================
"""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from feed.model.kinds import FUNDING, LIQUIDATION, MARK, ROUND, RowEvent, Side, to_bool_or_none, to_side

RATE_DECIMALS: Final = 8
RATE_ONE: Final = 10**RATE_DECIMALS
"""A funding rate of 1, which is 100 %: rates are integers in units of 1e-8."""


@attrs.frozen
class MarkPriced(RowEvent):
    """
    What a perpetual future is worth to its margin engine.

    Attributes:
        mark: Mark price, by which positions are liquidated, integer ticks.
        index: Price of the underlying over its venues, integer ticks of this instrument.
        open_interest: Contracts that are open, integer lots; each is held long by one and short by another.
    """

    kind: ClassVar[int] = MARK

    mark: int
    index: int
    open_interest: int


@attrs.frozen
class FundingRate(RowEvent):
    """
    What longs of a perpetual future pay to shorts.

    Attributes:
        rate: Paid at :attr:`next_time`, in units of 1e-8 of the position; negative when shorts pay.
        predicted: What the rate of the interval after that would be if it were fixed now, same unit.
        next_time: Market time of the next payment, nanoseconds since the Unix epoch.
    """

    kind: ClassVar[int] = FUNDING

    rate: int
    predicted: int
    next_time: int


@attrs.frozen
class Liquidation(RowEvent):
    """
    The engine closes a position whose margin has run out: it takes from the book with an order.

    The trades of that order follow at once; a trade belongs to it when its taker is :attr:`order`.

    Attributes:
        order: Id of the engine's order.
        side: Its side: ``SELL`` closes a long position.
        price: The worst price it takes, integer ticks: it must close, whatever is left of the margin.
        size: Integer lots to be closed.
    """

    kind: ClassVar[int] = LIQUIDATION

    order: int
    side: Side = attrs.field(converter=to_side)
    price: int
    size: int


@attrs.frozen
class Round(RowEvent):
    """
    A round of a prediction market has opened, or was settled.

    It asks whether the underlying closes above its strike; a contract that was right pays 1.

    Attributes:
        opens: Market time at which it opened, nanoseconds since the Unix epoch.
        closes: Market time at which it is settled, nanoseconds since the Unix epoch.
        strike: What the underlying must be above, integer ticks of the underlying.
        outcome: Whether it was; None until it is settled.
    """

    kind: ClassVar[int] = ROUND

    opens: int
    closes: int
    strike: int
    outcome: bool | None = attrs.field(converter=to_bool_or_none)
