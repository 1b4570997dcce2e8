"""The keys and bytes of a log in Redis."""

import pytest
from blocks import START, TOKEN_KEY, block_of, clock_rows

from feed.cluster.redis.format import (
    NO_HEAD,
    Names,
    SnapshotPointer,
    head_text,
    key_fingerprint,
    pack_block,
    pack_header,
    pack_pointer,
    parse_head,
    parse_place,
    unpack_block,
    unpack_header,
    unpack_pointer,
)
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition


def test_all_keys_of_a_log_are_of_one_slot():
    """One script may touch them all."""
    names = Names("btc")
    keys = (
        names.log,
        names.head,
        names.lease,
        names.term,
        names.header,
        names.snapshot,
        names.snapshot_parts((1, 2), "ab"),
        names.requests,
        names.edges,
        names.replies("e1"),
    )
    assert len(set(keys)) == len(keys)
    assert all(key.startswith("{btc}:") for key in keys)


@pytest.mark.parametrize("size", [0, 2, 500])
def test_a_block_comes_back_as_it_was(size):
    """Small ones as they are, large ones compressed."""
    block = block_of(clock_rows(1, size), START)
    body = pack_block(block)
    assert body[0] == (size == 500)
    assert unpack_block(body) == block


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x02abc", b"\x01abc", b"\x00\xc0"])
def test_what_is_no_block_is_told(body):
    """Whoever reads it gets one line, and not a traceback."""
    with pytest.raises(FeedError):
        unpack_block(body)


def test_a_head_says_the_place_and_the_position():
    """And a log without blocks has none."""
    place, position = (3, 17), StreamPosition(123456, 0xA1B2C3D4)
    assert head_text(place, position) == b"3-17 123456-a1b2c3d4"
    assert parse_head(head_text(place, position)) == (place, position)
    assert head_text((0, 0), START) == NO_HEAD
    assert parse_head(NO_HEAD) is parse_head(None) is None
    for text in (b"", b"1-1", b"1-1 5", b"x-1 5-a1b2c3d4", b"1-1 5-a1b2c3d4 "):
        with pytest.raises(FeedError):
            parse_head(text)
    with pytest.raises(FeedError):
        parse_place(b"1-")


def test_a_header_has_no_key_in_it():
    """What is told of the key is enough to see that one has another."""
    data = pack_header(b"header", TOKEN_KEY)
    assert TOKEN_KEY not in data
    assert unpack_header(data) == (b"header", key_fingerprint(TOKEN_KEY))
    assert key_fingerprint(TOKEN_KEY) != key_fingerprint(bytes(32))
    with pytest.raises(FeedError):
        unpack_header(b"\xc0")


def test_a_pointer_names_the_parts():
    """In order."""
    pointer = SnapshotPointer(prefix="{a}:s", parts=2, place=(1, 2), position=(3, 4), history=bytes(16))
    assert unpack_pointer(pack_pointer(pointer)) == pointer
    assert pointer.keys() == ["{a}:s:0", "{a}:s:1"]
    with pytest.raises(FeedError):
        unpack_pointer(b"\xc0")
