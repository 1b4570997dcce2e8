"""What has to do with pace: waiting for clients, lockstep, and recording on the side."""

import json
import threading
from functools import partial

import pytest
import structlog
import trio
import trio.testing
import virtual
from asking import ADMIN, ADMIN_KEY, ask
from clients import Closed
from disks import Disk, full_device
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import Script, quote
from servers import RunningServer
from transports import LANE_BYTES

from feed import Flow, Limits, Settings
from feed.errors import ConfigError
from feed.recording.reader import RecordingReader
from feed.server import recorder as recorder_module
from feed.server.keys import KeyStore, admin_entry, demo_entries
from feed.server.playout import Playout
from feed.server.run_spec import program_for, program_from_file
from feed.server.server_context import ServerContext
from feed.settings import DEMO_KEY, Recording
from feed.sim.replay import Replay
from feed.sim.simulation import WHOLE

WATCHING = "/tradyn?observer=1"
SCENARIO = """\
format = 1
name = "short"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "{duration}"
[market]
count = 2
"""


@pytest.fixture
def short(tmp_path):
    """A scenario file of some market seconds."""
    path = tmp_path / "short.toml"
    path.write_text(SCENARIO.format(duration="20s"), encoding="utf-8")
    return str(path)


class ServerRun:
    """A stage and a house, without sockets."""

    def __init__(self, settings, source=None):
        self.settings = settings
        self.playout = Playout(settings, source)
        self.context = ServerContext(
            settings,
            self.playout.source,
            KeyStore([*demo_entries(), admin_entry(ADMIN_KEY)]),
            self.playout.plan,
            storage=self.playout.storage,
        )

    async def run(self, visit):
        """Play while ``visit(server)`` runs, and stop when it returns."""
        await self.playout.open(self.context.fanout)
        send, receive = trio.open_memory_channel(self.settings.flow.channel_batches)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.context.fanout.run, receive)
            nursery.start_soon(self.context.fanout.replay)
            nursery.start_soon(self.playout.run, send, self.context.fanout)
            await visit(RunningServer(self.context, None, nursery, self.settings.limits))
            nursery.cancel_scope.cancel()


def heard(settings, *, pause=0.0, capacity=LANE_BYTES, end=1_709_735_415_000):
    """All that one client of a run reads, up to a tick near the end."""

    async def main():
        data = bytearray()

        async def visit(server):
            client = await server.subscribed("EURUSD", "GBPUSD", capacity=capacity)
            time = 0
            while time < end:
                time = (await client.message())["time"]
                await trio.sleep(pause)
            data.extend(client.data)

        await ServerRun(settings).run(visit)
        return bytes(data)

    return virtual.run(main)


def test_what_is_played_is_shown_to_operators(short):
    """Name, seed, start and length of the scenario, to the admin's key."""
    settings = Settings(scenario=short)

    async def visit(server):
        status, _, body = await ask(server.connect(), "/admin/scenario", **ADMIN)
        assert (status, body["name"]) == (200, "scenario")
        assert body["data"] == {
            "name": "short",
            "seed": 3,
            "start": 1_709_735_400_000_000_000,
            "duration": 20_000_000_000,
            "faults": 0,
            "about": "",
            "timeline": [],
            "left_out": 0,
        }

    virtual.run(partial(ServerRun(settings).run, visit))


def test_the_same_bytes_at_every_pace(short):
    """At 1x, 10x, as fast as can be in lockstep, and in lockstep with a client that dawdles."""
    paces = [{"speed": 1}, {"speed": 10}, {"speed": 0, "lockstep": True}]
    told = [heard(Settings(scenario=short, wait_clients=1, **pace)) for pace in paces]
    dawdling = Settings(scenario=short, wait_clients=1, speed=0, lockstep=True)
    told.append(heard(dawdling, pause=7.0, capacity=200))
    first = min(map(len, told))
    assert first > 5000
    assert len({data[:first] for data in told}) == 1


async def test_lockstep_waits_for_the_slowest_and_cuts_nobody(open_server, short):
    """Who does not read holds the market, for as long as it stays."""
    one_by_one = Flow(batch_events=1)
    config = Settings(scenario=short, wait_clients=2, speed=0, lockstep=True, flow=one_by_one)

    async def visit(server):
        stuck = await server.subscribed("EURUSD", capacity=300)
        reader = await server.subscribed("EURUSD")
        seen = 0
        with trio.move_on_after(3600):
            while True:
                await reader.message()
                seen += 1
        position = server_run.playout.source.control.status()
        assert seen < 10
        assert server.ended == {}
        assert server.context.fanout.hub.seq == position.seq
        await stuck.stream.aclose()
        await server_run.playout.ended.wait()
        assert server_run.playout.source.control.ended

    server_run = ServerRun(config)
    await server_run.run(visit)


