"""Trades with the orders of accounts that somebody asks for: where a client is to find one filled in part."""

from __future__ import annotations

from feed.model.agents import FIRST_ACCOUNT
from feed.model.events import Row, Side
from feed.model.orders import NewOrder, TimeInForce
from feed.model.requests import PARTS
from feed.sim.market import Market
from feed.sim.recorded_market import RecordedMarket


def fill_oldest(
    market: Market | RecordedMarket, instrument: int, share: int, *, account: int | None = None
) -> list[Row]:
    """
    Let somebody trade with the oldest order of each account on a book, and with all that stands before it.

    Args:
        market: Whose book it is.
        instrument: Index of the instrument.
        share: Of what is left of each order, millionths; at least one lot.
        account: Only the order of this account.

    Returns:
        The rows of what that did; none where no such order rests, or nothing is traded.
    """
    if isinstance(market, RecordedMarket):
        return market.fill_oldest(instrument, share, account)
    book = market.exchange.books[instrument]
    oldest: dict[int, int] = {}
    for side in Side:
        for order, _, _ in book.orders(side):
            resting = book.get(order)
            # Of what an account owns of assets the book has the account's number below 0.
            owner = 0 if resting is None else abs(resting.account)
            if 0 < owner < FIRST_ACCOUNT and account in (None, owner):
                oldest[owner] = min(order, oldest.get(owner, order))
    rows: list[Row] = []
    for _, order in sorted(oldest.items()):
        rows += _filled(market, instrument, order, share)
    return rows


def _filled(market: Market, instrument: int, order: int, share: int) -> list[Row]:
    book = market.exchange.books[instrument]
    resting = book.get(order)
    if resting is None:  # what stood before another one
        return []
    ahead = 0
    for other, _, lots in book.orders(resting.side):
        if other == order:
            break
        ahead += lots
    taker = NewOrder(
        account=0,
        instrument=instrument,
        side=Side.BUY if resting.side else Side.SELL,
        size=ahead + max(1, resting.left * share // PARTS),
        price=resting.price,
        time_in_force=TimeInForce.IOC,
    )
    return market.submit(taker)[1]
