"""What there is to trade, whatever the protocol."""

from __future__ import annotations

from typing import Literal

from feed.dialects.access import OPEN, Shape
from feed.dialects.rest import STATUS, Call, Endpoint
from feed.model.instruments import Contract
from feed.server.http.context import RequestContext

OrderStatus = Literal["active", "readOnly", "halted", "delisted", "auction", "closed"]


class MarketInfo(Shape):
    """
    One instrument.

    Attributes:
        market: Its symbol.
        baseAsset: What is bought and sold.
        quoteAsset: What it is paid in.
        tickSize: Smallest price step, in plain decimals.
        minQuantity: Smallest size step, in plain decimals.
        status: Whether orders can be sent: ``readOnly`` where clients cannot, while others trade; ``auction``
            where they are collected, to trade at one price later.
    """

    market: str
    baseAsset: str  # noqa: N815 - as published
    quoteAsset: str  # noqa: N815
    tickSize: str  # noqa: N815
    minQuantity: str  # noqa: N815
    status: OrderStatus


def markets(context: RequestContext, call: Call) -> list[MarketInfo]:
    """Every instrument, in the market's order."""
    del call

    def status(index: int) -> OrderStatus:
        found = STATUS[context.market_state.status(index)]
        held = context.listing[index].contract is not Contract.PREDICTION
        return "readOnly" if found == "active" and not (held and context.takes_orders) else found

    return [
        MarketInfo(
            market=instrument.symbol,
            baseAsset=instrument.base,
            quoteAsset=instrument.quote,
            tickSize=f"{instrument.tick_size:f}",
            minQuantity=f"{instrument.lot_size:f}",
            status=status(index),
        )
        for index, instrument in enumerate(context.listing)
    ]


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    return (
        Endpoint(
            path="/api/v1/markets",
            summary="Every instrument",
            handle=markets,
            access=OPEN,
            returns=list[MarketInfo],
            group="Snapshots",
        ),
    )
