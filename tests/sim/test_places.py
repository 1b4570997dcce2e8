"""Requests that are durable before they act: where in market time, and what is published meanwhile."""

import math
import random

import attrs
import pytest
import trio

from feed.model.events import ORDER, Side
from feed.model.requests import Create, JournalEntry
from feed.model.trading import packed
from feed.settings import Flow, Trading
from feed.sim.clients import ClientMarket
from feed.sim.defaults import default_market
from feed.sim.input_commits import CommitState, PlaceEstimate
from feed.sim.market import Market
from feed.sim.runner import MarketRunner

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def new_market(entries=()):
    return ClientMarket(
        Market(default_market(3), seed=5, start=START), trading=Trading(deposit=10**6), entries=entries
    )


@attrs.define
class FakeCommit:
    place: int
    requests: list
    state: CommitState = CommitState.WAITING


class SlowDisk:
    """Takes inputs and horizons after a while; remembers what was durable when."""

    def __init__(self, nursery, seconds, refuses=lambda: False):
        self.horizon = START
        self.commits = []
        self.runner = None
        self._nursery = nursery
        self._seconds = seconds
        self._refuses = refuses
        self._busy = False

    def extend(self, time):
        if not self._busy:
            self._busy = True
            self._nursery.start_soon(self._extend, time)

    def commit(self, place, requests):
        commit = FakeCommit(place, list(requests))
        self._nursery.start_soon(self._commit, commit)
        return commit

    async def _extend(self, time):
        await trio.sleep(self._seconds())
        self.horizon, self._busy = time, False
        self.runner.committed()

    async def _commit(self, commit):
        await trio.sleep(self._seconds())
        commit.state = CommitState.REFUSED if self._refuses() else CommitState.DURABLE
        if commit.state is CommitState.DURABLE:
            self.commits.append(commit)
        self.runner.committed()

    @property
    def entries(self):
        """What a log has, in its order."""
        return [
            JournalEntry(at=one.place, request=request) for one in self.commits for request in one.requests
        ]


def order(number):
    return Create(
        account=1 + number % 3,
        instrument=number % 3,
        request=packed(f"r{number}"),
        side=Side.BUY,
        size=1,
        price=1,
    )


class Market3:
    """A market that runs, with a disk of its own; whatever it publishes is looked at."""

    def __init__(self, nursery, *, speed=1.0, seconds=lambda: 0.01, refuses=lambda: False):
        self.disk = SlowDisk(nursery, seconds, refuses)
        # At unlimited speed the clock of a test stands still but for the disk.
        horizon = 2.0 if speed else 0.005
        self.runner = self.disk.runner = MarketRunner(
            new_market(), flow=Flow(), speed=speed, commits=self.disk, horizon_seconds=horizon
        )
        self.rows = self.runner.opening()
        self.refused = []
        self.answered = []
        send, receive = trio.open_memory_channel(math.inf)
        nursery.start_soon(self.runner.run, send)
        nursery.start_soon(self._read, receive)

    async def _read(self, receive):
        async for batch in receive:
            assert all(row[2] <= self.disk.horizon for row in batch.rows), "later than the horizon"
            self.rows += batch.rows

    def ask(self, number):
        assert self.runner.submit(
            order(number),
            lambda: self.refused.append(number),
            lambda rows, seq: self.answered.append(number),
        )

    def replayed(self):
        """The same market computed from what its disk has."""
        again = new_market(self.disk.entries)
        rows = again.opening()
        while len(rows) < len(self.rows):
            rows += again.advance(again.next_time())
        return rows[: len(self.rows)]


