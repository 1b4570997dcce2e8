"""Sources in order of time become one."""

from hypothesis import given
from hypothesis import strategies as st

from feed.recording.time_order import by_time

TIMES = st.lists(st.integers(0, 20), min_size=1, max_size=8).map(sorted)


def opened(log, number, times):
    def source():
        log.append(number)
        yield from ((ts, number, place) for place, ts in enumerate(times))

    return times[0], source


@given(st.lists(TIMES, max_size=6))
def test_items_are_sorted_and_of_equal_ones_the_earlier_source_comes_first(sources):
    """As a stable sort of all of them would have it."""
    found = list(
        by_time([opened([], number, times) for number, times in enumerate(sources)], lambda it: it[0])
    )
    everything = [(ts, number, at) for number, times in enumerate(sources) for at, ts in enumerate(times)]
    assert found == sorted(everything)


def test_a_source_is_opened_when_it_is_due():
    """Of files that follow each other one is open at a time, in whatever order they were given."""
    log = []
    merged = by_time([opened(log, 0, [7, 8]), opened(log, 1, [1, 3])], lambda it: it[0])
    assert log == []
    assert [next(merged), next(merged)] == [(1, 1, 0), (3, 1, 1)]
    assert log == [1]
    assert list(merged) == [(7, 0, 0), (8, 0, 1)]
    assert log == [1, 0]


def test_an_item_that_goes_back_comes_right_after_the_one_before_it():
    """Its source keeps its own order."""
    merged = by_time([opened([], 0, [5, 2, 9]), opened([], 1, [6])], lambda it: it[0])
    assert [ts for ts, *_ in merged] == [5, 2, 6, 9]


def test_a_source_without_items_is_none():
    """It gives nothing."""
    assert list(by_time([(1, lambda: iter(())), opened([], 1, [2])], lambda it: it[0])) == [(2, 1, 0)]
