"""
Whether an order passes the filters of its symbol. The first that it does not pass is named.

Source: "Filters", https://github.com/binance/binance-spot-api-docs/blob/master/filters.md.
"""

from __future__ import annotations

from typing import Final

import attrs

from feed.dialects.binance import errors
from feed.dialects.binance.account.drafts import Draft
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.filters import (
    AVERAGE_MINUTES,
    LEAST_NOTIONAL,
    MOST_ALGO_ORDERS,
    MOST_LOTS,
    MOST_MARKET_LOTS,
    MOST_NOTIONAL,
    MOST_ORDERS,
    MOST_TICKS,
    MULTIPLIER_DOWN,
    MULTIPLIER_UP,
)
from feed.dialects.binance.symbols import DECIMALS, Symbol
from feed.model.trading import Pricing, Trigger

_ONE: Final = 10**DECIMALS


@attrs.frozen(kw_only=True)
class Sized:
    """
    An order in the market's own units.

    Attributes:
        lots: Integer lots; 0 where it is for an amount of the quote asset.
        price: Limit, ticks; 0 without one.
        trigger: What it waits for, ticks; 0 without.
    """

    lots: int
    price: int
    trigger: int


def checked(order: Draft, view: AccountView) -> Sized:
    """
    An order that passes every filter.

    Raises:
        BinanceError: -1013, it does not pass one.
    """
    symbol = order.symbol
    price, trigger = (_ticks(symbol, amount) for amount in (order.price, order.stop_price))
    average = average_price(view, symbol)
    _check_percent(order, average)
    lots = symbol.lots(order.quantity)
    if lots is None or not (order.quote_quantity or 1 <= lots <= MOST_LOTS):
        raise failure("LOT_SIZE")
    if order.type.pricing is Pricing.MARKET and lots > MOST_MARKET_LOTS:
        raise failure("MARKET_LOT_SIZE")
    _check_notional(order, average)
    _check_counts(order, view)
    return Sized(lots=lots, price=price, trigger=trigger)


def failure(name: str) -> BinanceError:
    """That an order does not pass a filter."""
    return errors.FILTER_FAILURE.error(name)


def average_price(view: AccountView, symbol: Symbol) -> int:
    """What a symbol has cost on average in the last minutes, units of 1e-8; 0 when nobody knows."""
    state = view.market.state
    bar = view.market.projections.bars[symbol.index].window(AVERAGE_MINUTES, state.now)
    if bar is not None and bar.volume:
        return symbol.price_units(bar.value) // bar.volume
    last = state.trade(symbol.index)
    return 0 if last is None else symbol.price_units(last.price)


def _ticks(symbol: Symbol, amount: int) -> int:
    ticks = symbol.ticks(amount)
    if ticks is None or (amount and not 1 <= ticks <= MOST_TICKS):
        raise failure("PRICE_FILTER")
    return ticks


def _check_percent(order: Draft, average: int) -> None:
    if not average:
        return
    for price in (order.price, order.stop_price):
        if price and not average <= price * MULTIPLIER_DOWN <= average * MULTIPLIER_DOWN * MULTIPLIER_UP:
            raise failure("PERCENT_PRICE_BY_SIDE")


def _check_notional(order: Draft, average: int) -> None:
    """What it is worth; of an order without a limit, by the average price."""
    value = order.quote_quantity or (order.price or order.stop_price or average) * order.quantity // _ONE
    if order.type.pricing is Pricing.MARKET and not order.quote_quantity and not average:
        return
    too_large = value > MOST_NOTIONAL and order.type.pricing is Pricing.LIMIT
    if value < LEAST_NOTIONAL or too_large:
        raise failure("NOTIONAL")


def _check_counts(order: Draft, view: AccountView) -> None:
    here = [one for one in view.wallet(order.symbol).orders.values() if one.instrument == order.symbol.index]
    if len(here) >= MOST_ORDERS:
        raise failure("MAX_NUM_ORDERS")
    waits = sum(one.trigger is not Trigger.NONE for one in here)
    if order.type.trigger is not Trigger.NONE and waits >= MOST_ALGO_ORDERS:
        raise failure("MAX_NUM_ALGO_ORDERS")
