from __future__ import annotations

import pytest

from feed.errors import ConfigError, ConfigErrors
from feed.importers import Grid
from feed.importers.binance_files import kline_prices

MILLISECOND = 10**6
MICROSECOND = 10**3


def fails(import_texts, name, files, **options):
    with pytest.raises(ConfigError) as caught:
        import_texts(name, files, **options)
    return caught.value


# Tardis

BOOK = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"


def book(*lines):
    return {"book.csv": BOOK + "".join(f"ex,{line}\n" for line in lines)}


SNAPSHOT = ("ABEUR,1000,1001,true,bid,10.5,2", "ABEUR,1000,1001,true,ask,11,1.25")
SEEDED = [
    (7, 0, 1_000_000),
    (4, 0, 1_000_000, 0, 105, 200),
    (4, 0, 1_000_000, 1, 110, 125),
    (5, 0, 1_000_000, 105, 200, 110, 125),
]


def test_tardis_book_lines_become_levels_and_one_quote_per_message(import_texts):
    """Lines with one arrival time are one message; times are the exchange's, in microseconds."""
    done = import_texts(
        "tardis-book",
        book(
            *SNAPSHOT,
            "ABEUR,2000,2001,false,bid,10.5,0",
            "ABEUR,2000,2001,false,bid,10.4,1",
            "ABEUR,3000,3001,false,bid,9,1",
        ),
    )
    instrument = done.instrument
    assert (instrument.symbol, instrument.base, instrument.quote) == ("ABEUR", "AB", "EUR")
    assert (instrument.price_decimals, instrument.size_decimals) == (1, 2)
    assert done.rows == [
        *SEEDED,
        (4, 0, 2_000_000, 0, 105, 0),
        (4, 0, 2_000_000, 0, 104, 100),
        (5, 0, 2_000_000, 104, 100, 110, 125),
        (4, 0, 3_000_000, 0, 90, 100),
    ]
    assert done.report.messages == {"message": 3, "snapshot": 1}
    assert done.report.gaps == 0


def test_a_tardis_snapshot_after_changes_starts_the_book_anew(import_texts):
    """The first snapshot line after a change line resets the book; two symbols do not mix."""
    other = tuple(line.replace("ABEUR", "CDEUR") for line in SNAPSHOT)
    again = tuple(line.replace("1000,1001", "4000,4001") for line in SNAPSHOT)
    done = import_texts("tardis-book", book(*SNAPSHOT, *other, "ABEUR,2000,2001,false,bid,10,1", *again))
    assert done.header.listing.symbols == ("ABEUR", "CDEUR")
    assert done.rows == [
        *SEEDED,
        *[(kind, 1, *more) for kind, _, *more in SEEDED],
        (4, 0, 2_000_000, 0, 100, 100),
        *[(kind, 0, 4_000_000, *more) for kind, _, _, *more in SEEDED],
    ]


def test_tardis_changes_before_a_snapshot_are_left_out_and_reported(import_texts):
    """A file cut out of the middle of a day has no book to change."""
    change = "ABEUR,500,501,false,bid,10,1"
    done = import_texts("tardis-book", book(change, change, *SNAPSHOT))
    assert done.rows == SEEDED
    assert done.report.gaps == 1
    assert done.report.messages["change of ABEUR before its snapshot"] == 2
    assert done.report.problems[0].where.endswith("book.csv:2")


def test_tardis_columns_are_found_by_their_names(import_texts):
    """Another order, or columns in between, change nothing."""
    head = "amount,price,side,is_snapshot,note,local_timestamp,timestamp,symbol,exchange\n"
    lines = "2,10.5,bid,true,x,1001,1000,ABEUR,ex\n1.25,11,ask,true,x,1001,1000,ABEUR,ex\n"
    assert import_texts("tardis-book", {"book.csv": head + lines}).rows == SEEDED


