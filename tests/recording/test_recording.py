from __future__ import annotations

import errno
import io
import json

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.errors import ConfigError, RecordingError
from feed.model.digest import Digest
from feed.model.instruments import Instrument
from feed.recording.format import Header, Provenance, header_line
from feed.recording.reader import RecordingReader
from feed.recording.writer import RecordingWriter
from feed.settings import Recording

HEADER = Header(
    instruments=(
        Instrument(
            symbol="BTC-USD", base="BTC", quote="USD", price_decimals=1, tick=5, size_decimals=8, lot=10
        ),
        Instrument(
            symbol="EURUSD", base="EUR", quote="USD", price_decimals=5, size_decimals=0, asset_class="fx"
        ),
    ),
    provenance=Provenance(
        source="simulated", tool="feed 0.1.0", files=("a", "b"), seed=7, scenario="calm", notes=("one", "two")
    ),
    start=1_700_000_000_000_000_000,
)
ROWS = [(4, 0, 10**18 + at, at % 2, 100 + at, at) for at in range(20)]
SMALL = Recording(block_events=5)

_NUMBER = st.integers(-(2**63), 2**63 - 1)
_ROW = st.lists(_NUMBER, min_size=3, max_size=11).map(tuple)


def record(rows, settings=SMALL, header=HEADER):
    out = io.BytesIO()
    writer = RecordingWriter(out, header, settings)
    writer.append(rows)
    writer.close()
    return out.getvalue()


def replay(content):
    reader = RecordingReader(io.BytesIO(content), "x.feed")
    return [row for block in reader for row in block], reader


def frame_ends(content):
    """Offsets at which the frames of a recording end, found without the reader under test."""
    ends, rest = [], content
    while rest:
        frame = zstandard.ZstdDecompressor().decompressobj()
        frame.decompress(rest)
        rest = frame.unused_data
        ends.append(len(content) - len(rest))
    return ends


def lines(content):
    return zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True).read().splitlines()


def test_every_field_of_the_header_comes_back():
    """Instruments, provenance and start survive the file, with values that are not the defaults."""
    _, reader = replay(record([]))
    assert reader.header == HEADER
    assert reader.header.listing.symbols == ("BTC-USD", "EURUSD")


def test_the_lines_are_what_the_format_says():
    """A recording unpacks to a header, arrays of integers, a digest line per block and an end line."""
    rows = ROWS[:7]
    found = [json.loads(line) for line in lines(record(rows))]
    first, both = Digest(), Digest()
    first.update(rows[:5])
    both.update(rows)
    assert found[0]["format"] == "feed-recording"
    assert found[0]["version"] == 1
    assert found[1:] == [
        *map(list, rows[:5]),
        {"events": 5, "digest": first.hexdigest()},
        *map(list, rows[5:]),
        {"events": 7, "digest": both.hexdigest()},
        {"end": True, "events": 7, "blocks": 2, "digest": both.hexdigest()},
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_ROW, max_size=12), max_size=6), st.integers(1, 9))
def test_what_goes_in_comes_out(batches, block_events):
    """Any rows, appended in any portions and cut into any blocks, are read back as they were."""
    out = io.BytesIO()
    writer = RecordingWriter(out, HEADER, Recording(block_events=block_events))
    for batch in batches:
        writer.append(batch)
    writer.close()
    rows, reader = replay(out.getvalue())
    assert rows == [row for batch in batches for row in batch]
    assert reader.corruption is None
    assert reader.complete
    assert (reader.events, reader.blocks) == (writer.events, writer.blocks)
    assert reader.hexdigest() == writer.hexdigest()


def test_a_flush_makes_a_block_of_what_waits():
    """After a flush the events are in the file, though the block is not full and nothing was closed."""
    out = io.BytesIO()
    writer = RecordingWriter(out, HEADER, SMALL)
    writer.append(ROWS[:2])
    writer.flush()
    writer.append(ROWS[2:4])
    rows, reader = replay(out.getvalue())
    assert rows == ROWS[:2]
    assert str(reader.corruption) == (
        f"block 2 at byte {len(out.getvalue())}, event 3: the file ends without an end line"
    )


def test_closing_twice_writes_one_end():
    """A second close adds nothing."""
    out = io.BytesIO()
    writer = RecordingWriter(out, HEADER, SMALL)
    writer.close()
    once = out.getvalue()
    writer.close()
    assert out.getvalue() == once


def test_a_file_cut_anywhere_is_read_up_to_the_last_whole_block():
    """At every byte: the events of the whole blocks before it, and the block, byte and event of the cut."""
    content = record(ROWS)
    ends = frame_ends(content)
    for cut in range(ends[0], len(content)):
        rows, reader = replay(content[:cut])
        whole = sum(end <= cut for end in ends) - 1
        damage = reader.corruption
        assert rows == ROWS[: whole * 5]
        assert not reader.complete
        assert (damage.block, damage.byte, damage.seq) == (whole + 1, ends[whole], whole * 5 + 1)
        at_edge = cut in ends
        assert damage.reason == (
            "the file ends without an end line" if at_edge else "the file ends inside the block"
        )


