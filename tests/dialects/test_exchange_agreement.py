"""
One pair, told in the protocols of exchanges: what they say at one sequence number agrees.

Every event is published alone: local books, kept by each exchange's own rule from the first event on, are
compared with the market's after each, also in the middle of a sweep; last trades likewise; and best prices
where nothing is under way.
"""

import json
from decimal import Decimal

import pytest

from feed.dialects.discovery import dialects
from feed.model.events import QUOTE, TRADE, Side
from feed.model.market import MarketSpec
from feed.model.topics import Topic
from feed.sim.defaults import default_market
from feed.sim.market import Market

MS = 1_000_000
SECOND = 1000 * MS
DEPTH = 1000
SIDES = ("buy", "sell")
OTHER = dict(zip(SIDES, reversed(SIDES), strict=True))


class Book:
    """Sizes by price of both sides."""

    def __init__(self):
        self.sides = {side: {} for side in SIDES}

    def put(self, side, price, size):
        """So much rests at a price; 0 removes it."""
        price, size = Decimal(price), Decimal(size)
        self.sides[side].pop(price, None)
        if size:
            self.sides[side][price] = size

    def fill(self, **sides):
        """Begin anew with these levels, prices and sizes."""
        self.sides = {side: {Decimal(price): Decimal(size) for price, size in sides[side]} for side in SIDES}

    def cut(self, depth):
        """Forget what is behind the best."""
        for side, levels in self.sides.items():
            for price in sorted(levels, reverse=side == "buy")[depth:]:
                del levels[price]


class Listener:
    """
    A client of one stream.

    Attributes:
        book: As it keeps it; None where the stream tells of no levels.
        trade: Price, size and side of the taker of the last; None before the first.
        best: Best bid and ask; None before they are told.
        late: Whether what it is told is what was before the event under way: its messages are about windows.
    """

    late = False

    def __init__(self):
        self.book = None
        self.trade = None
        self.best = None

    def hear(self, message):
        """Take a message."""
        raise NotImplementedError


class Queues(Listener):
    """Orders by number, of which a book is the sum."""

    def __init__(self):
        super().__init__()
        self.book = Book()
        self.orders = {}

    def order(self, number, side, price, size):
        """So much is left of an order."""
        _, _, before = self.orders.pop(number, (side, price, Decimal(0)))
        if Decimal(size):
            self.orders[number] = side, Decimal(price), Decimal(size)
        level = self.book.sides[side].get(Decimal(price), Decimal(0))
        self.book.put(side, price, level - before + Decimal(size))


class KrakenBook(Listener):
    def hear(self, message):
        [data] = message["data"]
        if message["type"] == "snapshot":
            self.book = Book()
        for side, name in zip(SIDES, ("bids", "asks"), strict=True):
            for level in data[name]:
                self.book.put(side, level["price"], level["qty"])
        self.book.cut(DEPTH)


class KrakenFirstBook(Listener):
    def hear(self, message):
        for data in (part for part in message if isinstance(part, dict)):
            if "as" in data:
                self.book = Book()
            for side, names in zip(SIDES, (("b", "bs"), ("a", "as")), strict=True):
                for level in (level for name in names for level in data.get(name, ())):
                    self.book.put(side, level[0], level[1])
            self.book.cut(DEPTH)


class KrakenOrders(Queues):
    def hear(self, message):
        [data] = message["data"]
        for side, name in zip(SIDES, ("bids", "asks"), strict=True):
            for order in data[name]:
                gone = order.get("event") == "delete"
                size = "0" if gone else order["order_qty"]
                self.order(order["order_id"], side, order["limit_price"], size)


class KrakenTrades(Listener):
    def hear(self, message):
        for last in message["data"]:  # a snapshot may be empty
            self.trade = Decimal(last["price"]), Decimal(last["qty"]), last["side"]


class KrakenTicker(Listener):
    def hear(self, message):
        [data] = message["data"]
        self.best = Decimal(data["bid"]), Decimal(data["ask"])


class BinanceDepth(Listener):
    late = True

    def __init__(self):
        super().__init__()
        self.book = Book()

    def hear(self, message):
        for side, name in zip(SIDES, ("b", "a"), strict=True):
            for price, size in message[name]:
                self.book.put(side, price, size)


class BinanceTrades(Listener):
    def hear(self, message):
        side = "sell" if message["m"] else "buy"
        self.trade = Decimal(message["p"]), Decimal(message["q"]), side


class BinanceTicker(Listener):
    def hear(self, message):
        self.best = Decimal(message["b"]), Decimal(message["a"])


class CoinbaseBook(Listener):
    def hear(self, message):
        for event in message["events"]:
            if event["type"] == "snapshot":
                self.book = Book()
            for level in event["updates"]:
                side = "buy" if level["side"] == "bid" else "sell"
                self.book.put(side, level["price_level"], level["new_quantity"])


class CoinbaseTrades(Listener):
    late = True

    def hear(self, message):
        for event in message["events"]:
            if event["type"] == "update":
                last = event["trades"][0]
                side = last["side"].lower()
                self.trade = Decimal(last["price"]), Decimal(last["size"]), OTHER[side]


class ExchangeBook(Listener):
    def hear(self, message):
        if message["type"] == "snapshot":
            self.book = Book()
            self.book.fill(buy=message["bids"], sell=message["asks"])
        else:
            for change in message["changes"]:
                self.book.put(*change)


