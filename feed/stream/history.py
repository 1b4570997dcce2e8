"""
Recent events, kept for clients that resume, with copies of the market's state in between.

Events are kept packed, in blocks: a quarter of an hour of a busy market is some tens of megabytes.
Between the blocks stand *marks*, copies of the market's state: its state at any event is computed from
the mark before it. Marks are close together near the present, where nearly all clients resume, and
further apart the older they are. History is always discarded up to a mark.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Final

import attrs

from feed.model.durations import NS_PER_SECOND
from feed.model.events import Row
from feed.model.stream_position import Ahead, OtherHistory, StreamPosition, TooOld
from feed.state.market_state import MarketState
from feed.stream.chain import Links, chained, joined, unpacked
from feed.stream.spans import Block, Mark, Span, copied

BLOCK_EVENTS: Final = 512
MARK_EVENTS: Final = 4096

# What one row takes in memory while it is not packed, measured on CPython: tuple, numbers, packed form.
_OPEN_ROW_BYTES: Final = 400
# Of a mark: of each instrument, and of each resting order or price level.
_INSTRUMENT_BYTES: Final = 1500
_ENTRY_BYTES: Final = 160
# A mark is made after so many events for each entry, as a copy costs about as much as an event an entry.
_EVENTS_PER_ENTRY: Final = 2
# Two marks stand no further apart than this part of their age ...
_SPREAD: Final = 8
# ... and all marks together take no more than this part of the bound.
_MARKS_PART: Final = 4
_DECODED_BLOCKS: Final = 32  # unpacked last, for several who read the same


@attrs.define(eq=False)
class _Segment:
    """A mark, and the blocks from there to the next mark."""

    mark: Mark
    blocks: list[Block]
    bytes: int = 0  # of the blocks


class History:
    """
    The last events, bounded in market time and in bytes; what is older is forgotten.

    Attributes:
        instruments: How many the market lists.
        seq: Sequence number of the newest event; 0 before the first.
        proof: Of everything up to it, see :mod:`feed.model.stream_position`.
        bytes: What is kept takes in memory, roughly.
    """

    def __init__(
        self,
        *,
        instruments: int,
        seconds: float,
        size: int,
        proof: int = 0,
        block_events: int = BLOCK_EVENTS,
        mark_events: int = MARK_EVENTS,
    ) -> None:
        """
        Begin with nothing.

        Args:
            instruments: How many the market lists.
            seconds: Market time that is kept at least, where ``size`` allows.
            size: Bound on what is kept, bytes.
            proof: Of position 0.
            block_events: Events packed into one block.
            mark_events: Events from one mark to the next near the present, at least.
        """
        self.instruments = instruments
        self.seq = 0
        self.proof = proof
        self.bytes = 0
        self._nanoseconds = round(seconds * NS_PER_SECOND)
        self._size = size
        self._block_events = block_events
        self._mark_events = self._fewest = mark_events
        self._segments: deque[_Segment] = deque((_Segment(copied(MarketState(instruments, proof), 0), []),))
        self._rows: list[Row] = []  # the open block: its events ...
        self._parts: list[bytes] = []  # ... packed ...
        self._proofs: list[int] = []  # ... their proofs ...
        self._before = StreamPosition(0, proof)  # ... and what came before
        self._decoded: dict[int, tuple[list[Row], list[int]]] = {}  # of blocks, by the event before

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest event kept; ``seq + 1`` when none is."""
        return self._segments[0].mark.seq + 1

    @property
    def position(self) -> StreamPosition:
        """That of the newest event."""
        return StreamPosition(self.seq, self.proof)

    def append(self, rows: Sequence[Row], links: Links | None = None) -> list[int]:
        """
        Add the next events.

        Args:
            rows: These.
            links: Of them, where they were chained before, from :attr:`proof` on.
        Returns:
            The proof at each.
        """
        parts, proofs = links or chained(rows, self.proof)
        if not proofs:
            return proofs
        self.seq += len(rows)
        self.proof = proofs[-1]
        self._rows += rows
        self._parts += parts
        self._proofs += proofs
        self.bytes += _OPEN_ROW_BYTES * len(rows)
        while len(self._rows) >= self._block_events:
            self._close_block()
        return proofs

    def mark(self, market_state: MarketState) -> None:
        """
        Keep a copy of where the market stands, now and then, and forget what is too old.

        Args:
            market_state: Where it stands after the newest event.
        """
        since = self.seq - self._segments[-1].mark.seq
        if since >= self._mark_events or (since and self.bytes > self._size):
            self._begin_segment(market_state)
            self._spread_marks()
        end = market_state.now - self._nanoseconds
        while len(self._segments) > 1 and (self.bytes > self._size or self._segments[1].mark.now <= end):
            self._forget()

    def marked(self, market_state: MarketState) -> Mark:
        """
        A mark that is not kept here.

        Args:
            market_state: Where the market stands after the newest event.
        """
        mark = market_state.copy(range(self.instruments))
        entries = mark.entries
        self._mark_events = max(self._fewest, _EVENTS_PER_ENTRY * entries)
        return copied(mark, self.instruments * _INSTRUMENT_BYTES + entries * _ENTRY_BYTES)

    def check(self, position: StreamPosition) -> None:
        """
        Whether somebody who is at ``position`` can go on here: whether it has seen this very history.

        Raises:
            TooOld: What follows it is no longer kept.
            Ahead: It has not been reached.
            OtherHistory: What led up to it was something else.
        """
        self.reach(position.seq)
        if position.proof != self._proof_at(position.seq):
            raise OtherHistory(position)

    def reach(self, seq: int) -> None:
        """
        Whether everything after ``seq`` is kept.

        Raises:
            TooOld: Some of it is not.
            Ahead: It has not been reached.
        """
        if seq + 1 < self.oldest:
            raise TooOld(self.oldest)
        if seq > self.seq:
            raise Ahead(self.seq)

    def after(self, seq: int) -> tuple[list[Row], list[int]]:
        """
        The events right after ``seq``, as many as stand in one block, and the proof at each.

        Raises:
            TooOld: The next one is no longer kept.
            Ahead: ``seq`` has not been reached.
        """
        self.reach(seq)
        first = self._before.seq
        rows, proofs = self._rows, self._proofs
        if seq < first and (block := self._block(seq)):
            first = block.before
            rows, proofs = self._read(block)
        return rows[seq - first :], proofs[seq - first :]

    def seek(self, ts: int) -> int:
        """
        Where to begin to read for all events from a market time on: the number of the event before.

        Args:
            ts: Nanoseconds since the Unix epoch. Fewer events than are in one block may be earlier.
        """
        for segment in reversed(self._segments):
            if segment.mark.now < ts:
                at = bisect_left(segment.blocks, ts, key=attrgetter("ts"))
                return segment.blocks[at - 1].before if at else segment.mark.seq
        return self.oldest - 1

    def before(self, seq: int) -> MarketState:
        """
        Where the market stood at the last mark that is not after ``seq``; not to be changed.

        Raises:
            TooOld: There is none.
            Ahead: ``seq`` has not been reached.
        """
        self.reach(seq)
        return self._mark(seq).market_state()

    def spans(self) -> tuple[Span, ...]:
        """All that is kept, oldest first."""
        if self._rows:
            self._close_block()
        return tuple(Span(segment.mark, tuple(segment.blocks)) for segment in self._segments)

    def restore(self, spans: Sequence[Span], market_state: MarketState) -> None:
        """
        Begin with events that others have seen, instead of with none.

        Args:
            spans: What they saw last, oldest first and without gaps; may be none.
            market_state: Where the market stood after the last of them.
        """
        self._segments = deque(
            _Segment(span.mark, list(span.blocks), sum(block.kept_bytes for block in span.blocks))
            for span in spans
        )
        self._segments.append(_Segment(self.marked(market_state), []))
        self._before = market_state.position
        self.seq, self.proof = self._before.seq, self._before.proof
        self.bytes = sum(segment.bytes + segment.mark.bytes for segment in self._segments)
        self._rows, self._parts, self._proofs = [], [], []
        self._decoded.clear()
        self._spread_marks()

    # -- inside ------------------------------------------------------------------------------------

    def _proof_at(self, seq: int) -> int:
        if seq == self.seq:
            return self.proof
        mark = self._mark(seq)
        if mark.seq == seq:
            return mark.proof
        _, proofs = self.after(seq - 1)
        return proofs[0]

    def _mark(self, seq: int) -> Mark:
        """The last mark that is not after ``seq``, which is kept."""
        return next(item.mark for item in reversed(self._segments) if item.mark.seq <= seq)

    def _block(self, seq: int) -> Block | None:
        """The closed block that has the event after ``seq``."""
        for segment in reversed(self._segments):
            if segment.mark.seq <= seq:
                at = bisect_right(segment.blocks, seq, key=attrgetter("before"))
                return segment.blocks[at - 1] if at else None
        return None

    def _read(self, block: Block) -> tuple[list[Row], list[int]]:
        found = self._decoded.pop(block.before, None)
        if found is None:
            rows = unpacked(block.data)
            found = rows, chained(rows, block.proof)[1]
            if len(self._decoded) >= _DECODED_BLOCKS:
                del self._decoded[next(iter(self._decoded))]
        self._decoded[block.before] = found
        return found

    def _close_block(self) -> None:
        """Pack the first events of the open block, a whole block if there are so many."""
        count = min(self._block_events, len(self._rows))
        before = self._before
        block = Block(before.seq, before.proof, self._rows[0][2], joined(self._parts[:count]))
        self._before = StreamPosition(before.seq + count, self._proofs[count - 1])
        del self._rows[:count], self._parts[:count], self._proofs[:count]
        size = block.kept_bytes
        self._segments[-1].blocks.append(block)
        self._segments[-1].bytes += size
        self.bytes += size - _OPEN_ROW_BYTES * count

    def _begin_segment(self, market_state: MarketState) -> None:
        if self._rows:
            self._close_block()
        mark = self.marked(market_state)
        self._segments.append(_Segment(mark, []))
        self.bytes += mark.bytes

    def _spread_marks(self) -> None:
        """Forget marks that stand close to others: the older they are, the further apart."""
        apart = self._mark_events
        while True:
            kept: deque[_Segment] = deque()
            for segment, after in zip(self._segments, chain(list(self._segments)[1:], (None,)), strict=True):
                if kept and after is not None:
                    gap = after.mark.seq - kept[-1].mark.seq
                    if gap <= max(apart, (self.seq - after.mark.seq) // _SPREAD):
                        kept[-1].blocks += segment.blocks
                        kept[-1].bytes += segment.bytes
                        self.bytes -= segment.mark.bytes
                        continue
                kept.append(segment)
            self._segments = kept
            marks = sum(segment.mark.bytes for segment in kept)
            if len(kept) <= 2 or marks <= self._size // _MARKS_PART:
                return
            apart *= 2

    def _forget(self) -> None:
        segment = self._segments.popleft()
        self.bytes -= segment.bytes + segment.mark.bytes
