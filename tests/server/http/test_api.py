"""What is answered by request, in whose words, and to whom."""

import json
from types import SimpleNamespace

import pytest
import trio
from asking import ADMIN, API_KEY, BEARER, KEY, ask
from scripts import Script, quote

from feed import Limits, Settings
from feed.errors import MarketError
from feed.model.events import ADD, FUNDING, MARK, REDUCE, STATUS, TRADE, Status
from feed.model.grants import Grant, Scope
from feed.model.instruments import Contract, Instrument, Listing
from feed.server.keys import entry_for
from feed.server.playout import Playout
from feed.server.router import ListenerConfig
from feed.settings import Web

SECOND = 1_000_000_000
# 2024-03-06T16:20:00.125Z
NOW = 1_709_742_000 * SECOND + 125_999_999


def add(order, side, price, size, level, *, ts=NOW):
    return (ADD, 0, ts, order, side, price, size, level)


def trade(number, price, *, side=0, instrument=0, ts=NOW):
    return (TRADE, instrument, ts, number, side, price, 25, 1, 2, 75, 75)


@pytest.fixture
async def market(open_server):
    """Two levels on each side of EURUSD and one trade, which took a part of the best ask."""
    rows = [
        add(1, 1, 108_502, 100, 100),
        add(2, 0, 108_500, 200, 200),
        add(3, 0, 108_499, 50, 50),
        add(4, 1, 108_505, 10, 10),
        trade(1, 108_502),
        quote(0, 108_500, 108_502, ts=NOW),
    ]
    async with open_server(script=Script(opening=rows)) as server:
        yield server


async def test_the_ticker_is_as_published(market):
    """Symbol, price and time, all text; the price is that of the last trade."""
    status, _, body = await ask(market.connect(), "/v1/market/ticker?symbol=EURUSD", **API_KEY)
    assert status == 200
    assert list(body.items()) == [
        ("symbol", "EURUSD"),
        ("price", "1.08502"),
        ("ts", "2024-03-06T16:20:00.125Z"),
    ]


async def test_a_market_that_has_not_traded_shows_the_middle(open_server):
    """Rounded down to a tick, so that the published request works from the first moment."""
    async with open_server(script=Script(opening=[quote(0, 100, 105, ts=NOW)])) as server:
        _, _, body = await ask(server.connect(), "/v1/market/ticker?symbol=EURUSD", **API_KEY)
    assert body == {"symbol": "EURUSD", "price": "0.00102", "ts": "2024-03-06T16:20:00.125Z"}


async def test_the_book_says_where_it_stands(market):
    """Levels best first, after the last event whose number it gives; a stream goes on from there."""
    client = market.connect()
    _, _, body = await ask(client, "/v1/market/book?symbol=EURUSD")
    assert body == {
        "symbol": "EURUSD",
        "seq": 6,
        "ts": "2024-03-06T16:20:00.125Z",
        "bids": [["1.08500", "2.00"], ["1.08499", "0.50"]],
        "asks": [["1.08502", "0.75"], ["1.08505", "0.10"]],
    }
    market.script.play((REDUCE, 0, NOW, 3, 0, 108_499, 0, 0))
    await trio.testing.wait_all_tasks_blocked()
    _, _, body = await ask(client, "/v1/market/book?symbol=EURUSD&depth=1")
    assert (body["seq"], body["bids"], body["asks"]) == (7, [["1.08500", "2.00"]], [["1.08502", "0.75"]])
    _, _, body = await ask(client, "/v1/market/book?symbol=EURUSD&depth=1000")
    assert body["bids"] == [["1.08500", "2.00"]]


