"""Where in a queue one stands, as trades and sizes of the level say it."""

from hypothesis import given
from hypothesis import strategies as st

from feed.book.queue_position import MATCHED_NS, UNIT, CancelRule, QueuePosition

LOTS = st.integers(1, 50)
RULES = st.sampled_from(CancelRule)


def at(lots, rule=CancelRule.PROPORTIONAL):
    return QueuePosition(lots * UNIT, rule)


def traded(position, now, lots):
    position.match(now, lots)
    position.consume(lots)


def test_a_cancel_is_spread_over_the_queue():
    """Of a level of 10 lots with 6 ahead, 5 are cancelled: 3 of them are ahead."""
    position = at(6)
    position.resize(0, 10, 5)
    assert position.ahead == 3 * UNIT
    position.resize(0, 5, 9)  # what joins is behind
    assert position.ahead == 3 * UNIT


def test_many_small_cancels_are_not_lost_to_rounding():
    """A level that shrinks lot by lot comes to the same as one that shrinks at once."""
    position = at(60)
    for size in range(100, 50, -1):
        position.resize(0, size, size - 1)
    assert abs(position.ahead - 30 * UNIT) < 100


def test_the_rules():
    """The slowest queue loses those behind first, the fastest those ahead."""
    ahead = {}
    for rule in CancelRule:
        position = at(6, rule)
        position.resize(0, 10, 7)
        ahead[rule] = position.lots
    assert ahead == {CancelRule.PROPORTIONAL: 5, CancelRule.BEHIND: 6, CancelRule.AHEAD: 3}
    position = at(6, CancelRule.BEHIND)
    position.resize(0, 10, 2)
    assert position.lots == 2  # no more than there are


@given(ahead=LOTS, behind=LOTS, traded_lots=LOTS, rule=RULES, gap=st.integers(0, MATCHED_NS))
def test_a_trade_and_its_decrease_count_once_in_either_order(ahead, behind, traded_lots, rule, gap):
    """Feeds tell of trades and of levels one by one, and nobody knows which comes first."""
    size = ahead + behind
    lots = min(traded_lots, size)
    one, other = at(ahead, rule), at(ahead, rule)
    traded(one, 0, lots)
    one.resize(gap, size, size - lots)
    other.resize(0, size, size - lots)
    traded(other, gap, lots)
    assert one.ahead == other.ahead == max(0, ahead - lots) * UNIT


def test_a_decrease_long_after_a_trade_is_of_cancels():
    """The trade was of lots that were never seen to leave."""
    position = at(10)
    traded(position, 0, 4)
    position.resize(MATCHED_NS + 1, 20, 10)
    assert position.ahead == 3 * UNIT


def test_a_trade_takes_only_as_much_of_a_decrease_as_it_is():
    """The rest was of cancels."""
    position = at(10)
    position.resize(0, 20, 10)  # 5 ahead
    traded(position, 1, 4)  # 4 of these 10 were this trade; of the other 6, 3 were ahead
    assert position.ahead == 3 * UNIT


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), LOTS),
        st.tuples(st.just("cancel"), LOTS),
        st.tuples(st.just("join"), LOTS),
        st.tuples(st.just("wait"), st.integers(0, 2 * MATCHED_NS)),
    ),
    max_size=30,
)


@given(ahead=st.integers(0, 50), behind=st.integers(0, 50), steps=STEPS, rule=RULES)
def test_there_are_never_more_ahead_than_there_are(ahead, behind, steps, rule):
    """Nor fewer than none."""
    position, now, size = at(ahead, rule), 0, ahead + behind
    for what, number in steps:
        before = size
        if what == "wait":
            now += number
        elif what == "join":
            size += number
        else:
            lots = min(number, size)
            if what == "trade" and lots:
                traded(position, now, lots)
            size -= lots
        position.resize(now, before, size)
        assert 0 <= position.ahead <= size * UNIT


@given(orders=st.lists(LOTS, min_size=1, max_size=8), place=st.integers(0, 8), data=st.data())
def test_named_orders_are_counted_exactly(orders, place, data):
    """Whoever leaves from before is one fewer ahead; whoever leaves from behind is none."""
    queue = dict(enumerate(orders))
    position = at(sum(orders[:place]))
    while queue:
        order = data.draw(st.sampled_from(sorted(queue)))
        left = data.draw(st.integers(0, queue[order] - 1))
        offset = sum(lots for other, lots in queue.items() if other < order)
        position.shrink(offset, queue[order], left)
        queue[order] = left
        if not left:
            del queue[order]
        assert position.lots == sum(lots for other, lots in queue.items() if other < place)
