"""Files of the log: one for each key, renamed when full, removed when there are too many or too much."""

import os
from pathlib import Path

import pytest

from feed.errors import ConfigError
from feed.server.message_log.files import RotatedFiles
from feed.settings import MessageLog

LINE = b"x" * 99 + b"\n"


@pytest.fixture
def opened(tmp_path):
    """Opens the files of a folder with settings of the test's own."""
    some = []

    def make(**settings):
        files = RotatedFiles(tmp_path / "log", MessageLog(**settings))
        files.open()
        some.append(files)
        return files

    yield make
    for files in some:
        files.close()


def sizes(tmp_path):
    return {path.name: path.stat().st_size for path in sorted((tmp_path / "log").iterdir())}


def test_each_key_has_a_file_that_its_owner_alone_reads(opened, tmp_path):
    """Clients without a key have one together; what a run before has written is appended to."""
    files = opened()
    files.append("alice", LINE)
    files.append("", LINE)
    files.close()
    opened().append("alice", LINE)
    assert sizes(tmp_path) == {"key-alice.jsonl": 200, "keyless.jsonl": 100}
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "log" / "key-alice.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_full_file_is_renamed_and_the_oldest_goes(opened, tmp_path):
    """No file grows past its bound, and there are so many of one key."""
    files = opened(file_bytes=4096, files=3)
    for n in range(200):
        files.append("a.jsonl.1", b"%099d\n" % n)
    assert sizes(tmp_path) == {
        "key-a.jsonl.1.jsonl": 4000,
        "key-a.jsonl.1.jsonl.1": 4000,
        "key-a.jsonl.1.jsonl.2": 4000,
    }
    kept = b"".join((tmp_path / "log" / name).read_bytes() for name in reversed(sizes(tmp_path)))
    assert [int(line) for line in kept.splitlines()] == list(range(80, 200))


def test_one_file_of_a_key_begins_anew(opened, tmp_path):
    """Where there is to be one, the past is forgotten."""
    files = opened(file_bytes=4096, files=1)
    for _ in range(41):
        files.append("alice", LINE)
    assert sizes(tmp_path) == {"key-alice.jsonl": 100}


def test_all_together_are_bounded(opened, tmp_path):
    """The file that was written to longest ago goes first; files of others stay whatever they take."""
    files = opened(file_bytes=4096, bytes=10_000)
    (tmp_path / "log" / "notes.txt").write_bytes(bytes(50_000))
    for at, name in enumerate(("old", "new", "")):
        for _ in range(40):
            files.append(name, LINE)
        for path in (tmp_path / "log").glob("key*.jsonl"):
            if path.name.removesuffix(".jsonl") in (f"key-{name}", "keyless"):
                os.utime(path, ns=(at, at))
    files.prune()
    assert sizes(tmp_path) == {"key-new.jsonl": 4000, "keyless.jsonl": 4000, "notes.txt": 50_000}


def test_two_servers_do_not_write_there(opened, tmp_path):
    """The second one is told so; once the first has gone, it may."""
    first = opened()
    second = RotatedFiles(tmp_path / "log", MessageLog())
    with pytest.raises(ConfigError, match="another server writes into"):
        second.open()
    first.close()
    second.open()
    second.close()


@pytest.mark.parametrize("place", ["file/log", "file", "none/log"])
def test_where_there_can_be_no_directory(tmp_path, place):
    """One line that says which option is meant."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot write into") as refused:
        RotatedFiles(Path(tmp_path, place), MessageLog()).open()
    assert refused.value.where == "--log-messages"


def test_nothing_is_written_through_a_link(opened, tmp_path):
    """Somebody else may have put it there."""
    files = opened()
    (tmp_path / "else").write_bytes(b"theirs")
    (tmp_path / "log" / "key-alice.jsonl").symlink_to(tmp_path / "else")
    with pytest.raises(OSError, match=r"symbolic links|link"):
        files.append("alice", LINE)
    assert (tmp_path / "else").read_bytes() == b"theirs"
