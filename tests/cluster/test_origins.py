"""Which edge a request came from, and which requests are decided."""

from feed.cluster.origins import Decided, Origins, origins_of
from feed.cluster.requests import EdgeRequests
from feed.durability.entries import decode, encode
from feed.model.requests import Cancel

REQUESTS = [Cancel(account=1, instrument=0, created=1, order=number) for number in (1, 1, 2)]


def test_it_is_written_beside_the_requests():
    """In their order; those of our own clients have none, and equal requests are told apart."""
    origins = Origins()
    origins.note(REQUESTS[1], "a", 7)
    origins.note(REQUESTS[2], "b", 1)
    entry = origins.entry(at=5, wall=6, requests=REQUESTS)
    (read,) = decode(encode([entry]))
    assert (read.kind, read.at, read.wall) == ("origins", 5, 6)
    assert origins_of(read) == [None, ("a", 7), ("b", 1)]
    assert len(origins) == 0


def test_nothing_is_written_where_all_are_our_own():
    """As in a market that nobody follows."""
    assert Origins().entry(at=5, wall=6, requests=REQUESTS) is None


def test_what_the_market_has_not_taken_is_forgotten():
    """Also twice, and what was never known."""
    origins = Origins()
    origins.note(REQUESTS[0], "a", 7)
    for request in (REQUESTS[0], REQUESTS[0], REQUESTS[1]):
        origins.forget(request)
    assert len(origins) == 0
    assert origins.entry(at=5, wall=6, requests=REQUESTS) is None


def test_the_oldest_decisions_are_forgotten():
    """It stays bounded; what is noted again is no second one."""
    decided = Decided(most=3)
    decided.note([("a", 1), ("a", 2), ("b", 1), ("a", 2), ("b", 2)])
    known = [one for one in (("a", 1), ("a", 2), ("b", 1), ("b", 2)) if one in decided]
    assert known == [("a", 2), ("b", 1), ("b", 2)]


def test_requests_of_edges_are_noted_until_they_are_decided():
    """What the market does not take, or refuses later, leaves nothing behind."""
    outcomes, taken = [], []
    origins = Origins()

    class Market:
        takes_orders = True

        def submit(self, request, refused, executed):
            taken.append(refused)
            return len(taken) < 3

    requests = EdgeRequests(Market(), outcomes.append, origins)
    for number, request in enumerate(REQUESTS, start=1):
        requests.take("a", number, request)
    assert (len(origins), [one.number for one in outcomes]) == (2, [3])
    taken[0]()
    assert (len(origins), [one.number for one in outcomes]) == (1, [3, 1])
