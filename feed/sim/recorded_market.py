"""
A recorded market that accounts trade in.

What everybody sees is the recording, whatever accounts do: each trades in books of its own
(:mod:`feed.book.account_book`), which follow the recording row by row. What happens in these goes out as rows
that only clearing reads (:class:`feed.book.account_queues.AccountRow`).

A halt refuses orders, and lets those that rest stay. A call auction collects orders with a limit, which trade
at its recorded price where their limits are better; at the limit itself all others were there before. A
delisting cancels orders; so does a recorded ``CLEAR``, after which nobody knows where in the queue they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from feed.book.account_book import AccountBook
from feed.book.auction import CallAuction
from feed.book.queue_position import CancelRule
from feed.book.recorded_book import RecordedBook
from feed.model.auctions import AuctionPhase
from feed.model.events import (
    ADD,
    AUCTION,
    CLEAR,
    FUNDING,
    LEVEL,
    MARK,
    REDUCE,
    STATUS,
    TRADE,
    Row,
    Side,
    Status,
)
from feed.model.instruments import Listing
from feed.model.kinds import PRIVATE
from feed.model.levels import level_change
from feed.model.orders import Ack, CancelOrder, Command, NewOrder, Reject, TimeInForce
from feed.model.requests import PARTS
from feed.sim.perpetual import CHECK

FIRST_ID: Final = 1 << 52
"""Ids of orders and trades of accounts begin behind this one, above recorded ones; JSON has them exactly."""

# A position is liquidated down to this share of the best price.
_WORST: Final = 2


class AccountBooks:
    """
    The books of a recording, and those of the accounts that trade in it.

    Args:
        listing: The instruments, in index order.
        rule: How cancels of unnamed orders are spread over a queue.

    Attributes:
        recorded: What the recording shows, in listing order.
        statuses: Whether each instrument can be traded, in listing order.
        auctions: None: those that were recorded are over with the recorded orders.
        abandoned: None, for the same reason.
    """

    auctions: Final[Mapping[int, CallAuction]] = {}
    abandoned: Final[Sequence[int]] = ()

    def __init__(self, listing: Listing, rule: CancelRule) -> None:
        self.recorded: Final = tuple(RecordedBook() for _ in listing)
        self.statuses: Final = [Status.TRADING] * len(listing)
        self._listings = tuple(Listing((item,)) for item in listing)
        self._rule = rule
        self._accounts: dict[int, dict[int, AccountBook]] = {}  # by instrument, by account
        self._last_order = self._last_trade = FIRST_ID

    def next_order(self) -> int:
        """A new order id."""
        self._last_order += 1
        return self._last_order

    def next_trade(self) -> int:
        """A new id of a trade."""
        self._last_trade += 1
        return self._last_trade

    def book(self, instrument: int, account: int) -> AccountBook:
        """The book of an instrument as an account has it; of what it owns of assets as of its positions."""
        books = self._accounts.setdefault(instrument, {})
        found = books.get(abs(account))
        if found is None:
            found = books[abs(account)] = AccountBook(
                self._listings[instrument],
                instrument,
                self.recorded[instrument],
                rule=self._rule,
                next_trade=self.next_trade,
            )
        return found

    def of(self, instrument: int) -> dict[int, AccountBook]:
        """The books of an instrument that differ from the recorded one, by account."""
        books = self._accounts.get(instrument)
        if not books:
            return {}
        for account in [account for account, book in books.items() if not book]:
            del books[account]
        return books

    def forget(self, instrument: int) -> None:
        """The recorded book of an instrument is not known any more."""
        self._accounts.pop(instrument, None)


class RecordedMarket:
    """
    What a recording says so far, and the books of accounts in it.

    Args:
        listing: The instruments, in index order.
        start: Market time at which it begins, integer nanoseconds since the Unix epoch.
        rule: How cancels of unnamed orders are spread over a queue.

    Attributes:
        exchange: The books.
        agents: None: participants of a recording are those that were recorded.
        now: Market time, integer nanoseconds since the Unix epoch.
    """

    agents: Final = None

    def __init__(self, listing: Listing, *, start: int, rule: CancelRule = CancelRule.PROPORTIONAL) -> None:
        self.exchange: Final = AccountBooks(listing, rule)
        self.now = start
        self._listing = listing
        self._uncrossing: set[int] = set()  # instruments whose recorded call auction ends with these rows
        self._marks: dict[int, int] = {}  # as derivatives have them
        self._funding: dict[int, tuple[int, int]] = {}  # rate that was announced, and when it is paid
        self._paid: dict[int, tuple[int, int, int]] = {}  # when, rate and mark of the last payment

    def follow(self, rows: list[Row]) -> list[Row]:
        """
        Take the next rows of the recording into account.

        Returns:
            The same, each followed by what it means in the books of accounts. What is recorded of accounts of
            then is left out.
        """
        said: list[Row] = []
        for row in rows:
            if row[0] in PRIVATE:
                continue
            said.append(row)
            self.now = max(self.now, row[2])
            said += self._follow(row)
        return said

    def _follow(self, row: Row) -> Iterator[Row]:
        kind, at = row[0], row[1]
        if kind == STATUS:
            yield from self._set_status(at, Status(row[3]))
        elif kind == MARK:
            self._marks[at] = row[3]
        elif kind == FUNDING:
            self._announce(row)
        elif kind == AUCTION:
            if row[4] == AuctionPhase.UNCROSSED:
                self._uncrossing.add(at)
                for book in self.exchange.of(at).values():
                    yield from book.follower.uncross(row[5], row[6], self.now)
        else:
            recorded = self.exchange.recorded[at]
            for change in recorded.as_changes(row):
                yield from self._change(recorded, change)

    def _change(self, recorded: RecordedBook, row: Row) -> Iterator[Row]:
        kind, at = row[0], row[1]
        books = self.exchange.of(at)
        if kind == CLEAR:
            self.exchange.forget(at)
        if not books or kind not in (ADD, REDUCE, TRADE, LEVEL):
            recorded.apply(row)
            return
        number = row[7] if kind == TRADE else row[3]
        place = recorded.place(number) if kind in (TRADE, REDUCE) else None
        change = level_change(row)
        before = 0 if change is None else recorded.levels[change.side].size(change.price)
        recorded.apply(row)
        for book in books.values():
            uncrosses = at in self._uncrossing
            yield from book.follower.follow(row, self.now, before=before, place=place, uncrosses=uncrosses)
        if change is not None and change.size > before and self.exchange.statuses[at] is Status.TRADING:
            for book in books.values():
                yield from book.follower.cross(change.side, change.price, self.now)

    def _set_status(self, instrument: int, status: Status) -> Iterator[Row]:
        self.exchange.statuses[instrument] = status
        self._uncrossing.discard(instrument)
        for book in self.exchange.of(instrument).values():
            if status is Status.DELISTED:
                yield from book.cancel_all(self.now)
            elif status is Status.TRADING:
                for side, levels in zip(Side, self.exchange.recorded[instrument].levels, strict=True):
                    for price in levels.top(len(levels)):
                        yield from book.follower.cross(int(side), price, self.now)

    def _announce(self, row: Row) -> None:
        at, rate, next_time = row[1], row[3], row[5]
        before = self._funding.get(at)
        if before is not None and before[1] <= row[2] and before[1] != next_time:
            self._paid[at] = row[2], before[0], self.mark(at)
        self._funding[at] = rate, next_time

    # --- for accounts --------------------------------------------------------------------------------

    def submit(self, command: Command) -> tuple[Ack, list[Row]]:
        """Execute an order of an account now. Returns its acknowledgement, and the rows of its effects."""
        exchange, at = self.exchange, command.instrument
        if not 0 <= at < len(self._listing):
            number = 0 if isinstance(command, NewOrder) else command.order
            return Ack(order=number, reject=Reject.UNKNOWN_INSTRUMENT), []
        if isinstance(command, NewOrder) and not command.order:
            command = attrs.evolve(command, order=exchange.next_order())
        ack, rows = exchange.book(at, command.account).execute(command, self.now, exchange.statuses[at])
        # What a cancel did is told by whoever asked for it.
        return ack, [] if isinstance(command, CancelOrder) else rows

    def mark(self, instrument: int) -> int:
        """
        Mark price, integer ticks; 0 when there is none.

        The recorded one of a derivative; else the middle of the recorded book, rounded down, or the price of
        the last trade where there is no book.
        """
        if instrument in self._marks:
            return self._marks[instrument]
        book = self.exchange.recorded[instrument]
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        return (bid + ask) // 2 if bid and ask else bid or ask or book.last

    def funding(self, instrument: int) -> tuple[int, int] | None:
        """Rate, in units of 1e-8, and mark price of a payment since the last look; None for none."""
        paid = self._paid.get(instrument)
        return None if paid is None or not self.now - CHECK < paid[0] <= self.now else paid[1:]

    def worst(self, instrument: int, side: Side) -> int:
        """The worst price at which a position is liquidated now, integer ticks."""
        book = self.exchange.recorded[instrument]
        best = book.best(1 - int(side)) or self.mark(instrument)
        highest = self._listing[instrument].highest or best * _WORST
        return max(1, min(best * _WORST, highest) if side is Side.BUY else best // _WORST)

    def liquidate(self, instrument: int, side: Side, lots: int, order: int, account: int) -> list[Row]:
        """Close ``lots`` of a position of an account with an order of this id, which takes from its book."""
        command = NewOrder(
            account=account,
            instrument=instrument,
            side=side,
            size=lots,
            price=self.worst(instrument, side),
            time_in_force=TimeInForce.IOC,
            order=order,
        )
        return self.submit(command)[1]

    def fill_oldest(self, instrument: int, share: int, account: int | None) -> list[Row]:
        """
        Let somebody trade with the oldest order of each account in an instrument.

        Args:
            instrument: Index of the instrument.
            share: Of what is left of each order, millionths; at least one lot.
            account: Only the order of this account.
        """
        rows: list[Row] = []
        for owner, book in sorted(self.exchange.of(instrument).items()):
            if account in (None, owner):
                rows += book.fill_oldest(self.now, lambda left: max(1, left * share // PARTS))
        return rows
