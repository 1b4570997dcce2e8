"""Market.ai by request: envelope, keys and tiers, and the same figures as on its channels."""

import json
import random
import time
from decimal import Decimal

import attrs
import msgspec
import pytest
import trio
from asking import API_KEY, BEARER, KEY, ask
from scripts import Script, quote

import feed
from feed import Settings
from feed.dialects.marketai.policy import MarketAiPolicy, TierLimits
from feed.dialects.marketai.rest import directory, events, prices
from feed.model.events import CLOCK, FUNDING, LEVEL, LIQUIDATION, MARK, ROUND, SIGNAL, TRADE, UNKNOWN
from feed.model.grants import Grant, Scope
from feed.model.instruments import Contract, Instrument, Listing
from feed.model.signals import Severity, SignalType
from feed.policies import Policies
from feed.server.keys import entry_for
from feed.settings import Web

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
# 2024-02-24T12:05:00Z, the time of the published examples.
NOW = 1_708_776_300 * SECOND
MS = NOW // 1_000_000
AI_KEY = "mk_live_abc123..."
AI = {"Authorization": f"Bearer {AI_KEY}"}
API = "/marketai/api/v1"

BTC = Instrument(
    symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=4, venue="binance"
)
BINANCE, KRAKEN, PERPETUAL, ROUNDS, ETH, EURO = range(6)
LISTING = Listing(
    [
        BTC,
        attrs.evolve(BTC, symbol="BTC-USD@kraken", venue="kraken", price_decimals=1),
        attrs.evolve(
            BTC, symbol="BTC-PERP", venue="bybit", contract=Contract.PERPETUAL, underlying="BTC-USD"
        ),
        attrs.evolve(
            BTC,
            symbol="BTC-UP-1H",
            venue="polymarket",
            contract=Contract.PREDICTION,
            underlying="BTC-USD",
            price_decimals=3,
            size_decimals=2,
            timeframe=60 * MINUTE,
        ),
        attrs.evolve(BTC, symbol="ETH-USD", base="ETH"),
        Instrument(
            symbol="EURUSD", base="EUR", quote="USD", price_decimals=5, size_decimals=2, asset_class="fx"
        ),
    ]
)


def book(instrument, bid, ask, *, size=10_000):
    """Three levels on each side, and the quote that goes with them."""
    rows = [(LEVEL, instrument, NOW, 0, bid - 5 * at, size * (at + 1)) for at in range(3)]
    rows += [(LEVEL, instrument, NOW, 1, ask + 5 * at, 2 * size * (at + 1)) for at in range(3)]
    return [*rows, quote(instrument, bid, ask, ts=NOW)]


def trade(instrument, number, price, *, size=5_000, side=0, taker=7, ts=NOW):
    return (TRADE, instrument, ts, number, side, price, size, 1, taker, UNKNOWN, UNKNOWN)


RATES = 10_000, 12_000, 400, 90_000


def opening():
    """Two spot venues with something to gain between them, a future, a round; ETH has no book yet."""
    return [
        *book(BINANCE, 6_744_950, 6_745_080),
        *book(KRAKEN, 674_550, 674_620),
        *book(PERPETUAL, 6_745_000, 6_745_100),
        *book(ROUNDS, 541, 549, size=600),
        trade(BINANCE, 1, 6_745_000),
        trade(KRAKEN, 1, 674_600, side=1),
        trade(PERPETUAL, 1, 6_745_050),
        (MARK, PERPETUAL, NOW, 6_745_040, 6_745_010, 1_234_567),
        (FUNDING, PERPETUAL, NOW, 10_000, 12_000, NOW + 235 * MINUTE),
        (ROUND, ROUNDS, NOW, NOW - 5 * MINUTE, NOW + 55 * MINUTE, 6_740_000, UNKNOWN),
    ]


@pytest.fixture
def open_market(open_server):
    """Opens a house on this module's market."""

    def start(settings=None, rows=None):
        script = Script(opening=opening() if rows is None else rows)
        script.listing = LISTING
        return open_server(settings, script=script)

    return start


