"""Price levels in order, against a dict that is sorted anew each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.book.price_levels import PriceLevels
from feed.model.events import Side

CHANGES = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), max_size=80)


@pytest.mark.parametrize("side", Side)
@given(changes=CHANGES, count=st.integers(1, 12))
def test_levels_are_those_last_set_best_first(side, changes, count):
    """Whatever comes and goes, also a level that is removed and was not there."""
    levels, model = PriceLevels(side), {}
    for price, size in changes:
        levels.set(price, size)
        model[price] = size
        model = {at: lots for at, lots in model.items() if lots}  # as a dict keeps the order of arrival
        best_first = sorted(model.items(), reverse=side is Side.BUY)
        assert list(levels) == list(model)
        assert {at: levels.size(at) for at in range(31)} == {at: model.get(at, 0) for at in range(31)}
        assert len(levels) == len(model)
        assert levels.best_first() == best_first
        assert levels.best_first(count) == best_first[:count]
        assert levels.best() == (best_first or [(0, 0)])[0]
        assert levels.top(count) == [at for at, _ in best_first[:count]]
        assert levels.beyond(count) == [at for at, _ in best_first[count:]][::-1]
        assert levels.sizes(count) == [lots for _, lots in best_first[:count]]
    copy = levels.copy()
    levels.clear()
    assert (levels.best_first(), levels.best(), len(levels)) == ([], (0, 0), 0)
    assert copy.best_first() == sorted(model.items(), reverse=side is Side.BUY)
    copy.set(40, 1)
    assert len(levels) == 0
