"""Bad links: what becomes of a frame follows from its event, whoever listens and however steps are cut."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.faults import Drop, Duplicate, Mute, Reorder
from feed.model.topics import Topic
from feed.stream.link_faults import FaultyLink, LinkFault

TOPIC = Topic("test", "quote", 0)
FRACTIONS = st.sampled_from([0.01, 0.3, 0.5, 1.0])
FAULTS = st.one_of(
    st.builds(Drop, at=st.just(0), fraction=FRACTIONS),
    st.builds(Duplicate, at=st.just(0), fraction=FRACTIONS),
    st.builds(Reorder, at=st.just(0), fraction=FRACTIONS, distance=st.integers(1, 5)),
)


def distorter(*faults, seed=1):
    return FaultyLink([LinkFault(fault, number, seed) for number, fault in enumerate(faults)])


def through(link, count, topic=TOPIC):
    return [data for seq in range(count) for data in link.take(topic, seq, b"%d" % seq)]


def test_a_share_of_the_frames_is_lost():
    """About as many as the fault says, and not the same ones under another seed or fault."""
    drop = Drop(at=0, fraction=0.25)
    kept = through(distorter(drop), 4000)
    assert len(kept) == pytest.approx(3000, abs=120)
    assert kept != through(distorter(drop, seed=2), 4000)
    assert set(kept) - set(through(distorter(drop, drop), 4000))


def test_a_frame_has_one_fate():
    """The same events of a topic are lost to whoever began to listen later, or hears other topics too."""
    drop = Drop(at=0, fraction=0.5)
    whole, late, mixed = distorter(drop), distorter(drop), distorter(drop)
    kept = [seq for seq in range(200) if whole.take(TOPIC, seq, b"x")]
    assert [seq for seq in range(100, 200) if late.take(TOPIC, seq, b"x")] == [s for s in kept if s >= 100]
    other = Topic("test", "trade", 0)
    heard = [(mixed.take(other, seq, b"y"), mixed.take(TOPIC, seq, b"x")) for seq in range(200)]
    assert [seq for seq, (_, mine) in enumerate(heard) if mine] == kept
    assert [seq for seq, (theirs, _) in enumerate(heard) if theirs] != kept


def test_a_copy_follows_at_once():
    """Doubled frames stand side by side, each twice and no more."""
    assert through(distorter(Duplicate(at=0, fraction=1)), 3) == [b"0", b"0", b"1", b"1", b"2", b"2"]


def test_a_copy_may_be_lost_alone():
    """What is doubled first can lose either of the two."""
    kept = through(distorter(Duplicate(at=0, fraction=1), Drop(at=0, fraction=0.5)), 500)
    assert {kept.count(b"%d" % seq) for seq in range(500)} == {0, 1, 2}


def test_nothing_is_heard_of_a_mute_link():
    """And nothing comes later."""
    link = distorter(Mute(at=0))
    assert (through(link, 50), link.held()) == ([], [])


@given(fraction=FRACTIONS, distance=st.integers(1, 6), count=st.integers(0, 80), seed=st.integers(0, 99))
def test_no_frame_is_overtaken_by_more_than_the_distance(fraction, distance, count, seed):
    """Nothing is lost or doubled either, if what is held to the end is counted in."""
    link = distorter(Reorder(at=0, fraction=fraction, distance=distance), seed=seed)
    out = [int(data) for data in through(link, count)]
    held = [int(data) for data in link.held()]
    assert sorted(out + held) == [*range(count)]
    for place, seq in enumerate(out):
        assert sum(later > seq for later in out[:place]) <= distance
    for seq in held:
        assert sum(later > seq for later in out) < distance


@given(faults=st.lists(FAULTS, min_size=1, max_size=3), cuts=st.lists(st.integers(1, 7), max_size=20))
def test_steps_may_be_cut_anywhere(stream, faults, cuts):
    """A member gets the same bytes whether its frames came in one step or in many."""
    link_faults = tuple(LinkFault(fault, at, 7) for at, fault in enumerate(faults))
    received = []
    for steps in (cuts, []):
        harness = stream.HubHarness()
        client = stream.Client()
        harness.hub.distort(client.send_buffer, link_faults)
        harness.hub.subscribe(client.send_buffer, [stream.topic()])
        rows = [(5, 0, 1_000, at, 1, at + 1, 1) for at in range(100, 140)]
        for step in steps:
            if rows:
                harness.publish(*rows[:step])
                rows = rows[step:]
        if rows:
            harness.publish(*rows)
        harness.hub.distort(client.send_buffer, ())
        received.append(client.texts)
    assert received[0] == received[1]


def test_who_is_struck_moves_out_and_back(stream):
    """Between two events; others hear everything, and what was held comes before what follows."""
    harness = stream.HubHarness()
    good, bad = harness.client(stream.topic()), harness.client(stream.topic())
    harness.publish(stream.quote())
    late = (LinkFault(Reorder(at=0, fraction=1, distance=1000), 0, 1),)
    harness.hub.distort(bad.send_buffer, late)
    harness.publish(stream.quote(), stream.quote())
    assert bad.texts == good.texts[:1]
    harness.hub.distort(bad.send_buffer, ())
    harness.publish(stream.quote())
    assert bad.texts == good.texts
    assert bad.send_buffer.group is good.send_buffer.group
    harness.hub.drop(good.send_buffer)
    harness.hub.drop(bad.send_buffer)
    assert harness.empty


def test_those_who_are_struck_alike_share_a_group(stream):
    """One transformation and one buffer for all of them."""
    harness = stream.HubHarness()
    clients = [harness.client(stream.topic()) for _ in range(3)]
    drop = (LinkFault(Drop(at=0, fraction=0.5), 0, 1),)
    for client in clients[:2]:
        harness.hub.distort(client.send_buffer, drop)
    assert clients[0].send_buffer.group is clients[1].send_buffer.group is not clients[2].send_buffer.group
    harness.publish(*(stream.quote() for _ in range(50)))
    assert clients[0].received == clients[1].received
    assert set(clients[0].texts) < set(clients[2].texts)


def test_a_mute_client_loses_its_own_messages_too(stream):
    """Replies and snapshots as well as the stream; control frames pass."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic(), room=math.inf)
    harness.hub.distort(client.send_buffer, (LinkFault(Mute(at=0), 0, 1),))
    harness.publish(stream.quote())
    harness.hub.send(client.send_buffer, "a reply")
    client.send_buffer.control(stream.ping("p"))
    assert client.received == stream.ping("p")
    harness.hub.distort(client.send_buffer, ())
    harness.hub.send(client.send_buffer, "another")
    harness.publish(stream.quote())
    assert client.received != stream.ping("p")
    assert [frame[2:] for frame in client.frames[0][1:2]] == [b"another"]