@pytest.fixture
async def market(open_market):
    """A running house on this module's market."""
    async with open_market() as server:
        yield server


async def data(server, path, **headers):
    """The data of a good answer."""
    status, _, body = await ask(server.connect(), API + path, **(headers or AI))
    assert (status, list(body), body["ok"], list(body["meta"])) == (
        200,
        ["ok", "data", "meta"],
        True,
        ["timestamp"],
    ), body
    assert body["meta"]["timestamp"] == server.context.fanout.hub.market_state.now // 1_000_000
    return body["data"]


async def happen(server, *rows):
    """Let the market go on."""
    server.script.play(*rows)
    await trio.testing.wait_all_tasks_blocked()


async def hear(server, *channels, symbols=("BTC/USDT",)):
    """A WebSocket client that has read the confirmations of ``channels``, and nothing else."""
    client = await server.upgraded(f"/marketai?key={AI_KEY}")
    entries = [{"type": channel, "symbols": list(symbols)} for channel in channels]
    await client.send({"action": "subscribe", "channels": entries})
    for channel in channels:
        confirmed = await client.message()
        assert (confirmed["type"], confirmed["channel"]) == ("subscribed", channel)
    return client


# --- envelope, keys and tiers ----------------------------------------------------------------------


async def test_an_answer_is_enveloped_as_published(market):
    """``ok``, ``data`` and ``meta`` with the market's time in milliseconds, and nothing else."""
    status, headers, body = await ask(market.connect(), f"{API}/health")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.dumps(body) == json.dumps(
        {
            "ok": True,
            "data": {"status": "ok", "version": feed.__version__, "seq": len(opening())},
            "meta": {"timestamp": MS},
        }
    )


@pytest.mark.parametrize(
    ("path", "headers", "status", "error"),
    [
        ("/account", {}, 401, ("unauthorized", "Authentication required")),
        ("/account", {"Authorization": "Bearer mk_live_wrong"}, 401, ("unauthorized",)),
        ("/account", {"Authorization": f"Basic {AI_KEY}"}, 401, ("unauthorized",)),
        ("/account", API_KEY, 401, ("unauthorized",)),
        (f"/account?key={AI_KEY}", {}, 401, ("unauthorized",)),
        ("/quotes?symbol=XYZ%2FUSDT", AI, 404, ("not_found", "Unknown symbol: XYZ/USDT")),
        ("/quotes?symbol=", AI, 400, ("invalid_request", "The parameter symbol is missing")),
        ("/quotes?symbol=" + "X" * 65, AI, 400, ("invalid_request",)),
        ("/klines", AI, 400, ("invalid_request", "The parameter symbol is missing")),
        ("/klines?symbol=*&limit=0", AI, 400, ("invalid_request",)),
        (
            "/klines?symbol=BTC&interval=2m",
            AI,
            400,
            ("invalid_request", "The parameter interval must be one of 1m, 5m, 15m, 1h, 4h, 1d"),
        ),
        ("/orderbook?exchange=mtgox", AI, 400, ("invalid_request",)),
        ("/orderbook?levels=1001", AI, 400, ("invalid_request",)),
        ("/signals?severity=fatal", AI, 400, ("invalid_request",)),
        ("/signals?type=moon", AI, 400, ("invalid_request",)),
        ("/arbitrage?min_bps=-1", AI, 400, ("invalid_request",)),
        ("/search", AI, 400, ("invalid_request", "The parameter q is missing")),
    ],
)
async def test_a_refusal_is_worded_as_published(market, path, headers, status, error):
    """``ok`` false, a lower-case code, a sentence; never a key; without one, how to show it."""
    got, answered, body = await ask(market.connect(), API + path, **headers)
    assert (got, body["ok"], list(body)) == (status, False, ["ok", "error"])
    assert list(body["error"]) == ["code", "message"]
    assert tuple(body["error"].values())[: len(error)] == error
    assert AI_KEY not in json.dumps(body)
    assert ("www-authenticate" in answered) == (status == 401)


