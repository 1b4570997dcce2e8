"""The log on one machine: who follows is told everything in order, and nobody waits for who does not read."""

import math

import msgspec
import pytest
import structlog
import trio
import trio.testing
from blocks import SECOND, START, TOKEN_KEY, all_rows, blocks_after, local_log, snapshot_at
from links import JOINS, Reader, link_to, taken

from feed.cluster.block import BEFORE_ALL, Missing
from feed.cluster.local_link import LocalLink, StartedAgain
from feed.cluster.messages import (
    EDGE,
    SNAPSHOTS,
    Beat,
    Hello,
    Report,
    SnapshotPart,
    Welcome,
)
from feed.cluster.snapshot_parts import parts_of
from feed.settings import Cluster

MIB = 1 << 20


async def test_who_joins_is_told_the_header_the_snapshot_and_every_block_after_it(autojump_clock, nursery):
    """In order, whether it was written before it came or after."""
    log, blocks = local_log(), blocks_after(START, 7)
    for block in blocks[:3]:
        await log.append(block)
    link = link_to(log, nursery)
    snapshot = await link.snapshot()
    assert (snapshot, link.header.history, link.token_key) == (snapshot_at(START), b"h" * 16, TOKEN_KEY)

    async def write():
        for block in blocks[3:]:
            await trio.sleep(0.1)
            await log.append(block)

    nursery.start_soon(write)
    found = await taken(link, snapshot.place, snapshot.position, 7)
    assert [place for place, _ in found] == [(0, number) for number in range(1, 8)]
    assert [block for _, block in found] == blocks
    nursery.cancel_scope.cancel()


async def test_who_joins_begins_after_the_newest_snapshot(autojump_clock, nursery):
    """The blocks before it are not sent, though they are still kept."""
    log, blocks = local_log(), blocks_after(START, 5)
    for block in blocks[:3]:
        await log.append(block)
    log.keep(snapshot_at(blocks[1].ends, (0, 2), size=3 * MIB))
    for block in blocks[3:]:
        await log.append(block)
    link = link_to(log, nursery)
    snapshot = await link.snapshot()
    assert snapshot == snapshot_at(blocks[1].ends, (0, 2), size=3 * MIB)
    assert [one for _, one in await taken(link, (0, 2), snapshot.position, 3)] == blocks[2:]
    nursery.cancel_scope.cancel()


async def conversation(cut):
    """Follow twenty blocks, while the first connection ends after so many bytes; how many came by it."""
    log, blocks = local_log(), blocks_after(START, 20)
    connections = []
    async with trio.open_nursery() as nursery:

        async def connect():
            ours, its = trio.testing.memory_stream_pair()
            nursery.start_soon(log.serve_link, its)
            connections.append(Fragile(ours, math.inf if connections else cut))
            return connections[-1]

        link = LocalLink("unix:/x", connect, name="edge", settings=Cluster(), random=lambda: 0.0)
        for block in blocks[:10]:
            await log.append(block)
        snapshot = await link.snapshot()
        for block in blocks[10:]:
            await log.append(block)
        found = await taken(link, snapshot.place, snapshot.position, 20)
        nursery.cancel_scope.cancel()
    assert [block for _, block in found] == blocks
    assert len(connections) == (1 if cut == math.inf else 2)
    return connections[0].came


async def test_a_link_that_breaks_anywhere_goes_on_without_loss_or_repetition(autojump_clock):
    """Whichever byte is the last that comes, every block comes once, in order."""
    whole = await conversation(math.inf)
    ends = range(whole - 3000, whole, 53)  # the last of them end between two blocks, or in one
    for cut in (0, 1, 500, *ends):
        await conversation(cut)


class Fragile(trio.abc.Stream):
    """A stream that ends after so many bytes have come."""

    def __init__(self, inner, size):
        self.inner, self.size, self.came = inner, size, 0

    async def receive_some(self, max_bytes=None):
        if self.came == self.size:
            await trio.aclose_forcefully(self.inner)
            return b""
        data = await self.inner.receive_some(min(self.size - self.came, max_bytes))
        self.came += len(data)
        return data

    async def send_all(self, data):
        await self.inner.send_all(data)

    async def wait_send_all_might_not_block(self):
        await self.inner.wait_send_all_might_not_block()

    async def aclose(self):
        await self.inner.aclose()


async def test_who_is_so_far_behind_that_blocks_are_not_kept_is_cut_and_begins_anew(autojump_clock, nursery):
    """It is told of a gap, and that the newest snapshot is where it can begin."""
    log, blocks = local_log(retain_bytes=MIB), blocks_after(START, 60, size=2000)
    link = link_to(log, nursery)
    snapshot = await link.snapshot()
    await log.append(blocks[0])
    found = await taken(link, snapshot.place, snapshot.position, 1)
    assert found[0][1] == blocks[0]
    await link.aclose()
    for block in blocks[1:]:
        await log.append(block)
    assert not log.joinable
    log.keep(snapshot_at(blocks[-1].ends, (0, 60)))
    assert log.joinable
    with pytest.raises(Missing) as gap:
        await taken(link, (0, 1), blocks[0].ends, 1)
    assert (gap.value.position, gap.value.found) == (blocks[0].ends, blocks[-1].ends.seq)
    assert (await link.snapshot()).position == blocks[-1].ends
    nursery.cancel_scope.cancel()


