"""Each signal from the least that makes it, and nothing from a little less."""

import attrs
import pytest
from copies import copied

from feed.analytics.signals.detectors import Detectors
from feed.model.contracts import SignalRules
from feed.model.events import FUNDING, LIQUIDATION, TRADE, event
from feed.model.instruments import Contract, Instrument, Listing
from feed.model.signals import Severity, Signal, SignalType
from feed.state.market_state import MarketState

SECOND = 10**9
NOW = 1_700_000_000 * SECOND
BUY, SELL = 0, 1

SPOT = Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=4)
OTHER = attrs.evolve(SPOT, symbol="BTC-USD@x", venue="x")
PERP = attrs.evolve(SPOT, symbol="BTC-PERP", contract=Contract.PERPETUAL)
GOLD = attrs.evolve(SPOT, symbol="XAUUSD", base="XAU", asset_class="metal")
LISTING = Listing([SPOT, OTHER, PERP, GOLD])
RULES = SignalRules(rest_seconds=60, wall_multiple=60, spread_bps=0)

# 50,000.00 and 1.0000, in ticks and lots: worth 50,000 dollars.
PRICE, ONE = 5_000_000, 10_000


class Books:
    """Books with given levels."""

    def __init__(self):
        self.by_side = {}

    def put(self, instrument, bids, asks):
        self.by_side[instrument] = (bids, asks)

    def levels(self, instrument, side, depth):
        return self.by_side.get(instrument, ([], []))[side][:depth]


@pytest.fixture
def books():
    return Books()


@pytest.fixture
def detectors(books):
    return Detectors(LISTING, RULES, books.levels)


def trade(size, *, instrument=0, price=PRICE, side=BUY, taker=7, ts=NOW):
    return (TRADE, instrument, ts, 1, side, price, size, 3, taker, 0, 0)


def told(rows):
    """Signals by name."""
    return [event(1, row) for row in rows]


def types(rows):
    return [signal.type for signal in told(rows)]


def steady(price=PRICE, size=100, step=100, levels=20):
    return (
        [(price - step * n, size) for n in range(1, levels + 1)],
        [(price + step * n, size) for n in range(1, levels + 1)],
    )


def test_whale_is_one_taker_s_million(detectors):
    """Its trades of one action are added up."""
    quiet = [trade(10 * ONE), trade(10 * ONE - 1)]
    loud = [trade(10 * ONE), trade(10 * ONE)]

    assert detectors.on_rows(quiet) == []
    assert told(detectors.on_rows(loud)) == [
        Signal(
            seq=1,
            ts=NOW,
            instrument=0,
            number=1,
            type=SignalType.WHALE_MOVEMENT,
            severity=Severity.ALERT,
            figures={"value_cents": 100_000_000, "side": BUY},
        )
    ]


def test_ten_times_a_whale_is_critical(detectors):
    """From ten million dollars on."""
    (found,) = told(detectors.on_rows([trade(200 * ONE, side=SELL)]))

    assert (found.severity, found.figures["side"]) == (Severity.CRITICAL, SELL)


def test_many_takers_are_no_whale(detectors):
    """Each has traded little."""
    assert detectors.on_rows([trade(ONE, taker=n) for n in range(100)]) == []


def test_a_signal_rests_once_given(detectors):
    """A minute in one instrument; another instrument and another type are free."""
    whale = trade(20 * ONE)

    assert types(detectors.on_rows([whale])) == [SignalType.WHALE_MOVEMENT]
    assert detectors.on_rows([whale]) == []
    assert types(detectors.on_rows([trade(20 * ONE, instrument=1)])) == [SignalType.WHALE_MOVEMENT]
    (late,) = told(detectors.on_rows([trade(20 * ONE, ts=NOW + 60 * SECOND)]))
    assert late.number == 3


def buys(order, *, ts):
    return [trade(ONE, instrument=2, side=BUY, taker=order, ts=ts)]


def liquidation(order, *, ts=NOW, lots=ONE):
    row = (LIQUIDATION, 2, ts, order, SELL, PRICE, lots)
    return [row, trade(lots, instrument=2, side=SELL, taker=order, ts=ts)]


