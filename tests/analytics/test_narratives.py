"""Sentences with the market's own numbers."""

import pytest

from feed.analytics import narratives
from feed.analytics.consolidated import Consolidated, Trend, VenueQuote
from feed.analytics.depth import BookFigures, Wall
from feed.model.derivatives import FundingRate
from feed.model.instruments import Instrument, Listing
from feed.model.signals import FIGURES, Severity, Signal, SignalType

BTC = Instrument(
    symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=1, venue="binance"
)
OTHER = Instrument(
    symbol="BTC-USD@x", base="BTC", quote="USD", price_decimals=2, size_decimals=1, venue="kraken"
)
LISTING = Listing([BTC, OTHER])


def story(moved_bps=210.0, minutes=60, obi=0.18, walls=((6_700_000, 452, 8.5),), rate=10_000):
    venue = VenueQuote(instrument=0, bid=1, ask=3, obi=obi, volume=0)
    return narratives.of_pair(
        "BTC",
        moved_bps=moved_bps,
        minutes=minutes,
        consolidated=Consolidated(
            decimals=2, mid=2, vwap=2, max_arb_bps=0.0, trend=Trend.NEUTRAL, venues=(venue,)
        ),
        first=BTC,
        figures=BookFigures(
            bid=1,
            ask=3,
            spread_bps=1.0,
            obi_5=obi,
            obi_10=obi,
            bid_depth=1,
            ask_depth=1,
            bid_walls=tuple(Wall(*wall) for wall in walls),
            ask_walls=(),
        ),
        funding=FundingRate(seq=1, ts=0, instrument=0, rate=rate, predicted=0, next_time=0)
        if rate is not None
        else None,
    )


def test_story_of_the_document():
    """The same state, told in much the same words."""
    assert story() == (
        "BTC rallying 2.10% in the past hour with strong buying pressure. OBI at 0.18 across exchanges. "
        "A significant bid wall at $67000.00 (45.2 BTC, 8.5x median) is supporting price. "
        "Funding rate normal at 0.01%."
    )


def test_story_of_a_quiet_market():
    """Without a wall and without a future."""
    assert story(moved_bps=-3.0, minutes=5, obi=-0.02, walls=(), rate=None) == (
        "BTC trading sideways (-0.03%) in the past 5 minutes with little selling pressure. "
        "OBI at -0.02 across exchanges."
    )


@pytest.mark.parametrize(
    ("moved", "course"), [(50.0, "up 0.50%"), (-50.0, "down 0.50%"), (-250.0, "selling off 2.50%")]
)
def test_course_of_a_price(moved, course):
    """By how far it went."""
    assert story(moved_bps=moved).startswith(f"BTC {course} in the past hour")


@pytest.mark.parametrize(
    ("cents", "text"),
    [(250_000_000, "$2.5M"), (16_800_000, "$168.0K"), (95_000, "$950"), (1_200_000_000_00, "$1.2B")],
)
def test_dollars_as_people_say_them(cents, text):
    """Thousands, millions, billions."""
    assert narratives.dollars(cents) == text


@pytest.mark.parametrize(
    ("kind", "figures", "sentence"),
    [
        (
            SignalType.WHALE_MOVEMENT,
            (250_000_000, 0),
            "Whale buy detected on Binance: $2.5M BTC market order",
        ),
        (
            SignalType.LIQUIDATION_CASCADE,
            (1, 6, 30_000_000, 4200),
            "6 long liquidations on Binance within 4.2s: $300.0K of BTC closed",
        ),
        (
            SignalType.FUNDING_SPIKE,
            (75_000, 10_000, 500),
            "BTC/USDT funding on Binance heads for 0.075%, from 0.01%",
        ),
        (
            SignalType.ORDERBOOK_IMBALANCE,
            (-9000, 100),
            "BTC/USDT book on Binance leans to the ask side: OBI -0.90 over 10 levels",
        ),
        (
            SignalType.SPREAD_ANOMALY,
            (50_000, 10_000),
            "BTC/USDT spread on Binance at 5.00 bps, usually 1.00",
        ),
        (
            SignalType.VOLUME_SPIKE,
            (125, 10, 1250),
            "12.5 BTC traded on Binance in 10s, 12.5x the usual",
        ),
        (
            SignalType.CROSS_EXCHANGE_DIVERGENCE,
            (0, 1, 62_500),
            "BTC/USDT is 6.25 bps dearer on Kraken than on Binance",
        ),
        (
            SignalType.WALL_APPEARANCE,
            (0, 6_700_000, 452, 850),
            "Bid wall appeared on Binance at $67000.00: 45.2 BTC, 8.5x median",
        ),
        (
            SignalType.WALL_REMOVAL,
            (1, 6_800_000, 452, 850),
            "Ask wall removed on Binance at $68000.00: 45.2 BTC, 8.5x median",
        ),
        (
            SignalType.PRICE_LEVEL_BREAK,
            (6_700_000, 0, 6_698_000),
            "BTC/USDT broke below $67000.00 on Binance",
        ),
    ],
)
def test_sentence_of_each_signal(kind, figures, sentence):
    """With its own figures."""
    signal = Signal(
        seq=1,
        ts=0,
        instrument=0,
        number=1,
        type=kind,
        severity=Severity.INFO,
        figures=dict(zip(FIGURES[kind], figures, strict=True)),
    )

    assert narratives.of_signal(signal, LISTING) == sentence
