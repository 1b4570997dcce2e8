"""
The programs that the documents print, as they print them but for host and key.

``clients/`` holds them to the letter. What they need around them stands here: a page for what is a
browser's, a terminal for what is typed, an environment with the key.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest
import websockets.sync.client
from ports import free_port
from processes import PATIENCE_SECONDS

KEY = "tk_live_a1b2c3d4e5f6"
CLIENTS = Path(__file__).parent / "clients"
# No test waits long for a trade.
FAST = ("--speed", "20")

TRADE = {"type", "channel", "symbol", "price", "size", "side", "ts"}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Shows when the program that follows connects and when it is cut off, in milliseconds of one clock.
WITNESS = """
const Socket = globalThis.WebSocket;
globalThis.WebSocket = class extends Socket {
  constructor(url) {
    super(url);
    console.log({ type: "connecting", at: performance.now() });
    this.addEventListener("close", () => console.log({ type: "closed", at: performance.now() }));
  }
};
"""
# What Node lacks of a browser: a WebSocket, and a console that shows objects whole.
BROWSER_IN_NODE = """
import NodeSocket from "ws";
globalThis.WebSocket = NodeSocket;
const write = console.log;
console.log = (shown) => write(JSON.stringify(shown));
"""

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    """The key is where the documents' programs look for it."""
    monkeypatch.setenv("API_KEY", KEY)


def published(name, url):
    """A program as it was printed, with the host of the server under test."""
    text = (CLIENTS / name).read_text()
    host = "wss://exchange.com" if name == "guide.py" else "wss://api.securitypro.com"
    assert text.count(host) == 1
    return text.replace(host, url)


def http(url, path, body=None, *, key=KEY):
    """An answer of the server by HTTP, from JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    request = urllib.request.Request(url.replace("ws", "http", 1) + path, data, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def wait_for_connections(url, count):
    """Wait until so many WebSocket connections are open, within the patience of a test."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    shown = ""
    while f"\nfeed_connections {count}.0\n" not in shown:
        assert time.monotonic() < deadline, shown
        metrics = url.replace("ws", "http", 1) + "/metrics"
        with urllib.request.urlopen(metrics, timeout=PATIENCE_SECONDS) as answer:
            shown = answer.read().decode()


def trades(messages, count=3):
    """The first trades among messages; whatever comes with them is told by its type alone."""
    found = []
    for message in islice(messages, 100):
        assert message["type"] in {"subscribed", "heartbeat", "trade"}, message
        if message["type"] == "trade":
            assert set(message) == TRADE
            assert (message["channel"], message["symbol"]) == ("trades", "BTC-USD")
            assert float(message["price"]) > 0
            assert float(message["size"]) > 0
            assert message["side"] in {"buy", "sell"}
            assert ISO.fullmatch(message["ts"])
            found.append(message)
        if len(found) == count:
            return found
    raise AssertionError(f"{len(found)} trades among a hundred messages")


def lines(process):
    while True:
        yield process.line()


def are_prices(shown):
    """Whether every line is what the published clients of tickers print."""
    return all(re.fullmatch(r"price: \d+\.\d\d", line) for line in shown)


def as_module(program, folder, path):
    """A program as a module that finds the packages in ``folder``."""
    (path / "node_modules").symlink_to(folder / "node_modules")
    module = path / "program.mjs"
    module.write_text(program)
    return module


# --- SecurityPro -----------------------------------------------------------------------------------


def test_the_browser_program_prints_trades(serve, browse):
    """Section "Connect", in a page; a browser says where the page comes from."""
    _, url = serve(*FAST)
    trades(map(json.loads, browse(published("securitypro/connect.js", url), API_KEY=KEY)))


def test_the_browser_program_runs_to_the_letter(serve, browse, tmp_path):
    """With its ``wss://`` and its host, which the browser is told to find here."""
    _, url = serve(*FAST, "--tls-self-signed", "--tls-ca", tmp_path / "ca.pem")
    rule = f"--host-resolver-rules=MAP api.securitypro.com:443 {url.removeprefix('ws://')}"
    program = (CLIENTS / "securitypro/connect.js").read_text()
    trades(map(json.loads, browse(program, rule, "--ignore-certificate-errors", API_KEY=KEY)))


