"""
What Tradyn tells of accounts: orders, deals, positions and funds, alike by request and on the socket.

Source: page "REST API", whose examples print ``balance``, ``equity``, and ``symbol``, ``type``, ``volume``
and ``profit`` of a position. What else there is, is ours, in the same style.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from feed.dialects.access import Shape
from feed.dialects.numbers import Number, exact, number
from feed.dialects.times import milliseconds
from feed.model.accounts import money_scale
from feed.model.events import BalanceChanged, OrderChanged, OrderFilled, PositionChanged, Side
from feed.model.instruments import Instrument
from feed.model.margin import Margin
from feed.model.statements import Cause
from feed.model.trading import OrderState, Pricing, Reason, Trigger, unpacked

TYPES: Final = ("Buy", "Sell", "Buy Limit", "Sell Limit", "Buy Stop", "Sell Stop")
"""Names of the order types, in the order of their numbers."""
BUY_LIMIT: Final = 2
BUY_STOP: Final = 4

Action = Literal["buy", "sell"]
OrderStatus = Literal["received", "placed", "partial", "filled", "cancelled", "rejected", "replaced"]
FundsCause = Literal["trade", "funding", "marginCall", "liquidation", "insurance"]

ACTIONS: Final[tuple[Action, Action]] = ("buy", "sell")  # by side
_NONE: Final = msgspec.Raw(b"0")
_STATUSES: Final[dict[OrderState, OrderStatus]] = {
    OrderState.PENDING: "received",
    OrderState.ACTIVE: "placed",
    OrderState.UNTRIGGERED: "placed",
    OrderState.CANCELLING: "placed",
    OrderState.CANCELLED: "cancelled",
    OrderState.MODIFYING: "placed",
    OrderState.MODIFIED: "replaced",
    OrderState.REJECTED: "rejected",
    OrderState.FILLED: "filled",
}
_CAUSES: Final[dict[Cause, FundsCause]] = {
    Cause.TRADE: "trade",
    Cause.FUNDING: "funding",
    Cause.MARGIN_CALL: "marginCall",
    Cause.LIQUIDATION: "liquidation",
    Cause.INSURANCE: "insurance",
}
WHY: Final = {
    Reason.UNKNOWN_ORDER: "No such order",
    Reason.DUPLICATE: "clientId was used before",
    Reason.NOT_TRADING: "Market is closed",
    Reason.NO_FUNDS: "Insufficient margin",
    Reason.LEVERAGE: "Leverage differs from the account's, or is too high",
    Reason.TOO_MANY_ORDERS: "Too many pending orders",
    Reason.NO_PRICE: "No price",
    Reason.UNFILLED: "Not enough to trade with",
    Reason.SELF_TRADE: "Would trade with an order of the same account",
    Reason.DELISTED: "Symbol was delisted",
    Reason.STARTED_ANEW: "Market has begun again",
    Reason.TRIGGERED: "Price was reached",
    Reason.LIQUIDATION: "Stop out",
    Reason.REDUCE_ONLY: "Volume is larger than the position",
    Reason.PRICE_BAND: "Price is too far from the market",
    Reason.CANNOT_FILL: "Not enough to trade with",
    Reason.WOULD_TRIGGER: "Price was reached already",
    Reason.WOULD_CROSS: "Would trade at once",
    Reason.NO_POSITION: "No such position",
    Reason.BAD_EXIT: "sl or tp is on the wrong side of the price",
}


class OrderShape(Shape):
    """
    An order.

    Attributes:
        ticket: Its number.
        symbol: Of the instrument.
        type: 0 Buy, 1 Sell, 2 Buy Limit, 3 Sell Limit, 4 Buy Stop, 5 Sell Stop.
        action: buy or sell.
        volume: Its size.
        filled: How much of that has traded.
        price: Of a pending order; of an order at the market the worst price that it may trade at.
        avgPrice: At which it has traded, rounded down to a tick; 0 when it has not.
        sl: Stop loss of what it opens; 0 for none.
        tp: Take profit of what it opens; 0 for none.
        status: received, placed, partial, filled, cancelled, rejected, or replaced by another order.
        reason: Why, where that is not plain; empty where it is.
        clientId: The client's own id of it; empty for none.
        time: Market time at which it was sent, milliseconds since the Unix epoch.
        updated: Market time of the last change, milliseconds since the Unix epoch.
    """

    ticket: int
    symbol: str
    type: int
    action: Action
    volume: Number
    filled: Number
    price: Number
    avgPrice: Number  # noqa: N815 - in the document's style, here and below
    sl: Number
    tp: Number
    status: OrderStatus
    reason: str
    clientId: str  # noqa: N815
    time: int
    updated: int


class DealShape(Shape):
    """
    A fill of an order.

    Attributes:
        ticket: Number of the trade in its symbol.
        order: Ticket of the order.
        symbol: Of the instrument.
        action: buy or sell.
        volume: What has traded.
        remaining: What is left of the order.
        price: Of the trade.
        commission: Paid for it.
        currency: Of the commission.
        time: Market time, milliseconds since the Unix epoch.
    """

    ticket: int
    order: int
    symbol: str
    action: Action
    volume: Number
    remaining: Number
    price: Number
    commission: Number
    currency: str
    time: int


class PositionShape(Shape):
    """
    What the account holds of a symbol: one position, of whichever orders it comes.

    Attributes:
        ticket: That of the order that opened it; 0 when it is closed.
        symbol: Of the instrument.
        type: 0 when it was bought, 1 when it was sold short.
        action: buy or sell; of a closed one buy.
        volume: Its size; 0 when it is closed.
        openPrice: Average entry, rounded down to a tick; 0 when it is closed.
        currentPrice: Mark price, by which profit and margin are computed; 0 when there is none.
        sl: Stop loss; 0 for none.
        tp: Take profit; 0 for none.
        profit: What closing it at the mark price would earn.
        realizedProfit: What closing positions of this symbol has earned so far.
        swap: Received for holding positions of this symbol; negative when it was paid.
        liquidationPrice: Mark price of the stop out if nothing else changes; 0 for none.
        currency: Of the money.
        openTime: Market time at which it was opened, milliseconds since the Unix epoch; 0 when it is closed.
        time: Market time of these figures, milliseconds since the Unix epoch.
    """

    ticket: int
    symbol: str
    type: int
    action: Action
    volume: Number
    openPrice: Number  # noqa: N815
    currentPrice: Number  # noqa: N815
    sl: Number
    tp: Number
    profit: Number
    realizedProfit: Number  # noqa: N815
    swap: Number
    liquidationPrice: Number  # noqa: N815
    currency: str
    openTime: int  # noqa: N815
    time: int


class FundsShape(Shape):
    """
    What the account owns of a currency, and what that backs.

    Attributes:
        currency: Which.
        balance: Without profit that is not realised.
        equity: What would be left if everything were closed at mark prices.
        profit: What is not realised: equity less balance.
        margin: What backs positions and pending orders, at the account's leverage.
        freeMargin: What can back further orders: equity less margin, and never negative.
        marginLevel: Equity over margin, per cent, rounded down; 0 without a margin.
        maintenanceMargin: Equity below which the account is stopped out.
        leverage: Of all positions and pending orders.
    """

    currency: str
    balance: Number
    equity: Number
    profit: Number
    margin: Number
    freeMargin: Number  # noqa: N815
    marginLevel: int  # noqa: N815
    maintenanceMargin: Number  # noqa: N815
    leverage: int


class FundsEvent(FundsShape):
    """
    What the account owns of a currency, and why it is told.

    Attributes:
        cause: trade, funding, marginCall, liquidation or insurance.
        amount: What the cause alone has added: funding, or a debt that the market bears; else 0.
        time: Market time, milliseconds since the Unix epoch.
    """

    cause: FundsCause
    amount: Number
    time: int


def order_type(order: OrderChanged) -> int:
    """Its number among the order types."""
    if order.trigger is Trigger.STOP:
        return BUY_STOP + order.side
    pending = order.trigger is Trigger.TAKE_PROFIT or order.type is Pricing.LIMIT
    return BUY_LIMIT + order.side if pending else int(order.side)


def order_shape(instrument: Instrument, order: OrderChanged) -> OrderShape:
    """An order as every message shows it."""

    def price(ticks: int) -> msgspec.Raw:
        return exact(instrument.price_text(ticks)) if ticks else _NONE

    status = _STATUSES[order.state]
    return OrderShape(
        ticket=order.order,
        symbol=instrument.symbol,
        type=order_type(order),
        action=ACTIONS[order.side],
        volume=exact(instrument.size_text(order.left + order.filled)),
        filled=exact(instrument.size_text(order.filled)),
        price=price(order.trigger_price or order.price),
        avgPrice=price(order.value // order.filled if order.filled else 0),
        sl=price(order.stop_loss),
        tp=price(order.take_profit),
        status="partial" if status == "placed" and order.filled else status,
        reason=WHY.get(order.reason, ""),
        clientId=unpacked(order.request),
        time=milliseconds(order.created),
        updated=milliseconds(order.ts),
    )


def deal_shape(instrument: Instrument, fill: OrderFilled) -> DealShape:
    """A fill as every message shows it."""
    return DealShape(
        ticket=fill.trade,
        order=fill.order,
        symbol=instrument.symbol,
        action=ACTIONS[fill.side],
        volume=exact(instrument.size_text(fill.size)),
        remaining=exact(instrument.size_text(fill.left)),
        price=exact(instrument.price_text(fill.price)),
        commission=number(fill.fee, instrument.price_decimals + instrument.size_decimals),
        currency=instrument.quote,
        time=milliseconds(fill.ts),
    )


def position_shape(instrument: Instrument, item: PositionChanged) -> PositionShape:
    """A position as every message shows it."""

    def money(amount: int) -> msgspec.Raw:
        return number(amount, item.decimals)

    def price(ticks: int) -> msgspec.Raw:
        return exact(instrument.price_text(ticks)) if ticks else _NONE

    scale = money_scale(instrument, item.decimals)
    side = Side.SELL if item.lots < 0 else Side.BUY
    return PositionShape(
        ticket=item.order,
        symbol=instrument.symbol,
        type=int(side),
        action=ACTIONS[side],
        volume=exact(instrument.size_text(abs(item.lots))),
        openPrice=price(item.entry(scale)),
        currentPrice=price(item.mark),
        sl=price(item.stop_loss),
        tp=price(item.take_profit),
        profit=money(item.unrealised(scale)),
        realizedProfit=money(item.realised),
        swap=money(item.funding),
        liquidationPrice=price(item.liquidation),
        currency=instrument.quote,
        openTime=milliseconds(item.opened),
        time=milliseconds(item.ts),
    )


def funds_shape(currency: str, decimals: int, margin: Margin, leverage: int) -> FundsShape:
    """What an account owns of a currency, whose unit of money is ``10 ** -decimals`` of it."""

    def money(amount: int) -> msgspec.Raw:
        return number(amount, decimals)

    return FundsShape(
        currency=currency,
        balance=money(margin.cash),
        equity=money(margin.equity),
        profit=money(margin.equity - margin.cash),
        margin=money(margin.initial),
        freeMargin=money(margin.available),
        marginLevel=max(0, 100 * margin.equity // margin.initial) if margin.initial else 0,
        maintenanceMargin=money(margin.maintenance),
        leverage=leverage,
    )


def funds_event(currency: str, item: BalanceChanged) -> FundsEvent:
    """What an account owns of a currency, as a message of the socket."""
    margin = Margin(cash=item.cash, equity=item.equity, initial=item.initial, maintenance=item.maintenance)
    funds = funds_shape(currency, item.decimals, margin, item.leverage)
    return FundsEvent(
        **{name: getattr(funds, name) for name in funds.__struct_fields__},
        cause=_CAUSES[item.cause],
        amount=number(item.amount, item.decimals),
        time=milliseconds(item.ts),
    )
