"""What is sent of each channel, and when."""

import json

import pytest
from coinbase_exchange_market import BTC, LISTING, NOON, SECOND, SOL
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.coinbase_exchange.streams.books import TOP
from feed.dialects.uuids import order_uuid
from feed.model.events import (
    ADD,
    AUCTION,
    CLEAR,
    CLOCK,
    LEVEL,
    QUOTE,
    REDUCE,
    STATUS,
    TRADE,
    UNKNOWN,
    Side,
    Status,
)

TIME = "2024-03-06T12:00:00.000000Z"


def quote(bid, ask, ts=NOON):
    return (QUOTE, BTC, ts, bid, 1, ask, 1)


def trade(number, price, size, ts=NOON, *, side=0, maker=0, taker=0, left=UNKNOWN, level=UNKNOWN):
    return (TRADE, BTC, ts, number, side, price, size, maker, taker, left, level)


def clock(ts):
    return (CLOCK, 0, ts)


@pytest.fixture
def stage(support):
    """Both best prices of BTC-USD, and a trade."""
    made = support.Stage(LISTING)
    made.publish([(ADD, BTC, NOON, 1, 0, 642_500, 200, 200), (ADD, BTC, NOON, 2, 1, 642_502, 300, 300)])
    made.publish([quote(642_500, 642_502), trade(1, 642_000, 5, NOON), quote(642_500, 642_502)])
    return made


@pytest.fixture
def listen(stage):
    """Gives a function that gives what is told of rows that are published."""

    def subscribe(channel):
        ear = stage.ear(topics.topic(channel, BTC))
        first = [json.loads(text) for text in ear.texts()]

        def publish(*rows):
            ear.received.clear()
            stage.publish(rows)
            return [json.loads(text) for text in ear.texts()]

        return first, publish

    return subscribe


TICKER = {
    "type": "ticker",
    "sequence": 5,
    "product_id": "BTC-USD",
    "price": "6420.00",
    "open_24h": "6420.00",
    "volume_24h": "0.00000005",
    "low_24h": "6420.00",
    "high_24h": "6420.00",
    "volume_30d": "0.00000005",
    "best_bid": "6425.00",
    "best_bid_size": "0.00000200",
    "best_ask": "6425.02",
    "best_ask_size": "0.00000300",
    "side": "buy",
    "time": TIME,
    "trade_id": 1,
    "last_size": "0.00000005",
}


def test_a_ticker_comes_when_what_an_order_took_is_complete(listen):
    """One for all its trades, with the best prices that follow them; quotes alone give none."""
    [first], publish = listen("ticker")
    assert first == TICKER
    assert list(first) == list(TICKER)
    assert publish(quote(642_501, 642_502)) == []
    assert publish(trade(2, 642_502, 100, level=200), trade(3, 642_502, 100, level=100, side=0)) == []
    [told] = publish(quote(642_500, 642_502, NOON + SECOND))
    assert (told["price"], told["best_ask_size"], told["trade_id"]) == ("6425.02", "0.00000100", 3)
    assert (told["open_24h"], told["volume_24h"], told["volume_30d"]) == (
        "6420.00",
        "0.00000205",
        "0.00000205",
    )
    assert told["sequence"] == 7


def test_a_ticker_batch_comes_every_five_seconds_with_trades(listen):
    """Windows are of market time."""
    [first], publish = listen("ticker_batch")
    assert first == TICKER
    assert publish(clock(NOON + 5 * SECOND)) == [TICKER]
    assert publish(clock(NOON + 10 * SECOND)) == []
    rows = (trade(2, 642_502, 100, NOON + 11 * SECOND), trade(3, 642_503, 7, NOON + 12 * SECOND))
    assert publish(*rows) == []
    [told] = publish(clock(NOON + 15 * SECOND))
    assert (told["type"], told["price"], told["trade_id"]) == ("ticker", "6425.03", 3)


def test_nothing_is_told_before_the_first_trade(stage):
    """A ticker has no price then; a heartbeat has no trade."""
    ear = stage.ear(*(topics.topic(channel, SOL) for channel in ("ticker", "ticker_batch", "matches")))
    assert ear.texts() == []


