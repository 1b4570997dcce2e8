"""
What accounts own and owe: a fold over the rows that concern them.

Money is integers. Each currency has one unit, fine enough that price times size of every instrument
quoted in it is a whole number of units: nothing is ever rounded but fees and funding, which are integers
when they come. What the participants of the simulated market hold against all accounts together stands in
an account of its own, so that nothing is made or lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import attrs

from feed.model.events import (
    BALANCE,
    FILL,
    ORDER,
    POSITION,
    BalanceChanged,
    OrderChanged,
    OrderFilled,
    PositionChanged,
    Row,
    Side,
)
from feed.model.instruments import Instrument, Listing
from feed.model.statements import Cause
from feed.model.trading import OrderState, RequestKind, Trigger, caseless

PARTICIPANTS: Final = 0
"""The account of everybody who is no client."""

RECENT: Final = 1000
"""Requests, finished orders and fills that are remembered of each account."""

_OVER: Final = (OrderState.CANCELLED, OrderState.MODIFIED, OrderState.REJECTED)


class MoneyUnits:
    """
    The units of money, by instrument and by currency.

    Attributes:
        currencies: Quote currency of each instrument, in index order.
        scales: Units of money in one tick times one lot, in index order.
        decimals: Digits of each currency: a unit is ``10 ** -decimals``.
        fee_scales: Units of money in one unit of a fee as ``FILL`` has it, in index order.
    """

    def __init__(self, listing: Listing) -> None:
        self.currencies: Final = tuple(item.quote for item in listing)
        self.decimals: Final[dict[str, int]] = {}
        for item in listing:
            digits = item.price_decimals + item.size_decimals
            self.decimals[item.quote] = max(self.decimals.get(item.quote, 0), digits)
        self.scales: Final = tuple(money_scale(item, self.decimals[item.quote]) for item in listing)
        # A fee comes in units of price times size in full decimals, without tick and lot.
        self.fee_scales: Final = tuple(
            self._spare(item.quote, item.price_decimals + item.size_decimals) for item in listing
        )

    def _spare(self, currency: str, digits: int) -> int:
        return _power(self.decimals[currency] - digits)

    def whole(self, currency: str, amount: int) -> int:
        """``amount`` of a currency in its units."""
        return amount * _power(self.decimals[currency])


def money_scale(instrument: Instrument, decimals: int) -> int:
    """Units of money, each ``10 ** -decimals`` of the quote currency, in one tick times one lot."""
    spare = decimals - instrument.price_decimals - instrument.size_decimals
    return instrument.tick * instrument.lot * _power(spare)


def _power(digits: int) -> int:
    return int(10**digits)


class Position:
    """
    What an account holds of one instrument.

    Attributes:
        lots: Integer lots; negative when sold short.
        cost: What was paid for them, units of money; negative when it was received.
        realised: Profit of what has been closed, units of money, fees apart.
        funding: What was received for holding it, units of money; negative when it was paid.
        fees: Paid for trading it, units of money.
        bids: What open buy orders would pay at most, units of money.
        asks: What open sell orders would receive at least, units of money.
        order: Id of the order that opened it, which is the id of the position; 0 when there is none.
        opened: Market time at which it was opened, nanoseconds; 0 when there is none.
        stop_loss: Mark price at which it is closed with a loss, integer ticks; 0 for none.
        take_profit: The same with a profit.
    """

    __slots__ = (
        "asks",
        "bids",
        "cost",
        "fees",
        "funding",
        "lots",
        "opened",
        "order",
        "realised",
        "stop_loss",
        "take_profit",
    )

    def __init__(self) -> None:
        self.lots = self.cost = self.realised = self.funding = self.fees = self.bids = self.asks = 0
        self.order = self.opened = self.stop_loss = self.take_profit = 0

    @property
    def exposure(self) -> int:
        """The most that could be at stake once every open order of one side is filled, units of money."""
        return self.exposure_with(0, 0)

    def exposure_with(self, bids: int, asks: int) -> int:
        """The same with further open orders, which would pay or receive so much, units of money."""
        return max(0, self.cost + self.bids + bids, self.asks + asks - self.cost)

    def trade(self, lots: int, unit: int) -> None:
        """
        Buy ``lots``, or sell where they are negative.

        Args:
            lots: Integer lots.
            unit: Price of one lot, units of money.
        """
        closed = 0
        if self.lots * lots < 0:
            closed = max(lots, -self.lots) if lots < 0 else min(lots, -self.lots)
            # The share of the cost leaves with what is closed; a remainder stays with what is left.
            share = -(self.cost * closed // self.lots)
            self.realised -= closed * unit + share
            self.cost -= share
        self.cost += (lots - closed) * unit
        self.lots += lots

    def reached(self, mark: int) -> Trigger:
        """Which of its exits a mark price has reached, ticks."""
        closing = Side.SELL if self.lots > 0 else Side.BUY
        for exits, price in ((Trigger.STOP, self.stop_loss), (Trigger.TAKE_PROFIT, self.take_profit)):
            if price and exits.reached(closing, price, mark):
                return exits
        return Trigger.NONE

    def worth(self, unit: int) -> int:
        """Profit that is not realised yet, at ``unit`` for a lot, units of money."""
        return self.lots * unit - self.cost


class Account:
    """
    One account.

    Attributes:
        positions: By instrument.
        orders: Open orders by id, each as it stands, those included that wait for a trigger.
        fees: Paid so far, by currency, units of money.
        insurance: Debts that the market has borne, by currency, units of money.
        leverage: Of its positions and open orders.
        requests: Client's ids of the last orders asked for, see :func:`feed.model.trading.caseless`.
        finished: The last orders that are over, oldest first.
        fills: The last fills, oldest first.
    """

    def __init__(self) -> None:
        self.positions: dict[int, Position] = {}
        self.orders: dict[int, OrderChanged] = {}
        self.fees: dict[str, int] = {}
        self.insurance: dict[str, int] = {}
        self.leverage = 1
        self.requests: dict[int, None] = {}
        self.finished: deque[OrderChanged] = deque(maxlen=RECENT)
        self.fills: deque[OrderFilled] = deque(maxlen=RECENT)

    def position(self, instrument: int) -> Position:
        """What it holds of an instrument."""
        return self.positions.setdefault(instrument, Position())

    @property
    def idle(self) -> bool:
        """Whether it has neither positions nor open orders, and so may choose its leverage."""
        return not self.orders and not any(position.lots for position in self.positions.values())


class Accounts:
    """
    Every account that has ever traded.

    Args:
        listing: The instruments.
        deposit: What each account begins with of every currency, whole units of it.

    Attributes:
        deposit: As given.
        money: Its units.
        orders: Account of each open order, by its id.
        waiting: Account of each order that waits for a trigger, by its id.
        holders: Instruments that each account holds something of, by account.
    """

    def __init__(self, listing: Listing, *, deposit: int = 0) -> None:
        self.money: Final = MoneyUnits(listing)
        self.orders: dict[int, int] = {}
        self.waiting: dict[int, int] = {}
        self.holders: dict[int, dict[int, None]] = {}
        self.deposit: Final = deposit
        self._accounts: dict[int, Account] = {}

    def __getitem__(self, account: int) -> Account:
        return self._accounts.setdefault(account, Account())

    def find(self, account: int) -> Account:
        """An account to look at; one that never traded is not remembered for it."""
        return self._accounts.get(account) or Account()

    def __iter__(self) -> Iterator[int]:
        return iter(self._accounts)

    def apply(self, rows: Iterable[Row]) -> None:
        """Take the next rows into account; those that concern no account are passed over."""
        for row in rows:
            if row[0] == FILL:
                self._fill(OrderFilled.from_row(0, row))
            elif row[0] == ORDER:
                self._change(OrderChanged.from_row(0, row))
            elif row[0] == BALANCE:
                self._pay(BalanceChanged.from_row(0, row))
            elif row[0] == POSITION:
                self._set_exits(PositionChanged.from_row(0, row))

    def cash(self, account: int, currency: str) -> int:
        """What an account owns of a currency apart from profit that is not realised, units of money."""
        found, money = self.find(account), self.money
        return (
            money.whole(currency, self.deposit)
            - found.fees.get(currency, 0)
            + found.insurance.get(currency, 0)
            + sum(
                position.realised + position.funding
                for instrument, position in found.positions.items()
                if money.currencies[instrument] == currency
            )
        )

    def equity(self, account: int, currency: str, mark: Callable[[int], int]) -> int:
        """
        What an account would own of a currency if it closed everything.

        Args:
            account: Its number.
            currency: Of which.
            mark: Gives the price of an instrument, ticks; 0 when there is none.
        """
        found, money = self.find(account), self.money
        total = self.cash(account, currency)
        for instrument, position in found.positions.items():
            if position.lots and money.currencies[instrument] == currency:
                price = mark(instrument)
                if price:
                    total += position.worth(price * money.scales[instrument])
        return total

    def exposure(self, account: int, currency: str) -> int:
        """What an account has at stake in a currency, units of money."""
        return sum(
            position.exposure
            for instrument, position in self.find(account).positions.items()
            if self.money.currencies[instrument] == currency
        )

    def _change(self, item: OrderChanged) -> None:
        account = self[item.account]
        if item.state is OrderState.PENDING:
            if item.verb is RequestKind.CREATE and item.request:
                _remember(account.requests, caseless(item.request))
        elif item.state is OrderState.UNTRIGGERED:
            self._open(account, item)
            self.waiting[item.order] = item.account
        elif item.state is OrderState.ACTIVE:
            self._open(account, item)
            self.waiting.pop(item.order, None)
            self._reserve(item, item.left)
        elif item.state in _OVER:
            known = account.orders.pop(item.order, None)
            self.orders.pop(item.order, None)
            if known is not None and self.waiting.pop(item.order, None) is None:
                self._reserve(known, -known.left)
            # Later answers are about other requests: the order goes by the id it was made with.
            request = item.request if known is None else known.request
            account.finished.append(attrs.evolve(item, request=request))

    def _open(self, account: Account, item: OrderChanged) -> None:
        account.orders[item.order] = item
        account.leverage = item.leverage
        self.orders[item.order] = item.account

    def _fill(self, item: OrderFilled) -> None:
        account = self[item.account]
        at, money = item.instrument, self.money
        unit = item.price * money.scales[at]
        lots = -item.size if item.side else item.size
        position = account.position(at)
        before = position.lots
        position.trade(lots, unit)
        if not before or before * position.lots <= 0:  # it is closed, or a new one is open
            position.order, position.opened = (item.order, item.ts) if position.lots else (0, 0)
            position.stop_loss = position.take_profit = 0
        held = self.holders.setdefault(item.account, {})
        if position.lots:
            held[at] = None
        else:
            held.pop(at, None)
            if not held:
                del self.holders[item.account]
        account.fills.append(item)
        self[PARTICIPANTS].position(at).trade(-lots, unit)
        currency = money.currencies[at]
        fee = item.fee * money.fee_scales[at]
        position.fees += fee
        account.fees[currency] = account.fees.get(currency, 0) + fee
        order = account.orders.get(item.order)
        if order is None:
            return  # a recording that begins or goes on after the order did
        if position.lots * lots > 0:  # what makes a position smaller does not say where it ends
            position.stop_loss = order.stop_loss or position.stop_loss
            position.take_profit = order.take_profit or position.take_profit
        self._reserve(order, -item.size)
        order = attrs.evolve(
            order,
            ts=item.ts,
            left=item.left,
            filled=order.filled + item.size,
            value=order.value + item.price * item.size,
        )
        if item.left:
            account.orders[item.order] = order
        else:
            del account.orders[item.order], self.orders[item.order]
            account.finished.append(attrs.evolve(order, state=OrderState.FILLED))

    def _pay(self, item: BalanceChanged) -> None:
        """What one account receives beside its trades, the participants give."""
        at = item.instrument
        if item.cause is Cause.FUNDING:
            self[item.account].position(at).funding += item.amount
            self[PARTICIPANTS].position(at).funding -= item.amount
        elif item.cause is Cause.INSURANCE:
            currency = self.money.currencies[at]
            for who, amount in ((item.account, item.amount), (PARTICIPANTS, -item.amount)):
                insurance = self[who].insurance
                insurance[currency] = insurance.get(currency, 0) + amount

    def _set_exits(self, item: PositionChanged) -> None:
        position = self[item.account].positions.get(item.instrument)
        if position is not None:
            position.stop_loss, position.take_profit = item.stop_loss, item.take_profit

    def _reserve(self, order: OrderChanged, lots: int) -> None:
        position = self[order.account].position(order.instrument)
        value = lots * order.price * self.money.scales[order.instrument]
        if order.side is Side.BUY:
            position.bids += value
        else:
            position.asks += value


def _remember(requests: dict[int, None], request: int) -> None:
    requests[request] = None
    if len(requests) > RECENT:
        del requests[next(iter(requests))]
