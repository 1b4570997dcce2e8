"""What is sent of books, trades, tickers, candles, products and heartbeats, and when."""

import json
from decimal import Decimal

import pytest

from feed.dialects.coinbase.products import products
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.status import all_of
from feed.faults.frame_faults import SeededFault
from feed.model.events import ADD, CLEAR, CLOCK, LEVEL, QUOTE, REDUCE, STATUS, TRADE, UNKNOWN, Side, Status
from feed.model.faults import Drop
from feed.model.instruments import Instrument, Listing
from feed.state.encoder import NUMBER

SECOND = 1_000_000_000
MS = 1_000_000
NOON = 1_709_726_400 * SECOND  # 2024-03-06T12:00:00Z
BTC, ETH = 1, 2


def product(base, price_decimals, venue="coinbase"):
    symbol = f"{base}-USD" if venue == "coinbase" else f"{base}-USD@{venue}"
    return Instrument(
        symbol=symbol, base=base, quote="USD", price_decimals=price_decimals, size_decimals=8, venue=venue
    )


LISTING = Listing([product("BTC", 1, "kraken"), product("BTC", 2), product("ETH", 2)])


def quote(bid, ask, ts=NOON):
    return (QUOTE, BTC, ts, bid, 1, ask, 1)


def trade(number, price, size, ts=NOON, *, side=0, level=UNKNOWN):
    return (TRADE, BTC, ts, number, side, price, size, 0, 0, level, level)


def clock(ts):
    return (CLOCK, 0, ts)


@pytest.fixture
def stage(support):
    """Both best prices of BTC-USD, and a trade."""
    made = support.Stage(LISTING)
    made.publish([(ADD, BTC, NOON, 1, 0, 6_425_000, 200, 200), (ADD, BTC, NOON, 2, 1, 6_425_020, 300, 300)])
    made.publish([quote(6_425_000, 6_425_020), trade(1, 6_420_000, 5), quote(6_425_000, 6_425_020)])
    return made


@pytest.fixture
def listen(stage):
    """Gives what a subscriber is told first, and a function that gives what is told of published rows."""

    def subscribe(channel, *, ear=None):
        ear = ear or stage.ear(topics.topic(channel, BTC))
        first = [json.loads(text) for text in ear.texts()]

        def publish(*rows):
            ear.received.clear()
            stage.publish(rows)
            return [json.loads(text) for text in ear.texts()]

        return first, publish

    return subscribe


def test_a_message_is_as_published(listen):
    """Names and their order, time with its fraction, and a number that counts from 0 on each connection."""
    [first], publish = listen("level2")
    assert list(first) == ["channel", "client_id", "timestamp", "sequence_num", "events"]
    assert (first["channel"], first["client_id"], first["sequence_num"]) == ("l2_data", "", 0)
    assert first["timestamp"] == "2024-03-06T12:00:00.000000Z"
    told = publish((LEVEL, BTC, NOON, 0, 1, 1), (LEVEL, BTC, NOON, 0, 1, 2))
    assert [message["sequence_num"] for message in told] == [1, 2]


def level(side, price, size, time="1970-01-01T00:00:00Z"):
    return {"side": side, "event_time": time, "price_level": price, "new_quantity": size}


def test_a_book_is_told_whole_and_then_by_level(listen):
    """The quantity that a level has from then on; none for one that has gone; anew where it begins anew."""
    [first], publish = listen("level2")
    assert first["events"] == [
        {
            "type": "snapshot",
            "product_id": "BTC-USD",
            "updates": [level("bid", "64250.00", "0.00000200"), level("offer", "64250.20", "0.00000300")],
        }
    ]
    added, gone, anew = publish(
        (ADD, BTC, NOON + SECOND, 3, 0, 6_424_990, 7, 7),
        (REDUCE, BTC, NOON + SECOND, 2, 1, 6_425_020, 300, 0),
        (CLEAR, BTC, NOON + SECOND),
    )
    time = "2024-03-06T12:00:01.000000Z"
    assert (added["events"][0]["type"], added["timestamp"]) == ("update", time)
    assert added["events"][0]["updates"] == [level("bid", "64249.90", "0.00000007", time)]
    assert gone["events"][0]["updates"] == [level("offer", "64250.20", "0", time)]
    assert anew["events"] == [{"type": "snapshot", "product_id": "BTC-USD", "updates": []}]


def test_trades_of_a_quarter_of_a_second_come_together(listen):
    """The newest first, at the end of the interval, and none twice; the side is that of who rested."""
    [first], publish = listen("market_trades")
    assert first["events"] == [{"type": "snapshot", "trades": []}]  # that one is still to come
    assert publish(trade(2, 6_425_020, 300, NOON + 249 * MS, side=1)) == []
    [told] = publish(clock(NOON + 250 * MS))
    assert told["timestamp"] == "2024-03-06T12:00:00.250000Z"
    [event] = told["events"]
    assert [one["trade_id"] for one in event["trades"]] == ["2", "1"]
    assert event["type"] == "update"
    assert event["trades"][0] == {
        "product_id": "BTC-USD",
        "trade_id": "2",
        "price": "64250.20",
        "size": "0.00000300",
        "time": "2024-03-06T12:00:00.249000Z",
        "side": "BUY",
    }
    assert event["trades"][1]["side"] == "SELL"
    assert publish(clock(NOON + SECOND)) == []


