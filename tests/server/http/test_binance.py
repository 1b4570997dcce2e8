"""What is answered by request, and what is refused in which words."""

import hmac
import time

import pytest
from asking import KEY, ask
from scripts import Script, quote

from feed import Settings
from feed.dialects.discovery import dialects
from feed.model.events import STATUS, Status
from feed.model.instruments import Instrument, Listing
from feed.policies import Policies
from feed.server.router import ListenerConfig
from feed.settings import DEMO_SECRET, Trading

pytestmark = pytest.mark.protocols("binance")

NOW = 1_709_742_000_125_999_999  # 2024-03-06T16:20:00.125999999Z
LISTING = Listing(
    [
        Instrument(symbol="EURUSD", base="EUR", quote="USD", price_decimals=5, size_decimals=0),
        Instrument(
            symbol="BTC-USDT",
            base="BTC",
            quote="USDT",
            price_decimals=2,
            size_decimals=5,
            venue="binance",
        ),
        Instrument(
            symbol="DOGE-USDT",
            base="DOGE",
            quote="USDT",
            price_decimals=5,
            size_decimals=0,
            venue="binance",
        ),
    ]
)


def error(code, msg):
    return {"code": code, "msg": msg}


@pytest.fixture
async def exchange(open_server):
    """Two symbols, and a quote."""
    rows = [quote(1, 6_425_000, 6_425_001, ts=NOW)]
    async with open_server(script=Script(listing=LISTING, opening=rows)) as server:
        yield server


async def get(server, path, *, prefix="/binance", **headers):
    return await ask(server.connect(), f"{prefix}{path}", **headers)


async def test_the_exchange_is_there(exchange):
    """An empty object, and what was used of the weight."""
    status, headers, body = await get(exchange, "/api/v3/ping")
    assert (status, body) == (200, {})
    assert (headers["x-mbx-used-weight"], headers["x-mbx-used-weight-1m"]) == ("1", "1")


@pytest.mark.parametrize(
    ("unit", "time"),
    [
        ({}, 1_709_742_000_125),
        ({"X-MBX-TIME-UNIT": "MILLISECOND"}, 1_709_742_000_125),
        ({"X-MBX-TIME-UNIT": "MICROSECOND"}, 1_709_742_000_125_999),
        ({"X-MBX-TIME-UNIT": "microsecond"}, 1_709_742_000_125_999),
    ],
)
async def test_the_time_is_the_markets(exchange, unit, time):
    """In the unit that the client asks for."""
    _, _, body = await get(exchange, "/api/v3/time", **unit)
    assert body == {"serverTime": time}


async def test_the_most_open_orders_of_an_account_are_told(open_server):
    """As a filter of the exchange: an order that is one too many fails it."""
    settings = Settings(trading=Trading(open_orders=7))
    async with open_server(settings, Script(listing=LISTING, opening=[])) as server:
        _, _, body = await get(server, "/api/v3/exchangeInfo?symbol=BTCUSDT")
    assert body["exchangeFilters"] == [{"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 7}]


async def test_the_rules_of_a_symbol_are_as_published(exchange):
    """Every field in the exchange's order, the filters too."""
    _, headers, body = await get(exchange, "/api/v3/exchangeInfo?symbol=BTCUSDT")
    assert headers["x-mbx-used-weight-1m"] == "20"
    assert list(body) == ["timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols"]
    assert body["rateLimits"] == [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61000},
    ]
    (info,) = body["symbols"]
    assert list(info) == [
        "symbol",
        "status",
        "baseAsset",
        "baseAssetPrecision",
        "quoteAsset",
        "quotePrecision",
        "quoteAssetPrecision",
        "baseCommissionPrecision",
        "quoteCommissionPrecision",
        "orderTypes",
        "icebergAllowed",
        "ocoAllowed",
        "otoAllowed",
        "opoAllowed",
        "quoteOrderQtyMarketAllowed",
        "allowTrailingStop",
        "cancelReplaceAllowed",
        "amendAllowed",
        "pegInstructionsAllowed",
        "isSpotTradingAllowed",
        "isMarginTradingAllowed",
        "filters",
        "permissions",
        "permissionSets",
        "defaultSelfTradePreventionMode",
        "allowedSelfTradePreventionModes",
    ]
    assert (info["symbol"], info["baseAsset"], info["quoteAsset"]) == ("BTCUSDT", "BTC", "USDT")
    assert [one["filterType"] for one in info["filters"]] == [
        "PRICE_FILTER",
        "LOT_SIZE",
        "ICEBERG_PARTS",
        "MARKET_LOT_SIZE",
        "TRAILING_DELTA",
        "PERCENT_PRICE_BY_SIDE",
        "NOTIONAL",
        "MAX_NUM_ORDERS",
        "MAX_NUM_ORDER_LISTS",
        "MAX_NUM_ALGO_ORDERS",
        "MAX_NUM_ORDER_AMENDS",
    ]
    assert info["filters"][:2] == [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.01000000",
            "maxPrice": "1000000.00000000",
            "tickSize": "0.01000000",
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": "0.00001000",
            "maxQty": "9000.00000000",
            "stepSize": "0.00001000",
        },
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["BTCUSDT", "DOGEUSDT"]),
        ("?symbol=DOGEUSDT", ["DOGEUSDT"]),
        ("?symbols=%5B%22DOGEUSDT%22%2C%22BTCUSDT%22%5D", ["BTCUSDT", "DOGEUSDT"]),
        ('?symbols=["DOGEUSDT"]', ["DOGEUSDT"]),
        ("?permissions=SPOT", ["BTCUSDT", "DOGEUSDT"]),
        ("?permissions=%5B%22MARGIN%22,%22SPOT%22%5D", ["BTCUSDT", "DOGEUSDT"]),
        ("?permissions=LEVERAGED", []),
        ("?symbolStatus=HALT", ["DOGEUSDT"]),
        ("?symbolStatus=TRADING&revision=2025-01-01", ["BTCUSDT"]),
    ],
)
async def test_symbols_are_chosen_as_the_exchange_lets_them_be(exchange, query, names):
    """In its own order; a URL may say by which revision of the document it is written."""
    exchange.script.play((STATUS, 2, NOW, Status.HALTED))
    _, _, body = await get(exchange, f"/api/v3/exchangeInfo{query}")
    assert [info["symbol"] for info in body["symbols"]] == names
    assert [info["permissionSets"] for info in body["symbols"]] == [[["SPOT"]] for _ in names]


