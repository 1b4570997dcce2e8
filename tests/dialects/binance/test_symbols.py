"""Symbols of the exchange, and its decimals."""

import pytest

from feed.dialects.binance.symbols import amount_text, symbols
from feed.model.instruments import Contract, Instrument, Listing


def instrument(symbol, base, quote, venue="", **more):
    more = {"price_decimals": 2, "size_decimals": 5, **more}
    return Instrument(symbol=symbol, base=base, quote=quote, venue=venue, **more)


def test_the_venues_own_instruments_are_listed_where_there_are_any():
    """In the order of the listing; not those of other venues, and no derivatives."""
    listing = Listing(
        [
            instrument("BTC-USD", "BTC", "USD", "coinbase"),
            instrument("ETH-USDT", "ETH", "USDT", "binance"),
            instrument("BTC-USDT", "BTC", "USDT", "binance"),
            instrument("BTC-PERP", "BTC", "USDT", "binance", contract=Contract.PERPETUAL),
        ]
    )
    found = symbols(listing)
    assert [(symbol.name, symbol.index) for symbol in found] == [("ETHUSDT", 1), ("BTCUSDT", 2)]
    assert found.named("BTCUSDT") is found.at(2)
    assert found.named("btcusdt") is found.named("BTCUSD") is found.at(0) is found.at(3) is None
    assert (found.at(1).base, found.at(1).quote) == ("ETH", "USDT")


def test_a_market_without_the_venue_lists_each_pair_once():
    """So that a recording of another venue is heard too."""
    listing = Listing(
        [
            instrument("EURUSD", "EUR", "USD"),
            instrument("BTC-USD", "BTC", "USD", "coinbase"),
            instrument("BTC-USD@kraken", "BTC", "USD", "kraken"),
        ]
    )
    assert [(symbol.name, symbol.index) for symbol in symbols(listing)] == [("EURUSD", 0), ("BTCUSD", 1)]


@pytest.mark.parametrize(
    ("more", "price", "size", "value"),
    [
        ({}, "641.23000000", "0.64123000", "411.17591290"),
        ({"tick": 5, "lot": 10}, "3206.15000000", "6.41230000", "20558.79564500"),
        ({"price_decimals": 8, "size_decimals": 0}, "0.00064123", "64123.00000000", "41.11759129"),
        # More digits than the exchange has are rounded, halves up.
        ({"price_decimals": 9, "size_decimals": 9}, "0.00006412", "0.00006412", "0.00000000"),
        ({"price_decimals": 6, "size_decimals": 6}, "0.06412300", "0.06412300", "0.00411176"),
    ],
)
def test_there_are_always_eight_digits_after_the_point(more, price, size, value):
    """Of prices, quantities and amounts."""
    (symbol,) = symbols(Listing([instrument("BTC-USDT", "BTC", "USDT", "binance", **more)]))
    assert (symbol.price_text(64123), symbol.size_text(64123)) == (price, size)
    assert symbol.value_text(64123 * 64123) == value
    assert symbol.average_text(64123 * 64123 * 2, 64123 * 2) == price


def test_amounts_are_counted_in_the_smallest_unit():
    """Eight digits."""
    assert [amount_text(units) for units in (0, 1, 123456789, -5)] == [
        "0.00000000",
        "0.00000001",
        "1.23456789",
        "-0.00000005",
    ]
