"""Checkpoints of a market that is computed along with the server's."""

import attrs
import pytest
from memory_disk import MemoryDisk
from published_market import ENGINE, START, PublishedMarket, order

from feed.checkpoint.object_graph import dump
from feed.durability.data_folder import checkpoint_name, checkpoint_seqs, history_name, history_spans
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition
from feed.server.durable.follower import Diverged, Follower
from feed.settings import Flow

FULL = 28  # ENOSPC


@pytest.fixture
def market():
    return PublishedMarket(MemoryDisk())


def folds(stream):
    """What the events have said, in bytes."""
    return dump({"market_state": stream.market_state, "projections": stream.projections})


def kept(market):
    return checkpoint_seqs(market.disk.names())


def test_a_checkpoint_is_written_when_it_is_due(market):
    """Once a market second here, with what was published since the one before in a file beside it."""
    maker = market.maker()
    made = [maker.follow(market.until(seconds)).checkpoint for seconds in (0.5, 1.2, 2.0)]
    assert made == [0, made[1], 0]
    assert kept(market) == [made[1]]
    progress = maker.follow(market.until(2.5))
    assert kept(market) == [progress.checkpoint, made[1]] == [len(market.rows), made[1]]
    newest = made[1], progress.checkpoint
    assert history_spans(market.disk.names()) == [newest, (0, made[1])]
    files = market.disk.files
    assert progress.bytes == len(files[history_name(*newest)]) + len(files[checkpoint_name(newest[1])])


def test_it_rests_ten_times_as_long_as_it_took(market):
    """However fast market time passes, checkpoints take a small part of the machine's."""
    times = iter([0.0, 0.0, 0.0, 3.0, 3.0, 32.0, 34.0, 34.0, 35.0, 35.0])
    maker = market.maker(clock=lambda: next(times))
    assert [maker.follow(market.until(seconds)).checkpoint > 0 for seconds in (2, 4, 6)] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("every", [1, 3])
def test_a_restored_market_goes_on_as_the_published_one(market, every):
    """Whenever a checkpoint was taken, with requests that have acted and others that are still to come."""
    maker = market.maker()
    at = 0.0
    for step in range(8):
        at += 0.7
        market.ask(order(1 + step % 2), order(3, 10))
        if step % every == 0:
            market.until(at - 0.001)
            market.ask(order(2), ahead=2_000_000)  # its place lies after the checkpoint
        maker.follow(market.report())
        market.until(at)
    assert len(kept(market)) >= 2
    for seq in kept(market):
        restored = market.restored()
        assert (restored.opened, restored.position) == (True, StreamPosition(seq, market.proofs[seq]))
        follower = Follower(restored, engine=ENGINE, history=market.folder.history)
        for number, entry in market.log.after(restored.record):
            follower.take(number, entry)
        assert follower.advance(market.rows[-1][2], len(market.rows), events=10**6)
        assert follower.position == StreamPosition(len(market.rows), market.proofs[-1])
        assert folds(restored.stream) == folds(market.stream)
        market.disk.remove(checkpoint_name(seq))
    assert market.restored().opened is False


def test_what_was_computed_otherwise_is_never_written(market):
    """A divergence is told, and there is no checkpoint of it."""
    maker = market.maker()
    true = market.until(2)
    with pytest.raises(Diverged, match=rf"not the published one at position {true.seq}-0*1e240$"):
        maker.follow(attrs.evolve(true, proof=0x1E240))
    with pytest.raises(Diverged):
        market.maker().follow(attrs.evolve(true, seq=true.seq + 1))
    assert kept(market) == []
    assert market.maker().follow(true).checkpoint == true.seq


def test_a_divergence_before_the_newest_event_is_seen(market):
    """A wrong event stays wrong in the checksum of all that follow, so that the next report shows it."""
    maker = market.maker()
    market.until(1)
    market.rows[-1] = (*market.rows[-1][:-1], market.rows[-1][-1] + 1)
    market.stream.history.proof ^= 1
    with pytest.raises(Diverged):
        maker.follow(market.until(2))


@pytest.mark.parametrize("call", ["replace", "second replace"])
def test_a_disk_that_takes_no_checkpoint_gets_the_next_one(market, call):
    """Nothing is left of the one that could not be written, and the next one has all of its events."""
    maker = market.maker()
    disk = market.disk
    if call == "replace":
        disk.fails["replace"] = FULL
    else:
        disk.replace, whole = lambda name, data: _only_history(whole, name, data), disk.replace
    names = disk.names()
    progress = maker.follow(market.until(2))
    assert (progress.checkpoint, progress.trouble) == (0, "[Errno 28] No space left on device")
    assert disk.names() == names
    disk.fails.clear()
    vars(disk).pop("replace", None)
    progress = maker.follow(market.until(4))
    assert kept(market) == [progress.checkpoint]
    assert history_spans(disk.names()) == [(0, progress.checkpoint)]


def _only_history(replace, name, data):
    if name.startswith("checkpoint"):
        raise OSError(FULL, "No space left on device")
    replace(name, data)


def test_it_goes_on_from_the_newest_checkpoint(market):
    """One that begins later computes what is missing, and not all from the beginning."""
    first = market.maker().follow(market.until(2)).checkpoint
    maker = market.maker()
    progress = maker.follow(market.until(4))
    assert history_spans(market.disk.names()) == [
        (first, progress.checkpoint),
        (0, first),
    ]
    restored = market.restored()
    assert restored.stream.history.oldest == 1


def test_it_stops_when_nobody_wants_to_know(market):
    """The end of the server ends it in the middle, and nothing is written."""
    asked = []
    progress = market.maker().follow(market.until(60), wanted=lambda: asked.append(1))
    assert progress.checkpoint == 0
    assert progress.seq < len(market.rows)
    assert len(asked) == 1
    assert kept(market) == []


def test_it_keeps_no_more_history_than_the_server(market):
    """However long it computes before its first checkpoint; the file begins later then."""
    short = Flow(history_seconds=2)
    maker = market.maker(flow=short)
    made = maker.follow(market.until(60)).checkpoint
    [(before, last)] = history_spans(market.disk.names())
    assert last == made
    assert START + 30 * 10**9 < market.rows[before][2] <= START + 58 * 10**9


def test_records_that_are_missing_are_not_passed_over(market):
    """A log with a gap cannot be followed."""
    market.ask(order(1))
    follower = Follower(market.restored(), engine=ENGINE, history=market.folder.history)
    [(_, entry)] = market.log.after(0)
    with pytest.raises(FeedError, match="record 1 of the log is missing, the next is 2"):
        follower.take(2, entry)
