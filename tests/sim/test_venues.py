"""Several venues of a pair: they follow one another, and arbitrageurs keep them together."""

import attrs
import pytest
from listed import listed

from feed.errors import MarketError
from feed.model.contracts import Arbitrage
from feed.model.events import TRADE, Side, Status
from feed.model.market import MarketSpec
from feed.sim.market import Market
from feed.sim.order_flow import OrderFlow

SECOND = 10**9
START = 1_700_000_000 * SECOND
FIRST, SECOND_VENUE = 0, 1


def venues(*, arbitrage=True, **link):
    """BTC on two venues, alone."""
    first, other = listed("BTC-USD", "BTC-USDT")
    other = attrs.evolve(other, link=attrs.evolve(other.link, **link))
    return MarketSpec(instruments=(first, other), arbitrage=Arbitrage() if arbitrage else None)


def opened(spec, seed=3):
    market = Market(spec, seed=seed, start=START)
    market.opening()
    return market


def size(market, row):
    """Of a trade, in coins."""
    return row[6] * market.listing[row[1]].lot_size


def apart(market):
    """How far the second venue's middle is above the first's, basis points."""
    first, other = (book.bid + book.ask for book in market.exchange.books)
    return (other - first) / first * 10_000


def test_a_venue_follows_the_first_one():
    """For minutes, through every move: never far apart, and never all equal."""
    market = opened(venues())
    gaps = []
    for second in range(1, 181):
        market.advance(START + second * SECOND)
        gaps.append(apart(market))

    assert max(map(abs, gaps)) < 5
    assert len(set(gaps)) > 100


def test_a_shock_at_the_first_venue_reaches_the_other():
    """Within a second."""
    market = opened(venues())
    market.advance(START + 10 * SECOND)
    before = market.exchange.books[SECOND_VENUE].bid
    market.shock(FIRST, 0.02)
    market.advance(START + 11 * SECOND)

    assert market.exchange.books[SECOND_VENUE].bid > before * 1.015


def test_a_detached_venue_goes_its_own_way():
    """Until it is attached again."""
    market = opened(venues(arbitrage=False))
    market.detach(SECOND_VENUE, detached=True)
    market.shock(FIRST, 0.02)
    market.advance(START + 5 * SECOND)
    assert apart(market) < -150

    market.detach(SECOND_VENUE, detached=False)
    market.advance(START + 10 * SECOND)
    assert abs(apart(market)) < 10


def test_arbitrageurs_take_both_legs_at_one_moment():
    """They buy where it is cheap and sell where it is dear, the same size to a lot of the coarser venue."""
    market = opened(venues())
    market.detach(SECOND_VENUE, detached=True)
    market.shock(FIRST, 0.01)
    rows = market.advance(START + 2 * SECOND)

    by_time = {}
    for row in rows:
        if row[0] == TRADE:
            by_time.setdefault(row[2], []).append(row)
    both = [trades for trades in by_time.values() if len({row[1] for row in trades}) == 2]
    assert both
    for trades in both:
        bought = sum(size(market, row) for row in trades if row[4] == Side.BUY and row[1] == SECOND_VENUE)
        sold = sum(size(market, row) for row in trades if row[4] == Side.SELL and row[1] == FIRST)
        assert bought > 0
        assert abs(bought - sold) < market.listing[SECOND_VENUE].lot_size


def test_an_arbitrage_earns_more_than_its_fees():
    """Half a basis point at either venue, and a tenth beyond, of what was paid and got."""
    market = opened(venues())
    market.detach(SECOND_VENUE, detached=True)
    market.shock(FIRST, 0.002)
    by_time = {}
    for row in market.advance(START + 20 * SECOND):
        if row[0] == TRADE:
            by_time.setdefault(row[2], []).append(row)

    both = [trades for trades in by_time.values() if len({row[1] for row in trades}) == 2]
    assert both
    for trades in both:
        # Per coin: the two sizes differ by less than a lot.
        paid, got = (
            sum(row[5] * size(market, row) for row in leg) / sum(size(market, row) for row in leg)
            for leg in ([row for row in trades if row[4] == side] for side in (Side.BUY, Side.SELL))
        )
        assert float(got) * (1 - 0.5e-4) > float(paid) * (1 + 0.5e-4) * (1 + 0.1e-4)


def test_arbitrageurs_close_the_gap_to_a_venue_that_follows_none():
    """Their orders move both prices; without them the gap stays."""
    gaps = []
    for arbitrage in (False, True):
        market = opened(venues(arbitrage=arbitrage))
        market.detach(SECOND_VENUE, detached=True)
        market.shock(FIRST, 0.002)
        market.advance(START + 60 * SECOND)
        gaps.append(abs(apart(market)))

    assert gaps[0] > 10
    assert gaps[1] < gaps[0] / 2


