"""The last events, for clients that resume."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, REDUCE, STATUS, TRADE, UNKNOWN, Side
from feed.model.latest import Latest
from feed.model.position import TooOld
from feed.stream.chain import chained
from feed.stream.history import MARKS, History

ROW_BYTES = 56 + 3 * 40  # of a row of three numbers


def rows(count, first=1):
    return [(CLEAR, 0, at) for at in range(first, first + count)]


def make(events=1000, size=1 << 20):
    return History(instruments=3, events=events, size=size)


def test_history_begins_before_the_first_event():
    """Number 0 is the moment before everything; after it there is nothing yet."""
    history = make()
    assert (history.seq, history.oldest, history.after(0)) == (0, 1, [])


@given(limit=st.integers(0, 6), steps=st.lists(st.integers(0, 5), max_size=6), asked=st.integers(0, 30))
def test_history_keeps_the_last_events(limit, steps, asked):
    """After any number it gives exactly what followed, or says from where it still can."""
    history, everything = make(limit), []
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
    history = make(2)
    history.append(rows(5))
    with pytest.raises(TooOld, match="the oldest event kept is 4"):
        history.after(2)


@given(limit=st.integers(0, 6), steps=st.lists(st.integers(0, 5), max_size=6))
def test_bytes_are_bounded_too(limit, steps):
    """Whichever bound is met first counts; half an event is none."""
    history = make(size=limit * ROW_BYTES + ROW_BYTES // 2)
    for count in steps:
        history.append(rows(count))
    assert len(history.after(history.oldest - 1)) == min(limit, sum(steps))


def test_marks_are_few():
    """So many at most, however many events are kept."""
    history, present = make(events=1000), Latest(3)
    for start in range(1, 3000, 10):
        history.append(rows(10, start))
        present.seq = history.seq
        history.mark(present)
    assert MARKS // 2 < len(history._marks) <= MARKS + 1


# -- where the market stood ---------------------------------------------------------------------------


def everything_happens(drawn):
    """Rows of every kind, of three instruments, at one second each."""
    makers = [
        lambda at, n: (ADD, at, n, n, n % 2, 100 + n % 5, 3, 3),
        lambda at, n: (REDUCE, at, n, n - 1, n % 2, 100 + n % 5, n % 2, n % 3),
        lambda at, n: (TRADE, at, n, n, n % 2, 100 + n % 5, 1, n - 1, n, n % 2, n % 3),
        lambda at, n: (TRADE, at, n, n, UNKNOWN, 100, 1, 0, 0, UNKNOWN, UNKNOWN),
        lambda at, n: (LEVEL, at, n, n % 2, 100 + n % 5, n % 4),
        lambda at, n: (QUOTE, at, n, 100, n % 3, 101 + n % 2, 1),
        lambda at, n: (STATUS, at, n, 1 + n % 3),
        lambda at, n: (CLEAR, at, n),
    ]
    return [makers[kind](at, n * 1_000_000_000) for n, (kind, at) in enumerate(drawn, 1)]


def all_of(latest, instruments):
    """Everything that can be asked of it."""
    asked = (latest.quote, latest.trade, latest.candle, latest.status)
    books = [(latest.levels(at, side), latest.orders(at, side)) for at in instruments for side in Side]
    return latest.position, latest.now, [[ask(at) for ask in asked] for at in instruments], books


@given(
    drawn=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), max_size=30),
    kept=st.integers(0, 30),
    asked=st.integers(0, 30),
    instruments=st.sets(st.integers(0, 2), min_size=1),
    step=st.integers(1, 30),
)
def test_past_is_as_the_present_was(drawn, kept, asked, instruments, step):
    """Where instruments stood at a number is what a fold over the events up to it says, marks or not."""
    story = everything_happens(drawn)
    history, present = make(events=kept), Latest(3)
    proofs = chained(story, 0)[1]
    for start in range(0, len(story), step):
        history.append(story[start : start + step])
        for seq, row in enumerate(story[start : start + step], start + 1):
            present.apply(seq, row, proofs[seq - 1])
        history.mark(present)
        assert len(history._marks) <= kept + 1
    asked = min(asked, len(story))
    if asked + 1 < history.oldest:
        with pytest.raises(TooOld):
            history.at(asked, instruments)
        return
    then = Latest(3)
    for seq, row in enumerate(story[:asked], 1):
        then.apply(seq, row, proofs[seq - 1])
    past = history.at(asked, instruments)
    assert all_of(past, instruments) == all_of(then, instruments)
    # It is a copy: what is done with it leaves the history as it is.
    past.apply(asked + 1, (ADD, min(instruments), 5, 7, 0, 5, 5, 5))
    assert all_of(history.at(asked, instruments), instruments) == all_of(then, instruments)
