"""Parts of a history: events, packed, and where the market stood before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from feed.state.market_state import MarketState

_OBJECT_BYTES: Final = 250  # of a block, beside the packed rows


@attrs.frozen
class Block:
    """
    Some consecutive events, packed.

    Attributes:
        before: Sequence number of the event before the first.
        proof: Of everything up to that one.
        ts: Market time of the first, nanoseconds.
        data: See :mod:`feed.stream.chain`.
    """

    before: int
    proof: int
    ts: int
    data: bytes

    @property
    def kept_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return len(self.data) + _OBJECT_BYTES


@attrs.frozen(kw_only=True, eq=False)
class Mark:
    """
    Where the market stood at one event.

    Attributes:
        seq: Sequence number of the event; 0 before the first.
        proof: Of everything up to it.
        now: Its market time, nanoseconds.
        bytes: What this takes in memory, roughly.
        market_state: Gives the state of the market then, not to be changed.
    """

    seq: int
    proof: int
    now: int
    bytes: int
    market_state: Callable[[], MarketState]


@attrs.frozen
class Span:
    """
    Some consecutive events of a history.

    Attributes:
        mark: Where the market stood before them.
        blocks: The events, oldest first.
    """

    mark: Mark
    blocks: tuple[Block, ...]


def copied(market_state: MarketState, size: int) -> Mark:
    """The mark that a market's state is, which is not carried on any more, and takes ``size`` bytes."""
    return Mark(
        seq=market_state.seq,
        proof=market_state.proof,
        now=market_state.now,
        bytes=size,
        market_state=lambda: market_state,
    )


def spans_after(mark: Mark, spans: Sequence[Span]) -> tuple[Span, ...]:
    """
    What of a history follows a mark.

    Args:
        mark: Where a block ends; it need not be one of the history's.
        spans: The history, oldest first. Where it begins later than the mark, all of it follows.
    """
    following = []
    for span in spans:
        if span.mark.seq >= mark.seq:
            following.append(span)
        elif blocks := tuple(block for block in span.blocks if block.before >= mark.seq):
            following.append(Span(mark, blocks))
    return tuple(following)
