"""The disk of the simulation: what it keeps, and what it may do to what was not synced."""

import errno
import random
from collections import Counter

import pytest
from simulated_disk import SECTOR, SimulatedDisk


@pytest.fixture
def disk():
    return SimulatedDisk(random.Random(1))


def failing(code, act):
    with pytest.raises(OSError) as caught:
        act()
    assert caught.value.errno == code


def test_what_was_synced_survives():
    """However often the power goes."""
    for seed in range(50):
        disk = SimulatedDisk(random.Random(seed))
        file = disk.open("log", create=True)
        file.append(b"one")
        file.append(b"two")
        file.write_at(0, b"ON")
        file.sync()
        file.append(b"three")
        for _ in range(3):
            disk.crash()
            assert disk.read("log").startswith(b"ONetwo")


def test_what_was_not_synced_has_any_fate():
    """Kept, lost, torn after some bytes or between sectors; a later write without the one before it."""
    seen = Counter()
    for seed in range(400):
        disk = SimulatedDisk(random.Random(seed))
        file = disk.open("log", create=True)
        file.append(b"a" * SECTOR)
        file.sync()
        file.append(b"b" * 3 * SECTOR)
        file.append(b"c" * 10)
        assert file.read_at(SECTOR, 1) == b"b"
        disk.crash()
        found = disk.read("log")
        assert found[:SECTOR] == b"a" * SECTOR
        rest = found[SECTOR:]
        seen["lost"] += rest == b""
        seen["kept"] += rest == b"b" * 3 * SECTOR + b"c" * 10
        seen["torn"] += rest == b"b" * len(rest) and 0 < len(rest) < 3 * SECTOR
        seen["a sector is missing"] += rest[:SECTOR] == bytes(SECTOR) and b"b" in rest
        seen["the later one alone"] += b"c" in rest and b"b" not in rest
    assert min(seen.values()) > 0, seen
    assert len(seen) == 5


def test_what_is_open_is_so_no_more_after_a_crash(disk):
    """Whoever still has it writes nowhere."""
    file = disk.open("log", create=True)
    disk.crash()
    for act in (lambda: file.append(b"x"), file.sync, lambda: file.read_at(0, 1), lambda: file.truncate(0)):
        failing(errno.EBADF, act)
    assert disk.open("log").size == 0


def test_a_process_that_is_killed_loses_nothing_that_it_wrote(disk):
    """What was not synced is still in the cache; the power may take it later."""
    file = disk.open("log", create=True)
    file.append(b"one")
    disk.power = False
    disk.crash()
    failing(errno.EBADF, file.sync)
    assert disk.read("log") == b"one"
    found = set()
    disk.power = True
    for _ in range(20):
        disk.open("log").append(b"two")
        disk.crash()
        found.add(disk.read("log").count(b"two"))
    assert len(found) > 2


def test_after_a_failed_sync_the_next_one_says_nothing():
    """The cache shows what the disk may not have."""
    lost = 0
    for seed in range(50):
        disk = SimulatedDisk(random.Random(seed))
        file = disk.open("log", create=True)
        file.append(b"one")
        disk.bad_syncs = 1.0
        failing(errno.EIO, file.sync)
        disk.mend()
        file.append(b"two")
        file.sync()
        assert disk.read("log") == b"onetwo"
        disk.crash()
        found = disk.read("log")
        assert found.endswith(b"two")
        lost += found != b"onetwo"
    assert 0 < lost < 50


def test_a_full_disk_takes_nothing_of_a_write(disk):
    """What is removed makes room."""
    file, other = disk.open("log", create=True), disk.open("other", create=True)
    other.append(b"x" * 50)
    file.append(b"y" * 40)
    disk.size = 100
    failing(errno.ENOSPC, lambda: file.append(b"y" * 11))
    failing(errno.ENOSPC, lambda: disk.replace("new", b"y" * 11))
    file.append(b"z" * 10)
    file.write_at(0, b"n" * 50)
    assert file.size == 50
    disk.remove("other")
    file.append(b"y" * 11)


