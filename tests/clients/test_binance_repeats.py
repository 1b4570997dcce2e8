"""Binance Spot twice: two processes, equal seeds and starts, and every byte of what they say."""

import pytest
import websockets.exceptions
import websockets.sync.client

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]

PATIENCE_SECONDS = 60
START = ("--seed", 7, "--start", "2024-03-06T16:20:00Z")
# So slow that nothing has happened before it is paused.
STANDING = ("--speed", 0.000001)
START_MS = 1_709_742_000_000
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
        recorded(serve(*START, "--wait-clients", 1, "--until", "20s", "--speed", speed, "--lockstep")[1])
        for speed in (5, 20)
    )
    assert first == second
    for name in STREAMS:
        assert any(f'{{"stream":"{name}"' in text for text in first), name


@pytest.mark.client("ccxt", "market data", "orders")
def test_a_session_of_ccxt_is_answered_the_same_again(operated, settings_of, program, keys):
    """In steps, with timestamps that stand still: every body of the two is equal."""
    sessions = []
    for _ in range(2):
        operator = operated(*START, *STANDING)
        operator.clock("pause")
        sessions.append(
            program(
                "ccxt",
                "ccxt_session",
                settings=settings_of("ccxt", "binance", operator.url),
                keys=keys,
                milliseconds=START_MS,
                admin={"url": operator.http, "key": operator.key},
            )
        )
    assert len(sessions[0]) > 50
    for first, second in zip(*sessions, strict=True):
        assert first == second
