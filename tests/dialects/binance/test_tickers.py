"""Statistics of windows of time."""

import json

import pytest
from binance_market import BTC, DAY, DOGE, HOUR, MINUTE, MS, NOON, SECOND, Exchange

from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.views import TimeUnit
from feed.model.events import STATUS, Status

NOW = NOON + DAY + HOUR + 30 * SECOND


@pytest.fixture
def exchange():
    """A trade of the day before, three of the last 24 hours, and a book."""
    it = Exchange()
    it.trade(BTC, 9_000, 1, ts=NOON)
    it.trade(BTC, 10_000, 2, ts=NOON + 2 * HOUR)
    it.trade(BTC, 11_000, 2, ts=NOON + 20 * HOUR)
    it.trade(BTC, 9_500, 4, ts=NOW - 10 * SECOND, side=1)
    it.add(BTC, 0, 9_499, 7)
    it.add(BTC, 1, 9_501, 8, order=2)
    it.clock(NOW)
    return it


FULL = {
    "symbol": "BTCUSDT",
    "priceChange": "-5.00000000",
    "priceChangePercent": "-5.000",
    "weightedAvgPrice": "100.00000000",
    "prevClosePrice": "90.00000000",
    "lastPrice": "95.00000000",
    "lastQty": "0.00004000",
    "bidPrice": "94.99000000",
    "bidQty": "0.00007000",
    "askPrice": "95.01000000",
    "askQty": "0.00008000",
    "openPrice": "100.00000000",
    "highPrice": "110.00000000",
    "lowPrice": "95.00000000",
    "volume": "0.00008000",
    "quoteVolume": "0.00800000",
    "openTime": (NOW - DAY) // MS,
    "closeTime": NOW // MS,
    "firstId": 2,
    "lastId": 4,
    "count": 3,
}
MINI = (
    "symbol",
    "openPrice",
    "highPrice",
    "lowPrice",
    "lastPrice",
    "volume",
    "quoteVolume",
    "openTime",
    "closeTime",
    "firstId",
    "lastId",
    "count",
)


def test_the_last_24_hours_are_as_published(exchange):
    """Every field in the exchange's order; the price before them is the last one before."""
    found = exchange.ask("ticker/24hr", "symbol=BTCUSDT")
    assert found == FULL
    assert list(found) == list(FULL)
    short = exchange.ask("ticker/24hr", "symbol=BTCUSDT&type=MINI")
    assert short == {name: FULL[name] for name in MINI}
    assert tuple(short) == MINI


def test_of_some_and_of_all_it_is_an_array(exchange):
    """In the exchange's order; a pair that has not traded has zeros."""
    found = exchange.ask("ticker/24hr")
    assert [one["symbol"] for one in found] == ["BTCUSDT", "DOGEUSDT"]
    assert found[0] == FULL
    doge = found[1]
    assert (doge["lastPrice"], doge["firstId"], doge["lastId"], doge["count"]) == ("0.00000000", -1, -1, 0)
    assert exchange.ask("ticker/24hr", 'symbols=["BTCUSDT"]') == [FULL]
    assert [one["symbol"] for one in exchange.ask("ticker/24hr", "type=MINI")] == ["BTCUSDT", "DOGEUSDT"]
    exchange.apply((STATUS, DOGE, NOW, Status.HALTED))
    assert exchange.ask("ticker/24hr", "symbolStatus=TRADING") == [FULL]


