"""What is answered of the market by request: a function of its events alone."""

import pytest
from kraken_market import BTC, DAY, HOUR, MINUTE, NOON, SECOND, SOL, Exchange

from feed.dialects.kraken.errors import KrakenError, worded
from feed.model.events import STATUS, Status

PAIR = "pair=XBTUSD"


@pytest.fixture
def exchange():
    """Two levels on each side of BTC/USD, best first, and one of SOL/USD."""
    it = Exchange()
    for order, (side, price, size) in enumerate(
        [(1, 642_502, 150_000_000), (0, 642_500, 200), (0, 642_499, 50), (1, 642_505, 10)], 1
    ):
        it.add(BTC, side, price, size, order=order)
    it.add(SOL, 0, 14_800, 7, order=9)
    it.quote(BTC, 642_500, 642_502, bid_size=200, ask_size=150_000_000)
    return it


def refused(exchange, name, query):
    with pytest.raises(KrakenError) as problem:
        exchange.ask(name, query)
    assert problem.value.status == 200
    return worded(problem.value).error


# -- what is traded -----------------------------------------------------------------------------------


def test_the_time_is_the_markets(exchange):
    """In seconds, and for people."""
    assert exchange.ask("Time") == {
        "unixtime": 1_709_726_400,
        "rfc1123": "Wed, 06 Mar 24 12:00:00 +0000",
    }
    assert exchange.ask("SystemStatus") == {"status": "online", "timestamp": "2024-03-06T12:00:00Z"}


def test_assets_by_any_of_their_names(exchange):
    """All where none is named; answered by their full names."""
    assert list(exchange.ask("Assets")) == ["SOL", "XXBT", "XXDG", "ZUSD"]
    currency = {
        "aclass": "currency",
        "altname": "USD",
        "decimals": 4,
        "display_decimals": 2,
        "status": "enabled",
    }
    assert exchange.ask("Assets", "asset=ZUSD") == {"ZUSD": currency}
    assert list(exchange.ask("Assets", "asset=usd,BTC,XDG")) == ["ZUSD", "XXBT", "XXDG"]
    assert refused(exchange, "Assets", "asset=USD,NOPE") == ["EQuery:Unknown asset"]
    assert refused(exchange, "Assets", "aclass=stock") == ["EGeneral:Invalid arguments"]


def test_pairs_with_their_rules(exchange):
    """Digits, steps and fees; one that is halted can be cancelled in alone."""
    found = exchange.ask("AssetPairs")
    assert list(found) == ["XXBTZUSD", "SOLUSD", "XDGUSD"]
    assert found["XXBTZUSD"] == {
        "altname": "XBTUSD",
        "wsname": "XBT/USD",
        "aclass_base": "currency",
        "base": "XXBT",
        "aclass_quote": "currency",
        "quote": "ZUSD",
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": 1,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, 0.4]],
        "fees_maker": [[0, 0.25]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.00000001",
        "costmin": "0.5",
        "tick_size": "0.1",
        "status": "online",
    }
    exchange.apply((STATUS, SOL, NOON, Status.HALTED))
    assert exchange.ask("AssetPairs", "pair=SOLUSD")["SOLUSD"]["status"] == "cancel_only"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("XBTUSD", "XXBTZUSD"),
        ("xxbtzusd", "XXBTZUSD"),
        ("BTCUSD", "XXBTZUSD"),
        ("BTC/USD", "BTC/USD"),
        ("XBT/USD", "XBT/USD"),
    ],
)
def test_a_name_with_a_slash_is_answered_as_it_was_asked(exchange, asked, answered):
    """Any other by the pair's full name."""
    for name in ("AssetPairs", "Ticker", "Depth", "Trades", "Spread", "OHLC"):
        assert answered in exchange.ask(name, f"pair={asked}")


@pytest.mark.parametrize(
    ("info", "fields"),
    [
        ("leverage", ["leverage_buy", "leverage_sell"]),
        ("fees", ["fees", "fees_maker", "fee_volume_currency"]),
        ("margin", ["margin_call", "margin_stop"]),
    ],
)
def test_a_part_of_the_rules(exchange, info, fields):
    """As it is asked for."""
    assert list(exchange.ask("AssetPairs", f"{PAIR}&info={info}")["XXBTZUSD"]) == fields


# -- books and tickers --------------------------------------------------------------------------------