def test_tardis_trades(import_texts):
    """The side is the aggressor's; it may be unknown. Very small numbers may have an exponent."""
    head = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    lines = "ex,AB,1,2,x,buy,10,1e-7\nex,AB,3,4,y,sell,10.5,2\nex,AB,2,5,,unknown,9,1.50\n"
    done = import_texts("tardis-trades", {"t.csv": head + lines})
    assert (done.instrument.price_decimals, done.instrument.size_decimals) == (1, 7)
    assert done.rows == [
        (3, 0, 1000, 1, 0, 100, 1, 0, 0, -1, -1),
        (3, 0, 3000, 2, 1, 105, 20_000_000, 0, 0, -1, -1),
        (3, 0, 3000, 3, -1, 90, 15_000_000, 0, 0, -1, -1),
    ]
    assert (done.report.clamped, done.report.clamped_most) == (1, 1000)


def test_tardis_quotes(import_texts):
    """An empty cell is an empty side; a bid at the ask is counted."""
    head = "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
    done = import_texts(
        "tardis-quotes", {"q.csv": head + "ex,AB,1,2,5,11,10,4\nex,AB,2,3,,,10,4\nex,AB,3,4,5,10,10,4\n"}
    )
    assert done.rows == [(5, 0, 1000, 10, 4, 11, 5), (5, 0, 2000, 10, 4, 0, 0), (5, 0, 3000, 10, 4, 10, 5)]
    assert done.report.crossed == 1


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("ex,AB,1", "3 columns where 8 are expected: exchange,symbol,timestamp,local_timestamp"),
        ("ex,AB,1,2,true,up,1,1", "'true' and 'up' where true or false and bid or ask are expected"),
        ("ex,AB,1,2,yes,bid,1,1", "'yes' and 'bid' where true or false and bid or ask are expected"),
        ("ex,AB,noon,2,true,bid,1,1", "invalid literal for int() with base 10: 'noon'"),
        ("ex,AB,1,2,true,bid,1x,1", "'1x' is not a number"),
        ("ex,AB,1,2,true,bid,,1", "'' is not a number"),
    ],
)
def test_a_malformed_tardis_line_stops_the_import_or_is_skipped(import_texts, line, what):
    """By default an error with file and line; when lenient, the lines around it are imported."""
    first, second = SNAPSHOT
    files = {"book.csv": f"{BOOK}ex,{first}\n{line}\nex,{second}\n"}
    error = fails(import_texts, "tardis-book", files)
    assert error.where.endswith("book.csv:3")
    assert error.what.startswith(what)
    lenient = import_texts("tardis-book", files, lenient=True)
    assert [row for row in lenient.rows if row[1] == 0] == SEEDED
    assert lenient.report.skipped == 1
    assert lenient.report.problems[0].what.startswith(f"skipped: {what}")


def test_a_tardis_price_off_the_grid_names_its_line(import_texts):
    """It is never rounded."""
    error = fails(import_texts, "tardis-book", book(*SNAPSHOT), grids={"ABEUR": Grid("1", "0.01")})
    assert str(error).endswith(
        "book.csv:2: 10.5 is not a multiple of 1; give the instrument's true tick and lot"
    )


def test_a_missing_column_is_detected_in_the_header(import_texts):
    """The error says which column is missing and what the header should be."""
    error = fails(import_texts, "tardis-trades", {"a.csv": "exchange,symbol\n"})
    assert error.what == "no column timestamp"
    assert error.hint.startswith("the header should be exchange,symbol,timestamp")


def test_another_format_is_detected_from_the_header(import_texts):
    """The error says which column is missing and which format it looks like."""
    error = fails(import_texts, "tardis-trades", book(*SNAPSHOT))
    assert (error.what, error.hint) == ("no column id", "it looks like the format tardis-book")


