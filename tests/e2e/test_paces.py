"""Real sockets: the same bytes at every pace, and recordings of what was served and heard."""

import json
import re
import signal
from decimal import Decimal

import pytest
import websockets.sync.client

from feed.cli.main import main

pytestmark = pytest.mark.e2e

SCENARIO = """\
format = 1
name = "short"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "{}s"
[market]
count = 2
"""
SYMBOLS = ["EURUSD", "GBPUSD"]


@pytest.fixture
def short(tmp_path):
    path = tmp_path / "short.toml"
    path.write_text(SCENARIO.format(20), encoding="utf-8")
    return path


def listen(url, symbols=SYMBOLS):
    """The raw text of every tick, until the server says that there is no more."""
    with websockets.sync.client.connect(url) as socket:
        socket.send(json.dumps({"type": "auth", "apiKey": "tk_live_a1b2c3d4e5f6"}))
        socket.send(json.dumps({"type": "subscribe", "symbols": symbols}))
        texts = list(socket)[3:]
        assert socket.close_reason == "The market has ended"
    return texts


def test_the_same_bytes_at_1x_at_10x_and_in_lockstep(serve, tmp_path, short):
    """From the first tick to the last of the shorter one; the slow run ends after some seconds."""
    one = ("--wait-clients", 1, "--scenario")
    brief = tmp_path / "brief.toml"
    brief.write_text(SCENARIO.format(4), encoding="utf-8")
    _, url = serve(*one, brief, "--speed", 1)
    told = [listen(url)]
    for pace in (("--speed", 10), ("--speed", "max", "--lockstep")):
        _, url = serve(*one, short, *pace)
        told.append(listen(url))
    assert len(told[0]) > 10
    assert told[1] == told[2]
    assert told[1][: len(told[0])] == told[0]


def digest(capsys, path):
    capsys.readouterr()
    assert main(["replay", str(path), "--digest"]) == 0
    return re.search("sha256 (.*)", capsys.readouterr().out)[1]


def test_what_is_served_is_recorded(serve, feed, tmp_path, short, capsys):
    """By the server, to the digest of the scenario; by a client, to the ticks that it heard."""
    served, heard = tmp_path / "served.feed.zst", tmp_path / "heard.feed.zst"
    paced = ("--speed", "max", "--lockstep", "--wait-clients", 1)
    server, url = serve("--scenario", short, *paced, "--record", served)
    client = feed("record", url, "--symbols", ",".join(SYMBOLS), "-o", heard, "--count", 60)
    code, lines = client.rest()
    assert (code, lines[0].split(" in ")[0]) == (0, "tradyn: 60 events")
    server.process.send_signal(signal.SIGINT)
    assert server.rest()[0] == 0
    assert digest(capsys, served) == digest(capsys, short)

    _, url = serve("--scenario", short, *paced)
    ticks = [json.loads(text) for text in listen(url)[:60]]
    _, url = serve("--scenario", heard, *paced)
    again = [json.loads(text) for text in listen(url)]
    assert [(one["symbol"], one["bid"], one["ask"]) for one in again][2:] == [
        (one["symbol"], one["bid"], one["ask"]) for one in ticks[2:]
    ]


def capture(updates):
    """A capture of one book, and the best prices after its snapshot and after each update."""
    books = {"buy": {}, "sell": {}}
    for at in range(20):
        books["buy"][f"{100 - at}.00"] = books["sell"][f"{101 + at}.00"] = "1.5"
    snapshot = {
        "type": "snapshot",
        "product_id": "BTC-USD",
        "bids": list(books["buy"].items()),
        "asks": list(books["sell"].items()),
    }
    lines = ["wss://host <-> 1618677816.0", f"1618677816.5: {json.dumps(snapshot)}"]
    best = []
    for number in range(updates):
        # The spread wanders up and down; a level in the way of the other side is taken away first.
        middle = 100 + (number * 7) % 13 - 6
        changes = [["buy", price, "0"] for price in books["buy"] if Decimal(price) > middle]
        changes += [["sell", price, "0"] for price in books["sell"] if Decimal(price) <= middle]
        changes += [["buy", f"{middle}.00", f"{number + 1}"], ["sell", f"{middle + 1}.00", "2"]]
        for side, price, size in changes:
            if size == "0":
                books[side].pop(price, None)
            else:
                books[side][price] = size
        time = f"2021-04-17T16:43:{37 + number // 100}.{number % 100:02}0000Z"
        update = {"type": "l2update", "product_id": "BTC-USD", "changes": changes, "time": time}
        lines.append(f"1618677817.{number:06}: {json.dumps(update)}")
        best.append((max(map(Decimal, books["buy"])), min(map(Decimal, books["sell"]))))
    return "\n".join(lines) + "\n", best


def test_ticks_of_a_capture_are_its_best_prices(serve, tmp_path):
    """Imported and served by the tick server's protocol: as rebuilt without any of it."""
    text, best = capture(300)
    (tmp_path / "cap").write_text(text, encoding="utf-8")
    out = tmp_path / "cap.feed.zst"
    assert main(["import", "coinbase", str(tmp_path / "cap"), "-o", str(out)]) == 0
    _, url = serve("--scenario", out, "--speed", "max", "--lockstep", "--wait-clients", 1)
    ticks = [json.loads(text, parse_float=Decimal) for text in listen(url, ["BTC-USD"])]
    moved = [
        now for before, now in zip([(Decimal(100), Decimal(101)), *best], best, strict=False) if now != before
    ]
    assert [(tick["bid"], tick["ask"]) for tick in ticks] == [(100, 101), *moved]
