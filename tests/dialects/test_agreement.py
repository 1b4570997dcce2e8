"""
One market, told in five protocols and by request: what they say at one sequence number agrees.

Every event of the beginning of a burst is published alone, so that each protocol and every REST body is
seen at every sequence number, also in the middle of what one action does to a book.
"""

import importlib
import json
from decimal import Decimal
from types import SimpleNamespace

import attrs
import pytest

from feed.dialects.contract import Subscribe
from feed.dialects.discovery import dialects
from feed.dialects.rest import Call
from feed.model.events import QUOTE, TRADE, UNKNOWN, Side
from feed.model.topics import Topic
from feed.scenario.reader import read_scenario
from feed.scenario.shipped import find_scenario
from feed.server.http.context import RequestContext
from feed.server.run_spec import MARKETS
from feed.settings import Settings
from feed.sim.script import ScriptedMarket

SECOND = 1_000_000_000
BURST = 20 * SECOND  # after the start
SYMBOL = "BTC-USD"
REQUESTS = {
    "securitypro": [
        {"op": "subscribe", "channel": channel, "symbol": SYMBOL, "apiKey": "good key"}
        for channel in ("trades", "ticker")
    ],
    "tradyn": [{"type": "auth", "apiKey": "good key"}, {"type": "subscribe", "symbols": [SYMBOL]}],
    "guide": [{"type": "subscribe", "channels": [f"{kind}_btcusd" for kind in ("book", "trades", "ticker")]}],
    "rails": [],
    "marketai": [
        {"action": "auth", "key": "good key"},
        {
            "action": "subscribe",
            "channels": [{"type": kind, "symbols": ["BTC/USDT"]} for kind in ("trades", "quotes", "book")],
        },
    ],
}


class Client:
    """What one client of one protocol knows of a market, from what it was sent and in that order."""

    def __init__(self):
        self.ticker = self.tick = None
        self.trade = None
        self.book = {"buy": {}, "sell": {}}
        self.summaries = {}
        self.seq = 0

    def best(self):
        """Best bid and best ask; None where there is none."""
        bids, asks = self.book.values()
        return max(bids, default=None), min(asks, default=None)

    def level(self, side, price, size):
        """The total at a price; 0 removes it."""
        self.book[side].pop(Decimal(price), None)
        if Decimal(size):
            self.book[side][Decimal(price)] = Decimal(size)


def bid_ask(message):
    return Decimal(str(message["bid"])), Decimal(str(message["ask"]))


def trade_of(message, price, size, side):
    return message["seq"], Decimal(message[price]), Decimal(message[size]), message[side]


def hear_guide(client, message):
    match message["type"]:
        case "book":
            for side, rows in (("buy", message["bids"]), ("sell", message["asks"])):
                for price, size in rows:
                    client.level(side, price, size)
        case "trade":
            client.trade = (
                message["seq"],
                Decimal(message["price"]),
                Decimal(message["size"]),
                message["side"],
            )
        case "ticker":
            client.ticker = (*bid_ask(message), Decimal(message["price"]))
            # In the order of arrival: nothing that it sums up is still to come.
            assert client.ticker[:2] == client.best()
            assert client.trade is None or client.ticker[2] == client.trade[1]


def hear_securitypro(client, message):
    match message["type"]:
        case "trade":
            client.trade = (
                message["seq"],
                Decimal(message["price"]),
                Decimal(message["size"]),
                message["side"],
            )
        case "ticker":
            client.ticker = (*bid_ask(message), Decimal(message["price"]))
            assert client.trade is None or client.ticker[2] == client.trade[1]


def hear_tradyn(client, message):
    client.tick = bid_ask(message)


def hear_rails(client, message):
    orders = message["data"]["orders"]
    match message["resultType"]:
        case "publicOrderBookDelta" | "publicOrderBook":
            for order in orders:
                client.level(order["orderType"], order["price"], order["quantity"])
        case "publicCompletedOrdersDelta":
            client.trade = trade_of(message | orders[0], "price", "quantity", "orderType")


def hear_marketai(client, message):
    data = message["data"]
    match message["channel"]:
        case "trades":
            client.trade = trade_of(message | data, "price", "quantity", "side")
        case channel:
            client.summaries[channel] = data


HEAR = {
    "securitypro": hear_securitypro,
    "tradyn": hear_tradyn,
    "guide": hear_guide,
    "rails": hear_rails,
    "marketai": hear_marketai,
}