def test_a_venue_reopens_at_the_price_of_the_others():
    """Not at the price of before the halt."""
    market = opened(venues())
    market.advance(START + SECOND)
    market.set_status(SECOND_VENUE, Status.DELISTED)
    market.shock(FIRST, 0.05)
    market.advance(START + 3 * SECOND)
    rows = market.set_status(SECOND_VENUE, Status.TRADING)

    assert {row[2] for row in rows} == {START + 3 * SECOND}
    assert abs(apart(market)) < 5


def test_a_hurried_venue_hurries():
    """Its makers hear of the first venue as much more often as all else happens there."""
    market = opened(venues(arbitrage=False))
    counts = []
    for factor in (1.0, 20.0):
        market.activity(SECOND_VENUE, factor)
        counts.append(sum(row[1] == SECOND_VENUE for row in market.advance(market.now + 5 * SECOND)))

    assert counts[1] > 6 * counts[0]


def test_a_further_venue_may_be_listed_before_the_first():
    """Fees are those of the venue that states them, in any order of the venues."""
    for fee, pays in ((0.1, True), (20.0, False)):
        first, other = venues(fee=fee).instruments
        market = opened(MarketSpec(instruments=(other, first), arbitrage=Arbitrage()))
        market.detach(0, detached=True)
        market.shock(1, 0.001)  # ten basis points
        rows = market.advance(START + 5 * SECOND)
        by_time = {}
        for row in rows:
            if row[0] == TRADE:
                by_time.setdefault(row[2], set()).add(row[1])
        assert ({0, 1} in by_time.values()) is pays


def test_no_trades_with_a_halted_venue():
    """However far the prices are apart."""
    market = opened(venues())
    market.set_status(SECOND_VENUE, Status.HALTED)
    market.shock(FIRST, 0.05)
    rows = market.advance(START + 5 * SECOND)

    assert not [row for row in rows if row[0] == TRADE and row[1] == SECOND_VENUE]


def test_trades_on_one_venue_move_the_other():
    """Part of the price impact on one venue is passed on to all others."""
    spec = venues(arbitrage=False)
    interval_scale, dirty = opened(spec), opened(spec)
    for market in (interval_scale, dirty):
        market.advance(START + SECOND)
    book = dirty.exchange.books[SECOND_VENUE]
    dirty.large_order(SECOND_VENUE, Side.BUY, 40 * book.ask_size, slices=20, pause=SECOND // 10)
    for market in (interval_scale, dirty):
        market.advance(START + 4 * SECOND)

    assert dirty.exchange.books[FIRST].bid > interval_scale.exchange.books[FIRST].bid


@pytest.mark.parametrize("fraction", [-1.0, float("nan"), float("inf")])
def test_a_premium_must_leave_a_price(fraction):
    """Nothing is changed by one that would not."""
    market = opened(venues())
    with pytest.raises(MarketError, match="premium"):
        market.premium(SECOND_VENUE, fraction)


def test_a_venue_of_nothing_is_no_market():
    """What it follows must be there."""
    with pytest.raises(MarketError, match="no instrument DOGE-USD"):
        opened(venues(symbol="DOGE-USD"))


def test_a_difference_that_arbitrage_would_pay_for_does_not_last():
    """Makers of the other venue know it too: arbitrageurs find one now and then, not for minutes."""
    market = opened(venues(), seed=8)
    link = market._arguments[0].instruments[SECOND_VENUE].link
    pays = 2 * link.fee + Arbitrage().margin
    market.large_order(SECOND_VENUE, Side.BUY, 100 * market.exchange.books[SECOND_VENUE].ask_size)
    gaps = []
    for second in range(1, 121):
        market.advance(START + second * SECOND)
        gaps.append(abs(apart(market)))

    assert sum(gap > pays for gap in gaps) < 10


def test_a_move_of_the_first_venue_is_not_taken_for_a_difference():
    """The other venue goes as far as the first, and no further."""
    market = opened(venues(basis=0.0, latency_ms=20))
    market.advance(START + 10 * SECOND)
    market.shock(FIRST, 0.02)
    first, other = (sim.reference for sim in market._sims)
    ticks = other.permanent / first.permanent * 1.02
    ahead = []
    for step in range(1, 101):
        market.advance(START + 10 * SECOND + step * SECOND // 50)
        ahead.append(other.price / (first.price * ticks) - 1)

    assert max(ahead) < 0.001


def test_only_the_first_venue_has_traders_who_are_forced(monkeypatch):
    """They would be forced five times over where a pair has five venues, each wave setting off the next."""
    watched = set()
    monkeypatch.setattr(OrderFlow, "force", lambda flow, now, seconds: watched.add(flow.sim.book.instrument))
    opened(venues()).advance(START + 5 * SECOND)

    assert watched == {FIRST}
