"""Compressed frames: made once, and each readable by itself."""

import pytest
from clients import inflated
from hypothesis import given
from hypothesis import strategies as st

from feed.stream.deflate import Deflater
from feed.stream.frames import frame_size, text_frame

LEVELS = st.integers(1, 9)


@given(st.text(max_size=300) | st.text("01", min_size=300, max_size=70_000), LEVELS, st.integers(0, 100))
def test_a_frame_says_what_was_put_in(text, level, least_bytes):
    """Whichever messages came before it; compressed only where that is shorter, and long enough."""
    frame = Deflater(level, least_bytes).frame(text)
    header, size = frame_size(frame)
    assert header + size == len(frame)
    if frame[0] == 0xC1:
        assert inflated(frame[header:]) == text.encode()
        assert len(text.encode()) >= least_bytes
        assert len(frame) < len(text_frame(text))
    else:
        assert frame == text_frame(text)


def test_what_repeats_itself_becomes_short():
    """A book of a hundred levels, to less than a third."""
    text = ",".join(f'{{"price":"{64000 + n}.00","quantity":"0.{n}"}}' for n in range(100))
    frame = Deflater(1, 64).frame(text)
    assert frame[0] == 0xC1
    assert len(frame) < len(text) / 3


@pytest.mark.parametrize("deflated", [False, True])
def test_a_message_is_compressed_once_for_all(stream, monkeypatch, deflated):
    """For a hundred connections of several groups once, and not at all when nobody wants it."""
    made = []
    monkeypatch.setattr(Deflater, "frame", lambda self, text: made.append(text) or text_frame(text))
    harness = stream.HubHarness(deflater=Deflater(1, 0))
    clients = [harness.client(deflated=deflated) for _ in range(100)]
    for n, client in enumerate(clients):
        harness.hub.subscribe(client.send_buffer, [stream.topic(), *[stream.topic("trade")] * (n % 2)])
    harness.publish(stream.quote(1), stream.quote(2))
    assert len(made) == (len(harness.said) if deflated else 0)
    assert len({client.received for client in clients[::2]}) == 1


def test_what_is_for_one_client_alone_stays_plain(stream):
    """Replies and snapshots: nobody can make the server compress for it alone."""
    harness = stream.HubHarness(deflater=Deflater(1, 0))
    client = harness.client(deflated=True)
    harness.hub.send(client.send_buffer, "a" * 1000)
    assert client.received == text_frame("a" * 1000)
