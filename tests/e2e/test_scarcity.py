"""What the machine runs out of: the server goes on with what there is."""

import contextlib
import json
import resource
import signal
import socket
import sys
import time
import urllib.request

import pytest
import websockets.sync.client
from disks import full_device
from processes import PATIENCE_SECONDS

from feed.server import descriptors

pytestmark = pytest.mark.e2e


@pytest.fixture
def many_descriptors():
    """For the clients, which are all in this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors.raise_limit()
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_clients_cannot_take_the_last_descriptor(run, tmp_path, many_descriptors):
    """1,050 that say nothing, under ``ulimit -n 1024``: it serves, it journals, it says that it is alive."""
    port, journal = tmp_path / "port", tmp_path / "orders.jsonl"
    serve = [sys.executable, "-m", "feed", "serve", "--port", "0", "--port-file", str(port)]
    script = 'ulimit -n 1024; exec "$@"'
    server = run("bash", "-c", script, "bash", *serve, "--journal", str(journal))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not port.exists():
        assert time.monotonic() < deadline, server.errors
        time.sleep(0.01)
    number = int(port.read_text())
    base = f"http://127.0.0.1:{number}"

    def ask(path, **options):
        request = urllib.request.Request(base + path, **options)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)

    headers = {"X-Api-Key": "tk_live_a1b2c3d4e5f6", "X-Api-Secret": "demo-secret"}
    token = ask("/api/v1/token", method="POST", headers=headers)["access_token"]
    order = {"orderType": "buy", "tradeType": "limit", "price": "50000.00", "quantity": "0.0100"}
    url = f"ws://127.0.0.1:{number}/?market=BTC-USD&subscriptions=orders"
    with (
        websockets.sync.client.connect(url, subprotocols=[f"authorization#{token}"]) as trader,
        contextlib.ExitStack() as idle,
    ):
        for _ in range(1050):
            idle.enter_context(socket.create_connection(("127.0.0.1", number)))
        assert ask("/healthz") == {"status": "ok"}
        trader.send(json.dumps({"message": "createOrder", "content": order}))
        answers = [json.loads(trader.recv(PATIENCE_SECONDS))["data"] for _ in range(2)]
        assert [one["statusCode"] for one in answers] == [202, 200]
    assert len(journal.read_text().splitlines()) == 2
    assert "cannot accept" not in server.errors


def until(condition, process):
    """Wait until something can be seen outside."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.process.poll() is None, process.errors
        assert time.monotonic() < deadline, process.errors
        time.sleep(0.01)


def test_two_sigints_leave_a_whole_recording(serve, feed, tmp_path):
    """Of the server and of a client: what is in the file is complete, and is said to be."""
    served, heard = tmp_path / "served.feed.zst", tmp_path / "heard.feed.zst"
    server, url = serve("--record", served, "--speed", 5)
    client = feed("record", url, "-o", heard)
    ticks = heard.with_name("heard.feed.zst.ticks")
    until(lambda: ticks.exists() and ticks.stat().st_size > 5_000, client)
    for process in (client, server):
        for _ in range(2):
            process.process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        process.rest()  # the second one may well come when all is done, and end what is left of it
        assert "Traceback" not in process.errors
    assert not ticks.exists()
    for path in (served, heard):
        code, lines = feed("replay", path, "--digest").rest()
        assert (code, len(lines)) == (0, 2)


def test_a_recording_is_never_begun_in_another(serve, feed, tmp_path):
    """A server that is started once more must be given another name; what it wrote is still there."""
    path = tmp_path / "run.feed.zst"
    server, _ = serve("--record", path)
    server.process.terminate()
    server.rest()
    before = path.read_bytes()
    again = feed("serve", "--port", "0", "--record", path)
    assert again.rest()[0] == 2
    assert again.errors == f"feed: {path}: holds something already; choose another name\n"
    assert path.read_bytes() == before


def test_a_log_that_takes_nothing_stops_nothing(run, tmp_path):
    """Nor does an output that nobody can read: it serves, refuses what it cannot journal, and ends with 0."""
    port, device = tmp_path / "port", full_device(tmp_path)
    serve = [sys.executable, "-m", "feed", "serve", "--port", "0", "--port-file", str(port)]
    script = 'full=$1; shift; exec "$@" >"$full" 2>"$full"'
    server = run("bash", "-c", script, "bash", device, *serve, "--journal", device, "--record", device)
    until(port.exists, server)
    health = f"http://127.0.0.1:{int(port.read_text())}/healthz"
    with urllib.request.urlopen(health, timeout=PATIENCE_SECONDS) as answer:
        assert len(json.load(answer)["problems"]) == 2
    server.process.terminate()
    assert server.rest()[0] == 0
