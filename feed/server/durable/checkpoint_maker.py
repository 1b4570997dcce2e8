"""Computes along with a server from its data folder, and writes checkpoints into it. Blocking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from feed.durability.data_folder import read_manifest, read_records
from feed.durability.disk import Disk
from feed.errors import FeedError
from feed.model.durations import NS_PER_SECOND
from feed.model.stream_position import StreamPosition
from feed.server.durable.checkpoint_files import write_files
from feed.server.durable.follower import Follower
from feed.server.durable.published import Published
from feed.server.durable.restoring import restored_from
from feed.server.run_spec import RunSpec
from feed.settings import Settings

# To make a checkpoint takes no more than this part of the time, however fast market time passes.
_SHARE: Final = 10
# Between two of these it is asked whether the server still wants to know.
_EVENTS: Final = 8192


@attrs.frozen(kw_only=True)
class Progress:
    """
    What has come of a report.

    Attributes:
        seq: Where the market stands here, as was proved.
        checkpoint: Sequence number of the checkpoint that was written; 0 for none.
        bytes: What its two files take.
        seconds: How long it took to make and write it.
        trouble: Why none was written that was due; empty where none was.
    """

    seq: int
    checkpoint: int = 0
    bytes: int = 0
    seconds: float = 0.0
    trouble: str = ""


class CheckpointMaker:
    """
    Makes the checkpoints of one server.

    Args:
        disk: The data folder; its log is only read.
        program: Gives its market, at the beginning.
        settings: When checkpoints are made, and how much history is kept.
        engine: What computes the market.
        clock: A monotonic clock, seconds.
        wall: The machine's clock, nanoseconds since the Unix epoch.
    """

    def __init__(
        self,
        disk: Disk,
        program: Callable[[], RunSpec],
        settings: Settings,
        *,
        engine: str,
        clock: Callable[[], float],
        wall: Callable[[], int],
    ) -> None:
        self._disk = disk
        self._program = program
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._wall = wall
        self._every = round(settings.durability.checkpoint_seconds * NS_PER_SECOND)
        self._follower: Follower | None = None
        self._made_at = 0  # market time of the last checkpoint
        self._rests_until = clock()

    def follow(self, published: Published, *, wanted: Callable[[], bool] = lambda: True) -> Progress:
        """
        Compute up to where the server stands, compare, and write a checkpoint if one is due.

        Args:
            published: Where it stands.
            wanted: Asked now and then whether to go on.
        Raises:
            Diverged: What was computed is not what was published.
            FeedError: The log cannot be followed.
            OSError: It cannot be read.
        """
        follower = self._follower = self._follower or self._begun(published)
        for number, entry in read_records(self._disk, follower.record, published.record):
            follower.take(number, entry)
        while not follower.advance(published.market_time, published.seq, events=_EVENTS):
            if not wanted():
                return Progress(seq=follower.position.seq)
        follower.check(StreamPosition(published.seq, published.proof))
        position = follower.position
        if position.seq != published.seq or not self._is_due(published.market_time):
            return Progress(seq=position.seq)
        began = self._clock()
        self._made_at = published.market_time
        try:
            checkpoint = follower.checkpoint(wall=self._wall())
            if not wanted():
                return Progress(seq=position.seq)
            write_files(self._disk, checkpoint)
        except (FeedError, OSError) as problem:
            return Progress(seq=position.seq, trouble=str(problem))
        finally:
            seconds = self._clock() - began
            self._rests_until = self._clock() + _SHARE * seconds
        follower.written()
        return Progress(seq=position.seq, checkpoint=position.seq, bytes=checkpoint.bytes, seconds=seconds)

    def _begun(self, published: Published) -> Follower:
        restored = restored_from(
            self._disk,
            self._program(),
            self._settings,
            engine=self._engine,
            last_record=published.record,
            history=False,
        )
        manifest = read_manifest(self._disk)
        if manifest is None:
            raise FeedError("the data folder is gone")
        follower = Follower(restored, engine=self._engine, history=manifest.history)
        self._made_at = follower.now
        return follower

    def _is_due(self, market_time: int) -> bool:
        return market_time - self._made_at >= self._every and self._clock() >= self._rests_until