class Audience:
    """One client of every protocol, and whoever asks by REST."""

    def __init__(self, support, listing, opening):
        self.listing = listing
        self.index = listing.index(SYMBOL)
        self.stage = support.Stage(listing)
        hub = self.stage.hub
        self.stage.publish(opening)
        self.context = RequestContext(
            settings=Settings(),
            source=SimpleNamespace(listing=listing),
            fanout=SimpleNamespace(hub=hub),
            registry=None,
            keys=None,
            guard=None,
            projections=self.stage.projections,
            tokens=None,
            quotas=None,
            clock=lambda: 0.0,
            alerts=None,
            webhooks=None,
            faults=None,
            all_stream_keys=None,
        )
        context = attrs.evolve(support.with_listing(listing), market_state=lambda: hub.market_state)
        here = [name for name in HEAR if name in dialects()]
        self.ears = {name: self._listen(support, context, name) for name in here}
        self.clients = {name: Client() for name in here}
        if "rails" in here:
            encode = importlib.import_module("feed.dialects.rails.encode")
            for text in encode.book_messages(
                listing[self.index], self.index, hub.market_state, request_id=None, seq=True, crc=False
            ):
                hear_rails(self.clients["rails"], json.loads(text))
        self.told = []  # (protocol, message) since it was last emptied
        self.read()

    def _listen(self, support, context, name):
        opening = support.sample(name).OPENING
        query = {**opening.query, "ext": "seq"}
        if name == "rails":
            query |= {"market": SYMBOL, "subscriptions": "publicTrades,publicOrderBook"}
        session = dialects()[name].session(attrs.evolve(opening, query=query), context)
        actions = [*session.open(), *(a for r in REQUESTS[name] for a in session.receive(json.dumps(r)))]
        return self.stage.ear(*(t for a in actions if isinstance(a, Subscribe) for t in a.topics))

    def publish(self, row):
        self.stage.publish([row])
        self.read()

    def read(self):
        for name, ear in self.ears.items():
            for text in ear.texts():
                message = json.loads(text)
                if message.get("type") != "heartbeat":
                    HEAR[name](self.clients[name], message)
                    self.told.append((name, message))
            ear.received.clear()

    def ask(self, module, handler, **values):
        """The body of an answer by REST."""
        found = importlib.import_module(f"feed.dialects.{module}")
        return getattr(found, handler)(self.context, Call(values=values))

    def of(self, attribute, *names):
        """What the clients of these protocols know, of those protocols that there are."""
        return [getattr(self.clients[name], attribute) for name in names if name in self.clients]

    def books(self):
        """Every book, by side and price, in each protocol and by REST."""
        found = self.of("book", "guide", "rails")
        if "securitypro" in self.clients:
            book = self.ask("securitypro.rest.market", "book", symbol=SYMBOL, depth=1_000_000)
            assert book.seq == self.context.seq
            sides = (("buy", book.bids), ("sell", book.asks))
            found.append({side: {Decimal(p): Decimal(s) for p, s in levels} for side, levels in sides})
        return found

    def trades(self):
        """Every last trade, but those by REST before the first."""
        found = self.of("trade", "guide", "securitypro", "rails", "marketai")
        if "securitypro" in self.clients and found[0] is not None:
            answer = self.ask("securitypro.rest.market", "trades", symbol=SYMBOL, limit=1)
            newest = answer.trades[0]
            found.append((newest.seq, Decimal(newest.price), Decimal(newest.size), newest.side))
        return found

    def quotes(self):
        """Every pair of best prices that sums up."""
        found = [ticker[:2] for ticker in self.of("ticker", "guide", "securitypro")]
        found += self.of("tick", "tradyn")
        if "tradyn" in self.clients:
            asked = self.ask("tradyn.rest.market", "tick", symbol=SYMBOL).data
            found.append(tuple(Decimal(bytes(price).decode()) for price in (asked.bid, asked.ask)))
        if "rails" in self.clients:
            rows = self.ask("rails.rest.market_data", "market_data", markets=SYMBOL)
            figures = {row.type: Decimal(row.value) for row in rows}
            found.append((figures["BID"], figures["ASK"]))
        return found

    @property
    def prices_told(self):
        """Whether some protocol sums up last prices: both that do may have been taken out."""
        return bool(self.clients.keys() & {"guide", "securitypro"})

    def prices(self):
        """Every last price that sums up."""
        found = [ticker[2] for ticker in self.of("ticker", "guide", "securitypro")]
        if "securitypro" in self.clients:
            found.append(Decimal(self.ask("securitypro.rest.market", "ticker", symbol=SYMBOL).price))
        return found


