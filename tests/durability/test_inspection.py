"""What is said of a data folder, good or damaged."""

import pytest
from memory_disk import MemoryDisk

from feed.checkpoint.container import CheckpointHeader, write_checkpoint
from feed.durability.data_folder import DataFolder, checkpoint_name, history_name, read_manifest
from feed.durability.entries import LogEntry, requests_entry
from feed.durability.input_log import InputLog
from feed.durability.inspection import summary, verify
from feed.errors import ConfigError, FeedError
from feed.model.requests import CancelMany
from feed.recording.journal import JournalHeader
from feed.settings import Durability, Trading

HEADER = JournalHeader(engine="feed 1.0", seed=3, start=10**18, listing="0" * 64, trading=Trading())
NAMES = [f"log-{number:08}.feed" for number in (1, 2, 3)]


def checkpoint(disk, seq, record, engine="e1"):
    header = CheckpointHeader(
        engine=engine, seq=seq, proof=1, market_time=HEADER.start, record=record, wall=2
    )
    disk.replace(checkpoint_name(seq), write_checkpoint(header, {"run": [seq]}))


@pytest.fixture
def disk():
    """Three segments of a record each, two checkpoints, some history."""
    made = MemoryDisk()
    folder = DataFolder.open(made, HEADER, "e1", Durability())
    folder.close()
    log = InputLog(made, history=folder.history, segment_bytes=1)
    for number in (1, 2, 3):
        request = CancelMany(account=1, instrument=number)
        log.append([requests_entry(at=HEADER.start + number, wall=number, requests=[request])])
        log.sync()
    folder.horizon.write(HEADER.start + 9, record=3)
    checkpoint(made, 10, 1)
    checkpoint(made, 20, 3)
    made.replace(history_name(4, 10), b"12")
    made.replace(history_name(10, 20), b"345")
    made.replace("old-001-manifest", b"6789")
    return made


def check_history(data):
    if data == b"damaged":
        raise FeedError("its events are damaged")


def problems(disk):
    return [(one.name, one.problem) for one in verify(disk, "e1", check_history) if one.problem]


def test_a_folder_is_summed_up(disk):
    """By what stands in its headers and at the end of its log."""
    disk.files[NAMES[2]] += b"half"
    found = summary(disk)
    assert found.manifest == read_manifest(disk)
    assert (found.segments, found.first, found.last, found.newest.wall, found.torn) == (3, 1, 3, 3, 4)
    assert found.log_bytes == sum(len(disk.files[name]) for name in NAMES) - 4
    assert found.horizon == HEADER.start + 9
    assert [one.record for one in found.checkpoints] == [3, 1]
    assert found.checkpoint_bytes == sum(len(disk.files[checkpoint_name(seq)]) for seq in (10, 20))
    assert (found.history, found.history_bytes, found.old_bytes) == ((5, 20), 5, 4)
    disk.files[checkpoint_name(20)] = bytearray(b"x")
    assert summary(disk).bad_checkpoints == 1


def test_a_new_folder_has_no_records():
    """Nor anything else."""
    disk = MemoryDisk()
    with pytest.raises(ConfigError, match="holds no market yet"):
        summary(disk)
    DataFolder.open(disk, HEADER, "e1", Durability())
    found = summary(disk)
    assert (found.first, found.last, found.newest, found.history) == (1, 0, None, None)
    assert [one.says for one in verify(disk, "e1", check_history)] == ["engine e1", "no records", "record 0"]


def test_a_good_folder_has_no_problems(disk):
    """Each file says what it has; looking changes nothing, and a write under way is no damage."""
    disk.files[NAMES[2]] += b"half"
    before = {name: bytes(data) for name, data in disk.files.items()}
    assert [(one.name, one.says) for one in verify(disk, "e1", check_history)] == [
        ("manifest", "engine e1"),
        (NAMES[0], "records 1 to 1"),
        (NAMES[1], "records 2 to 2"),
        (NAMES[2], "records 3 to 3, then 4 bytes that are torn or being written"),
        ("horizon", "record 3"),
        (checkpoint_name(20), "record 3"),
        (checkpoint_name(10), "record 1"),
        (history_name(4, 10), "events 5 to 10"),
        (history_name(10, 20), "events 11 to 20"),
    ]
    assert {name: bytes(data) for name, data in disk.files.items()} == before


def test_every_damage_is_named(disk):
    """Not only the first; with what follows from it."""
    disk.files[NAMES[1]][100] ^= 1
    disk.files[checkpoint_name(10)][-1] ^= 1
    disk.files[history_name(4, 10)] = bytearray(b"damaged")
    found = dict(problems(disk))
    assert found[NAMES[1]] == "damaged at byte 60: what stood there was on the disk, and is broken"
    assert found["horizon"] == "knows record 3, and the log is good up to 1"
    assert found[checkpoint_name(20)] == "knows record 3, and the log is good up to 1"
    assert "a checkpoint is damaged" in found[checkpoint_name(10)]
    assert found[history_name(4, 10)] == "its events are damaged"


@pytest.mark.parametrize("name", ["horizon", NAMES[0]])
def test_a_damaged_file_does_not_hide_the_others(disk, name):
    """They are looked at all the same."""
    disk.files[name] = bytearray(8192)
    names = [one.name for one in verify(disk, "e1", check_history)]
    assert names[:-2] == ["manifest", *NAMES, "horizon", checkpoint_name(20), checkpoint_name(10)]
    assert name in dict(problems(disk))


def test_a_log_without_segments_is_a_problem(disk):
    """It was not begun with nothing."""
    for name in NAMES:
        disk.remove(name)
    assert problems(disk)[0] == (NAMES[0], "is missing")
    with pytest.raises(ConfigError, match="is missing"):
        summary(disk)


def test_checkpoints_of_another_engine_are_not_loaded(disk):
    """They cannot be here; a byte that is another is seen all the same."""
    checkpoint(disk, 30, 3, engine="e2")
    [report] = [one for one in verify(disk, "e1", check_history) if one.name == checkpoint_name(30)]
    assert report.says == "record 3; not loaded, as its engine is another"
    disk.files[checkpoint_name(30)][-9] ^= 1
    assert "checksum" in dict(problems(disk))[checkpoint_name(30)]


def test_requests_that_nobody_knows_are_found(disk):
    """A record that is whole may still be another release's."""
    log = InputLog(disk, history=read_manifest(disk).history)
    log.append([LogEntry(at=1, wall=1, kind="requests", data=[{"do": "dance"}])])
    log.sync()
    assert problems(disk)[0] == (
        "log-00000004.feed",
        "holds requests that this release of feed does not know",
    )
