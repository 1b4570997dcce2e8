"""The last events, for clients that resume."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.events import QUOTE
from feed.stream.history import History, TooOld


def rows(count, first=1):
    return [(QUOTE, 0, at, at, 1, at + 1, 1) for at in range(first, first + count)]


def history_of(events, size=1 << 20):
    return History(instruments=1, events=events, size=size)


def test_history_begins_before_the_first_event():
    """Number 0 is the moment before everything; after it there is nothing yet."""
    history = history_of(10)
    assert (history.seq, history.oldest, history.after(0)) == (0, 1, [])


@given(limit=st.integers(0, 6), steps=st.lists(st.integers(0, 5), max_size=6), asked=st.integers(0, 30))
def test_history_keeps_the_last_events(limit, steps, asked):
    """After any number it gives exactly what followed, or says from where it still can."""
    history, everything = history_of(limit), []
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
        assert history.after(asked) == everything[asked:]


def test_too_old_says_what_is_kept():
    """The client learns where it can resume instead."""
    history = history_of(2)
    history.append(rows(5))
    with pytest.raises(TooOld, match="the oldest event kept is 4"):
        history.after(2)


@given(limit=st.integers(0, 6), count=st.integers(0, 20), asked=st.integers(0, 20))
def test_history_knows_where_the_market_stood(limit, count, asked):
    """At any number that can be resumed from, the market is what its first events made of it."""
    history = history_of(limit)
    for row in rows(count):
        history.append([row])
    if asked + 1 < history.oldest:
        with pytest.raises(TooOld):
            history.at(asked)
    else:
        seen = min(asked, count)
        quote = history.at(asked).quote(0)
        assert (quote and (quote.seq, quote.bid)) == ((seen, seen) if seen else None)


def test_history_is_bounded_in_bytes_too():
    """Rows that take too much memory are forgotten before the number of them is reached."""
    history = history_of(1000, size=2000)
    history.append(rows(100))
    assert history.seq == 100
    assert history.oldest == 96
    assert [row[2] for row in history.after(95)] == [96, 97, 98, 99, 100]