async def test_a_sequencer_that_was_started_again_is_not_taken_for_the_one_before(autojump_clock, nursery):
    """Also where the market stands where it stood: what else the server knew may be another."""
    logs = [local_log(), local_log(history=b"i" * 16)]
    blocks = blocks_after(START, 2)
    for log in logs:
        await log.append(blocks[0])

    async def connect():
        ours, its = trio.testing.memory_stream_pair()
        nursery.start_soon(logs[0].serve_link, its)
        return ours

    link = LocalLink("unix:/x", connect, name="edge", settings=Cluster(), random=lambda: 0.0)
    snapshot = await link.snapshot()
    await taken(link, snapshot.place, snapshot.position, 1)
    await link.aclose()
    del logs[0]
    with trio.fail_after(60), pytest.raises(StartedAgain, match="started again"):
        await taken(link, (0, 1), blocks[0].ends, 1)
    assert await link.snapshot() == snapshot_at(START)
    assert link.header.history == b"i" * 16
    nursery.cancel_scope.cancel()


async def test_a_market_that_runs_as_fast_as_it_can_waits_for_who_reads_slowly(autojump_clock, nursery):
    """No further ahead than the window, and no longer than until some of it is taken."""
    log = local_log(paced=False, window_bytes=100_000)
    reader = await Reader(nursery, log).joined()
    written = 0

    async def write():
        nonlocal written
        for block in blocks_after(START, 300, size=1000):
            await log.append(block)
            written += 1

    nursery.start_soon(write)
    await trio.sleep(1)
    (figures,) = log.followers()
    before = written
    assert 100_000 < figures.owed < 100_000 + 20_000
    for _ in range(10):
        await reader.read(1 << 18)
    await trio.sleep(0.1)
    assert before < written < 300
    while len(reader.places) < 300:
        assert await reader.read(1 << 18)
    assert reader.places == [(0, number) for number in range(1, 301)]
    nursery.cancel_scope.cancel()


async def test_it_does_not_wait_for_who_takes_nothing(autojump_clock, nursery):
    """After a while it goes on; another who reads has everything."""
    log = local_log(paced=False, window_bytes=10_000, stall_seconds=5.0)
    await Reader(nursery, log).joined()
    other = await Reader(nursery, log).joined()
    began = trio.current_time()

    async def read():
        while await other.read(1 << 18):
            pass

    nursery.start_soon(read)
    with trio.fail_after(60):
        for block in blocks_after(START, 300, size=1000):
            await log.append(block)
    assert trio.current_time() - began == pytest.approx(5.0, abs=0.1)
    await log.taken(0.1)
    assert other.places == [(0, number) for number in range(1, 301)]
    nursery.cancel_scope.cancel()


async def test_a_market_on_a_clock_waits_for_nobody(autojump_clock, nursery):
    """Whoever reads nothing is behind, and the market is where its clock is."""
    log = local_log(window_bytes=10_000)
    await Reader(nursery, log).joined()
    began = trio.current_time()
    for block in blocks_after(START, 300, size=1000):
        await log.append(block)
    assert trio.current_time() == began
    (figures,) = log.followers()
    assert figures.owed > 1_000_000
    nursery.cancel_scope.cancel()


async def test_who_takes_nothing_is_cut_once_its_blocks_are_not_kept(autojump_clock, nursery):
    """Not before: it may wake up and go on. Nor who is as far behind, and reads."""
    log = local_log(retain_bytes=MIB, stall_seconds=5.0)
    await Reader(nursery, log).joined()
    blocks = blocks_after(START, 120, size=1000)
    for block in blocks[:10]:
        await log.append(block)
    await trio.sleep(60)
    assert len(log.followers()) == 1
    for block in blocks[10:]:
        await log.append(block)
    await trio.testing.wait_all_tasks_blocked()
    assert log.followers() == []
    nursery.cancel_scope.cancel()


async def test_while_nothing_happens_there_are_beats(autojump_clock, nursery):
    """So that who follows knows how far the log is, and that the sequencer is there."""
    log, blocks = local_log(report_seconds=0.25), blocks_after(START, 3)
    for block in blocks:
        await log.append(block)
    reader = await Reader(nursery, log).joined()
    with trio.move_on_after(1.1):
        while await reader.read():
            pass
    beats = [one for one in reader.messages if isinstance(one, Beat)]
    assert beats == [Beat(seq=6, place=(0, 3))] * 5
    nursery.cancel_scope.cancel()