def test_the_best_levels_of_a_book(exchange):
    """Best first, with all digits; sides that are empty are empty."""
    now = NOON // SECOND
    asks = [["64250.2", "1.50000000", now], ["64250.5", "0.00000010", now]]
    bids = [["64250.0", "0.00000200", now], ["64249.9", "0.00000050", now]]
    assert exchange.ask("Depth", PAIR) == {"XXBTZUSD": {"asks": asks, "bids": bids}}
    assert exchange.ask("Depth", f"{PAIR}&count=1") == {"XXBTZUSD": {"asks": asks[:1], "bids": bids[:1]}}
    assert exchange.ask("Depth", f"{PAIR}&count=9999")["XXBTZUSD"]["asks"] == asks
    assert exchange.ask("Depth", "pair=SOLUSD")["SOLUSD"]["asks"] == []


def test_a_grouped_book_rounds_away_from_the_middle():
    """Bids down and asks up to whole steps, whose quantities add up; as many steps as are asked for."""
    it = Exchange()
    for number, ticks in enumerate((1000, 1001, 1010, 1011, 1250), 1):
        it.add(BTC, 1, ticks, number, order=number)
        it.add(BTC, 0, 1999 - ticks, number, order=number + 10)
    steps = it.ask("GroupedBook", f"{PAIR}&grouping=10")
    assert (steps["pair"], steps["grouping"]) == ("BTC/USD", 10)
    assert [(level["price"], level["qty"]) for level in steps["asks"]] == [
        ("100.0", "0.00000001"),
        ("101.0", "0.00000005"),
        ("102.0", "0.00000004"),
        ("125.0", "0.00000005"),
    ]
    assert [(level["price"], level["qty"]) for level in steps["bids"]] == [
        ("99.0", "0.00000003"),
        ("98.0", "0.00000007"),
        ("74.0", "0.00000005"),
    ]
    for number in range(20, 40):
        it.add(BTC, 1, 3000 + number, 1, order=number)
    assert len(it.ask("GroupedBook", PAIR)["asks"]) == 10
    assert len(it.ask("GroupedBook", f"{PAIR}&depth=25")["asks"]) == 25


def test_a_ticker_tells_of_today_and_of_24_hours():
    """Today begins at midnight; without trades prices stand at the last one."""
    it = Exchange()
    it.trade(BTC, 640_000, 100_000_000, ts=NOON - 13 * HOUR)
    it.trade(BTC, 650_000, 300_000_000, ts=NOON - HOUR)
    it.add(BTC, 0, 649_999, 250_000_000)
    assert it.ask("Ticker", PAIR)["XXBTZUSD"] == {
        "a": ["0.0", "0", "0.00000000"],
        "b": ["64999.9", "2", "2.50000000"],
        "c": ["65000.0", "3.00000000"],
        "v": ["3.00000000", "4.00000000"],
        "p": ["65000.0", "64750.0"],
        "t": [1, 2],
        "l": ["65000.0", "64000.0"],
        "h": ["65000.0", "65000.0"],
        "o": "65000.0",
    }
    it.quote(BTC, 1, 2, ts=NOON + 3 * DAY)
    quiet = it.ask("Ticker", PAIR)["XXBTZUSD"]
    assert (quiet["v"], quiet["p"], quiet["o"], quiet["h"]) == (
        ["0.00000000"] * 2,
        ["0.0"] * 2,
        "65000.0",
        ["65000.0"] * 2,
    )
    assert list(it.ask("Ticker")) == ["XXBTZUSD", "SOLUSD", "XDGUSD"]
    assert list(it.ask("Ticker", "pair=XDGUSD,XBTUSD")) == ["XDGUSD", "XXBTZUSD"]


# -- trades and candles -------------------------------------------------------------------------------