def test_the_problems_of_several_tables_are_reported_at_once(import_texts):
    """The first error of each file is reported at once, with its place."""
    files = {
        "EURUSD.csv": "time,bid\n",
        "GBPUSD.csv": "time,bid,ask\n2012-02-01 05:00:03,1,2\n",
        "USDJPY.csv": "time,bid,ask\n2012-02-01 05:00:03,1,2\n2012-02-01 05:00:03,x,2\nnoon,y,2\n",
    }
    error = fails(import_texts, "fx-csv", files)
    assert isinstance(error, ConfigErrors)
    assert [(one.where.rpartition("/")[2], one.what) for one in error.errors] == [
        ("EURUSD.csv:1", "no ask column in 'time,bid'"),
        ("USDJPY.csv:3", "'x' is not a number"),
    ]


# Binance public data


def test_binance_trade_files_with_and_without_header(import_texts):
    """Spot files have no header and, from 2025 on, microseconds; futures files have a header."""
    spot = (
        "7,1.50000000,2.00000000,3.0,1735689600000123,True,True\n8,1.25,1,1.25,1735689600000124,False,True\n"
    )
    future = "id,price,qty,quote_qty,time,is_buyer_maker\n1,20,3,60,1700000000001,false\n"
    done = import_texts(
        "binance-trades", {"CDUSDT-trades-2023.csv": future, "ABUSDT-trades-2025-01-01.csv": spot}
    )
    assert done.header.listing.symbols == ("CD-USDT", "AB-USDT")
    assert done.rows == [
        (3, 0, 1700000000001 * MILLISECOND, 1, 0, 20, 3, 0, 0, -1, -1),
        (3, 1, 1735689600000123 * MICROSECOND, 1, 1, 150, 2, 0, 0, -1, -1),
        (3, 1, 1735689600000124 * MICROSECOND, 2, 0, 125, 1, 0, 0, -1, -1),
    ]
    assert done.report.checked == {"trade of ABUSDT follows the one before": 1}


def test_a_gap_in_binance_trade_ids_is_reported(import_texts):
    """Each id is one more than the last; the place and both ids are in the report."""
    lines = "7,1,2,3,1000000000000,True,True\n9,1,2,3,1000000000001,True,True\n"
    done = import_texts("binance-trades", {"ABUSDT-trades.csv": lines})
    assert [row[3] for row in done.rows] == [1, 2]
    assert done.report.gaps == 1
    assert str(done.report.problems[0]).endswith("ABUSDT-trades.csv:2: expected trade of ABUSDT 8, found 9")


def test_binance_aggregate_trades(import_texts):
    """Their columns differ; the option names the symbol when the file does not."""
    lines = "7,1.5,2,10,11,1000000000000,True,True\n8,1.5,2,12,12,1000000000001,False\n"
    done = import_texts("binance-aggtrades", {"x.csv": lines}, symbol="ABUSDT")
    assert done.instrument.symbol == "AB-USDT"
    assert [row[4:7] for row in done.rows] == [(1, 15, 2), (0, 15, 2)]
    assert done.report.checked == {"aggregate trade of ABUSDT follows the one before": 1}


@pytest.mark.parametrize(
    ("kline", "path"),
    [
        ((10, 15, 8, 12), [10, 8, 15, 12]),
        ((12, 15, 8, 10), [12, 15, 8, 10]),
        ((10, 15, 10, 12), [10, 15, 12]),
        ((10, 12, 10, 12), [10, 12]),
        ((10, 10, 10, 10), [10]),
        ((10, 12, 10, 10), [10, 12, 10]),
    ],
)
def test_the_fewest_prices_that_make_a_kline(kline, path):
    """The way through them has the same open, high, low and close, and no price it does not need."""
    assert kline_prices(*kline) == path
    assert (path[0], max(path), min(path), path[-1]) == kline


