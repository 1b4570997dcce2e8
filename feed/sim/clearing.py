"""
Clearing: what trades of the market mean to accounts, and what is told to them.

Told are fills, right after the trade that they are one side of, and orders that vanish from a book. What
an account holds and owns after them is told in statements, one for all that it did up to some moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from feed.book.account_queues import AccountRow
from feed.model.accounts import Accounts
from feed.model.auctions import AuctionPhase
from feed.model.events import (
    AUCTION,
    CLEAR,
    REDUCE,
    STATUS,
    TRADE,
    ExecutionReport,
    OrderChanged,
    OrderFilled,
    Row,
    Side,
    Status,
)
from feed.model.grants import Tier
from feed.model.instruments import Listing
from feed.model.margin import Valuation
from feed.model.orders import TimeInForce
from feed.model.requests import PARTS
from feed.model.statements import BalanceChanged, Cause, PositionChanged
from feed.model.trading import OrderState, Pricing, Reason
from feed.settings import Trading
from feed.sim.spot_clearing import SpotClearing
from feed.sim.venue import HasVenue, TradedBook, Venue


class Clearing:
    """
    Keeps the accounts of a simulated market.

    Mark prices are those of the last :meth:`look`, so that a fill is worth the same wherever the run of
    the market was cut into pieces.

    Args:
        listing: The instruments.
        trading: Fees, margins and deposits.
        run: Has the market in which they trade.

    Attributes:
        listing: As given.
        trading: As given.
        accounts: What they own and owe, as of the last row told.
        values: What they hold and own at mark prices.
        tiers: Tier of each account, as its last request said.
        spot: What accounts hold of assets.
    """

    def __init__(self, listing: Listing, trading: Trading, run: HasVenue) -> None:
        self.listing: Final = listing
        self.trading: Final = trading
        self.accounts: Final = Accounts(listing, deposit=trading.deposit)
        self.values: Final = Valuation(
            accounts=self.accounts, mark=self.mark, maintenance=trading.maintenance
        )
        self.tiers: Final[dict[int, Tier]] = {}
        self.spot: Final = SpotClearing(listing, trading, run)
        self._run = run
        self._marks: dict[int, int] = {}
        self._uncrossing = -1  # the instrument whose call auction ends with the rows that are told
        self._changed: dict[tuple[int, int], None] = {}  # account and instrument, not stated yet
        kept = PARTS - trading.basic_discount, PARTS - trading.pro_discount, PARTS - trading.max_discount
        self._fees: Final = dict(zip(Tier, (PARTS, *kept), strict=True))

    @property
    def market(self) -> Venue:
        """The market as it stands."""
        return self._run.market

    def book(self, instrument: int, account: int) -> TradedBook:
        """The book of an instrument as an account has it."""
        return self._run.market.exchange.book(instrument, account)

    @property
    def busy(self) -> bool:
        """Whether anything of an account depends on what the market does."""
        accounts = self.accounts
        return bool(accounts.orders or accounts.holders or self._changed)

    def look(self, *instruments: int) -> None:
        """Take over the mark prices of these instruments, and of all that accounts hold or have orders in."""
        accounts, market = self.accounts, self.market
        wanted = dict.fromkeys(instruments)
        for held in accounts.holders.values():
            wanted |= held
        for order, owner in accounts.orders.items():
            wanted[accounts.find(owner).orders[order].instrument] = None
        for at in wanted:
            # Where nothing is quoted, what was quoted last still counts.
            self._marks[at] = market.mark(at) or self._marks.get(at, 0)

    def mark(self, instrument: int) -> int:
        """Mark price as of the last look, integer ticks; 0 when there has been none."""
        return self._marks.get(instrument, 0)

    def fee(self, account: int, value: int, *, taker: bool) -> int:
        """What a trade of some value costs an account; rounded up, nobody trades for nothing."""
        rate = self.trading.taker_fee if taker else self.trading.maker_fee
        share = self._fees[self.tiers.get(account, Tier.FREE)]
        return -(-value * rate * share // (PARTS * PARTS))

    # --- what is told --------------------------------------------------------------------------------

    def say(self, *items: OrderChanged | PositionChanged | BalanceChanged) -> list[Row]:
        """Tell accounts, and take it into account."""
        rows = [item.row() for item in items]
        self.accounts.apply(rows)
        return rows

    def told(self, rows: list[Row], reason: Reason = Reason.DELISTED) -> list[Row]:
        """
        The same rows, each followed by what it means to accounts; ``reason`` is of orders that vanish.

        What has happened in the book of one account alone is told to that account and not given on.
        """
        orders, spot_orders = self.accounts.orders, self.spot.wallets.orders
        if not orders and not spot_orders:
            return rows
        said: list[Row] = []
        for row in rows:
            if type(row) is not AccountRow:
                said.append(row)
            if row[1] == self._uncrossing and row[0] == REDUCE:
                continue  # it takes part in the auction, and comes back with what is left of it
            if spot_orders:
                said += self.spot.told(row, reason)
            if row[0] == TRADE:
                said += self._traded(row)
            elif row[0] in (AUCTION, STATUS):
                said += self._auctioned(row)
            elif row[0] == REDUCE and not row[6] and row[3] in orders:
                gone = self.accounts.find(orders[row[3]]).orders[row[3]]
                said += self.say(attrs.evolve(gone, ts=row[2], state=OrderState.CANCELLED, reason=reason))
            elif row[0] == CLEAR:
                said += self._swept_away(row)
        return said

    def balance(self, account: int, instrument: int, cause: Cause, amount: int = 0) -> list[Row]:
        """Tell an account what it owns of the quote currency of an instrument, and why."""
        return self.say(self.values.balance(account, instrument, self.market.now, cause, amount))

    def position(self, account: int, instrument: int) -> list[Row]:
        """Tell an account what it holds of an instrument."""
        return self.say(self.values.position(account, instrument, self.market.now))

    def settle(self) -> tuple[list[Row], list[tuple[int, int]]]:
        """Statements of all that has changed since the last ones, and of which accounts and instruments."""
        changed = list(self._changed)
        self._changed.clear()
        said: list[Row] = []
        for account, instrument in changed:
            said += self.position(account, instrument)
        currencies = self.accounts.money.currencies
        last = {(account, currencies[at]): at for account, at in changed}
        for (account, _), at in last.items():
            said += self.balance(account, at, Cause.TRADE)
        return said, changed

    def _auctioned(self, row: Row) -> list[Row]:
        """Orders that were collected for an auction alone are over with it, or with its being given up."""
        if row[0] == AUCTION:
            if row[4] == AuctionPhase.UNCROSSED:
                self._uncrossing = row[1]
            return []
        uncrossed, self._uncrossing = row[1] == self._uncrossing, -1
        if uncrossed:
            return self._ended(row, lambda order: not _rests(order), Reason.UNFILLED)
        if row[3] == Status.DELISTED:
            given_up = self.market.exchange.abandoned
            return self._ended(row, lambda order: order.order in given_up, Reason.DELISTED)
        return []

    def _ended(
        self, status: Row, which: Callable[[OrderChanged | ExecutionReport], bool], reason: Reason
    ) -> list[Row]:
        """Tell that orders of the instrument of a status are over that were to act, and no longer do."""
        said: list[Row] = []
        for number, owner in list(self.accounts.orders.items()):
            order = self.accounts.find(owner).orders[number]
            if order.instrument == status[1] and order.state is OrderState.ACTIVE and which(order):
                said += self.say(attrs.evolve(order, ts=status[2], state=OrderState.CANCELLED, reason=reason))
        for number in list(self.spot.wallets.orders):
            report = self.spot.wallets.of_order(number)
            if report is None or report.instrument != status[1] or report.state is not OrderState.ACTIVE:
                continue
            if which(report):
                said += self.spot.ended(report, status[2], reason)
        return said

    def _swept_away(self, clear: Row) -> list[Row]:
        """A book is forgotten, and with it every order of an account that rested there."""
        open_ = [self.accounts.find(owner).orders[order] for order, owner in self.accounts.orders.items()]
        gone = [
            attrs.evolve(order, ts=clear[2], state=OrderState.CANCELLED, reason=Reason.STARTED_ANEW)
            for order in open_
            if order.instrument == clear[1]
        ]
        return self.say(*gone)

    def _traded(self, trade: Row) -> list[Row]:
        said: list[Row] = []
        for order, taker in ((trade[8], True), (trade[7], False)):
            if order in self.accounts.orders:
                said += self._filled(trade, order, taker=taker)
        return said

    def _filled(self, trade: Row, order: int, *, taker: bool) -> list[Row]:
        known = self.accounts.find(self.accounts.orders[order]).orders[order]
        price, size = trade[5], trade[6]
        instrument = self.listing[known.instrument]
        value = price * size * instrument.tick * instrument.lot
        fill = OrderFilled(
            seq=0,
            instrument=known.instrument,
            ts=trade[2],
            account=known.account,
            order=order,
            side=Side(known.side),
            type=known.type,
            leverage=known.leverage,
            created=known.created,
            trade=trade[3],
            taker=taker,
            price=price,
            size=size,
            left=known.left - size,
            fee=self.fee(known.account, value, taker=taker),
            trigger=known.trigger,
            trigger_price=known.trigger_price,
        ).row()
        self.accounts.apply((fill,))
        self._changed[known.account, known.instrument] = None
        return [fill]


def _rests(order: OrderChanged | ExecutionReport) -> bool:
    """Whether what is left of an order rests on the book, once it has traded what it can."""
    return order.type is Pricing.LIMIT and order.time_in_force is TimeInForce.GTC
