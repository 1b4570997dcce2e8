"""The last trades of every instrument."""

from __future__ import annotations

from itertools import islice
from typing import cast

from feed.model.events import Trade, event
from feed.model.market_state import MarketState


class Tape:
    """A view of the market's state: ``market_state`` keeps the last trades of each instrument."""

    def __init__(self, market_state: MarketState) -> None:
        self._market_state = market_state

    def trades(self, instrument: int, limit: int) -> list[Trade]:
        """The last ``limit`` trades, newest first."""
        newest = islice(reversed(self._market_state.trades[instrument]), limit)
        return [cast("Trade", event(*told)) for told in newest]
