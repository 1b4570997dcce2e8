"""
The order books of a listing, with the checks that every order passes first.

Commands come from outside and are validated here, once; participants of the simulated market, whose
orders are right by construction, use :attr:`Exchange.books` directly and take ids from
:meth:`Exchange.next_order`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.book.auction import MARKET, NO_BOUND, AuctionOrder, CallAuction, Equilibrium
from feed.book.book import OrderBook
from feed.book.resting_orders import Resting
from feed.model.events import STATUS, Row, Side, Status
from feed.model.instruments import Listing
from feed.model.orders import (
    Ack,
    CancelOrder,
    Command,
    ModifyOrder,
    NewOrder,
    OrderType,
    Reject,
    SelfTrade,
    TimeInForce,
)

# A buy that may fill at any price, where the book wants to be told a limit.
_ANY_PRICE: Final = NO_BOUND


class Exchange:
    """
    One book for each instrument of a listing, one counter of order ids, one stream of rows.

    A command acts at the ``now`` of its book, which the owner sets before.

    Args:
        listing: What is traded; every instrument starts in ``Status.TRADING``.
        emit: Takes each row of every book, in order.
        self_trade: What happens when both sides of a trade would be one account.

    Attributes:
        books: One book for each instrument, in listing order.
        statuses: Whether each instrument can be traded, in listing order.
        auctions: The call auctions that orders have been collected for, by instrument.
        abandoned: Ids of the orders that were collected for the last auction that was given up.
    """

    def __init__(
        self,
        listing: Listing,
        emit: Callable[[Row], object],
        *,
        self_trade: SelfTrade = SelfTrade.CANCEL_RESTING,
    ) -> None:
        self.books: Final = tuple(OrderBook(i, emit, self_trade=self_trade) for i in range(len(listing)))
        self.statuses: Final = [Status.TRADING] * len(listing)
        self.auctions: Final[dict[int, CallAuction]] = {}
        self.abandoned: list[int] = []
        self._emit = emit
        self._last_order = 0
        self._highest = tuple(item.highest or _ANY_PRICE for item in listing)

    def next_order(self) -> int:
        """A new order id: 1, 2, 3, ... over all books."""
        self._last_order += 1
        return self._last_order

    def book(self, instrument: int, _account: int) -> OrderBook:
        """The book of an instrument as an account has it: all have the same."""
        return self.books[instrument]

    def carry_on(self, other: Exchange) -> None:
        """Count orders and trades on from another exchange of the same listing, before anybody has traded."""
        self._last_order = other._last_order
        for book, before in zip(self.books, other.books, strict=True):
            book.trades, book.last = before.trades, before.last

    def set_status(self, instrument: int, status: Status) -> None:
        """
        Halt, resume or delist an instrument; its resting orders stay. Emits ``STATUS`` on a change.

        Raises:
            IndexError: No such instrument.
        """
        book = self.books[instrument]
        if self.statuses[instrument] is not status:
            self.statuses[instrument] = status
            self._emit((STATUS, instrument, book.now, int(status)))

    def call_auction(self, instrument: int, *, reference: int) -> None:
        """
        Collect orders from now on, or go on with it. Emits ``STATUS`` on a change.

        Args:
            instrument: Whose.
            reference: Reference price of the auction, integer ticks; 0 for none.
        """
        self.set_status(instrument, Status.AUCTION)
        if instrument not in self.auctions:
            self.auctions[instrument] = CallAuction(
                self.books[instrument], reference=reference, highest=self._highest[instrument]
            )

    def uncross(self, instrument: int) -> Equilibrium:
        """End a call auction: what can trade does, and the rest is on the book. The status stays."""
        return self.auctions.pop(instrument).uncross()

    def abandon(self, instrument: int) -> None:
        """Give a call auction up, if there is one: what was collected vanishes."""
        auction = self.auctions.pop(instrument, None)
        self.abandoned = [] if auction is None else [order.order for order in auction.clear()]

    def execute(self, command: Command) -> Ack:
        """
        Do what ``command`` asks, or say why not; a rejected command changes nothing.

        Orders and modifications need an instrument that trades, or collects orders; cancels are always
        allowed. A collected order is acknowledged as one that rests. One that does not rest waits for the
        auction, too, which ends it; only those are rejected that must trade at once or never take.
        """
        if not 0 <= command.instrument < len(self.books):
            return _rejected(command, Reject.UNKNOWN_INSTRUMENT)
        book = self.books[command.instrument]
        book.prevented.clear()
        auction = self.auctions.get(command.instrument)
        if isinstance(command, CancelOrder):
            return _cancel(book, auction, command)
        status = self.statuses[command.instrument]
        if not status.takes_orders or (status is Status.AUCTION and auction is None):
            return _rejected(command, Reject.NOT_TRADING)
        if command.size < 1:
            return _rejected(command, Reject.BAD_SIZE)
        if isinstance(command, ModifyOrder):
            return self._modify(book, auction, command)
        return self._enter(book, command) if auction is None else self._collect(auction, command)

    def _enter(self, book: OrderBook, command: NewOrder) -> Ack:
        if command.self_trade is None:
            return self._match(book, command)
        usual, book.self_trade = book.self_trade, command.self_trade
        ack = self._match(book, command)
        book.self_trade = usual
        return ack

    def _match(self, book: OrderBook, command: NewOrder) -> Ack:
        side, size, account = int(command.side), command.size, command.account
        price = command.price
        if command.type is OrderType.MARKET:
            price = 1 if side == Side.SELL else _ANY_PRICE
        elif not self._possible(command.instrument, price):
            return _rejected(command, Reject.BAD_PRICE)
        rests = command.type is OrderType.LIMIT and command.time_in_force is TimeInForce.GTC
        # An order that may not rest could only take, which post-only forbids.
        if command.post_only and not (rests and book.would_rest(side, price)):
            return _rejected(command, Reject.WOULD_CROSS)
        order = command.order or self.next_order()
        if rests:
            before = book.volume
            resting = book.limit(order, side, price, size, account)
            return Ack(order=order, filled=book.volume - before, resting=resting)
        if command.time_in_force is TimeInForce.FOK:
            if not book.fok(order, side, price, size, account):
                return _rejected(command, Reject.CANNOT_FILL)
            return Ack(order=order, filled=size)
        return Ack(order=order, filled=book.ioc(order, side, price, size, account))

    def _collect(self, auction: CallAuction, command: NewOrder) -> Ack:
        unlimited = command.type is OrderType.MARKET
        if not unlimited and not self._possible(command.instrument, command.price):
            return _rejected(command, Reject.BAD_PRICE)
        if command.post_only:  # which side of its trades is the maker depends on those who come later
            return _rejected(command, Reject.WOULD_CROSS)
        if command.time_in_force is TimeInForce.FOK:
            return _rejected(command, Reject.CANNOT_FILL)
        order = AuctionOrder(
            command.order or self.next_order(),
            command.account,
            int(command.side),
            MARKET if unlimited else command.price,
            command.size,
            not unlimited and command.time_in_force is TimeInForce.GTC,
        )
        auction.add(order)
        return Ack(order=order.order, resting=order.left)

    def _modify(self, book: OrderBook, auction: CallAuction | None, command: ModifyOrder) -> Ack:
        if not self._possible(command.instrument, command.price):
            return _rejected(command, Reject.BAD_PRICE)
        if not _owns(book, auction, command):
            return _rejected(command, Reject.UNKNOWN_ORDER)
        if auction is not None:
            auction.change(command.order, command.price, command.size)
            return Ack(order=command.order, resting=command.size)
        before, usual = book.volume, book.self_trade
        book.self_trade = usual if command.self_trade is None else command.self_trade
        resting = book.modify(command.order, command.price, command.size)
        book.self_trade = usual
        return Ack(order=command.order, filled=book.volume - before, resting=resting)

    def _possible(self, instrument: int, price: int) -> bool:
        return 1 <= price <= self._highest[instrument]


def _cancel(book: OrderBook, auction: CallAuction | None, command: CancelOrder) -> Ack:
    if not _owns(book, auction, command):
        return _rejected(command, Reject.UNKNOWN_ORDER)
    if auction is not None and command.order in auction:
        auction.cancel(command.order)
    else:
        book.cancel(command.order)
    return Ack(order=command.order)


def _owns(book: OrderBook, auction: CallAuction | None, command: CancelOrder | ModifyOrder) -> bool:
    # Whether another account's order exists is nobody's business: both are "no such order".
    known: Resting | AuctionOrder | None = book.get(command.order)
    if known is None and auction is not None:
        known = auction.get(command.order)
    return known is not None and known.account == command.account


def _rejected(command: Command, reason: Reject) -> Ack:
    return Ack(order=0 if isinstance(command, NewOrder) else command.order, reject=reason)
