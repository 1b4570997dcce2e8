"""The last trades of every instrument."""

from __future__ import annotations

from itertools import islice
from typing import cast

from feed.model.events import Trade, event
from feed.model.latest import Latest


class Tape:
    """A view of the market's state: ``latest`` keeps the last trades of each instrument."""

    def __init__(self, latest: Latest) -> None:
        self._latest = latest

    def trades(self, instrument: int, limit: int) -> list[Trade]:
        """The last ``limit`` trades, newest first."""
        newest = islice(reversed(self._latest.trades[instrument]), limit)
        return [cast("Trade", event(*told)) for told in newest]
