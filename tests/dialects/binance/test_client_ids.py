"""Clients' own ids of orders, and those that the exchange makes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.binance.account.client_ids import LEGAL, client_id, order_of, shown, shown_cancellation
from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.fields import Fields
from feed.model.trading import packed

ORDERS = st.integers(1, 2**63 - 1)


@given(st.text(st.sampled_from("abcXYZ019-_"), min_size=1, max_size=36))
def test_a_clients_own_id_is_shown_as_it_came(text):
    """Up to 36 letters, digits, dashes and underscores."""
    own = client_id(Fields([("id", text)], ["id"]), "id")
    assert own == packed(text)
    assert shown(own, 5) == shown_cancellation(own, 5) == text


@pytest.mark.parametrize("text", ["a b", "a.b", "ä", "a" * 37, "a/b", "\x00"])
def test_other_characters_are_refused_with_their_range(text):
    """As the exchange words it."""
    with pytest.raises(BinanceError) as caught:
        client_id(Fields([("id", text)], ["id"]), "id")
    assert caught.value.message == f"Illegal characters found in parameter 'id'; legal range is '{LEGAL}'."


@given(ORDERS)
def test_an_order_without_an_id_goes_by_one_that_names_it(order):
    """Of 22 letters and digits, as the exchange's own are; it leads back to the order."""
    text = shown(0, order)
    assert re.fullmatch("[0-9A-Za-z]{22}", text)
    assert order_of(packed(text)) == order


@given(ORDERS, ORDERS)
def test_generated_ids_are_different(one, other):
    """Those of two orders, and of an order and its cancellation, which names no order."""
    assert (shown(0, one) == shown(0, other)) == (one == other)
    assert shown_cancellation(0, one) != shown(0, one)
    assert order_of(packed(shown_cancellation(0, one))) == 0


@given(st.text(st.sampled_from("abcXYZ019-_"), min_size=1, max_size=36))
def test_an_id_of_the_clients_own_names_no_order(text):
    """Unless it is the very text that the exchange would write."""
    order = order_of(packed(text))
    assert order == 0 or shown(0, order) == text


def test_numbers_that_follow_each_other_do_not_look_so():
    """Nor do they share a beginning that could be taken for a name."""
    texts = [shown(0, order) for order in range(1, 200)]
    assert len({text[:3] for text in texts}) > 150
