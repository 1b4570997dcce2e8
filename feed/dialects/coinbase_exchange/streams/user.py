"""
What one account is told of its orders and trades: the channel ``user``.

The messages are those of the channel of all orders, and say more. Source: "User Channel".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects.coinbase_exchange.account.orders import (
    SIDES,
    TYPES,
    client_oid,
    done_reason,
    stop_of,
)
from feed.dialects.coinbase_exchange.account.view import profile_id, user_id
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.streams.encoder import ProductEncoder
from feed.dialects.coinbase_exchange.streams.orders import Fields, matched, message
from feed.dialects.uuids import order_uuid
from feed.model.durations import NS_PER_SECOND
from feed.model.events import ADD, EXECUTION, Event, ExecutionReport, OrderAdded
from feed.model.instruments import decimal_text
from feed.model.requests import PARTS
from feed.model.trading import OrderState, Pricing, Reason, RequestKind
from feed.state.encoder import SUMMARY
from feed.state.market_state import MarketState
from feed.state.projections import Projections

_RATE_DECIMALS: Final = len(str(PARTS)) - 1
_TIME_DECIMALS: Final = 6
# What ends an order that has never rested.
_AT_ONCE: Final = (
    Reason.CANNOT_FILL,
    Reason.NO_FUNDS,
    Reason.NO_PRICE,
    Reason.SELF_TRADE,
    Reason.UNFILLED,
)


class _UserEncoder(ProductEncoder):
    """
    Of one account in one product.

    Args:
        product: The product.
        market_state: The market's state, now and from now on.
        projections: Know whose an order is, and the units of currencies.
        account: Whose.
    """

    def __init__(
        self, product: Product, market_state: MarketState, projections: Projections, account: int
    ) -> None:
        super().__init__(product, market_state)
        self._wallets: Final = projections.wallets
        self._account: Final = account
        self._whose: Final[Fields] = {"user_id": user_id(account), "profile_id": profile_id(account)}

    def message(self, kind: str, ts: int, sequence: int, fields: Fields) -> str:
        """One message, with whose it is."""
        return message(kind, self._product, ts, sequence, {**fields, **self._whose})

    def order(self, item: ExecutionReport) -> Fields:
        """What every message says of an order."""
        return {"order_id": order_uuid(item.order), "side": SIDES[item.side]}

    def done(self, item: ExecutionReport, sequence: int) -> str:
        """That an order is over."""
        product, fields = self._product, {**self.order(item), "reason": done_reason(item)}
        if item.type is Pricing.LIMIT:
            fields["price"] = product.price_text(item.price)
            fields["remaining_size"] = product.size_text(item.left)
        if item.client:
            fields["client_oid"] = client_oid(item)
        return self.message("done", item.ts, sequence, fields)


class UserChangesEncoder(_UserEncoder):
    """That an order waits, has come in, rests, trades, has changed, or is over but for a trade."""

    kinds: Sequence[int] = (ADD, EXECUTION)

    def encode(self, item: Event) -> str | None:
        """The message; None when it is another account's."""
        match item:
            case OrderAdded():
                return self._rests(item)
            case ExecutionReport(account=self._account):
                return self._report(item)
        return None

    def _rests(self, item: OrderAdded) -> str | None:
        whose = self._wallets.orders.get(item.order)
        if whose is None or whose[0] != self._account:
            return None
        product = self._product
        fields = {
            "order_id": order_uuid(item.order),
            "side": SIDES[item.side],
            "price": product.price_text(item.price),
            "remaining_size": product.size_text(item.size),
        }
        return self.message("open", item.ts, self.sequence, fields)

    def _report(self, item: ExecutionReport) -> str | None:
        number = self.sequence
        if item.trade:
            return self._match(item)
        if not item.open:
            at_once = item.reason in _AT_ONCE
            return self.done(item, number + (2 - bool(item.filled) if at_once else 0))
        if item.counter:
            return self._smaller(item)
        if item.verb is RequestKind.MODIFY:
            return self._amended(item)
        if item.state is OrderState.UNTRIGGERED:
            return self._waits(item)
        return self._received(item)

    def _received(self, item: ExecutionReport) -> str:
        product, fields = self._product, self.order(item)
        if item.quote_size:
            fields["funds"] = self._money(item.quote_size)
        else:
            fields["size"] = product.size_text(item.size)
        if item.type is Pricing.LIMIT:
            fields["price"] = product.price_text(item.price)
        fields["order_type"] = TYPES[item.type]
        if item.client:
            fields["client_oid"] = client_oid(item)
        return self.message("received", item.ts, self.sequence + 1, fields)

    def _waits(self, item: ExecutionReport) -> str:
        product = self._product
        fields = {
            **self.order(item),
            "timestamp": decimal_text(item.ts * 10**_TIME_DECIMALS // NS_PER_SECOND, _TIME_DECIMALS),
            "stop_type": stop_of(item),
            "stop_price": product.price_text(item.trigger_price),
            "size": product.size_text(item.size),
            "private": True,
        }
        return self.message("activate", item.ts, self.sequence + 1, fields)

    def _match(self, item: ExecutionReport) -> str | None:
        state, product = self._market_state, self._product
        trade = state.trade(product.index)
        if trade is None or trade.trade != item.trade:
            return None
        role, rate = ("taker", item.taker_fee) if item.taker else ("maker", item.maker_fee)
        fields = {
            **matched(product, trade),
            f"{role}_user_id": self._whose["user_id"],
            f"{role}_profile_id": self._whose["profile_id"],
            f"{role}_fee_rate": decimal_text(rate, _RATE_DECIMALS),
        }
        return self.message("match", item.ts, state.match_step(product.index), fields)

    def _smaller(self, item: ExecutionReport) -> str:
        """For a trade of the account with itself that did not come about."""
        product = self._product
        fields = {
            **self.order(item),
            "reason": "STP",
            "price": product.price_text(item.price),
            "old_size": product.size_text(item.left + item.last_size),
            "new_size": product.size_text(item.left),
        }
        return self.message("change", item.ts, self.sequence, fields)

    def _amended(self, item: ExecutionReport) -> str:
        product = self._product
        fields = {
            **self.order(item),
            "reason": "modify_order",
            "new_price": product.price_text(item.price),
            "new_size": product.size_text(item.left),
        }
        return self.message("change", item.ts, self.sequence, fields)

    def _money(self, units: int) -> str:
        instrument = self._product.instrument
        return decimal_text(units, self._wallets.units.decimals[instrument.venue][instrument.quote])


class UserEndsEncoder(_UserEncoder):
    """That an order is over with the trade that was just told."""

    kinds: Sequence[int] = (EXECUTION,)
    rank = SUMMARY

    def encode(self, item: Event) -> str | None:
        """The message, after that of the trade."""
        match item:
            case ExecutionReport(account=self._account) if item.trade and not item.open:
                return self.done(item, self.sequence + item.taker)
        return None
