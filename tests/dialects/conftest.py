"""What sessions are tested with: a small market, a few keys, and what each dialect shows of itself."""

import importlib.util
import itertools
from pathlib import Path
from types import SimpleNamespace
from zlib import crc32

import attrs
import conversations
import pytest

from feed.dialects.contract import Bearer, Reply, SessionContext
from feed.dialects.discovery import dialects
from feed.model.events import QUOTE
from feed.model.grants import Grant, Scope
from feed.model.instruments import Instrument, Listing
from feed.model.market import MarketSpec, Takers
from feed.model.stream_position import Ahead, OtherHistory, StreamPosition, TooOld
from feed.settings import Flow
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.state.encoder import NUMBER
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.frames import boundary
from feed.stream.history import History
from feed.stream.hub import Hub
from feed.stream.send_buffer import SendBuffer

HERE = Path(__file__).parent

# The tests of a protocol whose folder has been taken out go with it.
collect_ignore = [path.parent.name for path in HERE.glob("*/sample.py") if path.parent.name not in dialects()]

LISTING = Listing(
    [
        Instrument(
            symbol="EURUSD", base="EUR", quote="USD", price_decimals=5, size_decimals=0, asset_class="fx"
        ),
        Instrument(
            symbol="GBPUSD", base="GBP", quote="USD", price_decimals=5, size_decimals=0, asset_class="fx"
        ),
        Instrument(
            symbol="XAUUSD", base="XAU", quote="USD", price_decimals=2, size_decimals=2, asset_class="metal"
        ),
        Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=8),
    ]
)

GRANTS = {
    "good key": Grant(name="good", scopes=(Scope.READ,)),
    "trade key": Grant(name="trader", scopes=(Scope.TRADE,)),
}

TOKENS = {
    "good-token": Bearer(
        grant=Grant(name="trader", account=7, scopes=(Scope.READ, Scope.TRADE)), seconds=1800
    ),
    "other-token": Bearer(grant=Grant(name="other", account=8, scopes=(Scope.TRADE,)), seconds=1800),
    "read-token": Bearer(grant=Grant(name="reader", account=7, scopes=(Scope.READ,)), seconds=1800),
    "nobody-token": Bearer(grant=Grant(name="nobody", account=0, scopes=(Scope.TRADE,)), seconds=1800),
}

# 14:25:31.125 on 17 August 2025, the time of a published example.
NOW = 1_755_440_731_125_000_000

# What the context's server keeps.
OLDEST, NEWEST = 101, 200


def position(seq):
    """Where the context's market was at a number."""
    return StreamPosition(seq, crc32(b"event %d" % seq))


def check(since):
    """As a server's history does it."""
    if since.seq + 1 < OLDEST:
        raise TooOld(OLDEST)
    if since.seq > NEWEST:
        raise Ahead(NEWEST)
    if since != position(since.seq):
        raise OtherHistory(since)


def present():
    """The context's market: nothing is known of it but where it stands."""
    market_state = MarketState(len(LISTING))
    market_state.seq, market_state.proof = NEWEST, position(NEWEST).proof
    return market_state


CONTEXT = SessionContext(
    listing=LISTING,
    check_key=GRANTS.get,
    auth_seconds=30.0,
    auth_attempts=5,
    check=check,
    now=lambda: NOW,
    market_state=present,
    check_token=TOKENS.get,
)


