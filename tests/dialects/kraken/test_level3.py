"""
The orders of a book that clients keep by the published rule, "L3 checksum (WebSocket v2)".

A snapshot and the updates that follow it, cut to the depth that was subscribed to, are the book's own queues
at every update, and have the checksum that comes with it, computed here from the texts alone.
"""

import json
import re
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kraken_trading import Floor

from feed.book.views import L3
from feed.dialects.kraken.account.ids import order_id
from feed.dialects.kraken.names import Pair, pairs
from feed.dialects.kraken.streams import topics
from feed.model.events import ADD, CLEAR, LEVEL, REDUCE, TRADE, Side
from feed.model.instruments import Instrument, Listing

LISTING = Listing(
    [Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=1, size_decimals=8, venue="kraken")]
)
SIDES = (("bids", Side.BUY), ("asks", Side.SELL))


class Replica:
    """A client's copy: by side and price the orders, by id, as the texts that it was sent."""

    def __init__(self, depth):
        self.depth = depth
        self.sides = None
        self.events = []

    def take(self, text):
        message = json.loads(text, parse_float=str, parse_int=str)
        [data] = message["data"]
        if message["type"] == "snapshot":
            self.sides = {"bids": {}, "asks": {}}
        for name, levels in self.sides.items():
            for order in data[name]:
                self.change(levels, order, order.get("event", "add"))
            best = sorted(levels.items(), key=lambda level: float(level[0]), reverse=name == "bids")
            self.sides[name] = dict(best[: self.depth])
        assert int(data["checksum"]) == self.checksum()

    def change(self, levels, order, event):
        self.events.append(event)
        queue = levels.setdefault(order["limit_price"], {})
        known = queue.get(order["order_id"])
        assert (known is None) == (event == "add")
        if event == "delete":
            assert queue.pop(order["order_id"])[0] == order["order_qty"]
            if not queue:
                del levels[order["limit_price"]]
        else:
            queue[order["order_id"]] = order["order_qty"], order["timestamp"]

    def checksum(self):
        text = ""
        for name in ("asks", "bids"):
            for price, queue in list(self.sides[name].items())[:10]:
                for size, _ in queue.values():
                    text += price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")
        return crc32(text.encode())

    def queues(self):
        return {
            name: {
                price: [(number, size) for number, (size, _) in queue.items()]
                for price, queue in levels.items()
            }
            for name, levels in self.sides.items()
        }


def told(pair, state, depth):
    """The market's own queues of the best levels, as texts."""
    found = {}
    for name, side in SIDES:
        best = dict(state.levels(pair.index, side, depth))
        found[name] = {pair.price_text(at): [] for at in best}
        for number, price, left in state.orders(pair.index, side):
            if price in best:
                found[name][pair.price_text(price)].append((order_id(number), pair.size_text(left)))
    return found


def listen(stage, pair, depth=10):
    one = topics.topic(topics.LEVEL3, pair.index, (topics.DEPTH, str(depth)))
    return stage.ear(one), Replica(depth)


def follow(stage, pair, rows, joins, depths):
    """Clients that come at some events, and look at their orders after each one from then on."""
    clients = []
    for at, row in enumerate([*rows, None]):
        if at in joins:
            clients += [listen(stage, pair, depth) for depth in depths]
        if row is not None:
            stage.publish([row])
        for ear, replica in clients:
            for text in ear.texts():
                replica.take(text)
            ear.received.clear()
            assert replica.queues() == told(pair, stage.hub.market_state, replica.depth)
    return [replica for _, replica in clients]


def test_local_queues_have_the_checksum_of_every_update_of_a_real_market(support):
    """At any depth, whenever a client comes; queues stand in the order of their times."""
    rows, listing = support.market(4, "BTC-USD", "BTC-USD@kraken", seed=1)
    [pair] = pairs(listing)
    for replica in follow(support.Stage(listing), pair, rows, {0, len(rows) // 2}, (10, 100)):
        assert {"add", "delete", "modify"} == {*replica.events}
        for name, _ in SIDES:
            for queue in replica.sides[name].values():
                times = [since for _, since in queue.values()]
                assert times == sorted(times)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "reduce", "reduce", "trade"]),
        st.sampled_from(list(Side)),
        st.integers(0, 14),
        st.integers(1, 3),
    ),
    max_size=60,
)


@settings(max_examples=100)
@given(CHANGES, st.integers(0, 60))
def test_local_queues_have_the_checksum_of_every_update_of_any_market(support, changes, join):
    """Also where levels behind the last one come up."""
    rows, book = [], L3()
    for number, (kind, side, at, lots) in enumerate(changes, 1):
        now, price = support.now + number, 100 + at if side else 99 - at
        orders = book.orders(side)
        if kind == "add":
            level = sum(left for _, one, left in orders if one == price) + lots
            rows.append((ADD, 0, now, number, side, price, lots, level))
        elif orders:
            order, price, left = orders[at % len(orders) if kind == "reduce" else 0]
            left -= min(left, lots)
            level = left + sum(size for one, other, size in orders if other == price and one != order)
            rows.append(
                (REDUCE, 0, now, order, side, price, left, level)
                if kind == "reduce"
                else (TRADE, 0, now, number, 1 - side, price, lots, order, number, left, level)
            )
        else:
            continue
        book.apply(rows[-1])
    follow(support.Stage(LISTING), Pair.of(0, LISTING[0]), rows, {0, join}, (10,))