@pytest.mark.parametrize(
    "path", ["/marketai/api/v1/nothing", "/marketai/api/v1/", "/marketai/x", "/marketai/"]
)
async def test_what_is_not_there_is_refused_in_the_same_words(market, path):
    """404, enveloped, at every path below its own; with what there is."""
    status, _, body = await ask(market.connect(), path, **AI)
    assert (status, body["ok"], body["error"]["code"]) == (404, False, "not_found")
    assert list(body) == ["ok", "error"]
    assert f"{API}/quotes" in body["error"]["message"]


async def test_a_handshake_for_what_is_not_there_is_refused_in_the_same_words(market):
    """404, enveloped."""
    client = market.connect()
    await client.send_bytes(
        b"GET /marketai/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    status, _, body = await client.answer()
    message = "Nothing is served at this path"
    assert (status, body) == (404, {"ok": False, "error": {"code": "not_found", "message": message}})


async def test_a_wrong_method_is_refused_in_the_same_words(market):
    """405, enveloped."""
    status, headers, body = await ask(market.connect(), f"{API}/quotes", method="POST", **AI)
    assert (status, sorted(headers["allow"].split(", "))) == (405, ["GET", "HEAD"])
    message = "POST is not served at this path"
    assert body == {"ok": False, "error": {"code": "method_not_allowed", "message": message}}


async def test_every_tier_may_send_so_much_in_a_day(open_market):
    """Counted by key until midnight UTC; past it 429, and when to come back."""
    tier = TierLimits(connections=1, symbols=5, requests_per_day=2)
    async with open_market(Settings(policies=Policies(marketai=MarketAiPolicy(basic=tier)))) as server:
        client = server.connect()
        begun = time.time()

        async def limits(**headers):
            status, answered, body = await ask(client, f"{API}/exchanges", **headers)
            names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
            return status, *(int(answered[name]) for name in names), answered, body

        assert (await limits(**AI))[:3] == (200, 2, 1)
        status, limit, remaining, reset, *_ = await limits(**AI)
        assert (status, limit, remaining, reset % 86_400) == (200, 2, 0, 0)
        assert begun < reset <= time.time() + 86_400
        status, limit, remaining, again, answered, body = await limits(**AI)
        assert (status, limit, remaining, again) == (429, 2, 0, reset)
        wait = body["error"]["retry_after"]
        assert body["error"] == {
            "code": "rate_limited",
            "message": "Daily rate limit exceeded",
            "retry_after": wait,
        }
        assert int(answered["retry-after"]) == wait
        assert begun - 1 <= reset - wait <= time.time()
        # Another key, of the tier that may send any number, is bounded by the second alone.
        assert (await limits(**BEARER))[:3] == (200, 100 * 86_400, 100 * 86_400 - 1)
        # Without a key nothing is said of days.
        assert (await limits())[:4] == (401, 100, 99, 1)


async def test_a_second_is_bounded_as_everywhere(open_market):
    """What is refused for its second does not count towards the day."""
    async with open_market(Settings(web=Web(requests_per_second=1))) as server:
        client = server.connect()
        assert (await ask(client, f"{API}/exchanges", **AI))[0] == 200
        status, answered, body = await ask(client, f"{API}/exchanges", **AI)
        assert (status, body["error"]["code"], body["error"]["retry_after"]) == (429, "rate_limited", 1)
        await trio.sleep(1)
        _, answered, _ = await ask(client, f"{API}/exchanges", **AI)
        assert (answered["x-ratelimit-limit"], answered["x-ratelimit-remaining"]) == ("10000", "9998")


async def test_the_account_shows_its_tier_and_its_connections(market):
    """Limits of the tier, null for any number, and how many connections the key has open."""
    basic = {"connections": 5, "symbols_per_connection": 25, "requests_per_day": 10_000}
    expected = {"name": "demo-basic", "tier": "basic", "scopes": ["read"], "limits": basic}
    assert await data(market, "/account") == {**expected, "connections": 0}
    client = await market.upgraded(f"/marketai?key={AI_KEY}")
    await market.upgraded(f"/marketai?key={AI_KEY}")
    assert (await data(market, "/account"))["connections"] == 2
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert (await data(market, "/account"))["connections"] == 1
    unlimited = await data(market, "/account", **BEARER)
    assert (unlimited["tier"], unlimited["connections"]) == ("max", 0)
    assert unlimited["limits"] == {
        "connections": 50,
        "symbols_per_connection": None,
        "requests_per_day": None,
    }


async def test_a_key_needs_the_scope_and_the_protocol(open_market, monkeypatch):
    """One that may only trade reads nothing; one of another protocol is none here."""
    keys = {
        "trader": Grant(name="trader", scopes=(Scope.TRADE,)),
        "tradyn": Grant(name="tradyn", dialects=("tradyn",)),
    }
    entries = [entry_for(key, grant) for key, grant in keys.items()]
    monkeypatch.setattr("servers.demo_entries", lambda: entries)
    async with open_market() as server:
        for key, status, code in [("trader", 403, "forbidden"), ("tradyn", 401, "unauthorized")]:
            got, _, body = await ask(server.connect(), f"{API}/account", Authorization=f"Bearer {key}")
            assert (got, body["error"]["code"]) == (status, code)


# --- what there is ---------------------------------------------------------------------------------


async def test_exchanges_come_with_all_that_is_traded_there(market):
    """By the market's order; what has no venue of its own is on one called ``feed``."""
    found = await data(market, "/exchanges")
    assert [venue["exchange"] for venue in found] == ["binance", "kraken", "bybit", "polymarket", "feed"]
    assert [(it["symbol"], it["contract"], it["instrument"]) for it in found[0]["markets"]] == [
        ("BTC/USDT", "spot", "BTC-USD"),
        ("ETH/USDT", "spot", "ETH-USD"),
    ]
    assert found[2]["markets"] == [
        {
            "symbol": "BTC/USDT",
            "contract": "perpetual",
            "instrument": "BTC-PERP",
            "tick_size": "0.01",
            "lot_size": "0.0001",
            "status": "active",
        }
    ]
    assert [it["symbol"] for it in found[4]["markets"]] == ["EUR/USD"]


@pytest.mark.parametrize(
    ("query", "pairs", "exchanges", "instruments"),
    [
        ("q=btc", ["BTC/USDT"], [], ["BTC-USD", "BTC-USD@kraken", "BTC-PERP", "BTC-UP-1H"]),
        ("q=KRAK", [], ["kraken"], ["BTC-USD@kraken"]),
        ("q=eth%2Fusd", ["ETH/USDT"], [], ["ETH-USD"]),
        ("q=usd&limit=1", ["BTC/USDT"], [], ["BTC-USD"]),
        ("q=dogecoin", [], [], []),
    ],
)
async def test_search_finds_names_by_a_part_of_them(market, query, pairs, exchanges, instruments):
    """Case and separators do not count; each list is in the market's order."""
    found = await data(market, f"/search?{query}")
    assert found == {"pairs": pairs, "exchanges": exchanges, "instruments": instruments}


@pytest.mark.parametrize(
    "symbol", ["BTC/USDT", "BTC%2FUSDT", "BTC-USDT", "BTCUSDT", "btc_usdt", "BTC-USD", "btc"]
)
async def test_a_pair_goes_by_all_its_names(market, symbol):
    """As on the channels; the answer has the first spelling."""
    assert [it["symbol"] for it in await data(market, f"/quotes?symbol={symbol}")] == ["BTC/USDT"]


# --- the same as on the channels -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "path", "count"),
    [
        ("quotes", "/quotes?symbol=BTC/USDT", 1),
        ("book", "/orderbook?symbol=BTC/USDT", 3),
        ("funding", "/funding?symbol=BTC/USDT", 1),
        ("klines", "/klines?symbol=BTC/USDT", 3),
        ("polymarket", "/polymarket?symbol=BTC/USDT", 1),
    ],
)
async def test_what_stands_is_what_the_channel_says(market, channel, path, count):
    """At the same moment, name for name and value for value."""
    client = await hear(market, channel)
    said = [await client.text() for _ in range(count)]
    shown = await data(market, path)
    assert [json.dumps(json.loads(text)["data"]) for text in said] == [json.dumps(item) for item in shown]


