"""Perpetual futures: marked, funded, and liquidated on their own book."""

import attrs
import pytest
from copies import copied
from listed import listed

from feed.model.contracts import Perpetual
from feed.model.derivatives import RATE_ONE
from feed.model.events import FUNDING, LIQUIDATION, MARK, TRADE, Side, Status
from feed.model.market import MarketSpec
from feed.sim.defaults import default_market
from feed.sim.margin import Positions
from feed.sim.market import Market
from feed.sim.perpetual import Leverage

SECOND = 10**9
HOUR = 3600 * SECOND
START = 1_700_000_000 * SECOND
SPOT, PERP = 0, 1
TICKS = 10  # of the spot market in one of the future


def futures(**changes):
    """BTC and a perpetual future on it, alone."""
    spot, future = listed("BTC-USD", "BTC-PERP")
    future = attrs.evolve(future, perpetual=Perpetual(symbol="BTC-USD", **changes))
    return MarketSpec(instruments=(spot, future))


def opened(spec, *, start=START, seed=5):
    market = Market(spec, seed=seed, start=start)
    return market, market.opening()


def of(rows, kind):
    return [row for row in rows if row[0] == kind]


def test_the_opening_includes_mark_and_funding():
    """Once each, for new subscribers."""
    _, rows = opened(futures())

    (mark,), (funding,) = of(rows, MARK), of(rows, FUNDING)
    assert mark[1] == funding[1] == PERP
    assert mark[3] == pytest.approx(mark[4], rel=1e-3)
    assert funding[3:] == (10_000, 10_000, START - START % (8 * HOUR) + 8 * HOUR)


def test_marked_every_second_and_funded_every_ten():
    """At whole seconds of market time, independent of other events."""
    market, _ = opened(futures())
    rows = market.advance(START + 60 * SECOND)

    assert [row[2] for row in of(rows, MARK)] == [START + n * SECOND for n in range(1, 61)]
    assert [row[2] for row in of(rows, FUNDING)] == [START + n * SECOND for n in range(10, 61, 10)]


def test_index_is_the_middle_of_the_spot_book():
    """With the values of that time, to the tick of the future."""
    market, _ = opened(futures())
    for second in range(1, 20):
        rows = market.advance(START + second * SECOND)
        book = market.exchange.books[SPOT]
        assert abs(2 * TICKS * of(rows, MARK)[-1][4] - book.bid - book.ask) <= TICKS


