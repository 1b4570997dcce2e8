"""Positions with borrowed money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.sim.instrument_parameters import BUY, SELL
from feed.sim.margin import NOWHERE, Positions, opened

POSITIONS = st.lists(
    st.builds(
        lambda side, lots, entry, leverage: opened(side, lots, entry, leverage=leverage, maintenance=0.005),
        st.sampled_from([BUY, SELL]),
        st.integers(1, 100),
        st.integers(1_000, 100_000),
        st.floats(1.5, 125),
    ),
    max_size=20,
)


@pytest.mark.parametrize(
    ("side", "leverage", "stop"),
    [
        (BUY, 10, 90_500),  # a tenth of margin, less half a percent to be kept
        (SELL, 10, 109_501),
        (BUY, 125, 99_700),  # never nearer than a fifth of the margin to be kept
        (BUY, 1_000, 99_900),
    ],
)
def test_where_the_margin_runs_out(side, leverage, stop):
    """The margin that is borrowed against, less what must be kept."""
    assert opened(side, 1, 100_000, leverage=leverage, maintenance=0.005).stop == stop


@given(POSITIONS, st.integers(1, 200_000))
def test_due_are_those_whose_margin_has_run_out(positions, mark):
    """All of them, in the order in which they were opened, and no other."""
    known = Positions()
    for position in positions:
        known.add(position)
    due = [it for it in positions if (mark <= it.stop if it.side == BUY else mark >= it.stop)]

    assert known.due(mark) == due
    assert known.open == [it for it in positions if it not in due]
    assert known.due(mark) == []
    assert known.highest_long == max((it.stop for it in known.open if it.side == BUY), default=0)
    assert known.lowest_short == min((it.stop for it in known.open if it.side == SELL), default=NOWHERE)


def test_funding_is_paid_out_of_the_margin():
    """A long that pays can bear less of a fall; a short that is paid can bear more of a rise."""
    known = Positions()
    long, short = (opened(side, 1, 100_000, leverage=10, maintenance=0.005) for side in (BUY, SELL))
    known.add(long)
    known.add(short)
    before = long.stop, short.stop

    known.pay(100_000, 90_000)  # 0.1 %

    assert (long.stop, short.stop) == (before[0] + 90, before[1] + 90)
    assert (known.highest_long, known.lowest_short) == (long.stop, short.stop)


@given(POSITIONS)
def test_open_interest_is_what_is_held_long(positions):
    """By these traders, or by makers against their shorts."""
    known = Positions()
    for position in positions:
        known.add(position)

    by_side = [sum(it.lots for it in positions if it.side == side) for side in (BUY, SELL)]
    assert known.interest() == max(by_side)


def test_a_closed_position_is_gone():
    """And no longer counts for where the next one must be closed."""
    known = Positions()
    near, far = (opened(BUY, 1, entry, leverage=10, maintenance=0.005) for entry in (100_000, 50_000))
    known.add(near)
    known.add(far)

    assert known.take(0) is near
    assert (known.open, known.highest_long) == ([far], far.stop)