def test_binance_klines_become_trades_that_give_the_same_kline_again(import_texts):
    """Open, high, low, close, volume and times are kept; a gap in the times is reported."""
    lines = (
        "1000000000000,1.0,1.5,0.8,1.2,10.3,1000000000999,0,5,0,0,0\n"
        "1000000001000,1.2,1.2,1.2,1.2,0.0,1000000001999,0,0,0,0,0\n"
        "1000000003000,1.2,1.2,1.2,1.2,0.7,1000000003999,0,1,0,0,0\n"
    )
    done = import_texts("binance-klines", {"ABUSDT-1s-2024.csv": lines})
    first, last = 10**18, 10**18 + 999 * MILLISECOND
    trades = done.rows[:4]
    assert [row[5] for row in trades] == [10, 8, 15, 12]
    assert [row[6] for row in trades] == [257, 257, 257, 259]
    assert (trades[0][2], trades[-1][2]) == (first, last)
    assert done.rows[4:] == [(3, 0, 10**18 + 3000 * MILLISECOND, 5, -1, 12, 70, 0, 0, -1, -1)]
    assert done.report.messages == {"kline": 3, "kline without trades": 1}
    assert done.report.problems[0].what == "expected kline of ABUSDT at 1000000002000, found 1000000003000"
    assert "made up from klines" in done.header.provenance.notes[0]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1000000000000,1.0,0.5,0.8,1.2,1,1000000000999,0", "expected low <= open, close <= high"),
        ("1000000000000,1.0,1.5,0.8,1.2,3,1000000000999,0", "3 lots cannot have traded at 4 prices"),
        ("1000000000000,1.0,1.5", "3 columns where 7 are expected"),
    ],
)
def test_an_impossible_kline_is_refused(import_texts, line, what):
    """What no trades of whole lots could have made is no kline."""
    grids = {"AB-USDT": Grid("0.1", "1")}
    assert fails(import_texts, "binance-klines", {"ABUSDT-1s.csv": line}, grids=grids).what.startswith(what)


@pytest.mark.parametrize("line", ["7,1,2,3,1000000000000,maybe,True", "x7,1,2\n8,1,2,3,4,perhaps"])
def test_a_malformed_binance_trade_is_refused(import_texts, line):
    """A flag that is neither true nor false is malformed."""
    assert (
        "where true or false is expected"
        in fails(import_texts, "binance-trades", {"ABUSDT-x.csv": line}).what
    )


# FX


@pytest.mark.parametrize(
    ("file", "text", "times"),
    [
        ("DAT_ASCII_EURUSD_T_201202.csv", "20120201 000003660,{b},{a},0\n", 1328072403660),
        ("x.csv", "EUR/USD,20120201 05:00:03.660,{b},{a}\n", 1328072403660),
        (
            "eurusd.csv",
            "Gmt time,Ask,Bid,AskVolume,BidVolume\n01.02.2012 05:00:03.660,{a},{b},1,1\n",
            1328072403660,
        ),
        ("EUR-USD.csv", "time;bid;ask\n2012-02-01 05:00:03.66;{b};{a}\n", 1328072403660),
        ("x.csv", "Timestamp,Symbol,Bid,Ask\n2012-02-01T05:00:03.660Z,EURUSD,{b},{a}\n", 1328072403660),
        ("EURUSD.csv", "timestamp\tbid\task\n1328072403660\t{b}\t{a}\n", 1328072403660),
        ("EURUSD.csv", "timestamp,bid,ask\n1328072403,{b},{a}\n", 1328072403000),
        ("EURUSD.csv", ",bid,ask\n2012-02-01 05:00:03.660000+00:00,{b},{a}\n", 1328072403660),
        ("EURUSD.csv", ",bid,ask\n2012-02-01 05:00:03+00:00,{b},{a}\n", 1328072403000),
        ("EURUSD.csv", "time,bid,ask\n2012-01-31 19:30:03.66-09:30,{b},{a}\n", 1328072403660),
        ("EURUSD.csv", "time,bid,ask\n2012-02-01T10:30:03+0530,{b},{a}\n", 1328072403000),
        ("EURUSD.csv", "time,bid,ask\n2012-02-01,{b},{a}\n", 1328054400000),
    ],
)
def test_fx_layouts_are_detected(import_texts, file, text, times):
    """HistData (New York winter time), TrueFX, JForex, pandas, any header with the names of the columns."""
    done = import_texts("fx-csv", {file: text.format(b="1.306600", a="1.306770")})
    assert done.rows == [(5, 0, times * MILLISECOND, 130660, 1, 130677, 1)]
    assert (done.instrument.symbol, done.instrument.asset_class) == ("EURUSD", "fx")
    assert done.instrument.price_decimals == 5