def test_matches_begin_with_the_last_one(listen):
    """The next one has the number after it; the side is that of the order that rested."""
    [first], publish = listen("matches")
    assert (first["type"], first["trade_id"], first["side"], first["sequence"]) == (
        "last_match",
        1,
        "sell",
        5,
    )
    [told] = publish(trade(2, 642_502, 100, NOON + SECOND, side=1, maker=7, taker=9, left=0, level=200))
    assert told == {
        "type": "match",
        "trade_id": 2,
        "maker_order_id": order_uuid(7),
        "taker_order_id": order_uuid(9),
        "side": "buy",
        "size": "0.00000100",
        "price": "6425.02",
        "product_id": "BTC-USD",
        "sequence": 7,
        "time": "2024-03-06T12:00:01.000000Z",
    }


def test_heartbeats_tell_of_the_last_message_and_trade(listen):
    """Every second."""
    first, publish = listen("heartbeat")
    beat = {"type": "heartbeat", "last_trade_id": 1, "product_id": "BTC-USD", "sequence": 5}
    assert first == []
    for at in (1, 2):
        told = {**beat, "time": f"2024-03-06T12:00:0{at}.000000Z"}
        assert publish(clock(NOON + at * SECOND)) == [told]


def test_an_auction_is_told_as_it_would_end(listen):
    """While orders are collected and at the end; who comes in the middle of it is told at once."""
    first, publish = listen("auctionfeed")
    assert first == []
    ends = NOON + 2 * SECOND
    assert publish((STATUS, BTC, NOON, Status.AUCTION)) == []
    collecting = (AUCTION, BTC, NOON, 3, 1, 0, 0, 0, 642_500, 700, 642_502, 300, 642_500, ends)
    beginning = {
        "type": "auction",
        "product_id": "BTC-USD",
        "sequence": 5,
        "auction_state": "collection",
        "best_bid_price": "6425.00",
        "best_bid_size": "0.00000700",
        "best_ask_price": "6425.02",
        "best_ask_size": "0.00000300",
        "open_price": "0.00",
        "open_size": "0.00000000",
        "can_open": "no",
        "timestamp": "2024-03-06T12:00:00.000000Z",
    }
    assert publish(collecting) == [beginning]
    again, _ = listen("auctionfeed")
    assert again == [beginning]
    [told] = publish((AUCTION, BTC, ends, 3, 2, 642_501, 250, 50, 642_501, 300, 642_501, 250, 642_500, ends))
    assert (told["auction_state"], told["can_open"]) == ("complete", "yes")
    assert (told["open_price"], told["open_size"]) == ("6425.01", "0.00000250")


def test_status_tells_of_everything_every_five_seconds(listen):
    """Products and currencies, and once at the beginning."""
    [first], publish = listen("status")
    assert [one["id"] for one in first["products"]] == ["BTC-USD", "SOL-USD"]
    assert [one["id"] for one in first["currencies"]] == ["BTC", "SOL", "USD"]
    assert publish((STATUS, SOL, NOON, Status.HALTED)) == []
    [told] = publish(clock(NOON + 5 * SECOND))
    assert [one["cancel_only"] for one in told["products"]] == [False, True]


def test_every_order_is_told_of_and_numbered(stage):
    """A taker that rests afterwards has come in once; one that does not is over with the quote."""
    ear = stage.ear(*topics.topics_of("full", BTC, 0))
    assert ear.texts() == []
    rows = [
        trade(2, 642_502, 100, maker=2, taker=9, left=200, level=200),
        trade(3, 642_502, 200, maker=2, taker=9, left=0, level=0),
        (ADD, BTC, NOON, 9, 0, 642_502, 50, 50),
        quote(642_502, 642_600),
        trade(4, 642_502, 50, side=1, maker=9, taker=11, left=0, level=0),
        quote(642_500, 642_600),
        (REDUCE, BTC, NOON, 1, 0, 642_500, 50, 50),
        (REDUCE, BTC, NOON, 1, 0, 642_500, 0, 0),
    ]
    for row in rows:
        stage.publish([row])
    told = [json.loads(text) for text in ear.texts()]
    assert [(one["type"], one["sequence"]) for one in told] == [
        ("received", 6),
        ("match", 7),
        ("match", 8),
        ("done", 9),
        ("open", 10),
        ("received", 11),
        ("match", 12),
        ("done", 13),
        ("done", 14),
        ("change", 15),
        ("done", 16),
    ]
    ids = {order_uuid(number): number for number in (1, 2, 9, 11)}
    assert [ids.get(one.get("order_id")) for one in told] == [9, None, None, 2, 9, 11, None, 9, 11, 1, 1]
    assert [one["side"] for one in told if one["type"] == "match"] == ["sell", "sell", "buy"]
    assert (told[-2]["old_size"], told[-2]["new_size"]) == ("0.00000200", "0.00000050")
    assert (told[-1]["reason"], told[-1]["remaining_size"]) == ("canceled", "0.00000050")


