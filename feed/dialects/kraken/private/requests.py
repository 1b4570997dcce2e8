"""
What the holder of a token may send.

Source: "Executions", "Balances" and "User trading" of the second WebSocket API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from feed.dialects.kraken.private.parameters import Parameters, invalid, unsupported
from feed.dialects.kraken.private.topics import EXECUTIONS

TOKEN: Final = "token"  # noqa: S105 - the name of a parameter
METHODS: Final = (
    "add_order",
    "amend_order",
    "edit_order",
    "cancel_order",
    "cancel_all",
    "cancel_all_orders_after",
    "batch_add",
    "batch_cancel",
)
_ENVELOPE: Final = frozenset(("method", "params", "req_id"))
_OF_EXECUTIONS: Final = ("snap_orders", "snap_trades", "order_status", "ratecounter")


@attrs.frozen(kw_only=True)
class PrivateSubscription:
    """
    Begin to listen to a private channel, or cease to.

    Attributes:
        number: ``req_id`` of the request; None for none.
        method: Which of both.
        channel: Which channel.
        token: That the client shows.
        snap_orders: Whether open orders are told of first.
        snap_trades: Whether the last trades are.
        transitions: Whether orders are told of between their beginning and their end.
        counted: Whether the rate counter is told with each.
        snapshot: Whether balances are told first.
    """

    number: int | None
    method: str
    channel: str
    token: str = attrs.field(repr=False)
    snap_orders: bool
    snap_trades: bool
    transitions: bool
    counted: bool
    snapshot: bool


@attrs.frozen(kw_only=True)
class Operation:
    """
    Ask the market for something.

    Attributes:
        number: ``req_id`` of the request; None for none.
        method: One of :data:`METHODS`.
        token: That the client shows.
        params: Its other parameters.
    """

    number: int | None
    method: str
    token: str = attrs.field(repr=False)
    params: Mapping[str, Any]


def subscription(method: str, params: Mapping[str, Any], number: int | None) -> PrivateSubscription:
    """
    The request to listen to a private channel, or to cease to.

    Raises:
        Refused: It is none.
    """
    channel = str(params["channel"])
    own = _OF_EXECUTIONS if channel == EXECUTIONS else ()
    asked = Parameters(method, params, ("channel", TOKEN, "snapshot", *own))
    snapshot = asked.flag("snapshot", default=True)
    return PrivateSubscription(
        number=number,
        method=method,
        channel=channel,
        token=asked.text(TOKEN),
        snap_orders=asked.flag("snap_orders", default=snapshot),
        snap_trades=asked.flag("snap_trades", default=False),
        transitions=asked.flag("order_status", default=True),
        counted=asked.flag("ratecounter"),
        snapshot=snapshot,
    )


def operation(method: str, fields: Mapping[str, Any], number: int | None) -> Operation:
    """
    The request for something of the market.

    Args:
        method: One of :data:`METHODS`.
        fields: The whole message.
        number: Its ``req_id``.

    Raises:
        Refused: It is none.
    """
    for name in fields:
        if name not in _ENVELOPE:
            raise unsupported(name, method)
    params = fields.get("params")
    if not isinstance(params, dict):
        raise invalid("params")
    token = params.get(TOKEN)
    if not isinstance(token, str) or not token:
        raise invalid(TOKEN)
    rest = {name: value for name, value in params.items() if name != TOKEN}
    return Operation(number=number, method=method, token=token, params=rest)
