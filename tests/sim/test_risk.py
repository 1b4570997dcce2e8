"""Margin, funding and liquidation of accounts, and what they are told of it."""

import attrs
import pytest
from listed import coins_and_a_future

from feed.model.derivatives import RATE_ONE
from feed.model.events import BALANCE, FILL, FUNDING, LIQUIDATION, ORDER, POSITION, Side, Status, event
from feed.model.margin import Margin
from feed.model.market import ForcedTraders, MarketSpec
from feed.model.requests import PARTS, Cancel, Create
from feed.model.statements import Cause
from feed.model.trading import OrderState, Pricing, Reason
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market

START = 1_709_735_400_000_000_000  # 14:30 UTC: half past the hour, 90 minutes before funding
SECOND = 1_000_000_000
MS = 1_000_000
FUNDED = START + 90 * 60 * SECOND
# Nobody else is forced to trade by what a test does to the price.
_BITCOIN, _ETHER, _FUTURE = coins_and_a_future()
SPEC = MarketSpec(
    instruments=(
        _BITCOIN,
        _ETHER,
        attrs.evolve(_FUTURE, perpetual=attrs.evolve(_FUTURE.perpetual, traders=0)),
    ),
    forced=ForcedTraders(trigger=0),
)
UNITS = 10**6
BUY, SELL = Side.BUY, Side.SELL
TAKE = {"type": Pricing.MARKET, "slippage": 20_000}
OWN = (BALANCE, POSITION, ORDER, FILL)


def new_market(start=START, **trading):
    market = ClientMarket(Market(SPEC, seed=3, start=start), trading=Trading(**trading))
    market.opening()
    market.advance(start + 2 * SECOND)
    return market


def create(side, size, *, account=1, instrument=0, **more):
    return Create(account=account, instrument=instrument, side=side, size=size, **more)


def told(rows, *kinds, account=1):
    events = [event(0, row) for row in rows if row[0] in kinds]
    return [item for item in events if getattr(item, "account", account) == account]


def causes(rows):
    return [item.cause for item in told(rows, BALANCE)]


def shock(market, fraction, seconds=3, instrument=0):
    market._market.shock(instrument, fraction)
    return market.advance(market.now + seconds * SECOND)


def leveraged(side=BUY, instrument=0, share=97, **more):
    """A market in which an account has put nearly all that it has at stake, ten times."""
    market = new_market(deposit=1000, **more)
    price = market._market.mark(instrument)
    size = 1000 * UNITS * 10 * share // 100 // price
    rows = market.execute(create(side, size, instrument=instrument, leverage=10, **TAKE))
    return market, size, rows


