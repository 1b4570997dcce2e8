"""A term of a log in Redis: how a server comes to append, and with what."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from feed.cluster.block import Block, Place
from feed.cluster.log_header import LogHeader
from feed.cluster.origins import Decided
from feed.cluster.redis.log import RedisLog
from feed.model.stream_position import StreamPosition
from feed.sim.run_status import RunState


@attrs.frozen(kw_only=True)
class Term:
    """
    What a server has taken that may append.

    Attributes:
        number: Larger than that of all blocks that are there.
        owner: Who it is, for the lease.
        after: Place and position of the newest block that was there; None for a log without blocks.
    """

    number: int
    owner: str
    after: tuple[Place, StreamPosition] | None


@attrs.frozen(kw_only=True)
class Start:
    """
    How a sequencer comes to a log that is there.

    Attributes:
        folder: The data folder that its market was restored from; None for none.
        led: The last term in which that market led this log; None for none.
        new_history: Whether the log may be replaced by that of another market.
        leads: Called with a term before its first block is appended.
    """

    folder: str | None = None
    led: int | None = None
    new_history: bool = False
    leads: Callable[[int], object] = lambda _: None


@attrs.frozen(kw_only=True)
class TakenOver:
    """
    A log that this server goes on with, in a term that is open.

    Attributes:
        log: Appends to it.
        header: What holds for it.
        packed_header: The same, as it stands in Redis: who follows would begin anew otherwise.
        read: Up to where requests of edges are decided.
        decided: Those of the rest that are decided all the same.
    """

    log: RedisLog
    header: LogHeader
    packed_header: bytes
    read: str
    decided: Decided


def opening_block(position: StreamPosition, market_time: int, made: float) -> Block:
    """
    The block with which a term begins: it has no events.

    Args:
        position: Where the stream stands.
        market_time: Nanoseconds since the Unix epoch.
        made: Seconds since then.
    """
    return Block(
        before=position.seq,
        before_proof=position.proof,
        events=0,
        proof=position.proof,
        rows=b"",
        entries=b"",
        outcomes=(),
        stood=0,
        made=made,
        market_time=market_time,
        phase=RunState.RUNNING.value,
        takes_orders=False,
        ended=False,
    )
