"""Every request about an account, in the order of the exchange's documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from feed.dialects.coinbase_exchange.account import balances, history, placing
from feed.dialects.coinbase_exchange.account.orders import FillInfo, OrderInfo
from feed.dialects.coinbase_exchange.account.view import AccountView
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data.parameters import (
    AFTER,
    BEFORE,
    limit_parameter,
    text_parameter,
)
from feed.dialects.parameters import Parameter

Answer = Callable[[AccountView, Fields, bytes], object]


@attrs.frozen(kw_only=True)
class Operation:
    """
    One request, and what answers it.

    Attributes:
        method: Of HTTP.
        path: Below the dialect's own.
        summary: One line for people.
        trades: Whether the key must be allowed to trade.
        parameters: All that it may have, for the documents.
        answer: Made of the account, of the parameters and of the body; or what is to be asked of the market.
        returns: Type of the answer.
    """

    method: str = "GET"
    path: str
    summary: str
    trades: bool = False
    parameters: tuple[Parameter, ...] = ()
    answer: Answer
    returns: Any


def _in_path(name: str, meaning: str) -> Parameter:
    return Parameter(name=name, meaning=meaning, most=None, in_path=True)


_ACCOUNT: Final = _in_path("account_id", "Id of the balance of a currency.")
_ORDER: Final = _in_path("order_id", "Id of an order, or client: and the client's own id of it.")
_PRODUCT: Final = text_parameter("product_id", "Of this product alone.")
_PAGE: Final = (
    text_parameter("start_date", "Not before this market time, ISO 8601."),
    text_parameter("end_date", "Not after this market time, ISO 8601."),
    limit_parameter(history.ROWS, history.MOST_ROWS),
    BEFORE,
    AFTER,
)

OPERATIONS: Final = (
    Operation(
        path="/accounts",
        summary="What the account holds of each currency",
        answer=balances.accounts,
        returns=list[balances.AccountInfo],
    ),
    Operation(
        path="/accounts/{account_id}",
        summary="What it holds of one currency",
        parameters=(_ACCOUNT,),
        answer=balances.account,
        returns=balances.AccountInfo,
    ),
    Operation(
        path="/accounts/{account_id}/holds",
        summary="What open orders may spend of one currency",
        parameters=(_ACCOUNT,),
        answer=balances.holds,
        returns=list[balances.Hold],
    ),
    Operation(
        path="/accounts/{account_id}/ledger",
        summary="What trades have changed of one balance",
        parameters=(_ACCOUNT, *_PAGE),
        answer=balances.ledger,
        returns=list[balances.LedgerEntry],
    ),
    Operation(
        path="/accounts/{account_id}/transfers",
        summary="Nothing: no money comes in or goes out",
        parameters=(_ACCOUNT,),
        answer=balances.nothing,
        returns=list[str],
    ),
    Operation(
        method="POST",
        path="/orders",
        summary="Place an order, and hear what became of it",
        trades=True,
        answer=placing.place,
        returns=OrderInfo,
    ),
    Operation(
        path="/orders",
        summary="Orders, open ones unless others are asked for",
        parameters=(
            _PRODUCT,
            text_parameter("status", "Which: open, active, done, all; may be sent more than once."),
            text_parameter("sorting", "The newest first, desc, or the oldest, asc."),
            text_parameter("sortedBy", "By what: created_at."),
            *_PAGE,
        ),
        answer=history.orders,
        returns=list[OrderInfo],
    ),
    Operation(
        method="DELETE",
        path="/orders",
        summary="Cancel every open order, or every one in a product",
        trades=True,
        parameters=(_PRODUCT,),
        answer=placing.cancel_all,
        returns=list[str],
    ),
    Operation(
        path="/orders/{order_id}",
        summary="One order as it stands",
        parameters=(_ORDER,),
        answer=history.order,
        returns=OrderInfo,
    ),
    Operation(
        method="DELETE",
        path="/orders/{order_id}",
        summary="Cancel one order",
        trades=True,
        parameters=(_ORDER, _PRODUCT),
        answer=placing.cancel,
        returns=str,
    ),
    Operation(
        path="/fills",
        summary="Trades of the account in a product, or of an order",
        parameters=(_PRODUCT, text_parameter("order_id", "Of this order alone."), *_PAGE),
        answer=history.fills,
        returns=list[FillInfo],
    ),
    Operation(
        path="/fees",
        summary="What trading costs the account",
        answer=balances.fees,
        returns=balances.FeeRates,
    ),
    Operation(
        path="/profiles",
        summary="The only portfolio of the account",
        answer=balances.profiles,
        returns=list[balances.Profile],
    ),
    Operation(
        path="/profiles/{profile_id}",
        summary="A portfolio",
        parameters=(_in_path("profile_id", "Id of a portfolio."),),
        answer=balances.profile,
        returns=balances.Profile,
    ),
    *(
        Operation(
            path=path,
            summary="Nothing: no money comes in or goes out",
            answer=balances.nothing,
            returns=list[str],
        )
        for path in ("/coinbase-accounts", "/payment-methods", "/transfers")
    ),
)