async def test_market_time_is_held_until_enough_have_subscribed(open_server, short):
    """Connecting is not enough, nor is coming and going."""
    server_run = ServerRun(Settings(scenario=short, wait_clients=2, speed=0))

    async def visit(server):
        control = server_run.playout.source.control
        opened = control.status()
        first = await server.subscribed("EURUSD")
        await server.authenticated()
        await trio.sleep(5)
        await first.stream.aclose()
        second = await server.subscribed("EURUSD")
        await trio.sleep(5)
        assert control.status() == opened
        await server.subscribed("GBPUSD")
        assert (await second.messages(3))[-1]["type"] == "tick"
        await server_run.playout.ended.wait()

    await server_run.run(visit)


async def test_who_only_watches_does_not_begin_the_market(open_server, short):
    """It sees the market that is held, and is none of those who are waited for."""
    server_run = ServerRun(Settings(scenario=short, wait_clients=1, speed=0))

    async def visit(server):
        control = server_run.playout.source.control
        opened = control.status()
        watcher = await server.subscribed("EURUSD", path=WATCHING)
        await server.subscribed("GBPUSD", path=WATCHING)
        await trio.sleep(5)
        assert control.status() == opened
        assert server.context.fanout.hub.listening == 0
        await server.subscribed("GBPUSD")
        assert server.context.fanout.hub.listening == 1
        assert (await watcher.messages(3))[-1]["type"] == "tick"
        await server_run.playout.ended.wait()

    await server_run.run(visit)


async def test_lockstep_waits_for_nobody_who_only_watches(open_server, short):
    """One that reads nothing is cut as it would be in any other market, and the others hear all of it."""
    limits = Limits(backlog_bytes=1024)
    config = Settings(scenario=short, wait_clients=1, speed=0, lockstep=True, limits=limits)

    async def visit(server):
        await server.subscribed("EURUSD", path=WATCHING, capacity=300)
        reader = await server.subscribed("EURUSD")
        with trio.fail_after(3600):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(reader.rest)
                await server_run.playout.ended.wait()
                nursery.cancel_scope.cancel()
        assert server_run.playout.source.control.ended
        assert server.ended == {"slow consumer": 1}

    server_run = ServerRun(config)
    await server_run.run(visit)


async def test_an_order_is_answered_while_market_time_is_held(open_server, short):
    """At once, as in a paused market, and nothing else happens until the client subscribes."""
    server_run = ServerRun(Settings(scenario=short, wait_clients=1))
    order = json.dumps({"symbol": "EURUSD", "action": "buy", "volume": 0.01}).encode()
    headers = {"Authorization": f"Bearer {DEMO_KEY}"}

    async def visit(server):
        control = server_run.playout.source.control
        opened = control.status()
        asked = trio.current_time()
        status, _, body = await ask(server.connect(), "/api/trade", method="POST", body=order, **headers)
        assert (status, body["data"]["status"]) == (200, "filled")
        assert trio.current_time() == asked
        stood = control.status()
        assert (stood.state, stood.market_time) == (opened.state, opened.market_time)
        await trio.sleep(5)
        assert control.status() == stood
        client = await server.subscribed("EURUSD")
        assert (await client.messages(3))[-1]["type"] == "tick"

    await server_run.run(visit)


# --- recording -------------------------------------------------------------------------------------


def digest_of(name):
    program = program_from_file(str(name))
    run = Replay(program.run, start=program.start, until=WHOLE)
    for _ in run.steps():
        pass
    return run.outcome().digest, run.outcome().counts


async def read_to_the_end(server_run):
    await server_run.playout.ended.wait()
    await server_run.context.fanout.published(server_run.playout.source.control.status().seq)


def record(config):
    """Play to the end with nobody there. On a real clock: a virtual one would not wait for a thread."""

    async def main():
        server_run = ServerRun(config)
        await server_run.run(lambda _: read_to_the_end(server_run))

    with structlog.testing.capture_logs() as logs:
        trio.run(main)
    return logs