@pytest.fixture
def publish(support):
    """Gives a function that publishes rows, and gives what is told of them."""
    stage = support.Stage(LISTING)
    for at in range(11):
        stage.publish(
            [
                (ADD, 0, support.now, at + 1, 1, 1000 + at, 5, 5),
                (ADD, 0, support.now, at + 20, 0, 900 - at, 7, 7),
            ]
        )
    stage.publish([(ADD, 0, support.now + 1, 60, 1, 1010, 9, 14)])
    ear, _ = listen(stage, Pair.of(0, LISTING[0]))

    def tell(*rows):
        ear.received.clear()
        stage.publish(rows)
        return [json.loads(text)["data"][0] for text in ear.texts()]

    return tell


def order(number, price, size, *, event=None, at="2025-08-17T14:25:31.125000000Z"):
    said = {} if event is None else {"event": event}
    return {**said, "order_id": order_id(number), "limit_price": price, "order_qty": size, "timestamp": at}


def test_what_is_told_of_an_order(support, publish):
    """It comes, shrinks, is traded and goes; a level that comes up comes with all of its orders."""
    now = support.now + 10
    then = "2025-08-17T14:25:31.125000010Z"
    [come] = publish((ADD, 0, now, 50, 0, 901, 4, 4))
    assert (come["bids"], come["asks"]) == ([order(50, 90.1, 4e-8, event="add", at=then)], [])
    [less] = publish((REDUCE, 0, now + 1, 50, 0, 901, 3, 3))
    assert less["bids"] == [order(50, 90.1, 3e-8, event="modify", at=then)]
    [traded] = publish((TRADE, 0, now + 2, 1, 1, 901, 1, 50, 51, 2, 2))
    assert traded["bids"] == [order(50, 90.1, 2e-8, event="modify", at=then)]
    [gone] = publish((REDUCE, 0, now, 50, 0, 901, 0, 0))
    assert gone["bids"] == [
        order(50, 90.1, 2e-8, event="delete", at=then),
        order(29, 89.1, 7e-8, event="add"),
    ]
    assert publish((ADD, 0, now, 52, 0, 890, 1, 8)) == []
    [last] = publish((TRADE, 0, now, 2, 0, 1000, 5, 1, 52, 0, 0))
    assert last["asks"] == [
        order(1, 100.0, 5e-8, event="delete", at=then),
        order(11, 101.0, 5e-8, event="add"),
        order(60, 101.0, 9e-8, event="add", at="2025-08-17T14:25:31.125000001Z"),
    ]


def test_a_book_that_begins_anew_is_a_snapshot(support, publish):
    """Empty, with the checksum of nothing; a source of levels alone has one order at each then."""
    assert publish((CLEAR, 0, support.now)) == [{"symbol": "BTC/USD", "checksum": 0, "bids": [], "asks": []}]
    [come] = publish((LEVEL, 0, support.now, 0, 900, 5))
    [one] = come["bids"]
    assert re.fullmatch(r"O[A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}", one.pop("order_id"))
    assert one.pop("timestamp")
    assert one == {"event": "add", "limit_price": 90.0, "order_qty": 5e-8}
    assert come["checksum"] == crc32(b"9005")


# --- subscriptions -----------------------------------------------------------------------------------


def test_the_token_of_an_account_opens_it():
    """Each pair is answered with its depth, then come the orders; it begins and ends as a book does."""
    connection = Floor().connect()
    asked = {"channel": "level3", "symbol": ["BTC/USD"], "depth": 100, "token": "token-reader"}
    done, snapshot = connection.send("subscribe", **asked)
    assert done["result"] == {"channel": "level3", "depth": 100, "snapshot": True, "symbol": "BTC/USD"}
    assert (snapshot["channel"], snapshot["type"]) == ("level3", "snapshot")
    again, fewer = connection.send("subscribe", **(asked | {"depth": 10}))
    assert (again["success"], len(fewer["data"][0]["bids"]) < len(snapshot["data"][0]["bids"])) == (
        True,
        True,
    )
    [ended] = connection.send("unsubscribe", channel="level3", symbol=["BTC/USD"])
    assert ended["success"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "ESession:Invalid session"),
        ({"token": "no such token"}, "ESession:Invalid session"),
        ({"token": 5}, "ESession:Invalid session"),
        ({"token": "token-blind"}, "EAccount:Invalid permissions"),
        ({"token": "token-1", "depth": 25}, "Subscription depth not supported"),
        ({"token": "token-1", "symbol": []}, "Field 'symbol' must be a list of currency pairs"),
    ],
)
def test_what_cannot_be_opened_is_refused(fields, error):
    """In the words of private channels, or of books; and nothing is told."""
    connection = Floor().connect()
    [refused] = connection.send("subscribe", **({"channel": "level3", "symbol": ["BTC/USD"]} | fields))
    assert (refused["success"], refused["error"], refused["method"]) == (False, error, "subscribe")


def test_own_orders_go_by_the_ids_that_their_account_knows():
    """For everybody who listens, from when they rest until they are cancelled."""
    floor = Floor()
    trader, other = floor.connect(), floor.connect()
    other.send("subscribe", channel="level3", symbol=["BTC/USD"], token="token-2")
    best = floor.quote()[0]
    order = {
        "symbol": "BTC/USD",
        "side": "buy",
        "order_type": "limit",
        "limit_price": best,
        "order_qty": 0.25,
    }
    number = trader.send("add_order", token="token-1", **order)[-1]["result"]["order_id"]
    [come] = [one for message in other.new() for one in message["data"][0]["bids"]]
    since = come.pop("timestamp")
    assert come == {"event": "add", "order_id": number, "limit_price": best, "order_qty": 0.25}
    trader.send("cancel_order", token="token-1", order_id=[number])
    [gone] = [one for message in other.new() for one in message["data"][0]["bids"]]
    assert (gone["event"], gone["order_id"], gone["order_qty"]) == ("delete", number, 0.25)
    assert since <= gone["timestamp"]
