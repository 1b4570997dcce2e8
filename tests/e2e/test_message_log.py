"""The log of messages on a real disk, while real clients come and go."""

import json
import urllib.request

import pytest
from websockets.sync.client import connect

from feed.settings import MessageLog
from feed.testing import FeedServer

KEY = "tk_live_a1b2c3d4e5f6"

pytestmark = pytest.mark.e2e


def test_what_real_clients_said_and_heard_is_on_disk_when_the_server_has_ended(tmp_path):
    """To the last message, and the ends of the connections; the key is nowhere."""
    with FeedServer(dialect="tradyn", message_log=MessageLog(directory=tmp_path / "log")) as server:
        with connect(server.url) as client:
            for message in ({"type": "auth", "apiKey": KEY}, {"type": "subscribe", "symbols": ["EURUSD"]}):
                client.send(json.dumps(message))
            heard = [client.recv() for _ in range(4)]
        url = f"{server.http}/v1/market/ticker?symbol=BTC-USD"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"X-API-Key": KEY})) as answer:
            ticker = answer.read().decode()
    kept = [path.read_text() for path in sorted((tmp_path / "log").iterdir())]
    lines = [json.loads(line) for text in kept for line in text.splitlines()]
    told = [line["message"] for line in lines if line.get("direction") == "out"]
    assert set(heard) <= set(told)
    assert [line["answer"] for line in lines if line.get("method") == "GET"] == [ticker]
    assert [line["event"] for line in lines if "event" in line] == ["close", "open"]
    assert KEY not in "".join(kept)
