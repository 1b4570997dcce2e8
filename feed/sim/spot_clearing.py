"""
Clearing of orders that are paid for with assets: what trades move between wallets, and what is told of it.

In the book such an order belongs to its account's number with a minus sign: what the account trades on
margin is kept apart, and its orders of the two kinds may trade with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.model.events import CLEAR, REDUCE, STATUS, TRADE, ExecutionReport, Row, Side, Status
from feed.model.executions import Charge
from feed.model.instruments import Listing
from feed.model.orders import SelfTrade
from feed.model.trading import OrderState, Pricing, Reason
from feed.model.wallets import Wallets
from feed.settings import Trading
from feed.sim.spot_funds import commission, locked_by
from feed.sim.spot_watch import Expiries, StopOrders
from feed.sim.venue import HasVenue


class SpotClearing:
    """
    Keeps the wallets of a simulated market.

    Args:
        listing: The instruments.
        trading: Deposits, and how much is remembered.
        run: Has the market in which they trade.

    Attributes:
        wallets: What accounts hold, as of the last row told.
        stops: Orders that wait for a trigger.
        expiries: Orders that do not wait for ever.
        taker: Id of the order that entered its book last.
        amended: Id of the order that leaves its book only to enter it again; 0 for none.
    """

    def __init__(self, listing: Listing, trading: Trading, run: HasVenue) -> None:
        # Trades are for whoever asks what happened, who follows the stream.
        self.wallets: Final = Wallets(listing, deposits=trading.deposits, history=trading.history, trades=0)
        self.stops: Final = StopOrders()
        self.expiries: Final = Expiries()
        self.taker = 0
        self.amended = 0
        self._run: Final = run

    def say(self, report: ExecutionReport) -> list[Row]:
        """Tell the next report of an order, and what its wallet holds where that has changed."""
        before = self.wallets.of_order(report.order)
        self.wallets.report(report)
        self.stops.update(report)
        self.expiries.update(report)
        rows = [report.row()]
        if report.trade or report.locked != (0 if before is None else before.locked):
            rows.append(self.wallets.changed(report.account, report.instrument, report.ts).row())
        return rows

    def ended(self, order: ExecutionReport, ts: int, reason: Reason = Reason.NONE) -> list[Row]:
        """Tell that an order is over without having traded all of its size."""
        return self.say(order.after(ts, state=OrderState.CANCELLED, reason=reason, locked=0))

    def told(self, row: Row, reason: Reason) -> list[Row]:
        """What a row of the market means to orders; ``reason`` is of those that vanish."""
        orders, kind = self.wallets.orders, row[0]
        if kind == TRADE:
            said: list[Row] = []
            for number, taker in ((row[8], True), (row[7], False)):
                if number in orders:
                    said += self._traded(row, self._known(number), taker=taker)
            return said
        if kind == REDUCE and row[3] in orders and row[3] != self.amended:
            order = self._known(row[3])
            if reason is not Reason.SELF_TRADE:
                return self.ended(order, row[2], reason)
            return self._prevented(row, order)
        if kind == CLEAR:
            return self._all_ended(row, Reason.STARTED_ANEW, waiting=False)
        if kind == STATUS and row[3] == Status.DELISTED:
            # What rests is taken from the book, order by order; what waits stands in none.
            return self._all_ended(row, Reason.DELISTED, waiting=True)
        return []

    def stopped(self, order: ExecutionReport, ts: int) -> list[Row]:
        """Tell that an order is over because it met one of its own account."""
        counter, price, lots = self._prevented_in(order)[-1]
        return self.say(
            order.after(
                ts,
                state=OrderState.CANCELLED,
                reason=Reason.SELF_TRADE,
                left=0,
                locked=0,
                prevented=order.prevented + order.left,
                counter=counter,
                taker=True,
                last_price=price,
                last_size=lots,
            )
        )

    def _prevented_in(self, order: ExecutionReport) -> Sequence[tuple[int, int, int]]:
        """The prevented trades of the last command in the book of an order."""
        return self._run.market.exchange.book(order.instrument, order.account).prevented

    def _known(self, number: int) -> ExecutionReport:
        found = self.wallets.of_order(number)
        assert found is not None  # noqa: S101 - it is among the open ones
        return found

    def _traded(self, row: Row, order: ExecutionReport, *, taker: bool) -> list[Row]:
        price, size, units = row[5], row[6], self.wallets.units
        left = order.left - size
        cost = commission(order, price, size, units, taker=taker)
        if not left:
            locked = 0
        elif order.side is Side.BUY and order.type is Pricing.MARKET:
            locked = order.locked - price * size * units.quote_scales[order.instrument]
            locked -= cost if order.charge is Charge.QUOTE else 0
        else:
            locked = locked_by(order, left, units)
        return self.say(
            order.after(
                row[2],
                state=OrderState.ACTIVE if left else OrderState.FILLED,
                left=left,
                filled=order.filled + size,
                value=order.value + price * size,
                locked=locked,
                trade=row[3],
                taker=taker,
                last_price=price,
                last_size=size,
                commission=cost,
                commission_leg=order.charge.leg(order.side),
            )
        )

    def _prevented(self, row: Row, maker: ExecutionReport) -> list[Row]:
        """An order that rests became smaller, or vanished, instead of trading with one of its own account."""
        taker = self._known(self.taker)
        price, lots = next(
            (price, lots)
            for order, price, lots in reversed(self._prevented_in(maker))
            if order == maker.order
        )
        said = self._shrunk(row, maker, maker.left - row[6], taker, (price, lots))
        if taker.self_trade is SelfTrade.DECREMENT:
            said += self._shrunk(row, taker, lots, maker, (price, lots))
        return said

    def _shrunk(
        self, row: Row, order: ExecutionReport, by: int, other: ExecutionReport, last: tuple[int, int]
    ) -> list[Row]:
        left = order.left - by
        if not left:
            locked = 0
        elif order.type is Pricing.LIMIT or order.side is Side.SELL:
            locked = locked_by(order, left, self.wallets.units)
        else:
            locked = order.locked  # of a market order: what it will trade, without what is prevented
        return self.say(
            order.after(
                row[2],
                state=OrderState.ACTIVE if left else OrderState.CANCELLED,
                reason=Reason.SELF_TRADE,
                left=left,
                locked=locked,
                prevented=order.prevented + by,
                counter=other.order,
                taker=order.order == self.taker,
                last_price=last[0],
                last_size=last[1],
            )
        )

    def _all_ended(self, row: Row, reason: Reason, *, waiting: bool) -> list[Row]:
        """The orders in an instrument are over; only those that wait for a trigger where ``waiting``."""
        said: list[Row] = []
        for number in list(self.wallets.orders):
            order = self._known(number)
            if order.instrument == row[1] and (order.state is OrderState.UNTRIGGERED or not waiting):
                said += self.ended(order, row[2], reason)
        return said
