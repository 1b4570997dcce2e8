"""The benchmarks reach into the server, and nothing else runs them from day to day."""

import json
import math
from array import array
from collections import Counter
from importlib import import_module

import pytest

from feed.analytics.stylized_facts import Estimate
from tests.benchmarks import commits, execution
from tests.benchmarks.accounts import Account
from tests.benchmarks.edges import beside, processes
from tests.benchmarks.kill import verdict
from tests.benchmarks.kill.readers import Reader, Texts, subscriptions
from tests.benchmarks.kill.traders import CoinbaseTrader, Outcome
from tests.benchmarks.realism import impact, round_trips, runs, tables
from tests.benchmarks.realism.reference import Reference
from tests.benchmarks.servers import same


@pytest.mark.parametrize(
    "name",
    [
        "abuse.server",
        "abuse.attacks",
        "abuse.__main__",
        "fanout.our_workers",
        "fanout.ours",
        "checkpoints",
        "deflate",
        "edges.__main__",
        "edges.stamped",
        "execution",
        "market_streams",
        "orders",
        "page.__main__",
        "redis_log",
        "realism.__main__",
        "servers.__main__",
        "workers",
    ],
)
def test_a_benchmark_finds_what_it_needs(name):
    """Whoever moves or renames something learns of it here."""
    import_module(f"tests.benchmarks.{name}")


@pytest.mark.protocols("tradyn", "binance", "kraken", "coinbase")
def test_streams_of_several_protocols_are_measured_beside_each_other(capsys):
    """A line for each, with how often it spoke; so briefly the figures themselves say nothing."""
    benchmark = import_module("tests.benchmarks.market_streams")
    benchmark.main(["--quick"])
    lines = capsys.readouterr().out.splitlines()[2:]
    names = [name for name, *_ in benchmark.STREAMS]
    assert [line[:18].rstrip() for line in lines] == names
    assert int(lines[0][18:28]) > 0


def test_edges_are_measured_without_what_is_not_installed(capsys, monkeypatch):
    """Redis and NATS are left out, and said to be."""
    monkeypatch.setattr(processes.shutil, "which", lambda name: None)
    logs = processes.kinds()
    assert logs == [processes.UNIX]
    assert list(beside.contenders(logs)) == [beside.SINGLE, "edge, unix"]
    assert capsys.readouterr().out.splitlines() == [
        "without Redis: redis-server is not installed",
        "without NATS: nats-server is not installed",
    ]


def test_a_client_of_nats_subscribes_to_the_symbols_that_one_of_ours_subscribes_to(tmp_path):
    """Each by its subject, all in one line of the load client's, after it has said who it is."""
    workload, file = beside.WORKLOADS[0], tmp_path / "subscriptions"
    beside.opening(beside.SINGLE, workload, file)
    symbols = json.loads(file.read_text())["symbols"]
    beside.opening(beside.NATS, workload, file)
    connect, *subscribed = file.read_text().rstrip("\n").split("\t")
    assert connect.startswith("CONNECT ")
    assert [line.split()[:2] for line in subscribed] == [["SUB", f"ticks.{symbol}"] for symbol in symbols]


def test_commits_of_each_kind_are_measured(capsys, monkeypatch, tmp_path):
    """A line for each contender in each table; Redis is left out, and said to be, where there is none."""
    monkeypatch.setattr(commits.shutil, "which", lambda name: None)
    commits.main(["--seconds", "0", "--rounds", "1", "--folder", str(tmp_path)])
    said, *lines = capsys.readouterr().out.splitlines()
    assert said.endswith("without Redis: redis-server is not installed")
    names = [name for name in commits.CONTENDERS if "Redis" not in name]
    assert [line[:24].rstrip() for line in lines if line and "a commit" not in line] == names * 2


def reader_of(texts, *parts):
    """Of ticks, who has read these stretches."""
    [subscription] = [one for one in subscriptions("BTCUSD") if one.protocol == "tradyn"]
    reader = Reader(subscription, Account.numbered(1), texts)
    reader.parts = [array("q", [texts.number(b"%d" % number) for number in part]) for part in parts]
    return reader


