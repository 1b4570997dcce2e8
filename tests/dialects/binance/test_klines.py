"""Candles of any interval, in any time zone, from any time on: those of the trades, and no others."""

from datetime import UTC, datetime, timedelta

import pytest
from binance_market import BTC, DAY, HOUR, MINUTE, MS, NOON, SECOND, Exchange
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.intervals import INTERVALS
from feed.dialects.binance.views import TimeUnit

MIDNIGHT = NOON - 12 * HOUR


@pytest.fixture
def exchange():
    """Trades in three minutes out of five; it is now 12:04:30."""
    it = Exchange()
    for second, price, size, side in (
        (0, 10_000, 2, 0),
        (59, 10_050, 3, 1),
        (60, 9_900, 1, 0),
        (240, 10_100, 5, 0),
        (241, 10_000, 5, 1),
    ):
        it.trade(BTC, price, size, ts=NOON + second * SECOND, side=side)
    it.clock(NOON + 270 * SECOND)
    return it


def opens(exchange, query):
    return [(row[0] - NOON // MS) // 60_000 for row in exchange.ask("klines", f"symbol=BTCUSDT&{query}")]


def test_a_candle_is_as_published(exchange):
    """Twelve fields; one without trades stands where the last one closed; the last one is open."""
    rows = exchange.ask("klines", "symbol=BTCUSDT&interval=1m")
    minute = [NOON // MS + 60_000 * at for at in range(6)]
    flat = ["99.00000000"] * 4
    nothing = "0.00000000"
    assert rows == [
        [
            minute[0],
            "100.00000000",
            "100.50000000",
            "100.00000000",
            "100.50000000",
            "0.00005000",
            minute[1] - 1,
            "0.00501500",
            2,
            "0.00002000",
            "0.00200000",
            "0",
        ],
        [minute[1], *flat, "0.00001000", minute[2] - 1, "0.00099000", 1, "0.00001000", "0.00099000", "0"],
        [minute[2], *flat, nothing, minute[3] - 1, nothing, 0, nothing, nothing, "0"],
        [minute[3], *flat, nothing, minute[4] - 1, nothing, 0, nothing, nothing, "0"],
        [
            minute[4],
            "101.00000000",
            "101.00000000",
            "100.00000000",
            "100.00000000",
            "0.00010000",
            minute[5] - 1,
            "0.01005000",
            2,
            "0.00005000",
            "0.00505000",
            "0",
        ],
    ]
    assert exchange.ask("uiKlines", "symbol=BTCUSDT&interval=1m") == rows
    micro = exchange.ask("klines", "symbol=BTCUSDT&interval=1m&limit=1", unit=TimeUnit.MICROSECOND)
    assert (micro[0][0], micro[0][6]) == (minute[4] * 1000, minute[5] * 1000 - 1)


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("limit=2", [3, 4]),
        ("startTime={0}", [0, 1, 2, 3, 4]),
        ("startTime=0&limit=2", [0, 1]),
        ("startTime={1}&limit=2", [1, 2]),
        ("startTime={1}&endTime={2}", [1, 2]),
        ("startTime={1}1&endTime={3}", [2, 3]),
        ("endTime={2}&limit=2", [1, 2]),
        ("endTime={2}9", [0, 1, 2]),
        ("startTime={4}", [4]),
        ("startTime={5}", []),
        ("startTime=4102444800000", []),
        ("startTime=9223372036854775807", []),
        ("endTime=9223372036854775807&limit=1", [4]),
        ("endTime=1", []),
        ("startTime={3}&endTime={3}", [3]),
        ("startTime={3}1&endTime={3}2", []),
    ],
)
def test_candles_are_found_by_when_they_begin(exchange, query, minutes):
    """From a time on the oldest, else the newest; none before the first trade, none in the future."""
    times = [NOON // MS + 60_000 * at for at in range(6)]
    for at, time in enumerate(times):
        # A digit behind a time makes it that many milliseconds later.
        for later in "129":
            query = query.replace(f"{{{at}}}{later}", str(time + int(later)))
        query = query.replace(f"{{{at}}}", str(time))
    assert opens(exchange, f"interval=1m&{query}") == minutes


def test_a_candle_begins_with_its_interval(exchange):
    """Though the market has not been there yet; it is empty as soon as market time is in it."""
    assert opens(exchange, "interval=5m") == [0]
    assert opens(exchange, "interval=1d") == [-720]
    exchange.clock(NOON + 5 * MINUTE)
    assert opens(exchange, "interval=5m") == [0, 5]
    assert Exchange().ask("klines", "symbol=BTCUSDT&interval=1m") == []


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("0", 0),
        ("8", -8),
        (" 8", -8),
        ("%2B8:00", -8),
        ("-1:00", 1),
        ("05:45", -5.75),
        ("14:00", -14 + 24),
        ("-12", 12),
        ("10:30", -10.5),
    ],
)
def test_days_begin_at_midnight_of_the_time_zone(exchange, zone, begins):
    """Whole hours or not, ahead or behind; times that are asked for stay UTC."""
    (row,) = exchange.ask("klines", f"symbol=BTCUSDT&interval=1d&timeZone={zone}")
    assert row[0] == (MIDNIGHT + int(begins * HOUR)) // MS
    assert row[6] == row[0] + DAY // MS - 1
    assert row[8] == 5


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", (-1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.")),
        ("interval=7m", (-1120, "Invalid interval.")),
        ("interval=1D", (-1120, "Invalid interval.")),
        ("interval=", (-1105, "Parameter 'interval' was empty.")),
        ("interval=1m&timeZone=14:01", (-1130, "Data sent for parameter 'timeZone' is not valid.")),
        ("interval=1m&timeZone=-12:01", (-1130, "Data sent for parameter 'timeZone' is not valid.")),
        ("interval=1m&timeZone=1:60", (-1130, "Data sent for parameter 'timeZone' is not valid.")),
        ("interval=1m&timeZone=Berlin", (-1130, "Data sent for parameter 'timeZone' is not valid.")),
        ("interval=1m&startTime=2&endTime=1", (-1128, "Combination of optional parameters invalid.")),
    ],
)
def test_what_candles_cannot_be(exchange, query, problem):
    """The exchange's own code and words."""
    with pytest.raises(BinanceError) as found:
        exchange.ask("klines", f"symbol=BTCUSDT&{query}")
    assert (found.value.number, found.value.message) == problem


