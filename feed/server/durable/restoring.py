"""From a data folder back to the market: the newest checkpoint that is good, and the history beside it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import attrs
import structlog

from feed.checkpoint.container import CheckpointHeader, read_checkpoint, read_header
from feed.durability.data_folder import (
    DataFolder,
    checkpoint_name,
    checkpoint_seqs,
    history_name,
    history_spans,
    read_manifest,
)
from feed.durability.disk import Disk
from feed.errors import FeedError
from feed.model.durations import NS_PER_SECOND
from feed.model.stream_position import StreamPosition
from feed.server.durable.history_files import read_history
from feed.server.durable.service_state import ServiceState
from feed.server.run_spec import RunSpec
from feed.server.stream_state import StreamState, before_the_first_event, empty_history
from feed.settings import Settings
from feed.sim.clients import open_to_accounts
from feed.sim.simulation import Simulation
from feed.stream.spans import Span

log = structlog.get_logger("feed.restore")


@attrs.frozen(kw_only=True)
class Restored:
    """
    A market as it stood, and all that a server knows of its events.

    Attributes:
        run: The market, in which accounts can trade.
        opened: Whether its opening rows were published; if not, it is at its beginning.
        record: Number of the last record of the log that it knows; requests may wait in it for their place.
        services: What the records up to that one say of other things than the market.
        stream: What the events up to now have said.
    """

    run: Simulation
    opened: bool
    record: int
    services: ServiceState
    stream: StreamState

    @property
    def position(self) -> StreamPosition:
        """Where the stream stands."""
        return self.stream.history.position


def restore(folder: DataFolder, program: RunSpec, settings: Settings) -> Restored:
    """
    Where the market of a folder stood last, as far as checkpoints say; else its beginning.

    Checkpoints of inputs that the log does not have any more, because a power cut has taken them, are
    removed: these inputs have not acted.

    Args:
        folder: Open.
        program: The market, not used yet.
        settings: How much history is kept, and what accounts begin with.
    Raises:
        OSError: The folder cannot be read.
    """
    disk, last = folder.disk, folder.log.last
    for seq in checkpoint_seqs(disk.names()):
        name = checkpoint_name(seq)
        with suppress(OSError, FeedError):
            if read_header(disk.read(name)).record > last:
                log.warning("a checkpoint of inputs that were lost is removed", file=disk.where(name))
                disk.remove(name)
    return restored_from(disk, program, settings, engine=folder.engine, last_record=last)


def restored_from(
    disk: Disk, program: RunSpec, settings: Settings, *, engine: str, last_record: int, history: bool = True
) -> Restored:
    """
    As :func:`restore`; nothing is changed in the folder.

    Args:
        disk: The folder.
        program: The market, not used yet.
        settings: As there.
        engine: What computes the market.
        last_record: Number of the last record of the log; checkpoints with later ones are passed over.
        history: Whether the events before the checkpoint are wanted too.
    """
    for seq in checkpoint_seqs(disk.names()):
        name = checkpoint_name(seq)
        try:
            header, roots = _read(disk, name, engine=engine, last_record=last_record)
        except (OSError, FeedError) as problem:
            log.warning("a checkpoint is passed over", file=disk.where(name), reason=str(problem))
            continue
        return _restored(disk, header, roots, settings, engine=engine, history=history)
    run = open_to_accounts(program.run, settings.trading)
    stream = before_the_first_event(run.listing, settings, trading=True)
    return Restored(run=run, opened=False, record=0, services=ServiceState(), stream=stream)


def _read(disk: Disk, name: str, *, engine: str, last_record: int) -> tuple[CheckpointHeader, dict[str, Any]]:
    data = disk.read(name)
    header = read_header(data)
    if header.record > last_record:
        raise FeedError(f"has record {header.record}, and the log ends at {last_record}")
    header, roots = read_checkpoint(data, engine=engine)
    manifest = read_manifest(disk)
    if manifest is None or roots["history"] != manifest.history:
        # Of a process that has outlived its server, and then the history in the folder.
        raise FeedError("is of another history")
    return header, roots


def _restored(
    disk: Disk,
    header: CheckpointHeader,
    roots: dict[str, Any],
    settings: Settings,
    *,
    engine: str,
    history: bool,
) -> Restored:
    run, market_state = roots["run"], roots["market_state"]
    kept = empty_history(run.listing, settings)
    spans: list[Span] = []
    if history:
        since = market_state.now - round(settings.flow.history_seconds * NS_PER_SECOND)
        spans = _history(disk, market_state.position, since=since, settings=settings, engine=engine)
    kept.restore(spans, market_state)
    return Restored(
        run=run,
        opened=True,
        record=header.record,
        services=roots["services"],
        stream=StreamState(history=kept, market_state=market_state, projections=roots["projections"]),
    )


def _history(disk: Disk, last: StreamPosition, *, since: int, settings: Settings, engine: str) -> list[Span]:
    """The events up to ``last``, oldest first, as far as files have them without a gap."""
    found: list[Span] = []
    size = 0
    for before, end in history_spans(disk.names()):
        if end != last.seq:
            continue
        name = history_name(before, end)
        try:
            spans = read_history(disk.read(name), engine=engine, last=last)
        except (OSError, FeedError) as problem:
            log.warning("a part of history is passed over", file=disk.where(name), reason=str(problem))
            continue
        found[:0] = spans
        mark = spans[0].mark
        last = StreamPosition(mark.seq, mark.proof)
        size += sum(len(block.data) for span in spans for block in span.blocks)
        if mark.now <= since or size > settings.flow.history_bytes:
            break
    return found
