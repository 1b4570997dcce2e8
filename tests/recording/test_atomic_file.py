"""Files that are written as a whole, and never in the place of anything else."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from disks import full_device

from feed.errors import ConfigError
from feed.recording.atomic_file import AtomicFile, any_content, is_port, starts_with, write_atomically


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out"


def test_a_new_file_takes_its_place_at_the_end(path):
    """Until then there is nothing of that name; nothing else is left beside it."""
    with AtomicFile(path, is_ours=any_content) as file:
        file.write(b"all")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"all"
    assert list(path.parent.iterdir()) == [path]


def test_when_it_fails_the_old_one_stays(path):
    """And nothing is left of the new one."""
    path.write_bytes(b"old")
    with suppress(ZeroDivisionError), AtomicFile(path, is_ours=any_content) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_full_disk_is_one_line(path, monkeypatch, name):
    """At any step."""
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os if name == "fsync" else Path, name, fail)
    with pytest.raises(ConfigError, match=r"out: cannot be written: No space left on device$"):
        write_atomically(path, b"new", is_ours=any_content)
    with pytest.raises(ConfigError, match=r"--out: cannot write .*out \(No space left on device\)$"):
        write_atomically(path, b"new", is_ours=any_content, where="--out")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("is_ours", "there", "fits"),
    [
        (is_port, b"8080\n", True),
        (is_port, b"", True),
        (is_port, b"8080 and more", False),
        (is_port, b"[market]\n", False),
        (starts_with(b"(FEED"), b"(FEED)", True),
        (starts_with(b"(FEED"), b"is_ours", False),
        (any_content, b"is_ours", True),
    ],
)
def test_only_an_earlier_output_is_replaced(path, is_ours, there, fits):
    """Any other content means that the operator mistyped the path."""
    path.write_bytes(there)
    if fits:
        write_atomically(path, b"new", is_ours=is_ours, where="--out")
        assert path.read_bytes() == b"new"
    else:
        with pytest.raises(ConfigError, match=r"--out: .*out holds something else; choose another name"):
            write_atomically(path, b"new", is_ours=is_ours, where="--out")
        assert path.read_bytes() == there


def test_a_device_stays_one(path):
    """It is written into."""
    device = full_device(path.parent)
    with pytest.raises(ConfigError, match=r"--out: cannot write .*full \(No space left on device\)"):
        write_atomically(device, b"new", is_ours=is_port, where="--out")
    assert device.is_char_device()


def test_a_pipe_is_written_into(path):
    """A pipe without a reader is an error, without waiting."""
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="No such device or address"):
        write_atomically(path, b"new", is_ours=is_port)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(path, b"new", is_ours=is_port)
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_symbolic_link_stays_one(path):
    """What it points to is replaced."""
    link = path.with_name("link")
    link.symlink_to(path)
    for content in (b"one", b"two"):
        write_atomically(link, content, is_ours=any_content)
        assert link.is_symlink()
        assert path.read_bytes() == content


def test_permissions_are_kept(path):
    """Of the old file; a new one has the usual ones, or those that were asked for."""
    write_atomically(path, b"one", is_ours=any_content)
    usual = stat.S_IMODE(path.stat().st_mode)
    assert usual & 0o400
    path.chmod(0o640)
    write_atomically(path, b"two", is_ours=any_content)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    write_atomically(path, b"two", is_ours=any_content, mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_is_no_file(tmp_path):
    """Nor is anything in a folder that does not exist."""
    with pytest.raises(ConfigError, match="Is a directory"):
        write_atomically(tmp_path, b"new", is_ours=any_content)
    with pytest.raises(ConfigError, match="No such file"):
        write_atomically(tmp_path / "none" / "out", b"new", is_ours=any_content)
