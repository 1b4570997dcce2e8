"""Limits on keys that hold at several servers: how far they can be exceeded, and what becomes of the dead."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from feed.cluster.counts import EdgeCounts, SharedCounts, change, changes, combined, listed, read
from feed.dialects.contract import AdmissionResult
from feed.dialects.metering import Bans, Limit, RequestCounter
from feed.server.http.quota import SECOND, Quotas
from feed.server.limits import ConnectionQuotas, MinuteCounters

PERIOD = 4  # reports and beats, in steps of the tests
EDGES = ("a", "b")


class Cluster:
    """A sequencer and edges that tell each other as links do; each edge has what it was told last."""

    def __init__(self, edges=EDGES):
        self.shared = SharedCounts()
        self.heard, self.told, self.edges = {}, {}, {}
        for edge in edges:
            self.join(edge)

    def join(self, edge):
        self.shared.untold(edge)
        self.heard[edge], self.told[edge] = {}, {}
        self.edges[edge] = EdgeCounts(lambda: self.heard[edge])

    def each(self, make):
        """One of something at every server."""
        return {name: make(elsewhere) for name, elsewhere in [("", self.shared), *self.edges.items()]}

    def report(self, edge):
        now = self.edges[edge].now()
        self.shared.take(edge, changes(self.told[edge], now))
        self.told[edge] = now

    def beat(self, edge):
        change(self.heard[edge], self.shared.untold(edge))

    def settle(self):
        """Everybody knows everything."""
        self.shared.look()
        for edge in self.edges:
            self.report(edge)
        for edge in self.edges:
            self.beat(edge)


def test_a_limit_holds_at_all_servers_together():
    """What one has counted is taken from what is left at the others."""
    cluster = Cluster()
    rates = cluster.each(lambda elsewhere: MinuteCounters(lambda: 0.0, name="orders", elsewhere=elsewhere))
    assert [rates["a"].take("key x", 5) for _ in range(2)] == [True, True]
    assert [rates[""].take("key x", 5) for _ in range(2)] == [True, True]
    cluster.settle()
    assert [rates["b"].take("key x", 5) for _ in range(2)] == [True, False]
    assert rates["b"].take("key y", 5)


def test_each_window_is_counted_by_itself():
    """A server that is in the next one already counts nothing of the last."""
    cluster, now = Cluster(), [59.0]
    rates = cluster.each(lambda elsewhere: MinuteCounters(lambda: now[0], name="orders", elsewhere=elsewhere))
    assert rates["a"].take("key x", 1)
    cluster.settle()
    assert not rates["b"].take("key x", 1)
    now[0] = 60.0
    assert rates["b"].take("key x", 1)
    cluster.settle()
    assert not rates["a"].take("key x", 1)
    assert {window for _, _, window, _ in listed(cluster.edges["a"].now())} == {1}


def test_addresses_are_counted_at_each_server_by_itself():
    """Nobody is told of them, however many they are; nor of those that are counted together."""
    cluster = Cluster()
    quotas = cluster.each(lambda elsewhere: Quotas(SECOND, elsewhere=elsewhere))
    for at in range(100):
        quotas["a"].take(f"address 10.0.0.{at}", 5, 0.0)
    quotas["a"].take("key x", 5, 0.0)
    assert listed(cluster.edges["a"].now()) == [("requests in 1 s", "key x", 0, 1)]
    limits = cluster.each(lambda elsewhere: RequestCounter((LIMIT,), BANS, 1, name="it", elsewhere=elsewhere))
    limits["b"].charge("key x", 1, 0.0)
    limits["b"].charge("key y", 1, 0.0)
    assert listed(cluster.edges["b"].now()) == [("it 0", "key x", 0, 1)]


LIMIT = Limit(seconds=60, most=10)
BANS = Bans(refusals=2, first_seconds=120, most_seconds=300)


def test_weights_and_bans_hold_everywhere():
    """Who is banned by one server is refused by all, until the latest ban ends; and not by its seats' sum."""
    cluster = Cluster()
    counters = cluster.each(
        lambda elsewhere: RequestCounter((LIMIT,), BANS, 100, name="it", elsewhere=elsewhere)
    )
    assert not counters["a"].charge("key x", 6, 0).refused
    cluster.settle()
    assert counters["b"].charge("key x", 5, 1).counts == (11,)
    assert counters["b"].charge("key x", 1, 2).banned
    cluster.settle()
    usage = counters["a"].charge("key x", 1, 61)
    assert (usage.banned, usage.until) == (True, 122)
    assert counters[""].charge("key x", 1, 121.9).banned
    assert not counters[""].charge("key x", 1, 122).refused
    assert not counters["a"].charge("key y", 1, 61).refused