def test_fx_sizes_are_kept_where_there_are_some(import_texts):
    """Volumes become lots of their smallest step; without them a quote has one lot on each side."""
    text = "time,ask,bid,ask_volume,bid_volume\n2017-01-01 22:00:20.786,1200.5,1200.1,0.75,1.5\n"
    done = import_texts("fx-csv", {"XAUUSD.csv": text})
    assert done.rows == [(5, 0, 1483308020786 * MILLISECOND, 12001, 150, 12005, 75)]
    assert done.instrument.asset_class == "metal"


def test_fx_columns_and_clock_can_be_given(import_texts):
    """A file without a header and with a clock of its own is read as the options say."""
    done = import_texts(
        "fx-csv",
        {"x.csv": "9,1.30,2012.02.01 07:00:00,1.31\n"},
        columns="id,bid,time,ask",
        symbol="EUR/USD",
        utc_offset_hours=2,
    )
    assert done.rows == [(5, 0, 1328072400000 * MILLISECOND, 130, 1, 131, 1)]


@pytest.mark.parametrize(
    ("file", "text", "where", "what"),
    [
        ("EURUSD.csv", "1.3,1.4\n", "EURUSD.csv:1", "no time column in '1.3,1.4'"),
        ("EURUSD.csv", "time,bid\n", "EURUSD.csv:1", "no ask column"),
        ("x.csv", "time,bid,ask\n", "x.csv", "its name does not say which instrument it is"),
        ("EURUSD.csv", "time,bid,ask\nnoon,1,2\n", "EURUSD.csv:2", "'noon' is no time that is known"),
        (
            "EURUSD.csv",
            "time,bid,ask\n2012-02-01 05:00:03,1\n",
            "EURUSD.csv:2",
            "2 columns where 3 are expected: time,bid,ask",
        ),
        ("EURUSD.csv", "time,bid,ask\n2012-02-01 05:00:03,1,x\n", "EURUSD.csv:2", "'x' is not a number"),
        (
            "EURUSD.csv",
            "time,bid,ask\n2012-02-31 05:00:03,1,2\n",
            "EURUSD.csv:2",
            "day is out of range for month",
        ),
    ],
)
def test_fx_files_that_cannot_be_read_say_why(import_texts, file, text, where, what):
    """The place, and what was expected there."""
    error = fails(import_texts, "fx-csv", {file: text})
    assert error.where.endswith(where)
    assert error.what.startswith(what)


def test_fx_times_of_one_file_may_have_decimals_or_none(import_texts):
    """As pandas writes them, which leaves them out where they are zero."""
    stamps = ("2013-01-01 22:00:00+00:00", "2013-01-01 22:00:00.295000+00:00", "2013-01-01 22:00:01+00:00")
    text = "timestamp,bid,ask\n" + "".join(f"{stamp},1,2\n" for stamp in stamps)
    rows = import_texts("fx-csv", {"EURUSD.csv": text}).rows
    assert [row[2] - 1_357_077_600 * 10**9 for row in rows] == [0, 295 * MILLISECOND, 1000 * MILLISECOND]


def test_fx_times_with_a_zone_need_no_offset(import_texts):
    """Two statements of the same thing are one too many."""
    text = "time,bid,ask\n2013-01-01 22:00:00+00:00,1,2\n"
    error = fails(import_texts, "fx-csv", {"EURUSD.csv": text}, utc_offset_hours=2)
    assert (error.what, error.hint) == ("the times of the file say their own zone", "leave --utc-offset out")


BARS = "timestamp,open,high,low,close,volume\n"


def bars(*rows):
    return BARS + "".join(f"2013-01-01 22:{row}\n" for row in rows)


