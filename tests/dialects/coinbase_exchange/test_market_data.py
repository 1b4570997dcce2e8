"""What is answered of the market by request: a function of its events alone."""

import attrs
import pytest
from coinbase_exchange_market import BTC, DAY, HOUR, LISTING, MINUTE, NOON, SECOND, SOL, Exchange, product

from feed.dialects.access import Problem
from feed.dialects.coinbase_exchange.errors import ExchangeError, worded
from feed.dialects.coinbase_exchange.products import products
from feed.dialects.uuids import order_uuid
from feed.model.events import AUCTION, LEVEL, STATUS, Status
from feed.model.instruments import Listing


@pytest.fixture
def exchange():
    """Two levels on each side of BTC-USD, best first, two orders at one of them."""
    it = Exchange()
    it.add(BTC, 1, 6_425_002, 150_000_000, order=1)
    it.add(BTC, 0, 6_425_000, 200, order=2)
    it.add(BTC, 0, 6_425_000, 300, order=3, level=500)
    it.add(BTC, 0, 6_424_999, 50, order=4)
    it.add(BTC, 1, 6_425_005, 10, order=5)
    it.quote(BTC, 6_425_000, 6_425_002)
    return it


def refused(exchange, url):
    with pytest.raises(ExchangeError) as problem:
        exchange.ask(url)
    return problem.value.status, worded(problem.value).message


# -- what is traded -----------------------------------------------------------------------------------


def test_the_time_is_the_markets(exchange):
    """For people, and in seconds with milliseconds."""
    exchange.quote(BTC, 6_425_000, 6_425_002, ts=NOON + 250_000_000)
    assert exchange.ask("/time") == {"iso": "2024-03-06T12:00:00.250Z", "epoch": 1709726400.25}


def test_products_with_their_rules(exchange):
    """Steps of prices and quantities; one that is halted can be cancelled in alone."""
    found = exchange.ask("/products")
    assert [one["id"] for one in found] == ["BTC-USD", "SOL-USD"]
    assert found[0] == exchange.ask("/products/BTC-USD") == exchange.ask("/products/btc-usd")
    assert found[0] == {
        "id": "BTC-USD",
        "base_currency": "BTC",
        "quote_currency": "USD",
        "quote_increment": "0.01",
        "base_increment": "0.00000001",
        "display_name": "BTC/USD",
        "min_market_funds": "0.01",
        "margin_enabled": False,
        "post_only": False,
        "limit_only": False,
        "cancel_only": False,
        "status": "online",
        "status_message": "",
        "trading_disabled": False,
        "fx_stablecoin": False,
        "max_slippage_percentage": "1.00000000",
        "auction_mode": False,
        "high_bid_limit_percentage": "",
    }
    exchange.apply((STATUS, SOL, NOON, Status.HALTED), (STATUS, BTC, NOON, Status.DELISTED))
    assert exchange.ask("/products/SOL-USD")["cancel_only"]
    gone = exchange.ask("/products/BTC-USD")
    assert (gone["status"], gone["trading_disabled"]) == ("delisted", True)


def test_products_of_the_venue_alone():
    """A market that has none there lists all of its spot products, each once."""
    other = Listing(
        [product("BTC", 1, 8, venue="a"), attrs.evolve(product("BTC", 2, 8, venue="b"), symbol="BTC-USD@b")]
    )
    assert [one.id for one in products(other)] == ["BTC-USD"]
    assert len(products(LISTING)) == 2
    assert products(LISTING).at(1) is None
    assert products(LISTING).named("BTC/USD") is products(LISTING).at(BTC)


def test_currencies(exchange):
    """In alphabetical order, and one by its id."""
    found = exchange.ask("/currencies")
    assert [(one["id"], one["details"]["type"], one["max_precision"]) for one in found] == [
        ("BTC", "crypto", "0.00000001"),
        ("SOL", "crypto", "0.00000001"),
        ("USD", "fiat", "0.01"),
    ]
    assert exchange.ask("/currencies/usd") == found[2]
    assert refused(exchange, "/currencies/NOPE") == (404, "NotFound")


