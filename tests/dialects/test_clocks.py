"""The times by which clients may sign: the wall clock's, the market's, and those that they were told."""

import pytest

from feed.dialects.clocks import Clocks

SECOND = 1_000_000_000


class Server:
    """Clocks that go at a pace."""

    def __init__(self, *, pace, ahead=0):
        self.wall, self.market = 1_000, (1_000 + ahead) * SECOND
        self._pace = pace
        self.clocks = Clocks(lambda: self.wall, lambda: self.market)

    def go(self, seconds):
        self.wall += seconds
        self.market += seconds * self._pace * SECOND

    def accepts(self, seconds):
        return any(first <= seconds * SECOND <= last for first, last in self.clocks.good())


@pytest.mark.parametrize("pace", [0, 1, 10])
@pytest.mark.parametrize("ahead", [0, 5_000, -5_000])
def test_a_clock_that_was_set_once_goes_right(pace, ahead):
    """Whenever that was, whatever the pace of the market and the year it is in."""
    server = Server(pace=pace, ahead=ahead)
    told = []
    for _ in range(5):
        server.go(30)
        server.clocks.tell()
        told.append(server.market // SECOND - server.wall)
        assert all(server.accepts(server.wall + offset) for offset in told)
    assert server.accepts(server.wall)
    assert server.accepts(server.market // SECOND)


def test_no_other_clock_does():
    """One that is off by more than the market ever was has been set by nobody here."""
    server = Server(pace=10, ahead=100)
    assert not server.accepts(server.wall + 50)
    server.clocks.tell()
    server.go(10)
    assert server.clocks.good() == ((1_010 * SECOND, 1_010 * SECOND), (1_110 * SECOND, 1_200 * SECOND))
    assert not server.accepts(server.wall + 99)
    assert not server.accepts(server.wall + 191)
