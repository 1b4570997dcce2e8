"""
Computes a market along with the server that publishes it, from the same log of inputs.

The market is a function of its parameters and its inputs, so that what is computed here is what clients
were told, event by event: the chained checksum of the events proves it.
"""

from __future__ import annotations

from typing import Final

from feed.durability.entries import REQUESTS, LogEntry, requests_of
from feed.errors import FeedError
from feed.model.events import Row
from feed.model.requests import JournalEntry
from feed.model.stream_position import Ahead, OtherHistory, StreamPosition, TooOld
from feed.server.durable.checkpoint_files import Checkpoint, checkpoint_of
from feed.server.durable.restoring import Restored
from feed.server.stream_state import carry_on
from feed.sim.clients import ClientMarket

_STEP: Final = 1024  # events; between two steps the history may keep a copy of the market's state


class Diverged(FeedError):
    """
    What was computed here is not what the server has published.

    Attributes:
        position: What the server says.
    """

    def __init__(self, position: StreamPosition) -> None:
        self.position = position
        super().__init__(f"the market computed again is not the published one at position {position.text}")


class Follower:
    """
    A market that is computed along.

    Args:
        restored: Where it begins; it is carried on from here, and used by nothing else.
        engine: What computes it, as checkpoints name it.
        history: What tells the log of its folder from another's, 16 bytes.
    """

    def __init__(self, restored: Restored, *, engine: str, history: bytes) -> None:
        self._run = restored.run
        self._opened = restored.opened
        self._stream = restored.stream
        self._services = restored.services
        self._engine = engine
        self._history = history
        self._record = restored.record

    @property
    def position(self) -> StreamPosition:
        """Where it stands."""
        return self._stream.history.position

    @property
    def now(self) -> int:
        """Market time, nanoseconds since the Unix epoch."""
        return self._run.now

    @property
    def record(self) -> int:
        """Number of the last record of the log that was taken in."""
        return self._record

    def take(self, number: int, entry: LogEntry) -> None:
        """
        Take the next record of the log in.

        Args:
            number: Its number.
            entry: What it holds. Requests act once the market has come to their place.
        Raises:
            FeedError: It is not the next.
        """
        if number != self._record + 1:
            raise FeedError(f"record {self._record + 1} of the log is missing, the next is {number}")
        self._record = number
        self._services.apply(entry)
        if entry.kind == REQUESTS and isinstance(self._run, ClientMarket):
            self._run.take_entries(JournalEntry(at=entry.at, request=one) for one in requests_of(entry))

    def advance(self, market_time: int, seq: int, *, events: int) -> bool:
        """
        Compute on. All records of inputs that act until then must have been taken in.

        Args:
            market_time: Up to which, and including which.
            seq: Stop at this event, with the action that it is part of.
            events: Stop after about so many.
        Returns:
            Whether one of the first two was reached.
        """
        run = self._run
        if not self._opened:
            self._opened = True
            self._publish(run.opening())
        while (missing := seq - self.position.seq) > 0:
            upcoming = run.next_time()
            if upcoming is None or upcoming > market_time:
                return True
            if events <= 0:
                return False
            rows = run.advance(market_time, min(missing, _STEP))
            events -= len(rows)
            self._publish(rows)
        return True

    def check(self, position: StreamPosition) -> None:
        """
        Compare what was computed with what was published.

        Args:
            position: Where the server stood.
        Raises:
            Diverged: It is not the same.
        """
        history = self._stream.history
        try:
            history.check(position)
        except TooOld:
            return  # it is in a file already, and was compared
        except (Ahead, OtherHistory):
            raise Diverged(position) from None

    def checkpoint(self, *, wall: int) -> Checkpoint:
        """
        A checkpoint of where it stands.

        Args:
            wall: The machine's clock, nanoseconds since the Unix epoch.
        Raises:
            MarketError: The state of an agent cannot be kept.
        """
        state = Restored(
            run=self._run,
            opened=self._opened,
            record=self._record,
            services=self._services,
            stream=self._stream,
        )
        spans = self._stream.history.spans()
        return checkpoint_of(state, spans, engine=self._engine, history=self._history, wall=wall)

    def written(self) -> None:
        """The events up to here are in a file: begin anew with those that follow."""
        self._stream.history.restore((), self._stream.market_state)

    def _publish(self, rows: list[Row]) -> None:
        carry_on(self._stream, self._services, rows)
