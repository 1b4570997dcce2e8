"""Steps become blocks before they are published, with what was changed between them in front."""

import pytest
import trio
import trio.testing
from blocks import START, all_rows, clock_rows, snapshot_at
from entry_logs import MemoryLog

from feed.cluster.sequencer import MarketNow, RecordedEntries, Sequencer
from feed.durability.entries import decode
from feed.model.stream_position import StreamPosition
from feed.server.durable.entry_log import Refused
from feed.server.durable.kinds import NONCE, STREAM_KEY_END
from feed.sim.run_status import RunState

WALL = 1_700_000_000.0


class Sink:
    """A log that keeps all blocks, and takes its time."""

    def __init__(self, seconds=0.0):
        self.blocks = []
        self.snapshots = []
        self.joinable = True
        self.seconds = seconds

    @property
    def place(self):
        return 0, len(self.blocks)

    async def append(self, block):
        self.blocks.append(block)
        await trio.sleep(self.seconds)
        return self.place

    def keep(self, snapshot):
        self.snapshots.append(snapshot)
        self.joinable = True


def sequencer(sink=None, *, now=lambda: MarketNow(7, RunState.RUNNING)):
    made = Sequencer(market=now, wall=lambda: WALL, snapshot=lambda place: snapshot_at(START, place))
    if sink is not None:
        made.begin(sink, START)
    return made


def ended(keys):
    """Entries of stream keys that were closed."""
    return [(STREAM_KEY_END, {"key": key}) for key in keys]


def told(block):
    return [(one.kind, one.data) for one in decode(block.entries)] if block.entries else []


async def append(sequencer, rows, stood=0, made=None):
    made = trio.current_time() if made is None else made
    await sequencer.append(rows, None, made=made, stood=stood)


async def test_every_step_is_a_block(autojump_clock):
    """With its rows, when they were made, the market's time after them and what it does."""
    sink = Sink()
    log = sequencer(sink)
    await trio.sleep(5)
    steps = [clock_rows(number, 3) for number in range(4)]
    for rows in steps:
        await append(log, rows, made=trio.current_time() - 2)
    await append(log, [], stood=9)
    assert all_rows(sink.blocks) == [row for rows in steps for row in rows]
    assert [block.events for block in sink.blocks] == [3, 3, 3, 3, 0]
    assert [block.market_time for block in sink.blocks] == [*(rows[-1][2] for rows in steps), 7]
    assert [block.stood for block in sink.blocks] == [0, 0, 0, 0, 9]
    assert {block.made for block in sink.blocks[:4]} == {WALL - 2}
    assert {block.phase for block in sink.blocks} == {"running"}


async def test_what_was_changed_between_two_steps_stands_before_the_next():
    """In order, once, and after it was recorded where it outlives the process."""
    sink, inner = Sink(), MemoryLog()
    log = sequencer(sink)
    entries = RecordedEntries(inner, log, market_time=lambda: 5, wall=lambda: WALL)
    await append(log, clock_rows(0))
    entries.record(STREAM_KEY_END, {"key": "a"})
    entries.record(NONCE, {"key": "k", "nonce": 1}, hurry=False)
    entries.record(STREAM_KEY_END, {"key": "b"})
    await append(log, clock_rows(1))
    await append(log, clock_rows(2))
    assert [told(block) for block in sink.blocks] == [[], ended("ab"), []]
    (entry, _) = decode(sink.blocks[1].entries)
    assert (entry.at, entry.wall) == (5, 1_700_000_000 * 10**9)
    assert inner.kinds == [STREAM_KEY_END, NONCE, STREAM_KEY_END]
    assert inner.hurried == [True, False, True]
    await entries.durable()
    assert inner.waits == 1


async def test_what_the_disk_refuses_nobody_is_told_of():
    """It was not changed."""
    sink, inner = Sink(), MemoryLog()
    log = sequencer(sink)
    entries = RecordedEntries(inner, log, market_time=lambda: 5, wall=lambda: WALL)
    inner.full = True
    with pytest.raises(Refused):
        entries.record(STREAM_KEY_END, {"key": "a"})
    await append(log, clock_rows(0))
    assert [told(block) for block in sink.blocks] == [[]]


