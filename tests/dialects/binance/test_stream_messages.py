"""What the streams tell, byte for byte: fields in the exchange's order, eight digits after the point."""

import json

import pytest

from feed.dialects.binance.streams.names import Form, topic
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import TimeUnit
from feed.model.events import ADD, CLOCK, LEVEL, QUOTE, REDUCE, TRADE, UNKNOWN, Side
from feed.model.instruments import Instrument, Listing

LISTING = Listing(
    Instrument(
        symbol=f"{base}-USDT", base=base, quote="USDT", price_decimals=2, size_decimals=5, venue="binance"
    )
    for base in ("BTC", "ETH")
)
START = 1_709_742_000_000_000_000  # 2024-03-06T16:20:00Z
MS = 1_000_000
SECOND = 1000 * MS
BUY, SELL = Side.BUY, Side.SELL


def row(kind, ms, *rest, at=0):
    return (kind, at, START + round(ms * MS), *map(int, rest))


BOOK = [  # sequence numbers 1 to 7, before the first window
    row(ADD, 0, 1, BUY, 6_425_000, 150_000, 150_000),
    row(ADD, 0, 2, BUY, 6_424_900, 50_000, 50_000),
    row(ADD, 0, 3, SELL, 6_425_100, 200_000, 200_000),
    row(ADD, 0, 4, SELL, 6_425_200, 100_000, 100_000),
    row(QUOTE, 0, 6_425_000, 150_000, 6_425_100, 200_000),
    row(CLOCK, 0),
    row(CLOCK, 0),
]
SWEEP = [  # 8 to 12: one order takes two at one price, and one at the next
    row(TRADE, 140.5, 1, BUY, 6_425_100, 120_000, 3, 9, 80_000, 80_000),
    row(TRADE, 140.5, 2, BUY, 6_425_100, 80_000, 3, 9, 0, 0),
    row(TRADE, 140.5, 3, BUY, 6_425_200, 40_000, 4, 9, 60_000, 60_000),
    row(REDUCE, 140.5, 2, BUY, 6_424_900, 0, 0),
    row(QUOTE, 140.5, 6_425_000, 150_000, 6_425_200, 60_000),
]


@pytest.fixture
def tell(support):
    """The messages of streams, by name, about rows that come one by one."""

    def told(rows, *names, form=None, before=()):
        stage = support.Stage(LISTING)
        stage.publish([*BOOK, *before])
        found = {name: stage.ear(topic(name, symbols(LISTING), form or Form())) for name in names}
        for one in rows:
            stage.publish([one])
        texts = [found[name].texts() for name in names]
        return texts[0] if len(names) == 1 else texts

    return told


def test_trade(tell):
    """Each fill by itself; ``m`` says that the buyer was the maker."""
    rows = [*SWEEP[:1], row(TRADE, 150, 2, SELL, 6_425_000, 1, 1, 10, 149_999, 149_999)]
    assert tell(rows, "btcusdt@trade") == [
        (
            '{"e":"trade","E":1709742000140,"s":"BTCUSDT","t":1,"p":"64251.00000000","q":"1.20000000",'
            '"T":1709742000140,"m":false,"M":true}'
        ),
        (
            '{"e":"trade","E":1709742000150,"s":"BTCUSDT","t":2,"p":"64250.00000000","q":"0.00001000",'
            '"T":1709742000150,"m":true,"M":true}'
        ),
    ]


def test_aggregate_trade(tell):
    """What an order takes at one price is one trade, told with its next price and with the quote."""
    first = (
        '{"e":"aggTrade","E":1709742000140,"s":"BTCUSDT","a":1,"p":"64251.00000000","q":"2.00000000",'
        '"f":1,"l":2,"T":1709742000140,"m":false,"M":true}'
    )
    second = (
        '{"e":"aggTrade","E":1709742000140,"s":"BTCUSDT","a":2,"p":"64252.00000000","q":"0.40000000",'
        '"f":3,"l":3,"T":1709742000140,"m":false,"M":true}'
    )
    assert tell(SWEEP[:2], "btcusdt@aggTrade") == []
    assert tell(SWEEP[:4], "btcusdt@aggTrade") == [first]
    assert tell(SWEEP, "btcusdt@aggTrade") == [first, second]
    # Who comes in the middle of what the order does hears it whole.
    for count in (1, 2):
        assert tell(SWEEP[count:], "btcusdt@aggTrade", before=SWEEP[:count]) == [first, second]
    assert tell(SWEEP[3:], "btcusdt@aggTrade", before=SWEEP[:3]) == [second]
    assert tell([row(QUOTE, 141, 6_425_000, 1, 6_425_200, 1)], "btcusdt@aggTrade", before=SWEEP) == []


