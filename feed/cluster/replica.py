"""What blocks make of a snapshot: all that a server knows of a market which another one has."""

from __future__ import annotations

from feed.cluster.block import Block, Place, rows_of
from feed.cluster.log_header import LogHeader
from feed.cluster.snapshot import Snapshot, read_snapshot, write_snapshot
from feed.durability.entries import decode
from feed.model.stream_position import StreamPosition
from feed.server.stream_state import carry_on


class Replica:
    """
    A server's state that is carried on by blocks, without clients.

    Attributes:
        place: Of the last block that is in it.
        market_time: After that one, nanoseconds since the Unix epoch.
    """

    def __init__(self, snapshot: Snapshot, header: LogHeader, *, engine: str) -> None:
        """
        Begin with a snapshot.

        Args:
            snapshot: Of the log.
            header: Likewise.
            engine: What reads and writes such a state, as checkpoints name it.
        Raises:
            FeedError: As :func:`feed.cluster.snapshot.read_snapshot`.
        """
        self._stream, self._services, self._faults = read_snapshot(snapshot, header, engine=engine)
        self._engine = engine
        self._stands_at, self._stood = self._stream.market_state.now, snapshot.stood
        self.place = snapshot.place
        self.market_time = self._stands_at

    @property
    def position(self) -> StreamPosition:
        """Of the last event that is in it."""
        return self._stream.history.position

    def take(self, place: Place, block: Block) -> None:
        """
        Take the next block in; one that is in it already is passed over.

        Args:
            place: Of the block.
            block: It.
        Raises:
            FeedError: It does not follow, see :func:`feed.cluster.block.rows_of`.
        """
        if place <= self.place:
            return
        rows = rows_of(block, self.position)
        for entry in decode(block.entries) if block.entries else ():
            self._services.apply(entry)
        if block.stood:
            if self._stands_at != self._stream.market_state.now:
                self._stands_at, self._stood = self._stream.market_state.now, 0
            self._stood += block.stood
        self._faults.published(self.position.seq, self._stream.market_state.now, rows)
        carry_on(self._stream, self._services, rows)
        self.place, self.market_time = place, block.market_time

    def snapshot(self, wall: int) -> Snapshot:
        """
        Where it stands.

        Args:
            wall: The machine's clock, nanoseconds since the Unix epoch.
        """
        return write_snapshot(
            self._stream,
            self._services,
            self._faults,
            place=self.place,
            stood=self._stood if self._stands_at == self._stream.market_state.now else 0,
            market_time=self.market_time,
            engine=self._engine,
            wall=wall,
        )