def test_an_account_is_told_what_it_holds_and_owns():
    """After its fills: a position and a balance that agree with what the fills say."""
    market, size, rows = leveraged()
    fills = told(rows, FILL)
    (position,) = told(rows, POSITION)
    (balance,) = told(rows, BALANCE)
    assert [row[0] for row in rows][-2:] == [POSITION, BALANCE]
    paid = sum(fill.price * fill.size for fill in fills)
    fees = sum(fill.fee for fill in fills)
    assert (position.lots, position.cost, position.realised, position.funding) == (size, paid, 0, 0)
    assert (balance.cause, balance.cash, balance.amount) == (Cause.TRADE, 1000 * UNITS - fees, 0)
    assert balance.equity == balance.cash + size * position.mark - paid
    assert balance.initial == -(-paid // 10)
    assert balance.maintenance == -(-size * position.mark * 30_000 // PARTS)
    assert (balance.leverage, position.decimals, balance.decimals) == (10, 6, 6)
    # At the price that it is told the account would be liquidated, and at a tick less not.
    for mark, below in ((position.liquidation, True), (position.liquidation + 1, False)):
        equity = balance.cash + size * mark - paid
        assert (equity * PARTS <= size * mark * 30_000) is below
    assert market.accounts.holders == {1: {0: None}}


@pytest.mark.parametrize("instrument", [0, 2])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_position_whose_margin_runs_out_is_liquidated(side, instrument):
    """Margin call, liquidation, the market's order, its fills, nothing held any more, and what is left."""
    market, size, _ = leveraged(side, instrument)
    market.execute(create(BUY, 1, instrument=1, price=1, leverage=10))  # it rests where nothing happens
    fall = -1 if side is BUY else 1
    rows = shock(market, 0.065 * fall)
    assert causes(rows) == [Cause.MARGIN_CALL]
    rows = shock(market, 0.05 * fall)
    assert causes(rows)[0] is Cause.LIQUIDATION
    assert Cause.TRADE in causes(rows)
    orders = told(rows, ORDER)
    assert [(order.state, order.reason) for order in orders[:2]] == [
        (OrderState.CANCELLED, Reason.LIQUIDATION),
        (OrderState.ACTIVE, Reason.LIQUIDATION),
    ]
    forced = orders[1].order
    assert [item.order for item in told(rows, LIQUIDATION) if item.order == forced] == [forced]
    fills = [fill for fill in told(rows, FILL) if fill.order == forced]
    assert all(fill.taker and fill.side is (SELL if side is BUY else BUY) for fill in fills)
    assert told(rows, POSITION)[-1].lots == 0
    assert sum(fill.size for fill in told(rows, FILL)) == size
    balance = told(rows, BALANCE)[-1]
    assert balance.equity == balance.cash == market.accounts.cash(1, "USD") >= 0
    assert market.accounts.holders == market.accounts.orders == {}
    assert told(shock(market, 0.1 * fall, seconds=1), *OWN) == []


def test_a_debt_is_borne_by_the_market():
    """A jump past everything the account has leaves it with nothing, and not with less."""
    market, _, _ = leveraged()
    rows = shock(market, -0.3, seconds=20)
    assert causes(rows)[-1] is Cause.INSURANCE
    balance = told(rows, BALANCE)[-1]
    assert balance.amount > 0
    assert balance.cash == balance.equity == 0 == market.accounts.cash(1, "USD")
    assert market.accounts.find(1).insurance == {"USD": balance.amount}
    assert market.accounts.find(0).insurance == {"USD": -balance.amount}
    _, ask = market._market.exchange.books[0].bid, market._market.exchange.books[0].ask
    refused = told(market.execute(create(BUY, 1, price=ask)), ORDER)[-1]
    assert refused.reason is Reason.NO_FUNDS


def test_a_margin_call_is_told_once_until_the_account_is_well_again():
    """And again when it falls once more."""
    market, _, _ = leveraged()
    assert causes(shock(market, -0.065)) == [Cause.MARGIN_CALL]
    assert causes(market.advance(market.now + SECOND)) == []
    assert causes(shock(market, 0.05)) == []
    assert causes(shock(market, -0.05)) == [Cause.MARGIN_CALL]


def test_nothing_is_closed_while_the_market_is_halted():
    """There is nobody to trade with; it is closed when trading goes on, and told once."""
    market, _, _ = leveraged(instrument=2)
    market._market.set_status(2, Status.HALTED)
    rows = shock(market, -0.12)
    assert causes(rows) == [Cause.MARGIN_CALL, Cause.LIQUIDATION]
    assert told(rows, FILL) == []
    market._market.set_status(2, Status.TRADING)
    rows = market.advance(market.now + 2 * SECOND)
    assert causes(rows)[0] is Cause.TRADE
    assert market.accounts.holders == {}


def test_without_borrowed_money_a_long_position_is_never_liquidated():
    """It has been paid for in full."""
    market = new_market(deposit=1000)
    price = market._market.mark(0)
    market.execute(create(BUY, 1000 * UNITS * 97 // 100 // price, **TAKE))
    assert causes(shock(market, -0.5, seconds=10)) == []


def test_funding_is_paid_when_it_is_due():
    """Longs pay to shorts by the rate that was told before, at the mark price of that moment."""
    market = new_market(FUNDED - 10 * SECOND)
    for account, side in ((1, BUY), (2, SELL)):
        market.execute(create(side, 1000, account=account, instrument=2, **TAKE))
    before = {account: market.accounts.cash(account, "USD") for account in (1, 2)}
    engine = market._market._engines[2]
    rate = engine._rate
    rows = market.advance(FUNDED + SECOND)
    amount = {}
    for account in (1, 2):
        (balance,) = told(rows, BALANCE, account=account)
        assert (balance.cause, balance.ts, balance.instrument) == (Cause.FUNDING, FUNDED, 2)
        amount[account] = balance.amount
        assert balance.cash == before[account] + balance.amount == market.accounts.cash(account, "USD")
        (position,) = told(rows, POSITION, account=account)
        assert position.funding == balance.amount
        mark = position.mark
    value = 1000 * mark * rate
    assert amount == {1: -value // RATE_ONE, 2: value // RATE_ONE}
    assert amount[1] < 0 < amount[2]
    assert [row for row in rows if row[0] == FUNDING and row[2] == FUNDED]
    assert market.accounts.find(0).position(2).funding == -amount[1] - amount[2]


def test_a_market_without_accounts_is_left_alone():
    """Nobody looks at margins while there are none: the market is run in one piece."""
    market = new_market()
    assert market._check_at == 0
    order = told(market.execute(create(BUY, 1, price=1)), ORDER)[-1]
    assert market._check_at == START + 2 * SECOND + 100 * MS
    market.execute(Cancel(account=1, instrument=0, order=order.order, created=order.created // MS))
    market.advance(market.now + SECOND)
    assert market._check_at == 0


@pytest.mark.parametrize(("equity", "liquidated"), [(100, False), (99, True)])
def test_the_first_unit_below_the_margin_decides(equity, liquidated):
    """An account that owns exactly what it must keep keeps its positions."""
    market, _, _ = leveraged()
    values = market._clearing.values

    class Standing:
        position, balance = values.position, values.balance

        @staticmethod
        def margin(account, currency):
            return Margin(cash=100, equity=equity, initial=0, maintenance=100)

    market._clearing.values = Standing
    assert (Cause.LIQUIDATION in causes(market._check())) is liquidated