async def test_the_last_trades_come_newest_first(market):
    """Each with the number of its event; only those of the instrument."""
    market.script.play(
        trade(2, 108_501, side=1), trade(1, 7, instrument=1), trade(3, 108_500, ts=NOW + SECOND)
    )
    await trio.testing.wait_all_tasks_blocked()
    client = market.connect()
    _, _, body = await ask(client, "/v1/market/trades?symbol=EURUSD&limit=2")
    assert (body["symbol"], body["seq"]) == ("EURUSD", 9)
    assert body["trades"] == [
        {
            "id": 3,
            "price": "1.08500",
            "size": "0.25",
            "side": "buy",
            "ts": "2024-03-06T16:20:01.125Z",
            "seq": 9,
        },
        {
            "id": 2,
            "price": "1.08501",
            "size": "0.25",
            "side": "sell",
            "ts": "2024-03-06T16:20:00.125Z",
            "seq": 7,
        },
    ]
    market.script.play(trade(4, 108_502))
    await trio.testing.wait_all_tasks_blocked()
    _, _, body = await ask(client, "/v1/market/trades?symbol=EURUSD")
    assert [item["id"] for item in body["trades"]] == [4, 3, 2, 1]


async def test_markets_are_listed_with_their_units(market):
    """In the market's order, and with their status; where nobody takes orders, none is active."""
    market.script.play((STATUS, 1, NOW, int(Status.HALTED)))
    await trio.testing.wait_all_tasks_blocked()
    _, _, body = await ask(market.connect(), "/api/v1/markets")
    assert body[0] == {
        "market": "EURUSD",
        "baseAsset": "EUR",
        "quoteAsset": "USD",
        "tickSize": "0.00001",
        "minQuantity": "0.01",
        "status": "readOnly",
    }
    assert [(item["market"], item["status"]) for item in body[1:]] == [
        ("GBPUSD", "halted"),
        ("XAUUSD", "readOnly"),
    ]


async def test_market_data_is_one_row_for_each_figure(market):
    """What a spot market has: no funding and no open interest; a figure of the quote has its time."""
    status, _, body = await ask(market.connect(), "/api/v1/market-data?markets=EURUSD")
    assert status == 200
    ms = NOW // 1_000_000
    assert [list(row.items()) for row in body] == [
        [("market", "EURUSD"), ("type", figure), ("index", source), ("value", value), ("updatedAt", ms)]
        for figure, source, value in [
            ("INDEX", "FEED", "1.08501"),
            ("ASK", "RAILS", "1.08502"),
            ("BID", "RAILS", "1.08500"),
            ("24H_VOLUME", "RAILS", "0.25"),
            ("24H_COUNT", "RAILS", "1"),
        ]
    ]


async def test_market_data_of_a_perpetual_future_has_its_funding(open_server):
    """The index price in place of the middle; each figure as of the row that told it."""
    perpetual = Instrument(
        symbol="BTC-PERP",
        base="BTC",
        quote="USD",
        price_decimals=2,
        size_decimals=4,
        contract=Contract.PERPETUAL,
        underlying="BTC-USD",
    )
    script = Script(opening=[quote(0, 6_425_000, 6_425_100, ts=NOW)])
    script.listing = Listing([perpetual])
    async with open_server(script=script) as server:
        _, _, body = await ask(server.connect(), "/api/v1/market-data?markets=BTC-PERP")
        assert [row["type"] for row in body] == ["INDEX", "ASK", "BID", "24H_VOLUME", "24H_COUNT"]
        script.play(
            (MARK, 0, NOW + SECOND, 6_425_040, 6_424_900, 123_456),
            (FUNDING, 0, NOW + 2 * SECOND, -1_250, 10_000, NOW + 3600 * SECOND),
        )
        await trio.testing.wait_all_tasks_blocked()
        _, _, body = await ask(server.connect(), "/api/v1/market-data")
    ms = NOW // 1_000_000
    assert [(row["type"], row["index"], row["value"], row["updatedAt"] - ms) for row in body] == [
        ("INDEX", "FEED", "64249.00", 1000),
        ("ASK", "RAILS", "64251.00", 0),
        ("BID", "RAILS", "64250.00", 0),
        ("FUNDING", "RAILS", "-0.00001250", 2000),
        ("NEXT_FUNDING", "RAILS", "0.00010000", 2000),
        ("OPEN_INTEREST", "RAILS", "12.3456", 1000),
        ("24H_VOLUME", "RAILS", "0.0000", 2000),
        ("24H_COUNT", "RAILS", "0", 2000),
    ]


