"""What orders cost that are paid for with assets: what they lock, and what a market order will trade."""

from __future__ import annotations

from collections.abc import Container

import attrs

from feed.model.events import ExecutionReport, Side
from feed.model.executions import Charge
from feed.model.orders import SelfTrade
from feed.model.requests import PARTS
from feed.model.trading import Pricing
from feed.model.wallets import AssetUnits
from feed.sim.venue import TradedBook


@attrs.frozen(kw_only=True)
class Sweep:
    """
    What an order would trade if it took from a book at any price.

    Attributes:
        lots: Integer lots traded.
        cost: What they are worth, units of the quote asset, a fee in it included.
        worst: Price of the last order in the way, ticks; 0 where there is none.
        limited: Whether there is no budget for more.
    """

    lots: int
    cost: int
    worst: int
    limited: bool = False


def locked_by(order: ExecutionReport, left: int, units: AssetUnits) -> int:
    """
    What an order that rests or waits holds back: all that it may spend.

    Args:
        order: The order.
        left: Integer lots of it that may still trade.
        units: Of assets.
    Returns:
        Units of the quote asset for a buy order, else of the base asset.
    """
    at = order.instrument
    if order.side is Side.SELL:
        return left * units.base_scales[at]
    if order.quote_size:
        return order.quote_size  # of a market order that waits for its trigger
    # A market order that waits for its trigger is to trade at about that price.
    price = order.price if order.type is Pricing.LIMIT else order.trigger_price
    return with_fee(order, left * price * units.quote_scales[at])


def with_fee(order: ExecutionReport, value: int) -> int:
    """What a buy order spends for a value, units of the quote asset, with the most that its fee may be."""
    if order.charge is Charge.RECEIVED:
        return value
    return value + value * max(order.maker_fee, order.taker_fee) // PARTS


def commission(order: ExecutionReport, price: int, size: int, units: AssetUnits, *, taker: bool) -> int:
    """What a trade costs an order, units of the asset in which that is paid; rounded down."""
    rate = order.taker_fee if taker else order.maker_fee
    at = order.instrument
    if order.charge is Charge.RECEIVED and order.side is Side.BUY:
        return size * units.base_scales[at] * rate // PARTS
    return price * size * units.quote_scales[at] * rate // PARTS


def swept(
    book: TradedBook, order: ExecutionReport, units: AssetUnits, *, own: Container[int], budget: int | None
) -> Sweep:
    """
    What a market order would trade now.

    Args:
        book: In which it would trade.
        order: The order; of one for an amount of the quote asset the size does not count.
        units: Of assets.
        own: Ids of orders of the same account, of which a trade may be prevented.
        budget: What it may spend, a fee included, units of the quote asset; or bring in, where it is to sell
            for an amount; None for no bound.
    """
    wanted = None if order.quote_size else order.left
    scale = units.quote_scales[order.instrument]
    lots = cost = worst = 0
    for resting, price, left in book.orders(1 - int(order.side)):
        if wanted == 0:
            break
        worst = price
        if order.self_trade is not SelfTrade.ALLOW and resting in own:
            if order.self_trade is SelfTrade.CANCEL_RESTING:
                continue
            if order.self_trade is SelfTrade.DECREMENT and wanted is not None:
                wanted -= min(left, wanted)
                continue
            break
        take = left if wanted is None else min(left, wanted)
        if budget is not None:
            take = min(take, _affordable(order, price * scale, budget - cost))
        lots += take
        cost += _spent(order, take * price * scale)
        if wanted is not None:
            wanted -= take
        if take < left and wanted != 0:
            return Sweep(lots=lots, cost=cost, worst=worst, limited=True)
    return Sweep(lots=lots, cost=cost, worst=worst)


def _spent(order: ExecutionReport, value: int) -> int:
    return with_fee(order, value) if order.side is Side.BUY else value


def _affordable(order: ExecutionReport, unit: int, budget: int) -> int:
    """How many lots at ``unit`` each, units of the quote asset, a budget is enough for."""
    rate = 0
    if order.side is Side.BUY and order.charge is Charge.QUOTE:
        rate = max(order.maker_fee, order.taker_fee)
    return budget * PARTS // (unit * (PARTS + rate))