async def test_names_in_figures_are_unique_and_reports_are_in_them(autojump_clock, nursery):
    """Two edges of one name are told apart, and each says how far its clients are."""
    log = local_log()
    readers = [await Reader(nursery, log).joined() for _ in range(2)]
    for block in blocks_after(START, 3):
        await log.append(block)
    await readers[1].say(Report(seq=4, listening=2))
    for reader in readers:
        await reader.read_all()
    found = [(one.name, one.owed, one.behind) for one in log.followers()]
    assert found == [("edge", 0, None), ("edge (2)", 0, 2)]
    await readers[0].stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert [one.name for one in log.followers()] == ["edge (2)"]
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], "it has not said within 5 s who it is"),
        ([Report(seq=1, listening=0)], "it does not begin by saying who it is"),
        (
            [Hello(name="snapshots", role=SNAPSHOTS, position=None, place=BEFORE_ALL)],
            "only a process of the sequencer's own makes its snapshots",
        ),
    ],
)
async def test_who_does_not_say_who_it_is_follows_nothing(autojump_clock, nursery, said, reason):
    """It is told nothing, and the log says why."""
    log = local_log()
    with structlog.testing.capture_logs() as logged:
        reader = Reader(nursery, log)
        await reader.say(*said)
        await trio.sleep(6)
        assert not await reader.read()
    assert reader.messages == []
    assert [one["reason"] for one in logged] == [reason]
    nursery.cancel_scope.cancel()


async def test_who_says_something_out_of_turn_is_cut(autojump_clock, nursery):
    """Such as a snapshot from somebody who is not to make any."""
    log = local_log()
    with structlog.testing.capture_logs() as logged:
        reader = await Reader(nursery, log).joined()
        await reader.say(*parts_of(snapshot_at(START)))
        await reader.read_all()
        await trio.testing.wait_all_tasks_blocked()
    assert log.followers() == []
    assert logged[-1]["reason"] == "it says SnapshotPart, which is not its turn"
    nursery.cancel_scope.cancel()


async def test_the_process_of_its_own_sends_snapshots_from_which_others_begin(autojump_clock, nursery):
    """In parts; the newest counts."""
    log, blocks = local_log(), blocks_after(START, 2)
    hello = Hello(name="snapshots", role=SNAPSHOTS, position=None, place=BEFORE_ALL)
    maker = await Reader(nursery, log, hello, makes_snapshots=True).joined()
    for block in blocks:
        await log.append(block)
    await maker.read_all()
    new = snapshot_at(blocks[1].ends, (0, 2), size=3 * MIB)
    await maker.say(*parts_of(new))
    await trio.testing.wait_all_tasks_blocked()
    assert log.retained.newest == new
    assert await link_to(log, nursery).snapshot() == new
    nursery.cancel_scope.cancel()


async def test_a_snapshot_that_comes_late_is_not_begun_with(autojump_clock, nursery):
    """Where there is a newer one, or what follows it is not kept any more."""
    log, blocks = local_log(retain_bytes=MIB), blocks_after(START, 60, size=2000)
    for block in blocks:
        await log.append(block)
    log.keep(snapshot_at(blocks[0].ends, (0, 1)))
    assert log.retained.newest == snapshot_at(START)
    for number in (60, 59):
        log.keep(snapshot_at(blocks[number - 1].ends, (0, number)))
    assert log.retained.newest.place == (0, 60)


async def test_no_more_than_a_number_of_links_are_there_at_a_time(autojump_clock, nursery):
    """The next one is turned away, those before it go on."""
    log = local_log()
    readers = [await Reader(nursery, log).joined() for _ in range(64)]
    late = Reader(nursery, log)
    await late.say(JOINS)
    assert not await late.read()
    assert len(log.followers()) == len(readers)
    nursery.cancel_scope.cancel()


async def test_the_welcome_says_after_which_place_it_goes_on(autojump_clock, nursery):
    """No snapshot comes then."""
    log, blocks = local_log(), blocks_after(START, 4)
    for block in blocks:
        await log.append(block)
    ends = blocks[1].ends
    hello = Hello(name="edge", role=EDGE, position=(ends.seq, ends.proof), place=(0, 2))
    reader = Reader(nursery, log, hello)
    await reader.say(hello)
    await reader.read_all()
    welcome, *_ = reader.messages
    assert isinstance(welcome, Welcome)
    assert (welcome.after, reader.places) == ((0, 2), [(0, 3), (0, 4)])
    assert not [one for one in reader.messages if isinstance(one, SnapshotPart)]
    nursery.cancel_scope.cancel()


def test_the_rows_of_such_blocks_are_chained():
    """The blocks of these tests are what their proofs say."""
    assert [row[2] // SECOND for row in all_rows(blocks_after(START, 2))] == [0, 1, 3000, 3001]


async def test_nobody_begins_after_the_end_of_the_market(autojump_clock, nursery):
    """Whoever does would not hear of it."""
    log, blocks = local_log(), blocks_after(START, 2)
    await log.append(blocks[0])
    await log.append(msgspec.structs.replace(blocks[1], ended=True))
    log.keep(snapshot_at(blocks[1].ends, (0, 2)))
    assert log.retained.newest == snapshot_at(START)
    log.keep(snapshot_at(blocks[0].ends, (0, 1)))
    link = link_to(log, nursery)
    snapshot = await link.snapshot()
    [(_, block)] = await taken(link, snapshot.place, snapshot.position, 1)
    assert block.ended
    nursery.cancel_scope.cancel()
