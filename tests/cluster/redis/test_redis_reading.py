"""Entries of a log in Redis, held against each other."""

import pytest
from blocks import START, all_rows, block_of, blocks_after

from feed.cluster.block import BrokenChain, Missing
from feed.cluster.redis.format import NO_HEAD, head_text, pack_block, place_text
from feed.cluster.redis.reading import AnotherLog, LogReader
from feed.errors import FeedError


class Log:
    """What stands in a stream."""

    def __init__(self):
        self.head = NO_HEAD
        self.entries = []

    def append(self, place, block, **more):
        fields = {b"p": self.head, b"h": block.ends.text.encode(), b"b": pack_block(block), **more}
        self.entries.append((place_text(place).encode(), fields))
        self.head = head_text(place, block.ends)


def read(reader, entries):
    return [found for one in entries if (found := reader.take(*one)) is not None]


def log_of(blocks, term=1, first=1, log=None):
    log = log or Log()
    for number, block in enumerate(blocks, first):
        log.append((term, number), block)
    return log


def test_what_follows_is_taken():
    """From the first entry on, and from any later one."""
    blocks = blocks_after(START, 4)
    log = log_of(blocks)
    assert read(LogReader((0, 0), START), log.entries) == [((1, at), one) for at, one in enumerate(blocks, 1)]
    reader = LogReader((1, 2), blocks[1].ends)
    assert read(reader, log.entries[2:]) == [((1, 3), blocks[2]), ((1, 4), blocks[3])]
    assert (reader.place, reader.position) == ((1, 4), blocks[-1].ends)


def test_what_was_trimmed_is_missed():
    """The reader says from where to where."""
    blocks = blocks_after(START, 4)
    with pytest.raises(Missing) as missing:
        read(LogReader((1, 1), blocks[0].ends), log_of(blocks).entries[2:])
    assert str(missing.value) == "a gap: the events from 3 to 4 cannot be had any more"
    assert not isinstance(missing.value, AnotherLog)


def test_a_takeover_follows_the_last_block():
    """Its opening has no events, and a place of the new term."""
    blocks = blocks_after(START, 2)
    log = log_of(blocks)
    opening = block_of([], blocks[1].ends)
    log.append((2, 1), opening)
    more = blocks_after(blocks[1].ends, 2)
    log_of(more, 2, 2, log)
    found = read(LogReader((0, 0), START), log.entries)
    assert [place for place, _ in found] == [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]


def test_blocks_that_the_log_had_lost_come_again_under_a_new_term():
    """They are passed over where they are known, those without events too, and what follows them is not."""
    blocks = blocks_after(START, 5)
    blocks.insert(4, block_of([], blocks[3].ends, made=1.0, entries=b"changes"))
    reader = LogReader((0, 0), START)
    read(reader, log_of(blocks[:5]).entries)
    lost = log_of(blocks[:2])
    lost.append((2, 1), block_of([], blocks[1].ends, made=2.0))
    log_of(blocks[2:], 2, 2, lost)
    found = read(reader, lost.entries[2:])
    assert found == [((2, 5), blocks[5])]
    assert reader.position == blocks[5].ends
    assert len(all_rows([*blocks[:5], blocks[5]])) == 10


def test_another_history_is_never_taken():
    """Neither at the same place nor in an entry that says another end than its block."""
    blocks = blocks_after(START, 3)
    other = blocks_after(START, 3, size=3)
    reader = LogReader((1, 2), blocks[1].ends)
    for entry in (log_of(other).entries[2], log_of(blocks).entries[1]):
        with pytest.raises(BrokenChain):
            reader.take(*entry)
    taken_over = log_of(other[:2])
    taken_over.append((2, 1), block_of([], other[1].ends))
    with pytest.raises(BrokenChain):
        reader.take(*taken_over.entries[-1])
    wrong = Log()
    wrong.append((1, 1), blocks[0], h=blocks[1].ends.text.encode())
    wrong.entries[0][1][b"h"] = b"9-00000000"
    with pytest.raises(BrokenChain):
        LogReader((0, 0), START).take(*wrong.entries[0])


def test_a_log_that_was_begun_anew_is_told():
    """Its first entry follows nothing."""
    blocks = blocks_after(START, 2)
    with pytest.raises(AnotherLog) as told:
        LogReader((1, 2), blocks[1].ends).take(*log_of(blocks, term=2).entries[0])
    assert str(told.value) == "the log that is followed was begun anew"


def test_a_head_is_looked_at():
    """One that is behind is waited for; another one at the same place is another history."""
    blocks = blocks_after(START, 2)
    reader = LogReader((1, 2), blocks[1].ends)
    for head in (None, NO_HEAD, head_text((1, 1), blocks[0].ends), head_text((1, 2), blocks[1].ends)):
        reader.look(head)
    reader.look(head_text((1, 3), START))
    with pytest.raises(BrokenChain):
        reader.look(head_text((1, 2), blocks[0].ends))


def test_what_is_no_block_is_told():
    """In one line."""
    (entry,) = log_of(blocks_after(START, 1)).entries
    for wrong in ((b"x", entry[1]), (entry[0], {b"p": NO_HEAD}), (entry[0], {**entry[1], b"p": b"?"})):
        with pytest.raises(FeedError):
            LogReader((0, 0), START).take(*wrong)