def test_aggregate_trades_of_a_source_without_orders(tell):
    """Each is told at once: nobody says that more follows."""
    rows = [
        row(TRADE, ms, number, SELL, 6_425_000, 5, 0, 0, UNKNOWN, UNKNOWN) for number, ms in ((1, 1), (2, 1))
    ]
    found = [json.loads(text) for text in tell(rows, "btcusdt@aggTrade")]
    assert [(one["a"], one["f"], one["l"], one["q"], one["m"]) for one in found] == [
        (1, 1, 1, "0.00005000", True),
        (2, 2, 2, "0.00005000", True),
    ]


def test_book_ticker(tell):
    """No event and no time, but the id of the last change of the book. Zeros for what is not there."""
    rows = [*SWEEP, row(QUOTE, 200, 6_425_000, 150_000, 0, 0)]
    assert tell(rows, "btcusdt@bookTicker") == [
        '{"u":11,"s":"BTCUSDT","b":"64250.00000000","B":"1.50000000","a":"64252.00000000","A":"0.60000000"}',
        '{"u":11,"s":"BTCUSDT","b":"64250.00000000","B":"1.50000000","a":"0.00000000","A":"0.00000000"}',
    ]


def test_diff(tell):
    """The changed levels of a window, best first, with what rests there; 0 for a level that is gone."""
    rows = [*SWEEP, row(CLOCK, 1000), row(LEVEL, 1050, BUY, 6_425_050, 7), row(CLOCK, 2000)]
    swept = (
        '{"e":"depthUpdate","E":1709742001000,"s":"BTCUSDT","U":5,"u":12,'
        '"b":[["64249.00000000","0.00000000"]],'
        '"a":[["64251.00000000","0.00000000"],["64252.00000000","0.60000000"]]}'
    )
    added = (
        '{"e":"depthUpdate","E":1709742002000,"s":"BTCUSDT","U":13,"u":15,'
        '"b":[["64250.50000000","0.00007000"]],"a":[]}'
    )
    # Of windows without a change nothing comes; and what a window has changed comes with the next event.
    assert tell(rows, "btcusdt@depth@100ms", before=[row(CLOCK, 100)]) == [swept, added]


def test_diff_of_a_second(tell):
    """The first window has the opening book in it, whoever comes since."""
    rows = [*SWEEP, row(CLOCK, 1000), row(LEVEL, 1050, BUY, 6_425_050, 7), row(CLOCK, 2000)]
    (first, second) = (json.loads(text) for text in tell(rows, "btcusdt@depth"))
    assert (first["E"], first["U"], first["u"], len(first["b"]), len(first["a"])) == (
        1709742001000,
        1,
        11,
        2,
        2,
    )
    assert (second["E"], second["U"], second["u"]) == (1709742002000, 12, 14)
    assert tell(rows, "btcusdt@depth@1000ms") == tell(rows, "btcusdt@depth")


def test_top_of_the_book(tell):
    """The best levels of both sides, at the end of each window with a change; no event and no symbol."""
    rows = [*SWEEP, row(CLOCK, 1000), row(CLOCK, 2000)]
    expected = [
        '{"lastUpdateId":11,"bids":[["64250.00000000","1.50000000"]],"asks":[["64252.00000000","0.60000000"]]}'
    ]
    assert tell(rows, "btcusdt@depth5") == tell(rows, "btcusdt@depth10@1000ms") == expected
    begun = (
        '{"lastUpdateId":4,"bids":[["64250.00000000","1.50000000"],["64249.00000000","0.50000000"]],'
        '"asks":[["64251.00000000","2.00000000"],["64252.00000000","1.00000000"]]}'
    )
    assert tell(rows, "btcusdt@depth20@100ms") == [begun, *expected]


def test_top_has_so_many_levels(tell):
    """Five of each side, and not more."""
    rows = [row(LEVEL, 1, side, 6_425_000 + (at if side else -at), 9) for side in Side for at in range(1, 30)]
    (text,) = tell([*rows, row(CLOCK, 1000)], "btcusdt@depth5")
    assert [len(json.loads(text)[side]) for side in ("bids", "asks")] == [5, 5]


TICKED = [*SWEEP, row(CLOCK, 1000), row(CLOCK, 2000)]


def test_ticker(tell):
    """24 hours in all fields, after each second in which something has changed."""
    assert tell(TICKED, "btcusdt@ticker") == [
        (
            '{"e":"24hrTicker","E":1709742001000,"s":"BTCUSDT","p":"1.00000000","P":"0.002","w":"64251.16666667",'
            '"x":"0.00000000","c":"64252.00000000","Q":"0.40000000","b":"64250.00000000","B":"1.50000000",'
            '"a":"64252.00000000","A":"0.60000000","o":"64251.00000000","h":"64252.00000000",'
            '"l":"64251.00000000","v":"2.40000000","q":"154202.80000000","O":1709655601000,"C":1709742001000,'
            '"F":1,"L":3,"n":3}'
        )
    ]


