"""A run without clients: what is counted, and what it is compared with."""

from collections import Counter

import attrs
import pytest

from feed.model.digest import Digest, canonical
from feed.model.events import ADD, QUOTE, REDUCE, TRADE
from feed.model.faults import Garbage, Mute
from feed.model.market import Takers
from feed.model.scenario import Counts, Expect, Scenario
from feed.model.timeline import Halt
from feed.sim.defaults import default_market
from feed.sim.replay import Replay, replay
from feed.sim.script import ScriptedMarket
from feed.sim.simulation import StopCondition

SECOND = 1_000_000_000
START = 1_709_731_800 * SECOND
SCENARIO = Scenario(
    name="test",
    start=START,
    duration=2 * SECOND,
    market=attrs.evolve(default_market(2), takers=Takers(updates=5)),
    actions=(Halt(at=SECOND, duration=SECOND // 2),),
    faults=(Mute(at=SECOND), Garbage(seq=100), Garbage(seq=10**9), Mute(at=2 * SECOND)),
)


def rows():
    market = ScriptedMarket(SCENARIO)
    return market.opening() + market.advance(market.end)


def test_everything_is_counted():
    """Events of each kind, the digest over all of them, market time, and the faults that begin."""
    outcome, found = replay(SCENARIO), rows()
    digest = Digest()
    digest.update(found)
    kinds = Counter(row[0] for row in found)
    assert outcome.events == len(found)
    assert outcome.counts == Counts(
        add=kinds[ADD], reduce=kinds[REDUCE], trade=kinds[TRADE], quote=kinds[QUOTE], status=4, clock=2
    )
    assert kinds[TRADE] > 0
    assert outcome.digest == digest.hexdigest()
    assert (outcome.market_ns, outcome.faults) == (2 * SECOND, 3)


def test_it_comes_out_the_same_again():
    """And differently with another seed."""
    assert replay(SCENARIO) == replay(SCENARIO)
    assert replay(attrs.evolve(SCENARIO, seed=2)).digest != replay(SCENARIO).digest


def test_a_part_of_it():
    """Up to an event: what has begun by then."""
    outcome = replay(SCENARIO, until=StopCondition(seq=100))
    digest = Digest()
    digest.update(rows()[:100])
    assert (outcome.events, outcome.digest, outcome.faults) == (100, digest.hexdigest(), 1)


def test_speed_changes_nothing_but_the_pauses():
    """Waiting as yielded gives market time at that speed, and the same bytes."""
    clock = [50.0]
    run = Replay(ScriptedMarket(SCENARIO), start=START, clock=lambda: clock[0], speed=10.0)
    for wake_time in run.steps():
        clock[0] = max(clock[0], wake_time)
    assert clock[0] == pytest.approx(50.2)
    assert run.outcome().digest == replay(SCENARIO).digest


def test_what_came_out_is_what_that_is_expected_of_it():
    """The expectation that an outcome writes is met by it."""
    outcome = replay(SCENARIO)
    assert outcome.differences(outcome.expectation()) == []
    assert outcome.differences(Expect()) == []


def test_differences_are_named():
    """Each with what was found and what was wanted; what is not expected is not compared."""
    outcome = replay(SCENARIO)
    expect = Expect(events=1, counts=attrs.evolve(outcome.counts, trade=0), digest="0" * 64)
    assert outcome.differences(expect) == [
        f"events: {outcome.events} instead of 1",
        f"trade: {outcome.counts.trade} instead of 0",
        f"digest: {outcome.digest} instead of {'0' * 64}",
    ]


def test_the_digest_is_over_the_canonical_stream():
    """Lines of comma-separated integers, hashed once: other programs can do the same."""
    import hashlib  # noqa: PLC0415

    assert replay(SCENARIO).digest == hashlib.sha256(canonical(rows())).hexdigest()
