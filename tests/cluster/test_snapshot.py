"""Snapshots: with the blocks after them they are what the server knows that wrote them."""

import attrs
import msgspec
import pytest
from written_market import ENGINE, WrittenMarket, entry, events, told

from feed import Flow, Settings
from feed.cluster.block import BrokenChain, Missing
from feed.cluster.replica import Replica
from feed.cluster.snapshot import read_snapshot
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition
from feed.server.durable import kinds
from feed.settings import Web


def alert(name, seq, **more):
    """An entry of an alert on the first instrument, which fires at every trade."""
    spec = {"instrument": 0, "condition": "price_above", "threshold": 1, "window": 0, "repeat": True}
    return entry(
        kinds.ALERT,
        dialect="test",
        owner="desk",
        name=name,
        created=0,
        price=None,
        seq=seq,
        rest=0,
        spec=spec | more,
    )


def stream_key(name):
    return entry(kinds.STREAM_KEY, dialect="test", key=name, mark="m", own=True, until=2e9, credentials=None)


def story(settings=None, *, seconds=3.0):
    """A market with changes beside it between its events, and a standstill at its end."""
    market = WrittenMarket(settings)
    market.until(seconds / 3)
    market.write((), alert("alert_1", market.position.seq), stream_key("one"))
    market.until(2 * seconds / 3, seed=2)
    market.write(
        (), entry(kinds.ALERT_END, dialect="test", owner="desk", name="alert_1", seq=market.position.seq)
    )
    market.write(market.run.advance(market.run.now + 10**9, 3), alert("alert_2", market.position.seq))
    market.until(seconds, seed=3)
    market.write(stood=7)
    market.write(stood=5)
    return market


def replica(market, snapshot):
    return Replica(snapshot, market.header, engine=ENGINE)


def carried(market, snapshot):
    """What a snapshot and the blocks after it come to."""
    found = replica(market, snapshot)
    for place, block in market.blocks:
        if place > snapshot.place:
            found.take(place, block)
    return found


def read(market, snapshot):
    """What a snapshot holds, in a form that can be compared, and the events that it keeps."""
    stream, services, faults = read_snapshot(snapshot, market.header, engine=ENGINE)
    return told(stream, services, faults), events(stream.history)


@pytest.fixture(scope="module")
def written():
    """One story, and a snapshot at each of some blocks of it."""
    market, snapshots = story(), []
    again = WrittenMarket()
    follower = replica(again, again.snapshot())
    for at, (place, block) in enumerate(market.blocks[1:], start=1):
        follower.take(place, block)
        if at % 20 == 5 or at > len(market.blocks) - 5:
            snapshots.append(follower.snapshot(0))
    return market, snapshots


def test_a_snapshot_and_the_blocks_after_it_are_the_market(written):
    """Byte for byte what the server knows at the end, from wherever it began."""
    market, snapshots = written
    assert len(snapshots) > 5
    known = told(market.stream, market.services, market.faults)
    for snapshot in snapshots:
        found = carried(market, snapshot)
        assert (found.position, found.place) == (market.position, market.place)
        assert found.market_time == market.run.now
        last = found.snapshot(0)
        assert (read(market, last)[0], last.stood) == (known, 12)


def test_who_was_there_before_the_snapshot_resumes(written):
    """The events before it come along, each with its proof, and the state of the market before each."""
    market, snapshots = written
    known = events(market.stream.history)
    for snapshot in snapshots[::3]:
        stream, _, _ = read_snapshot(carried(market, snapshot).snapshot(0), market.header, engine=ENGINE)
        assert events(stream.history) == known
        seq = stream.history.seq // 2
        before = stream.history.before(seq)
        assert before.position.seq <= seq


def test_one_who_makes_snapshots_gives_those_of_the_server(written):
    """Those of a replica are the server's own, its standstill included."""
    market, snapshots = written
    own, last = market.snapshot(), snapshots[-1]
    assert read(market, own) == read(market, last)
    assert (own.place, own.position, own.stood) == (last.place, last.position, last.stood)
    assert own.stood == 12
    assert {one.stood for one in snapshots} == {0, 7, 12}


def test_a_snapshot_has_no_secrets_of_webhooks():
    """Nor nonces, nor names of keys: no edge looks at them."""
    market = WrittenMarket()
    market.services.nonces["mark"] = 5
    market.services.keys.append({"name": "desk"})
    _, services, _ = read_snapshot(market.snapshot(), market.header, engine=ENGINE)
    assert (services.nonces, services.keys, services.webhooks) == ({}, [], {})
    assert market.services.nonces


def test_bounds_are_those_of_the_log():
    """An edge forgets what the sequencer forgets: it keeps as much, not as much as it is told itself."""
    market = story(Settings(flow=Flow(history_seconds=0.0, history_bytes=100_000), web=Web(most_rows=3)))
    snapshot = carried(market, WrittenMarket(market.settings).snapshot()).snapshot(0)
    stream, _, _ = read_snapshot(snapshot, market.header, engine=ENGINE)
    assert stream.history.oldest > 1
    assert events(stream.history) == events(market.stream.history)


def test_another_engine_is_refused(written):
    """Its state may mean something else."""
    market, snapshots = written
    with pytest.raises(FeedError, match="this is ffff"):
        read_snapshot(snapshots[0], market.header, engine="ffff")


def test_a_snapshot_must_be_of_the_event_that_it_names(written):
    """One put together of two is refused."""
    market, snapshots = written
    with pytest.raises(FeedError, match=r"^a snapshot says position 5-00000006, and holds event "):
        read_snapshot(attrs.evolve(snapshots[0], position=StreamPosition(5, 6)), market.header, engine=ENGINE)
    with pytest.raises(FeedError, match="is of another history"):
        read_snapshot(attrs.evolve(snapshots[0], history=snapshots[1].history), market.header, engine=ENGINE)


def test_a_replica_takes_no_other_market_and_no_gap(written):
    """A block of another run, and one after the next, are told from the next."""
    market, snapshots = written
    number = snapshots[0].place[1]
    found = replica(market, snapshots[0])
    with pytest.raises(Missing):
        found.take(*market.blocks[number + 1])
    place, block = market.blocks[number]
    with pytest.raises(BrokenChain):
        found.take(place, msgspec.structs.replace(block, before_proof=1))
    found.take(place, block)
    assert found.position == block.ends


def test_a_block_again_changes_nothing(written):
    """Neither events nor changes are taken twice."""
    market, snapshots = written
    found = carried(market, snapshots[0])
    before = found.snapshot(0)
    for place, block in market.blocks[-8:]:
        found.take(place, block)
    after = found.snapshot(0)
    assert (read(market, after), after.stood) == (read(market, before), before.stood)