async def test_market_data_is_of_24_hours_of_market_time(market):
    """Trades leave with the time of any event, and the quote keeps the time it has."""
    later = NOW + 24 * 3600 * SECOND
    market.script.play(trade(2, 108_501, ts=NOW + 3600 * SECOND), trade(1, 7, instrument=1, ts=later))
    await trio.testing.wait_all_tasks_blocked()
    _, _, body = await ask(market.connect(), "/api/v1/market-data?markets=EURUSD")
    assert [(row["type"], row["value"], row["updatedAt"]) for row in body[2:]] == [
        ("BID", "1.08500", NOW // 1_000_000),
        ("24H_VOLUME", "0.25", later // 1_000_000),
        ("24H_COUNT", "1", later // 1_000_000),
    ]


@pytest.mark.parametrize("query", ["", "?markets=ALL"])
async def test_market_data_is_of_all_markets(market, query):
    """In the market's order; one without a quote has no prices."""
    _, _, body = await ask(market.connect(), "/api/v1/market-data" + query)
    assert [(row["market"], row["type"], row["value"]) for row in body[3:]] == [
        ("EURUSD", "24H_VOLUME", "0.25"),
        ("EURUSD", "24H_COUNT", "1"),
        ("GBPUSD", "24H_VOLUME", "0.00"),
        ("GBPUSD", "24H_COUNT", "0"),
        ("XAUUSD", "24H_VOLUME", "0.00"),
        ("XAUUSD", "24H_COUNT", "0"),
    ]


async def test_market_data_is_of_the_markets_that_are_named(market):
    """In the order of the list, each once."""
    path = "/api/v1/market-data?markets=XAUUSD,GBPUSD,XAUUSD"
    _, _, body = await ask(market.connect(), path)
    assert [row["market"] for row in body] == ["XAUUSD", "XAUUSD", "GBPUSD", "GBPUSD"]


async def test_a_market_without_events_has_no_market_data(open_server):
    """Nothing is known, and nothing is made up."""
    async with open_server(script=Script(opening=[])) as server:
        status, _, body = await ask(server.connect(), "/api/v1/market-data")
    assert (status, body) == (200, [])


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_tradyn_has_its_own_style(market, prefix):
    """``success`` and ``data``; prices are numbers with all their digits."""
    client = market.connect()
    _, _, tick = await ask(client, f"{prefix}/api/tick?symbol=EURUSD", **BEARER)
    assert json.dumps(tick) == (
        '{"success": true, "data": {"symbol": "EURUSD", "bid": 1.085, "ask": 1.08502, "time": 1709742000125}}'
    )
    _, _, symbols = await ask(client, f"{prefix}/api/symbols", **BEARER)
    assert symbols["data"][0] == {"symbol": "EURUSD", "digits": 5, "volumeStep": 0.01}
    for path in ("account", "positions", "orders"):
        status, _, body = await ask(client, f"{prefix}/api/{path}", **BEARER)
        assert (status, body) == (503, {"success": False, "error": "Not connected to trading server"})


# --- refusals --------------------------------------------------------------------------------------

TICKER = "/v1/market/ticker?symbol=EURUSD"
CODES = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found"}


@pytest.mark.parametrize(
    ("path", "headers", "status", "words"),
    [
        (TICKER, {}, 401, "X-API-Key"),
        (TICKER, {"X-API-Key": "wrong"}, 401, "Invalid API key"),
        (TICKER, {"X-API-Key": ""}, 401, "Invalid API key"),
        (TICKER, {"X-API-Key": "x" * 10_000}, 401, "Invalid API key"),
        (TICKER, BEARER, 401, "X-API-Key"),
        (f"{TICKER}&apiKey={KEY}", API_KEY, 401, "not into the URL"),
        (f"{TICKER}&key={KEY}", {}, 401, "not into the URL"),
        ("/v1/market/book?symbol=EURUSD", {"X-API-Key": "wrong"}, 401, "Invalid API key"),
        ("/v1/market/ticker", API_KEY, 400, "symbol is missing"),
        ("/v1/market/ticker?symbol=", API_KEY, 400, "symbol is missing"),
        ("/v1/market/ticker?symbol=" + "X" * 10_000, API_KEY, 400, "longer than 64"),
        ("/v1/market/ticker?symbol=XYZ", API_KEY, 404, "Unknown symbol: XYZ"),
        ("/v1/market/ticker?symbol=GBPUSD", API_KEY, 404, "has no price yet"),
        ("/v1/market/book?symbol=EURUSD&depth=0", {}, 400, "depth must be a whole number from 1 to 1000"),
        ("/v1/market/book?symbol=EURUSD&depth=1001", {}, 400, "depth"),
        ("/v1/market/book?symbol=EURUSD&depth=-1", {}, 400, "depth"),
        ("/v1/market/book?symbol=EURUSD&depth=%D9%A1", {}, 400, "depth"),
        ("/v1/market/trades?symbol=EURUSD&limit=1e3", {}, 400, "limit"),
        ("/api/v1/market-data?markets=EURUSD,XYZ", {}, 404, "Unknown symbol: XYZ"),
        ("/api/v1/market-data?markets=", {}, 400, "markets is missing"),
        ("/admin/clock", {}, 401, "X-API-Key"),
        ("/admin/clock", ADMIN, 404, "cannot be steered"),
        ("/admin/faults?name=slow", ADMIN, 404, "There is no fault 'slow'; there are none"),
    ],
)
async def test_a_refusal_says_why(market, path, headers, status, words):
    """A code for programs, a sentence for people, and no key in either."""
    got, _, body = await ask(market.connect(), path, **headers)
    assert (got, body["error"]["code"]) == (status, CODES[status])
    assert words in body["error"]["message"]
    assert KEY not in json.dumps(body)


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 401, "The header Authorization: Bearer <key> is missing"),
        ({"Authorization": f"Basic {KEY}"}, 401, "The header must read Authorization: Bearer <key>"),
        ({"Authorization": "Bearer wrong"}, 403, "Invalid API key"),
        ({"Authorization": "Bearer "}, 401, "The header must read Authorization: Bearer <key>"),
        (API_KEY, 401, "The header Authorization: Bearer <key> is missing"),
    ],
)
async def test_tradyn_refuses_in_its_own_words(market, headers, status, words):
    """401 without a key, 403 with a bad one."""
    got, answered, body = await ask(market.connect(), "/api/account", **headers)
    assert (got, body) == (status, {"success": False, "error": words})
    assert ("www-authenticate" in answered) == (status == 401)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"symbol":1}', b'{"symbol":"EURUSD","action":6,"volume":1}', b"\xff", b"[" * 5000],
)
async def test_a_bad_order_is_refused(market, body):
    """400 before anything else is said of it."""
    got, _, answer = await ask(market.connect(), "/api/trade", method="POST", body=body, **BEARER)
    assert (got, answer["success"]) == (400, False)
    assert answer["error"].startswith("The body")


