"""The chain: every event bound to all before it."""

from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.events import ADD, CLEAR, ORDER, TRADE
from feed.model.trading import packed as packed_id
from feed.stream.chain import chained, joined, joined_proof, packed, unpacked

ULID = packed_id("01ARZ3NDEKTSV4RRFFQ69G5FAV")
ROWS = [
    (CLEAR, 0, 1_700_000_000_000_000_000),
    (ADD, 3, 1_700_000_000_000_000_001, 17, 1, 65_000_00, 250_000, 1_250_000),
    (TRADE, 3, 1_700_000_000_000_000_002, 1, -1, 65_000_00, 5, 0, 0, -1, -1),
    (ORDER, 3, 1_700_000_000_000_000_003, 1, ULID, 1, 2, 0, 18, 0, 0, 64_000_00, 5, 0, 0, 1, 0, 1_700),
]

NUMBERS = st.one_of(
    st.integers(-300, 300),
    st.integers(-(2**63) - 2, 2**64 + 2),
    st.sampled_from(
        [s * (1 << bits) + d for bits in (63, 64, 71, 72, 207) for s in (1, -1) for d in (-1, 0, 1)]
    ),
)
STORY = st.lists(st.lists(NUMBERS, min_size=3, max_size=18).map(tuple), max_size=40)


def test_the_chain_is_pinned():
    """What a client was told by one version of the server is true for the next, wide numbers included."""
    parts, proofs = chained(ROWS, 0x1234)
    assert [part.hex() for part in parts] == PARTS
    assert [f"{proof:08x}" for proof in proofs] == PROOFS


PARTS = [
    "930700cf17979cfe362a0000",
    "980103cf17979cfe362a00011101ce00632ea0ce0003d090ce001312d0",
    "9b0303cf17979cfe362a000201ffce00632ea0050000ffff",
    "dc00120903cf17979cfe362a000301c41a303141525a334e44454b54535634525246465136394735464156010200120000ce0061a8000500000100cd06a4",
]
PROOFS = ["ee4f1327", "ef8fdddd", "4fb12640", "cccf8fee"]


@given(story=STORY, cuts=st.lists(st.integers(0, 40), max_size=6), first=st.integers(0, 2**32 - 1))
def test_it_depends_on_the_events_alone(story, cuts, first):
    """However they are cut into batches: the same proof at each event; and it is the CRC of all bytes."""
    whole = chained(story, first)[1]
    edges = sorted({0, len(story), *(cut for cut in cuts if cut < len(story))})
    proof, parts, proofs = first, [], []
    for start, end in pairwise(edges):
        part, told = chained(story[start:end], proof)
        parts += part
        proofs += told
        proof = told[-1]
    assert proofs == whole
    assert proof == crc32(b"".join(parts), first)
    assert parts == [packed(row) for row in story]


@given(story=STORY)
def test_a_block_gives_back_its_rows(story):
    """Numbers of any width too, as the integers that they were."""
    assert unpacked(joined([packed(row) for row in story])) == story


@given(story=STORY.filter(bool), at=st.integers(0, 39), column=st.integers(0, 17), other=NUMBERS)
def test_one_other_number_is_another_history(story, at, column, other):
    """From the event on that has it, for as long as the rest is equal."""
    at %= len(story)
    column %= len(story[at])
    if story[at][column] == other:
        return
    row = (*story[at][:column], other, *story[at][column + 1 :])
    proofs, others = chained(story, 1)[1], chained([*story[:at], row, *story[at + 1 :]], 1)[1]
    assert proofs[:at] == others[:at]
    same = [left == right for left, right in zip(proofs[at:], others[at:], strict=True)]
    assert same == [same[0]] * len(same)  # a CRC forgets no difference
    assert not same[0] or len(packed(row)) > 4


@pytest.mark.parametrize("rows", [1, 15, 16, 511, 512, 65_535, 65_536])
def test_blocks_of_any_size_can_be_read(rows):
    """And proved without being read; their head is one of two."""
    story = [(CLEAR, 0, at) for at in range(rows)]
    parts, proofs = chained(story, 7)
    block = joined(parts)
    assert unpacked(block) == story
    assert joined_proof(block, 7) == proofs[-1]


def test_the_head_of_a_block_is_pinned():
    """Blocks that an older version has written are read for ever."""
    assert joined([b"x"]) == b"\xdc\x00\x01x"
    assert joined([b"x"] * 65_536)[:6] == b"\xdd\x00\x01\x00\x00x"


def test_nothing_has_the_proof_before_it():
    """A block of no rows proves nothing new, written or not."""
    assert joined_proof(b"", 7) == joined_proof(joined([]), 7) == 7
