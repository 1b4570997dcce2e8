"""What an order would cost, or an edit of one, without placing it. Source: "Preview Order"."""

from __future__ import annotations

from typing import Any, Final

import attrs

from feed.dialects.access import Shape
from feed.dialects.coinbase.account.drafts import Draft, OrderRequest, draft
from feed.dialects.coinbase.account.orders import OrderWriter, average_text
from feed.dialects.coinbase.account.placing import EditError, EditRequest, amendment
from feed.dialects.coinbase.account.refusals import Refusal, not_placed
from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.products import Product
from feed.dialects.uuids import named_uuid
from feed.model.instruments import decimal_text
from feed.model.kinds import Side
from feed.model.requests import PARTS
from feed.model.trading import Pricing, Reason, Trigger

_SLIPPAGE_DECIMALS: Final = 8


class Preview(Shape):
    """
    What an order would cost.

    Attributes:
        order_total: What it would spend, or bring in, with fees.
        commission_total: Of that the fees.
        errs: Why it cannot be; fixed words.
        warning: None.
        quote_size: Amount of the quote asset, without fees.
        base_size: Quantity of the base asset.
        best_bid: Best price that is wanted.
        best_ask: Best price for which something is for sale.
        is_max: Never.
        order_margin_total: Of futures alone.
        leverage: Of futures alone.
        long_leverage: Of futures alone.
        short_leverage: Of futures alone.
        slippage: What its average price would be worse than the best, as a share of that.
        preview_id: A name of this answer.
        average_filled_price: Average price at which it would trade; its limit where it would rest.
    """

    order_total: str
    commission_total: str
    errs: list[str]
    warning: list[Any]
    quote_size: str
    base_size: str
    best_bid: str
    best_ask: str
    is_max: bool
    order_margin_total: str
    leverage: str
    long_leverage: str
    short_leverage: str
    slippage: str
    preview_id: str
    average_filled_price: str


class EditPreview(Shape):
    """
    What an order would cost as it is to be.

    Attributes:
        errors: Why it cannot be.
        slippage: What its average price would be worse than the best, as a share of that.
        order_total: What it would spend, or bring in, with fees.
        commission_total: Of that the fees.
        quote_size: Amount of the quote asset, without fees.
        base_size: Quantity of the base asset.
        best_bid: Best price that is wanted.
        best_ask: Best price for which something is for sale.
        average_filled_price: Average price at which it would trade.
    """

    errors: list[EditError]
    slippage: str
    order_total: str
    commission_total: str
    quote_size: str
    base_size: str
    best_bid: str
    best_ask: str
    average_filled_price: str


@attrs.frozen(kw_only=True)
class Estimate:
    """
    What an order would trade if it acted now, and rest with.

    Attributes:
        product: Of which product.
        side: Which side.
        lots: Integer lots, traded or resting.
        value: Sum of price times size, ticks times lots.
        taken: Of that what would trade at once.
        best: Price of the first trade, ticks; 0 where there would be none.
    """

    product: Product
    side: Side
    lots: int
    value: int
    taken: int
    best: int


def preview(view: AccountView, body: OrderRequest) -> Preview:
    """What an order would cost, and whether it can be."""
    try:
        order = draft(body, view)
    except Refusal as refusal:
        return _told(view, None, body.product_id, [refusal.preview])
    found = estimate(view, order)
    return _told(view, found, body.product_id, _errors(view, order, found))


def preview_edit(view: AccountView, body: EditRequest) -> EditPreview:
    """What an open order would cost as it is to be."""
    item = None
    try:
        request = amendment(view, body)
        item = view.order(request.order)
    except Refusal as refusal:
        errors = [EditError(refusal.edit, refusal.preview)]
        return _edit_told(_told(view, None, "", []), errors)
    assert item is not None  # noqa: S101 - so there is an amendment
    product = OrderWriter(view).product(item)
    lots, price = (request.size or item.size) - item.filled, request.price or item.price
    value = lots * price
    found = Estimate(product=product, side=item.side, lots=lots, value=value, taken=0, best=0)
    return _edit_told(_told(view, found, product.id, []), [])