async def test_a_key_does_what_its_scopes_say(open_server, monkeypatch):
    """One that may only trade reads nothing; one that may only read does not steer."""
    keys = {
        "trader": Grant(name="trader", scopes=(Scope.TRADE,)),
        "reader": Grant(name="reader", scopes=(Scope.READ,)),
        "tradyn": Grant(name="tradyn", scopes=tuple(Scope), dialects=("tradyn",)),
    }
    entries = [entry_for(key, grant) for key, grant in keys.items()]
    monkeypatch.setattr("servers.demo_entries", lambda: entries)
    async with open_server() as server:
        client = server.connect()
        for key, path, status in [
            ("trader", TICKER, 403),
            ("reader", TICKER, 200),
            ("reader", "/admin/clock", 403),
            ("tradyn", TICKER, 401),
            ("tradyn", "/admin/clock", 401),
        ]:
            assert (await ask(client, path, X_API_Key=key))[0] == status, (key, path)
        for key, status in [("trader", 403), ("reader", 200), ("tradyn", 200)]:
            assert (await ask(client, "/api/symbols", Authorization=f"bearer {key}"))[0] == status, key


async def test_an_unknown_path_shows_the_way(market):
    """Every protocol and its paths, and what is served by HTTP."""
    status, _, body = await ask(market.connect(), "/nowhere")
    assert (status, body["error"]["code"]) == (404, "not_found")
    assert body["protocols"]["tradyn"] == ["/tradyn", "/"]
    assert {"/v1/market/ticker", "/healthz", "/docs"} <= set(body["http"])