def test_a_book_during_a_call_auction(exchange):
    """What would come of it, beside what rests; the product is for limit orders alone."""
    ends = NOON + 10**9
    indicated = (
        AUCTION,
        BTC,
        NOON,
        3,
        1,
        6_425_001,
        250,
        -50,
        6_425_001,
        300,
        6_425_000,
        250,
        6_425_000,
        ends,
    )
    exchange.apply((STATUS, BTC, NOON, Status.AUCTION), indicated)
    found = exchange.ask("/products/BTC-USD")
    assert [found[key] for key in ("auction_mode", "limit_only", "cancel_only")] == [True, True, False]
    book = exchange.ask("/products/BTC-USD/book")
    assert book["auction_mode"]
    assert book["auction"] == {
        "open_price": "64250.01",
        "open_size": "0.00000250",
        "best_bid_price": "64250.01",
        "best_bid_size": "0.00000300",
        "best_ask_price": "64250.00",
        "best_ask_size": "0.00000250",
        "auction_state": "collection",
        "can_open": "yes",
        "time": "2024-03-06T12:00:00.000000Z",
    }
    exchange.apply((STATUS, BTC, NOON, Status.CLOSED))
    assert exchange.ask("/products/BTC-USD")["cancel_only"]
    assert exchange.ask("/products/BTC-USD/book")["auction"] is None


@pytest.mark.parametrize("what", ["", "/book", "/ticker", "/stats", "/trades", "/candles"])
def test_an_unknown_product_is_not_found(exchange, what):
    """Whatever is asked of it."""
    assert refused(exchange, f"/products/NOPE-USD{what}") == (404, "NotFound")


# -- books --------------------------------------------------------------------------------------------


def test_a_book_at_each_level(exchange):
    """The best prices; all levels with the number of their orders; all orders in their queues."""
    best = exchange.ask("/products/BTC-USD/book")
    assert best == {
        "bids": [["64250.00", "0.00000500", 2]],
        "asks": [["64250.02", "1.50000000", 1]],
        "sequence": 10,
        "auction_mode": False,
        "auction": None,
        "time": "2024-03-06T12:00:00.000000Z",
    }
    levels = exchange.ask("/products/BTC-USD/book?level=2")
    assert levels["bids"] == [["64250.00", "0.00000500", 2], ["64249.99", "0.00000050", 1]]
    assert levels["asks"] == [["64250.02", "1.50000000", 1], ["64250.05", "0.00000010", 1]]
    orders = exchange.ask("/products/BTC-USD/book?level=3")
    assert orders["bids"] == [
        ["64250.00", "0.00000200", order_uuid(2)],
        ["64250.00", "0.00000300", order_uuid(3)],
        ["64249.99", "0.00000050", order_uuid(4)],
    ]
    assert refused(exchange, "/products/BTC-USD/book?level=4") == (400, "Invalid level")
    assert exchange.ask("/products/SOL-USD/book?level=3")["bids"] == []


def test_a_book_of_a_source_without_orders():
    """Each level stands for one order, always of the same id; a quote alone is the best price."""
    it = Exchange()
    it.apply((LEVEL, BTC, NOON, 0, 6_425_000, 5), (LEVEL, BTC, NOON, 0, 6_424_000, 7))
    rows = it.ask("/products/BTC-USD/book?level=3")["bids"]
    assert [row[:2] for row in rows] == [["64250.00", "0.00000005"], ["64240.00", "0.00000007"]]
    assert rows[0][2] != rows[1][2]
    assert it.ask("/products/BTC-USD/book")["bids"] == [["64250.00", "0.00000005", 1]]
    it.quote(SOL, 100, 102, ask_size=9)
    assert it.ask("/products/SOL-USD/book")["asks"] == [["1.02", "0.00000009", 1]]


# -- trades and candles -------------------------------------------------------------------------------


@pytest.fixture
def traded():
    """Five trades a minute apart, and one two days before."""
    it = Exchange()
    it.trade(BTC, 6_000_000, 700, ts=NOON - 2 * DAY)
    for at in range(5):
        it.trade(BTC, 6_425_000 + at, 100 + at, ts=NOON + at * MINUTE, side=at % 2)
    return it


def test_pages_of_trades(traded):
    """The newest first, with cursors of both ends; the side is that of the order that rested."""
    rows, headers = traded.ask_page("/products/BTC-USD/trades?limit=2")
    assert rows == [
        {
            "trade_id": 6,
            "side": "sell",
            "size": "0.00000104",
            "price": "64250.04",
            "time": "2024-03-06T12:04:00.000000Z",
        },
        {
            "trade_id": 5,
            "side": "buy",
            "size": "0.00000103",
            "price": "64250.03",
            "time": "2024-03-06T12:03:00.000000Z",
        },
    ]
    assert headers == {"cb-before": "6", "cb-after": "5"}
    older, headers = traded.ask_page("/products/BTC-USD/trades?limit=2&after=5")
    assert ([row["trade_id"] for row in older], headers) == ([4, 3], {"cb-before": "4", "cb-after": "3"})
    assert [row["trade_id"] for row in traded.ask("/products/BTC-USD/trades?before=4")] == [6, 5]
    assert traded.ask_page("/products/BTC-USD/trades?after=1") == ([], {})
    assert len(traded.ask("/products/BTC-USD/trades?limit=99999")) == 6
    assert refused(traded, "/products/BTC-USD/trades?limit=0") == (400, "Invalid limit")
    assert refused(traded, "/products/BTC-USD/trades?after=x") == (400, "Invalid after")


