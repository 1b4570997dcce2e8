"""Who encodes what, and who hears it."""

import pytest

from feed.model.events import QUOTE, TRADE
from feed.model.latest import Latest
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