def local(ts, shift):
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=(ts + shift) // 1000)


def start_of(name, ts, shift):
    """Where the candle begins that a time is in, by the calendar."""
    when = local(ts, shift)
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    match name[-1]:
        case "M":
            begins = midnight.replace(day=1)
        case "w":
            begins = midnight - timedelta(days=midnight.weekday())
        case _:
            seconds = int(name[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[name[-1]]
            since = int((when.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
            begins = when.replace(microsecond=0) - timedelta(seconds=since % seconds)
    return int(begins.timestamp()) * SECOND - shift


TRADES = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 400 * MS, SECOND, 90 * SECOND, 20 * MINUTE, 7 * HOUR, 2 * DAY, 40 * DAY]),
        st.integers(1, 5),
        st.integers(1, 9),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(drawn=TRADES, name=st.sampled_from(list(INTERVALS)), zone=st.integers(-12 * 4, 14 * 4))
@example(drawn=[(20 * MINUTE, 1 + at, 1, 0) for at in range(12)], name="1h", zone=2)
def test_candles_are_those_of_the_trades(drawn, name, zone):
    """Every trade is in one of them, whatever their length and the time zone."""
    exchange, shift, now = Exchange(), zone * 15 * MINUTE, NOON + 1
    trades = []
    for wait, price, size, side in drawn:
        now += wait
        trades.append((now, price, size, side))
        exchange.trade(BTC, price, size, ts=now, side=side)
    sign = "-" if zone < 0 else ""
    query = (
        f"symbol=BTCUSDT&interval={name}&limit=100&timeZone={sign}{abs(zone) // 4}:{abs(zone) % 4 * 15:02}"
    )
    rows = {row[0] * MS: row for row in exchange.ask("klines", query)}
    assert list(rows) == sorted(rows)
    assert list(rows)[-1] == start_of(name, now, shift)
    for begun, row in rows.items():
        assert start_of(name, begun, shift) == begun
        inside = [one for one in trades if start_of(name, one[0], shift) == begun]
        assert row[8] == len(inside)
        assert row[5] == f"{sum(size for _, _, size, _ in inside) / 100_000:.8f}"
        if inside:
            prices = [price for _, price, _, _ in inside]
            told = [f"{it / 100:.8f}" for it in (prices[0], max(prices), min(prices), prices[-1])]
            assert row[1:5] == told
            assert row[9] == f"{sum(size for _, _, size, side in inside if side == 0) / 100_000:.8f}"
        else:
            earlier = [price for ts, price, _, _ in trades if ts < begun]
            assert row[1:5] == [f"{earlier[-1] / 100:.8f}"] * 4
    if len(rows) < 100:
        assert min(rows) == start_of(name, trades[0][0], shift)