def sample(name):
    """
    ``tests/dialects/<name>/sample.py``: what the contract tests need to know of a dialect.

    ``OPENING`` of a connection that is let in, ``AUTHENTICATE`` messages that end the auth window
    with ``good key``, and ``SUBSCRIBE`` messages that ask for topics of every kind and of several
    instruments.
    """
    path = HERE / name / "sample.py"
    spec = importlib.util.spec_from_file_location(f"sample_of_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts(actions):
    """The messages among ``actions``, as if they were the first of a connection."""
    said = [action.text for action in actions if isinstance(action, Reply)]
    count = itertools.count()
    return [text.replace(NUMBER, str(next(count))) if NUMBER in text else text for text in said]


def quote(instrument, bid, ask, *, ts=1_709_742_000_000_000_000, size=1):
    """A quote as a row; a price of 0 is a missing side."""
    return (QUOTE, instrument, ts, bid, size if bid else 0, ask, size if ask else 0)


class Running:
    """A market's state and its projections, carried on together as a server does it."""

    def __init__(self, listing=LISTING):
        self.listing = listing
        self.market_state = MarketState(len(listing))
        self.projections = Projections(listing, self.market_state, most_trades=100)

    def apply(self, seq, row, proof=0):
        """Take the next event into account."""
        if self.market_state.apply(seq, row, proof):
            self.projections.apply(seq, row, proof)

    def encoder(self, topic):
        """An encoder of ``topic``, made now."""
        return dialects()[topic.dialect].encoder(
            topic, self.listing[topic.instrument], self.market_state, self.projections
        )


class Ear:
    """A client that takes everything at once."""

    def __init__(self):
        self.received = bytearray()
        self.send_buffer = SendBuffer(self._write, backlog_bytes=1 << 40, wake=pytest.fail, cut=pytest.fail)

    def _write(self, data):
        self.received += data
        return len(data)

    def texts(self, start=0):
        """The messages received after the first ``start`` bytes."""
        data, found, at = bytes(self.received[start:]), [], 0
        while at < len(data):
            end = boundary(data, at, at + 1)
            header = {126: 4, 127: 10}.get(data[at + 1], 2)
            found.append(data[at + header : end].decode())
            at = end
        return found


class Stage:
    """A hub with the encoders of every dialect, and clients that hear it."""

    def __init__(self, listing=LISTING):
        running = Running(listing)
        self.projections = running.projections
        self.hub = Hub(
            History(instruments=len(listing), seconds=86_400, size=1 << 30),
            lambda topic, state, beside: dialects()[topic.dialect].encoder(
                topic, listing[topic.instrument], state, beside
            ),
            flow=Flow(replay_work=1),
            market_state=running.market_state,
            projections=running.projections,
        )

    def publish(self, rows):
        """One step of the fan-out."""
        for group in self.hub.publish(list(rows)):
            data = group.publish()
            for write in group.audience()[1]:
                write(data)

    def ear(self, *topics, since=None):
        """A client that hears ``topics`` from now on."""
        ear = Ear()
        self.hub.subscribe(ear.send_buffer, topics, since=since)
        while self.hub.replays.waiting:
            self.hub.replays.turn()
        return ear


def market(seconds, *symbols, seed=11, start=NOW - NOW % 1_000_000_000):
    """The rows of a lively market of some instruments of the default one, and its listing."""
    chosen = [item for item in default_market().instruments if item.instrument.symbol in symbols]
    lively = MarketSpec(instruments=tuple(chosen), takers=Takers(updates=5))
    simulated = Market(lively, seed=seed, start=start)
    return simulated.opening() + simulated.advance(start + seconds * 1_000_000_000), simulated.listing


@pytest.fixture(scope="session")
def support():
    """Everything above under one name."""
    return SimpleNamespace(
        listing=LISTING,
        context=CONTEXT,
        now=NOW,
        position=position,
        newest=position(NEWEST),
        sample=sample,
        texts=texts,
        quote=quote,
        dialects=dialects,
        here=HERE,
        Stage=Stage,
        market=market,
        with_listing=lambda listing: attrs.evolve(CONTEXT, listing=listing),
        Running=Running,
    )


@pytest.fixture
def conversation(pytestconfig):
    """Records what is said on the connections of a protocol, given its name and the market's listing."""
    write = pytestconfig.getoption("--write-examples")
    return lambda name, listing, **more: conversations.Conversation(name, listing, write=write, **more)
