"""Ids of orders, trades and ledger entries are made of numbers, and lead back to them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.kraken.account.ids import (
    TradeId,
    amend_id,
    ledger_id,
    ledger_of,
    order_id,
    order_of,
    trade_id,
    trade_of,
)
from feed.model.events import Side
from feed.model.executions import Leg

FORM = re.compile(r"[OTL][A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}")
ORDERS = st.integers(1, 2**63 - 1)
TRADES = st.builds(TradeId, st.integers(0, 2**20 - 1), st.integers(1, 2**56 - 1), st.sampled_from(Side))


@given(order=ORDERS, other=ORDERS)
def test_an_orders_number_comes_back(order, other):
    """Two numbers have two ids; each has the exchange's form."""
    assert FORM.fullmatch(order_id(order))
    assert order_of(order_id(order)) == order
    assert (order_id(order) == order_id(other)) is (order == other)


@given(trade=TRADES, other=TRADES, leg=st.sampled_from(Leg))
def test_a_trade_and_what_it_changed_come_back(trade, other, leg):
    """Both sides of one trade have ids of their own, and so have both assets."""
    assert FORM.fullmatch(trade_id(trade))
    assert FORM.fullmatch(ledger_id(trade, leg))
    assert trade_of(trade_id(trade)) == trade
    assert ledger_of(ledger_id(trade, leg)) == (trade, leg)
    assert (trade_id(trade) == trade_id(other)) is (trade == other)


@given(number=ORDERS, trade=TRADES)
def test_ids_of_other_kinds_lead_nowhere(number, trade):
    """An amendment is no trade, though its id begins alike."""
    assert trade_of(amend_id(number)) is None
    assert order_of(trade_id(trade)) == 0
    assert trade_of(order_id(number)) is None
    assert ledger_of(order_id(number)) is None
    assert trade_id(trade) != amend_id(number)


@pytest.mark.parametrize(
    "text",
    ["", "O", "OABCDE-ABCDE-ABCDE", "oabcde-abcde-abcdef", "OABCDE-ABCDE-ABCDE1", "OABCDE-ABCDE-ABCDEF\n"],
)
def test_texts_that_are_no_ids_lead_nowhere(text):
    """Whatever they are."""
    assert order_of(text) == 0
    assert trade_of(text) is None


def test_ids_of_orders_that_follow_each_other_do_not_look_so():
    """And never change: programs and recordings keep them."""
    assert [order_id(number) for number in (1, 2)] == ["OTY3XT-OL7JJ-6BL445", "OHRXPG-4X6ST-4CXZZ2"]
