"""The two files of a checkpoint: where a market stands, and the events since the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import attrs

from feed.checkpoint.container import CheckpointHeader, write_checkpoint
from feed.durability.data_folder import checkpoint_name, history_name
from feed.durability.disk import Disk
from feed.server.durable.history_files import write_history
from feed.server.durable.restoring import Restored
from feed.stream.spans import Span


@attrs.frozen(kw_only=True)
class Checkpoint:
    """
    A checkpoint, and the events since the one before it.

    Attributes:
        header: Where it stands.
        name: Of the checkpoint's file.
        data: Its content.
        history_name: Of the history file; empty where nothing happened.
        history: Its content.
    """

    header: CheckpointHeader
    name: str
    data: bytes
    history_name: str
    history: bytes

    @property
    def bytes(self) -> int:
        """What the two files take."""
        return len(self.data) + len(self.history)


def checkpoint_of(
    state: Restored, spans: Sequence[Span], *, engine: str, history: bytes, wall: int
) -> Checkpoint:
    """
    A checkpoint of a market as it stands.

    Args:
        state: The market, between two events.
        spans: The events since the checkpoint before, up to there.
        engine: What computes it, as checkpoints name it.
        history: What tells the log of its folder from another's, 16 bytes.
        wall: The machine's clock, nanoseconds since the Unix epoch.
    Raises:
        MarketError: The state of an agent cannot be kept.
    """
    stream, position = state.stream, state.position
    header = CheckpointHeader(
        engine=engine,
        seq=position.seq,
        proof=position.proof,
        market_time=state.run.now,
        record=state.record,
        wall=wall,
    )
    data = write_checkpoint(
        header,
        {
            "run": state.run,
            "market_state": stream.market_state,
            "projections": stream.projections,
            "services": state.services,
            "history": history,
        },
    )
    before = spans[0].mark.seq if spans else position.seq
    happened = before < position.seq
    return Checkpoint(
        header=header,
        name=checkpoint_name(position.seq),
        data=data,
        history_name=history_name(before, position.seq) if happened else "",
        history=write_history(spans, position, engine=engine) if happened else b"",
    )


def write_files(disk: Disk, checkpoint: Checkpoint) -> None:
    """
    Write both, the history first: a checkpoint without it would let nobody resume.

    Raises:
        OSError: The checkpoint is not there.
    """
    if checkpoint.history_name:
        disk.replace(checkpoint.history_name, checkpoint.history)
    try:
        disk.replace(checkpoint.name, checkpoint.data)
    except OSError:
        if checkpoint.history_name:
            with suppress(OSError):
                disk.remove(checkpoint.history_name)
        raise
