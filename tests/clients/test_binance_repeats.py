"""Binance Spot twice: two processes, equal seeds and starts, and every byte of what they say."""

import pytest
import websockets.exceptions
import websockets.sync.client

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]

PATIENCE_SECONDS = 60
START = ("--seed", 7, "--start", "2024-03-06T16:20:00Z", "--wait-clients", 1)
STREAMS = (
    "btcusdt@depth@100ms",
    "btcusdt@trade",
    "btcusdt@aggTrade",
    "btcusdt@bookTicker",
    "btcusdt@depth5",
    "ethusdt@depth",
    "ethusdt@kline_1s",
    "ethusdt@kline_1m",
    "ethusdt@avgPrice",
    "solusdt@ticker",
    "!miniTicker@arr",
)


def recorded(url):
    """Every message from the market's beginning to its end."""
    path = f"{url}/binance/stream?streams={'/'.join(STREAMS)}"
    texts = []
    with websockets.sync.client.connect(path, max_size=None) as socket:
        try:
            while True:
                texts.append(socket.recv(PATIENCE_SECONDS))
        except websockets.exceptions.ConnectionClosed:
            return texts


def test_streams_of_two_processes_are_the_same_bytes(serve):
    """From the first message to the last, at whatever speed each of them ran."""
    first, second = (
        recorded(serve(*START, "--until", "20s", "--speed", speed, "--lockstep")[1]) for speed in (5, 20)
    )
    assert first == second
    for name in STREAMS:
        assert any(f'{{"stream":"{name}"' in text for text in first), name
