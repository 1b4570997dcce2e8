"""The part of the fault engine that decides, with connections that only remember what they were told."""

from types import SimpleNamespace

import pytest

from feed.faults.contract import FaultPlan
from feed.faults.engine import FaultEngine
from feed.faults.pacing import GOOD
from feed.faults.runtime import MOST_FAULTS, RunTimeFaults
from feed.model.faults import Aim, Delay, Drop, Oversized

MILLISECOND = 1_000_000


class Connection:
    """Remembers its links, and what was said to it alone."""

    def __init__(self, key=None):
        self.peer_info = SimpleNamespace(dialect="tradyn", key=key)
        self.number = 1
        self.links = []
        self.frames = []
        self.send_buffer = SimpleNamespace(send=self.frames.append, link_faults=(), observer=False)

    def impair(self, link):
        self.links.append(link)


class Hub:
    """Stands still."""

    seq = 7
    market_state = SimpleNamespace(now=0)

    def distort(self, send_buffer, link_faults):
        send_buffer.link_faults = link_faults


@pytest.fixture
def engine():
    return FaultEngine(FaultPlan(seed=5), Hub(), clock=lambda: 0.0)


@pytest.fixture
def arrive(engine):
    def make(**options):
        connection = Connection(**options)
        engine.arrived(connection)
        return connection

    return make


def add(faults, name, fault):
    return faults.add(name, fault, kind="any", settings={}, seconds=None)


def test_to_end_all_faults_is_one_step_for_each_connection(engine, arrive):
    """And no connection is made a little better so many times, which would hold up all others meanwhile."""
    faults = RunTimeFaults(engine, clock=lambda: 0.0)
    connections = [arrive() for _ in range(3)]
    for number in range(MOST_FAULTS):
        add(faults, f"late-{number}", Delay(at=0, delay=MILLISECOND, jitter=MILLISECOND))
    for connection in connections:
        assert 0.1 < connection.links[-1].late() < 0.2
        connection.links.clear()
    assert [one.record.over for one in faults.reset()] == [True] * MOST_FAULTS
    assert [connection.links for connection in connections] == [[GOOD]] * 3
    assert list(faults) == []


def test_another_fault_does_not_bring_the_draws_of_jitter_back(engine, arrive):
    """A link that is late by chance goes on in the same sequence when something else begins or ends."""
    connection, alone = arrive(), FaultEngine(FaultPlan(seed=5), Hub(), clock=lambda: 0.0)
    fault = Delay(at=0, delay=0, jitter=MILLISECOND)
    engine.begin(fault, name="late", until=None)
    late = [connection.links[-1].late() for _ in range(3)]
    other = engine.begin(Drop(at=0, fraction=0.5), name="gap", until=None)
    late += [connection.links[-1].late() for _ in range(3)]
    engine.end(other)
    late += [connection.links[-1].late() for _ in range(3)]
    undisturbed = Connection()
    alone.arrived(undisturbed)
    alone.begin(fault, name="late", until=None)
    assert late == [undisturbed.links[-1].late() for _ in range(9)]


def test_faults_act_in_the_order_in_which_they_began(engine, arrive):
    """Whoever shows a key late is struck as those are who showed it before."""
    connection = arrive()
    with_key = engine.begin(Drop(at=0, fraction=0.5, aim=Aim(key="desk")), name="first", until=None)
    for_all = engine.begin(Drop(at=0, fraction=0.5), name="second", until=None)
    assert connection.send_buffer.link_faults == (for_all.seeded,)
    connection.peer_info.key = "desk"
    engine.met(connection)
    assert connection.send_buffer.link_faults == (with_key.seeded, for_all.seeded)


def test_a_frame_that_is_too_long_is_in_memory_once(engine, arrive):
    """However many connections it is sent to."""
    connections = [arrive() for _ in range(3)]
    active = engine.begin(Oversized(at=0, bytes=1000), name="long", until=None)
    (first,), *others = [connection.frames for connection in connections]
    assert first.endswith(b"#" * 1000)
    assert all(frame is first for (frame,) in others)
    assert active.record.connections == 3
