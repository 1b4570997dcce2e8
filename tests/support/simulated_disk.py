"""
The files of one folder in memory, below a page cache that a crash loses: ``feed.durability.disk.Disk``.

What was written since a file's last sync stands in the cache alone. A crash decides for each of these
writes whether the disk has it, has a part of it, or has nothing of it, in any order. Everything that goes
wrong is drawn from one generator: equal seeds and equal calls give equal disks.
"""

import errno
import hashlib
import os
import zlib

SECTOR = 512  # bytes; what a disk writes whole


def failure(number):
    """The error of a system call."""
    return OSError(number, os.strerror(number))


class Inode:
    """
    One file.

    Attributes:
        cached: What is read.
        stored: What a crash leaves for certain.
        pending: What changed since the last sync: offset and bytes, or a new size and None.
    """

    def __init__(self, content=b""):
        self.cached = bytearray(content)
        self.stored = bytearray(content)
        self.pending = []

    def write(self, offset, data):
        _put(self.cached, offset, data)
        self.pending.append((offset, bytes(data)))

    def truncate(self, size):
        _resize(self.cached, size)
        self.pending.append((size, None))

    def sync(self):
        for offset, data in self.pending:
            self._store(offset, data)
        self.pending.clear()

    def settle(self, chance):
        """Decide what of the pending changes the disk has; the cache still shows all of them."""
        for offset, data in self.pending:
            fate = chance.random()
            if fate < 0.35:
                continue
            if data is None or fate < 0.7:
                self._store(offset, data)
            else:
                for start, part in _torn(data, offset, chance):
                    _put(self.stored, start, part)
        self.pending.clear()

    def crash(self, chance):
        self.settle(chance)
        self.cached = bytearray(self.stored)

    def _store(self, offset, data):
        if data is None:
            _resize(self.stored, offset)
        else:
            _put(self.stored, offset, data)


def _put(content, offset, data):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))  # a hole reads as zeros
    content[offset : offset + len(data)] = data


def _resize(content, size):
    del content[size:]
    content.extend(bytes(size - len(content)))


def _torn(data, offset, chance):
    """Parts of a write: its first bytes, or some of its sectors."""
    if chance.random() < 0.5:
        yield offset, data[: chance.randrange(len(data) + 1)]
        return
    start = 0
    while start < len(data):
        end = min(len(data), start + SECTOR - (offset + start) % SECTOR)
        if chance.random() < 0.5:
            yield offset + start, data[start:end]
        start = end


class SimulatedFile:
    """A file that is open, until the next crash."""

    def __init__(self, disk, name, inode):
        self._disk = disk
        self._name = name
        self._inode = inode
        self._life = disk.life
        self._closed = False

    @property
    def size(self):
        return len(self._inode.cached)

    def append(self, data):
        self._begin("append", data, halfway=lambda: self._inode.write(self.size, data))
        room = self._disk.room
        if room < len(data):
            self._disk.short_write(self._inode, self.size, data[: max(0, room)])
            raise failure(errno.ENOSPC)
        if self._disk.draws(self._disk.bad_writes):
            self._disk.short_write(self._inode, self.size, data[: self._disk.chance.randrange(len(data) + 1)])
            raise failure(errno.EIO)
        self._inode.write(self.size, data)

    def write_at(self, offset, data):
        self._begin("write", offset, data, halfway=lambda: self._inode.write(offset, data))
        if self._disk.room < offset + len(data) - self.size:
            raise failure(errno.ENOSPC)
        if self._disk.draws(self._disk.bad_writes):
            self._inode.write(offset, data[: self._disk.chance.randrange(len(data) + 1)])
            raise failure(errno.EIO)
        self._inode.write(offset, data)

    def read_at(self, offset, size):
        self._begin("read", offset, size)
        if self._disk.draws(self._disk.bad_reads):
            raise failure(errno.EIO)
        return bytes(self._inode.cached[offset : offset + size])

    def truncate(self, size):
        self._begin("truncate", size, halfway=lambda: self._inode.truncate(size))
        if self._disk.draws(self._disk.bad_writes):
            raise failure(errno.EIO)
        self._inode.truncate(size)

    def sync(self):
        self._begin("sync", halfway=self._inode.sync)
        if self._disk.draws(self._disk.bad_syncs):
            self._inode.settle(self._disk.chance)
            raise failure(errno.EIO)
        self._inode.sync()

    def close(self):
        self._closed = True

    def _begin(self, what, *about, halfway=lambda: None):
        if self._closed or self._life != self._disk.life:
            raise failure(errno.EBADF)
        self._disk.begin(what, self._name, *about, halfway=halfway)


