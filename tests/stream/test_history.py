"""The last events, for clients that resume."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.stream.history import History, TooOld


def rows(count, first=1):
    return [(7, 0, at) for at in range(first, first + count)]


def test_history_begins_before_the_first_event():
    """Number 0 is the moment before everything; after it there is nothing yet."""
    history = History(10)
    assert (history.seq, history.oldest, history.after(0)) == (0, 1, [])


@given(limit=st.integers(0, 6), steps=st.lists(st.integers(0, 5), max_size=6), asked=st.integers(0, 30))
def test_history_keeps_the_last_events(limit, steps, asked):
    """After any number it gives exactly what followed, or says from where it still can."""
    history, everything = History(limit), []
    for count in steps:
        step = rows(count, len(everything) + 1)
        history.append(step)
        everything += step
    assert history.seq == len(everything)
    kept = everything[max(0, len(everything) - limit) :]
    assert history.oldest == len(everything) - len(kept) + 1
    if asked + 1 < history.oldest:
        with pytest.raises(TooOld) as problem:
            history.after(asked)
        assert problem.value.oldest == history.oldest
    else:
        assert history.after(asked) == list(enumerate(everything, 1))[asked:]


def test_too_old_says_what_is_kept():
    """The client learns where it can resume instead."""
    history = History(2)
    history.append(rows(5))
    with pytest.raises(TooOld, match="the oldest event kept is 4"):
        history.after(2)
