from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.events import (
    ADD,
    CLEAR,
    LEVEL,
    QUOTE,
    REDUCE,
    SIGNAL,
    STATUS,
    TRADE,
    UNKNOWN,
    BookCleared,
    LevelSet,
    OrderAdded,
    OrderReduced,
    Quote,
    Side,
    Status,
    StatusChanged,
    Trade,
    event,
)
from feed.model.signals import Severity, SignalType

HEAD = {"seq": 9, "instrument": 1, "ts": 2}
PAIRS = [
    (
        (ADD, 1, 2, 3, 0, 4, 5, 6),
        OrderAdded(**HEAD, order=3, side=Side.BUY, price=4, size=5, level=6),
    ),
    (
        (REDUCE, 1, 2, 3, 1, 4, 0, 6),
        OrderReduced(**HEAD, order=3, side=Side.SELL, price=4, left=0, level=6),
    ),
    (
        (TRADE, 1, 2, 3, 1, 4, 5, 6, 7, 8, 9),
        Trade(**HEAD, trade=3, aggressor=Side.SELL, price=4, size=5, maker=6, taker=7, left=8, level=9),
    ),
    (
        (TRADE, 1, 2, 3, UNKNOWN, 4, 5, 0, 0, UNKNOWN, UNKNOWN),
        Trade(**HEAD, trade=3, aggressor=None, price=4, size=5, maker=0, taker=0, left=None, level=None),
    ),
    ((LEVEL, 1, 2, 0, 4, 5), LevelSet(**HEAD, side=Side.BUY, price=4, level=5)),
    ((QUOTE, 1, 2, 3, 4, 5, 6), Quote(**HEAD, bid=3, bid_size=4, ask=5, ask_size=6)),
    ((STATUS, 1, 2, 2), StatusChanged(**HEAD, status=Status.HALTED)),
    ((CLEAR, 1, 2), BookCleared(**HEAD)),
]


@pytest.mark.parametrize(("numbers", "named"), PAIRS)
def test_row_and_event_say_the_same(numbers, named):
    """Each kind of row has one named form and back; the position in the stream is the event's alone."""
    assert event(9, numbers) == named
    assert named.row() == numbers


def test_rows_of_events_hold_plain_integers():
    """An enum in a row would not be one for every encoder."""
    assert {type(number) for _, named in PAIRS for number in named.row()} == {int}


NUMBER = st.integers(0, 2**63 - 1)
SIDE = st.sampled_from((0, 1))
MAYBE = NUMBER | st.just(UNKNOWN)
ROWS = st.one_of(
    st.tuples(st.just(ADD), NUMBER, NUMBER, NUMBER, SIDE, NUMBER, NUMBER, NUMBER),
    st.tuples(st.just(REDUCE), NUMBER, NUMBER, NUMBER, SIDE, NUMBER, NUMBER, NUMBER),
    st.tuples(
        *(st.just(TRADE), NUMBER, NUMBER, NUMBER, SIDE | st.just(UNKNOWN), NUMBER, NUMBER),
        *(NUMBER, NUMBER, MAYBE, MAYBE),
    ),
    st.tuples(st.just(LEVEL), NUMBER, NUMBER, SIDE, NUMBER, NUMBER),
    st.tuples(st.just(QUOTE), NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER),
    st.tuples(st.just(STATUS), NUMBER, NUMBER, st.sampled_from([int(status) for status in Status])),
    st.tuples(st.just(CLEAR), NUMBER, NUMBER),
)


@given(ROWS, st.integers(1))
def test_every_row_survives_the_round_trip(numbers, seq):
    """Nothing is lost between the hot path and the edge."""
    named = event(seq, numbers)
    assert (named.row(), named.seq) == (numbers, seq)


def test_unknown_kind_is_refused():
    """A row that no source can have made."""
    with pytest.raises(KeyError):
        event(1, (99, 0, 0))


@pytest.mark.parametrize(
    ("sizes", "two_sided"), [((0, 0), False), ((1, 0), False), ((0, 1), False), ((1, 1), True)]
)
def test_quote_is_two_sided_with_bid_and_ask(sizes, two_sided):
    """A side without size is not there."""
    quote = Quote(**HEAD, bid=sizes[0], bid_size=sizes[0], ask=sizes[1], ask_size=sizes[1])
    assert quote.two_sided is two_sided


def test_events_are_immutable():
    """One event serves every listener."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        PAIRS[0][1].price = 1


def test_a_funding_spike_of_an_older_recording():
    """It named the predicted rate alone, and called it the rate."""
    old = (SIGNAL, 2, 7, 1, int(SignalType.FUNDING_SPIKE), int(Severity.WARNING), 90_000, 10_000, 400)
    assert event(1, old).figures == {
        "rate": 90_000,
        "previous_rate": 10_000,
        "z_hundredths": 400,
        "predicted_rate": 90_000,
    }