def test_mark_between_two_ticks_is_rounded_up():
    """So is the index: neither is ever nothing, and both round alike."""
    market, _ = opened(futures(traders=0))
    engine = market._engines[PERP]
    halves = 0
    for second in range(1, 60):
        rows = market.advance(START + second * SECOND)
        twice = engine._index2 + round(engine._apart)
        halves += twice % 2
        ((*_, mark, index, _),) = of(rows, MARK)
        assert (mark, index) == (-(-twice // 2), -(-engine._index2 // 2))
    assert halves


def test_predicted_rate_is_the_formula_over_the_premiums_of_each_second():
    """Computed once more, in plain arithmetic, from the books."""
    market, _ = opened(futures())
    market.premium(PERP, 0.004)
    premiums = []
    for second in range(1, 31):
        rows = market.advance(START + second * SECOND)
        spot, perp = (book.bid + book.ask for book in market.exchange.books)
        spot = spot // TICKS  # the index counts in the ticks of the future
        premiums.append((perp - spot) * RATE_ONE // spot)
        for row in of(rows, FUNDING):
            mean = sum(premiums) // len(premiums)
            assert row[4] == mean + max(-50_000, min(50_000, 10_000 - mean))
    assert of(rows, FUNDING)[-1][4] > 200_000


def test_rate_is_charged_on_the_eighth_hour():
    """What was predicted is the rate from then on, and the mean begins anew."""
    boundary = START - START % (8 * HOUR) + 8 * HOUR
    market, _ = opened(futures(), start=boundary - 65 * SECOND)
    market.premium(PERP, 0.002)
    rows = of(market.advance(boundary + 15 * SECOND), FUNDING)

    before = [row for row in rows if row[2] < boundary]
    charged, after = (row for row in rows if row[2] >= boundary)
    assert {row[3] for row in before} == {10_000}
    assert {row[5] for row in before} == {boundary}
    assert charged[2] == boundary
    assert charged[3] == pytest.approx(before[-1][4], rel=0.1)
    assert charged[3] != 10_000
    assert charged[5] == after[5] == boundary + 8 * HOUR
    assert after[3] == charged[3]


def test_a_position_without_margin_is_closed_by_an_order():
    """First the liquidation, then at once its trades, whose taker is its order, on its side."""
    market, _ = opened(futures(longs=1.0, leverage=100.0))
    market.shock(SPOT, -0.02)
    rows = market.advance(START + 10 * SECOND)

    liquidations = [at for at, row in enumerate(rows) if row[0] == LIQUIDATION]
    assert len(liquidations) > 5
    for at in liquidations:
        _, instrument, ts, order, side, worst, lots = rows[at]
        assert (instrument, side) == (PERP, Side.SELL)
        mine = [row for row in rows if row[0] == TRADE and row[1] == PERP and row[8] == order]
        assert rows[at + 1] == mine[0]
        assert {row[2] for row in mine} == {ts}
        assert {row[4] for row in mine} == {Side.SELL}
        assert sum(row[6] for row in mine) <= lots
        assert min(row[5] for row in mine) >= worst


def test_crowded_longs_fall_one_after_another():
    """The same news moves the price further where all positions are leveraged longs."""
    lows = []
    for longs in (0.0, 1.0):
        market, _ = opened(futures(longs=longs, leverage=100.0, traders=400, size=20.0))
        market.shock(SPOT, -0.01)
        rows = market.advance(START + 20 * SECOND)
        lows.append(min(row[5] for row in of(rows, TRADE) if row[1] == PERP))

    assert lows[1] < lows[0] * 0.995


def test_open_interest_shrinks_with_every_liquidation():
    """Contracts that were closed are open no more."""
    market, opening = opened(futures(longs=1.0, leverage=100.0))
    market.shock(SPOT, -0.05)
    rows = market.advance(START + 5 * SECOND)

    assert of(rows, MARK)[-1][5] < of(opening, MARK)[0][5]


def test_about_as_many_positions_are_open_as_asked_for():
    """Each held for the mean time asked for, about, and as many of them long."""
    market, _ = opened(futures(traders=120, longs=0.25, leverage=2.0, holding_minutes=0.5))
    positions = market._engines[PERP].positions.open
    first = list(positions)
    market.advance(START + 30 * SECOND)
    assert 25 < sum(it in positions for it in first) < 65  # of 120, a share of 1/e is held longer

    market.advance(START + 180 * SECOND)
    assert 90 < len(positions) < 150
    assert 0.1 < sum(it.side == Side.BUY for it in positions) / len(positions) < 0.4


def test_a_halted_future_is_marked_and_not_liquidated():
    """Positions are liquidated after the halt, when they can be traded."""
    market, _ = opened(futures(longs=1.0, leverage=100.0))
    market.set_status(PERP, Status.HALTED)
    market.shock(SPOT, -0.05)
    rows = market.advance(START + 5 * SECOND)
    assert len(of(rows, MARK)) == 5
    assert not of(rows, LIQUIDATION)

    market.set_status(PERP, Status.TRADING)
    assert of(market.advance(START + 6 * SECOND), LIQUIDATION)


def test_what_the_order_does_not_find_is_closed_at_the_next_check():
    """The liquidation that follows is for the rest, a tenth of a second later."""
    market, _ = opened(futures(longs=1.0, leverage=100.0, traders=1, size=300.0))
    market.shock(SPOT, -0.05)
    rows = market.advance(START + 5 * SECOND)
    filled = {}
    for row in of(rows, TRADE):
        filled[row[8]] = filled.get(row[8], 0) + row[6]

    first, second = of(rows, LIQUIDATION)[:2]
    assert 0 < filled[first[3]] < first[6]
    assert second[6] == first[6] - filled[first[3]]
    assert second[2] == first[2] + SECOND // 10


def test_prices_of_a_halted_future_do_not_count():
    """The premium is what it was when it last traded, however the index moves on."""
    market, _ = opened(futures(traders=0))
    market.premium(PERP, 0.002)
    before = of(market.advance(START + 20 * SECOND), FUNDING)[-1]
    market.set_status(PERP, Status.HALTED)
    market.shock(SPOT, 0.05)
    rows = market.advance(START + 60 * SECOND)

    assert {row[4] for row in of(rows, FUNDING)} == {before[4]}
    assert all(row[3] == pytest.approx(row[4], rel=0.003) for row in of(rows, MARK)[3:])


def test_time_goes_on_while_a_future_is_delisted():
    """No rows while delisted; listed again, it publishes the next funding time, and funding is paid once."""
    boundary = START - START % (8 * HOUR) + 8 * HOUR
    market, _ = opened(futures(), start=boundary - 5 * SECOND)
    market.set_status(PERP, Status.DELISTED)
    assert not {MARK, FUNDING} & {row[0] for row in market.advance(boundary + 5 * SECOND)}

    listed = market.set_status(PERP, Status.TRADING)
    rows = listed + market.advance(boundary + 30 * SECOND)
    assert {row[5] for row in of(rows, FUNDING)} == {boundary + 8 * HOUR}
    assert len({row[3] for row in of(rows, FUNDING)}) == 1
    assert len(of(listed, MARK)) == len(of(listed, FUNDING)) == 1


@pytest.mark.parametrize("after", [SECOND // 2, 30 * SECOND, 35 * SECOND + SECOND // 3])
def test_snapshot_tells_mark_and_funding(after):
    """With their last published values, for the snapshot after seeking back."""
    market, rows = opened(futures())
    rows = rows + market.advance(START + after)

    for kind in (MARK, FUNDING):
        last = of(rows, kind)[-1]
        assert of(market.snapshot(), kind) == [(kind, PERP, START + after, *last[3:])]


def test_rows_do_not_depend_on_how_time_is_divided():
    """Venues, futures, predictions and signals: the same rows in large steps and in small ones."""
    whole = Market(default_market(), seed=9, start=START)
    cut = Market(default_market(), seed=9, start=START)
    assert whole.opening() == cut.opening()
    large = whole.advance(START + 6 * SECOND)

    small = []
    for n in range(1, 4):
        small += cut.advance(START + n * SECOND - 1)
        small += cut.advance(START + n * SECOND)
    cut = copied(cut)
    while cut.next_time() <= START + 6 * SECOND:
        small += cut.step()

    assert small == large


def test_leveraged_traders_are_part_of_the_flow_that_makes_the_volatility():
    """The more they are, the less each order is worth learning from: the future is no wilder for them."""
    few, many = (opened(futures(traders=traders))[0]._sims[PERP] for traders in (40, 160))

    assert many.orders > 2 * few.orders
    assert many.impact_scale**2 * many.orders == pytest.approx(few.impact_scale**2 * few.orders)


def test_what_a_future_teaches_about_its_coin_reaches_the_other_coins():
    """As what is learnt on the coin's own market does."""
    spot, future, other = listed("BTC-USD", "BTC-PERP", "ETH-USD")
    future = attrs.evolve(future, perpetual=Perpetual(symbol="BTC-USD", traders=0))
    spec = MarketSpec(instruments=(spot, future, other))
    values = []
    for lots in (0, 1000 * future.size):
        market, _ = opened(spec)
        if lots:
            market.large_order(PERP, Side.BUY, lots)
        market.advance(START + 2 * SECOND)
        values.append([market._sims[at].value for at in (SPOT, 2)])
    (coin, apart), (moved_coin, moved_other) = values

    assert moved_coin / coin > 1.0005
    assert moved_other / apart > 1 + (moved_coin / coin - 1) / 4


def test_traders_borrow_less_while_prices_move_more():
    """At three times the volatility a third: a position is as many moves from its end as ever."""
    furthest = []
    for level in (0.5, 1.0, 3.0):
        market, _ = opened(futures(longs=1.0, maintenance=0.0001, traders=0))
        sim, positions = market._sims[PERP], Positions()
        sim.set_regime(level, 1.0)
        Leverage(sim, Perpetual(symbol="BTC-USD", longs=1.0, maintenance=0.0001), positions)
        value = round(sim.value)
        stops = sorted(position.stop for position in positions.open if position.stop < value)
        furthest.append(1 - stops[-10] / value)
    half, usual, lively = furthest

    assert half == usual
    assert lively > 2 * usual
