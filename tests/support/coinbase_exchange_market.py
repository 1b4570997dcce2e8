"""The exchange without a server: a market's state, and what is answered of it."""

import json
from urllib.parse import parse_qsl, urlsplit

import msgspec

from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data import queries
from feed.dialects.coinbase_exchange.products import products
from feed.dialects.coinbase_exchange.queries import Page
from feed.dialects.coinbase_exchange.views import MarketView
from feed.model.events import ADD, QUOTE, TRADE, UNKNOWN
from feed.model.instruments import Instrument, Listing
from feed.policies import Policies
from feed.state.market_state import MarketState
from feed.state.projections import Projections

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 1_709_726_400 * SECOND  # 2024-03-06T12:00:00Z


def product(base, price_decimals, size_decimals, **more):
    return Instrument(
        symbol=f"{base}-USD",
        base=base,
        quote="USD",
        price_decimals=price_decimals,
        size_decimals=size_decimals,
        **{"venue": "coinbase", **more},
    )


LISTING = Listing([product("BTC", 2, 8), product("LTC", 2, 8, venue="elsewhere"), product("SOL", 2, 8)])
BTC, SOL = 0, 2


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

    def add(self, instrument, side, price, size, *, order=1, level=None, ts=NOON):
        self.apply((ADD, instrument, ts, order, side, price, size, level or size))

    def quote(self, instrument, bid, ask, *, bid_size=1, ask_size=1, ts=NOON):
        self.apply((QUOTE, instrument, ts, bid, bid_size, ask, ask_size))

    def trade(self, instrument, price, size, *, ts=NOON, side=0, maker=0, taker=0):
        self._trades[instrument] += 1
        number = self._trades[instrument]
        self.apply((TRADE, instrument, ts, number, side, price, size, maker, taker, UNKNOWN, UNKNOWN))

    def view(self):
        return MarketView(
            products=products(self.listing),
            state=self.state,
            projections=self.projections,
            policy=Policies().coinbase_exchange,
        )

    def ask(self, url):
        """The answer to a question, as JSON says it; an :class:`ExchangeError` is raised."""
        return self.ask_page(url)[0]

    def ask_page(self, url):
        """The same, with the headers of the answer."""
        parts = urlsplit(url)
        question, in_path = find(queries(self.listing), parts.path)
        answer = question.answer(self.view(), Fields(parse_qsl(parts.query), in_path))
        if isinstance(answer, Page):
            said = answer.answer()
            return json.loads(said.content), dict(said.headers)
        return json.loads(msgspec.json.encode(answer)), {}


def find(questions, path):
    """The first question whose path fits, and the parts of the path."""
    for question in questions:
        names, values = question.path.split("/"), path.split("/")
        if len(names) == len(values) and all(
            name == value or name.startswith("{") for name, value in zip(names, values, strict=True)
        ):
            parts = zip(names, values, strict=True)
            return question, {name[1:-1]: value for name, value in parts if name.startswith("{")}
    raise LookupError(path)