@pytest.mark.parametrize(
    ("read", "complaint"),
    [
        ((range(5, 30), range(3, 9)), ""),
        ((range(5), [*range(5, 10), *range(11, 15)]), "after 5 of 9 messages: 9 then 11 where"),
        (([5, 5, 6],), "after 1 of 3 messages: 5 then 5 where the other server said 6"),
        (([5, 99, 6],), "after 1 of 3 messages: 5 then 99 where the other server said 6"),
        (([99],), "the other server never said 99"),
        ((range(30, 60),), "after 10 of 30 messages: 39 then 40 where the other server said nothing more"),
        ((), "nobody was told anything"),
    ],
)
def test_what_was_read_over_crashes_is_held_against_what_was_said(read, complaint):
    """A gap, a message twice, another one: each is told, and where; a stretch of the whole is fine."""
    texts, found = Texts(), verdict.Verdict()
    other = reader_of(texts, range(40))
    reader = reader_of(texts, *read)
    verdict.judge_readers(found, [reader], {reader.subscription.name: other}, texts)
    assert [text.partition(": ")[2][: len(complaint)] for text in found.differing] == [complaint] * bool(
        complaint
    )


@pytest.mark.parametrize(
    ("streams", "difference"),
    [
        (([b"1", b"2", b"3"], [b"1", b"2", b"3"], [b"1", b"2", b"3"]), ""),
        (([b"1", b"2"], [b"1", b"x"], [b"1", b"2"]), "message 2 is at a: 2; at b: x; at c: 2"),
        (([b"1", b"2"], [b"1", b"2"], [b"1"]), "message 2 is at a: 2; at b: 2; at c: nothing more"),
        (([b"12"], [b"1", b"2"], [b"12"]), "message 1 is at a: 12; at b: 1; at c: 12"),
        (([b"1" * 99], [], [b"1"]), "the checksums differ, after message 0"),
    ],
)
def test_streams_of_servers_are_compared_message_by_message(monkeypatch, streams, difference):
    """Where one says something else or less, or parts it otherwise, is shown, in whatever order they come."""
    monkeypatch.setattr(same, "MOST_APART", 50)
    for order, several in (((0, 1, 2), False), ((2, 1, 0), False), ((1, 0, 2), True)):
        found = same.Same("quotes", ("a", "b", "c"))
        for server in order:
            for messages in [streams[server]] if several else [[message] for message in streams[server]]:
                found.take(server, messages)
        assert found.end() == (not difference)
        assert found.difference.startswith(difference)
        assert found.messages == [len(stream) for stream in streams]


def test_streams_that_differ_after_too_much_was_kept_are_known_by_their_checksums(monkeypatch):
    """Then nobody can say where; those that are the same after all are still the same."""
    monkeypatch.setattr(same, "MOST_APART", 1)
    for last, wanted in ((b"3", True), (b"x", False)):
        found = same.Same("quotes", ("a", "b"))
        for server, message in ((0, b"1"), (0, b"2"), (0, b"3"), (1, b"1"), (1, b"2"), (1, last)):
            found.take(server, [message])
        assert found.end() is wanted


def test_orders_are_held_against_what_was_accepted():
    """Answered and never accepted is lost, twice accepted is doubled; what was rejected never acted."""
    trader, found = CoinbaseTrader(Account.numbered(1), None, ("1", "2"), "BTCUSD"), verdict.Verdict()
    trader.answered = {
        "fine": Outcome.ACTED,
        "lost": Outcome.ACTED,
        "gone": Outcome.KNOWN,
        "twice": Outcome.ACTED,
        "no": Outcome.REJECTED,
    }
    trader.open = "open"
    acted = Counter({(1, "fine"): 1, (1, "twice"): 2, (1, "open"): 2, (2, "lost"): 1})
    verdict.judge_orders(found, [trader], acted)
    assert found.lost == ["coinbase: lost, answered acted", "coinbase: gone, answered known"]
    assert found.doubled == ["coinbase: twice", "coinbase: open"]
    assert not found.good


@pytest.fixture
def _short(monkeypatch):
    """Ten seconds to warm up are enough where figures are not looked at."""
    monkeypatch.setattr(runs, "WARM_UP", 10**10)
    monkeypatch.setattr(impact, "WARM_UP", 10**10)