def test_fx_bars_of_bids_and_asks_become_quotes(import_texts):
    """Four for each pair, in its time: open, high and low the shorter way, close; bars alone are gaps."""
    done = import_texts(
        "fx-csv",
        {
            "EURUSD-m1-bid-2013.csv": bars("00:00,10,13,9,12,1", "01:00,12,12,8,9,1", "03:00,9,9,9,9,1"),
            "EURUSD-m1-ask-2013.csv": bars("00:00,11,14,10,13,1", "01:00,13,13,9,10,1", "02:00,9,9,9,9,1"),
        },
    )
    second = 1_357_077_600
    assert [(row[2] / 10**9 - second, *row[3:]) for row in done.rows] == [
        (0, 10, 1, 11, 1),
        (15, 9, 1, 10, 1),
        (30, 13, 1, 14, 1),
        (45, 12, 1, 13, 1),
        (60, 12, 1, 13, 1),
        (75, 12, 1, 13, 1),
        (90, 8, 1, 9, 1),
        (105, 9, 1, 10, 1),
    ]
    assert done.instrument.symbol == "EURUSD"
    assert done.report.messages == {"pair of bars": 2}
    assert [(one.where.rpartition("/")[2], one.what) for one in done.report.problems] == [
        (
            "EURUSD-m1-ask-2013.csv:4",
            "expected a bar of bids of the same time, found none; it is left out",
        ),
        (
            "EURUSD-m1-bid-2013.csv:4",
            "expected a bar of asks of the same time, found none; it is left out",
        ),
    ]


def test_fx_bars_of_several_instruments_and_of_one_file(import_texts):
    """Merged by time; bids and asks may be columns of one file."""
    both = "DateTime;BidOpen;BidHigh;BidLow;BidClose;AskOpen;AskHigh;AskLow;AskClose\n"
    done = import_texts(
        "fx-csv",
        {
            "EURUSD.csv": both + "2013-01-01 22:00:00;1;1;1;1;2;2;2;2\n2013-01-01 22:02:00;1;1;1;1;2;2;2;2\n",
            "GBPUSD_BID.csv": bars("01:00,3,3,3,3,0"),
            "GBPUSD_ASK.csv": bars("01:00,4,4,4,4,0"),
        },
    )
    assert [item.symbol for item in done.header.instruments] == ["EURUSD", "GBPUSD"]
    assert [row[1] for row in done.rows] == [0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0]
    assert [row[2] for row in done.rows] == sorted(row[2] for row in done.rows)
    assert done.report.clamped == 0


@pytest.mark.parametrize(
    ("files", "where", "complaint"),
    [
        ({"EURUSD-bid.csv": bars()}, "EURUSD-bid.csv", "holds bars of bids alone; give EURUSD-ask.csv too"),
        (
            {"EURUSD.csv": bars()},
            "EURUSD.csv",
            "its name does not say whether its bars are of bids or of asks",
        ),
        (
            {"EURUSD-bid.csv": bars(), "EURUSD-ask.csv": "time,bid,ask\n"},
            "EURUSD-ask.csv",
            "holds no bars, and others do",
        ),
        (
            {"EURUSD-bid.csv": bars("00:00,1,0,1,1,0"), "EURUSD-ask.csv": bars("00:00,1,1,1,1,0")},
            "EURUSD-bid.csv:2",
            "expected low <= open, close <= high",
        ),
        (
            {"EURUSD-bid.csv": bars("00:00,1,1,x,1,0"), "EURUSD-ask.csv": bars()},
            "EURUSD-bid.csv:2",
            "'x' is not a number",
        ),
        (
            {"EURUSD-bid.csv": bars("00:00,1"), "EURUSD-ask.csv": bars()},
            "EURUSD-bid.csv:2",
            "2 columns where 5 are expected",
        ),
    ],
)
def test_fx_bars_that_cannot_be_read_say_why(import_texts, files, where, complaint):
    """The place, and what was expected there."""
    error = fails(import_texts, "fx-csv", files)
    assert error.where.endswith(where)
    assert f"{error.what}; {error.hint}".startswith(complaint)
