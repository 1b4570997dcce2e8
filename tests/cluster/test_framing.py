"""Messages of a link: from a byte stream as they were put into one, however it is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.cluster import snapshot_parts
from feed.cluster.block import BEFORE_ALL
from feed.cluster.framing import MOST_BYTES, Frames, frame
from feed.cluster.messages import EDGE, Beat, Hello, Placed, Report, SnapshotPart, Welcome, decode
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshot_parts import SnapshotParts, parts_of
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition

MESSAGES = [
    Hello(name="a", role=EDGE, position=None, place=BEFORE_ALL),
    Hello(name="b", role=EDGE, position=(7, 0xFFFFFFFF), place=(0, 3)),
    Welcome(header=b"header", token_key=b"key", after=None),
    Welcome(header=b"", token_key=b"", after=(0, 3)),
    SnapshotPart(index=0, parts=2, data=b"x" * 70_000),
    Placed(place=(0, 4), block=b"block"),
    Report(seq=7, listening=2),
    Beat(seq=9, place=(0, 4)),
]


@given(cuts=st.lists(st.integers(0, 71_000), max_size=20))
def test_messages_come_out_as_they_went_in(cuts):
    """Each as soon as its last byte is there, however the stream is cut."""
    data = b"".join(map(frame, MESSAGES))
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    frames, found = Frames(), []
    for start, end in pairwise(edges):
        found += map(decode, frames.feed(data[start:end]))
        whole = sum(1 for at in range(len(MESSAGES)) if len(b"".join(map(frame, MESSAGES[: at + 1]))) <= end)
        assert len(found) == whole
    assert found == MESSAGES


def test_a_message_without_measure_is_refused():
    """Before anything of it is kept."""
    assert Frames().feed(MOST_BYTES.to_bytes(4, "big")) == []
    with pytest.raises(FeedError, match=r"^a message of 268435457 bytes on a link, more than 268435456$"):
        Frames().feed((MOST_BYTES + 1).to_bytes(4, "big"))


@pytest.mark.parametrize("data", [b"", b"\x91\xa5Bread", b"\x92\xa4Beat\x01", b"GET / HTTP/1.1\r\n"])
def test_what_is_no_message_is_refused(data):
    """In one line."""
    with pytest.raises(FeedError, match=r"^a message of a link is malformed: "):
        decode(data)


SNAPSHOT = Snapshot(
    place=(0, 8), position=StreamPosition(9, 10), stood=11, state=b"s" * 300, history=b"h" * 99
)


@pytest.mark.parametrize("size", [1, 100, 1 << 20])
def test_a_snapshot_goes_in_parts(monkeypatch, size):
    """And is put together again, one after another."""
    monkeypatch.setattr(snapshot_parts, "PART_BYTES", size)
    parts = list(parts_of(SNAPSHOT))
    assert {len(part.data) for part in parts[:-1]} <= {size}
    together = SnapshotParts()
    for _ in range(2):
        found = [together.take(part) for part in parts]
        assert found == [None] * (len(parts) - 1) + [SNAPSHOT]


def test_parts_come_in_their_order(monkeypatch):
    """One that is not the next, or says that there are more than anybody sends, ends it."""
    monkeypatch.setattr(snapshot_parts, "PART_BYTES", 100)
    first, second, *_ = parts_of(SNAPSHOT)
    with pytest.raises(FeedError, match=r"^part 1 of 5 of a snapshot, after 0$"):
        SnapshotParts().take(second)
    together = SnapshotParts()
    together.take(first)
    with pytest.raises(FeedError):
        together.take(first)
    with pytest.raises(FeedError):
        SnapshotParts().take(SnapshotPart(index=0, parts=1 << 20, data=b""))
    with pytest.raises(FeedError, match=r"^a snapshot is malformed: "):
        SnapshotParts().take(SnapshotPart(index=0, parts=1, data=b"\x00"))
