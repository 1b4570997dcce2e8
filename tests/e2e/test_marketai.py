"""Market.ai's document: its programs to the letter, its channels, its tiers, over real sockets."""

import contextlib
import json
import re
import socket
import struct
import sys
from pathlib import Path

import pytest
from processes import PATIENCE_SECONDS
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

KEY = "mk_live_abc123..."  # as the document prints it; of tier basic
MAX_KEY = "tk_live_a1b2c3d4e5f6"
CLIENTS = Path(__file__).parent / "clients" / "marketai"
CHANNELS = (
    "quotes",
    "book",
    "trades",
    "signals",
    "liquidations",
    "funding",
    "klines",
    "narratives",
    "polymarket",
)
# Minutes of market time within seconds; the same market every time, with a liquidation in its first minute.
FAST = ("--speed", "60", "--seed", "2", "--start", "2024-03-06T14:00:00Z")
fast = pytest.mark.feed(speed=60, seed=2, start=1_709_733_600 * 10**9)
BROWSER_IN_NODE = 'import NodeSocket from "ws";\nglobalThis.WebSocket = NodeSocket;\n'

pytestmark = pytest.mark.e2e


def published(name, url):
    """A program as it was printed, with the host of the server under test."""
    text = (CLIENTS / name).read_text()
    assert text.count("wss://ws.market-ai.dev") == 1
    return text.replace("wss://ws.market-ai.dev", url)


@contextlib.contextmanager
def listen(url, *channels, key=KEY):
    """A connection that has subscribed; its confirmations have been read."""
    with connect(f"{url}/?key={key}", open_timeout=PATIENCE_SECONDS) as client:
        client.send(json.dumps({"action": "subscribe", "channels": list(channels)}))
        for _ in channels:
            assert json.loads(client.recv(timeout=PATIENCE_SECONDS))["type"] == "subscribed"
        yield client


def updates(client):
    while True:
        message = json.loads(client.recv(timeout=PATIENCE_SECONDS))
        assert message["type"] == "update"
        yield message


@pytest.fixture
def url(feed_server):
    """Where the document's own address leads to."""
    return feed_server.http.replace("http", "ws", 1)


@pytest.fixture(params=["node", "browser"])
def console(request, run, tmp_path):
    """Runs a browser's program in a browser, or in Node; gives what it shows."""
    if request.param == "browser":
        return request.getfixturevalue("browse")
    node, folder = request.getfixturevalue("node")

    def lines(program):
        (tmp_path / "node_modules").symlink_to(folder / "node_modules")
        module = tmp_path / "program.mjs"
        module.write_text(BROWSER_IN_NODE + program)
        process = run(node, module)
        while True:
            yield process.line()

    return lines


def test_the_javascript_program_prints_every_channel_it_names(serve, console):
    """Section "JavaScript/TypeScript", with the key that it prints."""
    _, url = serve(*FAST)
    shown = iter(console(published("client.js", url)))
    head = [next(shown) for _ in range(2)]
    assert ["Subscribed to quotes: BTC/USDT,ETH/USDT" in head[0], "Subscribed to signals: *" in head[1]] == [
        True,
        True,
    ]
    seen = {}
    while set(seen) != {"quotes", "signals"}:
        line = re.search(r"\[(\w+)\] (\{.*\})", next(shown))
        # The browser quotes what it shows.
        with contextlib.suppress(json.JSONDecodeError):
            seen[line[1]] = json.loads(line[2].replace('\\"', '"'))
    assert seen["quotes"]["symbol"] in {"BTC/USDT", "ETH/USDT"}
    assert seen["signals"]["id"].startswith("sig_")


def test_the_python_program_prints_every_channel_it_names(serve, run):
    """Section "Python", with the key that it prints."""
    _, url = serve(*FAST)
    client = run(sys.executable, "-u", "-c", published("client.py", url))
    seen = {}
    text = ""
    while set(seen) != {"quotes", "signals"}:
        text += client.line() + "\n"
        if text.endswith("\n}\n"):
            name, data = re.fullmatch(r"\[(\w+)\] (\{.*\})\n", text, re.DOTALL).groups()
            seen[name] = json.loads(data)
            text = ""
    assert {row["exchange"] for row in seen["quotes"]["exchanges"]} == {"binance", "coinbase", "kraken"}
    assert client.errors == ""


