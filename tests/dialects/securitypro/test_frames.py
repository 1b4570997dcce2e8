"""Data, byte for byte. The numbers are those of the lines in the dialect's ``NOTES.md``."""

import json

import pytest

from feed.dialects.securitypro.dialect import DIALECT
from feed.model.events import TRADE, UNKNOWN, event
from feed.model.topics import Topic
from feed.state.market_state import MarketState

BTC = 3
SEQ = (("ext", "seq"),)
# The document's own example.
TRADED = (TRADE, BTC, 1_755_440_731_125_999_999, 1, 0, 4_500_012, 200_000, 8, 9, UNKNOWN, UNKNOWN)
# The same, of a source that says what it left of its price level: the quote of it follows.
SWEPT = (*TRADED[:9], 0, 0)
TRADE_TEXT = (
    '{"type":"trade","channel":"trades","symbol":"BTC-USD","price":"45000.12","size":"0.00200000",'
    '"side":"buy","ts":"2025-08-17T14:25:31.125Z"'
)
TICKER_HEAD = '{"type":"ticker","channel":"ticker","symbol":"BTC-USD","bid":"44995.00","ask":"45005.00",'
TICKER_TAIL = ',"ts":"2025-08-17T14:25:31.125Z"'


@pytest.fixture
def market_state(support):
    return MarketState(len(support.listing))


@pytest.fixture
def encoder_of(support, market_state):
    """The encoder of a channel, made now."""
    return lambda channel, options=(): DIALECT.encoder(
        Topic("securitypro", channel, BTC, options), support.listing[BTC], market_state
    )


def quoted(support, bid=4_499_500, ask=4_500_500, **options):
    return support.quote(BTC, bid, ask, ts=support.now, **options)


def test_line_5_trade_of_the_document(encoder_of):
    """Its own example, with all digits of the size: every number is a string."""
    assert encoder_of("trades").encode(event(7, TRADED)) == TRADE_TEXT + "}"
    assert (
        encoder_of("trades", SEQ).encode(event(7, TRADED, 42)) == TRADE_TEXT + ',"seq":7,"pos":"7-0000002a"}'
    )


@pytest.mark.parametrize(("aggressor", "side"), [(0, "buy"), (1, "sell"), (UNKNOWN, None)])
def test_line_5_side_is_the_takers(encoder_of, aggressor, side):
    """Null where the source does not say."""
    row = (*TRADED[:4], aggressor, *TRADED[5:])
    assert json.loads(encoder_of("trades").encode(event(1, row)))["side"] == side


def test_line_5_no_trade_is_told_twice(encoder_of, market_state):
    """A subscription begins with the next one."""
    market_state.apply(1, TRADED)
    assert encoder_of("trades").snapshot(market_state, BTC) == ()


def test_line_6_ticker_of_the_document(support, encoder_of, market_state):
    """Its own example: the price is that of the last trade."""
    market_state.apply(1, quoted(support))
    ticker = encoder_of("ticker", SEQ)
    market_state.apply(2, TRADED)
    expected = TICKER_HEAD + '"price":"45000.12"' + TICKER_TAIL + ',"seq":2,"pos":"2-00000000"}'
    assert ticker.encode(event(2, TRADED)) == expected
    assert ticker.snapshot(market_state, BTC) == [expected]


def test_line_6_price_before_the_first_trade(support, encoder_of, market_state):
    """The middle of the quote, rounded down to a tick; before a quote nothing is said."""
    ticker = encoder_of("ticker")
    assert ticker.snapshot(market_state, BTC) == ()
    market_state.apply(1, quoted(support, ask=4_500_501))
    text = ticker.encode(event(1, quoted(support, ask=4_500_501)))
    assert json.loads(text)["price"] == "45000.00"


def test_line_6_ticker_when_something_has_changed(support, encoder_of, market_state):
    """A best price, or a trade; a change of size alone, or a moment without one side, is none."""
    ticker = encoder_of("ticker")

    def says(seq, row):
        market_state.apply(seq, row)
        return ticker.encode(event(seq, row)) is not None

    story = [
        (quoted(support), True),
        (quoted(support, size=5), False),
        (quoted(support, bid=0), False),
        (quoted(support, ask=0), False),
        (TRADED, False),
        (quoted(support), True),
        (TRADED, True),
        (TRADED, True),
        (quoted(support), False),
        (SWEPT, False),
        (SWEPT, False),
        (quoted(support), True),
        (quoted(support), False),
        (quoted(support, bid=4_499_600), True),
        (quoted(support, bid=4_499_600, ask=4_500_400), True),
    ]
    assert [says(seq, row) for seq, (row, _) in enumerate(story, 1)] == [said for _, said in story]


def test_line_7_data_has_type_and_channel(support, encoder_of, market_state):
    """Singular and plural as the document has them: its clients look at either."""
    market_state.apply(1, quoted(support))
    texts = [
        encoder_of("trades").encode(event(1, TRADED)),
        encoder_of("ticker").encode(event(1, quoted(support))),
    ]
    heads = [(item["type"], item["channel"]) for item in map(json.loads, texts)]
    assert heads == [("trade", "trades"), ("ticker", "ticker")]


def test_line_13_heartbeat(encoder_of, market_state):
    """On whole multiples of its period; the document's example, to the letter but for its spaces."""
    heartbeat = encoder_of("heartbeat", (("seconds", "10"),))
    assert (heartbeat.period, heartbeat.kinds) == (10_000_000_000, ())
    assert heartbeat.snapshot(market_state, 0) == ()
    assert heartbeat.on_timer(5, 1_755_440_732_000_000_000) == (
        '{"type":"heartbeat","ts":"2025-08-17T14:25:32.000Z"}'
    )


def test_line_13_heartbeats_come_when_nothing_else_does(support):
    """With the first subscription, whatever it is to; every ten seconds of market time."""
    stage = support.Stage()
    heartbeat = Topic("securitypro", "heartbeat", 0, (("seconds", "10"),))
    ear = stage.ear(heartbeat, Topic("securitypro", "trades", BTC))
    stage.publish([(8, 0, support.now + seconds * 1_000_000_000) for seconds in range(30)])
    assert [json.loads(text)["ts"][17:] for text in ear.texts()] == [
        "30.000Z",
        "40.000Z",
        "50.000Z",
        "00.000Z",
    ]
