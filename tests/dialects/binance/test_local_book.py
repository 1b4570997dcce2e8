"""
Books that clients keep by the published rule, "How to manage a local order book correctly".

A snapshot that is had by request at any moment, and the diffs from then on, are the exchange's own book at
every update id, whoever has listened since when: also where a window has begun before, and where everybody
has left in between.
"""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.dialects.binance.fields import Fields
from feed.dialects.binance.market_data.books import depth
from feed.dialects.binance.policy import BinancePolicy
from feed.dialects.binance.streams.names import Form, topic
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import MarketView, TimeUnit

SPEEDS = ("depth", "depth@100ms")
NOTHING = "0.00000000"


class Replica:
    """A client's copy: :meth:`take` each diff that has come since before the snapshot was asked for."""

    def __init__(self, snapshot):
        self.seq = snapshot.lastUpdateId
        self.sides = [dict(side) for side in (snapshot.bids, snapshot.asks)]
        self.before = None  # the last update id of the diff before

    def take(self, diff):
        joined = self.before is None or diff["U"] == self.before + 1
        self.before = diff["u"]
        assert joined, "a gap between two diffs"
        if diff["u"] <= self.seq:
            return
        assert diff["U"] <= self.seq + 1, "a gap between snapshot and diffs"
        for side, changed in zip(self.sides, (diff["b"], diff["a"]), strict=True):
            for price, quantity in changed:
                if quantity == NOTHING:
                    side.pop(price, None)
                else:
                    side[price] = quantity
        self.seq = diff["u"]


class Exchange:
    """A hub, and requests that are answered between two of its steps."""

    def __init__(self, support, listing):
        self.stage = support.Stage(listing)
        self.symbols = symbols(listing)

    def snapshot(self, symbol):
        view = MarketView(
            symbols=self.symbols,
            state=self.stage.hub.market_state,
            projections=self.stage.projections,
            policy=BinancePolicy(),
            open_orders=1,
        )
        fields = Fields((("symbol", symbol), ("limit", "5000")), ["symbol", "limit"])
        return depth(view, fields, TimeUnit.MILLISECOND)

    def listen(self, symbol, speed):
        return self.stage.ear(topic(f"{symbol.lower()}@{speed}", self.symbols, Form()))


@pytest.fixture(scope="module")
def story(support):
    """Some seconds of a real market of two symbols; and every book by symbol and update id."""
    rows, listing = support.market(6, "BTC-USD", "ETH-USD")
    exchange = Exchange(support, listing)
    books = {}
    for row in rows:
        exchange.stage.publish([row])
        symbol = exchange.symbols.at(row[1]).name
        found = exchange.snapshot(symbol)
        sides = [dict(side) for side in (found.bids, found.asks)]
        assert books.setdefault((symbol, found.lastUpdateId), sides) == sides
    return rows, listing, books


VISITS = st.lists(
    st.tuples(
        st.floats(0, 1),  # when it comes, as a part of the time that there is
        st.floats(0, 0.3),  # after which it asks for a snapshot
        st.floats(0, 1),  # after which it leaves
        st.sampled_from(["BTCUSD", "ETHUSD"]),
        st.sampled_from(SPEEDS),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30)
@given(VISITS)
def test_a_local_book_is_the_exchanges_at_every_update_id(support, story, visits):
    """Clients come at any event, ask for a snapshot at any later one, and leave."""
    rows, listing, books = story
    exchange = Exchange(support, listing)
    due = []
    for index, (come, ask, leave, *_) in enumerate(visits):
        due += [(come, 0, index), (come + ask, 1, index), (come + ask + leave, 2, index)]
    ears, replicas, at = {}, {}, 0
    for part, what, index in sorted(due):
        symbol, speed = visits[index][3:]
        stop = round(min(part, 1) * len(rows))
        exchange.stage.publish(rows[at:stop])
        at = stop
        if what == 0:
            ears[index] = exchange.listen(symbol, speed)
        elif what == 1:
            replicas[index] = Replica(exchange.snapshot(symbol))
        else:
            exchange.stage.hub.mute(ears[index].send_buffer)
    for index, replica in replicas.items():
        for text in ears[index].texts():
            replica.take(json.loads(text))
            assert replica.sides == books[visits[index][3], replica.seq]


@pytest.mark.parametrize("speed", SPEEDS)
def test_every_update_is_in_one_diff_and_one_alone(support, story, speed):
    """Who comes after everybody has left goes on where the others were."""
    rows, listing, _ = story
    with_breaks, always = Exchange(support, listing), Exchange(support, listing)
    whole = always.listen("BTCUSD", speed)
    part = len(rows) // 9
    heard = []
    for start in range(0, len(rows), part):
        ear = with_breaks.listen("BTCUSD", speed) if start // part % 2 == 0 else None
        for exchange in (with_breaks, always):
            exchange.stage.publish(rows[start : start + part])
        if ear is not None:
            heard += ear.texts()
            with_breaks.stage.hub.mute(ear.send_buffer)
            assert len(with_breaks.stage.hub._topics) == 0
    told = whole.texts()
    diffs = [json.loads(text) for text in told]
    assert all(later["U"] == one["u"] + 1 for one, later in pairwise(diffs))
    assert heard
    assert [text for text in told if text in heard] == heard