def test_a_recording_replays_to_the_run_it_came_from(short, tmp_path):
    """One digest, and the header says where it comes from."""
    path = tmp_path / "run.feed.zst"
    record(Settings(scenario=short, speed=0, record=path))
    assert digest_of(path) == digest_of(short)
    header = program_from_file(str(path)).header
    assert (header.provenance.source, header.provenance.scenario, header.provenance.seed) == (
        "simulated",
        "short",
        3,
    )
    again = tmp_path / "again.feed.zst"
    record(Settings(scenario=str(path), speed=0, record=again))
    assert digest_of(again) == digest_of(short)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), speed=st.sampled_from([0, 100]), batch=st.integers(1, 300))
def test_any_run_is_recorded_whole(tmp_path_factory, seed, speed, batch):
    """Whatever its seed, its pace, and the size of its batches."""
    folder = tmp_path_factory.mktemp("run")
    path = folder / "s.toml"
    path.write_text(SCENARIO.format(duration="3s").replace("seed = 3", f"seed = {seed}"), encoding="utf-8")
    out = folder / "run.feed.zst"
    record(Settings(scenario=str(path), speed=speed, record=out, flow=Flow(batch_events=batch)))
    assert digest_of(out) == digest_of(path)


def full(path, *, room, held=0):
    """Record five market seconds on a disk with little room; the log."""
    small = Recording(block_events=100, held_bytes=held)
    config = Settings(seed=1, start=10**18, instruments=12, until="5s", speed=0, record=path, recording=small)

    async def main():
        server_run = ServerRun(config)
        server_run.playout.storage.opener = Disk(room).open

        async def visit(_):
            await read_to_the_end(server_run)

        await server_run.run(visit)

    with structlog.testing.capture_logs() as logs:
        trio.run(main)
    return [line for line in logs if "record" in line["event"]]


def test_a_full_disk_ends_the_recording_and_not_the_feed(tmp_path):
    """The log says why, and how much is in the file; the market runs to its end, and the file is good."""
    path = tmp_path / "full.feed.zst"
    lines = full(path, room=3000)
    assert [(line["event"], line["reason"]) for line in lines] == [
        ("recording stopped", "No space left on device")
    ]
    with path.open("rb") as file:
        reader = RecordingReader(file)
        assert sum(map(len, reader)) == lines[0]["events"] > 0
    assert str(reader.corruption.reason) == "the file ends without an end line"


def test_what_a_full_disk_does_not_take_by_the_end_is_told(tmp_path):
    """It is held in memory for as long as the server runs; then the log says how much is lost."""
    path = tmp_path / "full.feed.zst"
    lines = full(path, room=3000, held=10**8)
    assert [line["event"] for line in lines] == ["the recording waits for its file", "recording stopped"]
    with path.open("rb") as file:
        events = sum(map(len, RecordingReader(file)))
    assert (lines[1]["events"], lines[1]["events"] + lines[1]["lost"]) == (events, digest_of_market()[1])


def digest_of_market():
    program = program_for(Settings(seed=1, start=10**18, instruments=12), now=0)
    run = Replay(program.run, start=program.start, until=program.until("5s"))
    for _ in run.steps():
        pass
    return run.outcome().digest, run.outcome().events


def test_a_recording_goes_on_when_there_is_room_again(tmp_path):
    """Nothing is missing; meanwhile whoever asks is told, and the log says when it is over."""
    path = tmp_path / "full.feed.zst"
    quick = Recording(block_events=100, retry_seconds=0.01)
    disk, seen = Disk(3000), []

    async def main():
        server_run = ServerRun(
            Settings(seed=1, start=10**18, instruments=12, until="5s", speed=0, record=path, recording=quick)
        )
        storage = server_run.playout.storage
        storage.opener = disk.open

        async def visit(server):
            await read_to_the_end(server_run)
            with trio.fail_after(10):
                while not storage.problems():
                    await storage.recorder._changed.park()
                seen.extend(storage.problems())
                disk.room = 10**9
                while storage.problems():
                    await storage.recorder._changed.park()

        await server_run.run(visit)

    with structlog.testing.capture_logs() as logs:
        trio.run(main)
    assert seen == ["recording: No space left on device"]
    assert [line["event"] for line in logs if "record" in line["event"]] == [
        "the recording waits for its file",
        "the recording goes on, and nothing is missing",
        "recorded",
    ]
    assert (digest_of(path)[0]) == digest_of_market()[0]


