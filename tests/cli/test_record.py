"""``feed record``: what was heard is kept, whatever comes between."""

import json
import os
import signal

import pytest
from disks import full_device

from feed.cli import record as module
from feed.dialects.discovery import codecs
from feed.dialects.items import Channel
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import TRADE
from feed.recording.append_only_file import AppendOnlyFile
from feed.recording.reader import RecordingReader
from feed.testing import FeedServer

WITHOUT_CHECKSUM = {"binance", "coinbase", "coinbase_exchange"}
"""Protocols of books that can only be followed by their numbers."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def url():
    """A tick server that never stops talking."""
    with FeedServer(dialect="tradyn", speed=20) as server:
        yield server.url


def test_what_is_heard_becomes_a_recording(run, url, folder):
    """And nothing is left beside it."""
    code, _, err = run("record", url, "-o", "a.feed.zst", "--count", "20")
    assert (code, err) == (0, "wrote a.feed.zst; run it with: feed replay a.feed.zst\n")
    assert [path.name for path in folder.iterdir()] == ["a.feed.zst"]
    assert run("replay", "a.feed.zst")[0] == 0


def test_an_earlier_recording_is_never_replaced(run, url, folder):
    """Nor the ticks of one that was cut short; nobody is connected to before that is known."""
    (folder / "a.feed.zst").write_bytes(b"mine")
    code, _, err = run("record", "ws://127.0.0.1:1", "-o", "a.feed.zst")
    assert (code, err) == (2, "feed: --output: a.feed.zst holds something already; choose another name\n")
    (folder / "b.feed.zst.ticks").write_bytes(b"mine\n")
    code, _, err = run("record", "ws://127.0.0.1:1", "-o", "b.feed.zst")
    told = "b.feed.zst.ticks: was left by a recording that was cut short; save it with: feed import tradyn"
    assert code == 2
    assert err == f"feed: {told} b.feed.zst.ticks -o NAME, and remove it\n"
    assert (folder / "b.feed.zst.ticks").read_bytes() == b"mine\n"


def test_a_second_sigint_does_not_cost_what_was_heard(run, url, monkeypatch):
    """It comes while the recording is being made, which is finished all the same."""
    real = module.import_files

    def interrupted(*args, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return real(*args, **options)

    monkeypatch.setattr(module, "import_files", interrupted)
    before = signal.getsignal(signal.SIGINT)
    code, out, _ = run("record", url, "-o", "a.feed.zst", "--count", "5")
    assert code == 0
    assert "tradyn: 5 events" in out
    assert signal.getsignal(signal.SIGINT) is before


def test_a_full_disk_stops_it_and_it_says_after_how_much(run, url, folder, monkeypatch):
    """What was kept becomes a recording; exit code 1."""
    real, kept = AppendOnlyFile.append, []

    def append(self, piece):
        if len(kept) == 10:
            raise OSError(28, "No space left on device")
        kept.append(piece)
        real(self, piece)

    monkeypatch.setattr(AppendOnlyFile, "append", append)
    code, out, err = run("record", url, "-o", "a.feed.zst")
    assert code == 1
    assert "stopped after 10 messages: cannot write a.feed.zst.ticks (No space left on device)" in err
    assert "tradyn: sha256" in out
    assert [path.name for path in folder.iterdir()] == ["a.feed.zst"]


def test_a_recording_that_cannot_be_written_leaves_what_was_heard(run, url, folder):
    """It can be tried again; a device stays one."""
    device = full_device(folder)
    code, _, err = run("record", url, "-o", device, "--count", "5")
    assert code == 2
    assert err.splitlines() == [
        "feed: what was heard is in full.ticks",
        f"feed: {device}: cannot be written: No space left on device",
    ]
    assert run("import", "tradyn", "full.ticks", "-o", "a.feed.zst")[0] == 0


def test_it_goes_on_after_a_disconnect(run, folder):
    """Where it was, and no tick twice; the report has no gap."""
    with FeedServer(dialect="tradyn", speed=5) as server:
        told = []
        real = AppendOnlyFile.append

        def append(self, piece):
            told.append(piece)
            if len(told) == 20:
                server.call(lambda: [tap.drop() for tap in server.taps])
            real(self, piece)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AppendOnlyFile, "append", append)
            code, out, err = run("record", server.url, "-o", "a.feed.zst", "--count", "60")
    assert (code, "; trying again in " in err, "missing" in err) == (0, True, False)
    assert "tradyn: 0 gaps" in out
    ticks = [json.loads(text) for text in told if b'"tick"' in text]
    assert len(ticks) == 60
    last = {}
    for tick in ticks:
        assert tick.get("prev") == last.get(tick["symbol"])
        last[tick["symbol"]] = tick["seq"]
    assert sum(b'"welcome"' in text for text in told) == 2


def test_it_says_what_is_missing(run, folder):
    """Frames that are lost on the way: on stderr at once, and in the report."""
    with FeedServer(dialect="tradyn", speed=5) as server:
        real, told = AppendOnlyFile.append, []

        def append(self, piece):
            told.append(piece)
            if len(told) == 20:
                server.call(lambda: [setattr(tap, "lose", 5) for tap in server.taps])
            real(self, piece)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AppendOnlyFile, "append", append)
            code, out, err = run("record", server.url, "-o", "a.feed.zst", "--count", "60")
    assert code == 0
    assert "missing of " in err
    assert "ticks of " in out
    assert "are missing" in out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--symbols", "EURUSX"), "Unknown symbol(s): EURUSX"),
        (("--key", "nobody's"), "does not accept the key"),
    ],
)
def test_nothing_is_left_of_a_start_that_failed(run, url, folder, options, complaint):
    """What a server says before the first tick is nothing to keep: the next try needs the place."""
    code, _, err = run("record", url, "-o", "a.feed.zst", *options)
    assert (code, err.count("\n")) == (2, 1)
    assert complaint in err
    assert list(folder.iterdir()) == []


def test_names_may_stand_apart(run, url):
    """A blank after a comma is no part of a symbol."""
    code, out, _ = run("record", url, "-o", "a.feed.zst", "--symbols", "EURUSD, GBPUSD,", "--count", "5")
    assert code == 0
    assert "tradyn: 5 events" in out
    code, _, err = run("record", url, "-o", "b.feed.zst", "--symbols", " ,")
    assert (code, err) == (2, "feed: --symbols: there is none\n")


def test_the_path_says_which_protocol(run, folder):
    """Unless --dialect does; what a recording has no events for is said."""
    code, _, err = run("record", "ws://127.0.0.1:1/guide", "-o", "a.feed.zst")
    assert (code, err.splitlines()[0]) == (2, "feed: ws://127.0.0.1:1/guide: not recorded: orders, candles")
    code, _, err = run("record", "ws://127.0.0.1:1", "--dialect", "morse", "-o", "a.feed.zst")
    assert (code, err.split(";")[0]) == (2, "feed: there is no client for 'morse'")
    assert list(folder.iterdir()) == []


def trades(path):
    """Of BTC-USD in a recording: time in milliseconds, side, price, and whether there is a size."""
    with path.open("rb") as file:
        reader = RecordingReader(file)
        rows = [row for block in reader for row in block if row[0] == TRADE]
        grids = reader.header.instruments
        return [
            (row[2] // NS_PER_MILLISECOND, row[4], grids[row[1]].price_text(row[5]), row[6] > 0)
            for row in rows
            if grids[row[1]].symbol == "BTC-USD"
        ]


@pytest.mark.parametrize("dialect", sorted(codecs()))
def test_any_protocol_is_recorded(run, folder, dialect):
    """What is recorded is what the server had to say; what it does not tell is said in one line."""
    with FeedServer(dialect=dialect, speed=20) as server:
        url = server.http.replace("http", "ws")
        options = ("--dialect", dialect, "--symbols", "BTC-USD", "--count", "80")
        code, out, err = run("record", url, "-o", "a.feed.zst", *options)
    codec = codecs()[dialect]
    format_ = codec.importer or "capture"
    assert code == 0
    assert err.splitlines()[-1] == "wrote a.feed.zst; run it with: feed replay a.feed.zst"
    assert f"{format_}: 0 gaps" in out
    assert [path.name for path in folder.iterdir()] == ["a.feed.zst"]
    assert run("replay", "a.feed.zst")[0] == 0
    untold = [line for line in out.splitlines() if " not told" in line or "nothing shows" in line]
    captured = format_ == "capture"
    assert (captured and Channel.QUOTES in codec.channels) <= len(untold) <= captured
    proven = Channel.BOOK in codec.channels and dialect not in WITHOUT_CHECKSUM
    assert ("checksum of the book" in out) == proven


@pytest.mark.parametrize("dialect", ["guide", "rails"])
def test_a_recording_of_a_recording_has_the_same_trades(run, folder, dialect):
    """Price, side, time and whether there is a size: as the server has them in its own."""
    served = folder / "served.feed.zst"
    with FeedServer(dialect=dialect, speed=0, record=served) as server:
        code, *_ = run("record", server.url, "-o", "a.feed.zst", "--symbols", "BTC-USD", "--count", "600")
    assert code == 0
    found, known = trades(folder / "a.feed.zst"), trades(served)
    assert found
    begin = known.index(found[0])
    assert known[begin : begin + len(found)] == found


def test_a_raw_capture_that_was_cut_short_is_imported(run, folder):
    """As is said where another recording is to go to its place."""
    (folder / "a.feed.zst.messages").write_bytes(b"mine\n")
    code, _, err = run("record", "ws://127.0.0.1:1/guide", "-o", "a.feed.zst")
    assert code == 2
    assert "save it with: feed import capture a.feed.zst.messages -o NAME, and remove it" in err


def test_nothing_is_left_of_a_server_that_is_not_there(run, folder):
    """One line, and no empty file."""
    code, _, err = run("record", "ws://127.0.0.1:1", "-o", "a.feed.zst")
    assert (code, err.count("\n")) == (2, 1)
    assert "cannot connect" in err
    assert list(folder.iterdir()) == []