@pytest.fixture(scope="module")
def actions():
    """The listing, the rows before the burst, and its first actions, in which somebody sweeps both sides."""
    scenario = read_scenario(find_scenario("burst"), MARKETS)
    run = ScriptedMarket(scenario)
    opening = run.opening() + run.advance(scenario.start + BURST)
    index = run.listing.index(SYMBOL)
    for side in Side:
        run.market.large_order(index, side, 120_000, slices=20, pause=SECOND // 300)
    run.market.large_order(index, Side.BUY, 1 << 40)  # and once everything
    found = [rows for _ in range(2000) if (rows := run.step())]
    assert sum(sum(row[0] == TRADE for row in rows) > 1 for rows in found) >= 5  # sweeps
    return run.listing, opening, found


def test_all_say_the_same_at_every_sequence_number(support, actions):
    """
    Trades, books and quotes of all protocols and of REST, in the middle of a sweep too.

    What tells of single rows agrees on them, what sums up agrees with what sums up; and at the end of
    every action, where requests are answered, all of it is one state.
    """
    listing, opening, found = actions
    audience = Audience(support, listing, opening)
    instrument = listing[audience.index]
    for rows in found:
        for row in rows:
            audience.publish(row)
            # Books, and who tells of trades.
            books, trades = audience.books(), audience.trades()
            assert all(book == books[0] for book in books)
            assert len(set(trades)) == 1
            # Who sums up.
            quotes, prices = audience.quotes(), audience.prices()
            assert len(set(quotes)) == 1
            assert len(set(prices)) == audience.prices_told
        # At rest.
        best = {side: max(book, default=None) for side, book in books[0].items()}
        best["sell"] = min(books[0]["sell"], default=None)
        assert quotes[0] == (best["buy"], best["sell"])
        assert prices == [trades[0][1]] * len(prices)
        levels = audience.stage.hub.market_state.levels(audience.index, Side.BUY, 1)
        assert Decimal(instrument.price_text(levels[0][0])) == quotes[0][0]
        for name, message in audience.told:
            if name == "marketai" and message["channel"] in ("book", "quotes"):
                assert_summary(message["data"])
        audience.told.clear()


def assert_summary(data):
    """Figures of one message agree with each other."""
    if "exchanges" in data:
        for venue in data["exchanges"]:
            assert Decimal(venue["bid"]) < Decimal(venue["mid"]) < Decimal(venue["ask"])
    else:
        assert Decimal(data["best_bid"]) < Decimal(data["mid_price"]) < Decimal(data["best_ask"])


def test_who_sums_up_speaks_last(support, actions):
    """One ticker for an action, after all of its trades, at the number of the quote that completes it."""
    listing, opening, found = actions
    audience = Audience(support, listing, opening)
    audience.told.clear()
    sweeps = 0
    for rows in found:
        mine = [row for row in rows if row[1] == audience.index and row[0] in (TRADE, QUOTE)]
        first = audience.context.seq + 1
        for row in rows:
            audience.publish(row)
        if sum(row[0] == TRADE for row in mine) > 1 and sum(row[0] == QUOTE for row in mine) == 1:
            sweeps += 1
            quote = first + next(at for at, row in enumerate(rows) if row == mine[-1])
            for name in {"guide", "securitypro"} & {*audience.clients}:
                said = [(m["type"], m["seq"]) for who, m in audience.told if who == name]
                kinds = [kind for kind, _ in said if kind != "book"]
                assert kinds == ["trade"] * (len(mine) - 1) + ["ticker"]
                assert said[-1] == ("ticker", quote)
        audience.told.clear()
    assert sweeps >= 5


@pytest.mark.protocols("guide")
def test_nobody_is_greeted_with_half_an_action(support, actions):
    """In the middle of a sweep a snapshot is what was last said to all, and a resume goes on from it."""
    listing, opening, found = actions
    stage = support.Stage(listing)
    stage.publish(opening)
    index = listing.index(SYMBOL)
    topics = [Topic("guide", "ticker", index), Topic("guide", "trades", index)]
    first = stage.ear(*topics)
    last = first.texts()[-1]
    for rows in found:
        if sum(row[0] == TRADE and row[1] == index for row in rows) < 2:
            stage.publish(rows)
            last = next((t for t in reversed(first.texts()) if '"type":"ticker"' in t), last)
            continue
        for at, row in enumerate(rows):
            stage.publish([row])
            last = next((t for t in reversed(first.texts()) if '"type":"ticker"' in t), last)
            if at == len(rows) - 1:
                break
            assert stage.ear(topics[0]).texts() == [last]
            mark, since = len(first.received), stage.hub.seq
            back = [stage.ear(*topics, since=since)]
            stage.publish(rows[at + 1 :])
            assert back[0].received == first.received[mark:]
            assert stage.ear(*topics, since=since).received == first.received[mark:]
            return
    pytest.fail("no sweep")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.protocols(name)) for name in ("guide", "securitypro")]
)
def test_a_ticker_comes_after_the_trade_of_its_own_event(support, name):
    """Of a source that reports its book apart from its trades, where both tell of one event."""
    stage = support.Stage()
    index = support.listing.index(SYMBOL)
    stage.publish([support.quote(index, 100, 102)])
    ear = stage.ear(*(Topic(name, channel, index) for channel in ("ticker", "trades")))
    ear.received.clear()
    stage.publish([(TRADE, index, support.now, 1, 0, 102, 5, 0, 0, UNKNOWN, UNKNOWN)])
    assert [json.loads(text)["type"] for text in ear.texts()] == ["trade", "ticker"]
