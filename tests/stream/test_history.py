"""The last events, for clients that resume."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feed.model.events import ADD, CLEAR, LEVEL, ORDER, QUOTE, REDUCE, STATUS, TRADE, UNKNOWN, Side
from feed.model.stream_position import Ahead, OtherHistory, StreamPosition, TooOld
from feed.state.market_state import MarketState
from feed.stream.history import History

SECOND = 10**9
ROOM = 1 << 30


def make(*, seconds=1e6, size=ROOM, block=4, mark=8, proof=0):
    return History(
        instruments=3, seconds=seconds, size=size, proof=proof, block_events=block, mark_events=mark
    )


def rows(count, first=1):
    """So many events, a second apart."""
    return [(CLEAR, 0, at * SECOND) for at in range(first, first + count)]


class Told:
    """A history that is told a story as a hub does it."""

    def __init__(self, **bounds):
        self.history = make(**bounds)
        self.market_state = MarketState(3, self.history.proof)
        self.story = []
        self.proofs = [self.history.proof]

    def tell(self, *steps):
        for step in steps:
            proofs = self.history.append(step)
            for row, proof in zip(step, proofs, strict=True):
                self.market_state.apply(self.market_state.seq + 1, row, proof)
            self.story += step
            self.proofs += proofs
            self.history.mark(self.market_state)
        return self

    def read(self, seq):
        """Everything after ``seq``, block by block."""
        found, proofs = [], []
        while seq + len(found) < self.history.seq:
            more, their_proofs = self.history.after(seq + len(found))
            assert more
            found += more
            proofs += their_proofs
        assert proofs == self.proofs[seq + 1 :]
        return found

    def stood(self, seq, instruments=range(3)):
        """Where the market stood, from the mark before it on."""
        mark = self.history.before(seq)
        market_state = mark.copy(instruments)
        for at in range(mark.seq, seq):
            if self.story[at][1] in instruments:
                market_state.apply(at + 1, self.story[at], self.proofs[at + 1])
            else:
                market_state.seq, market_state.proof, market_state.now = (
                    at + 1,
                    self.proofs[at + 1],
                    self.story[at][2],
                )
        return market_state


def test_history_begins_before_the_first_event():
    """Number 0 is the moment before everything; after it there is nothing yet."""
    history = make(proof=7)
    assert (history.seq, history.oldest, history.after(0)) == (0, 1, ([], []))
    history.check(StreamPosition(0, 7))
    with pytest.raises(Ahead):
        history.check(StreamPosition(1, 7))


STEPS = st.lists(st.integers(0, 11), max_size=12)


@given(steps=STEPS, seconds=st.integers(0, 60), block=st.integers(1, 9), mark=st.integers(1, 20))
@example(steps=[4, 4, 4], seconds=60, block=4, mark=4)
@example(steps=[3, 1, 5], seconds=60, block=4, mark=20)
def test_what_is_kept_can_be_read_from_anywhere(steps, seconds, block, mark):
    """Whatever was told in whatever steps, wherever blocks and marks fall: event by event, as it was."""
    told = Told(seconds=seconds, block=block, mark=mark)
    firsts = [1, *accumulate(steps, initial=1)][1:]
    told.tell(*[rows(count, first) for count, first in zip(steps, firsts, strict=False)])
    history = told.history
    assert history.seq == len(told.story)
    for seq in range(history.seq + 1):
        position = StreamPosition(seq, told.proofs[seq])
        if seq + 1 < history.oldest:
            for ask in (history.reach, history.after, history.before):
                with pytest.raises(TooOld, match=f"the oldest event kept is {history.oldest}") as problem:
                    ask(seq)
                assert problem.value.oldest == history.oldest
            with pytest.raises(TooOld):
                history.check(position)
        else:
            assert told.read(seq) == told.story[seq:]
            history.check(position)
            with pytest.raises(OtherHistory):
                history.check(StreamPosition(seq, position.proof ^ 1))
    for ask in (history.reach, history.after, history.before):
        with pytest.raises(Ahead, match=f"the newest event is {history.seq}"):
            ask(history.seq + 1)


@given(steps=STEPS, more=STEPS, block=st.integers(1, 9), mark=st.integers(1, 20), lost=st.integers(0, 4))
def test_a_restored_history_goes_on_as_if_it_had_never_been_away(steps, more, block, mark, lost):
    """All that was kept can be read from anywhere, and what comes then is chained to it."""
    firsts = [1, *accumulate([*steps, *more], initial=1)][1:]
    story = [rows(count, first) for count, first in zip([*steps, *more], firsts, strict=False)]
    told = Told(block=block, mark=mark).tell(*story[: len(steps)])
    spans = told.history.spans()[lost:]
    restored = make(block=block, mark=mark)
    restored.restore(spans, told.market_state)
    assert restored.position == told.history.position
    assert restored.oldest == (spans[0].mark.seq + 1 if spans else told.history.seq + 1)
    undisturbed, told.history = told.history, restored
    told.tell(*story[len(steps) :])
    for step in story[len(steps) :]:
        undisturbed.append(step)
    assert told.history.position == undisturbed.position
    for seq in range(told.history.oldest - 1, told.history.seq + 1):
        assert told.read(seq) == told.story[seq:]
        told.history.check(StreamPosition(seq, told.proofs[seq]))
        assert told.stood(seq).position == StreamPosition(seq, told.proofs[seq])
    if told.history.oldest > 1:
        with pytest.raises(TooOld):
            told.history.reach(told.history.oldest - 2)


def test_what_was_restored_counts_towards_the_bounds():
    """A restored history that is too large, or too old, is forgotten as any other is."""
    told = Told(block=4, mark=8).tell(*[rows(8, 1 + 8 * at) for at in range(20)])
    for part in (2, 5, 20):
        size = told.history.bytes // part
        small = make(block=4, mark=8, size=size)
        small.restore(told.history.spans(), told.market_state)
        small.mark(told.market_state)
        assert small.bytes <= size or small.oldest == small.seq + 1
    assert small.oldest > 1
    short = make(block=4, mark=8, seconds=30)
    short.restore(told.history.spans(), told.market_state)
    short.mark(told.market_state)
    assert told.history.seq - 60 < short.oldest <= told.history.seq - 30


@given(seconds=st.integers(0, 500), steps=st.lists(st.integers(1, 40), min_size=10, max_size=40))
def test_it_is_bounded_in_market_time(seconds, steps):
    """At least what was promised is kept, once there has been so much, and not much more."""
    told = Told(seconds=seconds, block=4, mark=8)
    for count in steps:
        told.tell(rows(count, len(told.story) + 1))
    history = told.history
    assert history.oldest <= max(1, history.seq - seconds + 1)
    # Forgotten is what stands before a mark; marks stand apart by a part of their age, or by a few steps.
    assert history.oldest >= history.seq - seconds - seconds / 4 - 2 * (8 + max(steps)) - 40


def test_a_step_back_in_time_forgets_nothing():
    """As when a market is taken back: what is kept is kept for as long as from then on."""
    told = Told(seconds=100, block=4, mark=8)
    told.tell(*[rows(10, first) for first in range(1, 301, 10)])
    before = told.history.oldest
    told.tell(*[rows(10, first) for first in range(1, 101, 10)])
    assert told.history.oldest == before
    told.tell(*[rows(10, first) for first in range(101, 601, 10)])
    assert 300 + 400 < told.history.oldest <= told.history.seq - 99


@given(size=st.integers(0, 60_000), steps=st.lists(st.integers(1, 40), min_size=5, max_size=60))
def test_it_is_bounded_in_bytes(size, steps):
    """What is past the bound is forgotten, marks counted; where the market stands now is always known."""
    told = Told(size=size, block=16, mark=32)
    kept = []
    for count in steps:
        told.tell(rows(count, len(told.story) + 1))
        history = told.history
        kept.append(history.bytes <= max(size, 5000))
        assert history.bytes == history_bytes(history)
    assert all(kept)
    history.check(history.position)


def history_bytes(history):
    """What it says that it takes, counted anew."""
    blocks = [block for segment in history._segments for block in segment.blocks]
    marks = sum(segment.mark.bytes for segment in history._segments)
    return sum(len(block.data) + 250 for block in blocks) + marks + 400 * len(history._rows)


def test_a_busy_market_takes_some_tens_of_bytes_an_event():
    """Packed, with what surrounds it."""
    told = Told(block=512, mark=4096)
    told.tell(*[[(LEVEL, 1, 10**18 + at, 0, 100_000 + at % 7, at % 9)] * 100 for at in range(400)])
    assert told.history.bytes / 40_000 < 30


def test_marks_are_close_together_near_the_present():
    """Nobody who comes back at once has far to go, and all marks together are few."""
    told = Told(block=16, mark=16)
    told.tell(*[rows(16, first) for first in range(1, 20_001, 16)])
    marks = [segment.mark.seq for segment in told.history._segments]
    assert marks[0] == 0
    assert len(marks) < 80
    for before, after in pairwise(marks):
        assert after - before <= max(2 * 16, (told.history.seq - after) // 8 + 16)


def test_marks_leave_the_most_part_to_events():
    """Where a copy of the market is large, there are fewer of them."""
    told = Told(size=100_000, block=16, mark=16)
    told.tell(*[rows(16, first) for first in range(1, 20_001, 16)])
    segments = told.history._segments
    marks = sum(segment.mark.bytes for segment in segments)
    assert told.history.bytes <= 100_000
    assert len(segments) > 2
    assert marks <= 100_000 // 4
    assert told.history.seq - told.history.oldest > 1000


def test_wide_numbers_come_back_as_they_were():
    """Of a client's request id, from an open block and from a closed one."""
    told = Told(block=4, mark=100)
    wide = (ORDER, 1, SECOND, 1, 1 << 207, 1, 2, 0, 18, 0, 0, 64, 5, 0, 0, 1, 0, 17)
    told.tell(rows(2), [wide], rows(3), [wide])
    assert told.read(0) == told.story
    told.history.check(StreamPosition(3, told.proofs[3]))


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


