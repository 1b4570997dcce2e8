"""Which instruments belong together."""

from feed.analytics.pairs import exchange, pairs
from feed.model.instruments import Listing
from feed.sim.defaults import default_market


def test_pairs_of_the_default_market():
    """Venues, futures and predictions of a coin are one pair; USD is spelled USDT for coins alone."""
    listing = default_market().listing()
    found = pairs(listing)

    bitcoin = found["BTC/USDT"]
    assert [listing[at].symbol for at in bitcoin.spot] == ["BTC-USD", "BTC-USDT", "BTC-USD@kraken"]
    assert [listing[at].symbol for at in bitcoin.perpetuals] == ["BTC-PERP", "BTC-PERP@okx"]
    assert [listing[at].symbol for at in bitcoin.predictions] == ["BTC-UP-15M", "BTC-UP-1H"]
    assert "EUR/USD" in found
    assert "USD/JPY" in found


def test_an_exchange_and_a_pair_name_one_book():
    """In the default market an exchange and a pair name one book."""
    listing = default_market().listing()
    for pair in pairs(listing).values():
        names = [exchange(listing[at]) for at in pair.spot + pair.perpetuals]
        assert len(names) == len(set(names))


def test_no_instruments_no_pairs():
    """An empty listing has none."""
    assert pairs(Listing([])) == {}
