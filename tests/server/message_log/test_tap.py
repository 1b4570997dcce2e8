"""The frames that a socket has taken, read whole from pieces of any size."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.server.message_log.sent_frames import SentFrames
from feed.stream.deflate import Deflater
from feed.stream.frames import close_frame, text_frame

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
TEXTS = ["{}", "x" * 125, "y" * 126, "z" * 3000, "é" * 40_000]


def read(pieces, most=1000):
    frames = SentFrames(most)
    return [frame for piece in pieces for frame in frames.feed(piece)]


@given(st.lists(st.integers(0, 90_000), max_size=12))
def test_frames_are_the_same_however_they_come(cuts):
    """Each once, in order; one that is too long is known by its length alone."""
    stream = ANSWER + b"".join(map(text_frame, TEXTS)) + close_frame(1001, "bye") + text_frame("last")
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    pieces = [stream[begin:end] for begin, end in pairwise(places)]
    assert read(pieces) == [
        (1, False, b"{}", 2),
        (1, False, b"x" * 125, 125),
        (1, False, b"y" * 126, 126),
        (1, False, None, 3000),
        (1, False, None, 80_000),
        (8, False, b"\x03\xe9bye", 5),
        (1, False, b"last", 4),
    ]


def test_a_compressed_frame_is_marked():
    """By the first reserved bit."""
    frame = Deflater(1, 0).frame("a" * 100)
    assert [(opcode, packed) for opcode, packed, *_ in read([ANSWER + frame])] == [(1, True)]


@pytest.mark.parametrize("garbage", [b"\xff" * 40, b"\x81\x7f" + b"\xff" * 8 + b"x" * 5000])
def test_garbage_takes_no_memory(garbage):
    """A frame that announces more than anything can be is passed over, not waited for."""
    frames = SentFrames(1000)
    for _ in range(100):
        list(frames.feed(ANSWER + garbage))
    assert len(frames._rest) < 1100