def test_ticker_without_a_trade(tell):
    """A book alone is enough for it: ids of -1, and zeros."""
    (text,) = tell([row(LEVEL, 1, BUY, 6_425_050, 7), row(CLOCK, 1000)], "btcusdt@ticker")
    found = json.loads(text)
    assert (found["F"], found["L"], found["n"]) == (-1, -1, 0)
    assert {found[name] for name in "pwxcQohlvq"} == {"0.00000000"}
    assert (found["P"], found["b"], found["a"]) == ("0.000", "64250.50000000", "64251.00000000")


def test_mini_ticker(tell):
    """After each second with a trade."""
    rows = [*TICKED, row(LEVEL, 2500, BUY, 6_425_050, 7), row(CLOCK, 3000)]
    assert tell(rows, "btcusdt@miniTicker") == [
        (
            '{"e":"24hrMiniTicker","E":1709742001000,"s":"BTCUSDT","c":"64252.00000000","o":"64251.00000000",'
            '"h":"64252.00000000","l":"64251.00000000","v":"2.40000000","q":"154202.80000000"}'
        )
    ]


@pytest.mark.parametrize(("window", "minutes"), [("1h", 60), ("4h", 240), ("1d", 1440)])
def test_rolling_ticker(tell, window, minutes):
    """Begins with a minute, and ends now."""
    begin = 1709742000000 - minutes * 60_000
    assert tell(TICKED, f"btcusdt@ticker_{window}") == [
        (
            f'{{"e":"{window}Ticker","E":1709742001000,"s":"BTCUSDT","p":"1.00000000","P":"0.002",'
            '"o":"64251.00000000","h":"64252.00000000","l":"64251.00000000","c":"64252.00000000",'
            f'"w":"64251.16666667","v":"2.40000000","q":"154202.80000000","O":{begin},"C":1709742001000,'
            '"F":1,"L":3,"n":3}'
        )
    ]


def test_what_leaves_a_window_is_no_longer_counted(tell):
    """After an hour and a minute the first trades are in the longer windows alone."""
    later = [row(TRADE, 3_700_000, 4, SELL, 6_425_000, 100_000, 1, 11, 50_000, 50_000), row(CLOCK, 3_701_000)]
    hour, hours, day = (
        json.loads(texts[-1])
        for texts in tell([*TICKED, *later], "btcusdt@ticker_1h", "btcusdt@ticker_4h", "btcusdt@ticker")
    )
    assert [(it["n"], it["F"], it["o"], it["v"]) for it in (hour, hours, day)] == [
        (1, 4, "64250.00000000", "1.00000000"),
        (4, 1, "64251.00000000", "3.40000000"),
        (4, 1, "64251.00000000", "3.40000000"),
    ]
    assert (day["p"], day["P"], hour["P"]) == ("-1.00000000", "-0.002", "0.000")


def test_average_price(tell):
    """Of the last five minutes, weighted by quantity, with the time of the last trade."""
    later = [row(TRADE, 360_000, 4, SELL, 6_425_000, 100_000, 1, 11, 50_000, 50_000), row(CLOCK, 361_000)]
    assert tell([*TICKED, *later], "btcusdt@avgPrice") == [
        '{"e":"avgPrice","E":1709742001000,"s":"BTCUSDT","i":"5m","w":"64251.16666667","T":1709742000140}',
        '{"e":"avgPrice","E":1709742361000,"s":"BTCUSDT","i":"5m","w":"64250.00000000","T":1709742360000}',
    ]


@pytest.mark.parametrize(
    ("name", "of_each"),
    [
        ("!miniTicker@arr", "miniTicker"),
        ("!miniTicker@arr@1000ms", "miniTicker"),
        ("!ticker@arr", "ticker"),
        ("!ticker_1h@arr", "ticker_1h"),
        ("!ticker_1d@arr", "ticker_1d"),
    ],
)
def test_all_symbols_that_have_changed(tell, name, of_each):
    """An array of their own messages, in the order of the listing; nothing when nothing has changed."""
    rows = [
        *SWEEP,
        row(TRADE, 500, 1, BUY, 350_000, 7, 1, 2, 1, 1, at=1),
        row(CLOCK, 1000),
        row(TRADE, 1500, 2, BUY, 350_001, 7, 1, 2, 1, 1, at=1),
        row(CLOCK, 2000),
        row(CLOCK, 3000),
    ]
    arrays, btc, eth = tell(rows, name, f"btcusdt@{of_each}", f"ethusdt@{of_each}")
    assert arrays == [f"[{btc[0]},{eth[0]}]", f"[{eth[1]}]"]


