"""The last 24 hours against a plain reading of the same trades."""

from hypothesis import given
from hypothesis import strategies as st

from feed.model.durations import NS_PER_MINUTE
from feed.state.daily_volume import MINUTES, DailyVolume

DAY = MINUTES * NS_PER_MINUTE
# Near each other, and near the far end of the window: there it is decided what is forgotten.
STEPS = st.one_of(
    st.integers(0, 2 * NS_PER_MINUTE),
    st.integers(DAY - 2 * NS_PER_MINUTE, DAY + 2 * NS_PER_MINUTE),
    st.integers(0, 2 * DAY),
)
# After which time, how many lots; None for a question.
EVENTS = st.lists(st.tuples(STEPS, st.none() | st.integers(1, 9)), max_size=30)


@given(start=st.integers(0, DAY), events=EVENTS)
def test_totals_are_those_of_the_last_1440_minutes(start, events):
    """Lots and number of the trades since the beginning of the 1,439th minute before this one."""
    volume, trades, now = DailyVolume(), [], start
    for step, size in [*events, (0, None)]:
        now += step
        if size is None:
            since = (now // NS_PER_MINUTE - MINUTES + 1) * NS_PER_MINUTE
            recent = [lots for ts, lots in trades if ts >= since]
            assert volume.totals(now) == (sum(recent), len(recent))
        else:
            volume.add(now, size)
            trades.append((now, size))


def test_memory_is_bounded():
    """However long a market trades without being asked, no more than the window's minutes are kept."""
    volume = DailyVolume()
    for half_minute in range(4 * MINUTES):
        volume.add(half_minute * NS_PER_MINUTE // 2, 1)
    assert len(volume._minutes) == MINUTES
