"""Frames of one message, counted over bytes that come in any pieces."""

from hypothesis import given
from hypothesis import strategies as st

from feed.server.connection.fragments import Fragments

FRAMES = st.lists(
    st.tuples(
        st.sampled_from([0x00, 0x80, 0x01, 0x81, 0x89, 0x8A]), st.sampled_from([0, 1, 125, 126, 70_000])
    ),
    max_size=12,
)


def frame(first, size):
    """A masked frame as a client sends it."""
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 1 << 16:
        length = bytes((0x80 | 126,)) + size.to_bytes(2, "big")
    else:
        length = bytes((0x80 | 127,)) + size.to_bytes(8, "big")
    return bytes((first,)) + length + b"mask" + bytes(size)


@given(frames=FRAMES, cuts=st.lists(st.integers(0, 5000), max_size=20))
def test_frames_are_counted_however_the_bytes_are_cut(frames, cuts):
    """The most frames and bytes of one message are what whole frames give; pings do not count."""
    data = b"".join(frame(*each) for each in frames)
    count = most = 0
    for first, _ in frames:
        if not first & 0x08:
            count += 1
            most = max(most, count)
            count = 0 if first & 0x80 else count
    size = announced = 0
    for first, payload in frames:
        if not first & 0x08:
            size += payload
            announced = max(announced, size)
            size = 0 if first & 0x80 else size
    counter, seen, heard = Fragments(), 0, 0
    for cut in [*cuts, len(data)]:
        seen = max(seen, counter.feed(data[:cut]))
        heard = max(heard, counter.announced)
        data = data[cut:]
    assert (seen, heard) == (most, announced)


def test_a_header_that_comes_byte_by_byte_is_understood():
    """Half a header waits for the rest."""
    counter = Fragments()
    data = frame(0x01, 300) + frame(0x00, 0) + frame(0x80, 70_000) + frame(0x81, 2)
    assert max(counter.feed(data[at : at + 1]) for at in range(len(data))) == 3


def test_a_length_is_known_from_the_header():
    """Before any of the payload has come, and over the pieces of a message."""
    counter = Fragments()
    counter.feed(b"\x01\xff" + (1 << 62).to_bytes(8, "big"))
    assert counter.announced == 1 << 62
    counter = Fragments()
    counter.feed(frame(0x01, 300))
    counter.feed(frame(0x00, 500)[:4])
    assert counter.announced == 800