class ExchangeMatches(Listener):
    def hear(self, message):
        self.trade = Decimal(message["price"]), Decimal(message["size"]), OTHER[message["side"]]


class ExchangeOrders(Queues):
    def hear(self, message):
        match message["type"]:
            case "open":
                self.order(message["order_id"], message["side"], message["price"], message["remaining_size"])
            case "match":
                side, price, left = self.orders[message["maker_order_id"]]
                self.order(message["maker_order_id"], side, price, left - Decimal(message["size"]))
                self.trade = Decimal(message["price"]), Decimal(message["size"]), OTHER[message["side"]]
            case "change":
                self.order(message["order_id"], message["side"], message["price"], message["new_size"])
            case "done" if message["order_id"] in self.orders:
                side, price, _ = self.orders[message["order_id"]]
                self.order(message["order_id"], side, price, 0)


class GuideBook(Listener):
    def __init__(self):
        super().__init__()
        self.book = Book()

    def hear(self, message):
        for side, name in zip(SIDES, ("bids", "asks"), strict=True):
            for price, size in message[name]:
                self.book.put(side, price, size)


class GuideTrades(Listener):
    def hear(self, message):
        self.trade = Decimal(message["price"]), Decimal(message["size"]), message["side"]


class GuideTicker(Listener):
    def hear(self, message):
        self.best = Decimal(str(message["bid"])), Decimal(str(message["ask"]))


FULL = tuple(("full", (("part", part),)) for part in ("1-comes", "2-changes", "3-ends"))
STREAMS = (
    ("kraken", KrakenBook, ("book", (("depth", str(DEPTH)),))),
    ("kraken", KrakenFirstBook, ("1/book", (("depth", str(DEPTH)),))),
    ("kraken", KrakenOrders, ("level3", (("depth", str(DEPTH)),))),
    ("kraken", KrakenTrades, ("trade", ())),
    ("kraken", KrakenTicker, ("ticker", (("event_trigger", "bbo"),))),
    ("binance", BinanceDepth, ("depth@100ms", ())),
    ("binance", BinanceTrades, ("trade", ())),
    ("binance", BinanceTicker, ("bookTicker", ())),
    ("coinbase", CoinbaseBook, ("level2", ())),
    ("coinbase", CoinbaseTrades, ("market_trades", ())),
    ("coinbase_exchange", ExchangeBook, ("level2", ())),
    ("coinbase_exchange", ExchangeMatches, ("matches", ())),
    ("coinbase_exchange", ExchangeOrders, *FULL),
    ("guide", GuideBook, ("book", ())),
    ("guide", GuideTrades, ("trades", ())),
    ("guide", GuideTicker, ("ticker", ())),
)


@pytest.fixture(scope="module")
def steps():
    """The pair's listing, and what happens to it in steps of a millisecond, with sweeps of both sides."""
    [chosen] = [one for one in default_market().instruments if one.instrument.symbol == "BTC-USD"]
    start = 1_709_740_800 * SECOND
    market = Market(MarketSpec(instruments=(chosen,)), seed=7, start=start)
    found = [[row] for row in market.opening()]
    for at in range(2000):
        if at in (300, 900):
            market.large_order(0, Side(at == 900), 120_000_000, slices=20, pause=5 * MS)
        if rows := market.advance(start + at * MS):
            found.append(rows)
    return market.listing, found


def test_books_trades_and_best_prices_agree_at_every_sequence_number(support, steps):
    """Of all exchanges, in both versions of Kraken's, by level and by order."""
    listing, found = steps
    stage = support.Stage(listing)
    listeners = [
        (make(), stage.ear(*(Topic(name, channel, 0, options) for channel, options in streams)))
        for name, make, *streams in STREAMS
        if name in dialects()
    ]
    state, sweeps = stage.hub.market_state, 0
    now, trade = Book().sides, None
    for rows in found:
        sweeps += sum(row[0] == TRADE for row in rows) > 1
        for row in rows:
            before = now, trade
            stage.publish([row])
            now = levels(listing[0], state)
            if row[0] == TRADE:
                price, size = listing[0].price_text(row[5]), listing[0].size_text(row[6])
                trade = Decimal(price), Decimal(size), SIDES[row[4]]
            for listener, ear in listeners:
                told = ear.texts()
                for text in told:
                    listener.hear(json.loads(text, parse_float=str, parse_int=str))
                ear.received.clear()
                if told or not listener.late:
                    book, last = before if listener.late else (now, trade)
                    assert listener.book is None or listener.book.sides == book, type(listener).__name__
                    assert listener.trade in (None, last), type(listener).__name__
        if rows[-1][0] == QUOTE and all(now.values()):
            best = max(now["buy"]), min(now["sell"])
            told = {type(one).__name__: one.best for one, _ in listeners if one.best is not None}
            assert told == dict.fromkeys(told, best)
    assert sweeps >= 2
    assert {
        type(one) for one, _ in listeners if one.trade is None and "Trades" in type(one).__name__
    } == set()


def levels(instrument, state):
    """The market's own book, as decimals."""
    return {
        side: {
            Decimal(instrument.price_text(price)): Decimal(instrument.size_text(lots))
            for price, lots in state.levels(0, at)
        }
        for side, at in zip(SIDES, Side, strict=True)
    }
