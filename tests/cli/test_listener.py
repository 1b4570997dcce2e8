"""What ``feed record`` keeps of a server: messages in their order, on a virtual clock."""

import json
import re

import pytest
import virtual
from sockets import HANG, ScriptedServer

from feed.cli.listener import LinePrinter, MessageListener, RawCapture
from feed.cli.live import EndOfFeed
from feed.client.socket import HandshakeRefused, SocketClosed
from feed.errors import ConfigError

URL = "ws://127.0.0.1:8080/guide"
SUBSCRIBED = '{"type":"subscribed","pos":"5-00000005"}'
GARBAGE = "\x00 no message"


def trade(number):
    fields = {"type": "trade", "symbol": "BTC-USD", "price": "1.5", "size": "2", "side": "buy", "ts": 1}
    return json.dumps({**fields, "id": str(number), "seq": number, "pos": f"{number}-{number:08x}"})


def book(seq, bids, action="delta", **more):
    rows = {"bids": bids, "asks": [], "action": action, "part": 1, "parts": 1}
    return json.dumps({"type": "book", "symbol": "BTC-USD", "ts": 1, "seq": seq, **rows, **more})


def listen(server, form, count, **options):
    """What is kept, and what is said; times are replaced by a T."""
    kept, told = [], []
    options = {"symbols": ["BTC-USD"], "channels": ["trades", "book"], "dialect": "guide"} | options
    form = form(lambda text, data: kept.append((text, data)))
    listener = MessageListener(form, told.append, EndOfFeed(URL), count)
    virtual.run(lambda: listener.run(**options, open_socket=server.open, random=lambda: 0.0, fetch=nobody))
    return [(re.sub(r"\b\d{10}\.\d{9}\b", "T", text), data) for text, data in kept], told


async def nobody(url):
    del url


def capture(keep):
    return RawCapture(keep, {"dialect": "guide"})


def test_a_raw_capture_has_all_that_came():
    """And where a connection begins with the present; what is missing is said."""
    snapshot, wrong = book(6, [["1", "2"]], "snapshot"), book(7, [["2", "1"]], checksum=1)
    server = ScriptedServer(
        [SUBSCRIBED, snapshot, GARBAGE, wrong, trade(8), SocketClosed(1012, "restarting")],
        [SUBSCRIBED, trade(8), '{"type":\n"trade"', trade(9), HANG],
    )
    kept, told = listen(server, capture, 3)
    assert kept[:2] == [('configuration: {"dialect":"guide"}', False), (f"{URL} <-> T", False)]
    assert [text.removeprefix("T: ") for text, _ in kept[2:6]] == [SUBSCRIBED, snapshot, wrong, trade(8)]
    assert kept[-1] == (f"T: {trade(9)}", True)
    assert told[:3] == [
        "not understood, and left out: not JSON: \x00 no message",
        "the book of BTC-USD waits for a new snapshot: checksum",
        "disconnected (restarting); trying again in 1.0 s",
    ]


def test_lines_have_what_is_new():
    """Answers, and every message of the market once; a message that makes no sense is said, not kept."""
    server = ScriptedServer(
        [SUBSCRIBED, trade(6), trade(6), GARBAGE, '{"type":"error","message":"No"}', trade(7), HANG]
    )
    kept, told = listen(server, LinePrinter, 2, channels=["trades"])
    error = '{"type":"error","message":"No"}'
    assert kept == [(SUBSCRIBED, False), (trade(6), True), (error, False), (trade(7), True)]
    assert told == ["not understood, and left out: not JSON: \x00 no message", error]


def test_a_server_that_refuses_our_options_is_asked_without():
    """It is there; one that is not is the operator's mistake."""
    server = ScriptedServer(HandshakeRefused(400, "HTTP 400 Bad Request"), [SUBSCRIBED, trade(6), HANG])
    kept, told = listen(server, capture, 1)
    assert kept[-1] == (f"T: {trade(6)}", True)
    assert told == ["disconnected (HTTP 400 Bad Request); trying again in 0.0 s"]
    assert server.urls == [f"{URL}?ext=seq", URL]
    with pytest.raises(ConfigError, match="cannot connect"):
        listen(ScriptedServer(HandshakeRefused(503, "HTTP 503 Service Unavailable")), capture, 1)
