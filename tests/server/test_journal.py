"""A journal that cannot be written stops nothing but orders; one that can gives the run once more."""

import json
import time
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import structlog
import trio
import virtual
from asking import ask as ask_http
from disks import Disk, full_device
from railway import RING, SIGNING_KEY, START, Railway, ask, hear

from feed import Settings
from feed.cli.main import main as feed
from feed.errors import ConfigError, MarketError
from feed.model.digest import Digest
from feed.model.requests import CancelMany
from feed.recording.journal import read_journal
from feed.recording.writer import RecordingWriter
from feed.server.playout import Playout
from feed.server.run_spec import program_for
from feed.server.server_context import ServerContext
from feed.server.tokens import TokenIssuer
from feed.settings import Trading

ID, OTHER = "0835bf3e-4a20-41f0-908d-8213f2b7a285", "1835bf3e-4a20-41f0-908d-8213f2b7a285"
BUY = {"orderType": "buy", "tradeType": "limit", "price": "50000.00", "quantity": "0.0100"}
TAKE = {"orderType": "buy", "tradeType": "market", "quantity": "0.0100"}
SETTINGS = Settings(seed=3, start=START)


@asynccontextmanager
async def served(settings, disk=None, tap=None):
    """A server but for its sockets, with all that it writes to disk; stopped in peace at the end."""
    playout = Playout(settings)
    playout.storage.opener = (disk or Disk()).open
    if tap is not None:
        playout.storage.published = tap
    server = ServerContext(
        settings, playout.source, RING, playout.plan, signing_key=SIGNING_KEY, storage=playout.storage
    )
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with trio.open_nursery() as nursery:
        try:
            await playout.open(server.fanout)
            nursery.start_soon(server.fanout.run, receive)
            nursery.start_soon(playout.run, send, server.fanout)
            opened = Railway(server, playout.source, nursery, settings.limits)
            opened.office = TokenIssuer(
                RING, settings=settings.tokens, signing_key=SIGNING_KEY, clock=time.time
            )
            opened.storage = playout.storage
            yield opened
            nursery.cancel_scope.cancel()
        finally:
            playout.storage.end(server.fanout.hub.seq)
            playout.storage.close()


async def settle(client):
    """Read until the client has been told nothing for a second."""
    return [message for message in await hear(client, 1) if isinstance(message["data"], dict)]


def codes(messages):
    return [message["data"]["statusCode"] for message in messages if "statusCode" in message["data"]]


# --- a disk that fills up ----------------------------------------------------------------------------


def test_a_full_disk_refuses_orders_and_disturbs_nobody(tmp_path):
    """503 in the protocol's own style, nothing acts, all can see why; with room again it goes on."""
    path = tmp_path / "orders.jsonl"
    disk = Disk()

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=path), disk) as open_:
            trader = await open_.board("alice")
            watcher = await open_.board("bob", "market=BTC-USD&subscriptions=publicOrderBook")
            await ask(trader, "createOrder", clientRequestId=ID, **BUY)
            assert codes(await settle(trader)) == [202, 200]
            disk.room = 50
            for _ in range(3):
                await ask(trader, "createOrder", clientRequestId=OTHER, **TAKE)
            refused = await trader.messages(3)
            assert open_.script.control._run.played == 1
            assert await hear(watcher, 5)
            health = [(await ask_http(open_.connect(), name))[::2] for name in ("/healthz", "/readyz")]
            metrics = (await ask_http(open_.connect(), "/metrics"))[2].decode()
            disk.room = 10**6
            await trio.sleep(2)
            healthy = (await ask_http(open_.connect(), "/healthz"))[2]
            await ask(trader, "createOrder", clientRequestId=OTHER, **TAKE)
            assert 202 in codes(await settle(trader))
            return refused, health, metrics, healthy

    with structlog.testing.capture_logs() as logs:
        refused, health, metrics, healthy = virtual.run(main)
    assert {json.dumps(message) for message in refused} == {
        json.dumps(
            {
                "resultType": "createOrder",
                "market": "BTC-USD",
                "data": {
                    "clientRequestId": OTHER,
                    "statusCode": 503,
                    "body": "the market takes no requests now",
                },
            }
        )
    }
    said = ["journal: No space left on device; order requests are answered with 503"]
    assert health[0] == (200, {"status": "degraded", "problems": said})
    assert (health[1][0], health[1][1]["problems"]) == (200, said)
    assert "feed_journal_up 0.0" in metrics
    assert "feed_journal_refused_total 3.0" in metrics
    assert 'feed_order_requests_total{outcome="executed"} 1.0' in metrics
    assert 'feed_order_requests_total{outcome="refused"} 3.0' in metrics
    assert healthy == {"status": "ok"}
    assert [line["event"] for line in logs if "orders are" in line["event"]] == [
        "orders are refused: the journal takes none",
        "orders are taken again",
    ]
    assert len(read_journal(path).entries) == 2


