"""
A market that is computed along with the server that has it, from the inputs in its log.

The market is a function of its inputs: what is computed here is what the log has, event by event, and every
block is held against it. So whoever computes along can go on with the market at any block.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import attrs

from feed.checkpoint.container import CheckpointHeader, read_checkpoint, write_checkpoint
from feed.cluster.block import Block, Place, rows_of
from feed.cluster.log_header import LogHeader
from feed.cluster.origins import Decided, Origin, origins_of
from feed.cluster.snapshot import Snapshot
from feed.durability.entries import REQUESTS, LogEntry, decode, requests_of
from feed.errors import FeedError
from feed.faults.progress import FaultProgress
from feed.model.events import Row
from feed.model.requests import JournalEntry
from feed.model.stream_position import StreamPosition
from feed.server.durable.history_files import read_history, write_history
from feed.server.durable.kinds import ORIGINS
from feed.server.durable.service_state import ServiceState
from feed.server.stream_state import StreamState, carry_on, empty_history
from feed.settings import Settings
from feed.sim.clients import ClientMarket, unheard
from feed.sim.simulation import Simulation

_STEP: Final = 1024  # events that are computed at a time; between two steps the history may keep a mark
_PARTS: Final = ("run", "market_state", "projections", "services", "faults", "origins", "decided")


class Differs(FeedError):
    """
    What was computed here is not what the log has.

    Attributes:
        seq: Sequence number of the first event that differs.
        here: As it was computed; None where nothing more comes here.
        there: As the log has it; None where it has less.
    """

    def __init__(self, seq: int, here: Row | None, there: Row | None) -> None:
        self.seq = seq
        self.here = here
        self.there = there
        super().__init__(f"the market computed here differs from the log at event {seq}")


@attrs.define(kw_only=True)
class WholeMarket:
    """
    A market as it stands after a block of its log, with all that a server must know to go on with it.

    Attributes:
        run: The market itself; its opening was published.
        stream: What its events have said.
        services: What is known beside; webhooks are left out, they have secrets.
        faults: How far those of the scenario have come.
        place: Of the last block that is in it.
        market_time: After that one, nanoseconds since the Unix epoch.
        stood: For how long market time had stood still, nanoseconds of the clock; 0 where it ran.
        origins: Of the requests that wait in the market for their place, in their order.
        decided: Requests of edges that must not act again.
    """

    run: Simulation
    stream: StreamState
    services: ServiceState
    faults: FaultProgress
    place: Place
    market_time: int
    stood: int = 0
    origins: deque[Origin | None] = attrs.field(factory=deque)
    decided: Decided = attrs.field(factory=Decided)

    @property
    def position(self) -> StreamPosition:
        """Of the last event."""
        return self.stream.history.position


def write_market(market: WholeMarket, *, engine: str, wall: int) -> Snapshot:
    """
    A market as bytes: a snapshot with the market itself in it.

    Args:
        market: It.
        engine: Whose state it is, see :func:`feed.checkpoint.engine.engine_digest`.
        wall: The machine's clock, nanoseconds since the Unix epoch.
    Raises:
        MarketError: The state of an agent cannot be kept.
    """
    position, stream = market.position, market.stream
    header = CheckpointHeader(
        engine=engine,
        seq=position.seq,
        proof=position.proof,
        market_time=market.market_time,
        record=0,
        wall=wall,
    )
    values = (
        market.run,
        stream.market_state,
        stream.projections,
        market.services,
        market.faults,
        market.origins,
        market.decided,
    )
    with _nobody_listens(market.run):
        state = write_checkpoint(header, dict(zip(_PARTS, values, strict=True)))
    return Snapshot(
        place=market.place,
        position=position,
        stood=market.stood,
        state=state,
        history=write_history(stream.history.spans(), position, engine=engine),
    )


def read_market(snapshot: Snapshot, header: LogHeader, *, engine: str) -> WholeMarket:
    """
    What :func:`write_market` has written.

    Args:
        snapshot: From there.
        header: Of the log.
        engine: Whose state it must be.
    Raises:
        FeedError: Of another engine, or damaged.
    """
    found, roots = read_checkpoint(snapshot.state, engine=engine)
    if (found.seq, found.proof) != (snapshot.position.seq, snapshot.position.proof):
        raise FeedError(f"a market says position {snapshot.position.text}, and stands at event {found.seq}")
    run, market_state, projections, services, faults, origins, decided = (roots[name] for name in _PARTS)
    history = empty_history(header.listing, header.applied_to(Settings()))
    history.restore(read_history(snapshot.history, engine=engine, last=snapshot.position), market_state)
    return WholeMarket(
        run=run,
        stream=StreamState(history=history, market_state=market_state, projections=projections),
        services=services,
        faults=faults,
        place=snapshot.place,
        market_time=found.market_time,
        stood=snapshot.stood,
        origins=origins,
        decided=decided,
    )


class Computed:
    """
    Computes a market along.

    Args:
        market: Where it begins; it is carried on, and changed by nothing else meanwhile.
        publish: Tells the market's stream the next events; None carries it on where nobody publishes it.
    Attributes:
        market: The same.
        last: The last block that was taken in; None before the first.
    """

    def __init__(self, market: WholeMarket, publish: Callable[[list[Row]], object] | None = None) -> None:
        self.market: Final = market
        self._publish = publish
        self.last: Block | None = None
        self._coming: list[Origin | None] | None = None  # of the requests of the next entry
        self._stands_at = market.stream.market_state.now
        if isinstance(market.run, ClientMarket):
            market.run.acted = self._acted

    @property
    def position(self) -> StreamPosition:
        """Of the last event."""
        return self.market.position

    @property
    def place(self) -> Place:
        """Of the last block."""
        return self.market.place

    def take(self, place: Place, block: Block) -> None:
        """
        Take the next block in, and compute its events; one that is known already is passed over.

        Args:
            place: Of the block.
            block: It.
        Raises:
            Differs: Its events are not those that come out here. Nothing can be done with this any more.
            FeedError: It does not follow, see :func:`feed.cluster.block.rows_of`.
        """
        market = self.market
        if place <= market.place:
            return
        rows = rows_of(block, market.position)
        known = block.events > 0 and block.before < market.position.seq
        if not known:  # else it is one that was written again, and its inputs are here
            for entry in decode(block.entries) if block.entries else ():
                self._enter(entry)
            market.decided.note((one.edge, one.number) for one in block.outcomes)
            self._stand(block.stood)
        self._compute(rows, block.market_time)
        market.place, market.market_time, self.last = place, block.market_time, block

    def _enter(self, entry: LogEntry) -> None:
        market = self.market
        if entry.kind == ORIGINS:
            self._coming = origins_of(entry)
            market.decided.note(one for one in self._coming if one is not None)
        elif entry.kind == REQUESTS:
            requests = requests_of(entry)
            market.origins.extend(self._coming or [None] * len(requests))
            self._coming = None
            if isinstance(market.run, ClientMarket):
                market.run.take_entries(JournalEntry(at=entry.at, request=one) for one in requests)
        else:
            market.services.apply(entry)

    def _stand(self, stood: int) -> None:
        market = self.market
        if self._stands_at != market.stream.market_state.now:
            self._stands_at, market.stood = market.stream.market_state.now, 0
        market.stood += stood

    def _compute(self, rows: list[Row], until: int) -> None:
        market, done = self.market, 0
        while done < len(rows):
            found = market.run.advance(until, min(len(rows) - done, _STEP))
            there = rows[done : done + len(found)]
            if not found or found != there:
                raise _difference(market.position.seq, found, rows[done:])
            seq = market.position.seq
            market.faults.published(seq, market.stream.market_state.now, found)
            if self._publish is None:
                carry_on(market.stream, market.services, found)
            else:
                market.services.published(seq, found)
                self._publish(found)
            done += len(found)

    def _acted(self, entry: JournalEntry, rows: list[Row], end: int) -> None:
        """What became of it is told by who has the market."""
        del entry, rows, end
        if self.market.origins:
            self.market.origins.popleft()


def _difference(seq: int, here: list[Row], there: list[Row]) -> Differs:
    """The first event that differs of those after ``seq``."""
    for one, other in zip(here, there, strict=False):
        seq += 1
        if one != other:
            return Differs(seq, one, other)
    more = len(here) > len(there)
    return Differs(seq + 1, here[len(there)] if more else None, None if more else there[len(here)])


@contextmanager
def _nobody_listens(run: Simulation) -> Iterator[None]:
    """While a market is written down nobody listens to it: who does is no part of it."""
    if not isinstance(run, ClientMarket):
        yield
        return
    acted, run.acted = run.acted, unheard
    try:
        yield
    finally:
        run.acted = acted
