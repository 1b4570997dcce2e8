"""What the exchange has besides, and is refused here in so many words: conversions, futures, transfers."""

from __future__ import annotations

from typing import Final

from feed.dialects.coinbase.errors import CoinbaseError, ErrorBody
from feed.dialects.coinbase.products import NAME
from feed.dialects.coinbase.rest.access import API, GROUP, READER, admitted
from feed.dialects.coinbase.rest.public import REFUSALS
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext

_REFUSED: Final = {
    "Positions are those of futures; spot products alone are traded here": (
        ("POST", "/orders/close_position"),
    ),
    "There is one portfolio, and no other can be made": (
        ("POST", "/portfolios"),
        ("PUT", "/portfolios/{portfolio_uuid}"),
        ("DELETE", "/portfolios/{portfolio_uuid}"),
    ),
    "Assets are exchanged by orders alone": (
        ("POST", "/convert/quote"),
        ("GET", "/convert/trade/{trade_id}"),
        ("POST", "/convert/trade/{trade_id}"),
    ),
    "Futures are not traded here": (
        ("GET", "/cfm/positions/{product_id}"),
        ("POST", "/cfm/sweeps/schedule"),
        ("DELETE", "/cfm/sweeps"),
        ("GET", "/cfm/intraday/margin_setting"),
        ("POST", "/cfm/intraday/margin_setting"),
        ("GET", "/cfm/intraday/current_margin_window"),
        ("POST", "/intx/allocate"),
        ("GET", "/intx/portfolio/{portfolio_uuid}"),
        ("GET", "/intx/positions/{portfolio_uuid}"),
        ("GET", "/intx/positions/{portfolio_uuid}/{symbol}"),
        ("GET", "/intx/balances/{portfolio_uuid}"),
        ("POST", "/intx/multi_asset_collateral"),
    ),
    "There is no way to pay money in or out": (("GET", "/payment_methods/{payment_method_id}"),),
}


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """All of them."""
    return tuple(
        _refused(method, path, why) for why, requests in _REFUSED.items() for method, path in requests
    )


def _refused(method: str, path: str, why: str) -> Endpoint[RestContext]:
    def handle(context: RestContext, call: Call) -> object:
        admitted(context, call, method)
        raise CoinbaseError(403, "PERMISSION_DENIED", why)

    parts = [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]
    return Endpoint(
        method=method,
        path=API + path,
        summary=f"Not here: {why[0].lower()}{why[1:]}",
        handle=handle,
        access=READER,
        parameters=tuple(Parameter(name=part, meaning="Any.", most=None, in_path=True) for part in parts),
        reads_fields=True,
        returns=ErrorBody,
        refusals={**REFUSALS, 403: why},
        meter=NAME,
        guarded=True,
        group=GROUP,
    )
