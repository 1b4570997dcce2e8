"""Servers of one market as processes: a client of one, and what it hears."""

import json
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import websockets.sync.client
from processes import PATIENCE_SECONDS

from feed.settings import DEMO_KEY

SMALL = ("--instruments", 5, "--speed", 5)
ALERTS = "/guide/api/v1/alerts"
ALERT = {"symbol": "BTC-USD", "condition": "price_above", "threshold": "1000000"}
CHANNELS = ["ticker_btcusd", "trades_btcusd", "book_btcusd", "trades_eurusd"]


@contextmanager
def listen(url, since=None):
    """A client that has subscribed, from after a position if one is given."""
    with websockets.sync.client.connect(f"{url}/ws?ext=seq", close_timeout=0.2) as socket:
        socket.send(json.dumps({"type": "auth", "key": DEMO_KEY}))
        more = {} if since is None else {"since": since}
        socket.send(json.dumps({"type": "subscribe", "channels": CHANNELS, **more}))
        while json.loads(socket.recv(PATIENCE_SECONDS))["type"] != "subscribed":
            pass
        yield socket


def hear(socket, count, last=0):
    """So many messages that have a number, as text, and more up to a number."""
    found = []
    while len(found) < count or (last and (not found or seq(found[-1]) < last)):
        text = socket.recv(PATIENCE_SECONDS)
        if "seq" in json.loads(text):
            found.append(text)
    return found


def begin(told):
    """Where a subscription begins, and what was told after that."""
    at = max(at for at, text in enumerate(told) if '"action":"snapshot"' in text)
    return position(told[at]), told[at + 1 :]


def position(text):
    return json.loads(text)["pos"]


def seq(text):
    return json.loads(text)["seq"]


def get(url, path, body=None):
    """An answer by HTTP, to a body if there is one: status and text."""
    data = None if body is None else json.dumps(body).encode()
    wanted = urllib.request.Request(
        f"{url.replace('ws:', 'http:')}{path}", data, {"X-API-Key": DEMO_KEY} if path == ALERTS else {}
    )
    try:
        with urllib.request.urlopen(wanted) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read().decode()


def figure(url, name):
    """A figure of /metrics; -1 where it is not there."""
    for line in get(url, "/metrics")[1].splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[-1])
    return -1


def until(look):
    """Wait until something is so, and give it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found