async def test_permission_sets_can_be_left_out(exchange):
    """They are empty then."""
    _, _, body = await get(exchange, "/api/v3/exchangeInfo?showPermissionSets=false")
    assert [info["permissionSets"] for info in body["symbols"]] == [[], []]


SYMBOLS = r"""legal range is '^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$'."""
SYMBOL = "legal range is '^[A-Z0-9-_.]{1,20}$'."


@pytest.mark.parametrize(
    ("path", "code", "msg"),
    [
        ("/exchangeInfo?symbol=BTCUSD", -1121, "Invalid symbol."),
        ("/exchangeInfo?symbol=btcusdt", -1100, f"Illegal characters found in parameter 'symbol'; {SYMBOL}"),
        ("/exchangeInfo?symbol=", -1105, "Parameter 'symbol' was empty."),
        ('/exchangeInfo?symbols=["BTCUSDT","NO"]', -1121, "Invalid symbol."),
        (
            '/exchangeInfo?symbols=["BTCUSDT","BTCUSDT"]',
            -1151,
            "Symbol is present multiple times in the list.",
        ),
        (
            "/exchangeInfo?symbols=BTCUSDT",
            -1100,
            f"Illegal characters found in parameter 'symbols'; {SYMBOLS}",
        ),
        (
            "/exchangeInfo?symbol=BTCUSDT&permissions=SPOT",
            -1128,
            "Combination of optional parameters invalid.",
        ),
        (
            '/exchangeInfo?symbol=BTCUSDT&symbols=["BTCUSDT"]',
            -1128,
            "Combination of optional parameters invalid.",
        ),
        ("/exchangeInfo?symbolStatus=SLEEPING", -1122, "Invalid symbolStatus."),
        (
            "/exchangeInfo?showPermissionSets=1",
            -1130,
            "Data sent for parameter 'showPermissionSets' is not valid.",
        ),
        ("/ping?x=1", -1101, "Too many parameters; expected '0' and received '1'."),
        (
            "/exchangeInfo?symbol=BTCUSDT&x=1",
            -1104,
            "Not all sent parameters were read; read '1' parameter(s) but was sent '2'.",
        ),
        (
            "/exchangeInfo?symbol=BTCUSDT&symbol=BTCUSDT",
            -1101,
            "Duplicate values for a parameter detected.",
        ),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_the_exchanges_words(exchange, path, code, msg):
    """Status 400, its code, and its message to the letter."""
    path = path.replace("[", "%5B").replace('"', "%22").replace("]", "%5D")
    status, headers, body = await get(exchange, f"/api/v3{path}")
    assert (status, body) == (400, error(code, msg))
    assert "x-mbx-used-weight-1m" in headers


async def test_an_unknown_time_unit_is_refused(exchange):
    """Rather than answered in another one."""
    status, _, body = await get(exchange, "/api/v3/time", **{"X-MBX-TIME-UNIT": "SECOND"})
    msg = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
    assert (status, body) == (400, error(-1194, msg))


async def test_what_is_not_served_is_said_in_the_same_style(exchange):
    """Paths and methods, JSON all the same, so that clients raise what they raise for the exchange."""
    status, _, body = await get(exchange, "/api/v3/tickr/price")
    assert (status, body["code"]) == (404, -1020)
    assert body["msg"] == "Nothing is served at this path; there are /binance/api/v3/ticker/price"
    client = exchange.connect()
    status, headers, body = await ask(client, "/binance/api/v3/time", method="POST")
    assert (status, body["code"]) == (405, -1020)
    assert sorted(headers["allow"].split(", ")) == ["GET", "HEAD"]


@pytest.mark.parametrize("path", ["/api/v3/ping", "/binance/api/v3/ping"])
async def test_on_a_port_of_its_own_the_prefix_can_be_left_out(exchange, path):
    """There, and nowhere else."""
    own = ListenerConfig(dialect=dialects()["binance"])
    client = exchange.connect(config=own)
    assert (await ask(client, path))[::2] == (200, {})
    assert (await ask(client, "/healthz"))[0] == 200
    status, _, body = await ask(client, "/nothing")
    assert (status, body["code"]) == (404, -1020)
    client = exchange.connect()
    assert (await ask(client, "/api/v3/ping"))[0] == 404


@pytest.mark.parametrize(("prefix", "config"), [("/binance", False), ("", True), ("/binance", True)])
async def test_streams_are_below_the_prefix_too(exchange, prefix, config):
    """And without it on a port of its own."""
    options = {"config": ListenerConfig(dialect=dialects()["binance"])} if config else {}
    client = exchange.connect(**options)
    assert (await client.upgrade(f"{prefix}/ws"))[0] == 101
    await client.send({"method": "LIST_SUBSCRIPTIONS", "id": 3})
    assert await client.message() == {"result": [], "id": 3}
    client = exchange.connect(**options)
    assert (await client.upgrade(f"{prefix}/nothing"))[0] == 404


async def test_weight_is_counted_and_too_much_is_refused_then_banned(open_server):
    """429 with the seconds that are left of the minute, then 418 with those of the ban; others go on."""
    policy = type(Policies().binance)(weight_per_minute=45, refusals_before_ban=3)
    settings = Settings(policies=Policies(binance=policy))
    now = [1_700_000_000.0]  # twenty seconds into a minute
    async with open_server(settings, Script(listing=LISTING), wall=lambda: now[0]) as server:

        async def info(peer="127.0.0.1"):
            client = server.connect(peer=peer)
            status, headers, body = await ask(client, "/binance/api/v3/exchangeInfo?symbol=BTCUSDT")
            return status, headers.get("retry-after"), headers["x-mbx-used-weight-1m"], body

        assert [(await info())[:3] for _ in range(2)] == [(200, None, "20"), (200, None, "40")]
        status, retry, used, body = await info()
        assert (status, retry, used, body["code"]) == (429, "40", "60", -1003)
        assert body["msg"].startswith(
            "Too much request weight used; current limit is 45 request weight per 1 M"
        )
        assert [(await info())[0] for _ in range(2)] == [429, 418]
        status, retry, _, body = await info()
        assert (status, retry) == (418, "120")
        assert "IP banned until 1700000120000." in body["msg"]
        assert (await info("127.0.0.2"))[0] == 200
        now[0] += 120
        assert (await info())[:3] == (200, None, "20")


async def test_a_good_key_is_counted_by_itself(open_server):
    """Whoever else is at its address; one that is not accepted is as good as none."""
    policy = type(Policies().binance)(weight_per_minute=40)
    settings = Settings(policies=Policies(binance=policy))
    async with open_server(settings, Script(listing=LISTING), wall=lambda: 1_700_000_000.0) as server:

        async def used(**headers):
            path = "/api/v3/exchangeInfo?symbol=BTCUSDT"
            status, answer, _ = await get(server, path, **headers)
            return status, answer["x-mbx-used-weight-1m"]

        for _ in range(2):
            await used()
        assert await used(**{"X-MBX-APIKEY": "nobody's"}) == (429, "60")
        assert await used(**{"X-MBX-APIKEY": KEY}) == (200, "20")
        assert await used() == (429, "80")


async def test_clients_that_list_everything_find_nothing_else(exchange):
    """Margin and futures: one answer that is missing, and the whole list fails."""
    for path in ("capital/config/getall", "margin/allPairs", "margin/isolated/allPairs"):
        query = f"timestamp={int(time.time() * 1000)}&recvWindow=60000"
        signature = hmac.digest(DEMO_SECRET.encode(), query.encode(), "sha256").hex()
        target = f"/sapi/v1/{path}?{query}&signature={signature}"
        status, headers, body = await get(exchange, target, **{"X-MBX-APIKEY": KEY})
        assert (status, body) == (200, [])
        assert "x-mbx-used-weight-1m" in headers
        status, _, body = await get(exchange, target, **{"X-MBX-APIKEY": "nobody's"})
        assert (status, body["code"]) == (401, -2015)
    for interface in ("fapi", "dapi"):
        _, _, body = await get(exchange, f"/{interface}/v1/exchangeInfo")
        assert body == {
            "timezone": "UTC",
            "serverTime": 1_709_742_000_125,
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [],
        }
    assert (await get(exchange, "/sapi/v1/system/status"))[2] == {"status": 0, "msg": "normal"}
