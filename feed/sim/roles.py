"""What an instrument asks of those who have orders in its book, or watch its trades."""

from __future__ import annotations

from typing import Protocol

from feed.model.events import Row


class RestingOwner(Protocol):
    """A participant with resting orders."""

    @property
    def makes(self) -> bool:
        """Whether executions are inventory of the market makers."""

    def order_filled(self, now: int, order: int, side: int, /) -> None:
        """An order was executed in full."""

    def withdraw(self, order: int, side: int, /) -> None:
        """The order is about to be cancelled, since the price has passed it."""


class MarketMaker(RestingOwner, Protocol):
    """Keeps quotes on both sides of the book."""

    def wake(self, now: int) -> None:
        """Let it react after a reaction time."""

    def quote_ladder(self, now: int) -> None:
        """Complete the ladder of quotes at once."""

    def cancel_quotes(self) -> None:
        """Cancel all quotes."""

    def requote_side(self, now: int, side: int) -> None:
        """Place a quote at once on a side that is empty."""

    def refresh_best(self) -> None:
        """Join the best price of a side."""


class DeepOrders(Protocol):
    """Keeps the deep book."""

    def fill(self) -> None:
        """Place what is missing at once."""

    def cancel_all(self) -> None:
        """Cancel all of it."""


class TradeObserver(Protocol):
    """Is called with the events of an instrument as they happen."""

    def on_rows(self, rows: list[Row]) -> None:
        """An action had these rows, with at least one trade."""

    def on_row(self, row: Row) -> None:
        """A row was published that is not the effect of an order."""
