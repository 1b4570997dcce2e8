"""Ticks, byte for byte. The numbers are those of the lines in the dialect's ``NOTES.md``."""

import json

import pytest

from feed.dialects.tradyn.dialect import DIALECT
from feed.model.events import event
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.market_state import MarketState

EURUSD, XAUUSD, BTC = 0, 2, 3


@pytest.fixture
def market_state(support):
    return MarketState(len(support.listing))


@pytest.fixture
def encoder_of(support, market_state):
    """The encoder of an instrument, made now."""
    return lambda at: DIALECT.encoder(Topic("tradyn", "tick", at), support.listing[at], market_state)


def test_line_13_tick_of_the_document(support, encoder_of):
    """Its own example, with a fifth digit: bid and ask are JSON numbers, time integer milliseconds."""
    item = event(1, support.quote(EURUSD, 108_500, 108_520, ts=1_709_742_000_000_999_999))
    text = encoder_of(EURUSD).encode(item)
    assert text == '{"type":"tick","symbol":"EURUSD","bid":1.08500,"ask":1.08520,"time":1709742000000}'
    assert json.loads(text) == {
        "type": "tick",
        "symbol": "EURUSD",
        "bid": 1.0850,
        "ask": 1.0852,
        "time": 1709742000000,
    }


@pytest.mark.parametrize(
    ("instrument", "prices", "shown"),
    [
        (EURUSD, (1, 2), '"bid":0.00001,"ask":0.00002'),
        (XAUUSD, (215_030, 215_055), '"bid":2150.30,"ask":2150.55'),
        (BTC, (6_744_950, 6_745_080), '"bid":67449.50,"ask":67450.80'),
        (BTC, (10**14, 10**14 + 1), '"bid":1000000000000.00,"ask":1000000000000.01'),
    ],
)
def test_line_13_prices_are_plain_decimals(support, encoder_of, instrument, prices, shown):
    """All digits of the instrument, never an exponent, from one tick to very many."""
    assert shown in encoder_of(instrument).encode(event(1, support.quote(instrument, *prices)))


def test_line_13_price_without_decimals(support, market_state):
    """No point without digits behind it."""
    yen = Instrument(symbol='A"B', base="A", quote="JPY", price_decimals=0, size_decimals=0)
    encoder = DIALECT.encoder(Topic("tradyn", "tick", 0), yen, market_state)
    assert encoder.encode(event(1, support.quote(0, 150, 151, ts=0))) == (
        '{"type":"tick","symbol":"A\\"B","bid":150,"ask":151,"time":0}'
    )


def test_line_13_tick_when_a_price_has_changed(support, encoder_of):
    """Bid or ask; a change of size alone, or a moment without one side, is no tick."""
    encoder = encoder_of(EURUSD)
    story = [
        (support.quote(EURUSD, 10, 12), True),
        (support.quote(EURUSD, 10, 12, size=5), False),
        (support.quote(EURUSD, 11, 12), True),
        (support.quote(EURUSD, 11, 13), True),
        (support.quote(EURUSD, 0, 13), False),
        (support.quote(EURUSD, 11, 0), False),
        (support.quote(EURUSD, 0, 0), False),
        (support.quote(EURUSD, 11, 13), False),
        (support.quote(EURUSD, 9, 13), True),
    ]
    assert [encoder.encode(event(seq, row)) is not None for seq, (row, _) in enumerate(story, 1)] == [
        said for _, said in story
    ]


def test_line_14_first_tick_is_the_current_quote(support, encoder_of, market_state):
    """With the time at which it came to be; the next tick is the next change."""
    encoder = encoder_of(EURUSD)
    assert encoder.snapshot(market_state, EURUSD) == []
    market_state.apply(1, support.quote(EURUSD, 10, 12, ts=5_000_000))
    market_state.apply(2, support.quote(EURUSD, 0, 12, ts=9_000_000))
    expected = ['{"type":"tick","symbol":"EURUSD","bid":0.00010,"ask":0.00012,"time":5}']
    assert encoder.snapshot(market_state, EURUSD) == expected
    late = encoder_of(EURUSD)
    assert late.snapshot(market_state, EURUSD) == expected
    assert late.encode(event(3, support.quote(EURUSD, 10, 12))) is None
    assert late.encode(event(4, support.quote(EURUSD, 10, 13))) is not None


def test_a_numbered_tick_names_the_one_before(support, market_state):
    """So that a loss shows; the current quote names none, and stands in the stream where it is told."""
    topic = Topic("tradyn", "tick", EURUSD, (("ext", "seq"),))

    def encoder():
        return DIALECT.encoder(topic, support.listing[EURUSD], market_state)

    early = encoder()
    told = []
    for seq, bid in enumerate((10, 11, 11, 12), 1):
        row = support.quote(EURUSD, bid, 20, ts=5_000_000)
        market_state.apply(seq, row, seq * 16)
        told.append(early.encode(event(seq, row, seq * 16)))
    assert [text and text.partition('"time":5,')[2] for text in told] == [
        '"seq":1,"pos":"1-00000010","prev":0}',
        '"seq":2,"pos":"2-00000020","prev":1}',
        None,
        '"seq":4,"pos":"4-00000040","prev":2}',
    ]
    market_state.apply(5, support.quote(EURUSD, 0, 20), 0x50)
    (handshake,) = encoder().snapshot(market_state, EURUSD)
    assert handshake.endswith('"time":5,"seq":4,"pos":"5-00000050"}')
    row = support.quote(EURUSD, 13, 20)
    assert encoder().encode(event(6, row, 0x60)).endswith('"seq":6,"pos":"6-00000060","prev":4}')