def test_the_typescript_program_prints_prices(serve, run, node, tmp_path):
    """Section "TypeScript": it names no type, and is a module of JavaScript as it stands."""
    _, url = serve(*FAST)
    program, folder = node
    client = run(program, as_module(published("securitypro/subscribe.ts", url), folder, tmp_path))
    assert are_prices(client.line() for _ in range(5))
    assert client.errors == ""


def test_the_synchronous_program_prints_prices(serve, run):
    """
    Section "Synchronous Example", with the import that it lacks.

    As it is printed it does not get to subscribe: it stays connected, is borne, and shows nothing.
    """
    server, url = serve(*FAST)
    program = published("securitypro/sync.py", url)
    silent = run(sys.executable, "-c", f"{program}print('over')")
    wait_for_connections(url, 1)
    client = run(sys.executable, "-c", f"import os\n{program}")
    assert are_prices(client.line() for _ in range(20))
    assert client.errors == ""
    wait_for_connections(url, 2)
    server.process.terminate()
    assert silent.rest() == (0, ["over"])


def test_the_asynchronous_program_prints_trades(serve, run):
    """Section "Asynchronous Example"."""
    _, url = serve(*FAST)
    client = run(sys.executable, "-c", published("securitypro/async.py", url))
    # It prints dictionaries as Python writes them.
    trades(json.loads(line.replace("'", '"')) for line in lines(client))
    assert client.errors == ""


def test_what_is_typed_into_wscat_is_answered_with_trades(serve, run, node, monkeypatch):
    """Section "Test Real-time Price Feed": the first line at a terminal, then its comment pasted."""
    if shutil.which("script") is None:
        pytest.skip("script, which makes a terminal, is not installed")
    _, url = serve(*FAST)
    _, folder = node
    monkeypatch.setenv("PATH", f"{folder}/node_modules/.bin:{os.environ['PATH']}")
    _, command, _, comment, *_ = published("securitypro/try.sh", url).splitlines()
    client = run("script", "-qec", command, "/dev/null", stdin=subprocess.PIPE)
    while "Connected" not in client.line():
        pass
    client.process.stdin.write(comment.removeprefix("# ").replace("<API_KEY>", KEY) + "\n")
    client.process.stdin.flush()
    frames = (re.search(r"< (\{.*\})", line) for line in lines(client))
    trades(json.loads(frame[1]) for frame in frames if frame)


def test_the_curl_command_prints_the_price(serve, run, monkeypatch):
    """The rest of that section, by a shell."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    _, url = serve(*FAST)
    monkeypatch.setenv("API_BASE", url.replace("ws", "http", 1))
    script = published("securitypro/try.sh", url)
    code, shown = run("sh", "-c", script[script.index("curl -X") :]).rest()
    assert code == 0
    ticker = json.loads("".join(shown))
    assert list(ticker) == ["symbol", "price", "ts"]
    assert ticker["symbol"] == "BTC-USD"
    assert float(ticker["price"]) > 0
    assert ISO.fullmatch(ticker["ts"])


@pytest.fixture(params=["node", "browser"])
def console(request, run, tmp_path):
    """Runs a browser's program in a browser, or in Node; gives what it shows, from JSON."""
    if request.param == "browser":
        browse = request.getfixturevalue("browse")
        return lambda program: map(json.loads, browse(program, API_KEY=KEY))
    node, folder = request.getfixturevalue("node")
    return lambda program: map(
        json.loads, lines(run(node, as_module(BROWSER_IN_NODE + program, folder, tmp_path)))
    )


def test_the_reconnecting_program_comes_back(serve, console):
    """
    Section "Reconnect & Backoff": the server dies and is started again; trades go on.

    Every delay is at least twice the last, from a second on; how much longer, a busy machine decides.
    """
    port = free_port()
    server, url = serve(*FAST, "--port", port)
    shown = console(WITNESS + published("securitypro/reconnect.js", url))
    assert next(shown)["type"] == "connecting"
    trades(shown, 1)
    server.stop()
    told = []
    while [message["type"] for message in told[-3:]] != ["closed", "connecting", "closed"]:
        told.append(next(shown))
    del told[:-3]
    serve(*FAST, "--port", port)
    while told[-1]["type"] in {"connecting", "closed"}:
        told.append(next(shown))
    assert told.pop()["type"] == "subscribed"
    trades(shown, 2)
    delays = [after["at"] - before["at"] for before, after in zip(told[::2], told[1::2], strict=True)]
    assert len(delays) > 1
    for at, delay in enumerate(delays):
        assert 1000 * 2**at <= round(delay), delays


