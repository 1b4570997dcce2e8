"""Log and horizon on a disk that loses, tears and refuses: nothing durable is lost, nothing else made up."""

import random
from contextlib import suppress

import pytest
from simulated_disk import MountedDisk, SimulatedDisk

from feed.durability.entries import LogEntry
from feed.durability.horizon import HorizonFile
from feed.durability.input_log import InputLog
from feed.errors import ConfigError

HISTORY = bytes(range(16))
STEPS = 60


class Writer:
    """
    A process that writes to the log, and what it knows of it.

    Attributes:
        durable: What is in the log for certain.
        doubtful: Batches behind it, of which the first ones may be.
        times: Of the horizon: the one that is durable, then those that may be.
    """

    def __init__(self, seed, *, bad):
        self.chance = random.Random(f"{seed} writer")
        self.disk = SimulatedDisk(random.Random(f"{seed} disk"))
        self.bad = bad
        self.durable, self.doubtful = [], []
        self.times = [0]
        self._next = 0
        HorizonFile.create(self.disk, 0)
        self.begin()

    def begin(self):
        """Open what the disk has, and compare."""
        mounted = MountedDisk(self.disk)
        self.log = InputLog(mounted, history=HISTORY, segment_bytes=2000)
        self.horizon = HorizonFile.open(mounted)
        assert self.horizon.time in self.times
        self.times = [self.horizon.time]
        found = [entry.data for _, entry in self.log.after(0)]
        for count in range(len(self.doubtful) + 1):
            if found == self.durable + [one for batch in self.doubtful[:count] for one in batch]:
                break
        else:
            heads = [[one[:5] for one in part] for part in (found, self.durable, *self.doubtful)]
            raise AssertionError(f"found, durable, doubtful: {heads}")
        self.durable, self.doubtful = found, []
        assert self.log.last == len(found)

    def crash(self):
        self.disk.crash()
        self.disk.mend()
        while True:
            if self.chance.random() < 0.3:
                self.disk.crash_after = self.chance.randint(1, 8)
            try:
                self.begin()
            except OSError:
                continue
            self.disk.crash_after = None
            return

    def act(self):
        chance = self.chance.random()
        if chance < 0.08:
            self.crash()
            return
        if chance < 0.2 and self.bad:
            self.disk.bad_writes = self.chance.choice([0, 0, 0.5])
            self.disk.bad_syncs = self.chance.choice([0, 0, 0.5])
            self.disk.size = self.chance.choice([None, None, 12_000])
        with suppress(OSError):
            if self.log.failed:
                self.move_on()
            elif chance < 0.6:
                self.append()
            elif chance < 0.8:
                self.log.sync()
                self.settle()
            else:
                self.times.append(self._next)
                self.horizon.write(self._next)
                self.times = [self._next]

    def append(self):
        rest = "x" * self.chance.randrange(600)
        batch = [f"{self._next} {at} {rest}" for at in range(self.chance.randint(1, 3))]
        self._next += 1
        entries = [LogEntry(at=self._next, wall=0, kind="test", data=one) for one in batch]
        self.log.append(entries)
        self.doubtful.append(batch)

    def move_on(self):
        keep = self.chance.random() < 0.5
        self.log.move_on(keep=keep)
        assert keep or self.log.last <= len(self.durable) + sum(map(len, self.doubtful))
        self.settle()
        assert self.log.last == len(self.durable) or not keep
        del self.durable[self.log.last :]  # some may have been durable since a segment was full

    def settle(self):
        self.durable += [one for batch in self.doubtful for one in batch]
        self.doubtful = []


@pytest.mark.parametrize("bad", [False, True], ids=["crashes alone", "failing writes and syncs too"])
def test_what_was_synced_is_there_after_every_crash(bad):
    """In its order, then nothing but whole batches of what was appended after it."""
    for seed in range(60):
        writer = Writer(seed, bad=bad)
        for _ in range(STEPS):
            writer.act()
        writer.crash()
        assert writer.durable or writer.log.last == 0


def test_a_write_that_went_astray_is_noticed():
    """The log is what it was, or says at which byte it is damaged, or is shorter than the horizon says."""
    refused = lost = 0
    for seed in range(150):
        writer = Writer(seed, bad=False)
        for _ in range(STEPS):
            writer.act()
        writer.log.sync()
        writer.horizon.write(writer.horizon.time, record=writer.log.last)
        writer.disk.crash()
        before = [*writer.durable, *(one for batch in writer.doubtful for one in batch)]
        chance = random.Random(f"{seed} damage")
        name = chance.choice([name for name in writer.disk.names() if name.startswith("log")])
        data = writer.disk.read(name)
        undo = writer.disk.damage(name, chance.randrange(len(data)), chance.randbytes(chance.randint(1, 512)))
        refusal = ""
        try:
            log = InputLog(writer.disk, history=HISTORY, segment_bytes=2000)
            found = [entry.data for _, entry in log.after(0)]
        except ConfigError as problem:
            refusal = str(problem)
        if not refusal:
            # A last record that is gone is seen by the number in the horizon.
            assert found == before[: log.last]
            assert log.last == len(before) or log.last < HorizonFile.open(writer.disk).record
            lost += log.last < len(before)
        else:
            refused += 1
            assert name in refusal
            undo()
            log = InputLog(writer.disk, history=HISTORY, segment_bytes=2000)
            assert [entry.data for _, entry in log.after(0)] == before
    assert min(refused, lost) > 5
