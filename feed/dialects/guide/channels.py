"""Names of channels: ``<kind>_<symbol>``, such as ``ticker_btcusd``."""

from __future__ import annotations

from typing import Final

from feed.dialects.options import Options
from feed.model.instruments import Instrument, Listing
from feed.model.symbols import plain, symbols
from feed.model.topics import Topic

TICKER: Final = "ticker"
TRADES: Final = "trades"
BOOK: Final = "book"
ORDERS: Final = "book3"
CANDLES: Final = "candles_1m"
KINDS: Final = (TICKER, TRADES, BOOK, ORDERS, CANDLES)
_PREFIXES: Final = {kind: f"{kind}_" for kind in KINDS}


def name(kind: str, instrument: Instrument) -> str:
    """The canonical name of a channel; the symbol in lower case without separators."""
    return f"{kind}_{plain(instrument.symbol)}"


def topic(channel: str, listing: Listing, options: Options) -> Topic | None:
    """The topic that a client names, None when there is none; the symbol in any usual spelling."""
    for kind, prefix in _PREFIXES.items():
        if channel.startswith(prefix):
            index = symbols(listing).index(channel[len(prefix) :])
            if index is not None:
                # Only tickers can be thinned.
                pairs = options.pairs if kind == TICKER else options.unthinned.pairs
                return Topic("guide", kind, index, pairs)
    return None


def near(channel: str, listing: Listing, most: int) -> list[str]:
    """Names of channels that resemble one which is none: of its kind, for symbols near to its own."""
    found = [kind for kind in KINDS if channel.startswith(f"{kind}_")]
    return [
        f"{kind}_{plain(symbol)}"
        for kind in found[:1]
        for symbol in symbols(listing).near(channel[len(kind) + 1 :], most)
    ]
