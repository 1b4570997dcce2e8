"""
The process beside a sequencer that makes its snapshots: ``python -m feed.cluster.snapshot_process``.

It follows the log like an edge, by a socket that is its input, but has no clients: so nobody waits while it
writes. Snapshots go back by the same socket. It ends when that does.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Final

import attrs

from feed.checkpoint.engine import engine_digest
from feed.cluster.block import BEFORE_ALL, Place, decode_block
from feed.cluster.framing import Frames, frame
from feed.cluster.log_header import LogHeader, read_header, release
from feed.cluster.messages import SNAPSHOTS, Hello, Placed, SnapshotPart, Welcome, decode
from feed.cluster.replica import Replica
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshot_parts import SnapshotParts, parts_of
from feed.errors import FeedError
from feed.model.durations import NS_PER_SECOND

_NICE: Final = 10  # of Unix: everything else comes first
_READ_BYTES: Final = 256 * 1024
_SHARE: Final = 10  # of this process's time goes at most one part in so many into snapshots


@attrs.frozen(kw_only=True)
class When:
    """
    When a snapshot is due: after so much market time, or so many blocks, whichever comes first.

    Attributes:
        market_time: Nanoseconds; not counted while the last snapshot took longer than its share.
        bytes: Of blocks.
    """

    market_time: int
    bytes: int


class SnapshotMaker:
    """
    Follows a market, and says when a snapshot is due. Neither socket nor clock.

    Args:
        when: How often.
        clock: Seconds, for what a snapshot takes.
    """

    def __init__(self, when: When, clock: Callable[[], float]) -> None:
        self._when = when
        self._clock = clock
        self._header: LogHeader | None = None
        self._parts = SnapshotParts()
        self._replica: Replica | None = None
        self._bytes = 0
        self._made_at = 0  # market time
        self._rests_until = clock()

    def take(self, data: bytes, wall: int) -> Snapshot | None:
        """
        Take the next message of the sequencer in; the snapshot that is due after it.

        Args:
            data: The message.
            wall: Nanoseconds since the Unix epoch.
        Raises:
            FeedError: It does not follow from those before it.
        """
        message = decode(data)
        if isinstance(message, Welcome):
            self._header = read_header(message.header, release=release(), where="")
        elif isinstance(message, SnapshotPart):
            snapshot = self._parts.take(message)
            if snapshot is not None:
                self._begin(snapshot)
        elif isinstance(message, Placed):
            return self._take_block(message.place, message.block, wall)
        return None

    def _begin(self, snapshot: Snapshot) -> None:
        if self._header is None:
            raise FeedError("a snapshot came before the header of its log")
        self._replica = Replica(snapshot, self._header, engine=engine_digest())
        self._made_at = self._replica.market_time

    def _take_block(self, place: Place, data: bytes, wall: int) -> Snapshot | None:
        replica = self._replica
        if replica is None:
            raise FeedError("a block came before the snapshot")
        replica.take(place, decode_block(data))
        self._bytes += len(data)
        passed = replica.market_time - self._made_at
        timely = passed >= self._when.market_time and self._clock() >= self._rests_until
        if not timely and self._bytes < self._when.bytes:
            return None
        began = self._clock()
        snapshot = replica.snapshot(wall)
        self._bytes, self._made_at = 0, replica.market_time
        now = self._clock()
        self._rests_until = now + _SHARE * (now - began)
        return snapshot


def follow(sock: socket.socket, maker: SnapshotMaker) -> None:
    """
    Follow by a socket until that ends, and send snapshots.

    Raises:
        FeedError: What came cannot be followed.
    """
    sock.sendall(frame(Hello(name=SNAPSHOTS, role=SNAPSHOTS, position=None, place=BEFORE_ALL)))
    frames = Frames()
    while data := sock.recv(_READ_BYTES):
        for one in frames.feed(data):
            snapshot = maker.take(one, time.time_ns())
            if snapshot is not None:
                for part in parts_of(snapshot):
                    sock.sendall(frame(part))


def main(arguments: list[str]) -> int:
    """
    Run, with seconds of market time and bytes between two snapshots as arguments.

    Returns:
        The exit code: 0 when the socket ended. Why it is another one stands on stderr, in one line.
    """
    seconds, size = arguments
    when = When(market_time=round(float(seconds) * NS_PER_SECOND), bytes=int(size))
    with socket.socket(fileno=sys.stdin.fileno()) as sock:
        try:
            follow(sock, SnapshotMaker(when, time.monotonic))
        except (ConnectionResetError, BrokenPipeError):
            return 0
        except FeedError as problem:
            print(problem, file=sys.stderr)  # noqa: T201 - read by the sequencer
            return 1
    return 0


if __name__ == "__main__":
    os.nice(_NICE)
    sys.exit(main(sys.argv[1:]))
