"""The files of a folder in memory, at once durable; a test changes them, and says which call fails."""

import errno
import os


class MemoryDisk:
    """
    A disk as :class:`feed.durability.disk.Disk`.

    Attributes:
        files: Name to content.
        fails: What to do, such as ``sync`` or ``replace``, to the number of the error that it gives.
        done: What was done, in order: a call's name and the file's.
    """

    def __init__(self, files=None):
        self.files = {name: bytearray(data) for name, data in (files or {}).items()}
        self.fails = {}
        self.done = []

    def copy(self):
        return MemoryDisk(self.files)

    def begin(self, what, name):
        if what in self.fails:
            raise OSError(self.fails[what], os.strerror(self.fails[what]))
        self.done.append((what, name))

    def names(self):
        return sorted(self.files)

    def where(self, name):
        return name

    def open(self, name, *, create=False):
        self.begin("create" if create else "open", name)
        if (name in self.files) == create:
            number = errno.EEXIST if create else errno.ENOENT
            raise OSError(number, os.strerror(number))
        self.files.setdefault(name, bytearray())
        return _File(self, name)

    def read(self, name):
        self.begin("read", name)
        return bytes(self.files[name])

    def replace(self, name, data):
        self.begin("replace", name)
        self.files[name] = bytearray(data)

    def rename(self, name, new):
        self.begin("rename", name)
        self.files[new] = self.files.pop(name)

    def remove(self, name):
        self.begin("remove", name)
        del self.files[name]


class _File:
    def __init__(self, disk, name):
        self._disk = disk
        self._name = name

    @property
    def size(self):
        return len(self._disk.files[self._name])

    def append(self, data):
        self._disk.begin("append", self._name)
        self._disk.files[self._name] += data

    def write_at(self, offset, data):
        self._disk.begin("write_at", self._name)
        self._disk.files[self._name][offset : offset + len(data)] = data

    def read_at(self, offset, size):
        self._disk.begin("read_at", self._name)
        return bytes(self._disk.files[self._name][offset : offset + size])

    def truncate(self, size):
        self._disk.begin("truncate", self._name)
        del self._disk.files[self._name][size:]

    def sync(self):
        self._disk.begin("sync", self._name)

    def close(self):
        pass
