"""Klines against the trades themselves."""

from hypothesis import given
from hypothesis import strategies as st

from feed.analytics.candles import INTERVALS, KEPT, CandleSeries
from feed.model.candles import Candle
from feed.model.durations import NS_PER_MINUTE

TRADES = st.lists(
    st.tuples(st.integers(0, 20 * NS_PER_MINUTE), st.integers(1, 1000), st.integers(1, 50)), max_size=60
).map(sorted)


@given(trades=TRADES, interval=st.sampled_from(["1m", "5m", "15m"]))
def test_klines_are_what_the_trades_say(trades, interval):
    """One for each interval with a trade: first, highest, lowest, last, and all sizes."""
    length = INTERVALS[interval]
    klines = CandleSeries(length)
    by_start = {}
    for trade in trades:
        klines.add(*trade)
        by_start.setdefault(trade[0] - trade[0] % length, []).append(trade)

    assert klines.last(1000) == [
        Candle(
            start,
            of[0][1],
            max(price for _, price, _ in of),
            min(price for _, price, _ in of),
            of[-1][1],
            sum(size for _, _, size in of),
            len(of),
            of[-1][0],
        )
        for start, of in by_start.items()
    ]


def test_an_interval_without_a_trade_has_no_kline():
    """And the one before it is still found."""
    klines = CandleSeries(NS_PER_MINUTE)
    klines.add(NS_PER_MINUTE, 10, 1)
    klines.add(3 * NS_PER_MINUTE, 11, 1)

    assert klines.at(NS_PER_MINUTE).close == 10
    assert klines.at(2 * NS_PER_MINUTE) is None
    assert klines.at(3 * NS_PER_MINUTE).close == 11
    assert klines.at(4 * NS_PER_MINUTE) is None


def test_the_oldest_goes():
    """What is kept is bounded."""
    klines = CandleSeries(NS_PER_MINUTE)
    for minute in range(KEPT + 10):
        klines.add(minute * NS_PER_MINUTE, 10, 1)

    kept = klines.last(10 * KEPT)
    assert len(kept) == KEPT + 1  # and the one that goes on
    assert kept[0].start == 9 * NS_PER_MINUTE
    assert klines.last(0) == []


def test_intervals_fit_into_each_other():
    """A minute divides every interval, and every interval a day."""
    assert all(length % NS_PER_MINUTE == 0 and INTERVALS["1d"] % length == 0 for length in INTERVALS.values())