def test_cascade_is_five_liquidations_within_ten_seconds(detectors):
    """Of one side, worth a quarter of a million together."""
    rows = [detectors.on_rows(liquidation(n, ts=NOW + n * SECOND)) for n in range(5)]

    assert [types(found) for found in rows[:4]] == [[], [], [], []]
    (found,) = told(rows[4])
    assert found.type is SignalType.LIQUIDATION_CASCADE
    assert found.figures == {"side": SELL, "count": 5, "value_cents": 25_000_000, "window_ms": 4000}


def test_a_cascade_counts_the_published_liquidations(detectors):
    """All trades of one side in the window: cents, each rounded as published, and milliseconds."""
    detectors.on_rows([(LIQUIDATION, 2, NOW - SECOND, 90, BUY, PRICE, ONE), *buys(90, ts=NOW - SECOND)])
    for n in range(5):
        row = (LIQUIDATION, 2, NOW + n * SECOND, n, SELL, PRICE, ONE)
        # 16,674.996665 dollars each, which is told as 16,675.00.
        parts = [trade(3335, instrument=2, price=4_999_999, side=SELL, taker=n, ts=NOW + n * SECOND)] * 3
        found = detectors.on_rows([row, *parts])

    (cascade,) = told(found)
    assert cascade.figures == {"side": SELL, "count": 15, "value_cents": 15 * 1_667_500, "window_ms": 4000}


