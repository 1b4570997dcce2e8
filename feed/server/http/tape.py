"""The last trades of every instrument."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import cast

from feed.model.events import Trade, event
from feed.model.latest import Latest


class Tape:
    """A view of the market's state, which it asks to keep the last trades."""

    def __init__(self, latest: Latest, instruments: int, most: int) -> None:
        """
        Begin with what happens next.

        Args:
            latest: Where the market stands.
            instruments: How many the market lists.
            most: Trades kept of each.
        """
        self._latest = latest
        latest.trades = [deque(maxlen=most) for _ in range(instruments)]

    def trades(self, instrument: int, limit: int) -> list[Trade]:
        """The last ``limit`` trades, newest first."""
        newest = islice(reversed(self._latest.trades[instrument]), limit)
        return [cast("Trade", event(*told)) for told in newest]
