"""From a token by curl to a trade between two accounts, with clients that nobody here wrote."""

import json
import shutil
import subprocess
import urllib.request
from itertools import chain, count
from pathlib import Path

import pytest
import websockets.sync.client
from disks import full_device
from processes import PATIENCE_SECONDS

from feed.cli.main import main

CLIENTS = Path(__file__).parent / "clients"
pytestmark = pytest.mark.e2e


@pytest.fixture
def keys(tmp_path, capsys):
    """A keys file for two accounts, and their keys and secrets."""
    path, found = tmp_path / "keys.toml", []
    for account in ("1", "2"):
        command = ["keys", "add", str(path), "--name", f"desk {account}", "--account", account, "--secret"]
        assert main([*command, "--scope", "read", "--scope", "trade", "--tier", "pro"]) == 0
        found.append(capsys.readouterr().out.split())
    return path, found


def token(url, key, secret):
    """By curl, as the document's page has it."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    headers = ["-H", f"X-Api-Key: {key}", "-H", f"X-Api-Secret: {secret}"]
    done = subprocess.run(
        [curl, "-sS", "-X", "POST", *headers, url.replace("ws:", "http:") + "/api/v1/token"],
        capture_output=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    return json.loads(done.stdout)["access_token"]


def connect(url, token, query):
    return websockets.sync.client.connect(f"{url}/?{query}", subprotocols=[f"authorization#{token}"])


def until(socket, kind):
    """Read up to the next message of a kind."""
    while (message := json.loads(socket.recv(PATIENCE_SECONDS)))["resultType"] != kind:
        pass
    return message


def inside(socket):
    """A price between best bid and best ask, from a snapshot of the book."""
    socket.send(json.dumps({"message": "emitPublicOrderBook"}))
    orders = until(socket, "publicOrderBook")["data"]["orders"]
    cents = {
        side: [round(float(order["price"]) * 100) for order in orders if order["orderType"] == side]
        for side in ("buy", "sell")
    }
    bid, ask = max(cents["buy"]), min(cents["sell"])
    assert ask - bid > 1
    return f"{(bid + ask) // 2 / 100:.2f}"


def order(side, price, quantity="0.0100"):
    content = {"orderType": side, "tradeType": "limit", "price": price, "quantity": quantity}
    return json.dumps({"message": "createOrder", "content": content})


def test_two_accounts_trade_and_everybody_sees_it(serve, keys):
    """With ``websockets``: maker, taker and the public have one match id, one price, one quantity."""
    path, ((key1, secret1), (key2, secret2)) = keys
    # Slow enough that nobody steps between the two orders.
    _, url = serve("--keys", path, "--speed", 0.01)
    everything = "market=BTC-USD&subscriptions=orders,trades,publicTrades,publicOrderBook"
    with (
        connect(url, token(url, key1, secret1), everything) as maker,
        connect(url, token(url, key2, secret2), everything) as taker,
    ):
        assert maker.subprotocol.startswith("authorization#")
        price = inside(maker)
        maker.send(order("sell", price))
        assert [until(maker, "createOrder")["data"]["statusCode"] for _ in range(2)] == [202, 200]
        taker.send(order("buy", price))
        assert [until(taker, "createOrder")["data"]["statusCode"] for _ in range(2)] == [202, 200]
        public = until(taker, "publicCompletedOrdersDelta")["data"]["orders"]
        (mine,) = until(taker, "completedOrdersDelta")["data"]
        (theirs,) = until(maker, "completedOrdersDelta")["data"]
    assert (mine["executionType"], theirs["executionType"]) == ("taker", "maker")
    assert (mine["orderType"], theirs["orderType"]) == ("buy", "sell")
    sides = [
        (side["matchId"], side["executionType"], side["price"], side["quantity"]) for side in (mine, theirs)
    ]
    assert sides == [
        (side["matchId"], side["executionType"], side["price"], side["quantity"]) for side in public
    ]
    assert mine["matchId"] == theirs["matchId"]


def test_nodes_ws_trades_too(serve, run, node, monkeypatch):
    """Token, echo of the subprotocol, an order that takes from the market, and its fill."""
    program, folder = node
    _, url = serve("--speed", 1)
    content = {"orderType": "buy", "tradeType": "market", "quantity": "0.0100"}
    monkeypatch.setenv("REQUESTS", json.dumps([json.dumps({"message": "createOrder", "content": content})]))
    query = "market=BTC-USD&subscriptions=orders,trades"
    access = token(url, "tk_live_a1b2c3d4e5f6", "demo-secret")
    client = run(program, CLIENTS / "rails.mjs", f"{url}/?{query}", access, folder)
    opened, *answers = [json.loads(client.line()) for _ in range(4)]
    assert opened == {"resultType": "open", "protocol": True}
    assert [item["resultType"] for item in answers] == ["createOrder", "createOrder", "completedOrdersDelta"]
    assert answers[-1]["data"][0]["executionType"] == "taker"


@pytest.mark.parametrize("dialect", ["rails", "guide"])
def test_verify_finds_every_connection_alike(serve, feed, dialect, tmp_path):
    """Eight of them, some slow and some late, through a burst."""
    config = tmp_path / "feed.toml"
    # A busy machine may read nothing of a burst for a while: nobody is to be cut for that here.
    config.write_text("[limits]\nbacklog_bytes = 268_435_456\n")
    _, url = serve("--config", config, "--scenario", "burst", "--speed", 4, "--at-end", "loop")
    code, lines = feed("verify", url, "--dialect", dialect, "--connections", 8, "--seconds", 4).rest(120)
    assert code == 0, lines
    assert lines[0].startswith("identical: 8 connections, ")


def test_a_journal_replays(serve, feed, tmp_path):
    """It gives the digest of what was served, which is another than without the orders."""
    journal, recording = tmp_path / "orders.jsonl", tmp_path / "run.feed.zst"
    server, url = serve("--scenario", "calm-day", "--journal", journal, "--record", recording)
    with connect(url, token(url, "tk_live_a1b2c3d4e5f6", "demo-secret"), "market=BTC-USD") as socket:
        content = {"orderType": "buy", "tradeType": "market", "quantity": "0.0100"}
        socket.send(json.dumps({"message": "createOrder", "content": content}))
        until(socket, "createOrder")
    server.process.terminate()
    server.rest()
    header, entry, end = map(json.loads, journal.read_text().splitlines())
    assert (header["scenario"]["name"], entry["do"], end["end"]) == ("calm-day", "create", True)
    code, told = feed("replay", "--journal", journal, "--digest").rest()
    assert code == 0
    assert "2 order, 1 fill" in told[0]
    _, recorded = feed("replay", recording, "--digest").rest()
    assert told[-1].split()[-1] == recorded[-1].split()[-1]
    _, without = feed("replay", "calm-day", "--until", end["events"], "--digest").rest()
    assert told[-1] != without[-1]


def test_a_device_that_is_full_takes_no_orders_and_stops_nothing(serve, keys, tmp_path):
    """Each is answered with 503, on a connection that goes on; and it is no file afterwards."""
    path, ((key, secret), _) = keys
    device = full_device(tmp_path)
    server, url = serve("--keys", path, "--journal", device, "--record", device)
    query = "market=BTC-USD&subscriptions=orders,publicOrderBook"
    with connect(url, token(url, key, secret), query) as socket:
        for _ in range(2):
            socket.send(order("buy", "50000.00"))
            assert until(socket, "createOrder")["data"]["statusCode"] == 503
            until(socket, "publicOrderBookDelta")
    health = url.replace("ws:", "http:") + "/healthz"
    with urllib.request.urlopen(health, timeout=PATIENCE_SECONDS) as answer:
        said = json.load(answer)
    assert said["status"] == "degraded"
    assert [problem.split(":")[0] for problem in said["problems"]] == ["journal", "recording"]
    server.process.terminate()
    assert server.rest()[0] == 0
    assert server.errors.count("orders are refused") == 1
    assert device.is_char_device()


def test_a_bot_loses_its_position_in_the_flash_crash(serve, keys):
    """
    And sees every step: margin call, liquidation, the forced order and its fills, nothing held, what is left.

    The market waits for a second subscriber, so that the order is there before the first event.
    """
    path, ((key, secret), _) = keys
    market = ("--scenario", "flash-crash", "--speed", "max", "--wait-clients", 2)
    _, url = serve(*market, "--deposit", 1000, "--keys", path)
    streams = "market=BTC-USD&subscriptions=orders,trades,positions,balances"
    access = token(url, key, secret)
    with connect(url, access, streams) as bot:
        content = {"orderType": "buy", "tradeType": "market", "quantity": "0.1400", "leverage": "10"}
        bot.send(json.dumps({"message": "createOrder", "content": content}))
        bot.send(json.dumps({"message": "ping"}))
        said = []  # the order has come before the ping, and may be answered before it
        while not said or said[-1]["resultType"] != "pong":
            said.append(json.loads(bot.recv(PATIENCE_SECONDS)))
        said = chain(said, (json.loads(bot.recv(PATIENCE_SECONDS)) for _ in count()))

        def following(kind):
            return next(message for message in said if message["resultType"] == kind)["data"]

        with connect(url, access, "market=BTC-USD&subscriptions=positions"):
            assert [following("createOrder")["statusCode"] for _ in range(2)] == [202, 200]
            bought = following("positionsDelta")
            assert (bought["type"], bought["quantity"]) == ("LONG", "0.1400")
            assert following("balancesDelta")["cause"] == "trade"
            called = following("balancesDelta")
            assert called["cause"] == "marginCall"
            assert float(called["equity"]) > float(called["maintenanceMargin"])
            steps = []
            while not steps or steps[-1]["resultType"] != "balancesDelta":
                steps.append(next(said))
                if steps[-1]["resultType"] == "balancesDelta" and steps[-1]["data"]["cause"] == "liquidation":
                    begun = steps.pop()["data"]
            kinds = [step["resultType"] for step in steps]
            assert float(begun["equity"]) < float(begun["maintenanceMargin"])
            forced, *fills = steps[: kinds.index("positionsDelta")]
            assert forced["data"]["body"] == "order accepted, account is liquidated"
            assert forced["data"]["order"]["reduceOnly"] is True
            assert {fill["resultType"] for fill in fills} == {"completedOrdersDelta"}
            sold = [fill["data"][0] for fill in fills]
            assert {fill["orderType"] for fill in sold} == {"sell"}
            assert sum(round(float(fill["quantity"]) * 10_000) for fill in sold) == 1400
            flat, left = (step["data"] for step in steps[-2:])
            assert (flat["type"], flat["quantity"]) == ("FLAT", "0.0000")
            assert float(flat["realizedPnl"]) < -300
            assert left["totalBalance"] == left["equity"]
            assert 0 <= float(left["equity"]) < 700