def test_slow_or_small_liquidations_are_no_cascade(detectors):
    """Ten seconds apart, or worth too little."""
    for n in range(10):
        assert detectors.on_rows(liquidation(n, ts=NOW + 3 * n * SECOND)) == []
    for n in range(10):
        assert detectors.on_rows(liquidation(n, ts=NOW + 100 * SECOND, lots=ONE // 10)) == []


def test_a_liquidation_is_no_whale(detectors):
    """Its trades are forced, so they give no whale signal."""
    assert detectors.on_rows(liquidation(1, lots=100 * ONE)) == []


def funding(predicted, n):
    return (FUNDING, 2, NOW + 10 * n * SECOND, 10_000, predicted, NOW + 3600 * SECOND)


def test_funding_spike_stands_out_from_what_was_predicted_before(detectors):
    """By four standard deviations and to 0.05 % at least."""
    for n in range(10):
        assert detectors.on_funding(funding(10_000, n)) == []
    assert detectors.on_funding(funding(49_999, 10)) == []

    (found,) = told(detectors.on_funding(funding(300_000, 11)))

    assert found.type is SignalType.FUNDING_SPIKE
    # As the channel of funding tells them.
    assert (found.figures["rate"], found.figures["predicted_rate"]) == (10_000, 300_000)
    assert found.figures["previous_rate"] == 49_999
    assert found.figures["z_hundredths"] >= 400


def test_imbalance_must_last(books, detectors):
    """Five seconds in a row, one way."""
    bids, asks = steady()
    heavy = [(price, 13 * size) for price, size in bids]
    found = []
    for n in range(1, 5):
        books.put(0, heavy, asks)
        found += detectors.on_second(NOW + n * SECOND)
    books.put(0, bids, asks)
    found += detectors.on_second(NOW + 5 * SECOND)
    assert SignalType.ORDERBOOK_IMBALANCE not in types(found)

    for n in range(6, 11):
        books.put(0, heavy, asks)
        found += detectors.on_second(NOW + n * SECOND)

    (signal,) = [it for it in told(found) if it.type is SignalType.ORDERBOOK_IMBALANCE]
    assert signal.ts == NOW + 10 * SECOND
    assert signal.figures["imbalance_1e4"] == round(12 / 14 * 10_000)
    assert signal.figures["depth_cents"] == round(sum(p * s for p, s in heavy[:10]) * 100 / 10**6)


def test_spread_anomaly_is_a_multiple_of_the_median(books, detectors):
    """Once there is a median to speak of."""
    books.put(0, *steady())
    for n in range(60):
        assert detectors.on_second(NOW + n * SECOND) == []
    books.put(0, *steady(step=600))

    (found,) = told(detectors.on_second(NOW + 60 * SECOND))

    assert (found.type, found.severity) == (SignalType.SPREAD_ANOMALY, Severity.WARNING)
    assert found.figures == {"spread_bps_1e4": 24_000, "median_spread_bps_1e4": 4_000}


@pytest.mark.parametrize(("least", "count"), [(2.5, 0), (2.4, 1)])
def test_many_times_a_spread_of_a_tick_is_no_anomaly_while_it_is_little(books, least, count):
    """A least spread in basis points, besides the multiple."""
    detectors = Detectors(LISTING, attrs.evolve(RULES, spread_bps=least), books.levels)
    books.put(0, *steady())
    for n in range(60):
        detectors.on_second(NOW + n * SECOND)
    books.put(0, *steady(step=600))

    assert types(detectors.on_second(NOW + 60 * SECOND)) == [SignalType.SPREAD_ANOMALY] * count


def test_volume_spike_is_a_multiple_of_the_mean(books, detectors):
    """Of ten seconds against those before."""
    books.put(0, *steady())
    found = []
    for n in range(1, 71):
        lots = 1000 if n <= 60 else 10_000
        found += detectors.on_rows([trade(lots, ts=NOW + n * SECOND)])
        found += detectors.on_second(NOW + n * SECOND)

    (signal,) = told(found)
    assert signal.type is SignalType.VOLUME_SPIKE
    assert signal.figures == {"volume_lots": 100_000, "baseline_lots": 10_000, "multiple_hundredths": 1000}


def test_a_volume_that_is_worth_little_is_no_spike(books):
    """However many times the mean it is: from so many dollars on."""
    for rules, heard in ((RULES, 0), (attrs.evolve(RULES, volume_usd=50_000), 1)):
        detectors = Detectors(LISTING, rules, books.levels)
        found = []
        for n in range(1, 71):
            found += detectors.on_rows([trade(100 if n <= 60 else 1000, ts=NOW + n * SECOND)])
            found += detectors.on_second(NOW + n * SECOND)
        assert len(found) == heard


def test_divergence_names_where_to_buy_and_where_to_sell(books, detectors):
    """From five basis points between a bid and another venue's ask; never across instruments of a kind."""
    books.put(0, *steady(PRICE))
    books.put(2, *steady(PRICE + 50_000))  # a future is no venue of the pair
    books.put(1, *steady(PRICE + 2_600))
    assert detectors.on_second(NOW) == []
    books.put(1, *steady(PRICE + 2_800))

    (found,) = told(detectors.on_second(NOW + SECOND))

    assert found.type is SignalType.CROSS_EXCHANGE_DIVERGENCE
    # Buy at 50,001.00 on the first, sell at 50,027.00 on the other.
    assert found.figures == {"buy_instrument": 0, "sell_instrument": 1, "gap_bps_1e4": 51_985}


def test_divergence_is_found_between_venues_of_different_ticks(books):
    """The same prices, where the other venue counts in dimes."""
    coarse = attrs.evolve(OTHER, price_decimals=1)
    detectors = Detectors(Listing([SPOT, coarse]), RULES, books.levels)
    books.put(0, *steady(PRICE))
    books.put(1, *steady((PRICE + 2_800) // 10, step=10))

    (found,) = told(detectors.on_second(NOW + SECOND))

    assert found.type is SignalType.CROSS_EXCHANGE_DIVERGENCE
    assert found.figures["buy_instrument"] == 0


def test_wall_appears_and_is_taken_away(books, detectors):
    """Each is given once."""
    bids, asks = steady()
    books.put(0, bids, asks)
    assert detectors.on_second(NOW) == []
    wall = [*bids[:5], (bids[5][0], 6000), *bids[6:]]
    books.put(0, wall, asks)
    (appeared,) = told(detectors.on_second(NOW + SECOND))
    assert detectors.on_second(NOW + 2 * SECOND) == []
    books.put(0, bids, asks)
    (removed,) = told(detectors.on_second(NOW + 3 * SECOND))

    figures = {"side": BUY, "price_ticks": bids[5][0], "size_lots": 6000, "multiple_hundredths": 6000}
    assert (appeared.type, appeared.figures) == (SignalType.WALL_APPEARANCE, figures)
    assert (removed.type, removed.figures) == (SignalType.WALL_REMOVAL, figures)


def test_the_removal_of_an_unannounced_wall_is_no_signal(books, detectors):
    """The second wall within a minute gives no signal; of their removals only the first does."""
    bids, asks = steady()
    first = [*bids[:5], (bids[5][0], 6000), *bids[6:]]
    both = [*first[:8], (bids[8][0], 7000), *first[9:]]
    told_ = []
    for n, levels in enumerate([bids, first, both, both, first, bids]):
        books.put(0, levels, asks)
        told_ += told(detectors.on_second(NOW + n * SECOND))

    assert [(it.type, it.figures["price_ticks"]) for it in told_] == [
        (SignalType.WALL_APPEARANCE, bids[5][0]),
        (SignalType.WALL_REMOVAL, bids[5][0]),
    ]


def test_of_two_walls_at_once_one_gives_signals(books, detectors):
    """The other one was not announced."""
    bids, asks = steady()
    walls = [(price, 6000 if at in (5, 8) else size) for at, (price, size) in enumerate(bids)]
    books.put(0, walls, asks)
    (appeared,) = told(detectors.on_second(NOW))
    books.put(0, [(price, 6000 if at == 5 else size) for at, (price, size) in enumerate(bids)], asks)
    assert detectors.on_second(NOW + SECOND) == []
    books.put(0, bids, asks)
    (removed,) = told(detectors.on_second(NOW + 2 * SECOND))
    assert appeared.figures == removed.figures
    assert appeared.figures["price_ticks"] == bids[5][0]


def test_wall_that_is_traded_through_is_not_taken_away(books, detectors):
    """The price has gone past it."""
    bids, asks = steady()
    books.put(0, [(bids[0][0], 6000), *bids[1:]], asks)
    assert types(detectors.on_second(NOW)) == [SignalType.WALL_APPEARANCE]
    books.put(0, bids[1:], asks)

    assert detectors.on_second(NOW + SECOND) == []


@pytest.mark.parametrize(("move", "told"), [(0, [SignalType.WALL_REMOVAL]), (60_000, [])])
def test_the_removal_of_the_last_level_is_a_signal_too(books, detectors, move, told):
    """Within 1 % of the mid price; one that the price has left further behind was not taken away."""
    bids, asks = steady()
    books.put(0, [*bids, (bids[-1][0] - 100, 6000)], asks)
    assert types(detectors.on_second(NOW)) == [SignalType.WALL_APPEARANCE]
    books.put(0, *([(price + move, size) for price, size in side] for side in (bids, asks)))

    assert types(detectors.on_second(NOW + SECOND)) == told


def test_level_breaks_a_little_beyond_itself(detectors):
    """A hundredth of a step, so that a price to and fro is one break; and back is another."""
    assert detectors.on_rows([trade(1, price=4_999_000)]) == []
    assert detectors.on_rows([trade(1, price=5_000_900)]) == []
    up = detectors.on_rows([trade(1, price=5_001_000)])
    assert detectors.on_rows([trade(1, price=4_999_500)]) == []
    down = detectors.on_rows([trade(1, price=4_998_999, ts=NOW + 60 * SECOND)])

    assert [signal.figures for signal in told(up)] == [
        {"level_ticks": 5_000_000, "upwards": 1, "price_ticks": 5_001_000}
    ]
    assert [signal.figures for signal in told(down)] == [
        {"level_ticks": 5_000_000, "upwards": 0, "price_ticks": 4_998_999}
    ]


def test_only_what_is_paid_in_dollars_is_watched(detectors):
    """Not metals, not currencies."""
    assert detectors.on_rows([trade(100 * ONE, instrument=3)]) == []


def test_detectors_go_on_after_being_copied():
    """As a checkpoint does it."""
    detectors = Detectors(LISTING, RULES, MarketState(len(LISTING)).levels)
    detectors.on_rows([trade(20 * ONE)])

    again = copied(detectors)

    late = trade(20 * ONE, ts=NOW + 61 * SECOND)
    assert again.on_rows([late]) == detectors.on_rows([late]) != []
