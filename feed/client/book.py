"""
The books of a feed, kept in step with the server's: parts of messages in, events and states out. Sans-I/O.

A checksum proves a book of price levels; nothing proves one of single orders (:mod:`feed.client.orders`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from feed.book.price_levels import PriceLevels
from feed.client.orders import Orders
from feed.client.replica import Replica
from feed.client.states import OutOfSync, Resynced, State
from feed.dialects.checksums import CHECKED_LEVELS, Rows, of_texts
from feed.dialects.items import BookPart, Channel, OrderSet, OrdersPart, Part
from feed.model.directory import Directory
from feed.model.events import BookCleared, Event, LevelSet, Side
from feed.model.symbols import plain

P = TypeVar("P", bound=Part)


class Book(Replica[BookPart]):
    """
    The price levels of one instrument (L2).

    The protocol's checksum proves the ten best levels of each side. A lost change of a deeper level
    shows when that level rises among them, and not before.
    """

    def __init__(self, directory: Directory, index: int) -> None:
        super().__init__(directory, index)
        self._sides = PriceLevels[int](Side.BUY), PriceLevels[int](Side.SELL)

    def levels(self, side: Side, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` price levels of a side, best first: (price in ticks, lots)."""
        return self._sides[side].best_first(depth)

    def texts(self, side: Side, depth: int | None = None) -> list[tuple[str, str]]:
        """The same in decimals, with all digits."""
        price, size = self._grid.price_text, self._grid.size_text
        return [(price(at), size(lots)) for at, lots in self.levels(side, depth)]

    def checksum(self) -> int:
        """CRC-32 over the ten best levels of each side, as the guide's protocol has it."""
        return self._checksum(of_texts)

    def cut(self, depth: int) -> list[tuple[Side, int]]:
        """Forget the levels behind the best ``depth`` of each side; gives their prices in ticks."""
        found = [(side, price) for side in Side for price in self._sides[side].beyond(depth)]
        for side, price in found:
            self._sides[side].set(price, 0)
        return found

    def _checksum(self, rule: Callable[[Rows, Rows], int]) -> int:
        bids, asks = (self.texts(side, CHECKED_LEVELS) for side in Side)
        return rule(bids, asks)

    def _clear(self) -> None:
        for side in self._sides:
            side.clear()

    def _holds_any(self) -> bool:
        return any(map(len, self._sides))

    def _set(self, part: BookPart) -> None:
        for side, price, lots in part.levels:
            self._sides[side].set(price, lots)

    def _prove(self, part: BookPart) -> None:
        if part.checksum is not None and part.checksum != self._checksum(part.rule):
            raise self._lost("checksum")


class Books:
    """
    Books of price levels, and books of single orders.

    Attributes:
        levels: By index of the instrument.
        orders: By index of the instrument.
    """

    def __init__(self, directory: Directory) -> None:
        self.levels: dict[int, Book] = {}
        self.orders: dict[int, Orders] = {}
        self._directory = directory

    def take(self, part: BookPart | OrdersPart) -> list[Event | State]:
        """
        Take a part of a message into account.

        Returns:
            The changes: none for a part that is in the book already, or while a snapshot is awaited.

        Raises:
            OutOfStep: The book differs from the server's.
        """
        index = part.instrument
        at = {"seq": part.seq, "ts": part.ts, "instrument": index}
        changes: Sequence[Event]
        if isinstance(part, BookPart):
            if index not in self.levels:
                self.levels[index] = Book(self._directory, index)
            changes = [
                LevelSet(**at, side=side, price=price, level=lots) for side, price, lots in part.levels
            ]
            found = self._apply(self.levels[index], part, changes, Channel.BOOK)
            if found and part.depth is not None:
                gone = self.levels[index].cut(part.depth)
                found += [LevelSet(**at, side=side, price=price, level=0) for side, price in gone]
            return found
        if index not in self.orders:
            self.orders[index] = Orders(self._directory, index)
        changes = [
            OrderSet(**at, order=order, side=side, price=price, size=lots)
            for side, order, price, lots in part.orders
        ]
        return self._apply(self.orders[index], part, changes, Channel.ORDERS)

    def lose(self, reason: str = "a new connection") -> list[OutOfSync]:
        """No book is known to be up to date any more; a state for each that was."""
        lost: list[OutOfSync] = []
        for channel, books in ((Channel.BOOK, self.levels), (Channel.ORDERS, self.orders)):
            for index, book in books.items():
                if book.in_sync:
                    symbol = self._directory[index].symbol
                    lost.append(OutOfSync(symbol=symbol, channel=channel, reason=reason))
                book.lose()
        return lost

    def whole(self, channel: Channel, symbol: str) -> bool:
        """Whether the book of a channel, if it has one, is in sync."""
        books: Mapping[int, Replica[Any]]
        match channel:
            case Channel.BOOK:
                books = self.levels
            case Channel.ORDERS:
                books = self.orders
            case _:
                return True
        name = plain(symbol)
        return any(book.in_sync and plain(book.instrument.symbol) == name for book in books.values())

    def _apply(
        self, book: Replica[P], part: P, changes: Sequence[Event], channel: Channel
    ) -> list[Event | State]:
        was_in_sync = book.in_sync and not part.first
        if not book.apply(part):
            return []
        found: list[Event | State] = []
        if part.first:
            found.append(BookCleared(seq=part.seq, ts=part.ts, instrument=part.instrument))
        found += changes
        if book.in_sync and not was_in_sync:
            symbol = self._directory[part.instrument].symbol
            found.append(Resynced(symbol=symbol, channel=channel, seq=part.seq))
        return found
