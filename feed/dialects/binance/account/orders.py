"""An order in the exchange's words: its type, its status, and what of it each answer shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import UNSET

from feed.dialects.binance.account.client_ids import shown, shown_cancellation
from feed.dialects.binance.account.shapes import (
    AccountTrade,
    Amended,
    Amendment,
    Cancelled,
    Fill,
    Order,
    Placed,
    PreventedMatch,
)
from feed.dialects.binance.symbols import DECIMALS, Symbol, amount_text
from feed.dialects.binance.views import TimeUnit
from feed.model.events import ExecutionReport
from feed.model.executions import Leg, PreventedTrade
from feed.model.instruments import decimal_text
from feed.model.kinds import Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.trading import OrderState, Pricing, Reason, Trigger

NO_LIST: Final = -1
"""Lists of orders are not taken; every order is in none."""
_ZERO: Final = amount_text(0)
_KINDS: Final = {
    (Pricing.LIMIT, Trigger.NONE): "LIMIT",
    (Pricing.MARKET, Trigger.NONE): "MARKET",
    (Pricing.MARKET, Trigger.STOP): "STOP_LOSS",
    (Pricing.LIMIT, Trigger.STOP): "STOP_LOSS_LIMIT",
    (Pricing.MARKET, Trigger.TAKE_PROFIT): "TAKE_PROFIT",
    (Pricing.LIMIT, Trigger.TAKE_PROFIT): "TAKE_PROFIT_LIMIT",
}
MODES: Final = {
    SelfTrade.ALLOW: "NONE",
    SelfTrade.CANCEL_INCOMING: "EXPIRE_TAKER",
    SelfTrade.CANCEL_RESTING: "EXPIRE_MAKER",
    SelfTrade.CANCEL_BOTH: "EXPIRE_BOTH",
    SelfTrade.DECREMENT: "DECREMENT",
}
SIDES: Final = {Side.BUY: "BUY", Side.SELL: "SELL"}
_STATUSES: Final = {
    OrderState.PENDING: "NEW",
    OrderState.ACTIVE: "NEW",
    OrderState.UNTRIGGERED: "NEW",
    OrderState.FILLED: "FILLED",
    OrderState.REJECTED: "REJECTED",
}
# What ends an order without its account having asked for it; all else is CANCELED.
_EXPIRES: Final = frozenset(Reason) - {Reason.NONE, Reason.TIMER}
_TYPE_BITS: Final = 32


def tag_of(strategy: int | None, strategy_type: int | None) -> int:
    """Both numbers of a strategy as the one that an order carries; 0 for neither."""
    return ((0 if strategy is None else strategy + 1) << _TYPE_BITS) | (strategy_type or 0)


def strategy_of(item: ExecutionReport) -> tuple[int | None, int | None]:
    """The two numbers of a strategy that an order carries; None for one that was not sent."""
    strategy, strategy_type = item.tag >> _TYPE_BITS, item.tag & ((1 << _TYPE_BITS) - 1)
    return (strategy - 1 if strategy else None), (strategy_type or None)


def order_type(item: ExecutionReport) -> str:
    """Such as ``LIMIT``."""
    return "LIMIT_MAKER" if item.post_only else _KINDS[item.type, item.trigger]


def status(item: ExecutionReport) -> str:
    """Where an order stands after a report of it."""
    if item.state is OrderState.CANCELLED:
        if item.reason is Reason.SELF_TRADE:
            return "EXPIRED_IN_MATCH"
        return "EXPIRED" if item.reason in _EXPIRES else "CANCELED"
    if item.open and item.filled:
        return "PARTIALLY_FILLED"
    return _STATUSES.get(item.state, "NEW")


def time_in_force(item: ExecutionReport) -> str:
    """GTC, too, of orders that never wait because they have no price."""
    return TimeInForce.GTC.name if item.type is Pricing.MARKET else item.time_in_force.name


def commission(item: ExecutionReport, symbol: Symbol, decimals: tuple[int, int]) -> tuple[str, str]:
    """
    What a trade has cost, and in which asset.

    Args:
        item: Of a trade.
        symbol: Its symbol.
        decimals: Digits of a unit of the base asset and of the quote asset.
    """
    base = item.commission_leg is Leg.BASE
    return units_text(item.commission, decimals[0 if base else 1]), symbol.base if base else symbol.quote


def units_text(units: int, decimals: int) -> str:
    """An amount of an asset, in eight decimals; what is finer is dropped."""
    return decimal_text(units // 10 ** (decimals - DECIMALS), DECIMALS)


class OrderWriter:
    """
    Writes the orders of one symbol.

    Args:
        symbol: It.
        decimals: Digits of a unit of its base asset and of its quote asset.
        unit: Of the times.
    """

    def __init__(self, symbol: Symbol, decimals: tuple[int, int], unit: TimeUnit) -> None:
        self._symbol = symbol
        self._decimals = decimals
        self._unit = unit

    def acknowledged(self, item: ExecutionReport) -> Placed:
        """That an order was placed."""
        return Placed(
            symbol=self._symbol.name,
            orderId=item.order,
            clientOrderId=shown(item.client, item.order),
            transactTime=self._unit.of(item.ts),
        )

    def placed(self, item: ExecutionReport, trades: Iterable[ExecutionReport] | None = None) -> Placed:
        """
        What became of an order.

        Args:
            item: Its last report.
            trades: Reports of its trades; None where they are not shown.
        """
        return Placed(
            clientOrderId=shown(item.client, item.order),
            transactTime=self._unit.of(item.ts),
            workingTime=self._working_time(item),
            fills=UNSET if trades is None else [self._fill(trade) for trade in trades],
            **self._terms(item),
            **self._quote_size(item),
            **self._conditional(item),
        )

    def cancelled(self, item: ExecutionReport) -> Cancelled:
        """That an order was cancelled."""
        return Cancelled(
            origClientOrderId=shown(item.client, item.order),
            clientOrderId=shown_cancellation(item.request, item.order),
            transactTime=self._unit.of(item.ts),
            **self._terms(item),
            **self._quote_size(item),
            **self._conditional(item),
        )

    def order(self, item: ExecutionReport) -> Order:
        """An order as it stands."""
        conditional = self._conditional(item)
        return Order(
            clientOrderId=shown(item.client, item.order),
            icebergQty=_ZERO,
            time=self._unit.of(item.created),
            updateTime=self._unit.of(item.ts),
            isWorking=bool(item.working),
            workingTime=self._working_time(item),
            **self._terms(item),
            **self._quote_size(item),
            **{"stopPrice": _ZERO, **conditional},
        )

    def amendment(self, item: ExecutionReport, before: ExecutionReport) -> Amendment:
        """That an order was amended, and what it was ``before``."""
        terms = self._terms(item)
        return Amendment(
            transactTime=self._unit.of(item.ts),
            executionId=item.seq,
            amendedOrder=Amended(
                symbol=terms["symbol"],
                orderId=item.order,
                origClientOrderId=shown(before.client, before.order),
                clientOrderId=shown(item.client, item.order),
                price=terms["price"],
                qty=terms["origQty"],
                executedQty=terms["executedQty"],
                preventedQty=self._symbol.size_text(item.prevented),
                quoteOrderQty=self._quote_size(item)["origQuoteOrderQty"],
                cumulativeQuoteQty=terms["cummulativeQuoteQty"],
                status=terms["status"],
                timeInForce=terms["timeInForce"],
                type=terms["type"],
                side=terms["side"],
                workingTime=self._working_time(item),
                selfTradePreventionMode=terms["selfTradePreventionMode"],
            ),
        )

    def trade(self, item: ExecutionReport) -> AccountTrade:
        """A trade of the account."""
        cost, asset = commission(item, self._symbol, self._decimals)
        return AccountTrade(
            symbol=self._symbol.name,
            id=item.trade,
            orderId=item.order,
            orderListId=NO_LIST,
            price=self._symbol.price_text(item.last_price),
            qty=self._symbol.size_text(item.last_size),
            quoteQty=self._symbol.value_text(item.last_price * item.last_size),
            commission=cost,
            commissionAsset=asset,
            time=self._unit.of(item.ts),
            isBuyer=item.side is Side.BUY,
            isMaker=not item.taker,
            isBestMatch=True,
        )

    def prevented(self, item: PreventedTrade, account: int) -> PreventedMatch:
        """A trade of ``account`` with itself that was prevented."""
        lots = {"takerPreventedQuantity": item.taker_lots, "makerPreventedQuantity": item.maker_lots}
        return PreventedMatch(
            symbol=self._symbol.name,
            preventedMatchId=item.number,
            takerOrderId=item.taker,
            makerSymbol=self._symbol.name,
            makerOrderId=item.maker,
            tradeGroupId=account,
            selfTradePreventionMode=MODES[item.mode],
            price=self._symbol.price_text(item.price),
            transactTime=self._unit.of(item.ts),
            **{name: self._symbol.size_text(size) for name, size in lots.items() if size},
        )

    def _fill(self, item: ExecutionReport) -> Fill:
        cost, asset = commission(item, self._symbol, self._decimals)
        return Fill(
            price=self._symbol.price_text(item.last_price),
            qty=self._symbol.size_text(item.last_size),
            commission=cost,
            commissionAsset=asset,
            tradeId=item.trade,
        )

    def _working_time(self, item: ExecutionReport) -> int:
        return self._unit.of(item.working) if item.working else -1

    def _quote_size(self, item: ExecutionReport) -> dict[str, Any]:
        return {"origQuoteOrderQty": units_text(item.quote_size, self._decimals[1])}

    def _terms(self, item: ExecutionReport) -> dict[str, Any]:
        """The fields that every answer has."""
        symbol = self._symbol
        return {
            "symbol": symbol.name,
            "orderId": item.order,
            "price": symbol.price_text(item.price),
            "origQty": symbol.size_text(item.size),
            "executedQty": symbol.size_text(item.filled),
            "cummulativeQuoteQty": symbol.value_text(item.value),
            "status": status(item),
            "timeInForce": time_in_force(item),
            "type": order_type(item),
            "side": SIDES[item.side],
            "selfTradePreventionMode": MODES[item.self_trade],
        }

    def _conditional(self, item: ExecutionReport) -> dict[str, Any]:
        """Those that only some have."""
        fields: dict[str, Any] = {}
        strategy, strategy_type = strategy_of(item)
        if item.trigger is not Trigger.NONE:
            fields["stopPrice"] = self._symbol.price_text(item.trigger_price)
        if strategy is not None:
            fields["strategyId"] = strategy
        if strategy_type is not None:
            fields["strategyType"] = strategy_type
        if item.prevented:
            fields["preventedQuantity"] = self._symbol.size_text(item.prevented)
        return fields
