"""Bad links in the stream: who is struck alike shares a group, and steps may be cut anywhere."""

import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.faults.frame_faults import SeededFault
from feed.model.faults import Drop, Duplicate, Mute, Reorder

FRACTIONS = st.sampled_from([0.01, 0.3, 0.5, 1.0])
FAULTS = st.one_of(
    st.builds(Drop, at=st.just(0), fraction=FRACTIONS),
    st.builds(Duplicate, at=st.just(0), fraction=FRACTIONS),
    st.builds(Reorder, at=st.just(0), fraction=FRACTIONS, distance=st.integers(1, 5)),
)


@given(faults=st.lists(FAULTS, min_size=1, max_size=3), cuts=st.lists(st.integers(1, 7), max_size=20))
def test_steps_may_be_cut_anywhere(stream, faults, cuts):
    """A member gets the same bytes whether its frames came in one step or in many."""
    link_faults = tuple(SeededFault(fault, at, 7) for at, fault in enumerate(faults))
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
    late = (SeededFault(Reorder(at=0, fraction=1, distance=1000), 0, 1),)
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
    drop = (SeededFault(Drop(at=0, fraction=0.5), 0, 1),)
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
    harness.hub.distort(client.send_buffer, (SeededFault(Mute(at=0), 0, 1),))
    harness.publish(stream.quote())
    harness.hub.send(client.send_buffer, "a reply")
    client.send_buffer.control(stream.ping("p"))
    assert client.received == stream.ping("p")
    harness.hub.distort(client.send_buffer, ())
    harness.hub.send(client.send_buffer, "another")
    harness.publish(stream.quote())
    assert client.received != stream.ping("p")
    assert [frame[2:] for frame in client.frames[0][1:2]] == [b"another"]


@attrs.frozen
class Raising:
    """
    A link fault with a bug.

    Attributes:
        where: When it raises: as it begins, from the second frame on, or when asked what it withholds.
    """

    where: str
    mutes = False

    def begin(self):
        if self.where == "begin":
            raise ZeroDivisionError
        return RaisingStage(self.where)


class RaisingStage:
    def __init__(self, where):
        self.where = where
        self.taken = 0

    def take(self, frame):
        self.taken += 1
        if self.where == "take" and self.taken >= 2:
            raise ZeroDivisionError
        return [frame]

    def held(self):
        if self.where == "held":
            raise ZeroDivisionError
        return []


def contained(stream, **options):
    failed = []
    harness = stream.HubHarness(
        failed=lambda topic, problem: failed.append((topic, type(problem))), **options
    )
    return harness, failed


def test_a_fault_that_raises_costs_its_connections_alone(stream):
    """In the middle of a step; what had come before goes out, everybody else hears all of it."""
    harness, failed = contained(stream)
    good, *bad = [harness.client(stream.topic()) for _ in range(4)]
    late = SeededFault(Reorder(at=0, fraction=1, distance=1000), 0, 1)
    for client, faults in zip(bad, ((Raising("take"),), (Raising("take"),), (late,)), strict=True):
        harness.hub.distort(client.send_buffer, faults)
    harness.publish(stream.quote(), stream.quote(), stream.quote())
    harness.publish(stream.quote())
    assert [(client.cuts, client.send_buffer.failed) for client in bad] == [(1, True), (1, True), (0, False)]
    assert failed == [(stream.topic(), ZeroDivisionError)]
    assert good.texts == [f"quote:0@{seq}" for seq in range(1, 5)]
    assert good.cuts == 0


def test_so_does_one_that_raises_as_it_begins_or_ends(stream):
    """The one whose task it is, which strikes and releases connections, goes on."""
    harness, failed = contained(stream)
    clients = [harness.client(stream.topic()) for _ in range(3)]
    good, beginning, ending = clients
    harness.hub.distort(beginning.send_buffer, (Raising("begin"),))
    harness.hub.distort(ending.send_buffer, (Raising("held"),))
    harness.publish(stream.quote())
    harness.hub.distort(ending.send_buffer, ())
    harness.publish(stream.quote())
    assert [(client.cuts, client.send_buffer.failed) for client in clients] == [
        (0, False),
        (1, True),
        (1, True),
    ]
    assert failed == [(stream.topic(), ZeroDivisionError)] * 2
    assert good.texts == ["quote:0@1", "quote:0@2"]


def test_so_does_one_that_raises_while_its_connection_catches_up(stream):
    """As an encoder that raises there."""
    harness, failed = contained(stream, history=stream.short_history(100))
    harness.publish(*[stream.quote() for _ in range(5)])
    clients = [stream.Client() for _ in range(2)]
    harness.hub.distort(clients[0].send_buffer, (Raising("take"),))
    for client in clients:
        harness.hub.subscribe(client.send_buffer, [stream.topic()], since=1)
    harness.publish(*[stream.quote() for _ in range(5)])
    harness.catch_up()
    harness.publish(stream.quote())
    assert [(client.cuts, client.send_buffer.failed) for client in clients] == [(1, True), (0, False)]
    assert failed == [(stream.topic(), ZeroDivisionError)]
    assert clients[1].texts == [f"quote:0@{seq}" for seq in range(2, 12)]


def test_a_fault_that_raises_ends_the_run_where_nobody_contains_it(stream):
    """As in a test of a fault."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    harness.hub.distort(client.send_buffer, (Raising("take"),))
    with pytest.raises(ZeroDivisionError):
        harness.publish(stream.quote(), stream.quote())
    with pytest.raises(ZeroDivisionError):
        harness.hub.distort(client.send_buffer, (Raising("begin"),))
