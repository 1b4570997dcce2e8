"""``feed data``: what a folder has, whether it is good, and how it gets smaller."""

import errno
import os
import re

import attrs
import click
import pytest

from feed.checkpoint.container import CheckpointHeader, write_checkpoint
from feed.checkpoint.engine import engine_digest
from feed.cli import main
from feed.durability.data_folder import DataFolder, checkpoint_name, history_name
from feed.durability.disk import FolderDisk
from feed.durability.entries import LogEntry
from feed.durability.input_log import InputLog
from feed.model.stream_position import StreamPosition
from feed.recording.journal import JournalHeader, ScenarioFile
from feed.server.durable.history_files import write_history
from feed.settings import Durability, Trading
from feed.stream.spans import Mark, Span

HEADER = JournalHeader(engine="feed 1.0", seed=3, start=10**18, listing="0" * 64, trading=Trading())
LOG = "log-00000001.feed"


def made(path, header=HEADER, engine=None):
    """A folder with a log of three segments, and a checkpoint of all but the last record."""
    engine = engine or engine_digest()
    disk = FolderDisk(path)
    disk.make()
    folder = DataFolder.open(disk, header, engine, Durability())
    folder.log.close()
    log = InputLog(disk, history=folder.history, segment_bytes=1)
    for number in (1, 2, 3):
        log.append([LogEntry(at=number, wall=10**18, kind="test", data=None)])
    log.close()
    folder.horizon.write(10**18 + 5 * 10**9, record=3)
    folder.horizon.close()
    found = CheckpointHeader(engine=engine, seq=40, proof=1, market_time=10**18, record=2, wall=10**18)
    disk.replace(checkpoint_name(40), write_checkpoint(found, {}))
    span = Span(Mark(seq=20, proof=1, now=0, bytes=0, market_state=lambda: None), ())
    history = write_history([span], StreamPosition(40, 1), engine=engine)
    disk.replace(history_name(20, 40), history)
    return disk


@pytest.fixture
def folder(tmp_path):
    made(tmp_path / "data")
    return tmp_path / "data"


def test_it_says_what_is_there(run, folder):
    """In lines that name the market, its log, and where a restart would begin."""
    code, out, err = run("data", folder)
    assert (code, err) == (0, "")
    size = sum((folder / f"log-0000000{number}.feed").stat().st_size for number in (1, 2, 3))
    assert out.splitlines() == [
        "market: default market, seed 3, from 2001-09-09T01:46:40Z",
        f"engine: {engine_digest()}, this one",
        f"log: records 1 to 3, {size} bytes, segments: 3, the last of 2001-09-09T01:46:40Z",
        "horizon: 2001-09-09T01:46:45Z",
        f"checkpoints: 1, {(folder / checkpoint_name(40)).stat().st_size} bytes",
        "checkpoint: event 40 of 2001-09-09T01:46:40Z, record 2, made 2001-09-09T01:46:40Z",
        f"history: events 21 to 40, {(folder / history_name(20, 40)).stat().st_size} bytes",
    ]


def test_it_says_what_is_odd(run, tmp_path):
    """Another engine, a torn end, a damaged checkpoint, what was moved away, and that a server is there."""
    file = ScenarioFile(name="small", file="/x/small.toml", sha256="0" * 64)
    disk = made(tmp_path, attrs.evolve(HEADER, scenario=file), engine="0123")
    with (tmp_path / "log-00000003.feed").open("ab") as log:
        log.write(b"torn")
    (tmp_path / checkpoint_name(50)).write_bytes(b"?")
    (tmp_path / "old-001-manifest").write_bytes(b"?")
    disk.lock()
    try:
        code, out, _ = run("data", tmp_path)
    finally:
        disk.close()
    assert code == 0
    lines = out.splitlines()
    for line in (
        "market: scenario small, seed 3, from 2001-09-09T01:46:40Z",
        "engine: 0123, another one: it cannot go on here",
        "log: 4 bytes at the end are torn, or being written",
        "old histories: 1 bytes; nothing reads the files old-* any more",
        "a server uses it",
    ):
        assert line in lines
    assert any(line.startswith("checkpoints: 2, ") and line.endswith(", 1 of them damaged") for line in lines)


