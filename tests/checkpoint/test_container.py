"""The file of a checkpoint: what it says of itself, and that damage never goes unseen."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.checkpoint import engine
from feed.checkpoint.container import CheckpointHeader, read_checkpoint, read_header, write_checkpoint
from feed.checkpoint.engine import engine_digest
from feed.errors import FeedError

HEADER = CheckpointHeader(
    engine="abc", seq=7, proof=(1 << 64) - 1, market_time=1_700_000_000 * 10**9, record=3, wall=5
)
FILE = write_checkpoint(HEADER, {"run": [1, 2.5], "state": {"a": ()}})


def test_a_checkpoint_is_read_as_it_was_written():
    """The header alone, too; and equal contents are equal bytes."""
    assert read_header(FILE) == HEADER
    assert read_checkpoint(FILE, engine="abc") == (HEADER, {"run": [1, 2.5], "state": {"a": ()}})
    assert write_checkpoint(HEADER, {"run": [1, 2.5], "state": {"a": ()}}) == FILE


def test_one_of_another_engine_is_refused():
    """By name; its header can be read all the same."""
    with pytest.raises(FeedError, match="of engine abc; this is other"):
        read_checkpoint(FILE, engine="other")


@given(at=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7))
def test_a_bit_that_is_another_is_seen(at, bit):
    """Wherever it is."""
    damaged = bytearray(FILE)
    damaged[at] ^= 1 << bit
    with pytest.raises(FeedError, match="checkpoint"):
        read_checkpoint(bytes(damaged), engine="abc")


@given(st.integers(0, len(FILE) - 1))
def test_one_that_was_cut_is_seen(size):
    """Also one to which something was added."""
    for damaged in (FILE[:size], FILE + FILE[:size] + b"x"):
        with pytest.raises(FeedError, match="checkpoint"):
            read_checkpoint(damaged, engine="abc")


def test_another_source_is_another_engine(monkeypatch):
    """The same source is the same one; every package that determines events counts."""
    first = engine_digest()
    engine_digest.cache_clear()
    assert engine_digest() == first
    for package in engine.PACKAGES:
        monkeypatch.setattr(engine, "PACKAGES", tuple(one for one in engine.PACKAGES if one != package))
        engine_digest.cache_clear()
        assert engine_digest() != first
        monkeypatch.undo()
    engine_digest.cache_clear()
    assert attrs.evolve(HEADER, engine=first).engine == engine_digest()