async def test_what_was_changed_is_told_at_once_also_where_no_step_comes(autojump_clock, nursery):
    """In a block without events, and all that was changed in one breath in one."""
    sink = Sink()
    log = sequencer(sink)
    entries = RecordedEntries(MemoryLog(), log, market_time=lambda: 5, wall=lambda: WALL)
    nursery.start_soon(log.run)
    await append(log, clock_rows(0))
    for keys in ("ab", "c"):
        for key in keys:
            entries.record(STREAM_KEY_END, {"key": key})
        await trio.testing.wait_all_tasks_blocked()
    await append(log, clock_rows(1))
    assert [told(block) for block in sink.blocks] == [[], ended("ab"), ended("c"), []]
    assert [block.before for block in sink.blocks] == [0, 2, 2, 2]
    nursery.cancel_scope.cancel()


async def test_one_block_is_written_after_the_other(autojump_clock, nursery):
    """A log that takes its time has them in order, and the step waits for it."""
    sink = Sink(seconds=1.0)
    log = sequencer(sink)
    entries = RecordedEntries(MemoryLog(), log, market_time=lambda: 5, wall=lambda: WALL)
    nursery.start_soon(log.run)
    began = trio.current_time()
    entries.record(STREAM_KEY_END, {"key": "a"})
    await trio.sleep(0.5)
    entries.record(STREAM_KEY_END, {"key": "b"})
    await append(log, clock_rows(0))
    assert trio.current_time() - began == len(sink.blocks)
    assert [one for block in sink.blocks for one in told(block)] == ended("ab")
    assert all_rows(sink.blocks) == clock_rows(0)
    nursery.cancel_scope.cancel()


async def test_where_all_that_was_changed_is_in_the_log(autojump_clock, nursery):
    """The place after it: of the block that has it, whoever writes that; else of the newest."""
    sink = Sink(seconds=1.0)
    log = sequencer(sink)
    entries = RecordedEntries(MemoryLog(), log, market_time=lambda: 5, wall=lambda: WALL)
    assert await log.written() == (0, 0)
    entries.record(STREAM_KEY_END, {"key": "a"})
    assert (await log.written(), trio.current_time()) == ((0, 1), 1)
    entries.record(STREAM_KEY_END, {"key": "b"})
    nursery.start_soon(log.flush)
    await trio.sleep(0.5)
    assert (await log.written(), trio.current_time()) == ((0, 2), 2)
    assert (await log.written(), trio.current_time()) == ((0, 2), 2)
    nursery.start_soon(append, log, clock_rows(0))
    nursery.start_soon(append, log, clock_rows(1))
    await trio.sleep(0.5)
    assert (await log.written())[1] >= 3
    assert trio.current_time() == 3
    assert [told(block) for block in sink.blocks[:2]] == [ended("a"), ended("b")]


async def test_a_server_that_writes_no_log_yet_has_no_block():
    """What was changed is in the snapshot with which the log begins."""
    assert await sequencer().written() == (0, 0)


async def test_what_happens_before_it_begins_is_in_no_block():
    """It is in the snapshot with which the log begins."""
    sink = Sink()
    log = sequencer()
    entries = RecordedEntries(MemoryLog(), log, market_time=lambda: 5, wall=lambda: WALL)
    await append(log, clock_rows(0))
    entries.record(STREAM_KEY_END, {"key": "a"})
    await log.flush()
    log.begin(sink, StreamPosition(2, 77))
    await append(log, clock_rows(1))
    (block,) = sink.blocks
    assert (block.before, block.before_proof, told(block)) == (2, 77, [])


async def test_the_end_is_written_once_and_for_all(autojump_clock):
    """In a block of its own, with the market's time at the end."""
    sink = Sink()
    log = sequencer(sink, now=lambda: MarketNow(99, RunState.ENDED))
    await append(log, clock_rows(0))
    await log.flush(ended=True)
    block = sink.blocks[-1]
    assert (block.ended, block.events, block.market_time, block.phase) == (True, 0, 99, "ended")
    assert not sink.blocks[0].ended


async def test_where_nobody_can_begin_any_more_it_makes_a_snapshot_itself():
    """Between two steps, after all that was changed until then: in it or in a block, never in both."""
    sink = Sink()
    log = sequencer(sink)
    entries = RecordedEntries(MemoryLog(), log, market_time=lambda: 5, wall=lambda: WALL)
    await append(log, clock_rows(0))
    entries.record(STREAM_KEY_END, {"key": "a"})
    sink.joinable = False
    await append(log, clock_rows(1))
    await append(log, clock_rows(2))
    assert [one.place for one in sink.snapshots] == [(0, 2)]
    assert [told(block) for block in sink.blocks] == [[], ended("a"), [], []]
