"""What an edge begins with: all that a server knows of a market's events and beside them, after one block."""

from __future__ import annotations

import attrs

from feed.checkpoint.container import CheckpointHeader, read_checkpoint, write_checkpoint
from feed.cluster.block import Place
from feed.cluster.log_header import LogHeader
from feed.errors import FeedError
from feed.faults.progress import FaultProgress
from feed.model.stream_position import StreamPosition
from feed.server.durable.history_files import read_history, write_history
from feed.server.durable.service_state import ServiceState
from feed.server.stream_state import StreamState, empty_history
from feed.settings import Settings


@attrs.frozen(kw_only=True)
class Snapshot:
    """
    Where a market stands, as bytes.

    Attributes:
        place: Of the last block that is in it.
        position: Of the last event that is in it.
        stood: For how long market time had stood still there, nanoseconds of the clock; 0 where it ran.
        state: A checkpoint without the market itself.
        history: The last events, as a history file.
    """

    place: Place
    position: StreamPosition
    stood: int
    state: bytes
    history: bytes

    @property
    def bytes(self) -> int:
        """What it takes."""
        return len(self.state) + len(self.history)


def write_snapshot(
    stream: StreamState,
    services: ServiceState,
    faults: FaultProgress,
    *,
    place: Place,
    stood: int,
    market_time: int,
    engine: str,
    wall: int,
) -> Snapshot:
    """
    A snapshot.

    Args:
        stream: What the events up to there have said.
        services: What is known beside. Left out are webhooks, which have secrets, and what no edge looks at:
            nonces, names of keys, the pace.
        faults: How far those of the scenario have come.
        place: See :class:`Snapshot`.
        stood: See there.
        market_time: Nanoseconds since the Unix epoch.
        engine: Whose state it is, see :func:`feed.checkpoint.engine.engine_digest`.
        wall: The machine's clock, nanoseconds since the Unix epoch.
    """
    position = stream.history.position
    header = CheckpointHeader(
        engine=engine, seq=position.seq, proof=position.proof, market_time=market_time, record=0, wall=wall
    )
    told = ServiceState(stream_keys=services.stream_keys, alerts=services.alerts, faults=services.faults)
    roots = {
        "market_state": stream.market_state,
        "projections": stream.projections,
        "services": told,
        "faults": faults,
    }
    return Snapshot(
        place=place,
        position=position,
        stood=stood,
        state=write_checkpoint(header, roots),
        history=write_history(stream.history.spans(), position, engine=engine),
    )


def read_snapshot(
    snapshot: Snapshot, header: LogHeader, *, engine: str
) -> tuple[StreamState, ServiceState, FaultProgress]:
    """
    What a snapshot was made of.

    Args:
        snapshot: From :func:`write_snapshot`.
        header: Of the log.
        engine: Whose state it must be.
    Raises:
        FeedError: Of another engine, of another market, or damaged.
    """
    found, roots = read_checkpoint(snapshot.state, engine=engine)
    if (found.seq, found.proof) != (snapshot.position.seq, snapshot.position.proof):
        raise FeedError(f"a snapshot says position {snapshot.position.text}, and holds event {found.seq}")
    history = empty_history(header.listing, header.applied_to(Settings()))
    spans = read_history(snapshot.history, engine=engine, last=snapshot.position)
    history.restore(spans, roots["market_state"])
    stream = StreamState(
        history=history, market_state=roots["market_state"], projections=roots["projections"]
    )
    return stream, roots["services"], roots["faults"]
