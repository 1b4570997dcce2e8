"""The ear on a transport, and what it can do to a wire. No loop."""

import pytest
from clients import CLOSE, PONG, TEXT, frame, request
from hypothesis import given
from hypothesis import strategies as st

from feed.faults.gate import Frames, GateMode
from feed.stream.frames import close_frame, text_frame
from feed.testing.proxy import Proxy, Visit

HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
PING = b"\x89\x00"


class Below:
    """A transport that takes ``room`` bytes, and gives what it is told to."""

    peer = local = "127.0.0.1"

    def __init__(self):
        self.out = b""
        self.room = 10**9
        self.incoming = []
        self.closed = False

    def send(self, data):
        if not self.room:
            raise BlockingIOError
        part = bytes(data[: self.room])
        self.room -= len(part)
        self.out += part
        return len(part)

    async def receive(self):
        return self.incoming.pop(0)

    def close(self):
        self.closed = True


@pytest.fixture
def below():
    return Below()


@pytest.fixture
def tap(below):
    tap = Proxy(below, Visit(1.0), lambda: 5.0)
    tap.send(HEAD)
    below.out = b""
    return tap


@given(
    st.lists(st.sampled_from(["", "a", "b" * 200, "c" * 70_000]), max_size=4),
    st.lists(st.integers(1, 90_000)),
)
def test_frames_come_out_whole_however_they_are_cut(texts, cuts):
    """The head first, then one frame for each text."""
    data = HEAD + b"".join(map(text_frame, texts))
    frames, found, at = Frames(), [], 0
    for cut in [*cuts, len(data)]:
        found += frames.feed(data[at : at + cut])
        at += cut
    assert found == [HEAD, *map(text_frame, texts)]


async def test_what_a_client_says_is_on_record(tap, below):
    """Its path, its messages, its pongs and its close, byte by byte if need be."""
    said = [
        request("/ws?a=b"),
        frame(TEXT, b"one"),
        frame(PONG),
        frame(TEXT, b"two"),
        frame(CLOSE, b"\x03\xe9"),
    ]
    data = b"".join(said)
    below.incoming = [data[at : at + 1] for at in range(len(data))]
    for _ in data:
        await tap.receive()
    visit = tap.visit
    assert (visit.path, [one.text for one in visit.said]) == ("/ws?a=b", ["one", "two"])
    assert (visit.pongs, visit.left, visit.close_code) == ([5.0], 5.0, 1001)
    assert [one.text for one in visit.asked("tw")] == ["two"]


async def test_a_websocket_has_begun_once_the_server_says_so(below):
    """Not when the client asks: what was injected then would stand before the answer to the handshake."""
    tap = Proxy(below, Visit(1.0), lambda: 5.0)
    below.incoming = [request("/ws")]
    await tap.receive()
    assert (tap.visit.path, tap.visit.upgraded) == ("/ws", False)
    tap.send(HEAD[:20])
    assert not tap.visit.upgraded
    tap.send(HEAD[20:])
    assert tap.visit.upgraded


async def test_a_refused_handshake_begins_no_websocket(below):
    """Nor does the end of its answer."""
    tap = Proxy(below, Visit(1.0), lambda: 5.0)
    below.incoming = [request("/ws")]
    await tap.receive()
    tap.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    assert not tap.visit.upgraded


async def test_plain_http_is_left_alone(below):
    """Its bodies are no frames; the visit is on record."""
    tap = Proxy(below, Visit(1.0), lambda: 5.0)
    below.incoming = [b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"] * 2
    for body in (b"\x81\x7f", b"ok"):
        await tap.receive()
        answer = b"HTTP/1.1 200 OK\r\n\r\n" + body
        below.out = b""
        tap.send(answer)
        assert below.out == answer
    assert (tap.visit.path, tap.visit.upgraded, tap.visit.said) == ("/health", False, [])


async def test_a_websocket_may_begin_where_requests_were_served(below):
    """On a connection that its client keeps: its path, its messages, and its frames are on record."""
    tap = Proxy(below, Visit(1.0), lambda: 5.0)
    below.incoming = [b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", request("/ws"), frame(TEXT, b"one")]
    await tap.receive()
    tap.send(b"HTTP/1.1 200 OK\r\n\r\nok")
    await tap.receive()
    tap.send(HEAD + text_frame("one"))
    await tap.receive()
    visit = tap.visit
    assert (visit.path, visit.upgraded, [one.text for one in visit.said]) == ("/ws", True, ["one"])
    below.out = b""
    tap.wire = GateMode.MUTE
    tap.send(text_frame("two") + PING)
    assert below.out == PING


def test_a_good_wire_passes_everything(tap, below):
    """In frames, whatever the pieces."""
    tap.send(text_frame("one")[:3])
    assert below.out == b""
    tap.send(text_frame("one")[3:] + PING)
    assert below.out == text_frame("one") + PING


def test_a_mute_wire_passes_control_frames_alone(tap, below):
    """Pings and closes; data is lost."""
    tap.wire = GateMode.MUTE
    tap.send(text_frame("one") + PING)
    tap.mend()
    tap.send(text_frame("two"))
    assert below.out == PING + text_frame("two")


def test_a_held_wire_gives_everything_back(tap, below):
    """Late, and in order."""
    tap.wire = GateMode.HELD
    tap.send(text_frame("one") + PING + text_frame("two"))
    assert below.out == PING
    tap.mend()
    assert below.out == PING + text_frame("one") + text_frame("two")


def test_frames_can_be_lost_and_made_up(tap, below):
    """So many data frames; whatever is put in stands between whole frames."""
    tap.lose = 2
    tap.send(text_frame("one") + text_frame("two") + text_frame("three")[:2])
    tap.inject(text_frame("garbage"))
    tap.send(text_frame("three")[2:])
    tap.hang_up(1012, "restart")
    tap.send(text_frame("four"))
    assert below.out == text_frame("garbage") + text_frame("three") + close_frame(1012, "restart")


def test_a_client_that_does_not_read_is_waited_for(tap, below):
    """What was taken goes out first; until then nothing more is taken."""
    below.room = 3
    assert tap.send(text_frame("one")) == len(text_frame("one"))
    assert tap.blocked
    with pytest.raises(BlockingIOError):
        tap.send(text_frame("two"))
    below.room = 100
    tap.send(text_frame("two"))
    assert (below.out, tap.blocked) == (text_frame("one") + text_frame("two"), False)


def test_a_dropped_connection_is_over(tap, below):
    """Below, and on the record."""
    tap.drop()
    assert (below.closed, tap.visit.left) == (True, 5.0)


def test_a_client_that_has_gone_is_sent_nothing(tap, below, monkeypatch):
    """Whoever spoils the wire need not know; the visit is over."""

    def gone(_):
        raise BrokenPipeError

    monkeypatch.setattr(below, "send", gone)
    tap.inject(text_frame("x"))
    tap.mend()
    tap.hang_up(4401, "Token expired")
    assert (below.closed, tap.visit.left) == (True, 5.0)
