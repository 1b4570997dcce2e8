"""A disk that fills up: files that take no more than there is room for, as a full tmpfs does."""

import errno
import io
import math
import os
import stat
from pathlib import Path

import pytest


class Disk:
    """
    Where files are opened.

    Attributes:
        room: Bytes that it still takes.
        problem: Number of the error that opening a file gives; None opens it.
    """

    def __init__(self, room=math.inf):
        self.room = room
        self.problem = None

    def open(self, path, flags):
        """As :func:`feed.recording.append_only_file.open_raw`."""
        if self.problem is not None:
            raise OSError(self.problem, os.strerror(self.problem))
        return _File(self, os.open(path, flags, 0o666))


class _File(io.FileIO):
    def __init__(self, disk, fd):
        super().__init__(fd, "r+")
        self._disk = disk

    def write(self, data):
        """A short write first, as the kernel has it, and the error with the next one."""
        taken = min(len(data), self._disk.room)
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._disk.room -= taken
        return super().write(data[:taken])

    def truncate(self, size):
        self._disk.room += os.fstat(self.fileno()).st_size - size
        return super().truncate(size)


def full_device(folder):
    """
    A device like ``/dev/full``, of the test's own where that can be made.

    Whoever may make devices may also replace them, and a defect would cost the machine its own.
    """
    path = folder / "full"
    if os.geteuid():
        return Path("/dev/full")
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 7))
    try:
        path.open("wb").close()
    except PermissionError:
        pytest.skip("there can be no devices in the folder of the tests")
    return path