def test_the_last_trades_come_first(listen, stage):
    """Without those that the next message will tell of, whoever has listened before."""
    stage.publish([clock(NOON + 250 * MS), trade(2, 6_425_020, 1, NOON + 300 * MS)])
    [first], publish = listen("market_trades")
    assert [one["trade_id"] for one in first["events"][0]["trades"]] == ["1"]
    [told] = publish(trade(3, 6_425_020, 1, NOON + 300 * MS), clock(NOON + 500 * MS))
    assert [one["trade_id"] for one in told["events"][0]["trades"]] == ["3", "2"]


TICKER = {
    "type": "ticker",
    "product_id": "BTC-USD",
    "price": "64200.00",
    "volume_24_h": "0.00000005",
    "low_24_h": "64200.00",
    "high_24_h": "64200.00",
    "low_52_w": "64200.00",
    "high_52_w": "64200.00",
    "price_percent_chg_24_h": "0.00000000",
    "best_bid": "64250.00",
    "best_bid_quantity": "0.00000200",
    "best_ask": "64250.20",
    "best_ask_quantity": "0.00000300",
}


def test_a_ticker_comes_when_what_an_order_took_is_complete(listen):
    """One for all its trades, with the best prices that follow them; quotes alone give none."""
    [first], publish = listen("ticker")
    assert first["events"] == [{"type": "snapshot", "tickers": [TICKER]}]
    assert list(first["events"][0]["tickers"][0]) == list(TICKER)
    assert publish(quote(6_425_010, 6_425_020)) == []
    assert publish(trade(2, 6_425_020, 100, level=200), trade(3, 6_425_020, 100, level=100)) == []
    [told] = publish(quote(6_425_000, 6_425_020, NOON + SECOND))
    [event] = told["events"]
    [ticker] = event["tickers"]
    assert (told["channel"], event["type"]) == ("ticker", "update")
    assert (ticker["price"], ticker["best_ask_quantity"]) == ("64250.20", "0.00000100")
    assert ticker["price_percent_chg_24_h"] == "0.07819315"
    assert told["timestamp"] == "2024-03-06T12:00:01.000000Z"


def test_a_batch_comes_every_five_seconds(listen):
    """Whether or not anything has happened."""
    [first], publish = listen("ticker_batch")
    assert (first["channel"], first["events"][0]["tickers"]) == ("ticker_batch", [TICKER])
    assert publish(trade(2, 6_425_020, 1, NOON + SECOND)) == []
    [told] = publish(clock(NOON + 5 * SECOND))
    assert (told["timestamp"], told["events"][0]["type"]) == ("2024-03-06T12:00:05.000000Z", "update")
    assert told["events"][0]["tickers"][0]["price"] == "64250.20"
    assert len(publish(clock(NOON + 10 * SECOND))) == 1


def test_a_candle_is_told_every_second(listen, stage):
    """That of the second that ends, so that one that is over is told whole."""
    stage.publish([trade(2, 6_430_000, 5, NOON + 299 * SECOND)])
    [first], publish = listen("candles")
    candle = {
        "start": "1709726400",
        "high": "64300.00",
        "low": "64200.00",
        "open": "64200.00",
        "close": "64300.00",
        "volume": "0.00000010",
        "product_id": "BTC-USD",
    }
    assert first["events"] == [{"type": "snapshot", "candles": [candle]}]
    assert list(first["events"][0]["candles"][0]) == list(candle)
    told = publish(trade(3, 6_410_000, 5, NOON + 299 * SECOND + 1), clock(NOON + 300 * SECOND))
    over = {**candle, "low": "64100.00", "close": "64100.00", "volume": "0.00000015"}
    assert [message["events"] for message in told] == [[{"type": "update", "candles": [over]}]]
    assert publish(clock(NOON + 301 * SECOND)) == []  # nobody has traded in the new one
    [told] = publish(trade(4, 6_400_000, 1, NOON + 301 * SECOND), clock(NOON + 302 * SECOND))
    assert told["events"][0]["candles"][0]["start"] == "1709726700"