@pytest.mark.parametrize("speed", [1.0, 20.0, 0.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_log_gives_the_same_events(autojump_clock, speed, seed):
    """Whatever the disk takes its time for: places and requests alone determine what was published."""
    chance = random.Random(seed)
    with trio.move_on_after(2.0 if speed else 0.1):
        async with trio.open_nursery() as nursery:
            delays = (0.0, 0.001, 0.02, 0.3) if speed else (0.001, 0.002)
            market = Market3(nursery, speed=speed, seconds=lambda: chance.choice(delays))
            for number in range(1, 60):
                await trio.sleep(chance.uniform(0, 0.05 if speed else 0.004))
                market.ask(number)
    assert len(market.answered) > 10
    assert market.answered == sorted(market.answered)
    assert market.rows == market.replayed()
    assert market.refused == []


async def test_the_market_goes_on_while_the_disk_works(autojump_clock):
    """The place lies ahead, so that quotes are as timely as without orders, once the disk is known."""
    late = []
    with trio.move_on_after(3):
        async with trio.open_nursery() as nursery:
            market = Market3(nursery, seconds=lambda: 0.02)
            await trio.sleep(0.5)
            for number in range(1, 50):
                market.ask(number)
                await trio.sleep(0.045)
                late.append(market.runner.lag)
    assert len(market.answered) > 45
    assert max(late[5:]) == 0


async def test_a_late_disk_stops_the_market_at_the_place(autojump_clock):
    """Nothing later is published, and the request acts as soon as it is durable."""
    async with trio.open_nursery() as nursery:
        market = Market3(nursery, seconds=lambda: 0.0)
        await trio.sleep(0.5)
        market.disk._seconds = lambda: 1.0
        market.ask(1)
        await trio.sleep(0.9)
        seen = len(market.rows)
        assert market.rows[-1][2] < START + 0.6 * SECOND
        await trio.sleep(0.05)
        assert len(market.rows) == seen
        assert market.answered == []
        await trio.sleep(0.1)
        assert market.answered == [1]
        nursery.cancel_scope.cancel()
    assert market.rows == market.replayed()


async def test_after_a_disk_that_stood_requests_act_as_soon_as_before(autojump_clock):
    """Neither the one long write nor the market's haste to make good for it puts places far ahead."""
    async with trio.open_nursery() as nursery:
        market = Market3(nursery)
        await trio.sleep(0.5)
        market.disk._seconds = lambda: 10.0
        market.ask(1)
        await trio.sleep(5)
        market.disk._seconds = lambda: 0.01
        market.ask(2)
        await trio.sleep(5)
        for number in range(3, 103):
            market.ask(number)
            await trio.sleep(0.02)
        assert len(market.answered) > 20
        await trio.sleep(1.5)
        assert market.answered == list(range(1, 103))
        nursery.cancel_scope.cancel()
    assert market.rows == market.replayed()


@pytest.mark.parametrize("state", ["running", "paused", "held"])
async def test_a_request_that_the_disk_refuses_never_acts(autojump_clock, state):
    """Whoever asked is told, and the market goes on without it."""
    async with trio.open_nursery() as nursery:
        market = Market3(nursery, refuses=lambda: True)
        await trio.sleep(0.2)
        if state == "paused":
            market.runner.control.pause()
        market.ask(1)
        market.ask(2)
        await trio.sleep(0.2)
        nursery.cancel_scope.cancel()
    assert market.refused == [1, 2]
    assert market.answered == []
    assert not [row for row in market.rows if row[0] == ORDER]
    assert market.runner.request_counts.turned_away == 2
    assert market.rows == market.replayed()


async def test_requests_act_while_the_market_is_paused(autojump_clock):
    """One whose place lies ahead as well: the market goes on to it, and stands there."""
    async with trio.open_nursery() as nursery:
        market = Market3(nursery, seconds=lambda: 0.1)
        await trio.sleep(0.5)
        market.ask(1)
        market.runner.control.pause()
        await trio.sleep(0.5)
        assert market.answered == [1]
        stands = market.runner.control.now
        market.ask(2)
        await trio.sleep(0.5)
        assert market.answered == [1, 2]
        assert market.runner.control.now == stands
        nursery.cancel_scope.cancel()
    assert market.rows == market.replayed()


async def test_seeking_forward_keeps_within_the_horizon(autojump_clock):
    """However far it goes, each step of the way is durable first, and requests act at their places."""
    async with trio.open_nursery() as nursery:
        market = Market3(nursery, seconds=lambda: 0.01)
        await trio.sleep(0.1)
        market.runner.control.seek(START + 30 * SECOND)
        market.ask(1)
        await trio.sleep(2)
        assert market.runner.control.now >= START + 30 * SECOND
        assert market.answered == [1]
        nursery.cancel_scope.cancel()
    assert market.rows == market.replayed()


async def test_steps_keep_within_the_horizon(autojump_clock):
    """A paused market that is stepped waits for its horizon, and then steps."""
    async with trio.open_nursery() as nursery:
        market = Market3(nursery, seconds=lambda: 0.01)
        market.runner.control.pause()
        await trio.sleep(0.1)
        before = market.runner.control.status().seq
        market.runner.control.step(2000)
        await trio.sleep(3)
        assert market.runner.control.status().seq >= before + 2000
        nursery.cancel_scope.cancel()
    assert market.rows == market.replayed()


def test_a_place_lies_as_far_ahead_as_writing_has_taken():
    """A quarter more than the last commit or the mean, whichever is longer, at the speed of the market."""
    estimate = PlaceEstimate(-math.inf, START)
    estimate.passed(0.0, START)
    assert estimate.distance(1.0) == 2_500_000
    estimate.took(0.1)
    assert estimate.distance(1.0) == 125_000_000
    assert estimate.distance(10.0) == 1_250_000_000
    estimate.took(0.0)
    assert 0 < estimate.distance(1.0) < 20_000_000
    estimate.took(60.0)
    assert estimate.distance(1.0) == 1_250_000_000


def test_a_market_that_makes_good_for_being_late_has_places_further_ahead():
    """Market time passes faster than its speed then."""
    estimate = PlaceEstimate(-math.inf, START)
    estimate.passed(0.0, START)
    estimate.passed(1.0, START + 40 * SECOND)
    estimate.took(0.1)
    assert estimate.distance(1.0) == 5_000_000_000
    assert estimate.distance(1.0, behind=2 * SECOND) == 2_125_000_000


def test_a_speed_that_no_machine_reaches_is_not_believed():
    """Else a place, and how far clients may have seen the market, would lie days ahead of it."""
    estimate = PlaceEstimate(-math.inf, START)
    estimate.passed(0.0, START)
    assert [estimate.reachable(speed) for speed in (1.0, 100.0, 1e6)] == [1.0, 100.0, 100.0]
    estimate.passed(1.0, START + 50 * SECOND)
    assert [estimate.reachable(speed) for speed in (1.0, 150.0, 1e6)] == [1.0, 150.0, 200.0]
    estimate.took(0.1)
    assert estimate.distance(1e6) == 25 * SECOND
