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
    """The same figures in the expected sentences."""
    assert story() == (
        "BTC rallying 2.10% in the past hour with strong buying pressure. OBI at 0.18 across exchanges. "
        "A significant bid wall at $67,000 (45.2 BTC, 8.5x median) is supporting price. "
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


@pytest.mark.parametrize("moved", [0.0, -0.0, 0.4, -0.4])
@pytest.mark.parametrize("obi", [0.0, -0.0, 0.004, -0.004])
def test_nothing_is_minus_zero(moved, obi):
    """Nor plus: what rounds to nothing is nothing."""
    told = story(moved_bps=moved, obi=obi, walls=(), rate=-40)
    assert "trading sideways (0.00%)" in told
    assert "OBI at 0.00 across" in told
    assert told.endswith("Funding rate normal at 0%.")


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (10_000, "0.01%"),
        (-10_000, "-0.01%"),
        (98_819, "0.0988%"),
        (-49, "0%"),
        (-51, "-0.0001%"),
        (10**8, "100%"),
    ],
)
def test_a_rate_in_percent(rate, text):
    """To four digits, without trailing zeros."""
    assert narratives.percent(rate) == text


@pytest.mark.parametrize(
    ("decimals", "tick", "quote", "ticks", "text"),
    [
        (2, 1, "USD", 6_700_000, "$67,000"),
        (2, 1, "USDT", 6_418_665, "$64,186.65"),
        (5, 1, "USD", 108_540, "$1.0854"),
        (12, 1, "USD", 12_340_000_000, "$0.01234"),
        (3, 5, "JPY", 30_250, "151.25 JPY"),
        (0, 1, "USD", 100, "$100"),
    ],
)
def test_a_price_as_people_write_it(decimals, tick, quote, ticks, text):
    """Every digit that says something, and no other; dollars where it is in dollars."""
    instrument = Instrument(
        symbol="X", base="X", quote=quote, price_decimals=decimals, tick=tick, size_decimals=0
    )
    assert narratives.price(instrument, ticks) == text


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (250_000_000, "$2.5M"),
        (16_800_000, "$168.0K"),
        (95_000, "$950"),
        (1_200_000_000_00, "$1.2B"),
        (99_999_999, "$1.0M"),
        (94_950, "$950"),
        (49, "$0"),
    ],
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
            (10_000, 12_000, 500, 75_000),
            "BTC/USDT funding on Binance heads for 0.075%, now 0.01%",
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
            "Bid wall appeared on Binance at $67,000: 45.2 BTC, 8.5x median",
        ),
        (
            SignalType.WALL_REMOVAL,
            (1, 6_800_000, 452, 850),
            "Ask wall removed on Binance at $68,000: 45.2 BTC, 8.5x median",
        ),
        (
            SignalType.PRICE_LEVEL_BREAK,
            (6_700_000, 0, 6_698_000),
            "BTC/USDT broke below $67,000 on Binance",
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