def test_trades_with_the_time_of_the_last():
    """The newest; or those after a time, in seconds or nanoseconds, the oldest first."""
    it = Exchange()
    for at in range(4):
        it.trade(BTC, 640_000 + at, 5, ts=NOON + at * SECOND, side=at % 2)
    rows = [
        [f"64000.{at}", "0.00000005", NOON // SECOND + at, "bs"[at % 2], "l", "", at + 1] for at in range(4)
    ]
    assert it.ask("Trades", PAIR) == {"XXBTZUSD": rows, "last": str(NOON + 3 * SECOND)}
    assert it.ask("Trades", f"{PAIR}&count=1")["XXBTZUSD"] == rows[3:]
    for since in (NOON + SECOND, (NOON + SECOND) // SECOND, f"{NOON // SECOND}.999999999999"):
        assert it.ask("Trades", f"{PAIR}&since={since}")["XXBTZUSD"][-2:] == rows[2:]
    assert it.ask("Trades", f"{PAIR}&since={NOON}&count=2") == {
        "XXBTZUSD": rows[1:3],
        "last": str(NOON + 2 * SECOND),
    }
    late = NOON + HOUR
    assert it.ask("Trades", f"{PAIR}&since={late}") == {"XXBTZUSD": [], "last": str(late)}
    assert it.ask("Trades", "pair=SOLUSD") == {"SOLUSD": [], "last": "0"}


def test_spreads_are_changes_of_the_best_prices(exchange):
    """Not of what rests there, and not of other pairs."""
    exchange.quote(SOL, 1, 2)
    exchange.quote(BTC, 642_500, 642_502, bid_size=9)
    exchange.quote(BTC, 642_500, 642_502, bid_size=0)
    exchange.quote(BTC, 642_501, 642_502, ts=NOON + MINUTE)
    now = NOON // SECOND
    rows = [[now, "64250.0", "64250.2"], [now + 60, "64250.1", "64250.2"]]
    assert exchange.ask("Spread", PAIR) == {"XXBTZUSD": rows, "last": now + 60}
    assert exchange.ask("Spread", f"{PAIR}&since={now + 1}")["XXBTZUSD"] == rows[1:]
    assert exchange.ask("Spread", "pair=XDGUSD") == {"XDGUSD": [], "last": 0}


def test_candles_up_to_the_open_one():
    """One without trades stands at the last price; ``last`` is when the newest begins that is over."""
    it = Exchange()
    it.trade(BTC, 640_000, 100, ts=NOON)
    it.trade(BTC, 640_004, 300, ts=NOON + SECOND)
    it.trade(BTC, 650_000, 5, ts=NOON + 2 * MINUTE)
    begun = NOON // SECOND
    rows = [
        [begun, "64000.0", "64000.4", "64000.0", "64000.4", "64000.3", "0.00000400", 2],
        [begun + 60, "64000.4", "64000.4", "64000.4", "64000.4", "0.0", "0.00000000", 0],
        [begun + 120, "65000.0", "65000.0", "65000.0", "65000.0", "65000.0", "0.00000005", 1],
    ]
    assert it.ask("OHLC", PAIR) == {"XXBTZUSD": rows, "last": begun + 60}
    assert it.ask("OHLC", f"{PAIR}&since={begun}")["XXBTZUSD"] == rows[1:]
    hour = it.ask("OHLC", f"{PAIR}&interval=60")
    assert hour["XXBTZUSD"] == [
        [begun, "64000.0", "65000.0", "64000.0", "65000.0", "64012.6", "0.00000405", 3]
    ]
    assert hour["last"] == 0
    it.quote(BTC, 1, 2, ts=NOON + DAY)
    many = it.ask("OHLC", PAIR)["XXBTZUSD"]
    assert (len(many), many[-1][0]) == (720, begun + 86_400)
    assert it.ask("OHLC", "pair=SOLUSD") == {"SOLUSD": [], "last": 0}


@pytest.mark.parametrize(
    ("name", "query", "error"),
    [
        ("Depth", "", "EGeneral:Invalid arguments"),
        ("Depth", "pair=", "EGeneral:Invalid arguments"),
        ("Depth", "pair=NOPE", "EQuery:Unknown asset pair"),
        ("Depth", "pair=XBTUSD,SOLUSD", "EQuery:Unknown asset pair"),
        ("Depth", f"{PAIR}&count=0", "EGeneral:Invalid arguments"),
        ("Depth", f"{PAIR}&count=many", "EGeneral:Invalid arguments"),
        ("GroupedBook", f"{PAIR}&depth=11", "EGeneral:Invalid arguments"),
        ("GroupedBook", f"{PAIR}&grouping=2", "EGeneral:Invalid arguments"),
        ("Ticker", "pair=XBTUSD,NOPE", "EQuery:Unknown asset pair"),
        ("Ticker", "pair=" + "XBTUSD," * 1001, "EGeneral:Invalid arguments"),
        ("AssetPairs", f"{PAIR}&info=all", "EGeneral:Invalid arguments"),
        ("OHLC", f"{PAIR}&interval=7", "EGeneral:Invalid arguments"),
        ("Trades", f"{PAIR}&since=yesterday", "EGeneral:Invalid arguments"),
    ],
)
def test_what_cannot_be_asked(exchange, name, query, error):
    """The exchange's own words, in an answer that is good by HTTP."""
    assert refused(exchange, name, query) == [error]


def test_unknown_parameters_are_passed_over(exchange):
    """So are empty ones; of several the first counts."""
    assert exchange.ask("Depth", "pair=SOLUSD&pair=XBTUSD&x=1&count=") == exchange.ask("Depth", "pair=SOLUSD")
