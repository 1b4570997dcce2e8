"""The call auctions of a simulated market: when each begins, what it indicates, and how it ends."""

from __future__ import annotations

from typing import Final, Protocol

from feed.book.exchange import Exchange
from feed.model.auctions import AuctionIndicated, AuctionPhase, AuctionPurpose
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Row, Side, Status
from feed.sim.auction_traders import AuctionTraders
from feed.sim.instrument_sim import InstrumentSim


class ChangesStatus(Protocol):
    """A market in which instruments are halted, closed and opened again."""

    def change(self, instrument: int, status: Status, now: int, *, acting: bool = False) -> None:
        """Give an instrument a status at market time ``now``; ``acting``: in the middle of an action."""


class CallAuction:
    """
    The call auctions of one instrument: they indicate once a second, and uncross when their time has come.

    Args:
        market: Whose instrument it is.
        exchange: Its books.
        rows: Where events are published.
        item: The instrument.

    Attributes:
        sim: None: it goes on while the instrument does not trade.
    """

    sim: Final = None

    def __init__(
        self, market: ChangesStatus, exchange: Exchange, rows: list[Row], item: InstrumentSim
    ) -> None:
        self._market = market
        self._exchange = exchange
        self._rows = rows
        self._item = item
        self._instrument = item.book.instrument
        self._purpose = AuctionPurpose.INTRADAY
        self._ends = 0
        self._after = Status.TRADING
        self._traders = AuctionTraders(item, exchange)
        self._planned = 0  # market time of the next action: what was scheduled before a halt is none
        self._index = item.queue.register(self)

    def begin(self, now: int, purpose: AuctionPurpose, duration: int, after: Status) -> None:
        """Collect orders for ``duration`` nanoseconds from now on; ``after`` is the status then."""
        item = self._item
        self._purpose, self._ends, self._after = purpose, now + duration, after
        self._exchange.call_auction(self._instrument, reference=item.book.last or int(item.value))
        for maker in item.makers:
            maker.cancel_quotes()  # they quote for those who trade at once, and come back for them
        _withdraw_passed(item, now)
        self._traders.begin(now, self._ends)
        self._rows.append(self.row(now))
        self._planned = min(now + NS_PER_SECOND, self._ends)
        item.queue.schedule(self._index, self._planned)

    def act(self, now: int) -> int:
        """Indicate, or end the auction."""
        if now != self._planned or self._exchange.statuses[self._instrument] is not Status.AUCTION:
            return 0
        if now >= self._ends:
            self._market.change(self._instrument, self._after, now, acting=True)
            return 0
        _withdraw_passed(self._item, now)
        self._rows.append(self.row(now))
        self._planned = min(now + NS_PER_SECOND, self._ends)
        return self._planned - now

    def uncross(self, now: int) -> None:
        """Let all trade that can. The status stays."""
        rows, since = self._rows, len(self._rows)
        rows.append(self.row(now, AuctionPhase.UNCROSSED))
        self._exchange.uncross(self._instrument)
        _told(self._item, rows[since:], now)
        observer = self._item.observer
        if observer is not None and any(row[0] == TRADE for row in rows[since:]):
            observer.on_rows(rows[since:])

    def row(self, now: int, phase: AuctionPhase = AuctionPhase.COLLECTING) -> Row:
        """What the auction would give now."""
        auction = self._exchange.auctions[self._instrument]
        told = auction.indication()
        return AuctionIndicated(
            seq=0,
            ts=now,
            instrument=self._instrument,
            purpose=self._purpose,
            phase=phase,
            price=told.equilibrium.price,
            volume=told.equilibrium.volume,
            imbalance=told.equilibrium.imbalance,
            bid=told.bid,
            bid_size=told.bid_size,
            ask=told.ask,
            ask_size=told.ask_size,
            reference=auction.reference,
            ends=self._ends,
        ).row()


class CallAuctions:
    """
    The call auctions of a market, at most one of an instrument at a time.

    Args:
        market: The market.
        exchange: Its books.
        rows: Where events are published.
    """

    def __init__(self, market: ChangesStatus, exchange: Exchange, rows: list[Row]) -> None:
        self._market = market
        self._exchange = exchange
        self._rows = rows
        self._known: dict[int, CallAuction] = {}

    def begin(
        self, item: InstrumentSim, now: int, purpose: AuctionPurpose, duration: int, after: Status
    ) -> None:
        """Begin an auction of an instrument, or go on with the one that a halt has interrupted."""
        instrument = item.book.instrument
        if instrument not in self._known:
            self._known[instrument] = CallAuction(self._market, self._exchange, self._rows, item)
        self._known[instrument].begin(now, purpose, duration, after)

    def leave(self, instrument: int, status: Status, now: int) -> None:
        """Let the auction of an instrument end the way that its next status asks for, if there is one."""
        if instrument not in self._exchange.auctions:
            return
        if status is Status.DELISTED:
            self._exchange.abandon(instrument)
        elif status in (Status.TRADING, Status.CLOSED):
            self._known[instrument].uncross(now)

    def rows(self, now: int) -> list[Row]:
        """What the auctions would give that orders are collected for now."""
        collecting = (at for at in self._exchange.auctions if self._exchange.statuses[at] is Status.AUCTION)
        return [self._known[at].row(now) for at in sorted(collecting)]


def _withdraw_passed(item: InstrumentSim, now: int) -> None:
    """Let patient traders cancel the orders that the price has passed, while nobody can trade."""
    book, owners, value = item.book, item.owners, item.value
    book.now = now
    for side in Side:
        for order, price, _ in book.orders(side):
            if price < value if side is Side.BUY else price > value:
                break
            owner = owners.get(order)
            if owner is not None and not owner[0].makes:
                del owners[order]
                owner[0].withdraw(order, owner[1])
                book.cancel(order)


def _told(item: InstrumentSim, rows: list[Row], now: int) -> None:
    """Tell simulated participants which of their orders an auction has executed."""
    for row in rows:
        if row[0] == TRADE:
            for order in (row[7], row[8]):
                owner = item.owners.get(order)
                if owner is not None and order not in item.book:
                    del item.owners[order]
                    owner[0].order_filled(now, order, owner[1])
