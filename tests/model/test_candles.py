"""Candles against a plain reading of the same trades."""

from hypothesis import given
from hypothesis import strategies as st

from feed.model.candles import Candle, fold
from feed.model.durations import NS_PER_MINUTE

TRADES = st.lists(
    st.tuples(st.integers(0, 3 * NS_PER_MINUTE), st.integers(1, 9), st.integers(1, 9)),
    min_size=1,
    max_size=20,
)


@given(trades=TRADES)
def test_candle_is_the_last_minute_with_a_trade(trades):
    """First, highest, lowest and last price, volume and number of the trades of that minute alone."""
    trades.sort(key=lambda trade: trade[0])
    candle = None
    for trade in trades:
        candle = fold(candle, *trade)
    start = trades[-1][0] // NS_PER_MINUTE * NS_PER_MINUTE
    prices = [price for ts, price, _ in trades if ts >= start]
    sizes = [size for ts, _, size in trades if ts >= start]
    assert candle == Candle(
        start, prices[0], max(prices), min(prices), prices[-1], sum(sizes), len(prices), candle.last
    )
