"""A book kept in step with the server's."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.client.book import Book
from feed.client.replica import MOST_IGNORED, PATIENCE, PATIENCE_NS, OutOfStep
from feed.dialects.items import BookPart
from feed.model.directory import Directory
from feed.model.events import Side

BUY, SELL = Side
# The example of the guide's notes.
LEVELS = ((BUY, 232500, 150), (BUY, 232450, 200), (SELL, 232525, 25))
CHECKSUM = 2334195820


def part(seq, *levels, checksum=None, first=False, more=False, snapshot=False):
    return BookPart(
        instrument=0,
        seq=seq,
        ts=seq,
        first=first,
        more=more,
        snapshot=snapshot or first,
        levels=levels,
        checksum=checksum,
    )


@pytest.fixture
def directory():
    directory = Directory()
    directory.index("X")
    directory.price(0, "0.00")
    directory.size(0, "0.00")
    return directory


@pytest.fixture
def book(directory):
    return Book(directory, 0)


@pytest.fixture
def synced(book):
    assert book.apply(part(5, *LEVELS, checksum=CHECKSUM, first=True))
    return book


def test_a_proven_snapshot_is_in_sync(synced):
    """The checksum of the protocol's own example; levels best first."""
    assert (synced.in_sync, synced.seq, synced.ts) == (True, 5, 5)
    assert synced.texts(BUY) == [("2325.00", "1.50"), ("2324.50", "2.00")]
    assert synced.levels(SELL, 1) == [(232525, 25)]


def test_an_empty_book_has_checksum_zero(book):
    """And is in sync as any other."""
    assert book.apply(part(1, first=True, checksum=0))
    assert book.in_sync


def test_a_delta_sets_or_removes_a_level(synced):
    """Size zero removes; of a level that is not there, too."""
    assert synced.apply(part(6, (BUY, 232500, 0), (SELL, 1, 0), (SELL, 232600, 7)))
    assert (synced.levels(BUY), synced.levels(SELL)) == ([(232450, 200)], [(232525, 25), (232600, 7)])


def test_a_delta_that_is_in_it_already_changes_nothing(synced):
    """As after a resume, which tells the last event again."""
    assert not synced.apply(part(5, (BUY, 1, 1)))
    assert synced.levels(BUY)[-1] == (232450, 200)


def test_a_wrong_checksum_is_told_and_deltas_wait_for_a_snapshot(synced):
    """Out of sync until the next snapshot, which heals it."""
    with pytest.raises(OutOfStep, match="checksum"):
        synced.apply(part(6, (BUY, 1, 1), checksum=1))
    assert not synced.in_sync
    assert not synced.apply(part(7, (BUY, 2, 2)))
    assert synced.apply(part(8, *LEVELS, checksum=CHECKSUM, first=True))
    assert (synced.in_sync, synced.seq) == (True, 8)


def test_a_snapshot_in_parts_is_proven_at_its_end(book):
    """Before it, the book is not in sync."""
    assert book.apply(part(5, *LEVELS[:2], first=True, more=True, checksum=CHECKSUM))
    assert not book.in_sync
    assert book.apply(part(5, LEVELS[2], snapshot=True, checksum=CHECKSUM))
    assert book.in_sync


def test_a_snapshot_without_its_end_is_told(book):
    """A delta that comes in its place."""
    book.apply(part(5, *LEVELS, first=True, more=True))
    with pytest.raises(OutOfStep, match="without its end"):
        book.apply(part(6, (BUY, 1, 1)))


def test_a_lost_snapshot_is_told_in_the_end(book):
    """Deltas without one are passed over for a while: many may be under way, and a busy server is late."""
    for seq in range(2 * PATIENCE):
        assert not book.apply(part(seq, (BUY, 1, 1)))
    assert not book.apply(part(PATIENCE_NS, (BUY, 1, 1)))
    with pytest.raises(OutOfStep, match="no snapshot"):
        book.apply(part(PATIENCE_NS + 1, (BUY, 1, 1)))


def test_a_quiet_book_waits_for_its_snapshot_by_the_number_of_deltas_too(book):
    """However long ago it was asked for."""
    for number in range(PATIENCE):
        assert not book.apply(part(number * PATIENCE_NS, (BUY, 1, 1)))
    with pytest.raises(OutOfStep, match="no snapshot"):
        book.apply(part(PATIENCE * PATIENCE_NS, (BUY, 1, 1)))


def test_a_lost_snapshot_is_told_where_deltas_do_not_say_when_they_are_of(book):
    """After very many of them."""
    delta = attrs.evolve(part(1, (BUY, 1, 1)), ts=0)
    for _ in range(MOST_IGNORED):
        assert not book.apply(delta)
    with pytest.raises(OutOfStep, match="no snapshot"):
        book.apply(delta)


def test_a_finer_grid_needs_a_new_snapshot(directory, synced):
    """Its ticks are not the ticks of before."""
    directory.price(0, "0.001")
    with pytest.raises(OutOfStep, match="digits"):
        synced.apply(part(6, (BUY, 1, 1)))


CHANGES = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 30), st.integers(0, 5)), min_size=1, max_size=40
)


@given(CHANGES, st.data())
def test_a_lost_delta_that_shows_is_never_proven(changes, data):
    """Whatever is lost: either the checked levels are the same, or the checksum tells."""
    directory = Directory()
    directory.index("X")
    server, client = Book(directory, 0), Book(directory, 0)
    for book in (server, client):
        book.apply(part(1, first=True))
    lost = data.draw(st.integers(0, len(changes) - 1))
    for at, change in enumerate(changes):
        server.apply(part(at + 2, change))
        if at == lost:
            continue
        try:
            client.apply(part(at + 2, change, checksum=server.checksum()))
        except OutOfStep:
            return
        assert [client.texts(side, 10) for side in Side] == [server.texts(side, 10) for side in Side]
