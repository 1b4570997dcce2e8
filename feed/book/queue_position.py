"""
Queue position at a price level: how many lots of a recorded level stand before a point of its queue.

The point is where a client's order rests, or how far an account has taken from the front. Recordings that
name orders (L3) say of each change where in the queue it was. Those of price levels (L2) say only that a
level shrank, and the rule is this:

* Trades at the price consume the front of the queue.
* A decrease of the level within :data:`MATCHED_NS` of a trade there, before it or after it, is that trade's,
  lot for lot: feeds tell of trades and of levels in either order.
* Any other decrease is of cancels, of nobody knows whose orders. It is spread by a :class:`CancelRule`;
  proportionally, unless one asks otherwise: of a level of 10 lots with 6 of them ahead, a cancel of 5 lots
  takes 3 from ahead and 2 from behind.
* An increase joins at the back.

Lots ahead are counted in fractions of a lot, since many small cancels of a long queue would otherwise round
to none.
"""

from __future__ import annotations

import enum
from typing import Final, TypeVar

from feed.model.durations import NS_PER_SECOND

UNIT: Final = 1 << 20
"""Parts of a lot in which lots ahead are counted."""

UNSEEN: Final = (1 << 50) * UNIT
"""More lots than any level has: ahead of an order at a price whose queue the recording has not shown yet."""

MATCHED_NS: Final = NS_PER_SECOND
"""Longest time between a trade and the decrease of its level that tells of the same, nanoseconds."""

# Trades without a decrease yet, and decreases without a trade, that are remembered of one position; past it
# the oldest stays what it was taken for.
_REMEMBERED: Final = 64


class CancelRule(enum.Enum):
    """Whose orders are cancelled first where a price level shrinks and no order is named."""

    PROPORTIONAL = "proportional"  # everybody's, by their share of the level
    BEHIND = "behind"  # those behind: the slowest queue that there can have been
    AHEAD = "ahead"  # those ahead: the fastest


class QueuePosition:
    """
    A point in the queue of one price level.

    Args:
        ahead: Lots before it, in parts of a lot (:data:`UNIT`).
        rule: How cancels of unnamed orders are spread.

    Attributes:
        ahead: As given, kept up to date.
    """

    __slots__ = ("_cancels", "_rule", "_trades", "ahead")

    def __init__(self, ahead: int, rule: CancelRule = CancelRule.PROPORTIONAL) -> None:
        self.ahead = ahead
        self._rule = rule
        # Short lists rather than deques, which take their memory before they hold anything.
        self._trades: list[tuple[int, int]] = []  # time, lots without a decrease
        # Time, lots without a trade, and parts of them that were taken for cancels of orders ahead.
        self._cancels: list[tuple[int, int, int]] = []

    @property
    def lots(self) -> int:
        """Whole lots ahead, rounded up."""
        return -(-self.ahead // UNIT)

    # --- price levels (L2) ---------------------------------------------------------------------------

    def match(self, now: int, lots: int) -> None:
        """
        Take a trade into account that comes, before its lots leave the queue with :meth:`consume`.

        Decreases of the moment before that were taken for cancels were its own.

        Args:
            now: Market time, nanoseconds.
            lots: Lots traded at the price.
        """
        cancels = self._cancels
        while cancels and cancels[0][0] < now - MATCHED_NS:
            del cancels[0]
        while lots and cancels:
            time, shrunk, taken = cancels.pop(0)
            same = min(lots, shrunk)
            back = taken * same // shrunk
            self.ahead += back
            lots -= same
            if same < shrunk:
                cancels.insert(0, (time, shrunk - same, taken - back))
        if lots:
            _remember(self._trades, (now, lots))

    def consume(self, lots: int) -> None:
        """Lots left the front of the queue."""
        self.ahead = max(0, self.ahead - lots * UNIT)

    def resize(self, now: int, before: int, after: int) -> None:
        """
        Take a new size of the level into account.

        Args:
            now: Market time, nanoseconds.
            before: Lots of the level so far.
            after: Lots of it now.
        """
        if after >= before:
            return  # what is new is behind
        lots, trades = before - after, self._trades
        while trades and trades[0][0] < now - MATCHED_NS:
            del trades[0]
        while lots and trades:
            time, traded = trades.pop(0)
            same = min(lots, traded)
            lots -= same
            if same < traded:
                trades.insert(0, (time, traded - same))
        if lots:
            taken = max(self._share(lots, after + lots), self.ahead - after * UNIT)
            self.ahead -= taken
            _remember(self._cancels, (now, lots, taken))
        self.limit(after)

    def _share(self, lots: int, whole: int) -> int:
        if self._rule is CancelRule.PROPORTIONAL:
            return min(self.ahead, self.ahead * lots // whole)
        return min(self.ahead, lots * UNIT) if self._rule is CancelRule.AHEAD else 0

    def limit(self, lots: int) -> None:
        """The whole level is known to have this many lots: no more can be ahead."""
        self.ahead = min(self.ahead, lots * UNIT)

    # --- orders (L3) ---------------------------------------------------------------------------------

    def shrink(self, offset: int, before: int, after: int) -> None:
        """
        An order of the queue became smaller, or left it.

        Args:
            offset: Lots of the orders before that one.
            before: Lots of it so far.
            after: Lots of it now.
        """
        within = min(max(self.ahead - offset * UNIT, 0), before * UNIT)
        self.ahead -= within - min(within, after * UNIT)


_Entry = TypeVar("_Entry")


def _remember(entries: list[_Entry], entry: _Entry) -> None:
    entries.append(entry)
    if len(entries) > _REMEMBERED:
        del entries[0]