def test_an_earlier_recording_is_never_touched(short, tmp_path):
    """Nor anything else that is there: another name must be chosen. A device is no recording."""
    path = tmp_path / "run.feed.zst"
    path.write_bytes(b"mine")
    with pytest.raises(ConfigError, match="holds something already; choose another name"):
        record(Settings(scenario=short, speed=0, record=path))
    assert path.read_bytes() == b"mine"
    device = full_device(tmp_path)
    lines = record(Settings(scenario=short, speed=0, record=device))
    assert {line.get("reason") for line in lines if "record" in line["event"]} == {"No space left on device"}
    assert device.is_char_device()


async def test_a_disk_that_hangs_is_given_up(open_server, tmp_path):
    """The market waits for it a while, and then goes on without a recording."""
    path = tmp_path / "slow.feed.zst"
    header = Playout(Settings(start=0))._header([])
    slow = recorder_module.Recorder(path, header, Recording(waiting_events=10, stall_seconds=5))
    slow.take([quote(0, 1)] * 11)
    began = trio.current_time()
    with structlog.testing.capture_logs() as logs:
        await slow.room()
    assert trio.current_time() - began == pytest.approx(5)
    assert [line["reason"] for line in logs] == ["the disk is too slow"]
    slow.take([quote(0, 1)] * 1000)
    await slow.room()
    slow._close()


def test_a_process_that_was_stopped_gives_no_disk_up(tmp_path):
    """The minute in which nothing ran was not the disk's, neither in a write nor before the next one."""
    written = threading.Event()

    async def main():
        header = Playout(Settings(start=0))._header([])
        recorder = recorder_module.Recorder(tmp_path / "run.feed.zst", header, Recording(waiting_events=1))
        clock = trio.lowlevel.current_clock()
        writes = trio.Event()

        def write():
            trio.from_thread.run_sync(writes.set)
            written.wait(10)

        recorder.take([quote(0, 1)] * 2)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(recorder._in_thread, write)
            nursery.start_soon(recorder.room)
            await writes.wait()
            await trio.testing.wait_all_tasks_blocked()
            clock.jump(60)
            await trio.testing.wait_all_tasks_blocked()
            assert not recorder.trouble
            written.set()
            recorder._rows = []
            recorder._changed.unpark_all()
        recorder._close()

    try:
        trio.run(main, clock=trio.testing.MockClock())
    finally:
        written.set()


def test_any_source_can_be_recorded(tmp_path):
    """One that a program brings along, too."""
    path = tmp_path / "script.feed.zst"
    rows = [quote(0, 200 + at, ts=at) for at in range(5)]
    script = Script()
    script.play(*rows)
    script.end()

    async def main():
        server_run = ServerRun(Settings(record=path), script)
        await server_run.run(lambda _: server_run.context.fanout.published(8))

    trio.run(main)
    with path.open("rb") as file:
        reader = RecordingReader(file)
        assert [row for block in reader for row in block] == script.opening() + rows
        assert reader.complete


def test_a_file_that_cannot_be_written_is_the_operators_mistake(short, tmp_path):
    """Before anything is served."""
    with pytest.raises(ConfigError, match="cannot be written: No such file"):
        record(Settings(scenario=short, record=tmp_path / "no" / "run.feed.zst"))


# --- shipped scenarios -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["disconnect-storm", "mute-feed", "lossy-link"])
def test_every_fault_of_a_shipped_scenario_happens(name):
    """To a client that comes back whenever it is sent away; as many as the file expects."""

    async def main():
        server_run = ServerRun(Settings(scenario=name, speed=10, wait_clients=1))

        async def come_back(server):
            while True:
                try:
                    client = await server.subscribed("EURUSD")
                    await client.rest()
                except (Closed, ValueError, AssertionError, trio.BrokenResourceError):
                    pass  # sent away, garbage, nobody is let in, or dropped
                await trio.sleep(0.1)

        async def visit(server):
            server.nursery.start_soon(come_back, server)
            await server_run.playout.ended.wait()
            await server_run.context.fanout.published(server_run.playout.source.control.status().seq)

        await server_run.run(visit)
        return server_run.context.faults.statistics()

    records = virtual.run(main)
    program = program_from_file(name)
    assert len(records) == program.expect.faults == len(program.faults)
    assert sum(record.connections + record.refused > 0 for record in records) >= len(records) - 2