def test_writes_and_reads_fail(disk):
    """And leave nothing in the file as it is read."""
    file = disk.open("log", create=True)
    disk.bad_writes = disk.bad_reads = 1.0
    failing(errno.EIO, lambda: file.append(b"xyz"))
    failing(errno.EIO, lambda: file.truncate(0))
    failing(errno.EIO, lambda: disk.replace("log", b"xyz"))
    failing(errno.EIO, lambda: file.read_at(0, 1))
    failing(errno.EIO, lambda: disk.read("log"))
    disk.mend()
    assert disk.read("log") == b""


def test_a_write_in_place_that_fails_may_have_been_made_in_part(disk):
    """How much of it is unknown."""
    file = disk.open("log", create=True)
    file.append(b"0" * 8)
    disk.bad_writes = 1.0
    found = set()
    for _ in range(50):
        failing(errno.EIO, lambda: file.write_at(0, b"x" * 8))
        found.add(file.read_at(0, 8))
        disk.mend()
        file.write_at(0, b"0" * 8)
        disk.bad_writes = 1.0
    assert {b"0" * 8, b"x" * 8, b"xxx00000"} < found


def test_a_file_is_replaced_as_a_whole():
    """Also where the power goes meanwhile; what has returned stays."""
    seen = set()
    for seed in range(20):
        disk = SimulatedDisk(random.Random(seed))
        disk.replace("state", b"old")
        disk.crash_after = 1
        failing(errno.EIO, lambda at=disk: at.replace("state", b"new and longer"))
        seen.add(disk.read("state"))
        disk.replace("state", b"newest")
        disk.crash()
        assert disk.read("state") == b"newest"
    assert seen == {b"old", b"new and longer"}


def test_a_file_that_was_removed_may_come_back():
    """Until the folder has been synced."""
    found = Counter()
    for seed in range(20):
        disk = SimulatedDisk(random.Random(seed))
        disk.replace("a", b"x")
        disk.replace("b", b"x")
        disk.remove("a")
        disk.open("c", create=True)
        disk.remove("b")
        assert disk.names() == ["c"]
        disk.crash()
        found[tuple(disk.names())] += 1
    assert set(found) == {("c",), ("b", "c")}


def test_the_power_goes_in_the_middle_of_an_operation():
    """After so many; whoever wants to know is told at once, and it is back with the next one."""
    told = []
    disk = SimulatedDisk(random.Random(1), crashed=lambda: told.append(disk.operations))
    file = disk.open("log", create=True)
    disk.crash_after = 3
    file.append(b"x")
    file.sync()
    failing(errno.EIO, lambda: file.append(b"y"))
    assert told == [4]
    assert disk.read("log")[:1] == b"x"


def test_damage_can_be_undone(disk):
    """In what is read and in what a crash leaves."""
    disk.replace("state", b"0123456789")
    undo = disk.damage("state", 8, b"abcdef")
    assert disk.read("state") == b"01234567ab"
    disk.crash()
    assert disk.read("state") == b"01234567ab"
    undo()
    disk.crash()
    assert disk.read("state") == b"0123456789"


def test_equal_seeds_give_equal_disks():
    """And equal digests of all that was done."""

    def played(seed):
        disk = SimulatedDisk(random.Random(seed))
        disk.bad_writes = disk.bad_syncs = 0.2
        for at in range(200):
            name = f"file-{at % 3}"
            try:
                file = disk.open(name, create=name not in disk.names())
                file.append(bytes([at]) * (at * 7))
                if at % 5 == 0:
                    file.sync()
                if at % 50 == 49:
                    disk.crash()
            except OSError:
                pass
        return disk.digest.hexdigest(), [disk.read(name) for name in disk.names()]

    assert played(5) == played(5)
    assert played(5) != played(6)
