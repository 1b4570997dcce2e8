"""What the default market lists, and how much happens in it."""

from decimal import Decimal
from statistics import median

import pytest

from feed.model.instruments import Contract, proportions
from feed.model.symbols import symbols
from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_700_000_000 * SECOND
MARKET = default_market()
LISTING = MARKET.listing()
VENUES = {"coinbase": "USD", "kraken": "USD", "binance": "USDT"}
MOST_EVENTS = 2_500  # a second


def on(venue):
    """The spot instruments of a venue, by their base."""
    return {
        spec.instrument.base: spec
        for spec in MARKET.instruments
        if spec.instrument.venue == venue and spec.instrument.contract is Contract.SPOT
    }


def worth(spec):
    """The opening price, quote currency."""
    return spec.price * spec.instrument.tick_size


@pytest.mark.parametrize(("venue", "quote"), VENUES.items())
def test_each_venue_has_thirty_pairs_in_its_currency(venue, quote):
    """Each coin once."""
    found = [spec for spec in MARKET.instruments if spec.instrument.venue == venue]

    assert len(found) == len(on(venue)) >= 30
    assert {spec.instrument.quote for spec in found} == {quote}


def test_the_coins_of_one_venue_are_on_all():
    """So that whoever has accounts on all can buy on one what is dearer on another."""
    assert set(on("coinbase")) == set(on("kraken")) < set(on("binance"))
    for base, first in on("coinbase").items():
        for venue in ("kraken", "binance"):
            other = on(venue)[base]
            assert other.link.symbol == first.instrument.symbol
            tick = max(first.instrument.tick_size, other.instrument.tick_size)
            assert abs(worth(other) - worth(first)) <= tick


@pytest.mark.parametrize(
    ("symbol", "tick", "lot"),
    [
        ("BTC-USD", "0.01", "0.00000001"),
        ("BTC-USD@kraken", "0.1", "0.00000001"),
        ("BTC-USDT", "0.01", "0.00001"),
        ("ETH-USDT", "0.01", "0.0001"),
        ("DOGE-USDT", "0.00001", "1"),
        ("SHIB-USDT", "0.00000001", "1"),
        ("MKR-USDT", "1", "0.00001"),
        ("BTC-PERP", "0.1", "0.001"),
        ("EURUSD", "0.00001", "0.01"),
    ],
)
def test_steps_are_those_of_the_venue(symbol, tick, lot):
    """Of the price, and of the size."""
    instrument = LISTING[LISTING.index(symbol)]

    assert (instrument.tick_size, instrument.lot_size) == (Decimal(tick), Decimal(lot))


@pytest.mark.parametrize("spec", MARKET.instruments, ids=lambda spec: spec.instrument.symbol)
def test_steps_suit_the_price(spec):
    """A price is hundreds of ticks, a spread at least one and no large part of it, an order many lots."""
    assert spec.price >= 100
    assert 1 <= spec.spread <= spec.price / 20
    assert spec.size >= 10
    if spec.instrument.contract is not Contract.PREDICTION and spec.instrument.asset_class == "crypto":
        assert Decimal(100) < worth(spec) * spec.size * spec.instrument.lot_size < Decimal(50_000)


def test_activity_goes_by_rank():
    """On every venue, and among the coins of one alone: whoever comes later is not busier."""
    for venue in VENUES:
        common = set(on("coinbase"))
        for coins in (common, set(on(venue)) - common):
            rates = [spec.updates_per_second for base, spec in on(venue).items() if base in coins]
            # But for the two at the top, which are nearly equal.
            assert rates[1:] == sorted(rates[1:], reverse=True)


def test_every_instrument_has_names():
    """Its own, however it is spelled, and with its venue; names of an exchange's own style are among them."""
    find = symbols(LISTING).index
    for at, instrument in enumerate(LISTING):
        named = [instrument.symbol, instrument.symbol.lower(), instrument.symbol.replace("-", "")]
        if instrument.venue and "@" not in instrument.symbol:
            named.append(f"{instrument.symbol}@{instrument.venue}")
        assert {find(name) for name in named} == {at}
    wanted = {"BTCUSDT": "BTC-USDT", "BTC/USD": "BTC-USD", "btcusd": "BTC-USD", "XBT/USD": None}
    for name, symbol in wanted.items():
        assert find(name) == (None if symbol is None else LISTING.index(symbol))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_events_stay_within_what_a_core_can_serve(seed):
    """From the opening on: on average, nearly always, and in every ten seconds."""
    market = Market(MARKET, seed=seed, start=START)
    market.opening()
    counts = [len(market.advance(START + second * SECOND)) for second in range(1, 61)]

    assert sum(counts) / len(counts) < MOST_EVENTS * 0.75
    assert median(counts) < MOST_EVENTS * 0.75
    assert sum(count > MOST_EVENTS for count in counts) <= len(counts) / 10
    assert max(sum(counts[at : at + 10]) for at in range(51)) < 10 * MOST_EVENTS


def test_a_quiet_instrument_is_no_dead_one():
    """Each has a two-sided quote at the opening, and another within half a minute."""
    market = Market(MARKET, seed=4, start=START)
    market.opening()
    assert all(book.bid and book.ask for book in market.exchange.books)
    heard = {row[1] for row in market.advance(START + 30 * SECOND)}
    assert heard >= set(range(len(LISTING)))


def test_proportions_are_the_smallest_whole_numbers():
    """Of steps of any kind."""
    assert proportions([Decimal("0.01"), Decimal("0.1")]) == (1, 10)
    assert proportions([Decimal("0.5"), Decimal("0.2"), Decimal(1)]) == (5, 2, 10)
    assert proportions([Decimal("1E+1")]) == (1,)