@pytest.mark.parametrize(
    ("window", "first", "begins"),
    [
        ("1m", 4, NOW - NOW % MINUTE - MINUTE),
        ("59m", 4, NOW - NOW % MINUTE - 59 * MINUTE),
        ("5h", 3, NOW - NOW % MINUTE - 5 * HOUR),
        ("23h", 2, NOW - NOW % MINUTE - 23 * HOUR),
        ("1d", 2, NOW - NOW % MINUTE - DAY),
        ("2d", 1, NOW - NOW % MINUTE - 2 * DAY),
        ("7d", 1, NOW - NOW % MINUTE - 7 * DAY),
    ],
)
def test_a_window_of_ones_own_begins_with_a_minute(exchange, window, first, begins):
    """And ends now."""
    found = exchange.ask("ticker", f"symbol=BTCUSDT&windowSize={window}")
    assert (found["openTime"], found["closeTime"]) == (begins // MS, NOW // MS)
    assert (found["firstId"], found["lastId"], found["count"]) == (first, 4, 5 - first)
    assert found["lastPrice"] == "95.00000000"
    assert exchange.ask("ticker", "symbol=BTCUSDT")["firstId"] == 2
    assert tuple(exchange.ask("ticker", f"symbol=BTCUSDT&windowSize={window}&type=MINI")) == MINI
    assert list(found) == [*MINI[:1], *FULL_OF_WINDOW, *MINI[1:]]
    assert exchange.ask("ticker", f'symbols=["BTCUSDT"]&windowSize={window}') == [found]


FULL_OF_WINDOW = ("priceChange", "priceChangePercent", "weightedAvgPrice")


@pytest.mark.parametrize(
    ("zone", "begins", "first"), [("0", 0, 3), ("", 0, 3), ("&timeZone=-11", 11, 4), ("&timeZone=14", 10, 4)]
)
def test_a_trading_day_begins_at_midnight(exchange, zone, begins, first):
    """Of a time zone, UTC for none; it closes a day later, and has the trades so far."""
    zone = "" if not zone.startswith("&") else zone
    found = exchange.ask("ticker/tradingDay", f"symbol=BTCUSDT{zone}")
    midnight = NOON + 12 * HOUR
    start = midnight + begins * HOUR
    assert found["openTime"] == start // MS
    assert found["closeTime"] == (start + DAY) // MS - 1
    assert (found["firstId"], found["count"]) == (first, 5 - first)
    exact = exchange.ask("ticker/tradingDay", f"symbol=BTCUSDT{zone}", unit=TimeUnit.MICROSECOND)
    assert exact["closeTime"] == (start + DAY) // 1000 - 1


@pytest.mark.parametrize(
    ("path", "query", "problem"),
    [
        ("ticker/24hr", "type=HUGE", (-1139, "Invalid ticker type.")),
        ("ticker", "", (-1102, "Param 'symbol' or 'symbols' must be sent, but both were empty/null!")),
        (
            "ticker/tradingDay",
            "type=FULL",
            (-1102, "Param 'symbol' or 'symbols' must be sent, but both were empty/null!"),
        ),
        *(
            (
                "ticker",
                f"symbol=BTCUSDT&windowSize={size}",
                (-1130, "Data sent for parameter 'windowSize' is not valid."),
            )
            for size in ("0m", "60m", "24h", "8d", "1d2h", "1w", "1", "01h")
        ),
        (
            "ticker",
            "symbols=" + json.dumps([f"A{number}" for number in range(101)], separators=(",", ":")),
            (-1130, "Data sent for parameter 'symbols' is not valid."),
        ),
        (
            "ticker/24hr",
            'symbol=BTCUSDT&symbols=["BTCUSDT"]',
            (-1128, "Combination of optional parameters invalid."),
        ),
    ],
)
def test_what_a_window_cannot_be(exchange, path, query, problem):
    """The exchange's own code and words."""
    with pytest.raises(BinanceError) as found:
        exchange.ask(path, query)
    assert (found.value.number, found.value.message) == problem


@pytest.mark.parametrize(
    ("path", "number", "weight"),
    [
        ("ticker/24hr", 1, 2),
        ("ticker/24hr", 20, 2),
        ("ticker/24hr", 21, 40),
        ("ticker/24hr", 100, 40),
        ("ticker/24hr", 101, 80),
        ("ticker/24hr", None, 80),
        ("ticker", 1, 4),
        ("ticker", 2, 8),
        ("ticker/tradingDay", 50, 200),
        ("ticker/tradingDay", 100, 200),
    ],
)
def test_many_symbols_weigh_more(exchange, path, number, weight):
    """As published."""
    query = "" if number is None else f"symbols={json.dumps(['A'] * number)}"
    assert exchange.weight(path, query) == weight
    if number == 1:
        assert exchange.weight(path, "symbol=BTCUSDT") == weight


def test_a_window_of_days_is_exact_as_long_as_its_bars_are_known():
    """Longer ago than minutes are kept it begins where the next coarser ones do, and loses no trade."""
    it = Exchange()
    for minute in range(4000):  # more than are kept
        it.trade(BTC, 100, 1, ts=NOON + minute * MINUTE)
    now = NOON + 4000 * MINUTE
    it.clock(now)
    found = it.ask("ticker", "symbol=BTCUSDT&windowSize=2d")
    begins = found["openTime"] * MS
    assert now - 2 * DAY - 5 * MINUTE < begins <= now - 2 * DAY
    assert found["count"] == (now - begins) // MINUTE