class SimulatedDisk:
    """
    A folder.

    Attributes:
        chance: Decides everything that is not said.
        size: Bytes that all files may take together; None for no bound.
        bad_writes: Part of the writes that fail, 0 to 1.
        bad_syncs: Part of the syncs that fail: what was written before them has any fate, the cache shows
            it as if nothing had happened, and the next sync says nothing of it.
        bad_reads: Part of the reads that fail.
        power: Whether a crash is one of the power, which takes the cache with it, or of a process.
        crash_after: Operations until it crashes in the middle of one; None for never.
        crashed: Called at such a crash, at once.
        operations: How many there were.
        life: How often it has crashed.
        digest: SHA-256 over all operations.
    """

    def __init__(self, chance, *, crashed=lambda: None):
        self.chance = chance
        self.size = None
        self.bad_writes = self.bad_syncs = self.bad_reads = 0.0
        self.power = True
        self.crash_after = None
        self.crashed = crashed
        self.operations = self.life = 0
        self.digest = hashlib.sha256()
        self._files = {}
        self._removed = {}  # since the folder's last sync

    # -- what a program does ------------------------------------------------------------------------

    def names(self):
        return sorted(self._files)

    def where(self, name):
        return name

    def open(self, name, *, create=False):
        self.begin("create" if create else "open", name)
        if create is (name in self._files):
            raise failure(errno.EEXIST if create else errno.ENOENT)
        if create:
            self._make(name, b"")
        return SimulatedFile(self, name, self._files[name])

    def read(self, name):
        self.begin("read", name)
        if name not in self._files:
            raise failure(errno.ENOENT)
        if self.draws(self.bad_reads):
            raise failure(errno.EIO)
        return bytes(self._files[name].cached)

    def replace(self, name, data):
        self.begin("replace", name, data, halfway=lambda: self._make(name, data))
        if self.draws(self.bad_writes) or self.draws(self.bad_syncs):
            raise failure(errno.EIO)
        self._make(name, data)

    def rename(self, name, new):
        self.begin("rename", name, new, halfway=lambda: self._rename(name, new))
        if name not in self._files:
            raise failure(errno.ENOENT)
        self._rename(name, new)

    def remove(self, name):
        self.begin("remove", name)
        if name not in self._files:
            raise failure(errno.ENOENT)
        self._removed[name] = self._files.pop(name)

    # -- what happens to it -------------------------------------------------------------------------

    def crash(self):
        """Lose the power, or the process alone: files that are open are so no more, and a cache is gone."""
        if self.power:
            for name, inode in sorted(self._removed.items()):
                if name not in self._files and self.chance.random() < 0.5:
                    self._files[name] = inode  # the folder was not synced
            self._removed.clear()
            for _, inode in sorted(self._files.items()):
                inode.crash(self.chance)
        self.life += 1
        self.crash_after = None
        self._note("crash", *((name, bytes(inode.stored)) for name, inode in sorted(self._files.items())))

    def mend(self):
        """Let nothing more fail."""
        self.bad_writes = self.bad_syncs = self.bad_reads = 0.0
        self.size = None

    def fill(self, room):
        """Leave so many bytes."""
        self.size = sum(len(inode.cached) for inode in self._files.values()) + room

    @property
    def troubled(self):
        """Whether something may fail."""
        return self.size is not None or any((self.bad_writes, self.bad_syncs, self.bad_reads))

    def damage(self, name, offset, data):
        """Let a write that was meant for another place go here. Gives what undoes that."""
        inode = self._files[name]
        before = bytes(inode.stored[offset : offset + len(data)])
        for content in (inode.cached, inode.stored):
            content[offset : offset + len(before)] = data[: len(before)]
        self._note("damage", name, offset, data)

        def undo():
            if self._files.get(name) is inode:
                for content in (inode.cached, inode.stored):
                    content[offset : offset + len(before)] = before

        return undo

    def stored(self, name):
        """What a crash would leave of a file for certain."""
        return bytes(self._files[name].stored)

    # -- inside -------------------------------------------------------------------------------------

    @property
    def room(self):
        """Bytes that it still takes."""
        taken = sum(len(inode.cached) for inode in self._files.values())
        return 1 << 62 if self.size is None else self.size - taken

    def draws(self, part):
        """Whether something happens that does so in this part of the cases; draws only where it may."""
        return bool(part) and self.chance.random() < part

    def begin(self, what, *about, halfway=lambda: None):
        """Count an operation, which may be the one in which the power goes: done or not, nobody is told."""
        self.operations += 1
        self._note(what, *about)
        if self.crash_after is None:
            return
        self.crash_after -= 1
        if self.crash_after <= 0:
            if self.chance.random() < 0.5:
                halfway()
            self.crash()
            self.crashed()
            raise failure(errno.EIO)

    def short_write(self, inode, size, part):
        """A write of which only a part went in, and was cut off again, perhaps before the next sync."""
        if part:
            inode.write(size, part)
            inode.truncate(size)

    def _make(self, name, data):
        old = self._files.get(name)
        if self.room < len(data) - (0 if old is None else len(old.cached)):
            raise failure(errno.ENOSPC)
        self._files[name] = Inode(data)
        self._removed.clear()  # the folder was synced

    def _rename(self, name, new):
        self._files[new] = self._files.pop(name)
        self._removed.clear()

    def _note(self, *what):
        for one in what:
            data = repr((one[0], zlib.crc32(one[1])) if isinstance(one, tuple) else one).encode()
            self.digest.update(data if len(data) < 200 else b"%d" % zlib.crc32(data))


class MountedDisk:
    """The folder as one process has it, until the power goes: ``feed.durability.disk.Disk``."""

    def __init__(self, disk):
        self._disk = disk
        self._life = disk.life

    def names(self):
        return self._alive().names()

    def where(self, name):
        return name

    def open(self, name, *, create=False):
        return self._alive().open(name, create=create)

    def read(self, name):
        return self._alive().read(name)

    def replace(self, name, data):
        self._alive().replace(name, data)

    def rename(self, name, new):
        self._alive().rename(name, new)

    def remove(self, name):
        self._alive().remove(name)

    def _alive(self):
        if self._life != self._disk.life:
            raise failure(errno.EIO)
        return self._disk