def test_a_good_folder_is_verified(run, folder):
    """File by file, with exit code 0, on media that cannot be written to as well."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, err = run("data", folder, "--verify")
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        f"{LOG}: good, records 1 to 1",
        "log-00000002.feed: good, records 2 to 2",
        "log-00000003.feed: good, records 3 to 3",
        "horizon: good, record 3",
        f"{checkpoint_name(40)}: good, record 2",
        f"{history_name(20, 40)}: good, events 21 to 40",
    ]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_damage_is_told_with_its_place(run, folder):
    """Exit code 1; and what is damaged is not compacted."""
    data = bytearray((folder / LOG).read_bytes())
    data[100] ^= 1
    (folder / LOG).write_bytes(data)
    told = f"{LOG}: damaged at byte 60: what stood there was on the disk, and is broken"
    (folder / history_name(20, 40)).write_bytes(b"?")
    code, out, err = run("data", folder, "--verify")
    assert (code, err) == (1, "")
    assert f"{history_name(20, 40)}: is too short" in out.splitlines()
    assert told in out.splitlines()
    assert run("data", folder, "--verify", "--compact")[0] == 1
    code, out, err = run("data", folder, "--compact")
    assert code == 2
    assert told in out.splitlines()
    assert err == f"feed: {folder}: is not compacted, as it is damaged; see feed data DIR --verify\n"


def test_it_is_made_smaller(run, folder):
    """By what the checkpoint has; a restart from it finds the rest."""
    code, out, err = run("data", folder, "--compact")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert re.fullmatch(r"the log is [1-9]\d* bytes smaller", lines[0])
    assert not (folder / LOG).exists()
    assert [line for line in lines if line.startswith("log: records 3 to 3, ")]
    code, out, _ = run("data", folder, "--verify", "--compact")
    assert code == 0
    assert out.splitlines()[-1] == "the log is 0 bytes smaller"


def test_a_folder_in_use_is_not_compacted(run, folder):
    """Its server would not know."""
    disk = FolderDisk(folder)
    disk.lock()
    try:
        code, _, err = run("data", folder, "--compact")
    finally:
        disk.close()
    assert code == 2
    assert err == f"feed: {folder}: another server uses it; stop that one, or name another folder\n"


def test_what_is_no_data_folder_is_refused_in_one_line(run, tmp_path):
    """With what to do about it."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x", encoding="utf-8")
    (tmp_path / "new").mkdir()
    for name, told in (
        ("none", "is no folder; name that of feed serve --data"),
        ("full", "is no data folder, and not empty; name another one"),
        ("new", "holds no market yet; feed serve --data begins one"),
        ("full/thesis.tex", "is no folder; name that of feed serve --data"),
    ):
        code, out, err = run("data", tmp_path / name)
        assert (code, out, err) == (2, "", f"feed: {tmp_path / name}: {told}\n")


@pytest.mark.parametrize("options", [(), ("--verify",), ("--compact",)])
def test_a_reader_that_has_gone_is_no_fault_of_the_folder(run, folder, options, monkeypatch):
    """Such as ``head``: the exit code says so, as shells have it."""

    def gone(_):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(click, "echo", gone)
    monkeypatch.setattr(main, "abandon_output", lambda: None)
    code, _, err = run("data", folder, *options)
    assert (code, err) == (141, "")


def test_what_cannot_be_read_is_told_in_one_line(run, folder, monkeypatch):
    """With the disk's own words."""
    scan = os.scandir

    def scandir(path):
        if path == folder:
            raise OSError(5, "Input/output error")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    code, _, err = run("data", folder)
    assert (code, err) == (2, f"feed: {folder}: cannot be used: Input/output error\n")


def test_a_server_says_what_is_wrong_with_its_folder(run, tmp_path, folder):
    """In one line: a file in its place, one that cannot be made, one of something else, one in use."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x", encoding="utf-8")
    disk = FolderDisk(folder)
    disk.lock()
    try:
        for name, told in (
            ("file", "is no folder; name another"),
            ("file/data", "cannot be made: Not a directory; name another folder"),
            ("full", "is no data folder, and not empty; name another one"),
            ("data", "another server uses it; stop that one, or name another folder"),
        ):
            code, out, err = run("serve", "--port", 0, "--data", tmp_path / name)
            assert (code, out, err) == (2, "", f"feed: {tmp_path / name}: {told}\n")
    finally:
        disk.close()