def test_a_full_disk_at_the_start_does_not_keep_the_market_from_opening(tmp_path):
    """Not even the header can be written: orders get 503; with room again the journal begins with it."""
    path = tmp_path / "orders.jsonl"
    disk = Disk(10)

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=path), disk) as open_:
            trader = await open_.board("alice")
            await ask(trader, "createOrder", **BUY)
            assert codes(await settle(trader)) == [503]
            assert path.read_bytes() == b""
            disk.room = 10**6
            await ask(trader, "createOrder", **BUY)
            assert codes(await settle(trader)) == [202, 200]

    virtual.run(main)
    journal = read_journal(path)
    assert (journal.header.seed, journal.header.start, len(journal.entries)) == (3, START, 1)


def test_a_journal_that_vanished_is_written_anew(tmp_path):
    """The next request finds it gone, and it is whole again before the request acts."""
    path = tmp_path / "orders.jsonl"

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=path)) as open_:
            trader = await open_.board("alice")
            await ask(trader, "createOrder", **BUY)
            await settle(trader)
            path.unlink()
            await ask(trader, "createOrder", **BUY)
            assert codes(await settle(trader)) == [202, 200]

    virtual.run(main)
    assert len(read_journal(path).entries) == 2


def test_a_device_takes_the_journals_place_and_orders_none(tmp_path):
    """Each gets 503, and the device is still one."""
    device = full_device(tmp_path)

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=device)) as open_:
            trader = await open_.board("alice")
            for _ in range(2):
                await ask(trader, "createOrder", **BUY)
            assert codes(await settle(trader)) == [503, 503]

    virtual.run(main)
    assert device.is_char_device()


@pytest.mark.parametrize("name", [".", "none/orders.jsonl"])
def test_what_can_never_be_a_journal_is_the_operators_mistake(tmp_path, monkeypatch, name):
    """A folder, or no folder: before anything is served."""
    monkeypatch.chdir(tmp_path)

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=Path(name))):
            raise AssertionError("it serves")

    with pytest.raises(ExceptionGroup) as caught:
        virtual.run(main)
    (problem,) = caught.value.exceptions
    assert isinstance(problem, ConfigError)
    assert str(problem).startswith(f"--journal: cannot write {name} (")


# --- before it acts, and in order --------------------------------------------------------------------


def test_a_request_is_journalled_before_it_acts(tmp_path):
    """When it is written, nothing of it can be seen in the market yet."""
    path = tmp_path / "orders.jsonl"

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=path)) as open_:
            seen = []
            journal, market = open_.storage.journal, open_.script.control._run
            write = journal.write

            def note(entry):
                seen.append((market.played, len(market.accounts.find(1).orders)))
                return write(entry)

            journal.write = note
            trader = await open_.board("alice")
            for _ in range(3):
                await ask(trader, "createOrder", **BUY)
            assert codes(await settle(trader)) == [202, 200] * 3
            assert seen == [(0, 0), (1, 1), (2, 2)]
            assert market.played == 3

    virtual.run(main)


def test_requests_act_in_the_order_in_which_they_came(tmp_path):
    """Those that waited together too: first come, first served."""
    path = tmp_path / "orders.jsonl"

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=path)) as open_:
            for account in (5, 9, 7):
                assert open_.script.submit(CancelMany(account=account, instrument=0))
            await trio.sleep(1)

    virtual.run(main)
    assert [entry.request.account for entry in read_journal(path).entries] == [5, 9, 7]


