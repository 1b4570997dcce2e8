"""A scenario's faults at a server that begins in the middle: as at one that was there from the start."""

from types import SimpleNamespace

import attrs
from hypothesis import given
from hypothesis import strategies as st

from feed.checkpoint.object_graph import dump, load
from feed.faults.contract import FaultPlan
from feed.faults.engine import FaultEngine
from feed.faults.progress import FaultProgress
from feed.model.events import CLOCK
from feed.model.faults import Delay, Disconnect, Drop

START = 1000

FAULTS = st.lists(
    st.one_of(
        st.builds(Disconnect, at=st.integers(0, 40)),
        st.builds(Disconnect, seq=st.integers(1, 40)),
        st.builds(Delay, at=st.integers(0, 40), duration=st.integers(1, 20), delay=st.just(1)),
        st.builds(Delay, seq=st.integers(1, 40), duration=st.integers(1, 20), delay=st.just(1)),
        st.builds(Drop, at=st.integers(0, 40), fraction=st.just(0.5)),
    ),
    max_size=6,
)


class Server:
    """A fault engine that is driven by events, and what it did at which of them."""

    def __init__(self, plan, *, seq=0, now=0):
        self.hub = SimpleNamespace(seq=seq, market_state=SimpleNamespace(now=now), distort=lambda *_: None)
        self.engine = FaultEngine(plan, self.hub, clock=lambda: 0.0)
        self.told = []

    def publish(self, rows):
        """As the fan-out does."""
        while (before := self.engine.next(self.hub.seq, rows)) is not None:
            self._tell(rows[:before])
            rows = rows[before:]
            self.engine.act(self.hub.seq, rows)
            self.told.append((self.hub.seq, self.lasting))
        self._tell(rows)

    def _tell(self, rows):
        self.hub.seq += len(rows)
        if rows:
            self.hub.market_state.now = rows[-1][2]

    @property
    def lasting(self):
        """What is wrong with whoever comes now, in the order in which it began."""
        return [active.record.number for active in self.engine._lasting]

    @property
    def records(self):
        return [attrs.evolve(one, connections=0, refused=0) for one in self.engine.statistics()]


@given(
    faults=FAULTS,
    steps=st.lists(st.integers(0, 3), min_size=40, max_size=40),
    joined=st.integers(0, 40),
    cut=st.integers(0, 40),
    every=st.sampled_from([None, 50]),
)
def test_who_joins_in_the_middle_goes_on_like_the_others(faults, steps, joined, cut, every):
    """Wherever it joins, however the events come: the same faults last, begin and end at the same events."""
    plan, times, now = FaultPlan(faults=tuple(faults), seed=1, start=START, every=every), [], START
    for step in steps:
        now += step
        times.append(now)
    rows = [(CLOCK, 0, ts) for ts in times]
    first = Server(plan)
    progress, at = FaultProgress(plan), 0
    for end in sorted({0, min(cut, joined), joined}):
        part = rows[at:end]
        progress.published(at, rows[at - 1][2] if at else 0, part)
        first.publish(part)
        at = end
    assert sorted(progress.records.values(), key=lambda one: one.number) == sorted(
        first.records, key=lambda one: one.number
    )
    for one in (progress, first.engine.progress()):
        copy = load(dump({"progress": one}))["progress"]
        late = Server(plan, seq=first.hub.seq, now=first.hub.market_state.now)
        late.engine.restore(copy)
        assert late.lasting == first.lasting
        late.publish(rows[at:])
        whole = Server(plan)
        whole.publish(rows[:at])
        known = len(whole.told)
        whole.publish(rows[at:])
        assert late.told == whole.told[known:]
        assert late.lasting == whole.lasting
        assert late.engine.idle == whole.engine.idle
