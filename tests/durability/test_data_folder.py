"""The data folder: made, opened again, refused, moved away, and kept small."""

import errno

import attrs
import pytest
from memory_disk import MemoryDisk

from feed.checkpoint.container import CheckpointHeader, write_checkpoint
from feed.durability.data_folder import (
    MANIFEST,
    DataFolder,
    checkpoint_name,
    history_name,
    move_away,
    read_manifest,
    read_records,
)
from feed.durability.disk import FolderDisk
from feed.durability.entries import LogEntry
from feed.durability.input_log import InputLog
from feed.errors import ConfigError
from feed.recording.journal import JournalHeader
from feed.settings import Durability, Trading

HEADER = JournalHeader(engine="feed 1.0", seed=3, start=10**18, listing="0" * 64, trading=Trading(deposit=5))
SETTINGS = Durability(checkpoints=2)
SEGMENT = "log-00000001.feed"


@pytest.fixture
def disk():
    return MemoryDisk()


def opened(disk, header=HEADER, engine="e1", settings=SETTINGS):
    return DataFolder.open(disk, header, engine, settings)


def written(disk, records=1, **options):
    """A folder in which a server has run, and was killed."""
    folder = opened(disk, **options)
    for _ in range(records):
        number = folder.log.last + 1
        folder.log.append([LogEntry(at=number, wall=0, kind="test", data=None)])
        folder.log.sync()
    folder.horizon.write(HEADER.start + 7, record=folder.log.last)
    return folder


def checkpoint(disk, seq, record=0):
    """A checkpoint without a market."""
    header = CheckpointHeader(engine="e1", seq=seq, proof=0, market_time=HEADER.start, record=record, wall=0)
    disk.replace(checkpoint_name(seq), write_checkpoint(header, {}))


def refusal(disk, **options):
    with pytest.raises(ConfigError) as refused:
        opened(disk, **options)
    return str(refused.value)


def test_a_folder_is_made_and_opened_again(disk):
    """With its parameters, its engine, its log and the horizon that it had; before, there is nothing."""
    assert DataFolder.stored_header(disk) is None
    assert list(read_records(disk, 0)) == []
    folder = written(disk)
    assert (folder.fresh, folder.header, folder.engine) == (True, HEADER, "e1")
    assert DataFolder.stored_header(disk) == (HEADER, "e1")
    again = opened(disk)
    assert (again.fresh, again.header, again.engine) == (False, HEADER, "e1")
    assert (again.horizon.time, again.log.last) == (HEADER.start + 7, 1)
    assert [number for number, _ in read_records(disk, 0)] == [1]
    assert list(read_records(disk, 1, 1)) == []
    again.close()


def test_a_new_market_begins_its_horizon_at_its_start(disk):
    """Nothing of it was seen."""
    assert opened(disk).horizon.time == HEADER.start


def test_on_a_real_disk_it_is_the_same(tmp_path):
    """And stays so after it is closed."""
    disk = FolderDisk(tmp_path / "data")
    disk.make()
    disk.lock()
    written(disk, 3).close()
    assert disk.names() == ["horizon", SEGMENT, MANIFEST]
    folder = opened(disk)
    assert [number for number, _ in folder.log.after(1)] == [2, 3]
    folder.close()
    disk.close()


def test_another_market_is_refused(disk):
    """What differs is named; the version of feed that wrote it does not matter."""
    written(disk)
    opened(disk, attrs.evolve(HEADER, engine="feed 2.0")).close()
    assert refusal(disk, header=attrs.evolve(HEADER, seed=4, start=5)) == (
        "has another market (seed, start); leave these options out, or name another folder"
    )


def test_another_engine_is_refused(disk):
    """It would compute something else of the same inputs; both ways out are named."""
    written(disk)
    assert refusal(disk, engine="e2") == (
        "is of another version of the market or of its agents (e1, this is e2); "
        "run the release that wrote it, or begin a --new-history"
    )


def test_a_history_that_is_moved_away_can_be_found(disk):
    """Under names that nobody reads; the key of tokens stays, and is the new one's too."""
    written(disk, 2)
    disk.files["token.key"] = bytearray(b"secret")
    disk.files[checkpoint_name(7)] = bytearray()
    move_away(disk)
    folder = opened(disk, attrs.evolve(HEADER, seed=4), "e2")
    assert (folder.fresh, folder.log.last, folder.header.seed, folder.checkpoints()) == (True, 0, 4, [])
    old = ["checkpoint-00000000000000000007.feed", "horizon", SEGMENT, MANIFEST]
    assert disk.names() == sorted(
        ["horizon", SEGMENT, MANIFEST, "token.key", *(f"old-001-{one}" for one in old)]
    )
    move_away(disk)
    assert f"old-002-{MANIFEST}" in disk.names()
    moved = MemoryDisk({one: disk.files[f"old-001-{one}"] for one in old})
    assert opened(moved).log.last == 2


@pytest.mark.parametrize("renamed", range(3))
def test_moving_away_that_was_cut_short_is_known_and_goes_on(disk, renamed):
    """A folder of which a part is gone is refused, never continued with the rest of it."""
    written(disk)
    begun = sorted(disk.names())[:renamed]
    for name in begun:
        disk.rename(name, f"old-001-{name}")
    if renamed:
        assert "is missing; put back a copy of the folder, or begin a --new-history" in refusal(disk)
    move_away(disk)
    assert opened(disk).log.last == 0


