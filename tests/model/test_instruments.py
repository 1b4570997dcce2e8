from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.instruments import _MOST_BEGINNINGS, _PRICES, Instrument, Listing, OffGrid, decimal_text

BTC = Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=8, lot=100)

INSTRUMENTS = st.builds(
    Instrument,
    symbol=st.just("X"),
    base=st.just("X"),
    quote=st.just("USD"),
    price_decimals=st.integers(0, 12),
    tick=st.integers(1, 1000),
    size_decimals=st.integers(0, 12),
    lot=st.integers(1, 1000),
)
UNITS = st.integers(-(10**18), 10**18)


@given(INSTRUMENTS, UNITS)
def test_prices_and_sizes_survive_the_round_trip(instrument, units):
    """Ticks to text and back, and lots too, for every grid and every amount."""
    assert instrument.price_ticks(instrument.price_text(units)) == units
    assert instrument.size_lots(instrument.size_text(units)) == units


@given(INSTRUMENTS, UNITS)
def test_text_is_the_exact_decimal(instrument, units):
    """Plain digits, as many after the point as the instrument has, and exactly the value."""
    text = instrument.price_text(units)
    assert Decimal(text) == units * instrument.tick_size
    assert len(text.partition(".")[2]) == instrument.price_decimals
    assert set(text) <= set("-.0123456789")


@given(INSTRUMENTS.filter(lambda instrument: instrument.tick > 1), UNITS, st.data())
def test_between_two_ticks_is_off_the_grid(instrument, units, data):
    """A price that is no multiple of the tick is refused, never rounded."""
    off = units * instrument.tick + data.draw(st.integers(1, instrument.tick - 1))
    with pytest.raises(OffGrid):
        instrument.price_ticks(decimal_text(off, instrument.price_decimals))


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (12345, 2, "123.45"),
        (7, 12, "0.000000000007"),
    ],
)
def test_decimal_text(units, decimals, text):
    """Never an exponent, always a digit before the point."""
    assert decimal_text(units, decimals) == text


@pytest.mark.parametrize(("text", "ticks"), [("100", 10000), ("100.5", 10050), ("1e2", 10000), ("0.010", 1)])
def test_any_notation_of_a_price_is_read(text, ticks):
    """Clients need not pad."""
    assert BTC.price_ticks(text) == ticks


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1.2.3",
        "0.001",
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1e99",
        "1e-99",
        "1e999999999",
        "1" * 41,
        "1,5",
    ],
)
def test_what_is_no_price_is_off_the_grid(text):
    """Any text is a price or raises OffGrid, and no other error."""
    with pytest.raises(OffGrid):
        BTC.price_ticks(text)


@given(st.text(max_size=50))
def test_no_text_breaks_the_parser(text):
    """Any text at all is a number on the grid or an OffGrid."""
    try:
        lots = BTC.size_lots(text)
    except OffGrid:
        return
    assert BTC.size_lots(BTC.size_text(lots)) == lots


def test_units_as_decimals():
    """The steps in quote and base currency."""
    assert BTC.tick_size == Decimal("0.01")
    assert BTC.lot_size == Decimal("0.00000100")


def test_listing_looks_up_by_position_and_symbol():
    """Position is the index that events carry."""
    eth = Instrument(symbol="ETH-USD", base="ETH", quote="USD", price_decimals=2, size_decimals=8)
    listing = Listing([BTC, eth])
    assert (len(listing), list(listing), listing[1]) == (2, [BTC, eth], eth)
    assert (listing.index("ETH-USD"), listing.symbols) == (1, ("BTC-USD", "ETH-USD"))
    assert "ETH-USD" in listing
    assert "eth-usd" not in listing
    with pytest.raises(KeyError):
        listing.index("DOGE-USD")


def test_listing_refuses_a_symbol_twice():
    """A symbol names one instrument."""
    with pytest.raises(ValueError, match="share a symbol"):
        Listing([BTC, BTC])


@pytest.mark.parametrize(
    "text", [" 1.00", "1.00 ", "1_0.00", "\u0661.00", "", ".", "+", "1,00", "0x10", "1.00\n"]
)
def test_only_plain_ascii_decimals_are_numbers(text):
    """Other texts that Python accepts as numbers are refused, since other parsers do not accept them."""
    item = Instrument(symbol="X", base="X", quote="Y", price_decimals=2, size_decimals=4)
    with pytest.raises(OffGrid):
        item.price_ticks(text)


def test_prices_are_right_however_many_were_written_before():
    """What is kept of them for later ones is bounded, and changes none."""
    before = len(_PRICES[2])
    for units in range(0, 20_000_000, 999):
        assert BTC.price_text(units) == decimal_text(units, 2)
    assert before <= len(_PRICES[2]) <= _MOST_BEGINNINGS