def estimate(view: AccountView, order: Draft) -> Estimate:
    """What an order would trade at the prices of now, of whatever else is in the book its own included."""
    other = Side.SELL if order.side is Side.BUY else Side.BUY
    market = order.kind.pricing is Pricing.MARKET
    scale = view.wallets.units.quote_scales[order.product.index]
    rate = view.taker_rate if order.side is Side.BUY else 0
    left = order.lots
    budget = order.quote_size
    lots = value = best = 0
    levels = [] if order.trigger is not Trigger.NONE else view.market.state.levels(order.product.index, other)
    for price, size in levels:
        worse = price > order.price if order.side is Side.BUY else price < order.price
        if not market and worse:
            break
        most = left
        if order.quote_size:
            most = (budget * PARTS // (PARTS + rate) - value * scale) // (price * scale)
        take = min(size, most)
        if take < 1:
            break
        best = best or price
        lots, value, left = lots + take, value + take * price, left - take
    taken = value
    if not market:
        lots, value = lots + left, value + left * order.price
    return Estimate(product=order.product, side=order.side, lots=lots, value=value, taken=taken, best=best)


def _errors(view: AccountView, order: Draft, found: Estimate) -> list[str]:
    if order.trigger is not Trigger.NONE:
        rises = (order.trigger is Trigger.STOP) == (order.side is Side.BUY)
        last = view.market.last_price(order.product)
        if last and order.trigger.reached(order.side, order.trigger_price, last):
            return [not_placed(Reason.WOULD_TRIGGER, rises=rises).preview]
    if order.post_only and found.best:
        return [not_placed(Reason.WOULD_CROSS).preview]
    if order.kind.pricing is Pricing.MARKET and not found.lots:
        return [not_placed(Reason.TOO_SMALL if order.quote_size else Reason.NO_PRICE).preview]
    base, quote = order.product.instrument.base, order.product.instrument.quote
    units, balances = view.wallets.units, view.wallet(order.product).balances
    if order.side is Side.SELL:
        short = found.lots * units.base_scales[order.product.index] > balances[base].free
    else:
        value = found.value * units.quote_scales[order.product.index]
        most = max(view.maker_rate, view.taker_rate)
        short = max(value + value * most // PARTS, order.quote_size) > balances[quote].free
    return [not_placed(Reason.NO_FUNDS).preview] if short else []


def _told(view: AccountView, found: Estimate | None, product_id: str, errors: list[str]) -> Preview:
    product = view.market.products.named(product_id)
    bid, ask = (0, 0) if product is None else (view.market.best(product, side)[0] for side in Side)
    total = commission = value = "0"
    base = average = slippage = "0"
    if found is not None and product is not None:
        digits = view.decimals(product)[1]
        scale = view.wallets.units.quote_scales[product.index]
        worth = found.value * scale
        fee = (found.taken * view.taker_rate + (found.value - found.taken) * view.maker_rate) * scale // PARTS
        total = decimal_text(worth + fee if found.side is Side.BUY else worth - fee, digits)
        commission, value = decimal_text(fee, digits), decimal_text(worth, digits)
        base, average = product.size_text(found.lots), average_text(product, found.value, found.lots)
        if found.best and found.lots:
            away = abs(found.value - found.best * found.lots)
            share = away * 10**_SLIPPAGE_DECIMALS // (found.best * found.lots)
            slippage = decimal_text(share, _SLIPPAGE_DECIMALS)
    return Preview(
        order_total=total,
        commission_total=commission,
        errs=errors,
        warning=[],
        quote_size=value,
        base_size=base,
        best_bid="" if product is None else product.price_text(bid),
        best_ask="" if product is None else product.price_text(ask),
        is_max=False,
        order_margin_total="",
        leverage="",
        long_leverage="",
        short_leverage="",
        slippage=slippage,
        preview_id=named_uuid("preview", view.account, view.market.state.seq),
        average_filled_price=average,
    )


def _edit_told(told: Preview, errors: list[EditError]) -> EditPreview:
    return EditPreview(
        errors=errors,
        slippage=told.slippage,
        order_total=told.order_total,
        commission_total=told.commission_total,
        quote_size=told.quote_size,
        base_size=told.base_size,
        best_bid=told.best_bid,
        best_ask=told.best_ask,
        average_filled_price=told.average_filled_price,
    )
