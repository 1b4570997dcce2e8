from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from feed.model.digest import Digest, canonical
from feed.model.events import CLEAR, QUOTE, TRADE, UNKNOWN

ROWS = [
    (QUOTE, 0, 1700000000000000000, 100, 5, 101, 6),
    (TRADE, 1, 2, 3, 0, 4, 5, 0, 0, UNKNOWN, UNKNOWN),
    (CLEAR, 2, 3),
]


def test_canonical_lines():
    """Comma, line feed, plain decimal integers: what any program in any language can repeat."""
    assert canonical(ROWS) == (
        b"5,0,1700000000000000000,100,5,101,6\n"
        b"3,1,2,3,0,4,5,0,0,-1,-1\n"
        b"7,2,3\n"
    )  # fmt: skip


def test_digest_of_known_rows():
    """The digest is the SHA-256 of the lines, as sha256sum prints it."""
    digest = Digest()
    digest.update(ROWS)
    assert digest.events == 3
    assert digest.hexdigest() == "7fd008d6557ca6bc479ee74df0887e0e331f5927eb8a36ac15634f3fd833b718"


def test_digest_of_nothing():
    """No events, no bytes."""
    assert Digest().hexdigest() == hashlib.sha256(b"").hexdigest()


@given(st.lists(st.lists(st.integers(-1, 2**70), min_size=3, max_size=11).map(tuple)), st.integers(0))
def test_digest_does_not_depend_on_batches(rows, cut):
    """The stream counts, not how it was cut."""
    cut %= len(rows) + 1
    whole, parts = Digest(), Digest()
    whole.update(rows)
    parts.update(rows[:cut])
    parts.update(rows[cut:])
    assert (whole.hexdigest(), whole.events) == (parts.hexdigest(), parts.events)
