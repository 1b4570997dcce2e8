"""Names made from numbers."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.ids import match_id, order_id, parse_order_id, user_id

MS = st.integers(0, (1 << 48) - 1)
NUMBERS = st.integers(0, (1 << 80) - 1)


def test_an_order_id_is_a_ulid():
    """26 digits of Crockford's base 32, as the ULID specification has them."""
    assert order_id(0, 1) == "00000000000000000000000001"
    # The time of the specification's own example, 01ARZ3NDEK...
    assert order_id(1_469_922_850_259 * 1_000_000, 0) == "01ARZ3NDEK0000000000000000"


@given(ms=MS, order=NUMBERS)
def test_an_order_id_is_read_back(ms, order):
    """For any time and number; fractions of a millisecond are dropped."""
    assert parse_order_id(order_id(ms * 1_000_000 + 999_999, order)) == (ms, order)


@given(one=st.tuples(MS, NUMBERS), other=st.tuples(MS, NUMBERS))
def test_order_ids_sort_by_time_then_number(one, other):
    """As texts, which is what ULIDs are for."""
    texts = [order_id(ms * 1_000_000, order) for ms, order in (one, other)]
    assert (texts[0] < texts[1]) == (one < other)


def test_case_does_not_matter():
    """As the specification of ULIDs has it."""
    text = order_id(1_717_100_052_972_000_000, 1_000_000)
    assert parse_order_id(text.lower()) == parse_order_id(text)


@pytest.mark.parametrize(
    "text", ["", "0" * 25, "0" * 27, "8" + "0" * 25, "U" * 26, "0" * 25 + "\N{LATIN SMALL LIGATURE FF}"]
)
def test_what_is_no_ulid_is_refused(text):
    """Wrong length, too large, or letters that the alphabet leaves out."""
    with pytest.raises(ValueError, match="not a ULID"):
        parse_order_id(text)


def test_other_names_are_uuids_that_differ():
    """By instrument, by trade and by account; the same on every run."""
    names = [match_id("BTC-USD", 1), match_id("BTC-USD", 2), match_id("ETH-USD", 1), user_id(1), user_id(2)]
    assert len({UUID(name).int for name in names}) == len(names)
    assert user_id(1) == "2b92782e-0d6a-57f6-a5cf-ab9d56142c0a"
