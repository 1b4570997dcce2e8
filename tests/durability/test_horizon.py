"""The horizon: how far the market may have been seen."""

import errno

import pytest
from memory_disk import MemoryDisk

from feed.durability.horizon import NAME, HorizonFile
from feed.errors import ConfigError

START = 1_700_000_000_000_000_000


@pytest.fixture
def disk():
    made = MemoryDisk()
    HorizonFile.create(made, START)
    return made


def read(disk):
    horizon = HorizonFile.open(disk)
    return horizon.time, horizon.record


def test_the_last_write_is_read(disk):
    """Also one that goes back, as at a clean stop, and times before 1970."""
    assert read(disk) == (START, 0)
    horizon = HorizonFile.open(disk)
    for number, time in enumerate((START + 5, START + 9, START + 7, -5), start=1):
        horizon.write(time, record=number)
        assert read(disk) == (horizon.time, horizon.record) == (time, number)
    horizon.write(6)
    assert read(disk) == (6, 0)
    horizon.close()


def test_it_needs_no_new_space(disk):
    """Its file keeps its size."""
    size = len(disk.files[NAME])
    horizon = HorizonFile.open(disk)
    for time in range(5):
        horizon.write(time)
    assert len(disk.files[NAME]) == size


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_write_that_is_torn_anywhere_leaves_the_old_or_the_new(disk, writes):
    """At every byte of it."""
    horizon = HorizonFile.open(disk)
    for time in range(writes):
        horizon.write(time)
    old = bytes(disk.files[NAME])
    was = read(disk)
    horizon.write(77)
    new = bytes(disk.files[NAME])
    for end in range(0, len(new), 7):
        assert read(MemoryDisk({NAME: new[:end] + old[end:]})) in (was, (77, 0))


def test_a_slot_that_is_lost_in_a_write_is_not_the_newest(disk):
    """A disk may ruin all of what it was writing: the last time before that is in the other."""
    horizon = HorizonFile.open(disk)
    for time in range(4):
        old, was = bytes(disk.files[NAME]), read(disk)
        horizon.write(time)
        new = disk.files[NAME]
        ruined = [slot for slot in (0, 4096) if old[slot : slot + 4096] != new[slot : slot + 4096]]
        torn = disk.copy()
        for slot in ruined:
            torn.files[NAME][slot : slot + 4096] = bytes(4096)
        assert (len(ruined), read(torn)) == (1, was)


def test_no_broken_byte_makes_another_time(disk):
    """Each copy speaks for the other."""
    horizon = HorizonFile.open(disk)
    for time in range(3):
        horizon.write(time, record=9)
    for offset in range(len(disk.files[NAME])):
        broken = disk.copy()
        broken.files[NAME][offset] ^= 0x10
        assert read(broken) == (2, 9)


def test_a_file_without_a_whole_slot_is_refused():
    """Empty, short, or of something else."""
    for content in (b"", b"feedhrz1", bytes(8192)):
        with pytest.raises(ConfigError, match="horizon: damaged at byte 0: no slot of the horizon is whole"):
            HorizonFile.open(MemoryDisk({NAME: content}))


@pytest.mark.parametrize("what", ["write_at", "sync"])
def test_after_an_error_the_last_durable_time_is_kept(disk, what):
    """The same slot is written again, never the one that is good."""
    horizon = HorizonFile.open(disk)
    horizon.write(5)
    disk.fails[what] = errno.EIO
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            horizon.write(8)
        assert horizon.time == 5
    disk.fails.clear()
    torn = disk.copy()
    torn.files[NAME][4096:] = bytes(4096) if what == "write_at" else torn.files[NAME][4096:]
    horizon.write(9)
    assert read(disk) == (9, 0)
