"""The exchange without a server: a market's state, and what is answered of it."""

import json
from urllib.parse import parse_qsl

import msgspec

from feed.dialects.binance.market_data import queries
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.model.events import ADD, CLOCK, QUOTE, REDUCE, TRADE, UNKNOWN
from feed.model.instruments import Instrument, Listing
from feed.policies import Policies
from feed.settings import Trading
from feed.state.market_state import MarketState
from feed.state.projections import Projections

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 1_709_726_400 * SECOND  # 2024-03-06T12:00:00Z, a Wednesday
MS = 1_000_000


def pair(base, price_decimals, size_decimals, **more):
    return Instrument(
        symbol=f"{base}-USDT",
        base=base,
        quote="USDT",
        price_decimals=price_decimals,
        size_decimals=size_decimals,
        **{"venue": "binance", **more},
    )


LISTING = Listing([pair("BTC", 2, 5), pair("SOL", 2, 3, venue="elsewhere"), pair("DOGE", 5, 0)])
BTC, DOGE = 0, 2


class Exchange:
    """A market that rows are applied to, and that is asked."""

    def __init__(self, listing=LISTING, *, most_trades=1000):
        self.listing = listing
        self.state = MarketState(len(listing))
        self.projections = Projections(listing, self.state, most_trades=most_trades)
        self._trades = [0] * len(listing)

    def apply(self, *rows):
        for row in rows:
            seq = self.state.seq + 1
            if self.state.apply(seq, row, seq):
                self.projections.apply(seq, row, seq)

    def add(self, instrument, side, price, size, level=None, *, order=1, ts=NOON):
        self.apply((ADD, instrument, ts, order, side, price, size, size if level is None else level))

    def reduce(self, instrument, side, price, left, level, *, order=1, ts=NOON):
        self.apply((REDUCE, instrument, ts, order, side, price, left, level))

    def quote(self, instrument, bid, ask, *, bid_size=1, ask_size=1, ts=NOON):
        self.apply((QUOTE, instrument, ts, bid, bid_size, ask, ask_size))

    def trade(self, instrument, price, size, *, ts=NOON, side=0, taker=0):
        """Of a source that says nothing of its orders, unless there is a taker."""
        self._trades[instrument] += 1
        self.apply(
            (TRADE, instrument, ts, self._trades[instrument], side, price, size, 0, taker, UNKNOWN, UNKNOWN)
        )

    def clock(self, ts):
        self.apply((CLOCK, 0, ts))

    def view(self):
        return MarketView(
            symbols=symbols(self.listing),
            state=self.state,
            projections=self.projections,
            policy=Policies().binance,
            open_orders=Trading().open_orders,
        )

    def questions(self):
        return queries(self.listing)

    def ask(self, path, query="", *, unit=TimeUnit.MILLISECOND):
        """The answer to a question, as JSON says it; a :class:`BinanceError` is raised."""
        (question,) = [one for one in queries(self.listing) if one.path == f"/api/v3/{path}"]
        answer = question.ask(self.view(), parse_qsl(query, keep_blank_values=True), unit)
        return json.loads(msgspec.json.encode(answer))

    def weight(self, path, query=""):
        (question,) = [one for one in queries(self.listing) if one.path == f"/api/v3/{path}"]
        return question.weight(parse_qsl(query, keep_blank_values=True))
