"""What anybody asks of the market by request."""

from decimal import Decimal

import attrs
import pytest
from asking import ask
from scripts import Script

from feed import Settings
from feed.model.events import ADD, QUOTE, STATUS, TRADE, UNKNOWN, Status
from feed.model.instruments import Instrument, Listing
from feed.policies import Policies

pytestmark = pytest.mark.protocols("coinbase")

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
NOW = 1_709_742_000_125_999_999  # 2024-03-06T16:20:00.125999999Z
WALL = 1_800_000_000  # seconds since the Unix epoch: another year
LISTING = Listing(
    [
        Instrument(symbol="EURUSD", base="EUR", quote="USD", price_decimals=5, size_decimals=0),
        *(
            Instrument(
                symbol=f"{base}-USD",
                base=base,
                quote="USD",
                price_decimals=2,
                size_decimals=4,
                venue="coinbase",
            )
            for base in ("BTC", "ETH", "SOL")
        ),
    ]
)
BTC, ETH, SOL = 1, 2, 3
API = "/coinbase/api/v3/brokerage"


def add(order, side, price, size):
    return (ADD, BTC, NOW, order, side, price, size, size)


def trade(number, price, size, ts=NOW, *, side=0, instrument=BTC):
    return (TRADE, instrument, ts, number, side, price, size, 0, 0, UNKNOWN, UNKNOWN)


OPENING = [
    add(1, 0, 6_425_000, 10_000),
    add(2, 0, 6_424_904, 20_000),
    add(3, 0, 6_424_900, 30_000),
    add(4, 1, 6_425_101, 5000),
    add(5, 1, 6_425_109, 6000),
    (QUOTE, BTC, NOW, 6_425_000, 10_000, 6_425_101, 5000),
    trade(1, 6_425_000, 1000, NOW - 3 * MINUTE),
    trade(2, 6_425_200, 2000, NOW - 3 * MINUTE, side=1),
    trade(3, 6_425_100, 3000, NOW, side=1),
    trade(1, 300_000, 1, NOW, instrument=ETH),
    (STATUS, SOL, NOW, Status.HALTED.value),
]


@pytest.fixture
async def exchange(open_server):
    """Three products, a book, some trades; and another kind of instrument."""
    policies = Policies(coinbase=attrs.evolve(Policies().coinbase, requests_per_second=10_000))
    script = Script(listing=LISTING, opening=OPENING)
    async with open_server(Settings(policies=policies), script=script, wall=lambda: WALL) as server:
        yield server


async def get(server, path):
    status, _, body = await ask(server.connect(), path)
    assert status == 200, body
    return body


async def refused(server, path):
    status, _, body = await ask(server.connect(), path)
    return status, body


async def test_the_time_is_the_markets(exchange):
    """In both versions."""
    assert await get(exchange, f"{API}/time") == {
        "iso": "2024-03-06T16:20:00Z",
        "epochSeconds": "1709742000",
        "epochMillis": "1709742000125",
    }
    time = {"iso": "2024-03-06T16:20:00Z", "epoch": 1709742000}
    assert (await get(exchange, "/coinbase/v2/time"))["data"] == time


async def test_products_are_listed_as_asked_for(exchange):
    """By kind, by id, in parts, in another order."""

    async def listed(query=""):
        found = await get(exchange, f"{API}/market/products{query}")
        assert len(found["products"]) <= found["num_products"]
        return [one["product_id"] for one in found["products"]]

    everything = ["BTC-USD", "ETH-USD", "SOL-USD"]
    assert await listed() == await listed("?product_type=SPOT&get_all_products=False") == everything
    assert await listed("?product_type=FUTURE&contract_expiry_type=PERPETUAL") == []
    assert await listed("?product_ids=SOL-USD&product_ids=NO-SUCH&product_ids=BTC-USD") == [
        "SOL-USD",
        "BTC-USD",
    ]
    assert await listed("?limit=1&offset=1") == ["ETH-USD"]
    assert await listed("?limit=0&offset=9") == []
    sort = "?products_sort_order=PRODUCTS_SORT_ORDER_VOLUME_24H_DESCENDING"
    assert await listed(sort) == everything
    for query in ("?limit=x", "?product_type=BOND", "?offset=-1", "?get_all_products=perhaps"):
        status, body = await refused(exchange, f"{API}/market/products{query}")
        assert (status, body["error"]) == (400, "INVALID_ARGUMENT")


async def test_a_product_says_its_rules_and_its_day(exchange):
    """Steps, best prices, what was traded; whether it can be traded."""
    found = await get(exchange, f"{API}/market/products/BTC-USD?get_tradability_status=true")
    assert (found["base_increment"], found["price_increment"]) == ("0.0001", "0.01")
    assert (found["price"], found["volume_24h"], found["mid_market_price"]) == (
        "64251.00",
        "0.6000",
        "64250.505",
    )
    change = (Decimal(64251) - Decimal(64250)) / Decimal(64250) * 100
    assert Decimal(found["price_percentage_change_24h"]) == pytest.approx(change)
    assert (found["base_name"], found["trading_disabled"], found["cancel_only"]) == ("Bitcoin", False, False)
    halted = await get(exchange, f"{API}/market/products/SOL-USD")
    assert (halted["trading_disabled"], halted["cancel_only"], halted["price"]) == (True, True, "0.00")
    status, body = await refused(exchange, f"{API}/market/products/EUR-USD")
    assert (status, body["error"]) == (404, "NOT_FOUND")