async def test_what_happens_is_what_the_channels_say(market):
    """Signals and liquidations as they were told, the newest first."""
    client = await hear(market, "signals", "liquidations")
    rows = [
        (SIGNAL, BINANCE, NOW + 1, 1, SignalType.WHALE_MOVEMENT, Severity.ALERT, 250_000_000, 0),
        (LIQUIDATION, PERPETUAL, NOW + 2, 9, 1, 6_700_000, 25_000),
        trade(PERPETUAL, 2, 6_720_000, size=20_000, side=1, taker=9, ts=NOW + 2),
        trade(PERPETUAL, 3, 6_719_950, size=5_000, side=1, taker=9, ts=NOW + 2),
        trade(PERPETUAL, 4, 6_720_000, taker=10, ts=NOW + 3),
        (SIGNAL, PERPETUAL, NOW + 4, 2, SignalType.FUNDING_SPIKE, Severity.WARNING, *RATES),
    ]
    await happen(market, *rows)
    said = {"signals": [], "liquidations": []}
    for _ in range(4):
        message = await client.message()
        said[message["channel"]].insert(0, message["data"])
    assert len(said["signals"]) == 2
    for channel, told in said.items():
        assert await data(market, f"/{channel}") == told
        assert await data(market, f"/{channel}?limit=1&symbol=BTC-USDT") == told[:1]
        assert await data(market, f"/{channel}?symbol=ETH-USDT") == []
    assert (await data(market, "/liquidations"))[1]["notional_usd"] == "134400.00"
    assert len(await data(market, "/liquidations?exchange=bybit")) == 2
    assert await data(market, "/liquidations?exchange=binance") == []


