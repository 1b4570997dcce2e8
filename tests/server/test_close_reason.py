"""Why connections end, and how they are counted."""

import pytest

from feed.server import close_reason
from feed.server.close_reason import CloseCounts, CloseReason, CloseStatistics

ALL = [value for value in vars(close_reason).values() if isinstance(value, CloseReason)]


def test_connections_are_counted_by_their_end():
    """Opened, still open, and ended by reason."""
    close_counts = CloseCounts()
    for _ in range(4):
        close_counts.opened()
    for why in (close_reason.GONE, close_reason.SLOW, close_reason.GONE):
        close_counts.ended(why)
    assert close_counts.statistics() == CloseStatistics(
        open=1, opened=4, ended={"closed by client": 2, "slow consumer": 1}
    )


def test_every_end_has_words_of_its_own():
    """Counting by words would otherwise mix them up."""
    assert len({why.why for why in ALL}) == len(ALL) > 5


@pytest.mark.parametrize("why", ALL, ids=lambda why: why.why)
def test_what_is_sent_fits_a_close_frame(why):
    """A code that may go over the wire, and a reason of at most 123 bytes; or neither."""
    assert why.code in {0, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013}
    assert bool(why.code) == bool(why.reason)
    assert len(why.reason.encode()) <= 123
