"""What is computed of a market's events beside its state, for whoever tells of figures or of accounts."""

from __future__ import annotations

from typing import Final

from feed.analytics.bars import Bars
from feed.model.accounts import Accounts
from feed.model.events import (
    BALANCE,
    CLEAR,
    EXECUTION,
    FILL,
    LIQUIDATION,
    ORDER,
    POSITION,
    SIGNAL,
    TRADE,
    WALLET,
    Row,
)
from feed.model.instruments import Listing
from feed.model.wallets import Wallets
from feed.state.analytics import Analytics
from feed.state.daily_volume import DailyVolume
from feed.state.last_aggregates import LastAggregates
from feed.state.last_trades import LastTrades
from feed.state.market_state import MarketState

_OF_ACCOUNTS: Final = (ORDER, FILL, POSITION, BALANCE)
_OF_WALLETS: Final = (CLEAR, EXECUTION, WALLET)


class Projections:
    """
    Folds over the events of a running market.

    They are carried on whoever listens, so that what they say does not depend on who asked first. There
    are none of the past: where history is told again, nobody has them.

    Args:
        listing: What an event's ``instrument`` is an index into.
        market_state: The market's state; it is told of each event before they are.
        most_trades: Trades, and aggregate trades, that are kept of each instrument.
        accounts: What accounts own and owe; None where nobody can trade.
        wallets: What accounts hold of assets; None begins with nothing.

    Attributes:
        listing: See above.
        volumes: What was traded of each instrument in the last 24 hours.
        trades: The last trades.
        aggregates: The last aggregate trades of each instrument.
        bars: The trades of each instrument by interval.
        analytics: Figures of books, quotes over venues, candles, signals.
        accounts: See above.
        wallets: See above.
    """

    def __init__(
        self,
        listing: Listing,
        market_state: MarketState,
        *,
        most_trades: int,
        accounts: Accounts | None = None,
        wallets: Wallets | None = None,
    ) -> None:
        self.listing: Final = listing
        self.volumes: Final = tuple(DailyVolume() for _ in listing)
        self.trades: Final = LastTrades(len(listing), most_trades)
        self.aggregates: Final = tuple(LastAggregates(most_trades) for _ in listing)
        self.bars: Final = tuple(Bars() for _ in listing)
        self.analytics: Final = Analytics(listing, market_state, self.volumes)
        self.accounts: Final = accounts
        self.wallets: Final = wallets or Wallets(listing)
        self._market_state = market_state

    def apply(self, seq: int, row: Row, proof: int) -> None:
        """
        Take the next event into account.

        Args:
            seq: Its sequence number.
            row: The event; changes of a book and quotes can be left out.
            proof: Of everything up to and including it.
        """
        kind = row[0]
        if kind == TRADE:
            self.volumes[row[1]].add(row[2], row[6])
            self.trades.add(seq, row, proof)
            self.bars[row[1]].add(row)
            aggregate = self._market_state.aggregate(row[1])
            if aggregate is not None:
                self.aggregates[row[1]].add(aggregate)
            self.analytics.apply(row)
        elif kind in (LIQUIDATION, SIGNAL):
            self.analytics.apply(row)
        elif kind in _OF_ACCOUNTS and self.accounts is not None:
            self.accounts.apply((row,))
        elif kind in _OF_WALLETS:
            self.wallets.apply((row,), seq)
