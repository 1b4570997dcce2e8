"""The exchange without a server: a market's state, and what is answered of it."""

import json
from urllib.parse import parse_qsl

import msgspec

from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.market_data import queries
from feed.dialects.kraken.names import pairs
from feed.dialects.kraken.views import MarketView
from feed.model.events import ADD, QUOTE, REDUCE, TRADE, UNKNOWN
from feed.model.instruments import Instrument, Listing
from feed.policies import Policies
from feed.state.market_state import MarketState
from feed.state.projections import Projections

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 1_709_726_400 * SECOND  # 2024-03-06T12:00:00Z


def pair(base, price_decimals, size_decimals, **more):
    return Instrument(
        symbol=f"{base}-USD@kraken",
        base=base,
        quote="USD",
        price_decimals=price_decimals,
        size_decimals=size_decimals,
        **{"venue": "kraken", **more},
    )


LISTING = Listing(
    [pair("BTC", 1, 8), pair("LTC", 2, 8, venue="elsewhere"), pair("SOL", 2, 8), pair("DOGE", 7, 8)]
)
BTC, SOL, DOGE = 0, 2, 3


class Exchange:
    """A market that rows are applied to, and that is asked."""

    def __init__(self, listing=LISTING, *, most_trades=1000):
        self.listing = listing
        self.rows = []
        self.state = MarketState(len(listing))
        self.projections = Projections(listing, self.state, most_trades=most_trades)
        self._trades = [0] * len(listing)

    def apply(self, *rows):
        for row in rows:
            self.rows.append(row)
            seq = self.state.seq + 1
            if self.state.apply(seq, row, seq):
                self.projections.apply(seq, row, seq)

    def add(self, instrument, side, price, size, *, order=1, ts=NOON):
        self.apply((ADD, instrument, ts, order, side, price, size, size))

    def reduce(self, instrument, side, price, left, level, *, order=1, ts=NOON):
        self.apply((REDUCE, instrument, ts, order, side, price, left, level))

    def quote(self, instrument, bid, ask, *, bid_size=1, ask_size=1, ts=NOON):
        self.apply((QUOTE, instrument, ts, bid, bid_size, ask, ask_size))

    def trade(self, instrument, price, size, *, ts=NOON, side=0):
        self._trades[instrument] += 1
        self.apply(
            (TRADE, instrument, ts, self._trades[instrument], side, price, size, 0, 0, UNKNOWN, UNKNOWN)
        )

    def view(self):
        return MarketView(
            pairs=pairs(self.listing),
            state=self.state,
            projections=self.projections,
            policy=Policies().kraken,
            past=lambda seq, most: self.rows[seq : seq + most],
        )

    def ask(self, name, query=""):
        """The answer to a question, as JSON says it; a :class:`KrakenError` is raised."""
        (question,) = [one for one in queries(self.listing) if one.name == name]
        answer = question.answer(self.view(), Fields(parse_qsl(query, keep_blank_values=True)))
        return json.loads(msgspec.json.encode(answer))
