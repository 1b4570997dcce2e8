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

from typing import Final

import attrs

from feed.model.kinds import FUNDING, LIQUIDATION, MARK, ROUND, UNKNOWN, Event, Row, Side

RATE_DECIMALS: Final = 8
RATE_ONE: Final = 10**RATE_DECIMALS
"""A funding rate of 1, which is 100 %: rates are integers in units of 1e-8."""


@attrs.frozen(kw_only=True)
class MarkPriced(Event):
    """
    What a perpetual future is worth to its margin engine.

    Attributes:
        mark: Mark price, by which positions are liquidated, integer ticks.
        index: Price of the underlying over its venues, integer ticks of this instrument.
        open_interest: Contracts that are open, integer lots; each is held long by one and short by another.
    """

    mark: int
    index: int
    open_interest: int

    @classmethod
    def from_row(cls, seq: int, r: Row, proof: int = 0) -> MarkPriced:
        """The named form of a row."""
        return cls(seq=seq, proof=proof, instrument=r[1], ts=r[2], mark=r[3], index=r[4], open_interest=r[5])

    def row(self) -> Row:
        """The row that this is the named form of."""
        return (MARK, self.instrument, self.ts, self.mark, self.index, self.open_interest)


@attrs.frozen(kw_only=True)
class FundingRate(Event):
    """
    What longs of a perpetual future pay to shorts.

    Attributes:
        rate: Paid at :attr:`next_time`, in units of 1e-8 of the position; negative when shorts pay.
        predicted: What the rate of the interval after that would be if it were fixed now, same unit.
        next_time: Market time of the next payment, nanoseconds since the Unix epoch.
    """

    rate: int
    predicted: int
    next_time: int

    @classmethod
    def from_row(cls, seq: int, r: Row, proof: int = 0) -> FundingRate:
        """The named form of a row."""
        return cls(seq=seq, proof=proof, instrument=r[1], ts=r[2], rate=r[3], predicted=r[4], next_time=r[5])

    def row(self) -> Row:
        """The row that this is the named form of."""
        return (FUNDING, self.instrument, self.ts, self.rate, self.predicted, self.next_time)


@attrs.frozen(kw_only=True)
class Liquidation(Event):
    """
    The engine closes a position whose margin has run out: it takes from the book with an order.

    The trades of that order follow at once; a trade belongs to it when its taker is :attr:`order`.

    Attributes:
        order: Id of the engine's order.
        side: Its side: ``SELL`` closes a long position.
        price: The worst price it takes, integer ticks: it must close, whatever is left of the margin.
        size: Integer lots to be closed.
    """

    order: int
    side: Side
    price: int
    size: int

    @classmethod
    def from_row(cls, seq: int, r: Row, proof: int = 0) -> Liquidation:
        """The named form of a row."""
        return cls(
            seq=seq, proof=proof, instrument=r[1], ts=r[2], order=r[3], side=Side(r[4]), price=r[5], size=r[6]
        )

    def row(self) -> Row:
        """The row that this is the named form of."""
        return (LIQUIDATION, self.instrument, self.ts, self.order, int(self.side), self.price, self.size)


@attrs.frozen(kw_only=True)
class Round(Event):
    """
    A round of a prediction market has opened, or was settled.

    It asks whether the underlying closes above its strike; a contract that was right pays 1.

    Attributes:
        opens: Market time at which it opened, nanoseconds since the Unix epoch.
        closes: Market time at which it is settled, nanoseconds since the Unix epoch.
        strike: What the underlying must be above, integer ticks of the underlying.
        outcome: Whether it was; None until it is settled.
    """

    opens: int
    closes: int
    strike: int
    outcome: bool | None

    @classmethod
    def from_row(cls, seq: int, r: Row, proof: int = 0) -> Round:
        """The named form of a row."""
        return cls(
            seq=seq,
            proof=proof,
            instrument=r[1],
            ts=r[2],
            opens=r[3],
            closes=r[4],
            strike=r[5],
            outcome=None if r[6] == UNKNOWN else bool(r[6]),
        )

    def row(self) -> Row:
        """The row that this is the named form of."""
        outcome = UNKNOWN if self.outcome is None else int(self.outcome)
        return (ROUND, self.instrument, self.ts, self.opens, self.closes, self.strike, outcome)
