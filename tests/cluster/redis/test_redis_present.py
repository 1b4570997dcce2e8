"""Who is there, by what stands in Redis and the reader's own clock."""

import pytest

from feed.cluster.messages import Report
from feed.cluster.redis.present import Present, Said, encode_said
from feed.errors import FeedError


def said(count, seq=0):
    return encode_said(Said(count=count, name="edge", report=Report(seq=seq, listening=0)))


def test_who_says_something_new_is_there():
    """Until nothing new has come for two seconds; who comes back is there again."""
    present = Present(0.25)
    present.take({b"a": said(1, 5), b"b": said(9)}, 100.0)
    assert {who: one.report.seq for who, one in present.there().items()} == {"a": 5, "b": 0}
    present.take({b"a": said(2, 6), b"b": said(9)}, 101.9)
    assert set(present.there()) == {"a", "b"}
    present.take({b"a": said(2, 6), b"b": said(9)}, 102.0)
    assert (set(present.there()), present.gone()) == ({"a"}, ["b"])
    assert (present.heard("a"), present.heard("b"), present.heard("c")) == (101.9, 100.0, None)
    present.take({b"a": said(2, 6), b"b": said(10)}, 102.1)
    assert (set(present.there()), present.gone()) == ({"a", "b"}, [])
    present.take({}, 102.2)
    assert (present.there(), present.gone()) == ({}, [])


def test_who_reports_rarely_may_be_silent_for_longer():
    """Eight reports are to be missed."""
    present = Present(1.0)
    present.take({b"a": said(1)}, 0.0)
    present.take({b"a": said(1)}, 7.9)
    assert present.gone() == []
    present.take({b"a": said(1)}, 8.0)
    assert present.gone() == ["a"]


def test_what_cannot_be_read_is_told_and_changes_nothing():
    """In one line."""
    present = Present(0.25)
    present.take({b"a": said(1)}, 0.0)
    with pytest.raises(FeedError, match="what b says of itself in Redis is malformed"):
        present.take({b"a": said(2), b"b": b"\xc0"}, 1.0)
    assert present.heard("a") == 0.0