@fast
def test_a_longer_client_sees_all_nine(url):
    """Each with the fields of the document, in its order and of its types."""
    with listen(url, *({"type": channel} for channel in CHANNELS)) as client:
        seen = {}
        for message in updates(client):
            assert list(message) == ["type", "channel", "ts", "data"]
            seen.setdefault(message["channel"], message["data"])
            if len(seen) == len(CHANNELS):
                break
    kinds = {name: {key: type(value).__name__ for key, value in data.items()} for name, data in seen.items()}
    price = dict.fromkeys(("open", "high", "low", "close", "volume"), "str")
    assert kinds == {
        "quotes": {
            "symbol": "str",
            "global_mid": "str",
            "global_vwap": "str",
            "max_arb_bps": "float",
            "consensus_trend": "str",
            "exchanges": "list",
        },
        "book": {
            "symbol": "str",
            "exchange": "str",
            "best_bid": "str",
            "best_ask": "str",
            "mid_price": "str",
            "spread_bps": "float",
            "obi_5": "float",
            "obi_10": "float",
            "bid_depth_1pct": "str",
            "ask_depth_1pct": "str",
            "bid_walls": "list",
            "ask_walls": "list",
        },
        "trades": {
            "exchange": "str",
            "symbol": "str",
            "price": "str",
            "quantity": "str",
            "side": "str",
            "timestamp": "int",
            "trade_id": "str",
            "is_liquidation": "bool",
        },
        "signals": {
            "id": "str",
            "signal_type": "str",
            "symbol": "str",
            "severity": "str",
            "data": "dict",
            "timestamp": "int",
            "narrative": "str",
        },
        "liquidations": {
            "exchange": "str",
            "symbol": "str",
            "side": "str",
            "price": "str",
            "quantity": "str",
            "timestamp": "int",
            "notional_usd": "str",
        },
        "funding": {
            "exchange": "str",
            "symbol": "str",
            "rate": "float",
            "next_funding_time": "int",
            "predicted_rate": "float",
        },
        "klines": {
            "exchange": "str",
            "symbol": "str",
            "interval": "str",
            **price,
            "open_time": "int",
            "close_time": "int",
            "is_closed": "bool",
        },
        "narratives": {"symbol": "str", "narrative": "str", "source": "str"},
        "polymarket": {
            "coin": "str",
            "timeframe": "str",
            "upPrice": "str",
            "downPrice": "str",
            "volume": "str",
            "liquidity": "str",
            "timeRemainingSeconds": "int",
            "active": "bool",
        },
    }


@fast
def test_every_closed_kline_is_the_trades_of_its_minute(url):
    """Of every exchange of a pair, futures among them."""
    both = [{"type": name, "symbols": ["BTC/USDT"]} for name in ("trades", "klines")]
    with listen(url, *both) as client:
        trades, compared, begun = {}, 0, None
        for message in updates(client):
            data = message["data"]
            if message["channel"] == "trades":
                begun = begun or message["ts"]
                minute = data["timestamp"] - data["timestamp"] % 60_000
                trades.setdefault((data["exchange"], minute), []).append(data)
            elif data["is_closed"] and begun and data["open_time"] > begun:
                mine = trades[data["exchange"], data["open_time"]]
                prices = [float(trade["price"]) for trade in mine]
                found = [float(data[name]) for name in ("open", "high", "low", "close")]
                assert found == [prices[0], max(prices), min(prices), prices[-1]]
                volume = sum(float(trade["quantity"]) for trade in mine)
                assert float(data["volume"]) == pytest.approx(volume, abs=1e-9)
                assert data["close_time"] == data["open_time"] + 60_000
                compared += 1
            if compared == 12:
                break


@fast
def test_a_liquidation_is_a_trade_too(url):
    """The same price, size, side and time in both channels."""
    with listen(url, {"type": "trades"}, {"type": "liquidations"}) as client:
        # Of one event the channels speak in the order of their names.
        heard = updates(client)
        liquidation = next(it["data"] for it in heard if it["channel"] == "liquidations")
        trade = next(it["data"] for it in heard if it["data"].get("is_liquidation"))
    for name in ("exchange", "symbol", "price", "quantity", "side", "timestamp"):
        assert trade[name] == liquidation[name]
    notional = float(trade["price"]) * float(trade["quantity"])
    assert float(liquidation["notional_usd"]) == pytest.approx(notional, abs=0.005)


def refusal(url, key):
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{url}/?key={key}", open_timeout=PATIENCE_SECONDS)
    return refused.value.response.status_code, json.loads(refused.value.response.body)


@pytest.mark.parametrize(("key", "most"), [(KEY, 5), (MAX_KEY, 50)])
def test_one_connection_more_than_the_tier_has(url, key, most):
    """Refused with the document's body; a seat is free the moment a connection ends, however it does."""
    full = {
        "ok": False,
        "error": {
            "code": "CONNECTION_LIMIT",
            "message": f"Connection limit ({most}) reached for your tier.",
        },
    }
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(f"{url}/?key={key}")) for _ in range(most)]
        assert refusal(url, key) == (429, full)

        clients[0].close()
        stack.enter_context(connect(f"{url}/?key={key}"))
        assert refusal(url, key) == (429, full)

        # Gone without a word: what a crash or a reset looks like.
        reset = struct.pack("ii", 1, 0)
        clients[1].socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        clients[1].socket.close()
        with connect(f"{url}/marketai") as late:
            late.send(json.dumps({"action": "auth", "key": key}))
            assert json.loads(late.recv(timeout=PATIENCE_SECONDS))["type"] == "authenticated"


def test_what_a_browser_is_told_when_it_is_refused(url):
    """By a message, for it cannot read the answer to a handshake."""
    with connect(f"{url}/?key=mk_live_nobody&errors=frame") as client:
        assert json.loads(client.recv(timeout=PATIENCE_SECONDS)) == {
            "ok": False,
            "error": {"code": "unauthorized", "message": "Invalid API key"},
        }
    assert refusal(url, "mk_live_nobody")[0] == 401
