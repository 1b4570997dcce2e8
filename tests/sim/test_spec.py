"""What a market may be made of."""

from __future__ import annotations

import attrs
import pytest

from feed.model.instruments import Instrument
from feed.model.market import Delay, Factors, Fade, Impact, InstrumentSpec, Makers, MarketSpec, Takers
from feed.sim.defaults import default_market

KNOWN = (
    "EURUSD",
    "GBPUSD",
    "USDJPY",
    "XAUUSD",
    "BTC-USD",
    "ETH-USD",
    "SOL-USD",
    "XRP-USD",
    "DOGE-USD",
    "ADA-USD",
    "LINK-USD",
    "LTC-USD",
)


def test_the_default_market_has_currencies_gold_and_crypto():
    """First those that the documented protocols name; what derives from another comes after it."""
    symbols: dict[str, None] = {}
    for item in default_market().instruments:
        assert item.followed is None or item.followed in symbols
        symbols[item.instrument.symbol] = None

    assert tuple(symbols)[: len(KNOWN)] == KNOWN


def test_prices_have_the_decimals_of_their_markets():
    """Five for currencies, three for the yen, two for gold and bitcoin."""
    listing = default_market().listing()

    assert [
        listing[listing.index(symbol)].price_decimals for symbol in ("EURUSD", "USDJPY", "XAUUSD", "BTC-USD")
    ] == [5, 3, 2, 2]


def test_a_counted_market_begins_with_what_is_known():
    """Made-up instruments come after the known ones, each with a symbol of its own; none on two venues."""
    large = default_market(500)

    assert large.listing().symbols[:12] == KNOWN
    assert len(large.listing()) == 500
    assert large == default_market(500)
    assert {(item.instrument.venue, item.followed) for item in large.instruments} == {
        ("", None),
        ("coinbase", None),
    }


def test_a_smaller_market_is_the_beginning_of_a_larger_one():
    """``count`` cuts."""
    assert default_market(3).instruments == default_market(20).instruments[:3]


NEEDED = {Delay: {"weight": 1, "mean_ms": 1}, Fade: {"weight": 1, "seconds": 1}}


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (Makers, "quotes", 1),
        (Makers, "count", 0),
        (Takers, "updates", 0),
        (Takers, "followers", 0.6),
        (Impact, "permanent", 1.1),
        (Impact, "fades", ()),
        (Makers, "pause", ()),
        (Fade, "seconds", 0),
        (Delay, "weight", 0),
    ],
)
def test_what_no_market_could_run_with_is_refused(kind, field, value):
    """A bad parameter fails where it is written, and is named."""
    with pytest.raises(ValueError, match=field):
        kind(**NEEDED.get(kind, {}) | {field: value})


@pytest.mark.parametrize(
    ("field", "value"), [("price", 99), ("spread", 0.5), ("volatility", -1), ("size", 0)]
)
def test_an_instrument_needs_a_price_a_spread_and_a_size(field, value):
    """Instruments are checked likewise."""
    good = default_market(1).instruments[0]

    with pytest.raises(ValueError, match=field):
        attrs.evolve(good, **{field: value})


def test_factors_explain_no_more_than_all():
    """The squares of the loadings are shares of the variance."""
    assert Factors(coin=0.6, risk=0.8).coin == 0.6
    with pytest.raises(ValueError, match="loadings"):
        Factors(coin=0.7, risk=0.8)


def test_a_market_needs_an_instrument():
    """An empty market is refused."""
    with pytest.raises(ValueError, match="instruments"):
        MarketSpec(instruments=())


def test_two_instruments_cannot_share_a_symbol():
    """The listing says so."""
    same = InstrumentSpec(
        instrument=Instrument(symbol="A", base="A", quote="B", price_decimals=2, size_decimals=0),
        price=1000,
        spread=2,
        volatility=1,
        size=1,
    )

    with pytest.raises(ValueError, match="symbol"):
        MarketSpec(instruments=(same, same)).listing()
