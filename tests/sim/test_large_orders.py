"""Large orders tell what they got, what they did not get, and how far the price went."""

import attrs
import pytest
from copies import copied

from feed.model.events import TRADE, Side
from feed.model.market import Impact, News
from feed.model.scenario import Scenario
from feed.model.timeline import Delist, Halt, LargeOrder
from feed.sim.defaults import default_market
from feed.sim.large_orders import summary
from feed.sim.looping import LoopedScenario
from feed.sim.market import Market
from feed.sim.reference_price import ReferencePrice
from feed.sim.script import ScriptedMarket

SECOND = 1_000_000_000
START = 1_709_731_800 * SECOND
SPEC = default_market(1)
(EURO,) = SPEC.listing().symbols
EVERYTHING = 10**12


def scenario(*actions, seconds=3):
    return Scenario(name="test", start=START, duration=seconds * SECOND, market=SPEC, actions=actions)


def run_to_end(*actions, seconds=3):
    market = ScriptedMarket(scenario(*actions, seconds=seconds))
    return market, market.opening() + market.advance(market.end)


def trades_at(rows, offset):
    return [row for row in rows if row[0] == TRADE and row[2] == START + offset]


def test_what_was_traded_is_told():
    """Lots, value and worst price are those of its trades in the stream; nothing is missing."""
    market, rows = run_to_end(LargeOrder(at=SECOND, side=Side.SELL, lots=3000))
    (report,) = market.large_orders
    trades = trades_at(rows, SECOND)

    assert (report.lots, report.traded, report.unsent, report.over) == (3000, 3000, 0, True)
    assert report.traded == sum(row[6] for row in trades)
    assert report.value == sum(row[5] * row[6] for row in trades)
    assert report.worst == min(row[5] for row in trades)
    assert report.since == START + SECOND
    assert 2 * report.worst < report.start
    assert report.moved_bps < 0


def test_an_order_larger_than_the_book_says_what_it_did_not_get():
    """It sweeps the side empty, and the rest is named rather than lost in silence."""
    market, rows = run_to_end(LargeOrder(at=SECOND, side=Side.BUY, lots=EVERYTHING))
    (report,) = market.large_orders

    assert 0 < report.traded < EVERYTHING
    assert report.traded == sum(row[6] for row in trades_at(rows, SECOND))
    assert report.over
    assert report.moved_bps > 100


