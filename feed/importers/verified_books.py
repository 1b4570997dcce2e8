"""
The books of exchanges whose messages say what becomes of each level, verified at every message.

A message that inserts a level which is there, or changes or removes one which is not, shows that an
earlier one is missing: the book is cleared until its next snapshot, as a client would subscribe again.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final, NamedTuple

from feed.importers.books import BUY, SELL, ImportedMarket
from feed.importers.captures import invalidate_book
from feed.importers.run import ImportRun
from feed.model.events import Row

HELD: Final = "levels were as the message says"
UNCROSSED: Final = "bid below ask after the message"


class Action(enum.Enum):
    """What a message says of a level."""

    INSERT = "inserts"
    UPDATE = "changes"
    DELETE = "deletes"
    SET = "sets"  # whether it is there or not; a size of 0 removes it


class Change(NamedTuple):
    """
    One level in a message.

    Attributes:
        action: What becomes of it.
        side: ``BUY`` or ``SELL``.
        price: Integer ticks.
        size: Integer lots; 0 for a deletion.
    """

    action: Action
    side: int
    price: int
    size: int


Level = tuple[int, int, int]
"""Side, ticks and lots."""


class VerifiedBook:
    """
    The book of one instrument, which is known from a snapshot on until a message contradicts it.

    Args:
        run: The import.
        name: The exchange's name of the instrument.
        market: The instrument.

    Attributes:
        market: The instrument.
        known: Whether there is a book to apply changes to.
    """

    def __init__(self, run: ImportRun, name: str, market: ImportedMarket) -> None:
        self.market = market
        self.known = False
        self._run = run
        self._name = name

    def snapshot(self, ts: int, levels: Iterable[Level]) -> list[Row]:
        """
        Rows of a snapshot received at a time that :meth:`ImportRun.monotonic` gave.

        Of a book that is known, only what differs is told: nobody sees it empty in between.
        """
        book, rows = self.market.book, []
        wanted = {(side, price): size for side, price, size in levels if size}
        if self.known:
            held = [(side, price) for side, kept in ((BUY, book.bids), (SELL, book.asks)) for price in kept]
            rows += [book.level(ts, *place, 0) for place in held if place not in wanted]
        else:
            rows.append(book.clear(ts))
        self.known = True
        for (side, price), size in wanted.items():
            if self._size(side, price) != size:
                rows.append(book.level(ts, side, price, size))
        return rows + self._quoted(ts)

    def apply(self, ts: int, changes: Iterable[Change]) -> list[Row]:
        """Rows of an incremental message, in its order; if it contradicts the book, those that clear it."""
        rows = []
        for action, side, price, size in changes:
            there = self._size(side, price) != 0
            if (action is Action.INSERT and there) or (
                action in {Action.UPDATE, Action.DELETE} and not there
            ):
                self._run.gap(
                    f"the message {action.value} a level of {self._name} that is "
                    f"{'there already' if there else 'not there'} (side {side}, {price} ticks); "
                    "its book waits for the next snapshot"
                )
                return self.lose(ts)
            rows.append(self.market.book.level(ts, side, price, size))
        self._run.checked[HELD] += 1
        return rows + self._quoted(ts)

    def lose(self, at: int) -> list[Row]:
        """Rows that clear the book, which is not known until its next snapshot; none if it is not known."""
        if not self.known:
            return []
        self.known = False
        return invalidate_book(self._run, self.market, at)

    def compare(self, what: str, quote: tuple[int, int, int, int]) -> None:
        """Count whether a quote of another channel, which may be ahead or behind, is that of the book."""
        same = quote == (*self.market.book.bids.best(), *self.market.book.asks.best())
        self._run.checked[f"{what} equals book" if same else f"{what} ahead of or behind book"] += 1

    def _size(self, side: int, price: int) -> int:
        return (self.market.book.asks if side else self.market.book.bids).size(price)

    def _quoted(self, ts: int) -> list[Row]:
        (bid, _), (ask, _) = self.market.book.bids.best(), self.market.book.asks.best()
        self._run.checked[UNCROSSED] += not bid or not ask or bid < ask
        return self._run.quoted(self.market, ts)
