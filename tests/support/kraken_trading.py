"""The exchange with a simulated market and connections to it, without a server: one step after the other."""

import json

import attrs
from listed import listed

from feed.dialects.contract import (
    Close,
    Reply,
    SessionContext,
    Submit,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.discovery import dialects
from feed.model.events import event
from feed.model.grants import Grant, Scope, Tier
from feed.model.market import MarketSpec
from feed.model.topics import in_order
from feed.model.wallets import Wallets
from feed.server.private_events import private_events
from feed.settings import SpotDeposit, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market
from feed.state.market_state import MarketState
from feed.state.projections import Projections

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
BOTH = (Scope.READ, Scope.TRADE)
GRANTS = {
    "token-1": Grant(name="alice", account=1, scopes=BOTH),
    "token-1-too": Grant(name="alice too", account=1, scopes=BOTH, tier=Tier.PRO),
    "token-2": Grant(name="bob", account=2, scopes=BOTH),
    "token-reader": Grant(name="reader", account=1, scopes=(Scope.READ,)),
    "token-blind": Grant(name="blind", account=1, scopes=()),
}
TRADING = Trading(deposits=(SpotDeposit("USD", 100_000), SpotDeposit("BTC", 2), SpotDeposit("ETH", 5)))


class Floor:
    """
    The market, and all who are connected.

    Attributes:
        tokens: What is allowed to whom, by token.
        took: Requests that the market has taken.
    """

    def __init__(self, seed=3):
        spec = MarketSpec(
            instruments=tuple(
                attrs.evolve(item, link=None, inside_ms=0.0)
                for item in listed("BTC-USD@kraken", "ETH-USD@kraken")
            )
        )
        self.market = ClientMarket(Market(spec, seed=seed, start=START), trading=TRADING)
        self.listing = self.market.listing
        self.state = MarketState(len(self.listing))
        wallets = Wallets(self.listing, deposits=TRADING.deposits, history=TRADING.history)
        self.projections = Projections(self.listing, self.state, most_trades=100, wallets=wallets)
        self.tokens = dict(GRANTS)
        self.connections = []
        self.took = []
        self.publish(self.market.opening())
        self.advance(2)

    @property
    def wallets(self):
        return self.projections.wallets

    def quote(self, instrument=0):
        """The best bid and ask, in quote currency."""
        found, item = self.state.quote(instrument), self.listing[instrument]
        return tuple(float(item.price_text(ticks)) for ticks in (found.bid, found.ask))

    def advance(self, seconds):
        """Let the market act by itself."""
        self.publish(self.market.advance(self.market.now + seconds * SECOND))

    def publish(self, rows):
        """Tell everybody; gives the sequence number of the last row."""
        for row in rows:
            seq = self.state.seq + 1
            if self.state.apply(seq, row, seq):
                self.projections.apply(seq, row, seq)
            item = event(seq, row, seq)
            for connection in self.connections:
                connection.hear(item)
        return self.state.seq

    def act(self, request):
        """What the account of a request is told of it."""
        self.took.append(request)
        rows = self.market.execute(request)
        return private_events(rows, self.publish(rows), request.account)

    def context(self):
        return SessionContext(
            listing=self.listing,
            check_key=lambda key: None,
            auth_seconds=1,
            auth_attempts=1,
            check=lambda position: None,
            now=lambda: self.state.now,
            market_state=lambda: self.state,
            wallets=self.wallets,
            projections=self.projections,
            trading=TRADING,
            clock=lambda: START / SECOND,
            check_stream_key=self.tokens.get,
        )

    def connect(self, path="/v2"):
        """One more connection."""
        connection = Connection(self, path)
        self.connections.append(connection)
        return connection


class Connection:
    """
    One connection.

    Attributes:
        told: All messages, as texts.
        session: What answers.
    """

    def __init__(self, floor, path):
        self._floor: Floor = floor
        self._dialect = dialects()["kraken"]
        self.session = self._dialect.session(UpgradeRequest(path=path), floor.context())
        self._encoders = {}
        self._read = 0
        self.told = []
        self._do(self.session.open())
        self.new()

    def hear(self, item):
        for topic, encoder in sorted(self._encoders.items(), key=lambda one: (one[1].rank, in_order(one[0]))):
            if topic.instrument == item.instrument and item.kind in encoder.kinds:
                text = encoder.encode(item)
                if text is not None:
                    self.told.append(text)

    def send(self, method, number=7, **params):
        """Send one message; gives all that came since the last one was read."""
        request = {"method": method, "params": params}
        return self.say(json.dumps(request | ({} if number is None else {"req_id": number})))

    def say(self, text):
        self._do(self.session.receive(text))
        return self.new()

    def new(self):
        """What has come since it was asked last."""
        found = [json.loads(text) for text in self.told[self._read :]]
        self._read = len(self.told)
        return found

    def ask(self, method, token="token-1", **params):
        """The answers alone."""
        found = self.send(method, token=token, **params)
        return [one for one in found if one.get("method") == method]

    def done(self, method, **params):
        """The result of what succeeds."""
        (answer,) = self.ask(method, **params)
        assert answer["success"], answer
        return answer.get("result")

    def refused(self, method, **params):
        """Why something does not."""
        (answer,) = self.ask(method, **params)
        assert not answer["success"], answer
        return answer["error"]

    def order(self, **terms):
        """The id of a new order."""
        return self.done("add_order", **self.terms(**terms))["order_id"]

    def terms(self, **terms):
        """Of a limit order to buy far below the market, but for what is said."""
        bid, _ = self._floor.quote()
        plain = {"order_type": "limit", "side": "buy", "order_qty": 0.5, "limit_price": round(bid * 0.9, 1)}
        return {
            name: value
            for name, value in {"symbol": "BTC/USD", **plain, **terms}.items()
            if value is not None
        }

    def _do(self, actions):
        for action in actions:
            match action:
                case Reply(text):
                    self.told.append(text)
                case Subscribe(topics):
                    for topic in topics:
                        item = self._floor.listing[topic.instrument]
                        self._encoders[topic] = encoder = self._dialect.encoder(
                            topic, item, self._floor.state, self._floor.projections
                        )
                        self.told += encoder.snapshot(self._floor.state, topic.instrument)
                case Unsubscribe(topics):
                    for topic in topics:
                        self._encoders.pop(topic, None)
                case Submit(request, _, answer):
                    self._do(answer(self._floor.act(request)))
                case Close():
                    raise AssertionError(action)