# --- the guide -------------------------------------------------------------------------------------


@pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="the guide's program asks for a loop that Python 3.14 does not make"
)
def test_the_guides_program_prints_tickers(serve, run):
    """Its one example."""
    _, url = serve(*FAST)
    client = run(sys.executable, "-W", "ignore", "-c", published("guide.py", url))
    first, *tickers = (json.loads(client.line().replace("'", '"')) for _ in range(5))
    assert first == {"type": "subscribed", "channels": ["ticker_btcusd"]}
    for ticker in tickers:
        assert (ticker["type"], ticker["channel"]) == ("ticker", "ticker_btcusd")
        assert float(ticker["bid"]) < float(ticker["ask"])
    assert client.errors == ""


# --- one market ------------------------------------------------------------------------------------


def milliseconds(ts):
    """ISO-8601 as integer milliseconds since the Unix epoch."""
    return round(datetime.fromisoformat(ts).timestamp() * 1000)


def of_type(messages, kind):
    return [message for message in messages if message["type"] == kind]


def up_to(socket, *kinds):
    """Messages up to the last of these types, which come in this order."""
    found = []
    for kind in kinds:
        while not found or found[-1]["type"] != kind:
            found.append(json.loads(socket.recv(PATIENCE_SECONDS)))
    return found


@pytest.mark.feed(speed=5)
def test_one_trade_is_the_same_wherever_it_is_seen(feed_server):
    """
    By stream in two protocols and by request: price, size, side and time. So is the quote, in a third.

    The market stands still while they are asked; whatever a stream sends before it answers is all
    that it has seen.
    """
    url = feed_server.http.replace("http", "ws", 1)
    with (
        websockets.sync.client.connect(f"{url}/market/ws?ext=seq") as securitypro,
        websockets.sync.client.connect(f"{url}/ws") as guide,
        websockets.sync.client.connect(f"{url}/?ext=seq") as tradyn,
    ):
        tradyn.send(json.dumps({"type": "auth", "apiKey": KEY}))
        tradyn.send('{"type":"subscribe","symbol":"BTC-USD"}')
        guide.send('{"type":"subscribe","channels":["trades_btcusd","ticker_btcusd"]}')
        for channel in ("trades", "ticker"):
            request = {"op": "subscribe", "channel": channel, "symbol": "BTC-USD", "apiKey": KEY}
            securitypro.send(json.dumps(request))
        ticks = up_to(tradyn, "tick", "tick")
        told = up_to(guide, "trade", "ticker", "trade")
        heard = up_to(securitypro, "trade", "ticker", "trade", "ticker")

        clock = http(url, "/admin/clock", {"action": "pause"}, key=feed_server.admin_key)
        while (tape := http(url, "/v1/market/trades?symbol=BTC-USD&limit=1"))["seq"] < clock["seq"]:
            pass
        last = http(url, "/v1/market/ticker?symbol=BTC-USD")
        book = http(url, "/v1/market/book?symbol=BTC-USD&depth=1")
        securitypro.send('{"op":"?"}')
        guide.send('{"type":"ping"}')
        tradyn.send('{"type":"list"}')
        heard += up_to(securitypro, "error")
        told += up_to(guide, "pong")
        ticks += up_to(tradyn, "subscriptions")

    trade, fields = tape["trades"][0], ("price", "size", "side")
    for seen, ts in [
        (of_type(heard, "trade")[-1], trade["ts"]),
        (of_type(told, "trade")[-1], milliseconds(trade["ts"])),
    ]:
        assert [seen[field] for field in fields] == [trade[field] for field in fields]
        assert (seen["seq"], seen["ts"]) == (trade["seq"], ts)
    assert (last["price"], last["ts"]) == (trade["price"], trade["ts"])

    tick = of_type(ticks, "tick")[-1]
    for stream in (heard, told):
        tickers = of_type(stream, "ticker")
        assert tickers[-1]["price"] == trade["price"]
        assert [tickers[-1]["bid"], tickers[-1]["ask"]] == [book["bids"][0][0], book["asks"][0][0]]
        (seen,) = (ticker for ticker in tickers if ticker["seq"] == tick["seq"])
        ts = seen["ts"] if isinstance(seen["ts"], int) else milliseconds(seen["ts"])
        assert (float(seen["bid"]), float(seen["ask"]), ts) == (tick["bid"], tick["ask"], tick["time"])
