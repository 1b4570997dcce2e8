"""The process that makes snapshots: what it makes of blocks, and when."""

import socket
import threading

import pytest
from blocks import SECOND, START, TOKEN_KEY, blocks_after, header_bytes, market_snapshot

from feed.cluster.block import BEFORE_ALL, BrokenChain, encode_block
from feed.cluster.framing import Frames, frame
from feed.cluster.messages import SNAPSHOTS, Beat, Hello, Placed, SnapshotPart, Welcome, decode, encode
from feed.cluster.snapshot_parts import SnapshotParts, parts_of
from feed.cluster.snapshot_process import SnapshotMaker, When, follow, main
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition
from feed.stream.chain import unpacked

WELCOME = Welcome(header=header_bytes(), token_key=TOKEN_KEY, after=None)
NEVER = 10**15


class Clock:
    """Time that passes whenever it is looked at."""

    def __init__(self, step=0.0):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def maker_of(clock=None, *, market_time=NEVER, size=NEVER, snapshot=None):
    maker = SnapshotMaker(When(market_time=market_time, bytes=size), clock or Clock())
    for message in (WELCOME, *parts_of(snapshot or market_snapshot())):
        assert maker.take(encode(message), 0) is None
    return maker


def placed(number, block):
    return encode(Placed(place=(0, number), block=encode_block(block)))


def made(maker, blocks):
    """The places of the snapshots that come of blocks."""
    found = [maker.take(placed(number, block), 7) for number, block in enumerate(blocks, 1)]
    return [one.place[1] for one in found if one is not None]


def test_a_snapshot_is_what_a_server_that_had_published_the_blocks_would_write():
    """Byte for byte."""
    blocks = blocks_after(START, 3)
    maker = maker_of(size=1)
    steps = []
    for number, block in enumerate(blocks, 1):
        snapshot = maker.take(placed(number, block), 0)
        steps.append(unpacked(block.rows))
        whole = market_snapshot(steps, (0, number))
        assert (snapshot.place, snapshot.position) == (whole.place, whole.position)
        assert snapshot.state == whole.state


def test_it_is_due_after_so_much_market_time():
    """Counted from the last one."""
    blocks = blocks_after(START, 12)  # 3000 s or so from one to the next
    assert made(maker_of(market_time=9000 * SECOND), blocks) == [4, 7, 10]


def test_it_is_due_after_so_many_bytes_of_blocks():
    """Whatever time has passed, since no more of them are kept."""
    blocks = blocks_after(START, 12)
    sizes = [len(encode_block(block)) for block in blocks]
    assert made(maker_of(size=sum(sizes[:4])), blocks)[0] == 4
    assert made(maker_of(size=sum(sizes[:4]) + 1), blocks)[0] == 5
    assert made(maker_of(size=sum(sizes[:2])), blocks)[:2] == [2, 4]


def test_a_market_that_runs_fast_does_not_make_it_write_all_the_time():
    """A tenth of the time at most: unless bytes demand it."""
    clock = Clock(step=1.0)  # a snapshot takes a second, and every look at the clock
    blocks = blocks_after(START, 60)
    assert made(maker_of(clock, market_time=1), blocks) == [1, 11, 21, 31, 41, 51]


def test_beats_are_no_news():
    """They are passed over."""
    assert maker_of().take(encode(Beat(seq=1, place=(0, 1))), 0) is None


def test_what_does_not_follow_is_an_error():
    """A block that was passed over, one of another history, and one before the snapshot."""
    first, second = blocks_after(START, 2)
    with pytest.raises(FeedError, match="a gap"):
        maker_of().take(placed(2, second), 0)
    maker = maker_of()
    maker.take(placed(1, first), 0)
    (strange,) = blocks_after(StreamPosition(first.events, 99), 1)
    with pytest.raises(BrokenChain):
        maker.take(placed(2, strange), 0)
    with pytest.raises(FeedError, match="before the snapshot"):
        SnapshotMaker(When(market_time=1, bytes=1), Clock()).take(placed(1, first), 0)


def test_it_follows_by_a_socket_and_sends_snapshots_back():
    """It says who it is; it ends when the socket does."""
    ours, its = socket.socketpair()
    maker = SnapshotMaker(When(market_time=NEVER, bytes=1), Clock())
    thread = threading.Thread(target=follow, args=(its, maker))
    thread.start()
    (block,) = blocks_after(START, 1)
    with ours:
        for message in (WELCOME, *parts_of(market_snapshot())):
            ours.sendall(frame(message))
        ours.sendall(frame(Placed(place=(0, 1), block=encode_block(block))))
        frames, messages, parts, snapshot = Frames(), [], SnapshotParts(), None
        while snapshot is None:
            for one in frames.feed(ours.recv(1 << 16)):
                messages.append(decode(one))
                if isinstance(messages[-1], SnapshotPart):
                    snapshot = parts.take(messages[-1])
    thread.join(60)
    assert not thread.is_alive()
    its.close()
    assert messages[0] == Hello(name=SNAPSHOTS, role=SNAPSHOTS, position=None, place=BEFORE_ALL)
    assert (snapshot.place, snapshot.position) == ((0, 1), block.ends)


def test_why_it_ends_stands_on_stderr_in_one_line(monkeypatch, capsys):
    """For the sequencer to tell; nothing stands there where the socket has ended."""
    early = Placed(place=(0, 1), block=b"")
    for said, code, line in ((None, 0, ""), (early, 1, "a block came before the snapshot\n")):
        ours, its = socket.socketpair()
        with ours:
            if said is not None:
                ours.sendall(frame(said))
            ours.shutdown(socket.SHUT_WR)
            monkeypatch.setattr("sys.stdin", Input(its.detach()))
            assert main(["60", "1000"]) == code
            assert capsys.readouterr().err == line


class Input:
    """A standard input that is a socket."""

    def __init__(self, descriptor):
        self.fileno = lambda: descriptor