@pytest.mark.parametrize("path", ["/healthz/", "/healthz//", "/%68ealthz/..", "/v1/market/../../healthz"])
async def test_a_path_is_taken_as_it_stands(market, path):
    """No redirects, nothing resolved."""
    assert (await ask(market.connect(), path))[0] == 404


async def test_a_wrong_method_is_told_the_right_one(market):
    """405 with Allow."""
    client = market.connect()
    status, headers, body = await ask(client, "/healthz", method="DELETE")
    assert (status, body["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in headers["allow"]
    assert (await ask(client, "/healthz", method="OPTIONS"))[0] == 405


async def test_an_upgrade_to_http_is_refused(market):
    """A path of the API speaks no WebSocket, on a new connection or on one that has been used."""
    client = market.connect()
    status, _ = await client.upgrade("/healthz")
    assert status == 404
    client = market.connect()
    await ask(client, "/healthz")
    status, _ = await client.upgrade("/healthz")
    assert status == 404


# --- quotas ----------------------------------------------------------------------------------------


async def test_requests_are_counted_by_key_and_by_address(open_server):
    """The headers count down; past the limit 429, until the second is over. Health is not counted."""
    async with open_server(Settings(web=Web(requests_per_second=2))) as server:
        client = server.connect()

        async def remaining(path, **headers):
            status, answered, body = await ask(client, path, **headers)
            if status == 429:
                assert body["error"]["code"] == "rate_limit_exceeded"
                assert answered["retry-after"] == "1"
            assert answered["x-ratelimit-limit"] == "2"
            assert answered["x-ratelimit-reset"] == "1"
            return status, answered["x-ratelimit-remaining"]

        assert await remaining("/api/v1/markets") == (200, "1")
        assert await remaining(TICKER, X_API_Key="wrong") == (401, "0")
        assert await remaining("/api/v1/markets") == (429, "0")
        assert await remaining(TICKER, **API_KEY) == (200, "1")
        other = server.connect(peer="10.0.0.2")
        assert (await ask(other, "/api/v1/markets"))[0] == 200
        assert (await ask(client, "/healthz"))[0] == 200
        await trio.sleep(1)
        assert await remaining("/api/v1/markets") == (200, "1")


# --- operation -------------------------------------------------------------------------------------


async def test_the_server_is_ready_when_everything_has_a_quote(open_server):
    """503 until then; what does not trade is not waited for."""
    async with open_server(script=Script(opening=[quote(0, 100), quote(1, 100)])) as server:
        client = server.connect()
        assert (await ask(client, "/healthz"))[0] == 200
        status, _, body = await ask(client, "/readyz")
        assert (status, body["error"]) == (503, {"code": "not_ready", "message": "No quote yet: XAUUSD"})
        server.script.play((STATUS, 2, 0, int(Status.HALTED)))
        await trio.testing.wait_all_tasks_blocked()
        assert (await ask(client, "/readyz"))[0] == 200
        server.script.play((STATUS, 2, 0, int(Status.TRADING)), quote(2, 100))
        await trio.testing.wait_all_tasks_blocked()
        assert (await ask(client, "/readyz"))[::2] == (200, {"status": "ready", "seq": 5, "state": "running"})


async def test_metrics_count_what_happens(server):
    """Connections, deliveries and their bytes, events, what is owed, how they ended, how long it took."""

    async def figures():
        status, headers, text = await ask(server.connect(), "/metrics")
        assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        lines = [line.rpartition(" ") for line in text.decode().splitlines() if line[:1] != "#"]
        return {name: float(value) for name, _, value in lines}

    before = await figures()
    assert (before["feed_connections"], before["feed_events_total"], before["feed_seq"]) == (0, 3, 3)
    client = await server.subscribed("EURUSD")
    await client.message()
    server.script.play(quote(1, 200))
    server.script.play(quote(0, 200))
    tick = len(await client.text()) + 2
    gone = await server.subscribed("EURUSD")
    await gone.stream.aclose()
    await trio.sleep(1)
    after = await figures()
    assert after["feed_connections"] == 1
    assert after["feed_connections_opened_total"] == 2
    assert after['feed_connections_ended_total{why="closed by client"}'] == 1
    assert after["feed_events_total"] == 5
    assert (after["feed_deliveries_total"], after["feed_delivered_bytes_total"]) == (1, tick)
    assert after["feed_event_to_write_seconds_count"] == 1
    assert after['feed_event_to_write_seconds_bucket{le="0.0001"}'] == 1
    assert after["feed_backlog_bytes"] == 0


async def test_metrics_count_answers_by_status(server):
    """Good ones and refusals, also of what is not served; and there is what any process says of itself."""
    for path in ("/healthz", "/nowhere", "/nowhere", TICKER):
        await ask(server.connect(), path)
    _, _, text = await ask(server.connect(), "/metrics")
    for status, count in ((200, 1), (404, 2), (401, 1)):
        assert f'feed_http_responses_total{{status="{status}"}} {float(count)}\n'.encode() in text
    assert b"\nprocess_cpu_seconds_total " in text


async def test_what_slow_clients_owe_is_counted(open_server):
    """As long as they owe it."""
    async with open_server(Settings(limits=Limits(backlog_bytes=100_000))) as server:
        await server.subscribed("EURUSD", capacity=400)
        for at in range(50):
            server.script.play(quote(0, 300 + at))
            await trio.testing.wait_all_tasks_blocked()
        assert 2000 < server.context.fanout.hub.backlog() < 5000
        _, _, text = await ask(server.connect(), "/metrics")
        assert f"feed_backlog_bytes {float(server.context.fanout.hub.backlog())}".encode() in text


async def test_a_bug_is_not_shown(server, monkeypatch, capsys):
    """500 in the endpoint's style, a log line without the key, and the connection goes on."""
    monkeypatch.setattr(type(server.context.fanout.hub.market_state), "trade", lambda *_: 1 / 0)
    client = server.connect()
    status, _, body = await ask(client, TICKER, **API_KEY)
    assert (status, body) == (500, {"error": {"code": "internal", "message": "Internal error"}})
    assert (await ask(client, "/healthz"))[0] == 200
    printed = "".join(capsys.readouterr())
    assert "bug in an endpoint" in printed
    assert KEY not in printed


# --- admin -----------------------------------------------------------------------------------------


class Control:
    def __init__(self):
        self.calls = []

    def status(self):
        return SimpleNamespace(state=SimpleNamespace(value="paused"), speed=2.0, market_time=NOW, seq=7)

    def __getattr__(self, name):
        return lambda *arguments: self.calls.append((name, *arguments))

    def resume(self):
        raise MarketError("it has ended")


@pytest.fixture
async def steered(open_server):
    script = Script()
    script.control = Control()
    async with open_server(script=script) as server:
        yield server


async def test_the_clock_is_shown(steered):
    """State, speed, time and sequence number."""
    _, _, body = await ask(steered.connect(), "/admin/clock", **ADMIN)
    ts = "2024-03-06T16:20:00.125Z"
    assert body == {"state": "paused", "speed": 2.0, "time": NOW, "ts": ts, "seq": 7}


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ({"action": "pause"}, ("pause",)),
        ({"action": "step"}, ("step", 1)),
        ({"action": "step", "events": 5}, ("step", 5)),
        ({"action": "speed", "speed": 0.5}, ("set_speed", 0.5)),
        ({"action": "seek", "time": NOW}, ("seek", NOW)),
    ],
)
async def test_the_clock_is_steered(steered, body, call):
    """One command; the answer shows where the market stands."""
    data = json.dumps(body).encode()
    status, _, answer = await ask(steered.connect(), "/admin/clock", method="POST", body=data, **ADMIN)
    assert (status, answer["state"]) == (200, "paused")
    assert steered.script.control.calls == [call]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "resume"}, 409),
        ({"action": "rewind"}, 400),
        ({"action": "seek"}, 400),
        ({"action": "speed", "speed": -1}, 400),
        ({"action": "step", "events": 0}, 400),
        ({}, 400),
    ],
)
async def test_a_command_that_cannot_be_is_refused(steered, body, status):
    """400 for what is no command, 409 for what the market cannot do."""
    data = json.dumps(body).encode()
    got, _, _ = await ask(steered.connect(), "/admin/clock", method="POST", body=data, **ADMIN)
    assert (got, steered.script.control.calls) == (status, [])


