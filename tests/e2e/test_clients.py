"""Real sockets, and clients that nobody here wrote."""

import json
import sys
from pathlib import Path

import pytest
import websockets.sync.client
from processes import PATIENCE_SECONDS

CLIENTS = Path(__file__).parent / "clients"
AUTH = {"type": "auth", "apiKey": "tk_live_a1b2c3d4e5f6"}

pytestmark = pytest.mark.e2e


def read_on(socket, *messages):
    """Send ``messages``, then read whatever comes, to the end."""
    for message in messages:
        socket.send(message)
    while True:
        socket.recv(PATIENCE_SECONDS)


def test_the_published_client_prints_ticks(serve, run):
    """Tradyn's own Python example, unmodified but for the port."""
    _, url = serve("--speed", 20)
    program = (CLIENTS / "tradyn.py").read_text().replace("ws://127.0.0.1:8080", url)
    client = run(sys.executable, "-c", program)
    assert json.loads(client.line())["type"] == "welcome"
    assert client.line() == "Auth: Authenticated successfully"
    assert json.loads(client.line()) == {
        "type": "subscribed",
        "symbols": ["EURUSD", "GBPUSD", "XAUUSD"],
        "totalSubscriptions": 3,
    }
    ticks = {"EURUSD": 0, "GBPUSD": 0, "XAUUSD": 0}
    while min(ticks.values()) < 3:
        symbol, bid, slash, ask = client.line().split()
        ticks[symbol] += 1
        assert slash == "/"
        assert 0 < float(bid) < float(ask)
    assert client.errors == ""


def test_websockets_is_served_and_told_goodbye(serve):
    """The ``websockets`` client, its own pings and compression offer and all, up to 1001."""
    server, url = serve("--speed", 20)
    with websockets.sync.client.connect(url) as socket:
        assert json.loads(socket.recv())["type"] == "welcome"
        socket.send(json.dumps(AUTH))
        assert json.loads(socket.recv())["success"]
        socket.send(json.dumps({"type": "subscribe", "symbol": "BTC-USD"}))
        assert json.loads(socket.recv())["type"] == "subscribed"
        assert {json.loads(socket.recv())["symbol"] for _ in range(20)} == {"BTC-USD"}
        assert socket.ping().wait(PATIENCE_SECONDS)
        server.process.terminate()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            read_on(socket)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "Server is shutting down")


def test_compression_changes_no_message(serve):
    """``websockets`` with its own offer and without: the same ticks to the end."""
    options = ("--scenario", "calm-day", "--until", "20s", "--wait-clients", 2, "--speed", 20)
    _, url = serve("--deflate", *options)
    with (
        websockets.sync.client.connect(f"{url}/tradyn?ext=seq") as small,
        websockets.sync.client.connect(f"{url}/tradyn?ext=seq", compression=None) as plain,
    ):
        assert "server_no_context_takeover" in small.response.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in plain.response.headers
        for socket in (small, plain):
            socket.send(json.dumps(AUTH))
            socket.send(json.dumps({"type": "subscribe", "symbols": ["EURUSD", "BTC-USD"]}))
        told, same = list(small), list(plain)
    assert len(told) > 100
    assert told == same


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"binary", 1003), ("x" * 65 * 1024, 1009), ("x" * 900_000, 1009)],
    ids=["binary", "65 KiB", "900 kB"],
)
def test_a_close_code_reaches_a_client_over_tcp(serve, message, code):
    """However much the client has sent meanwhile: no reset swallows it."""
    _, url = serve()
    with websockets.sync.client.connect(url) as socket:
        socket.recv()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            read_on(socket, message)
    assert closed.value.rcvd.code == code


def test_nodes_ws_is_served_and_told_goodbye(serve, run, node):
    """The usual client of JavaScript, from the first tick to 1001."""
    program, folder = node
    server, url = serve("--speed", 20)
    client = run(program, CLIENTS / "ws.mjs", url, folder)
    kinds = [json.loads(client.line())["type"] for _ in range(20)]
    assert kinds == ["welcome", "auth", "subscribed"] + ["tick"] * 17
    server.process.terminate()
    code, lines = client.rest()
    assert (code, client.errors) == (0, "")
    assert json.loads(lines[-1]) == {"type": "closed", "code": 1001, "reason": "Server is shutting down"}
