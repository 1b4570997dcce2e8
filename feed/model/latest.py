"""Where the market stands: the last quote and the last trade of each instrument."""

from __future__ import annotations

from typing import cast

from feed.model.events import QUOTE, TRADE, Quote, Row, Trade, event


class Latest:
    """
    A fold over the event stream, as far as one needs it to greet a new subscriber.

    Quotes are the last *two-sided* ones: a moment without a bid or an ask is no price to show.
    """

    def __init__(self, instruments: int) -> None:
        self._quotes: list[tuple[int, Row] | None] = [None] * instruments
        self._trades: list[tuple[int, Row] | None] = [None] * instruments

    def apply(self, seq: int, row: Row) -> None:
        """Take the next event into account. Rows of other kinds change nothing."""
        kind = row[0]
        if kind == QUOTE:
            if row[4] and row[6]:
                self._quotes[row[1]] = (seq, row)
        elif kind == TRADE:
            self._trades[row[1]] = (seq, row)

    def quote(self, instrument: int) -> Quote | None:
        """The last two-sided quote, None before the first one."""
        found = self._quotes[instrument]
        return None if found is None else cast("Quote", event(*found))

    def trade(self, instrument: int) -> Trade | None:
        """The last trade, None before the first one."""
        found = self._trades[instrument]
        return None if found is None else cast("Trade", event(*found))
