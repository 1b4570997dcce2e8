"""Market.ai's REST beside its channels, on a running server."""

import json
import shutil
import subprocess
from decimal import Decimal
from itertools import groupby

import pytest
from processes import PATIENCE_SECONDS
from websockets.sync.client import connect

KEY = "mk_live_abc123..."
MINUTE = 60_000  # milliseconds

pytestmark = [pytest.mark.e2e, pytest.mark.feed(speed=40, seed=3, wait_clients=1)]


@pytest.fixture
def get(feed_server):
    """The URL of a server whose market waits for a client, and what curl gets from its REST."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    url = feed_server.http.replace("http", "ws", 1)

    def get(path, *parameters):
        target = f"{url.replace('ws', 'http', 1)}/marketai/api/v1{path}"
        options = [part for it in parameters for part in ("--data-urlencode", it)]
        header = ("--header", f"Authorization: Bearer {KEY}")
        done = subprocess.run(
            [program, "--silent", "--show-error", "--max-time", "60", "--get", target, *header, *options],
            capture_output=True,
            check=True,
            timeout=90,
        )
        answer = json.loads(done.stdout)
        assert (answer["ok"], list(answer["meta"])) == (True, ["timestamp"]), answer
        return answer["data"]

    return url, get


def kline(minute, trades):
    """The kline of one minute, computed from its trades as they were told."""
    prices = [Decimal(trade["price"]) for trade in trades]
    return {
        "exchange": trades[0]["exchange"],
        "symbol": trades[0]["symbol"],
        "interval": "1m",
        "open": f"{prices[0]}",
        "high": f"{max(prices)}",
        "low": f"{min(prices)}",
        "close": f"{prices[-1]}",
        "volume": f"{sum(Decimal(trade['quantity']) for trade in trades)}",
        "open_time": minute * MINUTE,
        "close_time": (minute + 1) * MINUTE,
        "is_closed": True,
    }


def test_every_closed_kline_is_that_of_the_trades_on_the_channel(get):
    """From the first trade of the market on, on every exchange where the pair is traded."""
    url, get = get
    trades = []
    with connect(f"{url}/?key={KEY}", close_timeout=0.5) as socket:
        socket.send(
            json.dumps({"action": "subscribe", "channels": [{"type": "trades", "symbols": ["BTC/USDT"]}]})
        )
        assert json.loads(socket.recv(PATIENCE_SECONDS))["type"] == "subscribed"
        while not trades or trades[-1]["timestamp"] < trades[0]["timestamp"] + 3 * MINUTE:
            trades.append(json.loads(socket.recv(PATIENCE_SECONDS))["data"])
        assert get("/account")["connections"] == 1
    shown = get("/klines", "symbol=BTC/USDT")
    exchanges = list(dict.fromkeys(it["exchange"] for it in shown))
    assert set(exchanges) == {trade["exchange"] for trade in trades}
    end = trades[-1]["timestamp"] // MINUTE  # not all of this minute was heard
    expected = [
        kline(minute, list(within))
        for exchange in exchanges
        for minute, within in groupby(
            (it for it in trades if it["exchange"] == exchange), key=lambda it: it["timestamp"] // MINUTE
        )
        if minute < end
    ]
    assert len(expected) >= 3 * len(exchanges)
    assert [it for it in shown if it["open_time"] < end * MINUTE] == expected


def test_every_group_answers(get):
    """With something in it, where the default market has it from the beginning."""
    url, get = get
    with connect(f"{url}/?key={KEY}", close_timeout=0.5) as socket:
        socket.send(json.dumps({"action": "subscribe", "channels": [{"type": "quotes"}]}))
        while json.loads(socket.recv(PATIENCE_SECONDS))["type"] != "update":
            pass
        assert get("/health")["status"] == "ok"
        assert [it["symbol"] for it in get("/quotes", "symbol=BTC/USDT")] == ["BTC/USDT"]
        assert {it["exchange"] for it in get("/orderbook", "symbol=ETHUSDT")} >= {"binance", "kraken"}
        assert {it["coin"] for it in get("/polymarket")} == {"BTC", "ETH", "SOL"}
        rates = get("/funding")
        assert {it["exchange"] for it in rates} == {"bybit", "okx"}
        assert {it["next_funding_time"] % (8 * 60 * MINUTE) for it in rates} == {0}
        assert get("/search", "q=xau")["instruments"] == ["XAUUSD"]
        venues = {it["exchange"] for it in get("/exchanges")}
        assert {it["buy_exchange"] for it in get("/arbitrage")} <= venues
        assert {it["exchange"] for it in get("/liquidations")} <= venues
        assert {it["data"].get("exchange", "binance") for it in get("/signals")} <= venues