def test_products_are_told_of_with_their_status(listen, stage):
    """All at once, then each that changes."""
    first = json.loads(all_of(products(LISTING), stage.hub.market_state).replace(NUMBER, "0"))
    assert [one["id"] for one in first["events"][0]["products"]] == ["BTC-USD", "ETH-USD"]
    assert first["events"][0]["products"][0] == {
        "product_type": "SPOT",
        "id": "BTC-USD",
        "base_currency": "BTC",
        "quote_currency": "USD",
        "base_increment": "0.00000001",
        "quote_increment": "0.01",
        "display_name": "BTC/USD",
        "status": "online",
        "status_message": "",
        "min_market_funds": "1",
    }
    nothing, publish = listen("status")
    assert nothing == []
    [told] = publish((STATUS, BTC, NOON, Status.HALTED))
    [halted] = told["events"][0]["products"]
    assert (halted["status"], halted["status_message"]) == ("offline", "Trading is halted.")
    for status, word in ((Status.AUCTION, "online"), (Status.CLOSED, "offline")):
        [told] = publish((STATUS, BTC, NOON, status))
        [found] = told["events"][0]["products"]
        assert found["status"] == word
        assert found["status_message"]


def test_a_heartbeat_comes_every_second(listen, stage):
    """Numbered by the second, so that a client sees whether it has missed one."""
    nothing, publish = listen("heartbeats", ear=stage.ear(topics.topic(topics.HEARTBEATS)))
    assert nothing == []
    one, two = publish(clock(NOON + SECOND), clock(NOON + 2 * SECOND))
    assert one["channel"] == "heartbeats"
    assert one["events"] == [
        {"current_time": "2024-03-06 12:00:01.000000 +0000 UTC", "heartbeat_counter": "1709726401"}
    ]
    assert two["events"][0]["heartbeat_counter"] == "1709726402"
    assert [message["sequence_num"] for message in (one, two)] == [0, 1]


def test_a_heartbeat_comes_while_market_time_stands_still(stage):
    """Every second of the clock, with the number of the second at which it stands."""
    ear = stage.ear(topics.topic(topics.HEARTBEATS))
    for group in stage.hub.stand(0, 3 * SECOND // 2):
        group.audience()[1][0](group.publish())
    [message] = [json.loads(text) for text in ear.texts()]
    assert message["events"][0]["heartbeat_counter"] == "1709726400"
    assert message["sequence_num"] == 0


def test_a_fault_of_so_many_messages_ends_while_market_time_stands_still(stage):
    """Heartbeats of one event are struck one by one: those after the last that is lost come, with a jump."""
    ear = stage.ear(topics.topic(topics.HEARTBEATS))
    lost = SeededFault(Drop(at=0, fraction=1, messages=2), "lost", 1)
    stage.hub.distort(ear.send_buffer, (lost,))
    heard = []
    for second in range(5):
        for group in stage.hub.stand(second * SECOND, (second + 1) * SECOND):
            group.audience()[1][0](group.publish())
        heard.append(len(ear.texts()))
    assert heard == [0, 0, 1, 2, 3]
    assert [json.loads(text)["sequence_num"] for text in ear.texts()] == [2, 3, 4]


# -- whoever joins when ------------------------------------------------------------------------------------


def plain(texts, base):
    """Messages with their numbers from ``base`` on taken for numbers from 0 on."""
    found = [json.loads(text) for text in texts]
    for message in found:
        message["sequence_num"] -= base
    return found


def test_who_joins_hears_what_others_hear(support):
    """But for the numbers, which count from 0 on each connection, all of a real market."""
    rows, listing = support.market(12, "BTC-USD", "ETH-USD")
    stage = support.Stage(listing)
    heard = [topics.topic(channel, index) for channel in topics.CHANNELS for index in (0, 1)]
    count = len(rows)
    ears = []
    for start, end in ((0, 1), (1, count // 3), (count // 3, count - 5), (count - 5, count)):
        ears.append((stage.ear(*heard), len(stage.ear(*heard).texts())))
        marks = [len(ear.texts()) for ear, _ in ears]
        stage.publish(rows[start:end])
        told = [plain(ear.texts()[mark:], mark) for (ear, _), mark in zip(ears, marks, strict=True)]
        assert all(one == told[0] for one in told)
    for ear, _ in ears:
        assert [json.loads(text)["sequence_num"] for text in ear.texts()] == list(range(len(ear.texts())))


def test_a_local_book_is_the_market_s(support):
    """Snapshot and updates, kept as a client keeps them."""
    rows, listing = support.market(5, "BTC-USD")
    stage = support.Stage(listing)
    stage.publish(rows[: len(rows) // 2])
    ear = stage.ear(topics.topic(topics.LEVEL2))
    stage.publish(rows[len(rows) // 2 :])
    book = {"bid": {}, "offer": {}}
    for text in ear.texts():
        for event in json.loads(text)["events"]:
            if event["type"] == "snapshot":
                book = {"bid": {}, "offer": {}}
            for one in event["updates"]:
                levels, price = book[one["side"]], Decimal(one["price_level"])
                levels.pop(price, None)
                if Decimal(one["new_quantity"]):
                    levels[price] = Decimal(one["new_quantity"])
    instrument = listing[0]
    for side, name in ((Side.BUY, "bid"), (Side.SELL, "offer")):
        expected = {
            Decimal(instrument.price_text(price)): Decimal(instrument.size_text(lots))
            for price, lots in stage.hub.market_state.levels(0, side)
        }
        assert book[name] == expected
        assert len(expected) > 10