async def test_the_market_is_steered_from_its_own_machine(open_server):
    """Whatever the key; a setting opens it to others."""
    for anywhere, status in ((False, 403), (True, 200)):
        script = Script()
        script.control = Control()
        async with open_server(Settings(web=Web(admin_anywhere=anywhere)), script) as server:
            client = server.connect(peer="10.0.0.1")
            assert (await ask(client, "/admin/clock", **ADMIN))[0] == status


async def test_a_simulated_market_stands_still_steps_and_seeks(open_server):
    """The real control: nothing comes while it is paused, and seeking goes as far as it is told."""
    async with open_server(script=Playout(Settings(start=NOW, instruments=2)).source) as server:

        async def clock(**command):
            data = json.dumps(command).encode()
            method = "POST" if command else "GET"
            body = data if command else b""
            return await ask(server.connect(), "/admin/clock", method=method, body=body, **ADMIN)

        await trio.sleep(5)
        _, _, running = await clock()
        assert (running["state"], running["speed"]) == ("running", 1.0)
        _, _, paused = await clock(action="pause")
        await trio.sleep(60)
        assert (await clock())[2] == paused
        status, _, refused = await clock(action="seek", time=NOW - 1)
        assert (status, refused["error"]["message"]) == (
            409,
            f"market time began at {NOW}, it cannot go back to {NOW - 1}",
        )
        _, _, stepped = await clock(action="step", events=3)
        assert stepped["seq"] >= paused["seq"] + 3
        assert (await clock())[2] == stepped
        there = NOW + 60 * SECOND
        await clock(action="seek", time=there)
        await trio.sleep(1)
        _, _, sought = await clock()
        assert (sought["state"], sought["time"]) == ("paused", there)
        await clock(action="seek", time=NOW + SECOND)
        await trio.sleep(1)
        _, _, back = await clock()
        assert (back["state"], back["time"]) == ("paused", NOW + SECOND)
        _, _, text = await ask(server.connect(), "/metrics")
        assert b"feed_simulator_lag_seconds 0.0" in text


