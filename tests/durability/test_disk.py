"""The files of a folder, on a disk that fills up and fails."""

import errno
import os
import subprocess
import sys

import pytest

from feed.durability.disk import FolderDisk
from feed.errors import ConfigError


@pytest.fixture
def disk(tmp_path):
    made = FolderDisk(tmp_path / "data")
    made.make()
    return made


def short_writes(monkeypatch, room):
    """Let writes take no more than there is room for, a part first, as a full tmpfs does."""
    left = [room]
    write = os.pwrite

    def pwrite(fd, data, offset):
        taken = min(len(data), left[0])
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= taken
        return write(fd, data[:taken], offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    return left


def everything(disk):
    return sorted(path.name for path in disk.path.iterdir())


def failing(number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail


def test_what_a_full_disk_takes_half_is_cut_off(disk, monkeypatch):
    """The file holds whole appends only, and goes on when there is room."""
    file = disk.open("log", create=True)
    left = short_writes(monkeypatch, 5)
    file.append(b"one")
    with pytest.raises(OSError, match="No space"):
        file.append(b"four")
    assert (disk.read("log"), file.size) == (b"one", 3)
    left[0] = 100
    file.append(b"five!")
    assert (disk.read("log"), file.size) == (b"onefive!", 8)
    file.close()


def test_what_cannot_be_cut_off_at_once_is_cut_before_the_next_append(disk, monkeypatch):
    """Even where the next is shorter than what the disk has taken of this one."""
    file = disk.open("log", create=True)
    left = short_writes(monkeypatch, 10)
    file.append(b"one")
    with monkeypatch.context() as broken:
        broken.setattr(os, "ftruncate", failing(errno.EIO))
        with pytest.raises(OSError, match="No space"):
            file.append(b"much too long")
        with pytest.raises(OSError, match="Input/output"):
            file.append(b"x")
    assert disk.read("log") == b"onemuch to"
    left[0] = 100
    file.append(b"two")
    assert (disk.read("log"), file.size) == (b"onetwo", 6)
    file.close()


def test_a_file_is_overwritten_read_and_cut(disk):
    """At the places that are named; reads end where the file does."""
    file = disk.open("slots", create=True)
    file.append(b"0123456789")
    file.write_at(2, b"ab")
    assert file.read_at(1, 4) == b"1ab4"
    assert file.read_at(8, 100) == b"89"
    file.truncate(3)
    file.sync()
    assert (file.size, disk.read("slots")) == (3, b"01a")
    file.close()
    file.close()


def test_a_replacement_is_whole_or_not_there(disk, monkeypatch):
    """After a full disk or a failed sync the old content stands, and nothing of the new is left behind."""
    disk.replace("manifest", b"old")
    with monkeypatch.context() as full:
        short_writes(full, 2)
        with pytest.raises(OSError, match="No space"):
            disk.replace("manifest", b"new")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output"):
            disk.replace("manifest", b"new")
    assert disk.read("manifest") == b"old"
    assert everything(disk) == ["manifest"]
    disk.replace("manifest", b"new")
    assert disk.read("manifest") == b"new"


def test_files_are_listed_made_renamed_and_removed(disk):
    """A new one has a name of its own; what a crash left of a replacement is no file, and goes."""
    disk.open("b", create=True).close()
    disk.replace("a", b"")
    with pytest.raises(FileExistsError):
        disk.open("a", create=True)
    with pytest.raises(FileNotFoundError):
        disk.open("c")
    (disk.path / ".a.77.partial").write_bytes(b"half")
    (disk.path / "folder").mkdir()
    assert disk.names() == ["a", "b"]
    disk.rename("b", "c")
    disk.remove("a")
    assert disk.names() == ["c"]
    disk.lock()
    assert everything(disk) == ["c", "folder"]
    disk.close()


def test_only_its_owner_may_look_into_it(disk):
    """The folder holds accounts, names of keys, and what signs tokens."""
    disk.replace("a", b"")
    disk.open("b", create=True).close()
    modes = [path.stat().st_mode & 0o777 for path in (disk.path, disk.path / "a", disk.path / "b")]
    assert modes == [0o700, 0o600, 0o600]


def test_a_name_that_cannot_be_made_durable_is_not_made(disk, monkeypatch):
    """A folder that cannot be synced has no new file."""
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output"):
            disk.open("log", create=True)
    assert disk.names() == []


def test_a_file_system_whose_folders_need_no_sync_is_fine(disk, monkeypatch):
    """It says so by ``EINVAL``."""
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    disk.open("log", create=True).close()
    assert disk.names() == ["log"]


LOCKER = """
import sys
from pathlib import Path
from feed.durability.disk import FolderDisk
FolderDisk(Path(sys.argv[1])).lock()
"""


def test_one_process_at_a_time_has_the_folder(disk):
    """Another one is told who is in its way; when the first closes it, it may have it."""
    command = [sys.executable, "-c", LOCKER, str(disk.path)]
    disk.lock()
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert f"{disk.path}: another server uses it; stop that one, or name another folder" in refused.stderr
    disk.close()
    disk.close()
    subprocess.run(command, timeout=60, check=True)


def test_a_folder_that_cannot_be_is_refused_in_one_line(tmp_path):
    """Where a file has its name, where there is none, and where none can be made."""
    (tmp_path / "file").write_bytes(b"")
    for path, what in (
        (tmp_path / "file", "is no folder; name another"),
        (tmp_path / "file" / "data", "cannot be made: Not a directory; name another folder"),
    ):
        with pytest.raises(ConfigError) as refused:
            FolderDisk(path).make()
        assert str(refused.value) == f"{path}: {what}"
    with pytest.raises(ConfigError) as refused:
        FolderDisk(tmp_path / "none").lock()
    assert (
        str(refused.value)
        == f"{tmp_path / 'none'}: cannot be opened: No such file or directory; name another folder"
    )


def test_a_file_system_without_locks_is_not_locked(disk, monkeypatch):
    """The folder can be used there all the same."""
    monkeypatch.setattr("fcntl.flock", failing(errno.ENOLCK))
    disk.lock()
    disk.close()
