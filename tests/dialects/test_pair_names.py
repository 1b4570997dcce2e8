"""Names of pairs as people write them."""

import pytest

from feed.dialects.pair_names import QUOTES, assets_of


@pytest.mark.parametrize(
    ("name", "assets"),
    [
        ("BTC-USD", ["BTC", "USD"]),
        ("btc/usd", ["BTC", "USD"]),
        ("BTC_USD@somewhere", ["BTC", "USD"]),
        ("ethusdc", ["ETH", "USDC"]),
        ("ETHBTC", ["ETH", "BTC"]),
        ("A-B-C", ["A", "B-C"]),
        ("USD", ["USD"]),
        ("ABC", ["ABC"]),
        ("", [""]),
    ],
)
def test_base_and_quote_are_found(name, assets):
    """By the sign between them, or by a quote that is known; else the name is left whole."""
    assert assets_of(name) == assets


def test_more_quotes_can_be_known():
    """An exchange may have its own name of an asset."""
    assert assets_of("ETHXBT") == ["ETHXBT"]
    assert assets_of("ETHXBT", (*QUOTES, "XBT")) == ["ETH", "XBT"]