def all_of(market_state, instruments):
    """Everything that can be asked of it."""
    asked = (market_state.quote, market_state.trade, market_state.candle, market_state.status)
    books = [
        (market_state.levels(at, side), market_state.orders(at, side)) for at in instruments for side in Side
    ]
    return market_state.position, market_state.now, [[ask(at) for ask in asked] for at in instruments], books


@given(
    drawn=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), max_size=40),
    seconds=st.integers(0, 40),
    asked=st.integers(0, 40),
    instruments=st.sets(st.integers(0, 2), min_size=1),
    step=st.integers(1, 30),
)
def test_past_is_as_the_present_was(drawn, seconds, asked, instruments, step):
    """Where instruments stood at a number is what a fold over the events up to it says, marks or not."""
    story = everything_happens(drawn)
    told = Told(seconds=seconds, block=3, mark=5)
    told.tell(*[story[start : start + step] for start in range(0, len(story), step)])
    asked = min(asked, len(story))
    if asked + 1 < told.history.oldest:
        with pytest.raises(TooOld):
            told.history.before(asked)
        return
    then = MarketState(3)
    for seq, row in enumerate(story[:asked], 1):
        then.apply(seq, row, told.proofs[seq])
    assert told.history.before(asked).seq <= asked
    assert all_of(told.stood(asked, instruments), instruments) == all_of(then, instruments)


@pytest.mark.parametrize("ts", [-5, 0, 1, 2, 7, 8, 9, 30, 59, 60, 61, 100])
@pytest.mark.parametrize("seconds", [1e6, 25])
def test_all_events_from_a_time_on_come_after_where_it_is_sought(ts, seconds):
    """And of those before it fewer than a block has, but for what is not packed yet."""
    told = Told(seconds=seconds).tell(*([row] for row in rows(60)))
    seq = told.history.seek(ts * SECOND)
    assert seq >= told.history.oldest - 1
    later = [
        at for at, row in enumerate(told.story, 1) if row[2] >= ts * SECOND and at >= told.history.oldest
    ]
    assert all(at > seq for at in later)
    assert told.history.seq - seq - len(later) <= 8
