"""What is sent of tickers, trades, candles and instruments, and when."""

import json

import pytest
from kraken_market import BTC, LISTING, MINUTE, NOON, SECOND

from feed.dialects.kraken.streams import topics
from feed.model.events import ADD, CLOCK, QUOTE, STATUS, TRADE, UNKNOWN, Status


def quote(bid, ask, ts=NOON):
    return (QUOTE, BTC, ts, bid, 1, ask, 1)


def trade(number, price, size, ts=NOON, *, side=0, level=UNKNOWN):
    return (TRADE, BTC, ts, number, side, price, size, 0, 0, level, level)


@pytest.fixture
def stage(support):
    """Both best prices of BTC/USD, and a trade."""
    made = support.Stage(LISTING)
    made.publish([(ADD, BTC, NOON, 1, 0, 642_500, 200, 200), (ADD, BTC, NOON, 2, 1, 642_502, 300, 300)])
    made.publish([quote(642_500, 642_502), trade(1, 642_000, 5, NOON), quote(642_500, 642_502)])
    return made


@pytest.fixture
def listen(stage):
    """Gives a function that gives what is told of rows that are published."""

    def subscribe(channel, option=None, *, bare=False):
        ear = stage.ear(topics.topic(channel, BTC, option, bare=bare))
        first = [json.loads(text) for text in ear.texts()]

        def publish(*rows):
            ear.received.clear()
            stage.publish(rows)
            return [json.loads(text) for text in ear.texts()]

        return first, publish

    return subscribe


TICKER = {
    "symbol": "BTC/USD",
    "bid": 64250.0,
    "bid_qty": 0.000002,
    "ask": 64250.2,
    "ask_qty": 0.000003,
    "last": 64200.0,
    "volume": 0.00000005,
    "vwap": 64200.0,
    "low": 64200.0,
    "high": 64200.0,
    "change": 0.0,
    "change_pct": 0.0,
    "timestamp": "2024-03-06T12:00:00.000000Z",
}


def test_a_ticker_comes_when_what_an_order_took_is_complete(listen):
    """One for all its trades, with the best prices that follow them; quotes alone give none."""
    [first], publish = listen("ticker", ("event_trigger", "trades"))
    assert first == {"channel": "ticker", "type": "snapshot", "data": [TICKER]}
    assert list(first["data"][0]) == list(TICKER)
    assert publish(quote(642_501, 642_502)) == []
    assert publish(trade(2, 642_502, 100, level=200), trade(3, 642_502, 100, level=100)) == []
    [told] = publish(quote(642_500, 642_502, NOON + SECOND))
    assert (told["type"], told["data"][0]["last"], told["data"][0]["ask_qty"]) == (
        "update",
        64250.2,
        0.000001,
    )
    assert (told["data"][0]["change"], told["data"][0]["change_pct"]) == (50.2, 0.08)
    assert told["data"][0]["timestamp"] == "2024-03-06T12:00:01.000000Z"
    # A source that reports its book apart from its trades.
    assert len(publish(trade(4, 642_502, 1))) == 1


def test_a_ticker_of_the_best_prices(listen):
    """It comes when one of them has changed, and after trades."""
    first, publish = listen("ticker", ("event_trigger", "bbo"), bare=True)
    assert first == []
    assert len(publish(quote(642_501, 642_502))) == 1
    assert publish(quote(642_501, 642_502)) == []
    assert publish(trade(2, 642_502, 100, level=200)) == []
    assert len(publish(quote(642_501, 642_502))) == 1


def test_trades_one_by_one(listen):
    """The last ones first, for whoever asks for them, oldest first."""
    [first], publish = listen("trade")
    row = {
        "symbol": "BTC/USD",
        "side": "buy",
        "price": 64200.0,
        "qty": 0.00000005,
        "ord_type": "limit",
        "trade_id": 1,
        "timestamp": "2024-03-06T12:00:00.000000Z",
    }
    assert first == {"channel": "trade", "type": "snapshot", "data": [row]}
    [told] = publish(trade(2, 642_010, 7, NOON + 1_234_567, side=1))
    later = {"side": "sell", "price": 64201.0, "qty": 0.00000007, "trade_id": 2}
    assert told == {
        "channel": "trade",
        "type": "update",
        "data": [{**row, **later, "timestamp": "2024-03-06T12:00:00.001234Z"}],
    }
    publish(*(trade(number, 642_000, 1) for number in range(3, 60)))
    [many], _ = listen("trade")
    assert [one["trade_id"] for one in many["data"]] == list(range(10, 60))
    assert listen("trade", bare=True)[0] == []


def test_the_open_candle_with_each_trade(listen):
    """A snapshot of those before it, and of those that are without a trade."""
    _, publish = listen("ohlc", ("interval", "1"))
    [told] = publish(trade(2, 642_010, 5, NOON + 2 * MINUTE + SECOND))
    candle = {
        "symbol": "BTC/USD",
        "open": 64201.0,
        "high": 64201.0,
        "low": 64201.0,
        "close": 64201.0,
        "trades": 1,
        "volume": 0.00000005,
        "vwap": 64201.0,
        "interval_begin": "2024-03-06T12:02:00.000000000Z",
        "interval": 1,
        "timestamp": "2024-03-06T12:03:00.000000Z",
    }
    assert told == {
        "channel": "ohlc",
        "type": "update",
        "data": [candle],
        "timestamp": "2024-03-06T12:02:01.000000000Z",
    }
    [first], _ = listen("ohlc", ("interval", "1"))
    assert [(one["interval_begin"][14:19], one["close"], one["trades"]) for one in first["data"]] == [
        ("00:00", 64200.0, 1),
        ("01:00", 64200.0, 0),
        ("02:00", 64201.0, 1),
    ]
    [hour], _ = listen("ohlc", ("interval", "60"))
    assert [(one["open"], one["close"], one["trades"]) for one in hour["data"]] == [(64200.0, 64201.0, 2)]


def test_a_pair_whose_status_changes(listen):
    """As it is then."""
    first, publish = listen("instrument")
    assert first == []
    [told] = publish((STATUS, BTC, NOON, Status.HALTED))
    assert (told["channel"], told["type"], told["data"]["assets"]) == ("instrument", "update", [])
    [pair] = told["data"]["pairs"]
    assert (pair["symbol"], pair["status"]) == ("BTC/USD", "cancel_only")
    for status, word in ((Status.AUCTION, "limit_only"), (Status.CLOSED, "cancel_only")):
        [told] = publish((STATUS, BTC, NOON, status))
        assert told["data"]["pairs"][0]["status"] == word


def test_a_heartbeat_each_second(support, stage):
    """Of market time."""
    ear = stage.ear(topics.topic(topics.HEARTBEAT))
    stage.publish([(CLOCK, 0, NOON + at * SECOND) for at in range(1, 4)])
    assert ear.texts() == ['{"channel":"heartbeat"}'] * 3
