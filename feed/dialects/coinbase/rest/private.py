"""Endpoints about an account: key, token or signature, and what is asked of the market."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.products import NAME
from feed.dialects.coinbase.rest.access import API, GROUP, READER, TRADER, admitted
from feed.dialects.coinbase.rest.public import REFUSALS
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext


@attrs.frozen(kw_only=True)
class Operation:
    """
    One request about an account, and what answers it.

    Attributes:
        method: Of HTTP.
        path: Below ``/api/v3/brokerage``.
        summary: One line for people.
        parameters: Of the query and of the path.
        ask: Answers a request without a body.
        body: Type of the JSON body; None where none is looked at.
        order: Answers one with a body, or says what is to be asked of the market.
        returns: Type of the answer.
        trades: Whether the key must be allowed to trade.
    """

    method: str = "GET"
    path: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    ask: Callable[[AccountView, Fields], object] | None = None
    body: Any = None
    order: Callable[[AccountView, Any], object] | None = None
    returns: Any
    trades: bool = False


def private(operation: Operation) -> Endpoint[RestContext]:
    """The endpoint of a request about an account."""

    def handle(context: RestContext, call: Call) -> object:
        credentials = admitted(context, call, operation.method)
        view = AccountView.of_request(context, call, credentials.grant)
        if operation.order is not None:
            return operation.order(view, call.body)
        assert operation.ask is not None  # noqa: S101 - one of both is there
        return operation.ask(view, Fields(call.fields, call.values))

    return Endpoint(
        method=operation.method,
        path=API + operation.path,
        summary=operation.summary,
        handle=handle,
        access=TRADER if operation.trades else READER,
        parameters=operation.parameters,
        reads_fields=True,
        body=operation.body,
        returns=operation.returns,
        refusals={**REFUSALS, 403: "The key does not have the scope."},
        meter=NAME,
        guarded=True,
        group=GROUP,
    )
