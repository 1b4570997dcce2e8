"""The last trades of every instrument, read from history when somebody asks."""

from __future__ import annotations

from collections import deque
from typing import cast

from feed.model.events import TRADE, Trade, event
from feed.stream.hub import Hub


class Tape:
    """
    A view of the history that remembers how far it has read: every event is looked at once.

    What history has forgotten before anybody asked is not on it.
    """

    def __init__(self, hub: Hub, instruments: int, most: int) -> None:
        """
        Begin with nothing read.

        Args:
            hub: Whose history.
            instruments: How many the market lists.
            most: Trades kept of each.
        """
        self._hub = hub
        self._seq = 0
        self._trades: list[deque[Trade]] = [deque(maxlen=most) for _ in range(instruments)]

    def trades(self, instrument: int, limit: int) -> list[Trade]:
        """The last ``limit`` trades, newest first."""
        self._read()
        trades = self._trades[instrument]
        return [trades[-at] for at in range(1, min(limit, len(trades)) + 1)]

    def _read(self) -> None:
        history = self._hub.history
        start = max(self._seq, history.oldest - 1)
        for seq, row in enumerate(history.after(start), start + 1):
            if row[0] == TRADE:
                self._trades[row[1]].append(cast("Trade", event(seq, row)))
        self._seq = history.seq
