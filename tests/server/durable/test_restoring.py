"""The way back from a data folder: the newest checkpoint that is good, and its history."""

from itertools import pairwise

import pytest
from memory_disk import MemoryDisk
from published_market import ENGINE, PublishedMarket, order, program

from feed.checkpoint.container import read_checkpoint, write_checkpoint
from feed.durability.data_folder import checkpoint_name, checkpoint_seqs, history_name, history_spans
from feed.model.stream_position import StreamPosition, TooOld
from feed.server.durable.history_files import read_history, write_history
from feed.server.durable.restoring import restore
from feed.stream.spans import Span


@pytest.fixture
def market():
    """A market with four checkpoints."""
    market = PublishedMarket(MemoryDisk())
    maker = market.maker()
    for seconds in (1.2, 2.4, 3.6, 4.8):
        market.ask(order(1, 10))
        assert maker.follow(market.until(seconds)).checkpoint
    return market


class Folder:
    """As much of a data folder as is asked."""

    def __init__(self, market, engine=ENGINE):
        self.disk, self.log, self.engine = market.disk, market.log, engine


def restored(market, **changes):
    return restore(Folder(market, **changes), program(), market.settings)


def seqs(market):
    return checkpoint_seqs(market.disk.names())


def damage(market, name):
    market.disk.files[name][len(market.disk.files[name]) // 2] ^= 1


def readable(market, history):
    """All that a history has is what was published."""
    seq = history.oldest - 1
    while seq < history.seq:
        rows, proofs = history.after(seq)
        assert rows == market.rows[seq : seq + max(1, len(rows))]
        assert proofs == market.proofs[seq + 1 : seq + 1 + len(rows)]
        assert history.before(seq).proof == market.proofs[history.before(seq).seq]
        seq += len(rows)


def test_all_that_was_published_before_can_be_resumed_in(market):
    """From the first event on, over all files."""
    history = restored(market).stream.history
    assert (history.oldest, history.seq) == (1, seqs(market)[0])
    readable(market, history)
    for seq in range(0, history.seq, 97):
        history.check(StreamPosition(seq, market.proofs[seq]))


def test_a_damaged_checkpoint_is_passed_over(market):
    """The next older one is taken; without any, the market begins again, with its whole log."""
    found = seqs(market)
    for newest, older in pairwise(found):
        damage(market, checkpoint_name(newest))
        back = restored(market)
        assert back.position == StreamPosition(older, market.proofs[older])
        readable(market, back.stream.history)
    damage(market, checkpoint_name(found[-1]))
    back = restored(market)
    assert (back.opened, back.record, back.position) == (False, 0, StreamPosition(0, market.proofs[0]))


def test_a_checkpoint_of_another_engine_is_passed_over(market):
    """What it computes may be something else."""
    assert restored(market, engine="another").opened is False


def test_a_checkpoint_of_another_history_is_passed_over(market):
    """One that was written late, by a process that did not see its folder begin a new history."""
    newest, older = seqs(market)[:2]
    name = checkpoint_name(newest)
    header, roots = read_checkpoint(bytes(market.disk.files[name]), engine=ENGINE)
    market.disk.files[name] = bytearray(write_checkpoint(header, {**roots, "history": b"another"}))
    assert restored(market).position.seq == older


def test_a_checkpoint_that_cannot_be_read_is_passed_over(market):
    """As a damaged one."""
    newest, older = seqs(market)[:2]
    whole, market.disk.read = market.disk.read, lambda name: _unreadable(whole, name, newest)
    assert restored(market).position.seq == older


def _unreadable(read, name, seq):
    if name == checkpoint_name(seq):
        raise OSError(5, "Input/output error")
    return read(name)


def test_a_checkpoint_of_lost_inputs_is_removed(market):
    """The log is what counts: others will have their numbers, and must not be taken for these."""
    newest, older = seqs(market)[:2]
    market.log.last = 3  # as if a power cut had taken the last record
    assert market.restored().record == 3
    assert restored(market).record == 3
    assert seqs(market)[0] == older
    assert newest not in seqs(market)


@pytest.mark.parametrize("gap", [0, 1, 2, 3])
def test_history_begins_after_what_is_missing(market, gap):
    """A damaged part of it is passed over, with all that is older; the market is as it was."""
    before, last = history_spans(market.disk.names())[gap]
    damage(market, history_name(before, last))
    history = restored(market).stream.history
    assert (history.oldest, history.seq) == (last + 1, seqs(market)[0])
    readable(market, history)
    with pytest.raises(TooOld):
        history.reach(last - 1)


def test_history_of_another_future_is_passed_over(market):
    """A file of events up to the same number, which were other events, is not what these clients saw."""
    newest = seqs(market)[0]
    beginning = Span(market.restored().stream.history.spans()[0].mark, ())
    proof = market.proofs[newest] ^ 1
    data = write_history([beginning], StreamPosition(newest, proof), engine=ENGINE)
    market.disk.files[history_name(0, newest)] = bytearray(data)
    history = restored(market).stream.history
    assert (history.oldest, history.position) == (1, StreamPosition(newest, market.proofs[newest]))
    readable(market, history)


def test_damage_of_every_byte_of_history_is_seen(market):
    """Whatever byte of a file is changed, or missing."""
    before, end = history_spans(market.disk.names())[-1]
    data = bytes(market.disk.files[history_name(before, end)])
    last = StreamPosition(end, market.proofs[end])
    assert read_history(data, engine=ENGINE, last=last)
    steps = [*range(200), *range(200, len(data), 997)]
    for at in steps:
        broken = bytearray(data)
        broken[at] ^= 0x10
        with pytest.raises(Exception, match=r"damaged|another"):
            read_history(bytes(broken), engine=ENGINE, last=last)
        with pytest.raises(Exception, match=r"damaged|another|short"):
            read_history(data[:at], engine=ENGINE, last=last)
