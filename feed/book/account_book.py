"""
A recorded book as one account has it that trades in it: its own orders, and what it has taken already.

The recording does not change by what clients do, and accounts do not meet each other. An account's order that
rests has a queue position behind what the recording shows at its price (:mod:`feed.book.queue_position`), and
trades

* with a recorded trade at its price that reaches past the lots ahead of it;
* with a recorded trade at a worse price, whose taker would have met it first;
* with recorded orders, levels or quotes that come to stand across its price.

It trades at its own price, and no more than the lots recorded. An order that takes trades with what the
recording shows, best price first, without what the account has taken before: taken lots are the front of
their queue, and leave it with the recorded orders that they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

import attrs

from feed.book.account_queues import AccountQueues, RestingOrder
from feed.book.book import OrderBook
from feed.book.exchange import Exchange
from feed.book.queue_follower import QueueFollower
from feed.book.queue_position import CancelRule
from feed.book.recorded_book import RecordedBook
from feed.book.resting_orders import Resting
from feed.model.events import ADD, REDUCE, TRADE, Row, Side, Status
from feed.model.instruments import Listing
from feed.model.orders import Ack, CancelOrder, Command, ModifyOrder, NewOrder, OrderType, Reject, TimeInForce

# More than any instrument without a bound can cost, ticks.
_ANY_PRICE: Final = 1 << 62


class AccountBook:
    """
    The book of one account in one instrument.

    Args:
        listing: The instrument alone.
        instrument: Its index in the recording, stamped on every row.
        recorded: What the recording shows.
        rule: How cancels of unnamed orders are spread over a queue.
        next_trade: Gives ids of trades.

    Attributes:
        prevented: As :attr:`feed.book.book.OrderBook.prevented`.
        follower: To be told of the rows of the recording.
    """

    def __init__(
        self,
        listing: Listing,
        instrument: int,
        recorded: RecordedBook,
        *,
        rule: CancelRule,
        next_trade: Callable[[], int],
    ) -> None:
        self.prevented: Final[list[tuple[int, int, int]]] = []
        self._listing = listing
        self._queues = AccountQueues(instrument, recorded, rule=rule, next_trade=next_trade)
        self.follower: Final = QueueFollower(self._queues)

    def __bool__(self) -> bool:
        """Whether it differs from what the recording shows."""
        return bool(self._queues.own or any(self._queues.taken))

    # --- what it looks like --------------------------------------------------------------------------

    @property
    def bid(self) -> int:
        """Best bid, ticks; 0 when there is none."""
        return next((price for _, price, _ in self.orders(Side.BUY)), 0)

    @property
    def ask(self) -> int:
        """Best ask, ticks; 0 when there is none."""
        return next((price for _, price, _ in self.orders(Side.SELL)), 0)

    @property
    def last(self) -> int:
        """Price of the last recorded trade, ticks; 0 before the first."""
        return self._queues.recorded.last

    def would_rest(self, side: int, price: int) -> bool:
        """Whether an order at ``price`` would rest without a trade."""
        return price > self.bid if side else not 0 < self.ask <= price

    def get(self, order: int) -> Resting | None:
        """An order of the account as it stands now; None when it does not rest here."""
        found = self._queues.own.get(order)
        return None if found is None else Resting(found.account, found.side, found.price, found.left)

    def orders(self, side: int) -> Iterator[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price, lots); 0 is the id of recorded ones."""
        return self._queues.orders(side)

    # --- orders of the account -----------------------------------------------------------------------

    def execute(self, command: Command, now: int, status: Status) -> tuple[Ack, list[Row]]:
        """
        Do what a command asks, or say why not.

        Args:
            command: An order with an id, a change or a cancel of one.
            now: Market time, nanoseconds.
            status: Of the instrument.
        Returns:
            What became of it, and the rows of what it did.
        """
        self.prevented.clear()
        if isinstance(command, NewOrder):
            return self._enter(command, now, status)
        found = self._queues.own.get(command.order)
        owned = found is not None and found.account == command.account
        if isinstance(command, CancelOrder):
            if found is None or not owned:
                return Ack(order=command.order, reject=Reject.UNKNOWN_ORDER), []
            self._queues.remove(found)
            return Ack(order=command.order), []
        reject = self._objection(command, status)
        if reject is not None or found is None or not owned:
            return Ack(order=command.order, reject=reject or Reject.UNKNOWN_ORDER), []
        return self._modify(found, command, now, status)

    def _objection(self, command: ModifyOrder, status: Status) -> Reject | None:
        if not status.takes_orders:
            return Reject.NOT_TRADING
        if command.size < 1:
            return Reject.BAD_SIZE
        return None if self._possible(command.price) else Reject.BAD_PRICE

    def _possible(self, price: int) -> bool:
        return 1 <= price <= (self._listing[0].highest or _ANY_PRICE)

    def _modify(
        self, order: RestingOrder, command: ModifyOrder, now: int, status: Status
    ) -> tuple[Ack, list[Row]]:
        if command.price == order.price and command.size < order.left:
            order.left = command.size  # keeps its place
            return Ack(order=order.id, resting=order.left), [self._queues.reduced(order, now)]
        self._queues.remove(order)
        order.left = 0
        again = NewOrder(
            account=order.account,
            instrument=command.instrument,
            side=Side(order.side),
            size=command.size,
            price=command.price,
            order=order.id,
            self_trade=command.self_trade,
        )
        ack, rows = self._enter(again, now, status)
        return ack, [self._queues.reduced(order, now), *rows]

    def _enter(self, command: NewOrder, now: int, status: Status) -> tuple[Ack, list[Row]]:
        """Let an order trade, by the rules of any other book, with what of this one stands in its way."""
        if status is Status.AUCTION:
            return self._collect(command), []
        rows: list[Row] = []
        exchange = Exchange(self._listing, rows.append)
        book = exchange.books[0]
        exchange.statuses[0], book.now = status, now
        self._lay_out(book, command)
        rows.clear()
        ack = exchange.execute(attrs.evolve(command, instrument=0))
        self.prevented[:] = book.prevented
        return ack, [said for row in rows for said in self._entered(row, command, now)]

    def _collect(self, command: NewOrder) -> Ack:
        """Let an order wait for the price of a recorded call auction, where it has a limit and may rest."""
        lasts = command.time_in_force is TimeInForce.GTC and not command.post_only
        if command.type is not OrderType.LIMIT or not lasts:
            return Ack(order=0, reject=Reject.NOT_TRADING)
        if not self._possible(command.price):
            return Ack(order=0, reject=Reject.BAD_PRICE)
        side, price, lots = int(command.side), command.price, command.size
        self._queues.rest(command.order, side, price, lots, account=command.account)
        return Ack(order=command.order, resting=lots)

    def _lay_out(self, book: OrderBook, command: NewOrder) -> None:
        """Put on a book what an order might trade with; recorded lots have ids below 0."""
        side, lots = 1 - int(command.side), 0
        if command.time_in_force is TimeInForce.FOK:
            # Counting is cheap, and nothing else has to be done for an order that cannot be filled.
            reachable = accumulate(size for _, _, size in self._reach(command))
            if all(total < command.size for total in reachable):
                return
        for number, (order, price, size) in enumerate(self._reach(command), 1):
            own = self._queues.own.get(order)
            if own is None:
                book.limit(-number, side, price, size)
                lots += size
                if lots >= command.size:
                    break
            else:
                book.limit(order, side, price, size, own.account)

    def _reach(self, command: NewOrder) -> Iterator[tuple[int, int, int]]:
        """What an order might trade with at its price or better ones."""
        side = 1 - int(command.side)
        for order, price, size in self.orders(side):
            past = price < command.price if side == Side.BUY else price > command.price
            if past and command.type is OrderType.LIMIT:
                return
            yield order, price, size

    def _entered(self, row: Row, command: NewOrder, now: int) -> Iterator[Row]:
        """What a row of an order that entered means here."""
        kind = row[0]
        if kind == TRADE:
            price, lots, own = row[5], row[6], self._queues.own.get(row[7])
            if own is None:
                self._queues.take(1 - int(command.side), price, lots)
            else:
                self._queues.shrink(own, lots)
            yield self._queues.trade(now, int(command.side), price, lots, maker=own, taker=command.order)
        elif kind == REDUCE:
            own = self._queues.own[row[3]]
            self._queues.shrink(own, own.left - row[6])
            yield self._queues.reduced(own, now)
        elif kind == ADD:
            self._queues.rest(row[3], row[4], row[5], row[6], account=command.account)

    def cancel_all(self, now: int) -> list[Row]:
        """Take all orders of the account off the book, the oldest first."""
        gone = list(self._queues.own.values())
        for order in gone:
            self._queues.shrink(order, order.left)
        return [self._queues.reduced(order, now) for order in gone]

    def fill_oldest(self, now: int, wanted: Callable[[int], int]) -> list[Row]:
        """Let somebody trade with the oldest order: as many lots as ``wanted`` says of those left."""
        if not self._queues.own:
            return []
        order = self._queues.own[min(self._queues.own)]
        return [self._queues.fill(order, min(order.left, wanted(order.left)), now)]
