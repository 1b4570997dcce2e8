"""Who encodes what, and who hears it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.events import QUOTE, TRADE
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.stream.groups import Group
from feed.stream.topics import Topics


@pytest.fixture
def made():
    return []


@pytest.fixture
def topics(stream, made):
    def make_encoder(topic, market_state, _):
        made.append((topic, market_state))
        return stream.HubHarness()._make_encoder(topic)

    return Topics(3, make_encoder)


def test_topic_is_opened_once(stream, topics, made):
    """Who comes later shares the encoder of who came first."""
    market_state = MarketState(3)
    first = topics.get(stream.topic(), market_state)
    assert topics.get(stream.topic(), market_state) is first
    assert made == [(stream.topic(), market_state)]
    assert len(topics) == 1


def test_a_topic_gets_its_kinds_of_its_instrument(stream, topics):
    """It stands in the lists of the rows it wants, and in no other."""
    both = topics.get(stream.topic("both", 1), MarketState(3))
    hearing = {
        (kind, instrument): found
        for kind, by_instrument in enumerate(topics.listeners)
        for instrument, found in enumerate(by_instrument)
        if found
    }
    assert hearing == {(QUOTE, 1): [both], (TRADE, 1): [both]}


def test_listeners_are_in_topic_order(stream, topics):
    """Whoever was opened first: the frames of one event always stand in the same order."""
    names = [stream.topic("quote", 0), stream.topic("both", 0)]
    opened = [topics.get(name, MarketState(3)) for name in names]
    assert topics.listeners[QUOTE][0] == opened[::-1]


def test_topic_without_groups_is_closed(stream, topics):
    """Only those of the candidates that nobody hears; a second time changes nothing."""
    market_state = MarketState(3)
    heard, unheard = (
        topics.get(stream.topic("quote"), market_state),
        topics.get(stream.topic("both"), market_state),
    )
    heard.groups[Group((heard.topic,), emptied=id)] = None
    for _ in range(2):
        topics.close_unheard((heard.topic, unheard.topic))
        assert len(topics) == 1
        assert topics.listeners[QUOTE][0] == [heard]
        assert topics.listeners[TRADE][0] == []


def test_topic_opens_anew_after_it_was_closed(stream, topics, made):
    """A new encoder, told where the market stands now."""
    first = topics.get(stream.topic(), MarketState(3))
    topics.close_unheard((first.topic,))
    assert topics.get(stream.topic(), MarketState(3)) is not first
    assert len(made) == 2


class Clock(Encoder):
    """Has a beat."""

    def __init__(self, period):
        self.period = period

    def encode(self, item):
        del item


CHANGES = st.lists(
    st.tuples(st.sampled_from(["open", "close", "beat"]), st.integers(0, 11), st.integers(1, 40)), max_size=60
)


@given(CHANGES)
def test_timer_messages_are_due_while_clients_come_and_go(changes):
    """In the order of their times and then of topics, as if it were looked up anew each time."""
    names = [Topic("test", f"{n % 5}", n, (("period", str((2, 3, 4, 12)[n % 4])),)) for n in range(12)]
    topics = Topics(12, lambda topic, *_: Clock(int(topic.options[0][1])))
    market_state, opened = MarketState(12), {}
    for kind, n, passed in changes:
        name = names[n]
        if kind == "open":
            opened[name] = topics.get(name, market_state)
        elif kind == "close":
            topics.close_unheard([name])
            opened.pop(name, None)
        else:
            planned, market_state.now = topics.next_timer, market_state.now + passed
            now = market_state.now
            due = [(now - now % one.encoder.period, one) for one in opened.values()]
            due = sorted(
                [on_timer for on_timer in due if on_timer[0] >= planned],
                key=lambda on_timer: (on_timer[0], on_timer[1].topic),
            )
            assert topics.timers_due(now) == due


def test_the_order_of_many_beats_is_found_once(monkeypatch):
    """On whole seconds all intervals end: that is no moment to sort what was sorted a second ago."""
    topics, market_state = Topics(1, lambda topic, *_: Clock(int(topic.channel))), MarketState(1)
    for n in range(200):
        topics.get(Topic("test", ("2", "5", "10")[n % 3], 0, (("n", str(n)),)), market_state)
    assert len(topics.timers_due(10)) == 200
    looked = []
    monkeypatch.setattr(Topic, "__lt__", lambda one, _: looked.append(one))
    monkeypatch.setattr("feed.stream.topics.in_order", looked.append)
    monkeypatch.setattr("feed.stream.topics._order", looked.append, raising=False)
    assert len(topics.timers_due(20)) == 200
    assert not looked
