"""What accounts own and owe, to the last unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.accounts import PARTICIPANTS, Accounts, Position
from feed.model.instruments import Instrument, Listing

TRADES = st.lists(st.tuples(st.integers(-50, 50).filter(bool), st.integers(1, 1000)), max_size=30)


def test_a_long_position_is_closed_with_a_profit():
    """Bought at 100, four of ten sold at 120: eighty realised, the rest at cost."""
    position = Position()
    position.trade(10, 100)
    position.trade(-4, 120)
    assert (position.lots, position.cost, position.realised) == (6, 600, 80)
    assert position.worth(110) == 60


def test_a_short_position_is_turned():
    """Sold ten at 100, bought fifteen at 90: a hundred realised, five bought at 90."""
    position = Position()
    position.trade(-10, 100)
    position.trade(15, 90)
    assert (position.lots, position.cost, position.realised) == (5, 450, 100)


@given(trades=TRADES)
def test_nothing_is_lost_in_a_position(trades):
    """What was paid is what is still held at cost less what was realised, however it is rounded."""
    position = Position()
    for lots, unit in trades:
        position.trade(lots, unit)
    assert position.cost - position.realised == sum(lots * unit for lots, unit in trades)
    assert position.lots == sum(lots for lots, _ in trades)
    if not position.lots:
        assert position.cost == 0


@given(trades=TRADES, unit=st.integers(1, 1000))
def test_two_sides_of_every_trade_add_up_to_zero(trades, unit):
    """Realised and open profit of buyer and seller, at any price."""
    one, other = Position(), Position()
    for lots, price in trades:
        one.trade(lots, price)
        other.trade(-lots, price)
    assert one.realised + other.realised + one.worth(unit) + other.worth(unit) == 0


def test_a_unit_of_money_is_fine_enough_for_every_instrument():
    """Two instruments of one currency, with other digits and steps."""
    listing = Listing(
        [
            Instrument(symbol="A", base="A", quote="USD", price_decimals=2, tick=5, size_decimals=4, lot=10),
            Instrument(symbol="B", base="B", quote="USD", price_decimals=5, size_decimals=0),
            Instrument(symbol="C", base="C", quote="JPY", price_decimals=3, size_decimals=0),
        ]
    )
    money = Accounts(listing).money
    assert money.decimals == {"USD": 6, "JPY": 3}
    for index, item in enumerate(listing):
        unit = Fraction(1, 10 ** money.decimals[item.quote])
        assert money.scales[index] * unit == Fraction(item.tick_size) * Fraction(item.lot_size)
    assert money.whole("USD", 3) == 3_000_000


def test_an_account_that_never_traded_has_its_deposit():
    """And is not remembered for having been looked at."""
    listing = Listing([Instrument(symbol="A", base="A", quote="USD", price_decimals=2, size_decimals=2)])
    accounts = Accounts(listing, deposit=7)
    assert accounts.equity(1, "USD", pytest.fail) == 70_000
    assert accounts.exposure(1, "USD") == 0
    assert accounts.find(1).idle
    assert list(accounts) == []
    assert PARTICIPANTS == 0
