"""
Accounts in a simulated market: their requests act through the same books as everybody's orders.

What a request does is told in rows: first what becomes of the request itself, then what it did to the
book, each trade followed by the fills of the accounts that it concerns.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from typing import Final, Protocol, runtime_checkable

import attrs

from feed.model.accounts import Accounts, Position
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import CLEAR, REDUCE, TRADE, OrderChanged, OrderFilled, Row, Side, Status
from feed.model.instruments import Contract, Listing
from feed.model.orders import Ack, CancelOrder, NewOrder, Reject, TimeInForce
from feed.model.requests import PARTS, Cancel, CancelMany, Create, JournalEntry, Modify, Request
from feed.model.trading import OrderState, Pricing, Reason, Verb, caseless, packed, unpacked
from feed.settings import Trading
from feed.sim.market import Market
from feed.sim.simulation import Simulation


@runtime_checkable
class SimulatedRun(Simulation, Protocol):
    """A run with a simulated market behind it, in whose books accounts can trade."""

    @property
    def market(self) -> Market:
        """The market, as it stands."""

    def from_start(self) -> SimulatedRun:
        """The same run from its beginning: the same rows at the same times."""


class ClientMarket:
    """
    A market that accounts trade in; otherwise the run that it is given, event by event.

    A request acts after everything that the market does by itself up to and including its time. So
    the same rows come out when the requests come from a journal.

    Args:
        run: A market, or a market that follows a timeline.
        trading: What accounts can do.
        entries: A journal to play: requests in the order in which they acted.

    Attributes:
        listing: The instruments, in index order.
        accounts: What they own and owe, as of the last row given out.
        played: How many requests have acted.
    """

    def __init__(
        self,
        run: SimulatedRun,
        *,
        trading: Trading,
        entries: Iterable[JournalEntry] = (),
    ) -> None:
        self.listing: Final[Listing] = run.listing
        self.accounts: Final = Accounts(run.listing, deposit=trading.deposit)
        self.played = 0
        self._run = run
        self._trading = trading
        self._entries = deque(entries)

    @property
    def _market(self) -> Market:
        return self._run.market

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self._run.now

    @property
    def end(self) -> int | None:
        """Market time at which all is over; None for a market without end."""
        return self._run.end

    def from_start(self) -> ClientMarket:
        """The same market from its beginning, without what accounts have done."""
        return ClientMarket(self._run.from_start(), trading=self._trading)

    def opening(self) -> list[Row]:
        """The rows that built the opening books. Taken once, before all others."""
        return self._run.opening()

    def snapshot(self) -> list[Row]:
        """Every status and every book as it stands, in rows that rebuild them from nothing."""
        return self._run.snapshot()

    def next_time(self) -> int | None:
        """Market time of the next thing that happens; None once all is over."""
        upcoming = self._run.next_time()
        if upcoming is not None and self._entries:
            return min(upcoming, self._entries[0].at)
        return upcoming

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """
        Let everything happen whose time has come.

        Args:
            until: Market time up to which, and including which, things happen.
            limit: Stop after the first whole action that brings the rows to this number.
        """
        entries = self._entries
        rows: list[Row] = []
        while entries and entries[0].at <= until:
            rows += self._told(self._run.advance(entries[0].at, limit - len(rows)))
            if len(rows) >= limit:
                return rows
            rows += self._act(entries.popleft().request)
            if len(rows) >= limit:
                return rows
        return rows + self._told(self._run.advance(until, limit - len(rows)))

    def execute(self, request: Request) -> list[Row]:
        """Let a request act now, after all that the market still has to do at this time."""
        return self.advance(self.now) + self._act(request)

    def _act(self, request: Request) -> list[Row]:
        self.played += 1
        match request:
            case Create():
                return self._create(request)
            case Cancel():
                order = self._own(request, request.order, request.created)
                return self._refused(request, Verb.CANCEL) if order is None else self._cancel(request, order)
            case CancelMany():
                return self._cancel_many(request)
            case Modify():
                return self._modify(request)
        raise TypeError(request)

    # --- requests ------------------------------------------------------------------------------------

    def _create(self, request: Create) -> list[Row]:
        account = self.accounts.find(request.account)
        if caseless(request.request) in account.requests:
            return self._refused(request, Verb.CREATE, Reason.DUPLICATE)
        price = request.price if request.type is Pricing.LIMIT else self._worst_price(request)
        order = OrderChanged(
            seq=0,
            ts=self.now,
            instrument=request.instrument,
            account=request.account,
            request=request.request,
            verb=Verb.CREATE,
            state=OrderState.PENDING,
            reason=Reason.NONE,
            order=0,
            side=request.side,
            type=request.type,
            price=price,
            left=request.size,
            filled=0,
            value=0,
            leverage=request.leverage,
            post_only=request.post_only,
            created=self.now,
        )
        reason = Reason.NO_PRICE if price < 1 else self._objection(order)
        if reason is not Reason.NONE:
            order = attrs.evolve(order, order=self._market.exchange.next_order())
            rejected = attrs.evolve(order, state=OrderState.REJECTED, reason=reason)
            return self._say(order, rejected)
        return self._enter(order)

    def _cancel(self, request: Request, order: OrderChanged) -> list[Row]:
        asked = attrs.evolve(order, ts=self.now, request=request.request, verb=Verb.CANCEL)
        rows = self._say(attrs.evolve(asked, state=OrderState.CANCELLING))
        rows += self._withdraw(order)
        return rows + self._say(attrs.evolve(asked, state=OrderState.CANCELLED))

    def _cancel_many(self, request: CancelMany) -> list[Row]:
        chosen = [
            order
            for order in self.accounts.find(request.account).orders.values()
            if order.instrument == request.instrument
            and request.price in (0, order.price)
            and request.side in (-1, order.side)
        ]
        if not chosen:
            return self._refused(request, Verb.CANCEL)
        rows: list[Row] = []
        for at, order in enumerate(chosen):
            name = packed(f"{unpacked(request.request)}#{at}") if request.request else 0
            rows += self._cancel(attrs.evolve(request, request=name), order)
        return rows

    def _modify(self, request: Modify) -> list[Row]:
        old = self._own(request, request.order, request.created)
        if old is None:
            return self._refused(request, Verb.MODIFY)
        asked = attrs.evolve(old, ts=self.now, request=request.request, verb=Verb.MODIFY)
        new = attrs.evolve(
            asked,
            state=OrderState.PENDING,
            price=request.price or old.price,
            left=request.size or old.left,
            filled=0,
            value=0,
            created=self.now,
        )
        reason = self._objection(new, instead_of=old)
        if reason is not Reason.NONE:
            return self._say(attrs.evolve(asked, state=OrderState.REFUSED, reason=reason))
        rows = self._say(attrs.evolve(asked, state=OrderState.MODIFYING))
        rows += self._withdraw(old)
        rows += self._say(attrs.evolve(asked, state=OrderState.MODIFIED))
        return rows + self._enter(new)

    # --- what they share -----------------------------------------------------------------------------

    def _enter(self, order: OrderChanged) -> list[Row]:
        """Let a new order act; ``order`` is as it was received, but for its id."""
        market = self._market
        ack, rows = market.submit(
            NewOrder(
                account=order.account,
                instrument=order.instrument,
                side=order.side,
                size=order.left,
                price=order.price,
                time_in_force=TimeInForce.GTC if order.type is Pricing.LIMIT else TimeInForce.IOC,
                post_only=order.post_only,
            )
        )
        order = attrs.evolve(order, order=ack.order or market.exchange.next_order())
        active = attrs.evolve(order, verb=Verb.CREATE, state=OrderState.ACTIVE)
        said = self._say(order, active)
        if ack.reject is not None:
            return said + self._say(_rejected(active, ack))
        said += self._told(rows, Reason.SELF_TRADE)
        rest = self.accounts.find(order.account).orders.get(order.order)
        if rest is not None and order.type is Pricing.MARKET:
            said += self._say(attrs.evolve(rest, state=OrderState.CANCELLED, reason=Reason.UNFILLED))
        return said

    def _withdraw(self, order: OrderChanged) -> list[Row]:
        command = CancelOrder(account=order.account, instrument=order.instrument, order=order.order)
        return self._market.submit(command)[1]

    def _own(self, request: Request, order: int, created: int) -> OrderChanged | None:
        """The open order that a request names; another account's is none, and so is another market's."""
        found = self.accounts.find(request.account).orders.get(order)
        if found is None or found.instrument != request.instrument:
            return None
        return found if found.created // NS_PER_MILLISECOND == created else None

    def _objection(self, order: OrderChanged, *, instead_of: OrderChanged | None = None) -> Reason:
        """Why an order cannot be entered, now that ``instead_of`` would make way for it."""
        account, trading = self.accounts.find(order.account), self._trading
        if self._market.exchange.statuses[order.instrument] is not Status.TRADING:
            return Reason.NOT_TRADING
        # Accounts hold what they buy: they have no margin for a future, and no claim on an outcome.
        if self.listing[order.instrument].contract is not Contract.SPOT:
            return Reason.NOT_TRADING
        if order.leverage > trading.leverage or not (account.idle or order.leverage == account.leverage):
            return Reason.LEVERAGE
        if instead_of is None and len(account.orders) >= trading.open_orders:
            return Reason.TOO_MANY_ORDERS
        return Reason.NONE if self._carries(order, instead_of) else Reason.NO_FUNDS

    def _carries(self, order: OrderChanged, instead_of: OrderChanged | None) -> bool:
        """Whether the account can carry an order: what is at stake stays within what it owns."""
        accounts, at = self.accounts, order.instrument
        scale, currency = accounts.money.scales[at], accounts.money.currencies[at]
        position = accounts.find(order.account).positions.get(at) or Position()
        value = order.left * order.price * scale
        freed = 0 if instead_of is None else instead_of.left * instead_of.price * scale
        bids, asks = (value - freed, 0) if order.side is Side.BUY else (0, value - freed)
        after = max(0, position.cost + position.bids + bids, position.asks + asks - position.cost)
        if after <= position.exposure:
            return True
        at_stake = accounts.exposure(order.account, currency) - position.exposure + after
        fee = value * self._trading.taker_fee // PARTS
        return at_stake <= (accounts.equity(order.account, currency, self._mark) - fee) * order.leverage

    def _mark(self, instrument: int) -> int:
        book = self._market.exchange.books[instrument]
        return (book.bid + book.ask) // 2 if book.bid and book.ask else book.bid or book.ask

    def _worst_price(self, request: Create) -> int:
        """What a market order may trade at, ticks; 0 when there is nothing to trade with."""
        book = self._market.exchange.books[request.instrument]
        if request.side is Side.BUY:
            return book.ask + book.ask * request.slippage // PARTS
        return max(1, book.bid - book.bid * request.slippage // PARTS) if book.bid else 0

    # --- what is told --------------------------------------------------------------------------------

    def _say(self, *items: OrderChanged) -> list[Row]:
        rows = [item.row() for item in items]
        self.accounts.apply(rows)
        return rows

    def _refused(self, request: Request, verb: Verb, reason: Reason = Reason.UNKNOWN_ORDER) -> list[Row]:
        """A request did nothing, and there is no order to show."""
        return self._say(
            OrderChanged(
                seq=0,
                ts=self.now,
                instrument=request.instrument,
                account=request.account,
                request=request.request,
                verb=verb,
                state=OrderState.REFUSED,
                reason=reason,
                order=0,
                side=Side.BUY,
                type=Pricing.LIMIT,
                price=0,
                left=0,
                filled=0,
                value=0,
                leverage=1,
                post_only=False,
                created=self.now,
            )
        )

    def _told(self, rows: list[Row], reason: Reason = Reason.DELISTED) -> list[Row]:
        """The same rows, each followed by what it means to accounts; ``reason`` is of orders that vanish."""
        orders = self.accounts.orders
        if not orders:
            return rows
        said: list[Row] = []
        for row in rows:
            said.append(row)
            if row[0] == TRADE:
                for order, taker in ((row[8], True), (row[7], False)):
                    if order in orders:
                        said += self._filled(row, order, taker=taker)
            elif row[0] == REDUCE and not row[6] and row[3] in orders:
                gone = self.accounts.find(orders[row[3]]).orders[row[3]]
                said += self._say(attrs.evolve(gone, ts=row[2], state=OrderState.CANCELLED, reason=reason))
            elif row[0] == CLEAR:
                said += self._swept_away(row)
        return said

    def _swept_away(self, clear: Row) -> list[Row]:
        """A book is forgotten, and with it every order of an account that rested there."""
        open_ = [self.accounts.find(owner).orders[order] for order, owner in self.accounts.orders.items()]
        gone = [
            attrs.evolve(order, ts=clear[2], state=OrderState.CANCELLED, reason=Reason.STARTED_ANEW)
            for order in open_
            if order.instrument == clear[1]
        ]
        return self._say(*gone)

    def _filled(self, trade: Row, order: int, *, taker: bool) -> list[Row]:
        known = self.accounts.find(self.accounts.orders[order]).orders[order]
        price, size = trade[5], trade[6]
        instrument = self.listing[known.instrument]
        rate = self._trading.taker_fee if taker else self._trading.maker_fee
        fill = OrderFilled(
            seq=0,
            instrument=known.instrument,
            ts=trade[2],
            account=known.account,
            order=order,
            side=known.side,
            type=known.type,
            leverage=known.leverage,
            created=known.created,
            trade=trade[3],
            taker=taker,
            price=price,
            size=size,
            left=known.left - size,
            # Rounded up: nobody trades for nothing.
            fee=-(-price * size * instrument.tick * instrument.lot * rate // PARTS),
        ).row()
        self.accounts.apply((fill,))
        return [fill]


def _rejected(order: OrderChanged, ack: Ack) -> OrderChanged:
    crossed = ack.reject is Reject.WOULD_CROSS
    reason = Reason.WOULD_CROSS if crossed else Reason.NOT_TRADING
    return attrs.evolve(order, state=OrderState.REJECTED, reason=reason)