async def test_signals_are_chosen_by_type_and_severity(market):
    """Both must fit; the limit counts those that do."""
    await happen(
        market,
        *(
            (SIGNAL, BINANCE, NOW, at, SignalType.WHALE_MOVEMENT, severity, 250_000_000, 0)
            for at, severity in enumerate([Severity.ALERT, Severity.CRITICAL, Severity.ALERT], 1)
        ),
        (SIGNAL, KRAKEN, NOW, 4, SignalType.PRICE_LEVEL_BREAK, Severity.INFO, 670_000, 1, 670_100),
    )

    async def ids(query):
        return [it["id"] for it in await data(market, f"/signals?{query}")]

    assert await ids("") == ["sig_4", "sig_3", "sig_2", "sig_1"]
    assert await ids("type=whale_movement&limit=2") == ["sig_3", "sig_2"]
    assert await ids("severity=critical") == ["sig_2"]
    assert await ids("severity=critical&type=price_level_break") == []


# --- figures ---------------------------------------------------------------------------------------


async def test_a_quote_is_of_all_spot_venues(market):
    """Numbers and strings as published; a pair without a book has no quote."""
    (quoted,) = await data(market, "/quotes")
    assert quoted == {
        "symbol": "BTC/USDT",
        "global_mid": "67454.33",
        "global_vwap": "67455.00",
        "max_arb_bps": 0.6227,
        "consensus_trend": "neutral",
        "exchanges": [
            {
                "exchange": "binance",
                "bid": "67449.50",
                "ask": "67450.80",
                "mid": "67450.15",
                "volume_24h": "0.5000",
                "obi": -0.3333,
            },
            {
                "exchange": "kraken",
                "bid": "67455.0",
                "ask": "67462.0",
                "mid": "67458.5",
                "volume_24h": "0.5000",
                "obi": -0.3333,
            },
        ],
    }