@pytest.mark.usefixtures("_short")
def test_a_market_is_watched_and_its_figures_stand_in_a_table(capsys):
    """A line for each figure of each instrument, the same in every run; what is off its aim is told again."""
    symbols, done = ("GBPUSD", "EURUSD"), []
    watched = [runs.watch(symbols, seed, 60, done.append, draw=True) for seed in (1, 1, 2)]
    assert sum(done) >= 180
    assert str(watched[0]["EURUSD"].facts) == str(watched[1]["EURUSD"].facts)
    off = tables.print_facts(
        "GBPUSD", [run["GBPUSD"] for run in watched], {"a": [watched[0]["EURUSD"].facts]}
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line[:44].rstrip() for line in lines[1:]] == [fact.name for fact in watched[0]["GBPUSD"].facts]
    assert sum(" OFF " in line for line in lines) == len(off)


@pytest.mark.usefixtures("_short")
def test_a_large_order_is_compared_with_the_market_without_it(monkeypatch):
    """A large order over minutes is traded and moves the price its way; without one nothing differs."""
    monkeypatch.setattr(impact, "SECONDS", (1, 60))
    monkeypatch.setattr(impact, "_LOOKS", sorted({1, *range(0, 61, 6)}))
    style = impact.Style("over a minute", 10, 6, 60)
    largest, none = impact.pairs("EURUSD", 1, 20, lambda _: None, styles=(style,), multiples=(100, 0))
    assert (largest.style, largest.multiple, largest.filled) == ("over a minute", 100, 1)
    assert largest.ticks[1] > 0
    assert 0 < largest.cost < largest.ticks[1] + 20
    assert none.ticks == (0, 0)


@pytest.mark.usefixtures("_short")
def test_an_execution_is_compared_with_the_market_without_it():
    """All of it is traded, at once and over time, and a line for each says what it cost."""
    found = [execution.executions("EURUSD", 40, seed, lambda _: None, lengths=(0, 20)) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert [cost.filled for one in found for cost in one] == [1] * 6
    assert found[0][0].impact > 0
    _, at_once, later = execution.table(found, (0, 20))
    assert (at_once[:10], later[:10]) == ("   at once", "      20 s")
    assert at_once.endswith("100%")


@pytest.mark.usefixtures("_short")
def test_a_round_trip_is_made_in_each_pace(monkeypatch, capsys):
    """It costs a number of ticks a lot; the table says so where it earns."""
    monkeypatch.setattr(round_trips, "PIECES", 3)
    monkeypatch.setattr(round_trips, "WARM_UP", 10**10)
    trips = round_trips.round_trips("EURUSD", 1, 1, lambda _: None)
    assert [trip.pause for trip in trips] == [*round_trips.PAUSES]
    assert all(trip.cost and math.isfinite(trip.cost) for trip in trips)
    assert tables.print_round_trips("EURUSD", [[round_trips.RoundTrip(10, 5.0)]]) == []
    assert tables.print_round_trips("EURUSD", [[round_trips.RoundTrip(10, -5.0)]]) != []
    assert "OFF" in capsys.readouterr().out


def test_the_impact_of_a_square_root_is_found():
    """Its exponent, what stays of it, and no interval where all seeds agree."""
    seconds = impact.SECONDS
    runs_of_seeds = [
        [
            impact.Path(
                style.name, size, tuple((6 if at <= style.end else 4) * size**0.5 for at in seconds), 1, size
            )
            for style in impact.STYLES
            for size in impact.MULTIPLES
        ]
        for _ in range(3)
    ]
    for style in impact.STYLES:
        curve = impact.curve(style, runs_of_seeds)
        assert [it.mean for it in curve.exponents] == pytest.approx([0.5, 0.5])
        assert curve.stays.mean == pytest.approx(2 / 3)
        assert curve.stays.half_width == pytest.approx(0)
        assert curve.at_end[0].mean == 6
        assert [it.mean for it in curve.costs] == [*impact.MULTIPLES]


def test_the_leave_one_out_interval_of_a_mean_is_that_of_the_mean():
    """For a figure that is linear in the data both are the same."""
    it = impact.jackknife(lambda means: means[0], [[1.0, 2.0, 6.0]])
    assert it.mean == 3
    assert it.half_width == pytest.approx(4.303 * math.sqrt(7) / math.sqrt(3))


@pytest.mark.parametrize(
    ("mean", "half", "verdict"),
    [(0.5, 0.1, "ok"), (0.8, 0.2, "near"), (0.8, math.nan, "OFF"), (0.8, 0.05, "OFF"), (math.nan, 0.1, "")],
)
def test_a_figure_is_judged_by_its_interval(mean, half, verdict):
    """Off is what the interval of the mean does not reach."""
    assert Reference(0.4, 0.7).judge(Estimate(mean, half, mean, mean)) == verdict
