"""Who encodes what, and who hears it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.events import QUOTE, TRADE
from feed.model.latest import Latest
from feed.model.topics import Encoder, Topic
from feed.stream.groups import Group
from feed.stream.topics import Topics


@pytest.fixture
def made():
    return []


@pytest.fixture
def topics(stream, made):
    def make_encoder(topic, latest):
        made.append((topic, latest))
        return stream.House()._make_encoder(topic, latest)

    return Topics(3, make_encoder)


def test_topic_is_opened_once(stream, topics, made):
    """Who comes later shares the encoder of who came first."""
    latest = Latest(3)
    first = topics.get(stream.topic(), latest)
    assert topics.get(stream.topic(), latest) is first
    assert made == [(stream.topic(), latest)]
    assert len(topics) == 1


def test_topic_hears_its_kinds_of_its_instrument(stream, topics):
    """It stands in the lists of the rows it wants, and in no other."""
    both = topics.get(stream.topic("both", 1), Latest(3))
    hearing = {
        (kind, instrument): found
        for kind, by_instrument in enumerate(topics.listeners)
        for instrument, found in enumerate(by_instrument)
        if found
    }
    assert hearing == {(QUOTE, 1): [both], (TRADE, 1): [both]}


def test_listeners_stand_in_topic_order(stream, topics):
    """Whoever was opened first: the frames of one event always stand in the same order."""
    names = [stream.topic("quote", 0), stream.topic("both", 0)]
    opened = [topics.get(name, Latest(3)) for name in names]
    assert topics.listeners[QUOTE][0] == opened[::-1]


def test_topic_without_groups_is_closed(stream, topics):
    """Only those of the candidates that nobody hears; a second time changes nothing."""
    latest = Latest(3)
    heard, unheard = topics.get(stream.topic("quote"), latest), topics.get(stream.topic("both"), latest)
    heard.groups[Group((heard.topic,), deserted=id)] = None
    for _ in range(2):
        topics.close_unheard((heard.topic, unheard.topic))
        assert len(topics) == 1
        assert topics.listeners[QUOTE][0] == [heard]
        assert topics.listeners[TRADE][0] == []


def test_topic_opens_anew_after_it_was_closed(stream, topics, made):
    """A new encoder, told where the market stands now."""
    first = topics.get(stream.topic(), Latest(3))
    topics.close_unheard((first.topic,))
    assert topics.get(stream.topic(), Latest(3)) is not first
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
def test_beats_are_those_that_are_due_whoever_comes_and_goes(changes):
    """In the order of their times and then of topics, as if it were looked up anew each time."""
    names = [Topic("test", f"{n % 5}", n, (("period", str((2, 3, 4, 12)[n % 4])),)) for n in range(12)]
    topics = Topics(12, lambda topic, _: Clock(int(topic.options[0][1])))
    latest, opened = Latest(12), {}
    for kind, n, passed in changes:
        name = names[n]
        if kind == "open":
            opened[name] = topics.get(name, latest)
        elif kind == "close":
            topics.close_unheard([name])
            opened.pop(name, None)
        else:
            planned, latest.now = topics.next_beat, latest.now + passed
            now = latest.now
            due = [(now - now % one.encoder.period, one) for one in opened.values()]
            due = sorted(
                [beat for beat in due if beat[0] >= planned], key=lambda beat: (beat[0], beat[1].topic)
            )
            assert topics.beats(now) == due


def test_the_order_of_many_beats_is_found_once(monkeypatch):
    """On whole seconds all intervals end: that is no moment to sort what was sorted a second ago."""
    topics, latest = Topics(1, lambda topic, _: Clock(int(topic.channel))), Latest(1)
    for n in range(200):
        topics.get(Topic("test", ("2", "5", "10")[n % 3], 0, (("n", str(n)),)), latest)
    assert len(topics.beats(10)) == 200
    looked = []
    monkeypatch.setattr(Topic, "__lt__", lambda one, _: looked.append(one))
    monkeypatch.setattr("feed.stream.topics.in_order", looked.append)
    monkeypatch.setattr("feed.stream.topics._order", looked.append, raising=False)
    assert len(topics.beats(20)) == 200
    assert not looked
