"""The simulation of one instrument: its book, its reference price, and what its participants share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from feed.book.book import OrderBook
from feed.model.durations import NS_PER_HOUR, NS_PER_SECOND
from feed.model.events import TRADE, Row
from feed.model.market import InstrumentSpec, MarketSpec
from feed.sim.event_queue import EventQueue
from feed.sim.instrument_parameters import BUY, SELL, InstrumentParameters
from feed.sim.random_streams import random_stream
from feed.sim.reference_price import Metaorder
from feed.sim.roles import DeepOrders, MarketMaker, RestingOwner, TradeObserver

# In 15 of 16 cases the owner of an order that the price has passed is quicker than a maker.
_QUICK_OWNER_BITS: Final = 4


class InstrumentSim(InstrumentParameters):
    """
    The state of one instrument that its participants share.

    Attributes:
        makers: The market makers, the one with the quoting obligation first.
        deep: The deep book.
        owners: Owner and side of each resting order of a participant, by its id.
        trading: Whether orders can trade now.
        listed: Whether it is listed, halted or not.
        impact: Fraction by which trades have moved the price since a tracker last reset it to 0.
        learnt: The same since the factors were last told.
        premium: Fraction by which the price is kept above that of the instrument it follows.
        detached: Whether it has stopped following another instrument.
        observer: Is called with every trade; or None.
    """

    __slots__ = (
        "_clients",
        "_forgets",
        "_rows",
        "book",
        "deep",
        "detached",
        "impact",
        "learnt",
        "listed",
        "makers",
        "next_order",
        "observer",
        "owners",
        "premium",
        "queue",
        "seed",
        "trading",
    )

    def __init__(
        self,
        market: MarketSpec,
        spec: InstrumentSpec,
        *,
        seed: int,
        book: OrderBook,
        next_order: Callable[[], int],
        rows: list[Row],
        queue: EventQueue,
    ) -> None:
        super().__init__(market, spec)
        self.seed: Final = seed
        self.book: Final = book
        self.next_order: Final = next_order
        self.queue: Final = queue
        self.owners: dict[int, tuple[RestingOwner, int]] = {}
        self.makers: Sequence[MarketMaker] = ()
        self.deep: DeepOrders | None = None
        self.trading = False
        self.listed = spec.listed
        self.impact = self.learnt = 0.0
        self.premium = 0.0
        self.detached = False
        self.observer: TradeObserver | None = None
        self._rows = rows
        # Those of clients are one metaorder on each side, whatever their accounts: to divide an order among
        # accounts must not change its impact.
        self._clients = (Metaorder(BUY), Metaorder(SELL))
        self._forgets = 1.0 / (market.impact.memory_hours * NS_PER_HOUR / NS_PER_SECOND)

    def random_stream(self, *names: str) -> Callable[[int], int]:
        """The random bits of one participant, see :func:`feed.sim.random_streams.random_stream`."""
        return random_stream(self.seed, self.spec.instrument.symbol, *names)

    # --- prices ------------------------------------------------------------------------------------

    @property
    def value(self) -> float:
        """What everybody takes for the fair price, ticks: the permanent part of the reference price."""
        return self.reference.permanent

    def hear(self, now: int, fraction: float) -> None:
        """Public news move the price by ``fraction`` of itself; makers react to it if it trades."""
        self.reference.hear(self.reference.permanent * fraction)
        if self.trading:
            self.notify_makers(now)

    def follow(self, now: int, value: float) -> None:
        """Move the price to that of what it derives from, ticks."""
        reference = self.reference
        reference.move(value - reference.permanent)
        reference.fundamental = reference.permanent
        if self.trading:
            self.notify_makers(now)

    def shift(self, now: int, ticks: float) -> None:
        """Move the permanent part of the price by what was learnt elsewhere, ticks."""
        self.reference.move(ticks)
        self.notify_makers(now)

    def notify_makers(self, now: int) -> None:
        """Let every maker react."""
        for maker in self.makers:
            maker.wake(now)

    def forget(self, seconds: float) -> None:
        """Let the memory of what clients have traded fade."""
        for metaorder in self._clients:
            if metaorder.volume:
                metaorder.volume -= metaorder.volume * min(1.0, seconds * self._forgets)

    # --- orders ------------------------------------------------------------------------------------

    def publish(self, row: Row) -> None:
        """Publish a row that is not the effect of an order."""
        self._rows.append(row)
        if self.observer is not None:
            self.observer.on_row(row)

    def take(
        self,
        now: int,
        side: int,
        lots: int,
        price: int,
        *,
        metaorder: Metaorder | None = None,
        informs: bool = True,
        order: int | None = None,
        before: Row | None = None,
    ) -> int:
        """
        Execute an immediate-or-cancel order.

        Args:
            now: Market time, nanoseconds.
            side: Of the aggressor.
            lots: Size; what is not available is cancelled.
            price: Limit price, ticks.
            metaorder: What it is part of; None for one of its own.
            informs: Whether makers learn from the trades.
            order: Id of the order; None for the next.
            before: A row to publish before the trades.
        Returns:
            Lots traded.
        """
        book = self.book
        book.now = now
        since = len(self._rows)
        if before is not None:
            self._rows.append(before)
        filled = book.ioc(self.next_order() if order is None else order, side, price, lots)
        if filled:
            self._traded(now, since, (metaorder or Metaorder(side)) if informs else None)
        return filled

    def client_traded(self, now: int, since: int) -> None:
        """
        Apply the effects of a client's order, whose rows begin at index ``since``.

        Nobody quotes after one that was refused because the instrument does not trade.
        """
        for row in self._rows[since:]:
            if row[0] == TRADE:
                self._traded(now, since, self._clients[row[4]])
                return
        if self.trading:
            self.refill(now)

    def limit_price(self, side: int, spreads: float) -> int:
        """
        The limit price of an aggressor, ticks.

        Args:
            side: Of the aggressor.
            spreads: How far past the best price it goes, in spreads or, where that is more, in standard
                deviations of a return over one second.
        """
        reach = int(spreads * max(self.spread, self.deviation))
        return max(1, self.book.bid - reach) if side else min(self.highest, self.book.ask + reach)

    def clear_wrong_side(
        self, now: int, side: int, price: int, eager: int, bits: Callable[[int], int]
    ) -> bool:
        """
        Deal with the order in front of ``price``, which a maker wants to quote.

        A patient trader mostly cancels it first, since the price has passed it. Else the maker trades with
        it. Another maker's quote stays.

        Args:
            now: Market time, nanoseconds.
            side: Of the maker's quote.
            price: Of the maker's quote, ticks.
            eager: How much the maker trades, in its own quotes.
            bits: The maker's random bits for this.
        Returns:
            Whether something was done.
        """
        order = self.book.first(1 - side)
        owner = self.owners.get(order)
        if owner is not None:
            if owner[0].makes:
                return False
            if bits(_QUICK_OWNER_BITS):
                del self.owners[order]
                owner[0].withdraw(order, owner[1])
                self.book.cancel(order)
                return True
        return self.take(now, side, max(1, int(eager * self.size)), price, informs=False) > 0

    def clear(self) -> None:
        """Cancel every order in the book."""
        for maker in self.makers:
            maker.cancel_quotes()
        if self.deep is not None:
            self.deep.cancel_all()
        for side in (BUY, SELL):
            for order, _, _ in self.book.orders(side):
                self.owners.pop(order, None)
                self.book.cancel(order)

    def quote(self, now: int) -> None:
        """Complete makers' ladders and the deep book at once, around the current price."""
        self.book.now = now
        for maker in self.makers:
            maker.quote_ladder(now)
        if self.deep is not None:
            self.deep.fill()

    def refill(self, now: int) -> None:
        """Let the first maker quote at once on a side that is empty."""
        book = self.book
        if not (book.bid and book.ask) and self.makers:
            book.now = now
            for side in (BUY, SELL):
                if not (book.ask if side else book.bid):
                    self.makers[0].requote_side(now, side)

    def _traded(self, now: int, since: int, metaorder: Metaorder | None) -> None:
        """
        Apply the effects of the trades in the rows from index ``since`` on.

        Makers handle their executed quotes and learn from the trades, and if a side was swept empty the
        first maker quotes again at once.
        """
        lots = inventory = first = last = 0
        owners = self.owners
        for row in self._rows[since:]:
            if row[0] == TRADE:
                lots, last = lots + row[6], row[5]
                first = first or last
                owner = owners.get(row[7])
                if owner is not None:
                    if owner[0].makes:
                        inventory += row[6] if row[4] else -row[6]
                    if not row[9]:
                        del owners[row[7]]
                        owner[0].order_filled(now, row[7], owner[1])
        reference = self.reference
        reference.inventory += inventory / self.size
        if metaorder is not None:
            moved = reference.learn(metaorder, lots / self.taken, self.impact_scale) / reference.permanent
            self.impact += moved
            self.learnt += moved
            reference.concede(metaorder.side, first, last)
            self.notify_makers(now)
        self.refill(now)
        if self.observer is not None:
            self.observer.on_rows(self._rows[since:])