def test_a_file_cut_in_its_header_is_no_recording():
    """Without a whole header nothing can be replayed, and the error says so in one line."""
    content = record(ROWS)
    for cut in range(frame_ends(content)[0]):
        with pytest.raises(ConfigError, match=r"^x\.feed: ") as caught:
            replay(content[:cut])
        assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_flipped_bit_never_gives_a_wrong_event(data):
    """With any bit flipped, only valid events are read: all of them, or the corruption is reported."""
    content = bytearray(record(ROWS))
    ends = frame_ends(bytes(content))
    first = ends[0]
    at = data.draw(st.integers(first, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    rows, reader = replay(bytes(content))
    assert rows == ROWS[: len(rows)]
    if reader.corruption is None:
        # A bit that a decoder must ignore; the content was not touched.
        assert rows == ROWS
    else:
        assert len(rows) % 5 == 0
        assert reader.corruption.seq == len(rows) + 1
        # The bit that says whether a checksum follows leaves its own block sound, not the next one.
        block = sum(end <= at for end in ends)
        assert reader.corruption.block in {block, block + 1}


def test_a_changed_event_in_a_sound_frame_is_found():
    """The digest catches what the compression cannot: a block that was packed anew with other content."""
    content = record(ROWS[:5])
    ends = frame_ends(content)
    pack, unpack = zstandard.ZstdCompressor(), zstandard.ZstdDecompressor()
    block = unpack.decompress(content[ends[0] : ends[1]])
    forged = pack.compress(block.replace(b"[4,0,", b"[4,1,", 1))
    rows, reader = replay(content[: ends[0]] + forged + content[ends[1] :])
    assert rows == []
    assert reader.corruption.reason == "the events do not match their digest"


def test_a_missing_block_is_found():
    """A block taken out of the middle breaks the running digest of the one after it."""
    content = record(ROWS)
    ends = frame_ends(content)
    rows, reader = replay(content[: ends[1]] + content[ends[2] :])
    assert rows == ROWS[:5]
    assert (reader.corruption.block, reader.corruption.seq) == (2, 6)


def test_what_follows_the_end_is_damage():
    """Two recordings in one file are not one recording."""
    content = record(ROWS)
    rows, reader = replay(content + content)
    assert rows == ROWS
    assert not reader.complete
    assert reader.corruption.reason == "more follows the end line"


def test_a_block_may_not_unpack_to_more_than_its_bound():
    """A few bytes that would unpack to gigabytes are refused before they do."""
    content = record([])
    header = content[: frame_ends(content)[0]]
    bomb = zstandard.ZstdCompressor(level=19).compress(b" " * 40_000_000)
    reader = RecordingReader(io.BytesIO(header + bomb), settings=Recording(block_bytes=1_000_000))
    assert list(reader) == []
    assert reader.corruption.reason == "the block unpacks to more than 1000000 bytes"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"time,bid,ask\n", "no recording, or one damaged in its header"),
        (zstandard.compress(b"hello\n"), "not a recording"),
        (zstandard.compress(b'{"format":"other"}\n'), "not a recording"),
        (zstandard.compress(b"[1]\n"), "not a recording"),
        (
            zstandard.compress(header_line(HEADER).replace(b'"version":1', b'"version":2')),
            "recording format version 2, only 1 is known; it was written by another release of feed",
        ),
        (zstandard.compress(header_line(HEADER).replace(b'"start"', b'"begin"')), "bad recording header: "),
        (zstandard.compress(header_line(HEADER).replace(b'"tick":5', b'"tick":0')), "bad recording header: "),
    ],
)
def test_a_wrong_file_is_an_error_of_one_line(content, what):
    """What is no recording of this version is refused with the file's name and the reason."""
    with pytest.raises(ConfigError) as caught:
        replay(content)
    assert str(caught.value).startswith(f"x.feed: {what}")
    assert "\n" not in str(caught.value)


class FullDisk(io.BytesIO):
    """Takes a number of bytes and then no more."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, data):
        if self.tell() + len(data) > self.room:
            super().write(data[: self.room - self.tell()])
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_stops_the_recording_once_and_never_its_user():
    """The first append that does not fit raises; all later calls do nothing; the file is good so far."""
    ends = frame_ends(record(ROWS))
    out = FullDisk(ends[2] + 3)
    writer = RecordingWriter(out, HEADER, SMALL)
    with pytest.raises(RecordingError) as caught:
        writer.append(ROWS)
    assert str(caught.value) == "recording stopped after 10 events: No space left on device"
    assert caught.value.events == 10
    assert writer.failed
    assert writer.events == 10
    written = out.getvalue()
    writer.append(ROWS)
    writer.flush()
    writer.close()
    assert out.getvalue() == written
    rows, reader = replay(written)
    assert rows == ROWS[:10]
    assert (reader.corruption.block, reader.corruption.byte, reader.corruption.seq) == (3, ends[2], 11)


def test_a_disk_that_is_full_at_the_start_is_reported_at_once():
    """The header itself may not fit."""
    with pytest.raises(RecordingError, match="after 0 events: No space left on device"):
        RecordingWriter(FullDisk(10), HEADER)


def test_a_file_that_takes_half_a_block_has_failed():
    """A raw file may write less than it was given and say so only in its answer."""

    class Short(io.BytesIO):
        def write(self, data):
            return super().write(data[:10])

    with pytest.raises(RecordingError, match="took only part"):
        RecordingWriter(Short(), HEADER)


def test_a_reader_holds_one_block_at_a_time():
    """The reader takes no more of the file than the block it yields needs, give or take one bite."""
    content = record([(4, 0, at, 0, at * 7919 % 10007, at) for at in range(20_000)], Recording())
    file = io.BytesIO(content)
    blocks = iter(RecordingReader(file))
    next(blocks)
    assert file.tell() < frame_ends(content)[1] + 4096 + 1