async def test_a_book_is_as_deep_and_as_coarse_as_asked_for(exchange):
    """Levels add up on the side of the worse price."""
    path = f"{API}/market/product_book?product_id=BTC-USD"
    found = await get(exchange, path)
    book = found["pricebook"]
    assert [(one["price"], one["size"]) for one in book["bids"]] == [
        ("64250.00", "1.0000"),
        ("64249.04", "2.0000"),
        ("64249.00", "3.0000"),
    ]
    assert book["time"] == "2024-03-06T16:20:00.125999Z"
    assert (found["last"], found["spread_absolute"], found["spread_bps"]) == ("64251.00", "1.01", "0.157")
    coarse = (await get(exchange, f"{path}&aggregation_price_increment=0.1&limit=2"))["pricebook"]
    assert [(one["price"], one["size"]) for one in coarse["bids"]] == [
        ("64250.00", "1.0000"),
        ("64249.00", "5.0000"),
    ]
    assert [(one["price"], one["size"]) for one in coarse["asks"]] == [("64251.10", "1.1000")]
    for query in ("&aggregation_price_increment=0.001", "&aggregation_price_increment=0", "&limit=-1"):
        assert (await refused(exchange, path + query))[0] == 400
    assert (await refused(exchange, f"{API}/market/product_book"))[0] == 400
    empty = await get(exchange, f"{API}/market/product_book?product_id=SOL-USD")
    assert (empty["pricebook"]["bids"], empty["mid_market"], empty["spread_bps"]) == ([], "", "0.000")


async def test_trades_come_newest_first(exchange):
    """With the side of the order that rested; of a stretch of time where one is named."""
    path = f"{API}/market/products/BTC-USD/ticker"
    found = await get(exchange, f"{path}?limit=2")
    assert [(one["trade_id"], one["price"], one["size"], one["side"]) for one in found["trades"]] == [
        ("3", "64251.00", "0.3000", "BUY"),
        ("2", "64252.00", "0.2000", "BUY"),
    ]
    assert (found["best_bid"], found["best_ask"]) == ("64250.00", "64251.01")
    start, end = NOW // SECOND - 200, NOW // SECOND - 100
    early = await get(exchange, f"{path}?start={start}&end={end}")
    assert [(one["trade_id"], one["side"]) for one in early["trades"]] == [("2", "BUY"), ("1", "SELL")]
    assert (await refused(exchange, f"{path}?start=then"))[0] == 400


async def test_candles_are_those_of_a_stretch_of_time(exchange):
    """Newest first; an interval without trades has none; too many are refused."""
    path = f"{API}/market/products/BTC-USD/candles?granularity=ONE_MINUTE"
    now = NOW // SECOND
    found = (await get(exchange, f"{path}&start={now - 600}&end={now}"))["candles"]
    first = now - now % 60
    assert [
        (one["start"], one["open"], one["high"], one["low"], one["close"], one["volume"]) for one in found
    ] == [
        (str(first), "64251.00", "64251.00", "64251.00", "64251.00", "0.3000"),
        (str(first - 180), "64250.00", "64252.00", "64250.00", "64252.00", "0.3000"),
    ]
    assert (await get(exchange, path))["candles"] == found
    assert (await get(exchange, f"{path}&limit=1"))["candles"] == found[:1]
    assert (await get(exchange, f"{path}&start={now - 600}&end={now - 60}"))["candles"] == found[1:]
    assert (await get(exchange, path.replace("ONE_MINUTE", "ONE_DAY")))["candles"][0]["volume"] == "0.6000"
    for query in (
        f"{path}&start=0&end={now}",
        f"{path}&start={now}&end=0",
        path.replace("ONE_MINUTE", "YEAR"),
    ):
        status, body = await refused(exchange, query)
        assert (status, body["error"]) == (400, "INVALID_ARGUMENT")


async def test_the_present_of_a_clients_clock_is_that_of_the_market(exchange):
    """Who asks for the last minutes by the clock of another year is told of the market's last minutes."""
    path = f"{API}/market/products/BTC-USD/candles?granularity=ONE_MINUTE"
    assert await get(exchange, f"{path}&start={WALL - 600}&end={WALL}") == await get(exchange, path)
    assert (await get(exchange, f"{path}&start={WALL - 7200}&end={WALL - 3600}"))["candles"] == []


async def test_the_older_version_says_currencies_rates_and_prices(exchange):
    """Of what is listed; in any of its currencies; with errors of its own form."""
    assert [one["id"] for one in (await get(exchange, "/coinbase/v2/currencies"))["data"]] == ["USD"]
    crypto = (await get(exchange, "/coinbase/v2/currencies/crypto"))["data"]
    assert [one["code"] for one in crypto] == ["BTC", "ETH", "SOL"]
    rates = (await get(exchange, "/coinbase/v2/exchange-rates"))["data"]
    assert rates["currency"] == "USD"
    assert set(rates["rates"]) == {"USD", "BTC", "ETH"}
    assert Decimal(rates["rates"]["ETH"]) * 3000 == pytest.approx(1)
    found = (await get(exchange, "/coinbase/v2/exchange-rates?currency=btc"))["data"]["rates"]
    assert (found["USD"], found["BTC"], found["ETH"]) == ("64251", "1", "21.417")
    prices = [
        (await get(exchange, f"/coinbase/v2/prices/BTC-USD/{kind}"))["data"]["amount"]
        for kind in ("buy", "sell", "spot")
    ]
    assert prices == ["64251.01", "64250.00", "64251.00"]
    status, body = await refused(exchange, "/coinbase/v2/prices/NO-SUCH/spot")
    assert (status, body["errors"][0]["id"]) == (404, "not_found")
    assert (await refused(exchange, "/coinbase/v2/exchange-rates?currency=NO"))[0] == 400
    assert (await refused(exchange, "/coinbase/v2/accounts"))[1] == {
        "errors": [{"id": "unauthorized", "message": "Unauthorized"}]
    }
