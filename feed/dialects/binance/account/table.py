"""Every request about an account, in the order of the exchange's documents."""

from __future__ import annotations

from typing import Final

from feed.dialects.binance.account import balances, history, lists, placing, replacing
from feed.dialects.binance.account.drafts import RESPONSES, SELF_TRADES, SIDES, TIMES, TYPES
from feed.dialects.binance.account.operations import Operation, Security
from feed.dialects.binance.account.shapes import (
    AccountTrade,
    Amendment,
    Cancelled,
    Order,
    Placed,
    PreventedMatch,
)
from feed.dialects.binance.fields import Sent
from feed.dialects.binance.market_data.parameters import number_parameter, symbol_parameter
from feed.dialects.binance.queries import Weight, weighs
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing


def operations(listing: Listing) -> tuple[Operation, ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
    """
    needed, optional = symbol_parameter(listing, needed=True), symbol_parameter(listing)
    order = _order_parameters(needed)
    return (
        Operation(
            http="POST",
            path="/api/v3/order",
            method="order.place",
            summary="Place an order, and hear what became of it",
            security=Security.TRADE,
            parameters=order,
            answer=placing.place,
            returns=Placed,
            orders=1,
        ),
        Operation(
            http="POST",
            path="/api/v3/order/test",
            method="order.test",
            summary="Check an order without placing it",
            security=Security.TRADE,
            parameters=(*order, _COMPUTE),
            answer=placing.test,
            returns=placing.Tested,
            weight=_by_presence("computeCommissionRates", 20, 1),
        ),
        Operation(
            path="/api/v3/order",
            method="order.status",
            summary="One order as it stands",
            parameters=(needed, *_NAMED),
            answer=history.order,
            returns=Order,
            weight=weighs(4),
        ),
        Operation(
            http="DELETE",
            path="/api/v3/order",
            method="order.cancel",
            summary="Cancel one order",
            security=Security.TRADE,
            parameters=(needed, *_NAMED, _text("newClientOrderId", "Id of the cancellation."), _RESTRICTIONS),
            answer=placing.cancel,
            returns=Cancelled,
        ),
        Operation(
            http="DELETE",
            path="/api/v3/openOrders",
            method="openOrders.cancelAll",
            summary="Cancel every open order in a symbol",
            security=Security.TRADE,
            parameters=(needed,),
            answer=placing.cancel_all,
            returns=list[Cancelled],
        ),
        Operation(
            http="POST",
            path="/api/v3/order/cancelReplace",
            method="order.cancelReplace",
            summary="Cancel one order and place another",
            security=Security.TRADE,
            parameters=(*order, *_REPLACED),
            answer=replacing.replace,
            returns=replacing.Replacement,
            orders=1,
        ),
        Operation(
            http="PUT",
            path="/api/v3/order/amend/keepPriority",
            method="order.amend.keepPriority",
            summary="Let an order be for less, in its place in the queue",
            security=Security.TRADE,
            parameters=(
                needed,
                *_NAMED,
                _text("newClientOrderId", "The id that it goes by from then on; else the same as before."),
                _text("newQty", "New quantity, what has traded included.", example="0.5"),
            ),
            answer=placing.amend,
            returns=Amendment,
            weight=weighs(4),
        ),
        Operation(
            path="/api/v3/openOrders",
            method="openOrders.status",
            summary="Open orders of one symbol, or of all",
            parameters=(optional,),
            answer=history.open_orders,
            returns=list[Order],
            weight=_by_presence("symbol", 6, 80),
        ),
        Operation(
            path="/api/v3/allOrders",
            method="allOrders",
            summary="Orders of a symbol, whatever has become of them",
            parameters=(needed, number_parameter("orderId", "From this order on."), *_BETWEEN, _LIMIT),
            answer=history.all_orders,
            returns=list[Order],
            weight=weighs(20),
        ),
        Operation(
            path="/api/v3/myTrades",
            method="myTrades",
            summary="Trades of the account in a symbol",
            parameters=(
                needed,
                number_parameter("orderId", "Of this order alone."),
                *_BETWEEN,
                number_parameter("fromId", "From this trade on."),
                _LIMIT,
            ),
            answer=history.my_trades,
            returns=list[AccountTrade],
            weight=_by_presence("orderId", 5, 20),
        ),
        Operation(
            path="/api/v3/myPreventedMatches",
            method="myPreventedMatches",
            summary="Trades of the account with itself that were prevented",
            parameters=(
                needed,
                number_parameter("preventedMatchId", "Number of one of them; in place of orderId."),
                number_parameter("orderId", "Those of this order alone, whichever side it was."),
                number_parameter("fromPreventedMatchId", "From this number on; beside orderId."),
                _LIMIT,
            ),
            answer=history.my_prevented_matches,
            returns=list[PreventedMatch],
            weight=_by_presence("orderId", 20, 2),
        ),
        Operation(
            path="/api/v3/account",
            method="account.status",
            summary="What the account holds, and what trading costs it",
            parameters=(
                Parameter(
                    name="omitZeroBalances",
                    meaning="Whether to leave out assets of which it holds nothing.",
                    default="false",
                    most=None,
                    choices=("true", "false"),
                ),
            ),
            answer=balances.account,
            returns=balances.AccountInformation,
            weight=weighs(20),
        ),
        Operation(
            path="/api/v3/account/commission",
            method="account.commission",
            summary="What trading in a symbol costs the account",
            parameters=(needed,),
            answer=balances.commission,
            returns=balances.CommissionRates,
            weight=weighs(20),
        ),
        Operation(
            path="/api/v3/rateLimit/order",
            method="account.rateLimits.orders",
            summary="How many orders the account has placed, beside how many it may",
            answer=balances.order_counts,
            returns=list[balances.OrderCount],
            weight=weighs(40),
        ),
        Operation(
            path="/sapi/v1/asset/tradeFee",
            summary="What trading costs the account, in one symbol or in each",
            parameters=(optional,),
            answer=balances.trade_fees,
            returns=list[balances.TradeFee],
        ),
        *lists.questions(listing),
    )


def _by_presence(name: str, present: int, absent: int) -> Weight:
    """A weight that depends on whether a parameter is there."""

    def weight(sent: Sent) -> int:
        return present if any(each == name for each, _ in sent) else absent

    return weight


def _text(name: str, meaning: str, *, choices: tuple[str, ...] = (), example: str | None = None) -> Parameter:
    return Parameter(name=name, meaning=meaning, optional=True, most=None, choices=choices, example=example)


_BETWEEN: Final = (
    number_parameter("startTime", "Not before this market time, milliseconds since the Unix epoch."),
    number_parameter("endTime", "Not after this one; at most 24 hours later."),
)
_LIMIT: Final = Parameter(
    name="limit",
    meaning="How many at most.",
    default=history.DEFAULT_LIMIT,
    least=1,
    most=history.MOST_LIMIT,
)
_NAMED: Final = (
    number_parameter("orderId", "Number of the order."),
    _text("origClientOrderId", "The client's own id of it, in place of its number."),
)
_RESTRICTIONS: Final = _text(
    "cancelRestrictions", "Which orders alone to cancel.", choices=tuple(placing.RESTRICTIONS)
)
_COMPUTE: Final = _text("computeCommissionRates", "Tell what it would cost.", choices=("true", "false"))
_REPLACED: Final = (
    Parameter(
        name="cancelReplaceMode",
        meaning="Whether to place the other order if nothing can be cancelled.",
        optional=False,
        most=None,
        choices=replacing.MODES,
    ),
    number_parameter("cancelOrderId", "Number of the order to cancel."),
    _text("cancelOrigClientOrderId", "The client's own id of it, in place of its number."),
    _text("cancelNewClientOrderId", "Id of the cancellation."),
    _RESTRICTIONS,
    _text("orderRateLimitExceededMode", "Taken, and without effect.", choices=("DO_NOTHING", "CANCEL_ONLY")),
)


def _order_parameters(symbol: Parameter) -> tuple[Parameter, ...]:
    return (
        symbol,
        Parameter(name="side", meaning="Which side.", most=None, choices=tuple(SIDES), example="BUY"),
        Parameter(
            name="type", meaning="Type of the order.", most=None, choices=tuple(TYPES), example="LIMIT"
        ),
        _text("timeInForce", "How long it waits; where it has a price.", choices=tuple(TIMES), example="GTC"),
        _text("quantity", "In the base asset.", example="0.5"),
        _text("quoteOrderQty", "In the quote asset, of a market order, in place of quantity."),
        _text("price", "The limit.", example="100"),
        _text("newClientOrderId", "The client's own id: up to 36 letters, digits, _ and -."),
        number_parameter("strategyId", "Shown again, and not looked at."),
        Parameter(
            name="strategyType",
            meaning="Shown again, and not looked at.",
            optional=True,
            least=1_000_000,
            most=2**31 - 1,
        ),
        _text("stopPrice", "Price of a trade that a stop or take-profit order waits for."),
        _text("trailingDelta", "Refused: there are no trailing stops here."),
        _text("icebergQty", "Refused: there are no icebergs here."),
        _text("newOrderRespType", "What the answer shows.", choices=RESPONSES),
        _text(
            "selfTradePreventionMode",
            "What becomes of trades of the account with itself.",
            choices=tuple(SELF_TRADES),
        ),
        _text("pegPriceType", "Refused: there are no pegged orders here."),
        _text("pegOffsetValue", "Refused."),
        _text("pegOffsetType", "Refused."),
    )
