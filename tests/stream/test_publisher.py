"""Beats: when a topic speaks by itself, and where that stands among the events."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.events import CLOCK, QUOTE, event
from feed.model.topics import Topic
from feed.state.encoder import Encoder, RowEncoder
from feed.state.market_state import MarketState
from feed.stream.groups import Group
from feed.stream.publisher import Publisher


class Clock(Encoder):
    """Says ``10@20+3``: the beat of period 10 at 20 after event 3; and every event it hears."""

    def __init__(self, topic, *_):
        self.kinds = (QUOTE,) if topic.channel.startswith("heard") else ()
        self.period = int(dict(topic.options)["period"])

    def encode(self, item):
        return f"#{item.seq}"

    def on_timer(self, seq, now):
        return f"{self.period}@{now}+{seq}"


def clock(period, channel="silent"):
    return Topic("test", channel, 0, (("period", str(period)),))


class Listener:
    """A publisher, a group that listens to some topics, and what it has heard."""

    def __init__(self, *topics, market_state=None, seq=0):
        self.publisher = Publisher(market_state or MarketState(1), seq, instruments=1, make_encoder=Clock)
        self.group = Group((), emptied=id)
        self.heard = []
        self.listen(*topics)

    def listen(self, *topics):
        opened = [self.publisher.topics.get(topic, self.publisher.market_state) for topic in topics]
        for item in opened:
            item.groups[self.group] = None
        return opened

    def tell(self, *times):
        """Publish a quote at each of ``times`` in one step."""
        dirty = self.publisher.publish([(QUOTE, 0, ts, 1, 1, 2, 1) for ts in times], times)
        assert dirty == ([self.group] if self.group.parts else [])
        self.heard += [part[2:].decode() for part in self.group.parts]
        self.group.parts = []
        return self.heard


def test_a_timer_message_precedes_the_event_that_is_later():
    """It bears the number of the last event before it, and its own time."""
    heard = Listener(clock(10, "heard")).tell(3, 9, 10, 11, 20)
    assert heard == ["#1", "#2", "10@10+2", "#3", "#4", "10@20+4", "#5"]


def test_silence_is_passed_over_with_one_beat():
    """Of several beats that nothing separates the last counts."""
    assert Listener(clock(10)).tell(5, 47, 48, 61) == ["10@40+1", "10@60+3"]


def test_timer_messages_of_one_time_are_in_topic_order():
    """By time first, then by topic: not by who came first, nor by period."""
    listener = Listener(clock(10, "b"), clock(5, "c"), clock(10, "a"))
    assert listener.tell(4, 12, 16) == ["10@10+1", "10@10+1", "5@10+1", "5@15+2"]
    named = [item.topic.channel for _, item in listener.publisher.topics.timers_due(31)]
    assert named == ["a", "b", "c"]


def test_beats_go_on_where_the_market_was_taken_back():
    """For who was there all along as for who comes after it: not only when that time is reached again."""
    listener = Listener(clock(10), clock(30))
    assert listener.tell(5, 47, 12, 19, 25) == ["30@30+1", "10@40+1", "10@20+4"]
    late = Listener(market_state=listener.publisher.market_state.copy([0]), seq=5)
    late.listen(clock(10), clock(30))
    assert late.tell(31) == listener.tell(31)[3:] == ["10@30+5", "30@30+5"]


def test_clock_row_is_enough():
    """A market in which nothing happens but the clock lets topics speak all the same."""
    listener = Listener(clock(10))
    listener.publisher.publish([(CLOCK, 0, 25)], [7])
    assert [part[2:].decode() for part in listener.group.parts] == ["10@20+0"]


def test_closed_topic_does_not_speak():
    """Nor does it keep others from it, whatever their period."""
    listener = Listener(clock(3), clock(10))
    opened = listener.listen(clock(3))
    listener.tell(1)
    del opened[0].groups[listener.group]
    listener.publisher.topics.close_unheard(item.topic for item in opened)
    assert listener.tell(4, 7, 11, 13) == ["10@10+3"]


TIMES = st.lists(st.integers(0, 12), min_size=1, max_size=12)


@given(waits=TIMES, cuts=st.lists(st.integers(0, 12), max_size=3), joined=st.integers(0, 12))
def test_beats_follow_from_the_events_alone(waits, cuts, joined):
    """However events are cut into steps, and whenever somebody comes: the same beats."""
    times = [sum(waits[: at + 1]) for at in range(len(waits))]
    joined = min(joined, len(times))
    whole = Listener(clock(7, "heard"), clock(10))
    before = list(whole.tell(*times[:joined]))
    everything = whole.tell(*times[joined:])
    parts = Listener(clock(7, "heard"), clock(10))
    edges = sorted({0, *(cut for cut in cuts if cut < len(times)), len(times)})
    for start, end in pairwise(edges):
        parts.tell(*times[start:end])
    assert parts.heard == everything
    late = Listener()
    late.tell(*times[:joined])
    late.listen(clock(7, "heard"), clock(10))
    assert late.tell(*times[joined:]) == everything[len(before) :]


@pytest.mark.parametrize("joined", range(6))
def test_a_replay_includes_timer_messages(joined):
    """A publisher that begins where another was says what that one said from there on."""
    times = [3, 9, 10, 25, 31]
    whole = Listener(clock(10, "heard"))
    before = len(whole.tell(*times[:joined]))
    market_state = whole.publisher.market_state.copy([0])
    again = Listener(clock(10, "heard"), market_state=market_state, seq=joined)
    assert again.tell(*times[joined:]) == whole.tell(*times[joined:])[before:]


class Columns(RowEncoder):
    """Says the number, the bid and the proof of every quote; raises at a bid of 0."""

    kinds = (QUOTE,)

    def __init__(self, *_):
        self.period = 0

    def encode_row(self, seq, row, proof):
        if not row[3]:
            raise ValueError("no bid")
        return f"{seq}:{row[3]}:{proof}"


def test_a_row_is_told_to_who_reads_rows_as_to_who_wants_names():
    """The message is the same from a row and from its named form."""
    row = (QUOTE, 0, 5, 7, 1, 8, 1)
    assert Columns().encode_row(3, row, 9) == Columns().encode(event(3, row, 9)) == "3:7:9"


def test_an_encoder_of_rows_that_raises_is_silent_from_then_on():
    """As one of named events: the others go on, and it is not asked again."""
    failures = []
    publisher = Publisher(
        MarketState(1),
        0,
        instruments=1,
        make_encoder=lambda topic, *_: Columns() if topic.channel == "rows" else Clock(topic),
        failed=lambda item, problem, _: failures.append((item.topic.channel, str(problem))),
    )
    group = Group((), emptied=id)
    for channel in ("rows", "heard"):
        item = publisher.topics.get(clock(10**6, channel), publisher.market_state)
        item.groups[group] = None
    publisher.publish([(QUOTE, 0, ts, bid, 1, 9, 1) for ts, bid in ((1, 7), (2, 0), (3, 8))], (4, 5, 6))
    assert failures == [("rows", "no bid")]
    assert [part[2:] for part in group.parts] == [b"#1", b"1:7:4", b"#2", b"#3"]
