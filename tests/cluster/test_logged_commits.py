"""Requests act once the disk and the log have them, in that order."""

import attrs
import pytest
import trio
from blocks import START, clock_rows, snapshot_at

from feed.cluster.logged_commits import WITHOUT_END, LoggedCommits
from feed.cluster.sequencer import MarketNow, RecordedEntries, Sequencer
from feed.durability.entries import decode, requests_of
from feed.model.requests import Cancel
from feed.server.durable.entry_log import NOT_KEPT
from feed.server.durable.kinds import NONCE, PACE, STREAM_KEY_END, WEBHOOK
from feed.sim.input_commits import CommitState
from feed.sim.run_status import RunState, RunStatus
from feed.stream.chain import chained

REQUESTS = [Cancel(account=1, instrument=0, created=1, order=number) for number in range(4)]
WALL = 1_700_000_000.0


@attrs.define
class DiskCommit:
    requests: list
    state: CommitState = CommitState.WAITING


class Disk:
    """Makes inputs durable when it is told to."""

    def __init__(self):
        self.horizon = 70
        self.commits = []

    def extend(self, time):
        self.horizon = time

    def commit(self, place, requests):
        self.commits.append(DiskCommit(requests))
        return self.commits[-1]


class Sink:
    """A log that takes what it is let."""

    joinable = True

    def __init__(self):
        self.blocks = []
        self.open = trio.Event()

    @property
    def place(self):
        return 1, len(self.blocks)

    async def append(self, block):
        await self.open.wait()
        self.blocks.append(block)
        return self.place


class Commits:
    """The commits of a market, what they are written with, and how often they have changed."""

    def __init__(self, nursery, disk=None):
        self.changes = 0
        self.sink = Sink()
        self.sequencer = Sequencer(
            market=lambda: MarketNow(7, RunState.PAUSED),
            wall=lambda: WALL,
            snapshot=lambda place: snapshot_at(START, place),
            outlives=True,
        )
        self.sequencer.begin(self.sink, START)
        self.commits = LoggedCommits(wall=lambda: 9)
        self.commits.begin(self.sequencer.tell)
        self.commits.after(disk)
        self.commits.changed = self._changed
        nursery.start_soon(self.sequencer.run)

    def _changed(self):
        self.changes += 1

    @property
    def told(self):
        return [decode(block.entries) for block in self.sink.blocks if block.entries]


async def test_requests_act_once_the_log_has_them(nursery):
    """In a block of their own where nothing else happens, with their place and where they came from."""
    made = Commits(nursery)
    made.commits.origins.note(REQUESTS[1], "a", 3)
    commit = made.commits.commit(99, REQUESTS)
    await trio.testing.wait_all_tasks_blocked()
    assert (commit.state, made.changes) == (CommitState.WAITING, 0)
    made.sink.open.set()
    await trio.testing.wait_all_tasks_blocked()
    assert (commit.state, made.changes) == (CommitState.DURABLE, 1)
    ((origins, entry),) = made.told
    assert (origins.data, entry.at, entry.wall) == ([None, ["a", 3], None, None], 99, 9)
    assert list(requests_of(entry)) == REQUESTS
    assert made.commits.horizon == WITHOUT_END
    nursery.cancel_scope.cancel()


async def test_the_disk_comes_first(nursery):
    """What it has not is not in the log; what it refuses never is, and nobody waits for the origin."""
    disk = Disk()
    made = Commits(nursery, disk)
    made.sink.open.set()
    made.commits.origins.note(REQUESTS[0], "a", 1)
    commits = [made.commits.commit(90 + number, [REQUESTS[number]]) for number in range(3)]
    await trio.testing.wait_all_tasks_blocked()
    assert made.told == []
    disk.commits[1].state = CommitState.DURABLE  # the log keeps their order all the same
    made.commits.look()
    await trio.testing.wait_all_tasks_blocked()
    assert made.told == []
    disk.commits[0].state = CommitState.REFUSED
    made.commits.look()
    await trio.testing.wait_all_tasks_blocked()
    assert [one.state for one in commits] == [CommitState.REFUSED, CommitState.DURABLE, CommitState.WAITING]
    assert [[one.at for one in entries] for entries in made.told] == [[91]]
    assert len(made.commits.origins) == 0
    assert made.changes == 3
    made.commits.extend(500)
    assert made.commits.horizon == disk.horizon == 500
    nursery.cancel_scope.cancel()


async def test_what_waits_goes_into_the_next_block(nursery):
    """With all else that was changed, in the order in which it came."""
    made = Commits(nursery)
    entries = RecordedEntries(NOT_KEPT, made.sequencer, market_time=lambda: 5, wall=lambda: WALL)
    entries.record(STREAM_KEY_END, {"key": "a"})
    made.commits.commit(99, REQUESTS[:1])
    entries.record(WEBHOOK, {"id": "secret"})
    entries.record(STREAM_KEY_END, {"key": "b"})
    made.sink.open.set()
    rows = clock_rows(0)
    await made.sequencer.append(rows, chained(rows, START.proof), made=0.0, stood=0)
    assert [[one.kind for one in told] for told in made.told] == [
        ["stream-key-end", "requests", "stream-key-end"]
    ]
    nursery.cancel_scope.cancel()


async def test_the_pace_is_written_too(nursery):
    """For whoever goes on with the market."""
    made = Commits(nursery)
    made.sink.open.set()
    made.commits.paced(RunStatus(state=RunState.PAUSED, speed=2.0, market_time=88, seq=1))
    await trio.testing.wait_all_tasks_blocked()
    ((entry,),) = made.told
    assert (entry.kind, entry.at, entry.data) == (PACE, 88, {"paused": True, "speed": 2.0, "market": 88})
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("hurry", [True, False])
async def test_a_change_counts_as_made_once_the_log_has_it(nursery, hurry):
    """Where the log outlives the server; a nonce that waits for company is written when somebody asks."""
    made = Commits(nursery)
    entries = RecordedEntries(NOT_KEPT, made.sequencer, market_time=lambda: 5, wall=lambda: WALL)
    await entries.durable()
    entries.record(NONCE, {"key": "k", "nonce": 1}, hurry=hurry)
    done = []

    async def wait():
        await entries.durable()
        done.append(len(made.sink.blocks))

    nursery.start_soon(wait)
    await trio.testing.wait_all_tasks_blocked()
    assert done == []
    made.sink.open.set()
    await trio.testing.wait_all_tasks_blocked()
    assert done == [1]
    nursery.cancel_scope.cancel()