def test_a_book_begins_with_all_levels(listen):
    """Then each change at once; one that is begun anew is told whole."""
    [first], publish = listen("level2")
    assert first == {
        "type": "snapshot",
        "product_id": "BTC-USD",
        "asks": [["6425.02", "0.00000300"]],
        "bids": [["6425.00", "0.00000200"]],
        "time": TIME,
    }
    update = {"type": "l2update", "product_id": "BTC-USD", "time": TIME}
    assert publish((LEVEL, BTC, NOON, 0, 642_499, 7), (LEVEL, BTC, NOON, 1, 642_502, 0)) == [
        {**update, "changes": [["buy", "6424.99", "0.00000007"]]} | {"time": TIME},
        {**update, "changes": [["sell", "6425.02", "0.00000000"]]},
    ]
    [told] = publish((CLEAR, BTC, NOON))
    assert (told["type"], told["bids"], told["asks"]) == ("snapshot", [], [])


def test_a_batch_tells_what_a_window_has_changed(listen):
    """Each level once, as it stands at the end of 50 ms of market time."""
    [first], publish = listen("level2_batch")
    assert first["type"] == "snapshot"
    ms = SECOND // 1000
    publish(clock(NOON + 50 * ms))
    changes = [(LEVEL, BTC, NOON + 60 * ms, 0, 642_499, size) for size in (7, 8)]
    assert publish(*changes, (LEVEL, BTC, NOON + 99 * ms, 1, 642_502, 0)) == []
    [told] = publish(clock(NOON + 100 * ms))
    assert told == {
        "type": "l2update",
        "product_id": "BTC-USD",
        "changes": [["buy", "6424.99", "0.00000008"], ["sell", "6425.02", "0.00000000"]],
        "time": "2024-03-06T12:00:00.100000Z",
    }
    assert publish(clock(NOON + 150 * ms)) == []


class Follower:
    """A book that a client keeps by what it is told."""

    def __init__(self):
        self.sides = {}

    def read(self, text):
        told = json.loads(text)
        if told["type"] == "snapshot":
            self.sides = {"buy": dict(told["bids"]), "sell": dict(told["asks"])}
            return
        for side, price, size in told["changes"]:
            if float(size):
                self.sides[side][price] = size
            else:
                self.sides[side].pop(price, None)

    def levels(self, side):
        return sorted(
            ((float(price), size) for price, size in self.sides[side].items()), reverse=side == "buy"
        )


@settings(max_examples=40)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 3 * TOP), st.integers(0, 2)), min_size=1, max_size=300
    ),
    joined=st.integers(0, 200),
)
def test_who_follows_has_the_book(support, changes, joined):
    """Whole, or its fifty best levels and no other, whenever a client has joined."""
    stage = support.Stage(LISTING)
    rows = [(LEVEL, BTC, NOON, side, (200 + price) if side else price, size) for side, price, size in changes]
    stage.publish(rows[:joined])
    ears = {channel: stage.ear(topics.topic(channel, BTC)) for channel in ("level2", "level2_50")}
    stage.publish(rows[joined:])
    state = stage.hub.market_state
    for (channel, ear), most in zip(ears.items(), (None, TOP), strict=True):
        book = Follower()
        for text in ear.texts():
            book.read(text)
        for side, name in enumerate(("buy", "sell")):
            levels = state.levels(BTC, Side(side), most)
            assert book.levels(name) == [(price / 100, f"0.{size:08}") for price, size in levels], channel
