"""Tickers, trades and candles, byte for byte. The numbers are those of the lines in ``NOTES.md``."""

import json

import pytest

from feed.dialects.contract import UpgradeRequest
from feed.dialects.guide.dialect import DIALECT
from feed.model.events import CLOCK, TRADE, UNKNOWN, event
from feed.model.topics import Topic
from feed.state.market_state import MarketState

BTC = 3
SECOND = 1_000_000_000
MINUTE_BEGAN = 1_755_440_700  # seconds: 14:25:00 on 17 August 2025


@pytest.fixture
def market_state(support):
    return MarketState(len(support.listing))


@pytest.fixture
def encoder_of(support, market_state):
    """The encoder of a kind, made now."""
    return lambda kind: DIALECT.encoder(Topic("guide", kind, BTC), support.listing[BTC], market_state)


def trade(seconds, price=4_500_012, size=200_000, *, aggressor=1):
    ts = int(seconds * 1000) * 1_000_000
    return (TRADE, BTC, ts, 17, aggressor, price, size, 8, 9, UNKNOWN, UNKNOWN)


def test_line_3_ticker(support, encoder_of, market_state):
    """With the price of the last trade; of the quote's middle before the first one."""
    ticker = encoder_of("ticker")
    head = '{"type":"ticker","channel":"ticker_btcusd","symbol":"BTC-USD",'
    quotes = '"bid":"44995.00","ask":"45005.00",'
    rows = [support.quote(BTC, 4_499_500, 4_500_500, ts=support.now), trade(MINUTE_BEGAN)]
    expected = [
        head + '"price":"45000.00",' + quotes + '"ts":1755440731125,"seq":1}',
        head + '"price":"45000.12",' + quotes + '"ts":1755440700000,"seq":2}',
    ]
    assert ticker.snapshot(market_state, BTC) == ()
    for seq, row in enumerate(rows, 1):
        market_state.apply(seq, row)
        assert ticker.encode(event(seq, row)) == expected[seq - 1]
        assert ticker.snapshot(market_state, BTC) == [expected[seq - 1]]


@pytest.mark.parametrize(("aggressor", "side"), [(0, '"buy"'), (1, '"sell"'), (UNKNOWN, "null")])
def test_line_5_trade(encoder_of, market_state, aggressor, side):
    """With its id, by which it can be found in other protocols; no trade is told twice."""
    row = trade(MINUTE_BEGAN + 31.125, aggressor=aggressor)
    assert encoder_of("trades").encode(event(7, row)) == (
        '{"type":"trade","channel":"trades_btcusd","symbol":"BTC-USD","id":"17","price":"45000.12",'
        f'"size":"0.00200000","side":{side},"ts":1755440731125,"seq":7}}'
    )
    market_state.apply(7, row)
    assert encoder_of("trades").snapshot(market_state, BTC) == ()


def test_line_7_candle(encoder_of, market_state):
    """First, highest, lowest and last price of the minute so far, at the end of each second."""
    candles = encoder_of("candles_1m")
    assert candles.snapshot(market_state, BTC) == ()
    for seq, price in enumerate((300, 500, 200, 400), 1):
        row = trade(MINUTE_BEGAN + 7.5, price, 150_000_000)
        market_state.apply(seq, row)
        assert candles.encode(event(seq, row)) is None
    numbers = (
        '{"type":"candle","channel":"candles_1m_btcusd","symbol":"BTC-USD","open":"3.00","high":"5.00",'
        '"low":"2.00","close":"4.00","volume":"6.00000000","trades":4,"open_time":1755440700000,'
        '"close_time":1755440760000,"closed":'
    )
    assert candles.snapshot(market_state, BTC) == [numbers + 'false,"ts":1755440707500,"seq":4}']
    assert candles.on_timer(4, (MINUTE_BEGAN + 8) * SECOND) == numbers + 'false,"ts":1755440708000,"seq":4}'
    assert candles.on_timer(9, (MINUTE_BEGAN + 9) * SECOND) is None
    assert candles.on_timer(99, (MINUTE_BEGAN + 60) * SECOND) == numbers + 'true,"ts":1755440760000,"seq":99}'
    assert candles.on_timer(100, (MINUTE_BEGAN + 61) * SECOND) is None
    market_state.apply(100, (CLOCK, 0, (MINUTE_BEGAN + 61) * SECOND))
    late = encoder_of("candles_1m")
    assert late.snapshot(market_state, BTC) == [numbers + 'true,"ts":1755440761000,"seq":100}']
    assert late.on_timer(101, (MINUTE_BEGAN + 120) * SECOND) is None


def test_line_7_candles_of_a_stream(support):
    """Partial while the second had a trade, closed once; a minute without trades has none."""
    stage = support.Stage()
    ear = stage.ear(Topic("guide", "candles_1m", BTC))
    times = [1, 1.5, 2.2, 40, 59.9, 60, 61, 200.5, 201, 241]
    stage.publish([trade(MINUTE_BEGAN + at, 100 + n) for n, at in enumerate(times)])
    said = [json.loads(text) for text in ear.texts()]
    told = [
        (
            m["ts"] // 1000 - MINUTE_BEGAN,
            m["open_time"] // 1000 - MINUTE_BEGAN,
            m["closed"],
            m["trades"],
            m["seq"],
        )
        for m in said
    ]
    assert told == [
        (2, 0, False, 2, 2),
        (40, 0, False, 3, 3),
        (59, 0, False, 4, 4),
        (60, 0, True, 5, 5),
        (61, 60, False, 1, 6),
        (200, 60, True, 2, 7),
        (201, 180, False, 1, 8),
        (241, 180, True, 2, 9),
    ]


@pytest.mark.parametrize(
    ("channel", "length"),
    [("candles_1s", 1), ("candles_5m", 300), ("candles_1h", 3600), ("candles_1d", 86_400)],
)
def test_line_7_whoever_joins_later_hears_the_same_candles(support, channel, length):
    """Of every length, from the next message on; the last candle comes first."""
    stage = support.Stage()
    early = stage.ear(Topic("guide", channel, BTC))
    seconds = [1, 1.2, 1.4, 2.2, 40, 59.9, 310, 310.1, 3700, 3700.5, 90_000, 90_000.25]
    rows = [trade(MINUTE_BEGAN + at, 100 + n) for n, at in enumerate(seconds)]
    late = []
    for at, row in enumerate(rows):
        stage.publish([row])
        late.append((stage.ear(Topic("guide", channel, BTC)), len(early.texts())))
        assert json.loads(late[-1][0].texts()[0])["close"] == f"{(100 + at) / 100:.2f}"
    said = early.texts()
    for ear, before in late:
        assert ear.texts()[1:] == said[before:]
    closed = [json.loads(text) for text in said if '"closed":true' in text]
    assert all(one["close_time"] - one["open_time"] == 1000 * length for one in closed)
    assert closed


def test_line_8_only_candles_of_a_minute_resume(support):
    """What an interval of another length was at a position is not kept: an error, and nothing begins."""
    session = DIALECT.session(UpgradeRequest(path="/ws"), support.context)
    since = support.position(150).text
    ask = {"type": "subscribe", "channels": ["candles_1m_btcusd", "candles_5m_btcusd"], "since": since}
    (answer,) = session.receive(json.dumps(ask))
    assert json.loads(answer.text) == {
        "type": "error",
        "message": f"since={since}: candles_5m_btcusd cannot be resumed; subscribe without since",
    }
    assert len(session.receive(json.dumps({**ask, "channels": ["candles_1m_btcusd"]}))) == 2
