"""What accounts need of a market to trade in it, simulated or recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from feed.book.auction import CallAuction
from feed.book.resting_orders import Resting
from feed.model.events import Row, Side, Status
from feed.model.orders import Ack, Command


class TradedBook(Protocol):
    """The book of an instrument as one account has it."""

    @property
    def bid(self) -> int:
        """Best bid, ticks; 0 when there is none."""

    @property
    def ask(self) -> int:
        """Best ask, ticks; 0 when there is none."""

    @property
    def last(self) -> int:
        """Price of the last trade, ticks; 0 before the first."""

    @property
    def prevented(self) -> Sequence[tuple[int, int, int]]:
        """Trades with itself that the last command would have had: id of the resting order, price, lots."""

    def would_rest(self, side: int, price: int) -> bool:
        """Whether an order at ``price`` would rest without a trade."""

    def get(self, order: int) -> Resting | None:
        """A resting order as it stands now; None when it is not on the book."""

    def orders(self, side: int) -> Iterable[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price, lots)."""


class Books(Protocol):
    """The books of a venue."""

    @property
    def statuses(self) -> Sequence[Status]:
        """Whether each instrument can be traded, in listing order."""

    @property
    def auctions(self) -> Mapping[int, CallAuction]:
        """The call auctions that orders have been collected for, by instrument."""

    @property
    def abandoned(self) -> Sequence[int]:
        """Ids of the orders that were collected for the last auction that was given up."""

    def book(self, instrument: int, account: int) -> TradedBook:
        """The book of an instrument as an account has it."""

    def next_order(self) -> int:
        """A new order id."""


class Venue(Protocol):
    """A market in which accounts trade."""

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""

    @property
    def exchange(self) -> Books:
        """The books."""

    def submit(self, command: Command) -> tuple[Ack, list[Row]]:
        """Execute an order of an account now. Returns its acknowledgement, and the rows of its effects."""

    def mark(self, instrument: int) -> int:
        """Mark price, integer ticks; 0 when there is none."""

    def funding(self, instrument: int) -> tuple[int, int] | None:
        """Rate, in units of 1e-8, and mark price of a payment that is due right now; None for none."""

    def worst(self, instrument: int, side: Side) -> int:
        """The worst price at which a position is liquidated now, integer ticks."""

    def liquidate(self, instrument: int, side: Side, lots: int, order: int, account: int, /) -> list[Row]:
        """Close ``lots`` of a position of an account with an order of this id, which takes from the book."""


class HasVenue(Protocol):
    """A run of a market in which accounts trade."""

    @property
    def market(self) -> Venue:
        """The market, as it stands."""