def test_connections_elsewhere_take_seats():
    """And give them back, at another server once it is told so."""
    cluster = Cluster()
    quotas = cluster.each(lambda elsewhere: ConnectionQuotas(lambda: 0.0, elsewhere=elsewhere))
    assert quotas["a"].enter("key x", 2, 99) is AdmissionResult.OPEN
    assert quotas[""].enter("key x", 2, 99) is AdmissionResult.OPEN
    cluster.settle()
    assert [quotas[one].taken("key x") for one in ("", *EDGES)] == [2, 2, 2]
    assert quotas["b"].enter("key x", 2, 99) is AdmissionResult.TOO_MANY
    quotas["a"].leave("key x")
    assert quotas["a"].enter("key x", 2, 99) is AdmissionResult.OPEN
    quotas["a"].leave("key x")
    cluster.settle()
    assert quotas["b"].enter("key x", 2, 99) is AdmissionResult.OPEN


def test_seats_of_a_dead_server_lapse():
    """At once where it is known; and who goes on elsewhere is let in before that."""
    cluster = Cluster()
    quotas = cluster.each(lambda elsewhere: ConnectionQuotas(lambda: 0.0, elsewhere=elsewhere))
    assert quotas["a"].enter("key x", 1, 99) is AdmissionResult.OPEN
    cluster.settle()
    assert quotas["b"].enter("key x", 1, 99) is AdmissionResult.TOO_MANY
    assert quotas["b"].enter("key x", 1, 99, resuming=True) is AdmissionResult.OPEN
    assert quotas["b"].enter("key x", 1, 99, resuming=True) is AdmissionResult.TOO_MANY
    quotas["b"].leave("key x")
    cluster.shared.leave("a")
    assert quotas[""].taken("key x") == 0
    cluster.beat("b")
    assert quotas["b"].enter("key x", 1, 99) is AdmissionResult.OPEN


def test_who_comes_is_told_all_there_is():
    """And afterwards only what changes."""
    cluster = Cluster()
    rates = cluster.each(lambda elsewhere: MinuteCounters(lambda: 0.0, name="orders", elsewhere=elsewhere))
    rates["a"].take("key x", 9)
    rates[""].take("key y", 9)
    cluster.settle()
    assert cluster.shared.untold("c") == [("orders", "key x", 0, 1), ("orders", "key y", 0, 1)]
    assert cluster.shared.untold("c") == []
    rates["a"].take("key x", 9)
    cluster.report("a")
    assert cluster.shared.untold("c") == [("orders", "key x", 0, 2)]
    assert cluster.shared.untold("a") == []


def test_whole_states_are_put_together():
    """As a server does that has each of the others' counts at hand: sums, but the latest end of a ban."""
    counts = [("seats", "key x", 0, 2), ("bans", "key x", -1, 500)]
    assert read(listed(read(counts))) == read(counts)
    assert combined([read(counts), read([("bans", "key x", -1, 400), ("seats", "key x", 0, 1)])]) == {
        ("seats", "key x", 0): 3,
        ("bans", "key x", -1): 500,
    }


PHASES = st.integers(0, PERIOD - 1)
REQUESTS = st.lists(st.sampled_from(("", *EDGES, None)), max_size=80)


@given(REQUESTS, st.integers(1, 8), st.tuples(PHASES, PHASES), st.tuples(PHASES, PHASES))
@example(requests=[*"baaaaaaa"], limit=7, reports=(0, 0), beats=(0, 0))
@settings(max_examples=100)
def test_no_more_come_through_than_the_limit_and_what_two_periods_let_in(requests, limit, reports, beats):
    """
    The error that is stated: at any moment no more than the limit, and what the other servers have let in
    within the last two periods. Once all have been told nobody lets in any more than is left.
    """
    cluster = Cluster()
    rates = cluster.each(lambda elsewhere: MinuteCounters(lambda: 0.0, name="orders", elsewhere=elsewhere))
    let_in: list[tuple[int, str]] = []
    for now, server in enumerate(requests):
        phase = now % PERIOD
        for edge in (edge for edge, beat in zip(EDGES, beats, strict=True) if beat == phase):
            cluster.beat(edge)
        for edge in (edge for edge, report in zip(EDGES, reports, strict=True) if report == phase):
            cluster.report(edge)
        if phase == 0:
            cluster.shared.look()
        if server is not None and rates[server].take("key x", limit):
            let_in.append((now, server))
            unknown = sum(1 for when, where in let_in if where != server and when > now - 2 * PERIOD)
            assert len(let_in) <= limit + unknown
    cluster.settle()
    left = max(0, limit - len(let_in))
    assert sum(rates["b"].take("key x", limit) for _ in range(limit + 1)) == left
