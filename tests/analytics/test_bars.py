"""Bars: the trades of any stretch of market time, put together from bars of a few lengths."""

from hypothesis import given
from hypothesis import strategies as st

from feed.analytics import bars as module
from feed.analytics.bars import LENGTHS, Bar, Bars
from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import TRADE, UNKNOWN, Side

STEPS = st.sampled_from([0, 1, NS_PER_SECOND - 1, NS_PER_SECOND, 70 * NS_PER_SECOND, 50 * NS_PER_MINUTE])
TRADES = st.lists(
    st.tuples(STEPS, st.integers(1, 9), st.integers(1, 5), st.sampled_from([*Side, UNKNOWN])), max_size=60
)
BIG = 10**12


def trade_rows(trades, begin=0):
    """``TRADE`` rows, each so long after the one before."""
    now, rows = begin, []
    for number, (step, price, size, side) in enumerate(trades, 1):
        now += step
        rows.append((TRADE, 0, now, number, int(side), price, size, 0, 0, UNKNOWN, UNKNOWN))
    return rows


def folded(rows):
    bars = Bars()
    for row in rows:
        bars.add(row)
    return bars


def expected(rows, start, end):
    """The same, computed from all trades at once; without the start, which depends on where they lie."""
    within = [row for row in rows if start <= row[2] < end]
    if not within:
        return None
    prices = [row[5] for row in within]
    bought = [row for row in within if row[4] == Side.BUY]
    return Bar(
        start=0,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=sum(row[6] for row in within),
        value=sum(row[5] * row[6] for row in within),
        trades=len(within),
        bought=sum(row[6] for row in bought),
        bought_value=sum(row[5] * row[6] for row in bought),
        first=within[0][3],
        last=within[-1][3],
        last_size=within[-1][6],
        ts=within[-1][2],
    )


def unplaced(bar):
    return bar and bar._replace(start=0)


@given(TRADES, st.integers(0, 3 * 3600), st.integers(0, 3 * 3600))
def test_any_stretch_of_whole_seconds(trades, one, other):
    """A total over bars is the total over the trades themselves."""
    rows = trade_rows(trades)
    start, end = sorted((one * NS_PER_SECOND, other * NS_PER_SECOND))
    assert expected(rows, start, end) == unplaced(folded(rows).total(start, end))


@given(TRADES)
def test_numbers_of_any_length(trades):
    """Prices and sizes whose product does not fit into 64 bits are added up all the same."""
    rows = trade_rows([(step, price * BIG, size * BIG, side) for step, price, size, side in trades])
    end = 10 * NS_PER_HOUR
    assert expected(rows, 0, end) == unplaced(folded(rows).total(0, end))


@given(TRADES, st.sampled_from([1, 60, 24 * 60]), st.integers(0, 40 * 3600))
def test_a_window_is_of_whole_minutes_and_the_one_under_way(trades, minutes, later):
    """It begins with a minute, however often it is asked for."""
    rows = trade_rows(trades)
    bars = Bars()
    now = 0
    for row in rows:
        bars.add(row)
        now = row[2]
        start = now - now % NS_PER_MINUTE - minutes * NS_PER_MINUTE
        assert expected(rows[: row[3]], start, now + 1) == unplaced(bars.window(minutes, now))
    now += later * NS_PER_SECOND
    start = now - now % NS_PER_MINUTE - minutes * NS_PER_MINUTE
    assert expected(rows, start, now + 1) == unplaced(bars.window(minutes, now))


@given(TRADES, st.integers(0, 3 * 3600))
def test_the_last_trade_before_a_time(trades, second):
    """Its price is the close of the bar that is found."""
    rows = trade_rows(trades)
    before = [row for row in rows if row[2] < second * NS_PER_SECOND]
    found = folded(rows).before(second * NS_PER_SECOND)
    assert (before[-1][3], before[-1][5]) == (found.last, found.close) if before else found is None


@given(TRADES, TRADES, st.integers(0, 3600))
def test_a_market_that_is_taken_back(first, second, back):
    """The first trade in an earlier second makes what was known of that second and later ones forgotten."""
    rows = trade_rows(first)
    end = rows[-1][2] if rows else 0
    again = trade_rows(second, max(0, end - back * NS_PER_SECOND))
    if again and again[0][2] // NS_PER_SECOND < end // NS_PER_SECOND:
        begin = again[0][2] - again[0][2] % NS_PER_SECOND
        left = [row for row in rows if row[2] < begin]
    else:
        left = rows
    found = folded([*rows, *again]).total(0, NS_PER_DAY)
    assert expected([*left, *again], 0, NS_PER_DAY) == unplaced(found)


def test_memory_is_bounded(monkeypatch):
    """Of each length a bounded number is kept; what is further back is known by longer ones."""
    monkeypatch.setattr(module, "KEPT", 100)
    rows = trade_rows([(NS_PER_SECOND, 5, 1, Side.BUY)] * 90_000)
    bars = folded(rows)
    end = 2 * NS_PER_DAY
    assert unplaced(bars.total(NS_PER_DAY, end)) == expected(rows, NS_PER_DAY, end)
    assert bars.total(0, NS_PER_DAY).trades == 86_399
    assert all(len(closed._starts) < 200 for closed in bars._closed)
    assert [closed.length for closed in bars._closed] == list(LENGTHS)