def test_a_market_that_is_journalled_does_not_go_back(tmp_path):
    """What its clients are told then would not come out of the journal; forward it goes."""

    async def main():
        async with served(attrs.evolve(SETTINGS, journal=tmp_path / "orders.jsonl")) as open_:
            await trio.sleep(2)
            control = open_.script.control
            with pytest.raises(MarketError, match="a journal is kept"):
                control.seek(START + 10**9)
            control.seek(START + 5 * 10**9)
            await trio.sleep(0.1)
            assert control.status().market_time >= START + 5 * 10**9

    virtual.run(main)


# --- what it is good for -----------------------------------------------------------------------------

SCENARIO = """\
format = 1
name = "small"
seed = 5
start = 2024-03-06T14:30:00Z
duration = "8s"
[market]
base = "default"
"""
OPTIONS = {
    "default market": {},
    "seed and start": {"seed": 11, "start": START + 5, "instruments": 9},
    "hours of trading": {"seed": 11, "start": 1_710_028_800 * 10**9, "sessions": True},  # a Sunday
    "scenario": {"scenario": "small.toml"},
    "scenario with seed": {"scenario": "small.toml", "seed": 6, "start": START},
    "deposit and fees": {
        "seed": 11,
        "start": START,
        "trading": Trading(deposit=1000, maker_fee=77, taker_fee=999, leverage=3),
    },
}


def traded(settings):
    """Trade for a while; the digest of what was published."""
    digest = Digest()

    async def main():
        async with served(settings, tap=digest.update) as open_:
            alice = await open_.board("alice", "market=ALL&subscriptions=orders,trades")
            bob = await open_.board("bob", "market=ALL&subscriptions=orders,trades")
            for at in range(4):
                await ask(alice, "createOrder", market="BTC-USD", **(TAKE if at % 2 else BUY))
                await ask(bob, "createOrder", market="BTC-USD", **TAKE)
                await trio.sleep(0.7)
            await ask(alice, "cancelOrder", market="BTC-USD", cancelBy="all")
            # It ends between two times at which engines of derivatives act, whose rows might not be told.
            await trio.sleep(0.55)
            assert 200 in codes(await settle(alice))

    virtual.run(main)
    return digest.hexdigest()


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_a_journal_gives_the_digest_of_what_was_served(tmp_path, monkeypatch, capsys, options):
    """From the journal alone: it says which market it was, and where the run ended."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SCENARIO, encoding="utf-8")
    digest = traded(Settings(journal=Path("orders.jsonl"), **options))
    monkeypatch.chdir("/")
    code = feed(["replay", "--journal", str(tmp_path / "orders.jsonl"), "--digest"])
    out, _ = capsys.readouterr()
    assert (code, out.split()[-1]) == (0, digest)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--seed 4", "--seed: is 4, and orders.jsonl was written with 5; leave it out"),
        (
            "--start 2024-03-06T14:30:01Z",
            "--start: is 2024-03-06T14:30:01Z, and orders.jsonl was written with 2024-03-06T14:30:00Z;",
        ),
        ("--deposit 7", "--deposit: is 7, and orders.jsonl was written with 1000000; leave it out"),
        ("--instruments 7", "--instruments: is 7, and orders.jsonl was written with all; leave it out"),
        ("burst", "burst: is not the scenario 'small' as it was when orders.jsonl was written (sha256 "),
        ("run.feed.zst", "run.feed.zst: is not what was played when orders.jsonl was written (sha256 "),
    ],
)
def test_a_contradiction_is_refused(tmp_path, monkeypatch, capsys, line, complaint):
    """One line: what, where, what to do. What agrees is taken."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SCENARIO, encoding="utf-8")
    Path("run.feed.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    traded(Settings(journal=Path("orders.jsonl"), scenario="small.toml"))
    assert feed(["replay", "--journal", "orders.jsonl", *line.split()]) == 2
    _, err = capsys.readouterr()
    assert err.startswith(f"feed: {complaint}")
    assert err.count("\n") == 1
    agreed = ["--seed", "5", "--start", "2024-03-06T14:30:00Z", "--deposit", "1000000"]
    assert feed(["replay", "small.toml", "--journal", "orders.jsonl", *agreed]) == 0


def test_a_scenario_that_was_changed_meanwhile_is_refused(tmp_path, monkeypatch, capsys):
    """By its content; what a run is expected to give may change."""
    monkeypatch.chdir(tmp_path)
    file = Path("small.toml")
    file.write_text(SCENARIO, encoding="utf-8")
    traded(Settings(journal=Path("orders.jsonl"), scenario="small.toml"))
    file.write_text(SCENARIO + "\n[expect]\nevents = 1\n", encoding="utf-8")
    assert feed(["replay", "--journal", "orders.jsonl"]) == 0
    file.write_text(SCENARIO.replace("8s", "9s"), encoding="utf-8")
    assert feed(["replay", "--journal", "orders.jsonl"]) == 2
    assert "as it was when orders.jsonl was written" in capsys.readouterr().err


def test_a_run_that_was_killed_needs_an_end(tmp_path, monkeypatch, capsys):
    """The default market has none; and a last line that was torn is told of."""
    monkeypatch.chdir(tmp_path)
    path = Path("orders.jsonl")
    traded(Settings(journal=path, seed=1, start=START))
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b'{"end"') - 5])
    assert feed(["replay", "--journal", str(path)]) == 2
    torn, *_, last = capsys.readouterr().err.splitlines()
    assert torn == "feed: orders.jsonl: the last line is cut off: that request did not act"
    assert last.endswith("and its market never does; say where, such as --until 90s")
    assert feed(["replay", "--journal", str(path), "--until", "2s"]) == 0


