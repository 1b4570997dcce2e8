"""Faults that are set at run time on a server of its own process, as published clients meet them."""

import json
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import anyio
import pytest

from feed.client import Connected, Disconnected, Gap, Garbled, Quote, connect

KEY = "tk_live_a1b2c3d4e5f6"
CLIENTS = Path(__file__).parent / "clients"
LATENCY_SECONDS = 2
POLL_SECONDS = 0.05  # what a client may ask for in a second is bounded
PATIENCE_SECONDS = 60
# Nobody's fault: what a browser has and Node lacks, and a console that shows an object on one line.
BROWSER_IN_NODE = """
import NodeSocket from "ws";
globalThis.WebSocket = NodeSocket;
const write = console.log;
console.log = (shown) => write(JSON.stringify(shown));
"""

pytestmark = pytest.mark.e2e


class Operator:
    """Who steers a server of its own process, by HTTP."""

    def __init__(self, url, admin_key):
        self.base = url.replace("ws", "http", 1)
        self.key = admin_key

    def ask(self, method, path, body=None, *, key=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": key or self.key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)

    def add(self, name, kind, **fields):
        """The fault as it was when it had begun."""
        return self.ask("POST", "/admin/faults", {"name": name, "kind": kind, **fields})

    def remove(self, name):
        """What became of it."""
        return self.ask("DELETE", f"/admin/faults?name={urllib.parse.quote(name)}")

    def trades(self, symbol):
        """The last trades, newest first."""
        return self.ask("GET", f"/v1/market/trades?symbol={symbol}&limit=1000", key=KEY)["trades"]


@pytest.fixture
def served(serve, tmp_path):
    """A server, where it is, and who steers it."""
    key = tmp_path / "admin.key"
    server, url = serve("--speed", 5, "--admin-key", key)
    return server, url, Operator(url, key.read_text().strip())


def test_a_published_program_meets_a_gap_latency_and_a_reset(served, run, node, tmp_path, monkeypatch):
    """
    SecurityPro's reconnecting program: what it prints has a hole, then is late, and goes on after a reset.

    It is told sequence numbers, so that the hole can be seen; trades by REST show what it has not heard.
    """
    _, url, operator = served
    program, folder = node
    monkeypatch.setenv("API_KEY", KEY)
    text = (CLIENTS / "securitypro/reconnect.js").read_text()
    text = text.replace("wss://api.securitypro.com/market/ws", f"{url}/market/ws?ext=seq")
    (tmp_path / "node_modules").symlink_to(folder / "node_modules")
    (tmp_path / "program.mjs").write_text(BROWSER_IN_NODE + text)
    client = run(program, tmp_path / "program.mjs")

    def trade():
        """The next that it prints."""
        while (message := json.loads(client.line()))["type"] != "trade":
            assert message["type"] in {"subscribed", "heartbeat"}, message
        return message

    trade()
    began = operator.add("hole", "gap", aim={"dialect": "securitypro"})
    assert began["connections"] == 1
    missed = []
    while len(missed) < 3:
        time.sleep(POLL_SECONDS)
        missed = [one["seq"] for one in operator.trades("BTC-USD") if one["seq"] > began["seq"]]
    operator.remove("hole")
    printed = trade()
    while printed["seq"] <= began["seq"]:  # it was told before
        printed = trade()
    assert printed["seq"] > max(missed)

    before = time.monotonic()
    late = operator.add("late", "latency", latency_ms=LATENCY_SECONDS * 1000)
    assert late["connections"] == 1
    while (printed := trade())["seq"] <= late["seq"]:
        pass
    assert time.monotonic() - before >= LATENCY_SECONDS
    operator.remove("late")

    assert operator.add("cut", "reset")["connections"] == 1
    while json.loads(client.line())["type"] != "subscribed":
        pass
    trade()
    assert client.process.poll() is None
    with urllib.request.urlopen(f"{operator.base}/metrics", timeout=PATIENCE_SECONDS) as answer:
        figures = answer.read().decode()
    assert 'feed_run_time_fault_connections_total{kind="reset",name="cut"} 1.0' in figures


def test_garbage_ends_a_published_program_that_expects_none(served, run):
    """Tradyn's own example parses whatever comes; ours tells what it passed over, and goes on."""
    _, url, operator = served
    text = (CLIENTS / "tradyn.py").read_text().replace("ws://127.0.0.1:8080", url)
    client = run(sys.executable, "-c", text)
    while "/" not in client.line():
        pass
    assert operator.add("noise", "garbage", aim={"dialect": "tradyn"})["connections"] == 1
    code, _ = client.rest()
    assert code == 1
    assert "JSONDecodeError" in client.errors


async def meets(client, kind, do, *arguments):
    """What the client tells of the first ``kind`` while, or after, somebody does something elsewhere."""
    async with anyio.create_task_group() as tasks:
        if do is not None:
            tasks.start_soon(anyio.to_thread.run_sync, do, *arguments)
        async for item in client:  # which is never kept from reading
            if isinstance(item, kind):
                return item
    raise AssertionError


@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_the_client_notices_what_goes_wrong(served, feed, backend, tmp_path):
    """A gap by its own check, set from the command line; garbage; a reset that it resumes after."""
    _, url, operator = served
    where = ("--url", url, "--admin-key", tmp_path / "admin.key")

    def command(*arguments):
        code, lines = feed("faults", *arguments, *where).rest()
        assert code == 0
        return lines[1].split()

    async def main():
        with anyio.fail_after(2 * PATIENCE_SECONDS):
            async with connect(url, symbols=["EURUSD"], dialect="tradyn") as client:
                await meets(client, Quote, None)
                gap = await meets(client, Gap, command, "add", "hole", "gap", "messages=3")
                assert gap.symbol == "EURUSD"
                await meets(client, Garbled, operator.add, "noise", "garbage")
                await meets(client, Disconnected, operator.add, "cut", "reset")
                assert (await meets(client, Connected, None)).resumed_after > 0
                await meets(client, Quote, None)

    anyio.run(main, backend=backend)
    assert command("remove", "hole")[:2] == ["hole", "gap"]