@pytest.mark.parametrize("what", ["replace", "open"])
def test_making_it_can_fail_at_any_step(disk, what):
    """The next attempt begins again."""
    for number in range(8):
        tried = MemoryDisk()
        _fail_at(tried, what, number)
        try:
            opened(tried)
        except OSError:
            tried.begin = lambda *_: None
            folder = opened(tried, attrs.evolve(HEADER, seed=9))
            assert (folder.header.seed, folder.log.last) == (9, 0)
        else:
            assert number > 1
            return
    raise AssertionError


def _fail_at(disk, what, number):
    left = [number]

    def begin(done, _):
        left[0] -= done == what
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "full")

    disk.begin = begin


def test_a_folder_of_something_else_is_left_alone(disk):
    """Nothing is written to it."""
    disk.files["thesis.tex"] = bytearray(b"x")
    assert refusal(disk) == "is no data folder, and not empty; name another one"
    assert disk.names() == ["thesis.tex"]


@pytest.mark.parametrize("name", [MANIFEST, "horizon", SEGMENT])
def test_a_file_that_is_missing_is_missed(disk, name):
    """By its name."""
    written(disk)
    disk.remove(name)
    assert refusal(disk).startswith(f"{name}: is missing")


def test_no_broken_byte_of_the_manifest_is_read(disk):
    """A seed with another digit would be another market."""
    written(disk)
    size = len(disk.files[MANIFEST])
    for offset in range(size):
        broken = disk.copy()
        broken.files[MANIFEST][offset] ^= 1
        assert refusal(broken).startswith(f"{MANIFEST}: ")
    for end in range(size):
        short = disk.copy()
        del short.files[MANIFEST][end:]
        assert (
            refusal(short)
            == f"{MANIFEST}: is damaged; put back a copy of the folder, or begin a --new-history"
        )


def test_another_version_of_the_folder_is_named(disk):
    """It is no damage."""
    written(disk)
    disk.files[MANIFEST] = bytearray(b'{"format":"feed-data","version":2}\n')
    with pytest.raises(ConfigError, match="data folder format version 2, only 1 is known"):
        read_manifest(disk)


def test_a_log_that_lost_its_end_is_refused(disk):
    """
    The horizon knows a record that was on the disk; a broken last one is no torn end then.

    Nothing is changed before that is said: with the file as it was, it goes on.
    """
    written(disk, 2)
    disk.files[SEGMENT][-1] ^= 1
    before = disk.copy()
    assert refusal(disk) == (
        f"{SEGMENT}: the log ends with record 1, and record 2 was on the disk; "
        "feed data DIR --verify tells what is good; put back a copy of the folder, or begin a --new-history"
    )
    assert disk.files == before.files
    disk.files[SEGMENT][-1] ^= 1
    assert opened(disk).log.last == 2


def test_a_damaged_log_or_horizon_leaves_nothing_open(disk):
    """It is refused with its place."""
    written(disk, 2)
    log = disk.copy()
    log.files[SEGMENT][70] ^= 1
    assert refusal(log).startswith(f"{SEGMENT}: damaged at byte 60: ")
    disk.files["horizon"] = bytearray(8192)
    assert refusal(disk).startswith("horizon: damaged at byte 0: ")


def test_only_so_many_checkpoints_are_kept(disk):
    """The newest; and of history what reaches to where it is wanted from."""
    folder = opened(disk)
    for seq in (5, 100, 40, 77):
        checkpoint(disk, seq)
    for before, last in ((0, 5), (5, 40), (40, 77), (77, 100)):
        disk.files[history_name(before, last)] = bytearray()
    assert folder.checkpoints() == [100, 77, 40, 5]
    folder.retain()
    assert folder.checkpoints() == [100, 77]
    assert len([name for name in disk.names() if name.startswith("history")]) == 4
    folder.retain(history_from=41)
    assert [name for name in disk.names() if name.startswith("history")] == [
        history_name(40, 77),
        history_name(77, 100),
    ]


def long_log(disk):
    """A folder with a log of six segments of one record each."""
    written(disk, 0).close()
    log = InputLog(disk, history=read_manifest(disk).history, segment_bytes=1)
    for number in range(1, 7):
        log.append([LogEntry(at=number, wall=0, kind="test", data=None)])
    size = log.bytes
    log.close()
    return size


def test_of_the_log_no_more_goes_than_is_too_much():
    """What every checkpoint has that is kept, from the oldest on; without a checkpoint, nothing."""
    whole = long_log(disk := MemoryDisk())
    folder = opened(disk, settings=attrs.evolve(SETTINGS, log_bytes=1 << 20))
    assert folder.compact() == 0
    for seq, record in ((10, 2), (20, 4), (30, 5)):
        checkpoint(disk, seq, record)
    disk.files[checkpoint_name(40)] = bytearray(b"damaged")
    folder.retain()
    assert folder.checkpoints() == [30, 20]
    assert folder.log.first == 1
    assert folder.compact() > whole // 2
    assert folder.log.first == 5
    assert [number for number, _ in opened(disk).log.after(4)] == [5, 6]
    with pytest.raises(ConfigError, match="begins with record 5, and record 4 is needed"):
        list(opened(disk).log.after(3))


def test_checkpoints_that_are_all_damaged_are_left_for_whoever_looks():
    """Nothing is there to begin with; the log stays whole."""
    long_log(disk := MemoryDisk())
    for seq in (1, 2, 3):
        disk.files[checkpoint_name(seq)] = bytearray(b"damaged")
    folder = opened(disk)
    folder.compact()
    assert folder.checkpoints() == [3, 2, 1]
    assert folder.log.first == 1
