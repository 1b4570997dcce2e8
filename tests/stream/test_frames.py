"""Frames as bytes, by the letter of RFC 6455, section 5.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.stream.frames import boundary, is_close, text_frame

SIZES = st.one_of(st.integers(0, 300), st.sampled_from([125, 126, 127, 65_535, 65_536, 70_000]))


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, b"\x81\x00"),
        (1, b"\x81\x01"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_text_frame_has_the_shortest_of_three_length_forms(size, header):
    """One byte up to 125, three up to 65,535, nine beyond: RFC 6455 wants the minimal form."""
    assert text_frame("x" * size) == header + b"x" * size


def test_length_counts_bytes_not_characters():
    """A euro sign is three bytes of UTF-8."""
    assert text_frame("€" * 42) == b"\x81\x7e\x00\x7e" + "€".encode() * 42


def test_close_frame_is_known_by_its_first_byte(stream):
    """Only a final frame with opcode 8 is a close; a ping, a text and nothing at all are not."""
    assert is_close(stream.close(1000))
    assert [is_close(data) for data in (stream.ping("x"), text_frame("\x88"), b"", b"HTTP/1.1 101")] == [
        False
    ] * 4


@given(sizes=st.lists(SIZES, max_size=8), data=st.data())
def test_boundary_is_the_next_end_of_a_frame(stream, sizes, data):
    """From any known boundary: the same as cutting the bytes up one frame at a time."""
    frames = [text_frame("x" * size) for size in sizes]
    joined = b"".join(frames)
    ends = [0]
    for frame in stream.split(joined)[0]:
        ends.append(ends[-1] + len(frame))
    position = data.draw(st.integers(0, len(joined)), label="position")
    at = data.draw(st.sampled_from([end for end in ends if end <= position]), label="at")
    assert boundary(joined, at, position) == min(end for end in ends if end >= position)
