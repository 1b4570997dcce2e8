"""
Books that clients keep by the published rule, "Maintaining a Valid Book" and "Book Checksum".

A snapshot and the updates that follow it, cut to the depth that was subscribed to, are the exchange's own
best levels at every update, and have the checksum that comes with it, as the importer of recorded messages
has it.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.dialects.kraken.names import Pair, pairs
from feed.dialects.kraken.streams import topics
from feed.importers.kraken import checksum, digits
from feed.model.events import ADD, CLEAR, LEVEL, REDUCE, TRADE, Side
from feed.model.instruments import Instrument, Listing

LISTING = Listing(
    [Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=1, size_decimals=8, venue="kraken")]
)
DEPTHS = (10, 25, 100)


class Replica:
    """A client's copy, as the texts that it was sent."""

    def __init__(self, depth):
        self.depth = depth
        self.sides = None
        self.updates = 0

    def take(self, text):
        message = json.loads(text, parse_float=str, parse_int=str)
        [data] = message["data"]
        if message["type"] == "snapshot":
            self.sides = {"bids": {}, "asks": {}}
        else:
            self.updates += 1
        for name, side in self.sides.items():
            for level in data[name]:
                if float(level["qty"]):
                    side[level["price"]] = level["qty"]
                else:
                    del side[level["price"]]  # what is told to be gone was told to be there
            best = sorted(side.items(), key=lambda level: float(level[0]), reverse=name == "bids")
            self.sides[name] = dict(best[: self.depth])
        asks, bids = (
            [digits(at) + digits(size) for at, size in list(self.sides[name].items())[:10]]
            for name in ("asks", "bids")
        )
        assert int(data["checksum"]) == checksum(asks, bids)


def told(pair, state, depth):
    """The exchange's best levels, as texts."""
    return {
        name: {
            pair.price_text(at): pair.size_text(lots) for at, lots in state.levels(pair.index, side, depth)
        }
        for name, side in (("bids", Side.BUY), ("asks", Side.SELL))
    }


def follow(stage, pair, rows, joins, depths=(10,)):
    """Clients that come at some events, and look at their books after each one from then on."""
    clients = []
    for at, row in enumerate([*rows, None]):
        if at in joins:
            for depth in depths:
                one = topics.topic(topics.BOOK, pair.index, (topics.DEPTH, str(depth)))
                clients.append((stage.ear(one), Replica(depth)))
        if row is not None:
            stage.publish([row])
        for ear, replica in clients:
            for text in ear.texts():
                replica.take(text)
            ear.received.clear()
            assert replica.sides == told(pair, stage.hub.market_state, replica.depth)
    return [replica for _, replica in clients]


def test_a_local_book_has_the_checksum_of_every_update_of_a_real_market(support):
    """At any depth, whenever a client comes; the book is never empty."""
    rows, listing = support.market(6, "BTC-USD", "BTC-USD@kraken")
    [pair] = pairs(listing)
    clients = follow(support.Stage(listing), pair, rows, {0, len(rows) // 2}, DEPTHS)
    assert all(replica.updates > 20 for replica in clients)
    assert [len(side) for side in clients[0].sides.values()] == [10, 10]


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["level", "clear"] + ["level"] * 30),
        st.integers(0, 1),
        st.integers(0, 25),
        st.integers(0, 3),
    ),
    max_size=80,
)


@settings(max_examples=100)
@given(CHANGES, st.lists(st.integers(0, 80), max_size=2))
def test_a_local_book_has_the_checksum_of_every_update_of_any_market(support, changes, joins):
    """Also where levels behind the last one come up, and where the book begins anew."""
    rows = []
    for at, (kind, side, price, lots) in enumerate(changes):
        ts = support.now + at
        # Bids and asks do not cross.
        rows.append(
            (LEVEL, 0, ts, side, 100 + price if side else 99 - price, lots)
            if kind == "level"
            else (CLEAR, 0, ts)
        )
    follow(support.Stage(LISTING), Pair.of(0, LISTING[0]), rows, {0, *joins})


@pytest.fixture
def listen(support):
    """Gives a function that publishes rows, and gives what is told of them at a depth."""
    stage = support.Stage(LISTING)
    for at in range(11):
        stage.publish(
            [
                (ADD, 0, support.now, at + 1, 1, 1000 + at, 5, 5),
                (ADD, 0, support.now, at + 20, 0, 900 - at, 7, 7),
            ]
        )
    ear = stage.ear(topics.topic(topics.BOOK, 0, (topics.DEPTH, "10")))

    def publish(*rows):
        ear.received.clear()
        stage.publish(rows)
        return [json.loads(text)["data"][0] for text in ear.texts()]

    return publish


def test_what_is_told_of_a_level(support, listen):
    """It comes, changes and goes; nothing is said of what is behind the last one that is told of."""
    now = support.now
    [told_of] = listen((ADD, 0, now, 50, 0, 901, 2, 2))
    assert (told_of["bids"], told_of["asks"]) == ([{"price": 90.1, "qty": 0.00000002}], [])
    assert told_of["timestamp"] == "2025-08-17T14:25:31.125000Z"
    assert listen((REDUCE, 0, now, 30, 0, 890, 1, 1), (ADD, 0, now, 51, 0, 891, 1, 8)) == []
    [traded] = listen((TRADE, 0, now, 1, 1, 901, 1, 50, 51, 1, 1))
    assert traded["bids"] == [{"price": 90.1, "qty": 0.00000001}]
    [gone] = listen((REDUCE, 0, now, 50, 0, 901, 0, 0))
    assert gone["bids"] == [{"price": 90.1, "qty": 0.0}, {"price": 89.1, "qty": 0.00000008}]
    [last] = listen((TRADE, 0, now, 2, 0, 1000, 5, 1, 52, 0, 0))
    assert last["asks"] == [{"price": 100.0, "qty": 0.0}, {"price": 101.0, "qty": 0.00000005}]


def test_a_book_that_begins_anew_is_a_snapshot(support, listen):
    """Empty, with the checksum of nothing."""
    assert listen((CLEAR, 0, support.now)) == [{"symbol": "BTC/USD", "bids": [], "asks": [], "checksum": 0}]
