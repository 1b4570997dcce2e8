"""Names of assets and pairs."""

import attrs
import pytest
from kraken_market import LISTING, pair

from feed.dialects.kraken.names import Asset, pairs
from feed.model.instruments import Instrument, Listing


@pytest.mark.parametrize(
    ("symbol", "altname", "name"),
    [
        ("BTC", "XBT", "XXBT"),
        ("DOGE", "XDG", "XXDG"),
        ("ETH", "ETH", "XETH"),
        ("USD", "USD", "ZUSD"),
        ("SOL", "SOL", "SOL"),
        ("USDT", "USDT", "USDT"),
    ],
)
def test_names_of_an_asset(symbol, altname, name):
    """The old ones have a letter for their class in front."""
    asset = Asset(symbol)
    assert (asset.altname, asset.name) == (altname, name)


@pytest.mark.parametrize(
    ("base", "quote", "names"),
    [
        ("BTC", "USD", ("XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD")),
        ("ETH", "BTC", ("XETHXXBT", "ETHXBT", "ETH/XBT", "ETH/BTC")),
        ("DOGE", "USD", ("XDGUSD", "XDGUSD", "XDG/USD", "DOGE/USD")),
        ("SOL", "USD", ("SOLUSD", "SOLUSD", "SOL/USD", "SOL/USD")),
        ("BTC", "USDT", ("XBTUSDT", "XBTUSDT", "XBT/USDT", "BTC/USDT")),
        ("EUR", "USD", ("ZEURZUSD", "EURUSD", "EUR/USD", "EUR/USD")),
    ],
)
def test_names_of_a_pair(base, quote, names):
    """With classes only where both assets have one."""
    listing = Listing(
        [Instrument(symbol="X", base=base, quote=quote, price_decimals=2, size_decimals=8, venue="kraken")]
    )
    [found] = pairs(listing)
    assert (found.name, found.altname, found.wsname, found.symbol) == names
    spelled = {*names, names[3].replace("/", "")}
    assert all(pairs(listing).named(name) is found for name in spelled)
    assert pairs(listing).of_symbol(names[3]) is found
    assert pairs(listing).of_wsname(names[2]) is found
    assert pairs(listing).at(0) is found


def test_pairs_of_the_venue_alone():
    """A market that has none there lists all of its spot pairs, each once."""
    assert [one.symbol for one in pairs(LISTING)] == ["BTC/USD", "SOL/USD", "DOGE/USD"]
    assert len(pairs(LISTING)) == 3
    assert [asset.name for asset in pairs(LISTING).assets] == ["SOL", "XXBT", "XXDG", "ZUSD"]
    other = Listing(
        [pair("BTC", 1, 8, venue="a"), attrs.evolve(pair("BTC", 2, 8, venue="b"), symbol="BTC-USD@b")]
    )
    assert [one.symbol for one in pairs(other)] == ["BTC/USD"]


def test_averages_are_rounded_to_the_pairs_digits():
    """Halves up; nothing weighs 0."""
    found = pairs(LISTING).named("XBTUSD")
    assert found.average_text(3, 2) == "0.2"
    assert found.average_text(0, 0) == "0.0"
    assert found.whole_lots(2_50000000) == "2"
