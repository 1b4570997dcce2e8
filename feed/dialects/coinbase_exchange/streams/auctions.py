"""What a call auction would give, while orders are collected for it. Source: "Auction Channel"."""

from __future__ import annotations

from collections.abc import Sequence

from feed.dialects.coinbase_exchange.market_data.books import auction_info
from feed.dialects.coinbase_exchange.streams.encoder import ProductEncoder
from feed.model.events import AUCTION, AuctionIndicated, Event
from feed.state.market_state import MarketState


class AuctionEncoder(ProductEncoder):
    """About once a second during an auction, and once at its end."""

    kinds: Sequence[int] = (AUCTION,)

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """As it stands, during an auction."""
        found = market_state.auction(instrument)
        return () if found is None else [self._text(found)]

    def encode(self, item: Event) -> str:
        """The message."""
        assert isinstance(item, AuctionIndicated)  # noqa: S101 - of that kind alone
        return self._text(item)

    def _text(self, item: AuctionIndicated) -> str:
        told = auction_info(self._product, item)
        return (
            f'{{"type":"auction","product_id":{self._id},"sequence":{self.sequence},'
            f'"auction_state":"{told.auction_state}",'
            f'"best_bid_price":"{told.best_bid_price}","best_bid_size":"{told.best_bid_size}",'
            f'"best_ask_price":"{told.best_ask_price}","best_ask_size":"{told.best_ask_size}",'
            f'"open_price":"{told.open_price}","open_size":"{told.open_size}",'
            f'"can_open":"{told.can_open}","timestamp":"{told.time}"}}'
        )