@pytest.mark.parametrize("same", [True, False])
def test_the_journal_of_an_earlier_run_is_refused(tmp_path, same):
    """Of the very same market too: what was done in it after the last line is not known."""
    path = tmp_path / "orders.jsonl"
    settings = attrs.evolve(SETTINGS, journal=path)
    traded(settings)
    before = path.read_bytes()
    with pytest.raises(ExceptionGroup) as caught:
        traded(settings if same else attrs.evolve(settings, seed=4))
    assert f"is the journal of {'an earlier run of this market' if same else 'another run'}" in str(
        caught.value.exceptions[0]
    )
    assert path.read_bytes() == before


def recording_of(settings, path, seconds):
    """The market that some settings want, recorded for a while."""
    program = program_for(settings, now=0)
    with path.open("wb") as out:
        writer = RecordingWriter(out, program.header)
        writer.append(program.run.opening())
        writer.append(program.run.advance(program.start + seconds * 10**9, 1 << 62))
        writer.close()
    return path


def test_a_journal_of_orders_in_a_recording(tmp_path, monkeypatch, capsys):
    """It says which recording that was, by its content, and gives the digest of what was served."""
    path = recording_of(attrs.evolve(SETTINGS, instruments=9), tmp_path / "run.feed.zst", 5)
    journal = tmp_path / "orders.jsonl"
    digest = traded(Settings(scenario=str(path), journal=journal))
    monkeypatch.chdir("/")
    assert feed(["replay", "--journal", str(journal), "--digest"]) == 0
    assert capsys.readouterr().out.split()[-1] == digest
    assert len(read_journal(journal).entries) == 9
    other = recording_of(attrs.evolve(SETTINGS, instruments=9), tmp_path / "other.feed.zst", 1)
    assert feed(["replay", str(other), "--journal", str(journal)]) == 2
    assert capsys.readouterr().err.startswith(f"feed: {other}: is not what was played when {journal} was")
    path.unlink()
    assert feed(["replay", "--journal", str(journal)]) == 2
    assert capsys.readouterr().err.startswith(f"feed: {path}: ")


def test_a_recording_that_is_only_played_keeps_no_journal(tmp_path):
    """It takes no orders."""
    path = recording_of(SETTINGS, tmp_path / "run.feed.zst", 0)
    trading = Trading(recorded_orders=False)
    with pytest.raises(ExceptionGroup) as caught:
        traded(Settings(scenario=str(path), journal=tmp_path / "orders.jsonl", trading=trading))
    assert str(caught.value.exceptions[0]) == (
        "--journal: nobody can trade in a recording where trading.recorded_orders is false; leave it out"
    )
    assert not (tmp_path / "orders.jsonl").exists()
