"""Books, accounts and the stream are consistent after any requests."""

import random

import pytest
from listed import round_lots

from feed.model.accounts import Accounts
from feed.model.events import Side
from feed.model.market import MarketSpec
from feed.model.requests import Cancel, CancelMany, Create, Modify
from feed.model.trading import Pricing, packed
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market

START = 1_700_000_000_000_000_000
MS = 1_000_000
SPEC = MarketSpec(instruments=round_lots("BTC-USD", "ETH-USD"))
ACCOUNTS = (1, 2, 3)


def draw(rng, market):
    """Any request of any account, near the market."""
    account, at = rng.choice(ACCOUNTS), rng.randrange(2)
    middle = sum(quote(market, at)) // 2
    price = max(1, middle + rng.randint(-3000, 3000))
    common = {"account": account, "instrument": at, "request": packed(str(rng.randrange(10**6)))}
    own = list(market.accounts.find(account).orders.values())
    kind = rng.random()
    if kind < 0.6:
        return Create(
            **common,
            side=rng.choice(list(Side)),
            size=rng.choice([1, 50, 5000, 10**6]),
            type=rng.choice(list(Pricing)),
            price=price,
            slippage=rng.choice([0, 1000, 20_000, 10**6]),
            post_only=rng.random() < 0.2,
            leverage=rng.choice([1, 1, 1, 5]),
        )
    if kind > 0.9 or not own:
        return CancelMany(**common, price=rng.choice([0, middle]), side=rng.choice([-1, 0, 1]))
    order = rng.choice(own)
    common |= {"instrument": order.instrument, "order": order.order, "created": order.created // MS}
    if kind < 0.75:
        return Cancel(**common)
    return Modify(**common, price=rng.choice([0, price]), size=rng.choice([0, 1, 100, 10**5]))


def quote(market, at):
    book = market._market.exchange.books[at]
    return book.bid, book.ask


def resting(market):
    """Clients' orders as the books have them: lots left by id."""
    return {
        order: lots
        for book in market._market.exchange.books
        for side in Side
        for order, _, lots in book.orders(side)
        if book.get(order).account
    }


@pytest.mark.parametrize("deposit", [10_000, 1_000_000])
@pytest.mark.parametrize("seed", range(4))
def test_books_accounts_and_stream_agree(seed, deposit):
    """
    After every request: no book is crossed, and an order rests if and only if its account has it open.

    Whoever follows the stream alone has the same accounts, and what is reserved for open orders is
    what they say.
    """
    rng = random.Random(f"{seed} {deposit}")
    trading = Trading(deposit=deposit, open_orders=30)
    market = ClientMarket(Market(SPEC, seed=seed, start=START), trading=trading)
    market.opening()
    follower = Accounts(market.listing, deposit=deposit)
    for _ in range(150):
        rows = market.advance(market.now + rng.choice([0, MS, 100 * MS]))
        rows += market.execute(draw(rng, market))
        follower.apply(rows)
        for bid, ask in (quote(market, at) for at in range(2)):
            assert not (bid and ask) or bid < ask
        open_ = [order for number in ACCOUNTS for order in market.accounts.find(number).orders.values()]
        assert resting(market) == {order.order: order.left for order in open_}
    for number in (0, *ACCOUNTS):
        ours, theirs = market.accounts[number], follower[number]
        assert (ours.orders, ours.fees, ours.leverage) == (theirs.orders, theirs.fees, theirs.leverage)
        for at in range(2):
            one, other = ours.position(at), theirs.position(at)
            assert [getattr(one, name) for name in one.__slots__] == [
                getattr(other, name) for name in one.__slots__
            ]
            scale = market.accounts.money.scales[at]
            value = dict.fromkeys(Side, 0)
            for order in ours.orders.values():
                if order.instrument == at:
                    value[order.side] += order.left * order.price * scale
            assert [one.bids, one.asks] == list(value.values())