async def test_arbitrage_is_where_to_buy_and_where_to_sell(market):
    """The same gap as in the quote: bought at the lowest ask, sold at the highest bid."""
    gap = (await data(market, "/quotes"))[0]["max_arb_bps"]
    ask_, bid = Decimal("67450.80"), Decimal("67455.0")
    assert Decimal(str(gap)) == round((bid - ask_) / ((bid + ask_) / 2) * 10_000, 4)
    expected = {
        "symbol": "BTC/USDT",
        "spread_bps": gap,
        "buy_exchange": "binance",
        "buy_price": "67450.80",
        "sell_exchange": "kraken",
        "sell_price": "67455.0",
    }
    assert await data(market, "/arbitrage") == [expected]
    assert await data(market, "/arbitrage?min_bps=1") == []
    assert await data(market, "/arbitrage?symbol=ETH-USDT") == []
    await happen(market, (LEVEL, KRAKEN, NOW, 0, 674_550, 0), quote(KRAKEN, 674_505, 674_620, ts=NOW))
    await happen(market, *((LEVEL, KRAKEN, NOW, 0, price, 0) for price in (674_545, 674_540)))
    await happen(market, (LEVEL, KRAKEN, NOW, 0, 674_505, 10_000))
    assert await data(market, "/arbitrage") == []


async def test_a_book_shows_its_levels_on_request(market):
    """Of one exchange or of all; as many as were asked for, best first."""
    (shown,) = await data(market, "/orderbook?symbol=BTC&exchange=kraken&levels=2")
    assert (shown["exchange"], shown["best_bid"], shown["obi_5"]) == ("kraken", "67455.0", -0.3333)
    assert shown["bids"] == [["67455.0", "1.0000"], ["67454.5", "2.0000"]]
    assert shown["asks"] == [["67462.0", "2.0000"], ["67462.5", "4.0000"]]
    every = await data(market, "/orderbook")
    assert [it["exchange"] for it in every] == ["binance", "kraken", "bybit"]
    assert not any("bids" in it for it in every)


async def test_funding_and_rounds_are_those_of_the_market(market):
    """Rates are numbers in plain decimals, prices of a round add up to one."""
    _, _, body = await ask(market.connect(), f"{API}/funding", **AI)
    assert body["data"] == [
        {
            "exchange": "bybit",
            "symbol": "BTC/USDT",
            "rate": 0.0001,
            "next_funding_time": MS + 235 * 60_000,
            "predicted_rate": 0.00012,
        }
    ]
    assert await data(market, "/funding?exchange=binance") == []
    (shown,) = await data(market, "/polymarket?symbol=btc&timeframe=1h")
    assert (shown["coin"], shown["timeframe"], shown["timeRemainingSeconds"]) == ("BTC", "1h", 3300)
    assert (shown["upPrice"], shown["downPrice"], shown["active"]) == ("0.545", "0.455", True)
    assert await data(market, "/polymarket?symbol=ETH/USDT") == []