def test_candles_are_the_newest_first(traded):
    """Time, low, high, open, close and quantity, as numbers; none where there was no trade."""
    rows = traded.ask("/products/BTC-USD/candles?granularity=60")
    assert rows[0] == [NOON // SECOND + 240, 64250.04, 64250.04, 64250.04, 64250.04, 0.00000104]
    assert [row[0] - NOON // SECOND for row in rows] == [240, 180, 120, 60, 0]
    day = traded.ask("/products/BTC-USD/candles?granularity=86400")
    assert [row[4] for row in day] == [64250.04, 60000.0]


@pytest.mark.parametrize(
    "times",
    [
        "start=2024-03-06T12:01:00Z&end=2024-03-06T12:03:00Z",
        "start=2024-03-06T12:01:00&end=2024-03-06T12:03:00.000",
        "start=2024-03-06T13:01:00+01:00&end=2024-03-06T12:03:00Z",
        "start=1709726460&end=1709726580.5",
    ],
)
def test_candles_between_two_times(traded, times):
    """Both in any of the usual spellings, and both included."""
    rows = traded.ask(f"/products/BTC-USD/candles?granularity=60&{times}")
    assert [row[0] - NOON // SECOND for row in rows] == [180, 120, 60]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("granularity=61", "Unsupported granularity"),
        ("start=x&end=y", "Invalid start"),
        ("start=5&end=99999999999999999999", "Invalid end"),
        ("start=1709726460&end=1709726400", "end must be after start"),
        (
            "start=1709640000&end=1709726400",
            "granularity too small for the requested time range. Count of aggregations requested exceeds 300",
        ),
    ],
)
def test_candles_that_cannot_be(traded, query, message):
    """At most 300 of them may be asked for."""
    assert refused(traded, f"/products/BTC-USD/candles?{query}") == (400, message)


def test_a_ticker_and_statistics():
    """Of the last trade, of 24 hours, and of 30 days."""
    it = Exchange()
    assert refused(it, "/products/BTC-USD/ticker") == (404, "NotFound")
    it.trade(BTC, 6_100_000, 100, ts=NOON - 40 * DAY)
    it.trade(BTC, 6_200_000, 200, ts=NOON - 20 * DAY)
    it.trade(BTC, 6_300_000, 300, ts=NOON - 5 * HOUR)
    it.trade(BTC, 6_290_000, 400, ts=NOON)
    it.add(BTC, 0, 6_289_900, 1)
    it.quote(BTC, 6_289_900, 6_290_100)
    assert it.ask("/products/BTC-USD/ticker") == {
        "ask": "0.00",
        "bid": "62899.00",
        "volume": "0.00000700",
        "trade_id": 4,
        "price": "62900.00",
        "size": "0.00000400",
        "time": "2024-03-06T12:00:00.000000Z",
        "rfq_volume": "0",
        "conversions_volume": "0",
    }
    stats = it.ask("/products/BTC-USD/stats")
    assert [stats[name] for name in ("open", "high", "low", "last", "volume", "volume_30day")] == [
        "63000.00",
        "63000.00",
        "62900.00",
        "62900.00",
        "0.00000700",
        "0.00000900",
    ]
    [btc, sol] = it.ask("/products/volume-summary")
    assert (btc["spot_volume_24hour"], btc["spot_volume_30day"]) == ("0.00000700", "0.00000900")
    assert (sol["id"], sol["spot_volume_30day"]) == ("SOL-USD", "0.00000000")


def test_spark_lines_are_candles_of_an_hour(traded):
    """Of products that have any."""
    assert traded.ask("/products/spark-lines") == {
        "BTC-USD": [[NOON // SECOND, 64250.0, 64250.04, 64250.0, 64250.04]]
    }


def test_refusals_of_the_server_in_the_exchanges_words():
    """A status, and one text."""
    assert worded(Problem(429, "rate_limit_exceeded", "5 a second")).message == "Rate limit exceeded"
    assert worded(Problem(413, "too_large", "The body is too long")).message == "The body is too long"
