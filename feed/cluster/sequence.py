"""How the next block of a log is made: what was changed since the last one, and then the events of a step."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import Final

from feed.cluster.block import REFUSED, Block, Outcome
from feed.durability.entries import REQUESTS, LogEntry, encode
from feed.model.events import Row
from feed.model.stream_position import StreamPosition
from feed.server.durable import kinds
from feed.sim.run_status import RunState
from feed.stream.chain import Links, chained, joined

EDGE_KINDS: Final = frozenset(
    {
        kinds.STREAM_KEY,
        kinds.STREAM_KEY_END,
        kinds.ALERT,
        kinds.ALERT_END,
        kinds.ALERTS_END,
        kinds.FAULT,
        kinds.FAULTS_END,
    }
)
"""Kinds of entries that decide what an edge tells its clients."""

LOGGED_KINDS: Final = EDGE_KINDS | {kinds.ORIGINS, REQUESTS, kinds.NONCE, kinds.KEYS, kinds.PACE}
"""Likewise, and what else a server must know that goes on with the market. No webhooks: they have secrets."""


class BlockBuilder:
    """
    Makes the blocks of a log, one after another.

    Args:
        position: Of the event before the first block.
        kinds: Of entries that are told.
    """

    def __init__(self, position: StreamPosition, kinds: Collection[str] = EDGE_KINDS) -> None:
        self._position = position
        self._kinds = kinds
        self._entries: list[LogEntry] = []
        self._hurries = False
        self._refused: list[Outcome] = []
        self._outcomes: deque[Outcome] = deque()  # of requests that have acted, in that order

    @property
    def pending(self) -> bool:
        """Whether there is something to tell that need not wait for events."""
        acted = bool(self._outcomes) and self._outcomes[0].seq <= self._position.seq
        return acted or self._hurries or bool(self._refused)

    def record(self, entry: LogEntry, *, hurry: bool = True) -> bool:
        """
        Let a change stand in front of the next events; requests under way bound how many there are.

        Args:
            entry: It.
            hurry: Whether it need not wait for them.
        Returns:
            Whether it is told.
        """
        told = entry.kind in self._kinds
        if told:
            self._entries.append(entry)
            self._hurries = self._hurries or hurry
        return told

    def hurry(self) -> None:
        """Let what was told not wait for events."""
        self._hurries = bool(self._entries)

    def outcome(self, outcome: Outcome) -> None:
        """
        Tell what became of a request, in the block that has its events.

        Args:
            outcome: Of one that has acted: in the order in which they did. There are as many that wait as
                batches on their way have events at most.
        """
        (self._refused if outcome.events == REFUSED else self._outcomes).append(outcome)

    def build(
        self,
        rows: Sequence[Row],
        links: Links | None = None,
        *,
        made: float,
        stood: int,
        market_time: int,
        phase: RunState,
        takes_orders: bool,
        ended: bool = False,
        read: str = "",
    ) -> Block:
        """
        The next block: all changes until now, these events after them, and what is known of requests.

        Args:
            rows: The events of one step; none for changes alone.
            links: Of them, where they were chained before.
            made: See :class:`feed.cluster.block.Block`, likewise the rest.
            stood: See there.
            market_time: See there.
            phase: See there.
            takes_orders: See there.
            ended: See there.
            read: See there.
        """
        before, proof = self._position, self._position.proof
        parts, proofs = links or chained(rows, proof)
        entries, self._entries = self._entries, []
        self._hurries = False
        self._position = StreamPosition(before.seq + len(rows), proofs[-1] if proofs else proof)
        outcomes, self._refused = self._refused, []
        while self._outcomes and self._outcomes[0].seq <= self._position.seq:
            outcomes.append(self._outcomes.popleft())
        return Block(
            before=before.seq,
            before_proof=before.proof,
            events=len(rows),
            proof=self._position.proof,
            rows=joined(parts) if parts else b"",
            entries=encode(entries) if entries else b"",
            outcomes=tuple(outcomes),
            stood=stood,
            made=made,
            market_time=market_time,
            phase=phase.value,
            takes_orders=takes_orders,
            ended=ended,
            read=read,
        )