async def test_a_kline_is_made_of_the_trades(market):
    """Against a second computation from the trades themselves; the last one is open until its time."""
    rng = random.Random("klines")
    at, made = NOW + SECOND, []
    for number in range(2, 200):
        at += rng.randrange(4 * SECOND)
        made.append(trade(BINANCE, number, 6_745_000 + rng.randrange(-900, 900), size=number, ts=at))
    await happen(market, *made)
    every = [trade(BINANCE, 1, 6_745_000), *made]
    for interval, length in [("1m", MINUTE), ("5m", 5 * MINUTE)]:
        shown = await data(market, f"/klines?symbol=BTC/USDT&exchange=binance&interval={interval}")
        starts = list(dict.fromkeys(row[2] - row[2] % length for row in every))[-20:]
        expected = []
        for start in starts:
            within = [row for row in every if start <= row[2] < start + length]
            costs = [row[5] for row in within]
            expected.append(
                {
                    "exchange": "binance",
                    "symbol": "BTC/USDT",
                    "interval": interval,
                    "open": f"{Decimal(costs[0]) / 100:.2f}",
                    "high": f"{Decimal(max(costs)) / 100:.2f}",
                    "low": f"{Decimal(min(costs)) / 100:.2f}",
                    "close": f"{Decimal(costs[-1]) / 100:.2f}",
                    "volume": f"{Decimal(sum(row[6] for row in within)) / 10_000:.4f}",
                    "open_time": start // 1_000_000,
                    "close_time": (start + length) // 1_000_000,
                    "is_closed": start != starts[-1],
                }
            )
        assert shown == expected
        assert (
            await data(market, f"/klines?symbol=BTC/USDT&exchange=binance&interval={interval}&limit=1")
            == (expected[-1:])
        )
    await happen(market, (CLOCK, 0, at - at % MINUTE + MINUTE))
    (last,) = await data(market, "/klines?symbol=BTC/USDT&exchange=binance&limit=1")
    assert last["is_closed"]


async def test_every_answer_is_of_the_type_described(market):
    """Names in their order, and strings, numbers and lists where the description has them."""
    whale = (SIGNAL, BINANCE, NOW, 1, SignalType.WHALE_MOVEMENT, Severity.ALERT, 250_000_000, 0)
    forced = (LIQUIDATION, PERPETUAL, NOW, 9, 1, 6_700_000, 25_000)
    await happen(market, whale, forced, trade(PERPETUAL, 2, 6_720_000, side=1, taker=9))
    for path, kind in [
        ("/health", directory.Health),
        ("/account", directory.KeyAccount),
        ("/exchanges", list[directory.Venue]),
        ("/search?q=b", directory.Found),
        ("/quotes", list[prices.PairQuote]),
        ("/orderbook", list[prices.VenueBook]),
        ("/orderbook?levels=5", list[prices.VenueBook]),
        ("/arbitrage", list[prices.Opportunity]),
        ("/klines?symbol=BTC", list[prices.Candle]),
        ("/signals", list[events.SignalShown]),
        ("/liquidations", list[events.ForcedTrade]),
        ("/funding", list[events.Rate]),
        ("/polymarket", list[events.UpOrDown]),
    ]:
        found = await data(market, path)
        assert found, path
        # Written again from what was understood of it: nothing is left out, and nothing is moved.
        again = json.loads(msgspec.json.encode(msgspec.convert(found, type=kind)))
        assert json.dumps(again) == json.dumps(found), path


async def test_a_market_without_events_has_nothing_to_show(open_market):
    """Empty lists, not errors."""
    async with open_market(rows=[]) as server:
        for path in ("quotes", "orderbook", "arbitrage", "signals", "funding", "liquidations", "polymarket"):
            assert await data(server, f"/{path}") == []
        assert await data(server, "/klines?symbol=BTC") == []


async def test_the_documents_show_the_groups_and_the_defaults(market):
    """All paths under one heading, symbols with slashes, and the tiers on the page."""
    _, _, document = await ask(market.connect(), "/openapi.json")
    mine = {path: item["get"] for path, item in document["paths"].items() if path.startswith(API)}
    assert {path.removeprefix(f"{API}/") for path in mine} == {
        *("health", "account", "quotes", "orderbook", "signals", "funding", "liquidations"),
        *("arbitrage", "klines", "exchanges", "polymarket", "search", "replay", "webhooks"),
    }
    assert {tuple(item["tags"]) for item in mine.values()} == {("Market.ai",)}
    (symbol,) = mine[f"{API}/quotes"]["parameters"]
    assert symbol["schema"] == {
        "type": "string",
        "enum": ["*", "BTC/USDT", "ETH/USDT", "EUR/USD"],
        "default": "*",
    }
    _, _, page = await ask(market.connect(), "/docs")
    assert b"<td>requests_per_day<td>500" in page
    assert b"<td>wildcard_symbols<td>1" in page
    assert KEY.encode() not in page
