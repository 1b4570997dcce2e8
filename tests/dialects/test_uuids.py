"""Ids that are UUIDs, made of numbers and names."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.uuids import (
    named_uuid,
    order_of_uuid,
    order_uuid,
    read_uuid,
    trade_order_uuids,
)


@given(order=st.integers(min_value=1, max_value=2**63 - 1))
def test_an_orders_id_says_its_number(order):
    """It is a UUID of the fourth version, in any case; that of nobody's order says none."""
    text = order_uuid(order)
    uuid = UUID(text)
    assert (uuid.version, uuid.variant, str(uuid)) == (4, "specified in RFC 4122", text)
    assert order_of_uuid(text) == order_of_uuid(text.upper()) == order
    assert order_of_uuid(order_uuid(-order)) == 0


def test_neighbours_do_not_look_alike():
    """And each is its own."""
    assert len({order_uuid(number)[:4] for number in range(1, 50)}) > 40
    assert len({order_uuid(number) for number in range(-500, 500)}) == 1000


@pytest.mark.parametrize("text", ["", "1", "nonsense", "6a2ee132ab25473c9a9b8b84b93962ea", "{}", "x" * 36])
def test_what_is_no_uuid(text):
    """Nor is one that is not written as usual."""
    assert order_of_uuid(text) is None
    assert read_uuid(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "00000000-0000-1000-8000-000000000000",
        "00000000-0000-4000-c000-000000000000",
        "ffffffff-ffff-4fff-bfff-ffffffffffff",
    ],
)
def test_the_id_of_no_order(text):
    """Of another version or variant, or of a number beyond all orders."""
    assert order_of_uuid(text) == 0
    assert read_uuid(text) == UUID(text)


def test_ids_of_anything_else_are_drawn_from_names():
    """Both orders of a trade have one, also where a source does not tell of orders."""
    assert named_uuid("account", 1, "BTC") == named_uuid("account", 1, "BTC")
    assert named_uuid("account", 1, "BTC") != named_uuid("account", 2, "BTC")
    assert trade_order_uuids(0, 5, 7, 8) == (order_uuid(7), order_uuid(8))
    maker, taker = trade_order_uuids(0, 5, 0, 0)
    assert maker != taker
    assert {order_of_uuid(maker), order_of_uuid(taker)} == {0}