# --- web pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "origin", "status"),
    [
        ({}, "https://evil.example", 101),
        ({"host": "0.0.0.0"}, None, 101),
        ({"host": "0.0.0.0"}, "https://evil.example", 403),
        ({"host": "0.0.0.0"}, "null", 403),
        ({"host": "0.0.0.0"}, "http://localhost", 101),
        ({"host": "0.0.0.0"}, "http://[", 403),
        ({"host": "0.0.0.0", "allow_origin": ("https://a.example",)}, "https://a.example", 101),
        ({"host": "0.0.0.0", "allow_origin": ("https://a.example",)}, "https://a.example.evil", 403),
        ({"host": "0.0.0.0", "allow_origin": ("*",)}, "https://evil.example", 101),
        ({"allow_origin": ("https://a.example",)}, "https://evil.example", 403),
    ],
)
async def test_a_web_page_connects_where_it_may(open_server, settings, origin, status):
    """From anywhere on loopback, elsewhere from the server's own pages and those on the list."""
    async with open_server(Settings(**settings)) as server:
        headers = {} if origin is None else {"Origin": origin}
        config = ListenerConfig(host=server.settings.host)
        assert (await server.connect(config=config).upgrade(**headers))[0] == status


async def test_a_web_page_reads_what_it_may(open_server):
    """The same list, in the words of CORS."""
    origin = "https://a.example"
    async with open_server(Settings(host="0.0.0.0", allow_origin=(origin,))) as server:
        client = server.connect()
        _, headers, _ = await ask(client, "/healthz", Origin=origin)
        assert headers["access-control-allow-origin"] == origin
        _, headers, _ = await ask(client, "/healthz", Origin="https://evil.example")
        assert "access-control-allow-origin" not in headers
        status, headers, _ = await ask(
            client,
            "/v1/market/ticker",
            method="OPTIONS",
            Origin=origin,
            Access_Control_Request_Method="GET",
            Access_Control_Request_Headers="X-API-Key",
        )
        assert (status, headers["access-control-allow-origin"]) == (200, origin)
