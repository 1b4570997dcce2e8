"""Blocks: what one server writes, another reads, and nothing else."""

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.cluster.block import BrokenChain, Missing, decode_block, encode_block, rows_of
from feed.cluster.sequence import BlockBuilder
from feed.errors import FeedError
from feed.model.events import CLEAR
from feed.model.stream_position import StreamPosition
from feed.sim.run_status import RunState

FIRST = StreamPosition(40, 0xCAFE)
ROWS = [(CLEAR, 0, 1_000 + at, at) for at in range(5)]


def built(*rows, builder=None):
    """The next block, of these events."""
    return (builder or BlockBuilder(FIRST)).build(
        rows, made=1.5, stood=0, market_time=2_000, phase=RunState.RUNNING, takes_orders=True
    )


def changed(block, **fields):
    return msgspec.structs.replace(block, **fields)


def test_a_block_is_read_as_it_was_written():
    """All of it, also events with numbers that MessagePack does not have, and blocks without events."""
    wide = (CLEAR, 0, 1_000, 1 << 70, -(1 << 64))
    for rows in ([], ROWS, [wide]):
        block = built(*rows)
        again = decode_block(encode_block(block))
        assert again == block
        assert rows_of(again, FIRST) == list(rows)


def test_the_bytes_of_a_block_are_pinned():
    """Two servers of one release agree on them."""
    block = built(ROWS[0])
    assert f"{block.proof:08x}" == "0f1a30d9"
    assert encode_block(block).hex() == (
        "9e28cdcafe01ce0f1a30d9c40adc0001940700cd03e800c4009000cb3ff8000000000000cd07d0a772756e6e696e67c3c2a0"
    )


def test_more_events_than_a_short_array_has_are_one_block():
    """Such as the opening of hundreds of instruments: a step is never cut."""
    rows = [(CLEAR, 0, at) for at in range(65_537)]
    assert rows_of(built(*rows), FIRST) == rows


def test_blocks_follow_each_other():
    """Each begins where the one before it ends, those without events too."""
    builder = BlockBuilder(FIRST)
    blocks = [built(*rows, builder=builder) for rows in (ROWS[:2], (), ROWS[2:])]
    position, read = FIRST, []
    for block in blocks:
        assert block.begins == position
        read += rows_of(block, position)
        position = block.ends
    assert read == ROWS
    assert position == built(*ROWS).ends


def test_a_block_that_was_left_out_is_missed():
    """Its number says so, whatever its proof."""
    builder = BlockBuilder(FIRST)
    built(*ROWS[:3], builder=builder)
    with pytest.raises(Missing, match=r"^a gap: the events from 41 to 43 cannot be had any more$") as caught:
        rows_of(built(*ROWS[3:], builder=builder), FIRST)
    assert (caught.value.position, caught.value.found) == (FIRST, 43)


@pytest.mark.parametrize("known", range(6))
def test_events_that_are_known_are_passed_over(known):
    """A block that comes again brings the rest of it, however much of it is known."""
    position = built(*ROWS[:known]).ends
    assert rows_of(built(*ROWS), position) == ROWS[known:]


def test_a_block_of_the_past_brings_nothing():
    """What is known beyond its end cannot be compared with it."""
    assert rows_of(built(*ROWS), StreamPosition(99, 1)) == []


@pytest.mark.parametrize("known", range(6))
def test_what_is_known_must_be_what_the_block_has(known):
    """Another event at its beginning, within it, or at its end is another history."""
    position = built(*ROWS[:known]).ends
    with pytest.raises(BrokenChain):
        rows_of(built(*ROWS), attrs.evolve(position, proof=position.proof ^ 1))


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_wrong_bit_is_noticed(at, bit):
    """Wherever it is among the events: it is an error of one line, and never another event."""
    block = built(*ROWS)
    rows = bytearray(block.rows)
    rows[at % len(rows)] ^= 1 << bit
    with pytest.raises(FeedError):
        rows_of(changed(block, rows=bytes(rows)), FIRST)


def test_a_block_says_how_many_events_it_has():
    """One that has more or fewer is none of ours."""
    with pytest.raises(BrokenChain):
        rows_of(changed(built(*ROWS), events=4), FIRST)
    with pytest.raises(BrokenChain):
        rows_of(changed(built(), events=1), FIRST)


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x93\x01\x02\x03", encode_block(built(*ROWS))[:-1]])
def test_bytes_that_are_no_block_are_refused(data):
    """In one line."""
    with pytest.raises(FeedError, match=r"^a block is malformed: "):
        decode_block(data)