def test_a_limit_holds_for_every_slice():
    """No trade is farther from the price of its beginning, wherever that has gone meanwhile."""
    order = LargeOrder(at=SECOND, side=Side.BUY, lots=EVERYTHING, slices=10, pause=SECOND // 10, bps=5)
    market, _ = run_to_end(order)
    (report,) = market.large_orders

    assert 0 < report.traded < EVERYTHING
    assert 0 < report.moved_bps <= 5
    assert 2 * report.worst <= report.start * 1.0005


def test_a_halt_and_the_end_leave_slices_unsent():
    """What does not begin says so; what the end cuts off is over, with what it has."""
    halted, _ = run_to_end(Halt(at=0), LargeOrder(at=SECOND, side=Side.BUY, lots=60))
    cut, _ = run_to_end(LargeOrder(at=SECOND, side=Side.BUY, lots=60, slices=6, pause=SECOND))
    (never,), (partly,) = halted.large_orders, cut.large_orders

    assert (never.since, never.traded, never.unsent, never.over) == (0, 0, 1, True)
    assert never.moved_bps is None
    assert (partly.traded, partly.unsent, partly.over) == (30, 3, True)


def test_one_that_still_trades_is_not_over():
    """Until the last slice, or the end."""
    market = ScriptedMarket(scenario(LargeOrder(at=0, side=Side.BUY, lots=60, slices=3, pause=SECOND)))
    market.opening()
    seen = []
    for second in (0, 1, 2):
        market.advance(START + second * SECOND)
        (report,) = market.large_orders
        seen.append((report.traded, report.unsent, report.over))
    assert seen == [(20, 2, False), (40, 1, False), (60, 0, True)]


def test_a_checkpoint_keeps_the_report():
    """A market that is taken up again goes on counting where it was."""
    market = ScriptedMarket(scenario(LargeOrder(at=0, side=Side.BUY, lots=60, slices=3, pause=SECOND)))
    market.opening()
    market.advance(START + SECOND)
    again = copied(market)
    for run in (market, again):
        run.advance(START + 3 * SECOND)
    assert again.large_orders == market.large_orders
    assert again.large_orders[0].traded == 60


def test_a_loop_tells_of_this_round_and_the_one_before():
    """No list that grows for ever."""
    run = LoopedScenario(scenario(LargeOrder(at=SECOND, side=Side.SELL, lots=60), seconds=2))
    run.opening()
    run.advance(START + 9 * SECOND)
    before, now = run.large_orders
    assert (before.since - START, now.since - START) == (7 * SECOND, 9 * SECOND)
    assert run.rounds == 5


def test_each_instrument_has_its_own_report():
    """An order without instruments goes to all of them, and is told of each."""
    spec = default_market(2)
    script = Scenario(
        name="test",
        start=START,
        duration=2 * SECOND,
        market=spec,
        actions=(
            Delist(at=SECOND // 2, instruments=(spec.listing().symbols[1],)),
            LargeOrder(at=SECOND, side=Side.SELL, lots=60),
        ),
    )
    market = ScriptedMarket(script)
    market.opening()
    market.advance(market.end)
    traded, never = market.large_orders
    assert (traded.instrument, traded.traded) == (0, 60)
    assert (never.instrument, never.traded, never.unsent) == (1, 0, 1)


def test_a_summary_is_in_decimals():
    """Sizes and prices as the instrument writes them, an average with two digits more."""
    market, _ = run_to_end(LargeOrder(at=SECOND, side=Side.SELL, lots=3000))
    (report,) = market.large_orders
    told, instrument = summary(report, market.listing), SPEC.instruments[0].instrument

    assert (told.symbol, told.side, told.over) == (EURO, "sell", True)
    assert told.size == told.traded == instrument.size_text(3000)
    assert told.worst == instrument.price_text(report.worst)
    assert len(told.average) == len(told.worst) + 2
    assert abs(float(told.average) - report.value / 3000 * float(instrument.tick_size)) < 1e-6


def test_what_never_began_has_no_prices():
    """Neither an average nor a start."""
    market, _ = run_to_end(Halt(at=0), LargeOrder(at=SECOND, side=Side.BUY, lots=60))
    told = summary(market.large_orders[0], market.listing)
    assert (told.average, told.start, told.worst, told.moved_bps, told.market_time) == (None,) * 5


@pytest.mark.parametrize("side", Side)
def test_makers_follow_an_order_that_goes_through_the_book(side):
    """Half of the way past their own prices, beyond what is usual; it fades, and none of it is permanent."""
    impact = Impact(permanent=0.0, swept=0.5)
    price = ReferencePrice(1000.0, 1.0, impact, interval=SECOND)
    sign = -1 if side else 1
    price.concede(int(side), 1000, 1000 + sign * 9)
    price.concede(int(side), 1000 + sign * 200, 1000 + sign * 205)
    assert price.price == 1000.0
    price.concede(int(side), 1000, 1000 + sign * 210)
    assert price.price == pytest.approx(1000.0 + sign * 100)
    assert price.permanent == 1000.0
    assert price.half > 1.0
    for _ in range(60):
        price.relax()
    assert 10 < sign * (price.price - 1000.0) < 50


def test_a_large_seller_alone_makes_a_crash():
    """The price falls within seconds, though nobody's opinion has changed, and half of that is soon back."""
    market = Market(attrs.evolve(SPEC, news=News(share=0.0)), seed=3, start=START)
    market.opening()
    book = market.exchange.books[0]
    market.advance(START + SECOND)
    before = book.bid + book.ask
    offered = sum(lots for _, lots in book.sizes(Side.BUY, 20))
    market.large_order(0, Side.SELL, 10 * offered, slices=20, pause=SECOND // 10)
    seen = []
    for second in (3, 60):
        market.advance(START + second * SECOND)
        seen.append((book.bid + book.ask) / before - 1)
    crash, later = seen
    assert crash < -0.01
    assert crash / 2 < later < 0