def test_kline(tell):
    """Every two seconds while there are trades; closed when its interval is over, with a trade or without."""
    rows = [*SWEEP, *(row(CLOCK, second * 1000) for second in (1, 2, 3, 4, 59, 60, 61, 120))]
    open_one = (
        '{"e":"kline","E":1709742002000,"s":"BTCUSDT","k":{"t":1709742000000,"T":1709742059999,'
        '"s":"BTCUSDT","i":"1m","f":1,"L":3,"o":"64251.00000000","c":"64252.00000000",'
        '"h":"64252.00000000","l":"64251.00000000","v":"2.40000000","n":3,"x":false,'
        '"q":"154202.80000000","V":"2.40000000","Q":"154202.80000000","B":"0"}}'
    )
    assert tell(rows, "btcusdt@kline_1m") == [
        open_one,
        open_one.replace("1709742002000", "1709742060000").replace("false", "true"),
        (
            '{"e":"kline","E":1709742120000,"s":"BTCUSDT","k":{"t":1709742060000,"T":1709742119999,'
            '"s":"BTCUSDT","i":"1m","f":-1,"L":-1,"o":"64252.00000000","c":"64252.00000000",'
            '"h":"64252.00000000","l":"64252.00000000","v":"0.00000000","n":0,"x":true,'
            '"q":"0.00000000","V":"0.00000000","Q":"0.00000000","B":"0"}}'
        ),
    ]


def test_kline_of_a_second(tell):
    """Each second once, closed."""
    rows = [*SWEEP, *(row(CLOCK, second * 1000) for second in (1, 2))]
    found = [json.loads(text) for text in tell(rows, "btcusdt@kline_1s")]
    assert [(one["E"], one["k"]["t"], one["k"]["T"], one["k"]["n"], one["k"]["x"]) for one in found] == [
        (1709742001000, 1709742000000, 1709742000999, 3, True),
        (1709742002000, 1709742001000, 1709742001999, 0, True),
    ]


def test_kline_in_a_time_zone(tell):
    """The day of a place eight hours ahead has begun at 16:00 UTC, twenty minutes ago."""
    rows = [*SWEEP, row(CLOCK, 2000)]
    utc, there = (json.loads(texts[0]) for texts in tell(rows, "btcusdt@kline_1d", "btcusdt@kline_1d@+08:00"))
    assert (utc["k"]["t"], there["k"]["t"]) == (1709683200000, 1709740800000)
    assert {one["k"]["i"] for one in (utc, there)} == {"1d"}


def test_nothing_is_told_of_a_symbol_that_was_never_traded(tell):
    """No candle and no average without a price."""
    rows = [row(CLOCK, second * 1000) for second in range(1, 130)]
    names = ("ethusdt@kline_1s", "ethusdt@kline_1m", "ethusdt@avgPrice", "ethusdt@ticker", "!miniTicker@arr")
    assert tell(rows, *names) == [[]] * len(names)


MICRO = {
    "btcusdt@trade": ("E", 1709742000140500),
    "btcusdt@depth": ("E", 1709742001000000),
    "btcusdt@ticker": ("O", 1709655601000000),
    "btcusdt@avgPrice": ("T", 1709742000140500),
    "btcusdt@aggTrade": ("T", 1709742000140500),
}


@pytest.mark.parametrize("name", MICRO)
def test_microseconds(tell, name):
    """Every time of a message, and nothing else of it."""
    milli = json.loads(tell(TICKED, name)[0])
    micro = json.loads(tell(TICKED, name, form=Form(TimeUnit.MICROSECOND))[0])
    key, value = MICRO[name]
    assert micro[key] == value
    assert {at: part for at, part in micro.items() if at not in "ETOC"} == {
        at: part for at, part in milli.items() if at not in "ETOC"
    }


def test_microseconds_of_a_kline(tell):
    """It closes a microsecond before the next one begins."""
    (text, *_) = tell(TICKED, "btcusdt@kline_1m", form=Form(TimeUnit.MICROSECOND))
    assert json.loads(text)["k"]["T"] == 1709742059999999


@pytest.mark.parametrize(
    "name",
    [
        *("btcusdt@trade", "btcusdt@depth", "btcusdt@depth5", "btcusdt@kline_1m", "btcusdt@bookTicker"),
        *("btcusdt@ticker", "btcusdt@aggTrade", "!miniTicker@arr", "!ticker_1h@arr"),
    ],
)
def test_combined(tell, name):
    """The same message, in an object that names its stream."""
    raw, combined = tell(TICKED, name), tell(TICKED, name, form=Form(combined=True))
    assert raw
    assert combined == [f'{{"stream":"{name}","data":{text}}}' for text in raw]
