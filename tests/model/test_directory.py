"""Instruments as a client comes to know them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.directory import Directory
from feed.model.instruments import OffGrid, decimal_text


def test_symbols_are_numbered_as_they_come():
    """A symbol keeps its index, and is news once."""
    directory = Directory()
    assert [directory.index(symbol) for symbol in ("EURUSD", "BTC-USD", "EURUSD")] == [0, 1, 0]
    assert list(directory.changed) == [0, 1]
    assert [item.symbol for item in directory] == ["EURUSD", "BTC-USD"]
    assert (directory.find("BTC-USD"), directory.find("XAUUSD")) == (1, None)


def test_a_symbol_is_found_by_another_spelling():
    """That of the user; a spelling that a message had comes first."""
    directory = Directory()
    for symbol in ("BTC-USD", "EURUSD", "ETH-USDT", "ETH-USD"):
        directory.index(symbol)
    names = ["btcusd", "BTC/USDT", "EUR/USD", "eth_usdt", "ETH/USD", "ETH-USDC"]
    assert [directory.find(name) for name in names] == [0, 0, 1, 2, 3, None]


@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 9)), min_size=1, max_size=8))
def test_prices_of_one_message_share_the_finest_grid(numbers):
    """However many digits each has, their ticks say the same in decimals."""
    directory = Directory()
    at = directory.index("X")
    texts = [decimal_text(units, decimals) for units, decimals in numbers]
    ticks = directory.prices(at, *texts)
    finest = max(decimals for _, decimals in numbers)
    assert ticks == [units * 10 ** (finest - decimals) for units, decimals in numbers]
    assert directory[at].price_decimals == finest


def test_more_digits_are_news():
    """A finer instrument takes the place of the old one, and is among the changed."""
    directory = Directory()
    at = directory.index("X")
    assert directory.price(at, "1.5") == 15
    directory.changed.clear()
    assert directory.price(at, "1.25") == 125
    assert directory.price(at, "1.5") == 150
    assert directory.size(at, "3") == 3
    assert list(directory.changed) == [at]


@pytest.mark.parametrize(("text", "ticks"), [("1e-05", 1), ("1.2E+3", 120000000), ("-0.5", -50000)])
def test_exponents_are_understood(text, ticks):
    """As JSON numbers may have them."""
    directory = Directory()
    at = directory.index("X")
    directory.price(at, "0.00001")
    assert directory.price(at, text) == ticks


@pytest.mark.parametrize(
    "text", ["", ".", "nan", "1_0", " 1", "\u0661", "1e99", "1" * 41, "1." + "1" * 13, "true", "e"]
)
def test_what_is_no_number_is_refused(text):
    """Nothing that ``int`` or ``Decimal`` would wave through."""
    directory = Directory()
    at = directory.index("X")
    with pytest.raises(OffGrid):
        directory.price(at, text)
