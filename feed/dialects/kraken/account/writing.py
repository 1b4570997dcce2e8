"""Orders, trades and what these changed, as answers show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs
from msgspec import UNSET

from feed.dialects.kraken.account.amounts import exact_text
from feed.dialects.kraken.account.ids import TradeId, ledger_id, order_id, trade_id
from feed.dialects.kraken.account.orders import (
    SIDES,
    Flags,
    client_text,
    described,
    order_type,
    reason,
    status,
)
from feed.dialects.kraken.account.shapes import Description, OrderInfo, TradeInfo
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.market_data.general import COST_DECIMALS
from feed.dialects.kraken.names import Pair
from feed.dialects.numbers import Number, number
from feed.model.events import ExecutionReport
from feed.model.executions import Leg
from feed.model.instruments import decimal_text
from feed.model.trading import Trigger

_TENTH_MICROSECOND: Final = 100  # nanoseconds: times have seven decimals
_TIME_DECIMALS: Final = 7


def seconds(nanoseconds: int) -> Number:
    """A time, seconds since the Unix epoch."""
    return number(nanoseconds // _TENTH_MICROSECOND, _TIME_DECIMALS)


@attrs.frozen
class Amounts:
    """
    Amounts of one pair's assets.

    Attributes:
        pair: The pair.
        decimals: Digits of a unit of the base asset and of the quote asset.
    """

    pair: Pair
    decimals: tuple[int, int]

    @classmethod
    def of(cls, view: AccountView, pair: Pair) -> Amounts:
        """Those of a pair."""
        return cls(pair, view.decimals(pair))

    def cost(self, value: int) -> str:
        """
        What was paid or received, in the quote asset.

        Args:
            value: Ticks times lots.
        """
        instrument = self.pair.instrument
        digits = instrument.price_decimals + instrument.size_decimals
        return exact_text(value * instrument.tick * instrument.lot, digits, COST_DECIMALS)

    def fee(self, units: int, leg: Leg) -> str:
        """
        What trading has cost.

        Args:
            units: Of the asset.
            leg: Which asset of the pair.
        """
        return exact_text(units, self.decimals[int(leg)], COST_DECIMALS)

    def average(self, value: int, lots: int) -> str:
        """An average price, weighted by quantity; 0 for none. See :meth:`cost` for ``value``."""
        instrument = self.pair.instrument
        digits = max(COST_DECIMALS, instrument.price_decimals)
        scale = instrument.tick * 10 ** (digits - instrument.price_decimals)
        return decimal_text((2 * value * scale + lots) // (2 * lots) if lots else 0, digits)

    def volume(self, item: ExecutionReport) -> str:
        """What an order is for."""
        if item.quote_size:
            return exact_text(item.quote_size, self.decimals[1], COST_DECIMALS)
        return self.pair.size_text(item.size)

    def price(self, ticks: int) -> str:
        """A price; 0 for none."""
        return self.pair.price_text(ticks) if ticks else "0"


class TradesByOrder:
    """
    The trades of an account by their orders.

    Args:
        view: The account.
    """

    def __init__(self, view: AccountView) -> None:
        self._found: Final[dict[int, list[ExecutionReport]]] = {}
        for _, wallet in view.all_wallets():
            for item in wallet.trades:
                self._found.setdefault(item.order, []).append(item)

    def __getitem__(self, order: int) -> list[ExecutionReport]:
        """Those of one order, oldest first."""
        return self._found.get(order, [])


def order_info(
    view: AccountView, item: ExecutionReport, trades: Iterable[ExecutionReport], *, listed: bool
) -> OrderInfo:
    """
    One order.

    Args:
        view: Its account.
        item: Its last report.
        trades: Of it.
        listed: Whether the ids of these are shown.
    """
    pair = view.pair(item)
    assert pair is not None  # noqa: S101 - only orders in pairs are looked for
    amounts, flags, kind = Amounts.of(view, pair), Flags.of(item), order_type(item)
    waits = item.trigger is not Trigger.NONE
    first, second = (item.trigger_price, item.price) if waits else (item.price, 0)
    volume = amounts.volume(item)
    trades = list(trades)
    return OrderInfo(
        userref=flags.reference,
        cl_ord_id=client_text(item) or UNSET,
        status=status(item),
        reason=UNSET if item.open else reason(item),
        opentm=seconds(item.created),
        closetm=UNSET if item.open else seconds(item.ts),
        expiretm=seconds(item.expires),
        descr=Description(
            pair=pair.altname,
            type=SIDES[item.side],
            ordertype=kind.name,
            price=amounts.price(first),
            price2=amounts.price(second),
            leverage="none",
            order=described(
                pair, item.side, kind, volume, price=item.price, trigger=item.trigger_price if waits else 0
            ),
            close="",
        ),
        vol=pair.size_text(item.size),
        vol_exec=pair.size_text(item.filled),
        cost=amounts.cost(item.value),
        fee=amounts.fee(sum(one.commission for one in trades), item.charge.leg(item.side)),
        price=amounts.average(item.value, item.filled),
        stopprice=pair.price_text(item.trigger_price),
        limitprice=pair.price_text(item.price if waits else 0),
        trigger="last" if waits else UNSET,
        oflags=flags.text,
        trades=[trade_id(TradeId.of(one)) for one in trades] if listed else UNSET,
    )


def trade_info(view: AccountView, item: ExecutionReport, *, ledgers: bool = False) -> TradeInfo:
    """
    One trade.

    Args:
        view: Its account.
        item: The report of it.
        ledgers: Whether ids of what it changed are shown.
    """
    pair = view.pair(item)
    assert pair is not None  # noqa: S101 - only trades in pairs are looked for
    amounts, trade = Amounts.of(view, pair), TradeId.of(item)
    return TradeInfo(
        ordertxid=order_id(item.order),
        postxid=trade_id(trade),
        pair=pair.name,
        time=seconds(item.ts),
        type=SIDES[item.side],
        ordertype=order_type(item).name,
        price=pair.price_text(item.last_price),
        cost=amounts.cost(item.last_price * item.last_size),
        fee=amounts.fee(item.commission, item.commission_leg),
        vol=pair.size_text(item.last_size),
        trade_id=item.trade,
        maker=not item.taker,
        ledgers=[ledger_id(trade, leg) for leg in Leg] if ledgers else UNSET,
    )
