"""Which names of streams there are, and what they stand for."""

import pytest

from feed.dialects.binance.streams.names import OF_ALL, Form, name_of, topic, well_formed
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import TimeUnit
from feed.model.instruments import Instrument, Listing

LISTING = Listing(
    Instrument(
        symbol=f"{base}-USDT", base=base, quote="USDT", price_decimals=2, size_decimals=5, venue="binance"
    )
    for base in ("BTC", "ETH")
)
SYMBOLS = symbols(LISTING)
NAMES = [
    *("trade", "aggTrade", "bookTicker", "ticker", "miniTicker", "avgPrice"),
    *("ticker_1h", "ticker_4h", "ticker_1d"),
    *("depth", "depth@100ms", "depth@1000ms", "depth5", "depth10@100ms", "depth20@1000ms"),
    *("kline_1s", "kline_1m", "kline_3m", "kline_5m", "kline_15m", "kline_30m", "kline_1h", "kline_2h"),
    *("kline_4h", "kline_6h", "kline_8h", "kline_12h", "kline_1d", "kline_3d", "kline_1w", "kline_1M"),
    "kline_1d@+08:00",
]


@pytest.mark.parametrize("channel", NAMES)
def test_stream_of_a_symbol(channel):
    """Each is a topic of its own, and the topic has its name again."""
    name = f"ethusdt@{channel}"
    found = topic(name, SYMBOLS, Form())
    assert well_formed(name)
    assert (found.channel, found.instrument, found.options) == (channel, 1, ())
    assert name_of(found, "ETHUSDT") == name


@pytest.mark.parametrize("name", OF_ALL)
def test_stream_of_all_symbols(name):
    """It belongs to no instrument."""
    found = topic(name, SYMBOLS, Form())
    assert well_formed(name)
    assert (found.channel, found.instrument, name_of(found, "")) == (name, 0, name)


@pytest.mark.parametrize(
    "name",
    [
        *("BTCUSDT@trade", "btcusd@trade", "btc-usdt@depth", "xyz@kline_1m", "btcusdt", "0", "49"),
        *("btcusdt@trades", "btcusdt@TRADE", "btcusdt@depth7", "btcusdt@depth@200ms", "btcusdt@kline_7m"),
        *("btcusdt@kline_1m@+09:00", "btcusdt@ticker_2h", "btcusdt@trade@100ms", "!trade@arr", "!ticker"),
        "!miniTicker@arr@100ms",
    ],
)
def test_a_misspelt_name_is_that_of_a_stream_without_messages(name):
    """The exchange looks at the form of a name, and not at whether anything ever comes there."""
    assert well_formed(name)
    assert topic(name, SYMBOLS, Form()) is None


@pytest.mark.parametrize(
    "name", ["", "@", "btcusdt@", "@trade", "@@@x###", "btc usdt@trade", "btcusdt@@trade", "a@\n", "x" * 101]
)
def test_what_has_not_even_the_form_of_a_name(name):
    """An empty part, or letters that are in no name."""
    assert not well_formed(name)
    assert topic(name, SYMBOLS, Form()) is None


def test_forms_are_topics_of_their_own():
    """Combined messages, and other units of time, are other bytes: encoded once for those who share both."""
    forms = [Form(unit, combined) for unit in TimeUnit for combined in (False, True)]
    found = [topic("btcusdt@trade", SYMBOLS, form) for form in forms]
    assert len({one.options for one in found}) == 4
    assert [Form.of(one) for one in found] == forms
    assert topic("btcusdt@trade", SYMBOLS, Form(combined=True)) is topic(
        "btcusdt@trade", SYMBOLS, Form(combined=True)
    )
