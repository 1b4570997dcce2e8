"""What a client says of a symbol that its server does not have."""

import pytest

from feed.client.known import unknown

KNOWN = ["EURUSD", "BTC-USD", "BTC-USDT", "BTC-USD@kraken", "ETH-USDT"]


@pytest.mark.parametrize(
    "message",
    [
        "Unknown symbol(s): BTC-USD@binance; did you mean BTC-USDT?",
        "Unknown symbol(s): BTC-USD@binance; did you mean BTC/USDT?",
        "Unknown channel(s): ticker_btcusd@binance; did you mean ticker_btcusdt?",
    ],
)
def test_what_the_server_suggests_comes_first(message):
    """It knows the venues of symbols that do without; other protocols spell them otherwise."""
    error = unknown(message, ["BTC-USD@binance"], KNOWN)

    assert error.known[0] == "BTC-USDT"
    assert sorted(error.known) == sorted(KNOWN)
    assert str(error).startswith(message.partition(";")[0] + "; known are BTC-USDT, ")


def test_without_a_suggestion_the_nearest_come_first():
    """Then the others, in the server's order."""
    error = unknown("Unknown market: BTC-USD@krakn", ["BTC-USD@krakn"], KNOWN)

    assert error.known[0] == "BTC-USD@kraken"
    assert set(error.known) == set(KNOWN)


def test_a_server_that_lists_nothing_is_left_its_own_words():
    """As they are."""
    message = "Unknown symbol: X; did you mean Y?"

    assert str(unknown(message, ["X"], [])) == message
