"""Two servers with one seed are one market."""

import json

import pytest
import websockets.sync.client
from processes import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

SYMBOLS = ["EURUSD", "XAUUSD", "BTC-USD"]
# Both markets begin with their first client: how long a server takes to start does not matter.
OPTIONS = ("--seed", 7, "--start", "2024-03-06T16:06:40Z", "--speed", 20, "--wait-clients", 1)


def record(url, count):
    """The raw text of ``count`` ticks, by symbol, without the first, which repeats the present."""
    with websockets.sync.client.connect(url) as socket:
        socket.recv()
        socket.send(json.dumps({"type": "auth", "apiKey": "tk_live_a1b2c3d4e5f6"}))
        socket.send(json.dumps({"type": "subscribe", "symbols": SYMBOLS}))
        texts = [socket.recv(PATIENCE_SECONDS) for _ in range(2 + len(SYMBOLS) + count)]
    return texts[2 + len(SYMBOLS) :]


def test_the_same_seed_gives_the_same_bytes_on_two_servers(serve):
    """Whoever joins when: where two recordings speak of one time, they are the same to the byte."""
    recordings = []
    for _ in range(2):
        _, url = serve(*OPTIONS)
        recordings += [record(url, 200), record(url, 200)]
    times = [[json.loads(text)["time"] for text in recording] for recording in recordings]
    compared = 0
    for one in range(4):
        for other in range(one + 1, 4):
            first = max(times[one][0], times[other][0])
            last = min(times[one][-1], times[other][-1])
            # A millisecond may hold several ticks; the outermost ones may be cut.
            shared = [
                [text for text, time in zip(recordings[at], times[at], strict=True) if first < time < last]
                for at in (one, other)
            ]
            assert shared[0] == shared[1]
            compared += len(shared[0])
    assert compared > 100
