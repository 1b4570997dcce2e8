"""Files that are appended to in whole records, with full disks and other failures."""

import errno
import os
import subprocess
import sys

import pytest
from disks import Disk, full_device
from hypothesis import given
from hypothesis import strategies as st

from feed.errors import ConfigError
from feed.recording.append_only_file import AppendOnlyFile, is_temporary


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


@given(pieces=st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.integers(0, 60)), max_size=12))
def test_it_holds_exactly_the_pieces_that_it_took(tmp_path_factory, pieces):
    """However much room there is for each; none of what it refused."""
    disk = Disk()
    path = tmp_path_factory.mktemp("disk") / "file"
    file = AppendOnlyFile(path, disk.open)
    file.open()
    taken = b""
    for piece, room in pieces:
        disk.room = room
        if len(piece) <= room:
            file.append(piece)
            taken += piece
        else:
            with pytest.raises(OSError, match="No space"):
                file.append(piece)
        assert path.read_bytes() == taken
        assert file.size == len(taken)
    file.close()


def test_what_cannot_be_cut_off_at_once_is_cut_before_the_next_piece(path, monkeypatch):
    """A file that can neither be written nor shortened for a while never gets a line in two halves."""
    disk = Disk()
    file = AppendOnlyFile(path, disk.open)
    file.append(b"one\n")
    disk.room = 2
    with monkeypatch.context() as broken:
        broken.setattr(type(file._file), "truncate", lambda *_: _raise(errno.EIO))
        with pytest.raises(OSError, match="No space"):
            file.append(b"two\n")
        assert path.read_bytes() == b"one\ntw"
    disk.room = 100
    file.append(b"three\n")
    assert path.read_bytes() == b"one\nthree\n"
    file.close()


def _raise(number):
    raise OSError(number, os.strerror(number))


def test_room_is_found_without_a_trace(path):
    """Not in the rest of a page, which would take one small piece and not the next."""
    disk = Disk()
    file = AppendOnlyFile(path, disk.open)
    file.append(b"one\n")
    disk.room = 4000
    with pytest.raises(OSError, match="No space"):
        file.probe()
    assert path.read_bytes() == b"one\n"
    disk.room = 10_000
    assert file.probe()
    assert path.read_bytes() == b"one\n"
    file.close()


def test_a_file_that_was_removed_is_written_anew(path):
    """All of it, from what is still open; and where another has its name, nothing is."""
    file = AppendOnlyFile(path)
    file.append(b"one\n")
    path.unlink()
    file.append(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    path.unlink()
    path.write_bytes(b"mine\n")
    with pytest.raises(OSError, match="another file has its name"):
        file.append(b"three\n")
    assert path.read_bytes() == b"mine\n"
    path.unlink()
    file.append(b"three\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    file.close()


def test_a_file_that_cannot_be_written_anew_leaves_no_half_of_one(path):
    """The disk is full meanwhile; when there is room again it is whole."""
    disk = Disk()
    file = AppendOnlyFile(path, disk.open)
    file.append(b"one\n")
    path.unlink()
    disk.room = 2
    with pytest.raises(OSError, match="No space"):
        file.append(b"two\n")
    assert not path.exists()
    disk.room = 100
    file.append(b"three\n")
    assert path.read_bytes() == b"one\nthree\n"
    file.close()


def test_a_file_that_was_renamed_goes_on_under_its_new_name(path):
    """It is whole there."""
    file = AppendOnlyFile(path)
    file.append(b"one\n")
    other = path.rename(path.with_name("other"))
    file.append(b"two\n")
    assert other.read_bytes() == b"one\ntwo\n"
    assert not path.exists()
    file.close()


def test_a_file_shortened_by_others_is_not_written(path):
    """What it held before cannot be had again."""
    file = AppendOnlyFile(path)
    file.append(b"one\n")
    os.truncate(path, 1)
    with pytest.raises(OSError, match="shortened"):
        file.append(b"two\n")
    assert path.read_bytes() == b"o"
    file.close()


def test_a_device_is_neither_cut_nor_replaced(tmp_path):
    """It takes nothing, for the reason that the system gives."""
    full = AppendOnlyFile(full_device(tmp_path))
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            full.append(b"one\n")
    assert not full.probe()
    full.close()


def test_a_pipe_that_took_half_a_piece_is_given_up(path):
    """It cannot be cut: what came next would be read as the rest of the line."""
    os.mkfifo(path)
    file = AppendOnlyFile(path)
    file.append(b"one\n")
    with pytest.raises(OSError, match="takes nothing now"):
        file.append(b"x" * 10_000_000)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.read(reader, 1 << 20)
    with pytest.raises(OSError, match="cannot be cut off"):
        file.append(b"two\n")
    os.close(reader)
    file.close()


def test_one_process_at_a_time(path):
    """The second process gets an error at once."""
    file = AppendOnlyFile(path)
    file.append(b"one\n")
    program = (
        "import sys; from pathlib import Path; from feed.recording.append_only_file import AppendOnlyFile\n"
        "AppendOnlyFile(Path(sys.argv[1])).open()"
    )
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("writes it; give each a file of its own")
    file.close()
    assert subprocess.run(command, check=False).returncode == 0


def test_a_fresh_file_holds_nothing_yet(path):
    """What is there is never shortened; an empty file will do."""
    path.touch()
    file = AppendOnlyFile(path, fresh=True)
    file.open()
    file.close()
    path.write_bytes(b"mine")
    with pytest.raises(ConfigError, match="holds something already"):
        AppendOnlyFile(path, fresh=True).open()
    assert path.read_bytes() == b"mine"


def test_what_passes_and_what_does_not():
    """A full disk passes; a folder does not become a file."""
    assert is_temporary(OSError(errno.ENOSPC, ""))
    assert is_temporary(OSError(errno.EMFILE, ""))
    assert not is_temporary(OSError(errno.EISDIR, ""))
    assert not is_temporary(OSError(errno.EACCES, ""))
