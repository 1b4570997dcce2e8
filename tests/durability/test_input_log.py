"""The log of inputs: what it holds after damage, torn writes and disks that fail."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_disk import MemoryDisk

from feed.durability.entries import LogEntry, decode, encode, requests_entry, requests_of
from feed.durability.input_log import InputLog
from feed.durability.record_framing import HEADER_BYTES, MOST_PAYLOAD, SegmentHeader
from feed.durability.segments import read_header, read_records, segment_numbers
from feed.errors import ConfigError, MarketError
from feed.model.requests import CancelMany, FillOrder
from feed.model.trading import packed

HISTORY = bytes(range(16))
FIRST, SECOND = "log-00000001.feed", "log-00000002.feed"


def entry(at, data=None):
    return LogEntry(at=at, wall=10**18 + at, kind="test", data=data)


def opened(disk, segment_bytes=1 << 20, history=HISTORY):
    return InputLog(disk, history=history, segment_bytes=segment_bytes)


def held(log):
    return [(number, one.at) for number, one in log.after(0)]


def tried(disk, segment_bytes):
    """The log after all of it was read, or why that is refused."""
    try:
        log = opened(disk, segment_bytes)
        held(log)
    except ConfigError as refused:
        return None, refused
    return log, None


def counted(upto):
    return [(number, number) for number in range(1, upto + 1)]


def filled(appends, segment_bytes=1 << 20, *, synced=True):
    """A disk with a log of that many entries for each append, of which ``at`` is the number, never closed."""
    disk = MemoryDisk()
    log = opened(disk, segment_bytes)
    for count in appends:
        log.append([entry(log.last + 1 + one) for one in range(count)])
        if synced:
            log.sync()
    return disk


# --- what it says ------------------------------------------------------------------------------------


def test_requests_are_kept_to_the_last_digit():
    """Those of one place in one entry, in their order, with the ids that clients made up as text."""
    requests = (
        CancelMany(account=1, instrument=4, request=packed("0835bf3e-4a20-41f0-908d-8213f2b7a285")),
        FillOrder(account=10**6, instrument=0, share=10**6),
    )
    made = requests_entry(at=5, wall=6, requests=requests)
    [read] = decode(encode([made]))
    assert (read.at, read.wall, read.kind) == (5, 6, "requests")
    assert requests_of(read) == requests == requests_of(read)
    assert b"0835bf3e-4a20-41f0-908d-8213f2b7a285" in encode([made])


@pytest.mark.parametrize("data", [None, {}, [{}], [{"do": "nothing"}], [{"do": "create"}], ["create"]])
def test_what_is_no_request_is_refused(data):
    """An entry of another release, or of a program that is not ours."""
    if data == {}:
        assert requests_of(entry(1, data)) == ()
        return
    with pytest.raises(ConfigError, match="does not know"):
        requests_of(entry(1, data))


@given(
    appends=st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=12),
    segment_bytes=st.integers(1, 600),
    reopen=st.sets(st.integers(0, 11)),
)
def test_every_record_is_read_again(appends, segment_bytes, reopen):
    """Under its number, from every number on, however often it is closed, or not, and opened again."""
    disk = MemoryDisk()
    log = opened(disk, segment_bytes)
    for number, (count, synced) in enumerate(appends):
        if number in reopen:
            if synced:
                log.close()
            log = opened(disk, segment_bytes)
        log.append([entry(log.last + 1 + one) for one in range(count)])
        if synced:
            log.sync()
    whole = counted(sum(count for count, _ in appends))
    again = opened(disk, segment_bytes)
    for one in (log, again):
        assert one.last == len(whole)
        assert one.cut == 0
        for after in range(len(whole) + 1):
            assert [(number, read.at) for number, read in one.after(after)] == whole[after:]
    assert again.bytes <= sum(map(len, disk.files.values()))


def test_nothing_appended_is_nothing():
    """No entries make no frame; a log that is opened twice stays in its segment."""
    disk = MemoryDisk()
    log = opened(disk)
    log.append([])
    log.close()
    assert opened(disk).last == 0
    assert disk.names() == [FIRST]
    assert len(disk.files[FIRST]) == HEADER_BYTES
    with pytest.raises(OSError, match="closed"):
        log.append([entry(1)])


def test_too_much_at_once_is_refused():
    """And nothing of it is in the log."""
    log = opened(MemoryDisk())
    with pytest.raises(MarketError, match="bytes of inputs at once"):
        log.append([entry(1, "x" * MOST_PAYLOAD)])
    assert held(log) == []


# --- torn ends and damage ----------------------------------------------------------------------------


@pytest.mark.parametrize("synced", [True, False])
def test_a_log_that_ends_anywhere_gives_what_is_whole_or_is_refused(synced):
    """Cut off at every byte: whole appends of what it was, with the rest told; never anything else."""
    disk = filled([1, 2, 3], synced=synced)
    size = len(disk.files[FIRST])
    seen = set()
    for end in range(size):
        broken = disk.copy()
        del broken.files[FIRST][end:]
        if end < HEADER_BYTES:
            with pytest.raises(ConfigError, match="damaged at byte 0"):
                opened(broken)
            continue
        log = opened(broken)
        assert held(log) == counted(log.last)
        assert log.cut == end - len(disk.files[FIRST][: end - log.cut])
        seen.add(log.last)
        log.append([entry(log.last + 1)])
        log.sync()
        assert held(opened(broken)) == counted(log.last)
    assert seen == {0, 1, 3}


@pytest.mark.parametrize("segment_bytes", [1 << 20, 200])
def test_a_broken_byte_is_refused_with_its_place_or_the_end_is_torn(segment_bytes):
    """Each byte in turn: in the last append it is torn; before it, the file and the offset are told."""
    disk = filled([1, 2, 1, 2], segment_bytes)
    names = disk.names()
    for name in names:
        for offset in range(len(disk.files[name])):
            broken = disk.copy()
            broken.files[name][offset] ^= 0x41
            log, refused = tried(broken, segment_bytes)
            if refused is None:
                assert (held(log), name) == (counted(4), names[-1])
                assert log.cut
            else:
                told = int(str(refused).split("damaged at byte ")[1].split(":")[0])
                assert (refused.where, told <= offset < told + 200) == (name, True)


def test_what_was_not_durable_may_be_broken_before_what_is_good():
    """Writes reach the disk in any order: from the first broken one on, nothing of them was promised."""
    disk = filled([1, 1], synced=True)
    log = opened(disk)
    begun = len(disk.files[SECOND])
    for _ in range(3):
        log.append([entry(log.last + 1)])
    broken = disk.copy()
    broken.files[SECOND][begun] = 0
    again = opened(broken)
    assert held(again) == counted(2)
    assert again.cut == len(disk.files[SECOND]) - begun
    log.sync()
    log.append([entry(6)])
    disk.files[SECOND][begun] = 0
    with pytest.raises(ConfigError, match=f"{SECOND}: damaged at byte {begun}: .* is broken"):
        opened(disk)


def test_what_was_carried_into_a_segment_is_durable_there():
    """A segment that is begun with records cannot end before them."""
    disk = filled([2])
    opened(disk)
    del disk.files[SECOND][-1]
    with pytest.raises(ConfigError, match=f"damaged at byte {HEADER_BYTES}: .* is broken"):
        opened(disk)
    del disk.files[SECOND][HEADER_BYTES:]
    with pytest.raises(ConfigError, match=f"damaged at byte {HEADER_BYTES}: .* is missing"):
        opened(disk)


def test_an_old_frame_in_the_place_of_another_is_not_taken_for_it():
    """A write that went astray is whole, and has the wrong number and the wrong one before it."""
    disk = filled([1, 1, 1, 1])
    content = disk.files[FIRST]
    length = (len(content) - HEADER_BYTES) // 4
    for place in range(4):
        for source in range(4):
            astray = disk.copy()
            begin = HEADER_BYTES + source * length
            astray.files[FIRST][HEADER_BYTES + place * length :][:length] = b""
            astray.files[FIRST][HEADER_BYTES + place * length : HEADER_BYTES + (place + 1) * length] = (
                content[begin : begin + length]
            )
            if place == source:
                assert held(opened(astray)) == counted(4)
            elif place == 3:
                assert held(opened(astray)) == counted(3)
            else:
                with pytest.raises(ConfigError, match=f"damaged at byte {HEADER_BYTES + place * length}:"):
                    opened(astray)


def test_segments_of_other_folders_and_places_are_refused():
    """By what their headers say."""
    disk = filled([1, 1, 1], 1)
    with pytest.raises(ConfigError, match="belongs to another data folder"):
        opened(disk, history=bytes(16))
    moved = disk.copy()
    moved.files["log-00000004.feed"] = moved.files.pop(FIRST)
    with pytest.raises(ConfigError, match=r"log-00000004\.feed: is segment 1 by its header"):
        opened(moved)
    other = disk.copy()
    del other.files[SECOND][-1]
    with pytest.raises(ConfigError, match=f"{SECOND}: damaged at byte"):
        list(opened(other).after(0))
    later = filled([1], 1)
    later.files[FIRST][8:12] = (2).to_bytes(4, "little")
    with pytest.raises(ConfigError, match="damaged"):
        opened(later)


# --- disks that fail ---------------------------------------------------------------------------------


def test_an_append_that_fails_leaves_nothing():
    """Nor does one whose segment cannot be begun; the next takes its number."""
    disk = MemoryDisk()
    log = opened(disk, segment_bytes=200)
    for what in ("append", "replace"):
        while what == "replace" and len(disk.files[FIRST]) < 200:
            log.append([entry(log.last + 1)])
        disk.fails[what] = errno.ENOSPC
        last = log.last
        with pytest.raises(OSError, match="No space"):
            log.append([entry(0), entry(0)])
        assert log.last == last
        disk.fails.clear()
        log.append([entry(log.last + 1)])
        assert held(log) == held(opened(disk.copy())) == counted(log.last)
    assert disk.names() == [FIRST, SECOND]


@pytest.mark.parametrize("keep", [False, True])
def test_after_a_failed_sync_the_log_goes_on_in_a_new_segment(keep):
    """What was written since the last good one is dropped, or written again; before that nothing is taken."""
    disk = filled([2])
    log = opened(disk)
    log.append([entry(3)])
    log.sync()
    log.append([entry(4 if keep else 0), entry(5 if keep else 0)])
    disk.fails["sync"] = errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        log.sync()
    disk.fails.clear()
    assert log.failed
    for call in (log.sync, lambda: log.append([entry(9)])):
        with pytest.raises(OSError, match="may not be on the disk"):
            call()
    disk.fails["replace"] = errno.ENOSPC
    with pytest.raises(OSError, match="No space"):
        log.move_on(keep=keep)
    disk.fails.clear()
    assert log.failed
    log.move_on(keep=keep)
    assert not log.failed
    assert held(log) == held(opened(disk.copy())) == counted(5 if keep else 3)
    log.append([entry(log.last + 1)])
    log.sync()
    assert held(log) == held(opened(disk)) == counted(6 if keep else 4)


def test_what_cannot_be_read_again_is_not_kept():
    """A page that was dropped after the failed sync is not made up."""
    disk = MemoryDisk()
    log = opened(disk)
    log.append([entry(1)])
    disk.files[FIRST][-1] ^= 1
    with pytest.raises(OSError, match="cannot be read again"):
        log.move_on(keep=True)
    log.move_on()
    assert held(log) == []


def test_a_segment_that_was_begun_in_vain_is_begun_again():
    """A replacement may be on the disk although it was said to have failed."""
    disk = filled([3], 100)
    log = opened(disk, 100)
    while len(disk.files[SECOND]) < 100:
        log.append([entry(log.last + 1)])
    disk.files["log-00000003.feed"] = bytearray(b"left behind")
    log.append([entry(log.last + 1)])
    assert held(log) == held(opened(disk)) == counted(log.last)


# --- readers and removal -----------------------------------------------------------------------------


def test_another_process_reads_up_to_what_it_is_told():
    """And never looks at what is behind that, which may be half written; it changes nothing."""
    disk = filled([1, 1, 1], 150)
    disk.files[disk.names()[-1]] += b"half"
    before = {name: bytes(data) for name, data in disk.files.items()}
    read = list(read_records(disk, HISTORY, after=1, upto=3))
    assert [(number, one.at) for number, one in read] == [(2, 2), (3, 3)]
    assert [number for number, _ in read_records(disk, HISTORY, after=0, upto=1)] == [1]
    assert list(read_records(disk, HISTORY, after=0, upto=0)) == []
    assert [number for number, _ in read_records(disk, HISTORY, after=2)] == [3]
    assert {name: bytes(data) for name, data in disk.files.items()} == before


def test_what_nobody_needs_is_removed_when_there_is_too_much():
    """Whole segments from the oldest on, never one with a record that is needed; the rest can be read."""
    disk = filled([1] * 6, 1)
    log = opened(disk)
    before = log.bytes
    assert log.remove(upto=6, most_bytes=before) == 0
    assert log.remove(upto=0, most_bytes=0) == 0
    removed = log.remove(upto=3, most_bytes=0)
    assert removed > 0
    assert log.bytes == before - removed
    assert (log.first, [number for number, _ in log.after(3)]) == (4, [4, 5, 6])
    with pytest.raises(ConfigError, match="begins with record 4, and record 3 is needed"):
        list(log.after(2))
    assert [number for number, _ in opened(disk).after(3)] == [4, 5, 6]


def test_a_segment_that_begins_with_another_record_is_not_the_next():
    """Its header is good, and yet records are missing between the two."""
    disk = filled([1, 1], 1)
    other = SegmentHeader(
        segment=2, history=HISTORY, first=3, good=len(disk.files[FIRST]), birth=HEADER_BYTES
    )
    disk.files[SECOND] = bytearray(other.encode())
    told = "ends with record 1, and the next segment begins with record 3"
    with pytest.raises(ConfigError, match=f"{FIRST}: damaged at byte {len(disk.files[FIRST])}: {told}"):
        list(opened(disk).after(0))


def test_a_removed_segment_that_a_crash_brings_back_is_ignored():
    """Removal goes from the oldest on, and what is before a gap was removed."""
    disk = filled([1] * 4, 1)
    back = bytes(disk.files[FIRST])
    log = opened(disk)
    log.remove(upto=2, most_bytes=0)
    disk.files[FIRST] = bytearray(back)
    assert segment_numbers(disk.names())[0] == 3
    assert [number for number, _ in opened(disk).after(2)] == [3, 4]


def test_a_segment_that_is_exchanged_while_it_is_read_is_not_mixed_up():
    """Its header was read before."""
    disk = filled([1])
    log = opened(disk)
    disk.files[SECOND] = bytearray(disk.files[FIRST])
    with pytest.raises(ConfigError, match="exchanged"):
        list(log.after(0))
    assert read_header(disk, 1, HISTORY).first == 1


def test_good_frames_of_another_program_are_refused():
    """A frame with its CRC whose payload is no list of entries."""
    disk = MemoryDisk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feed.durability.input_log.encode", lambda _: b"{}")
        opened(disk).append([entry(1)])
    with pytest.raises(ConfigError, match=f"damaged at byte {HEADER_BYTES}: record 1 is no entry of a log"):
        list(opened(disk).after(0))
