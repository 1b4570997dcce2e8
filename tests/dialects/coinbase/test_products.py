"""Products: the venue's own, and what a market lists that has none of them."""

from decimal import Decimal

import attrs

from feed.dialects.coinbase.products import products
from feed.model.instruments import Instrument, Listing

BTC = Instrument(
    symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=8, venue="coinbase"
)


def test_only_the_venues_own_are_listed():
    """Other exchanges' products, and derivatives, are not."""
    other = attrs.evolve(BTC, symbol="BTC-USD@kraken", venue="kraken")
    listed = products(Listing([other, BTC]))
    assert [(product.id, product.index) for product in listed] == [("BTC-USD", 1)]
    assert listed.named("BTC-USD") is listed.at(1)
    assert listed.at(0) is listed.named("BTC-USDT") is None
    assert listed.assets == ("BTC", "USD")


def test_a_market_of_other_venues_lists_each_pair_once():
    """So that a recording of another exchange is served as well."""
    kraken, binance = (attrs.evolve(BTC, symbol=f"BTC-USD@{venue}", venue=venue) for venue in ("k", "b"))
    assert [product.index for product in products(Listing([kraken, binance]))] == [0]


def test_numbers_are_plain_decimals():
    """Prices, quantities, amounts and steps."""
    product = products(Listing([attrs.evolve(BTC, tick=5, lot=1000)])).named("BTC-USD")
    assert (product.price_step, product.size_step) == ("0.05", "0.00001000")
    assert (product.price_text(3), product.size_text(7)) == ("0.15", "0.00007000")
    assert Decimal(product.value_text(21)) == Decimal("0.15") * Decimal("0.00007")
