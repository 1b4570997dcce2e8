"""Several files of one format as one tape, by time."""

import pytest

from feed.errors import ConfigErrors
from feed.settings import Importing

MS = 10**6
START = 1_600_000_000_000


def trades(*lines):
    """A file of Binance's, of (milliseconds, id, price)."""
    return "".join(f"{number},{price},1,1,{START + at},True,True\n" for at, number, price in lines)


def told(done):
    """Instrument, milliseconds, id and price of each trade."""
    return [(row[1], row[2] // MS - START, row[3], row[5]) for row in done.rows]


def test_files_of_one_time_are_read_together(import_texts):
    """By time, and of equal times in the order of the files; no time is moved."""
    done = import_texts(
        "binance-trades",
        {
            "ABUSDT-x.csv": trades((0, 1, 10), (4, 2, 11), (4, 3, 12), (9, 4, 13)),
            "CDUSDT-x.csv": trades((2, 7, 20), (4, 8, 21), (5, 9, 22)),
        },
        bounds=Importing(batch_rows=2),
    )
    assert told(done) == [
        (0, 0, 1, 10),
        (1, 2, 1, 20),
        (0, 4, 2, 11),
        (0, 4, 3, 12),
        (1, 4, 2, 21),
        (1, 5, 3, 22),
        (0, 9, 4, 13),
    ]
    assert (done.report.clamped, done.report.gaps) == (0, 0)
    assert done.report.checked == {
        "trade of ABUSDT follows the one before": 3,
        "trade of CDUSDT follows the one before": 2,
    }


def test_files_that_follow_each_other_may_be_given_in_any_order(import_texts):
    """They are read one after the other."""
    done = import_texts(
        "binance-trades",
        {
            "ABUSDT-2.csv": trades((5, 3, 12)),
            "ABUSDT-3.csv": trades((5, 4, 13), (8, 5, 14)),
            "ABUSDT-1.csv": trades((0, 1, 10), (4, 2, 11)),
        },
    )
    assert [price for *_, price in told(done)] == [10, 11, 12, 13, 14]
    assert done.report.clamped == 0


def test_books_and_their_quotes_are_those_of_each_file_alone(import_texts):
    """A message of one file between two of another changes nothing in either."""
    header = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"

    def book(symbol, *times):
        first = f"ex,{symbol},{times[0]},{times[0]},true"
        begin = f"{header}{first},bid,10,5\n{first},ask,12,5\n"
        return begin + "".join(f"ex,{symbol},{ts},{ts},false,bid,11,{ts}\n" for ts in times[1:])

    one, other = book("ABUSD", 1000, 3000, 5000), book("CDUSD", 2000, 4000, 6000)
    both = import_texts("tardis-book", {"one.csv": one, "other.csv": other})
    assert [row[2] for row in both.rows] == sorted(row[2] for row in both.rows)
    for index, text in enumerate((one, other)):
        alone = import_texts("tardis-book", {"alone.csv": text})
        assert [(row[0], *row[2:]) for row in both.rows if row[1] == index] == [
            (row[0], *row[2:]) for row in alone.rows
        ]


def test_files_with_clocks_of_their_own_are_compared_in_utc(import_texts):
    """HistData writes New York's standard time, a header with time, bid and ask says UTC."""
    histdata = "20120201 000003000,1.30660,1.30677,0\n20120201 000005000,1.30661,1.30677,0\n"
    named = "time,bid,ask\n2012-02-01 05:00:04.000,1.5,1.6\n"
    done = import_texts("fx-csv", {"DAT_ASCII_EURUSD_T_201202.csv": histdata, "GBPUSD.csv": named})
    assert [row[1] for row in done.rows] == [0, 1, 0]
    assert done.report.clamped == 0


def test_messages_without_a_time_follow_the_one_before_them(import_texts):
    """Such as the answer to a subscription."""

    def tick(symbol, at):
        return f'{{"type":"tick","symbol":"{symbol}","bid":1.5,"ask":1.6,"time":{START + at}}}\n'

    done = import_texts(
        "tradyn",
        {
            "a": '{"type":"subscribed"}\n' + tick("EURUSD", 1) + '{"type":"pong"}\n' + tick("EURUSD", 7),
            "b": tick("GBPUSD", 3),
        },
    )
    assert [row[1] for row in done.rows] == [0, 1, 0]
    assert done.report.messages == {"subscribed": 1, "tick": 3, "pong": 1}


def test_shares_of_one_day_are_read_together(import_texts):
    """Pairs of LOBSTER files as well."""

    def day(ticker, *seconds):
        name = f"{ticker}_2012-06-21_34200000_57600000_%s_1.csv"
        return {
            name % "message": "".join(f"{second},1,{second},1,1000000,1\n" for second in seconds),
            name % "orderbook": "".join(
                f"9999999999,0,1000000,{count}\n" for count in range(1, len(seconds) + 1)
            ),
        }

    done = import_texts("lobster", day("AB", 34200, 34203) | day("CD", 34201))
    assert [row[1] for row in done.rows if row[0] == 1] == [0, 1, 0]
    assert done.report.clamped == 0


def test_the_first_malformed_line_of_each_file_is_told(import_texts):
    """Also one that only the second pass can see; a lenient import goes on."""
    wrong = f"9,1,1,1,{START + 3},perhaps,True\n"
    files = {
        "ABUSDT-x.csv": trades((0, 1, 10)) + wrong + wrong + trades((9, 2, 10)),
        "CDUSDT-x.csv": trades((1, 1, 10)) + wrong + trades((8, 2, 10)),
    }
    with pytest.raises(ConfigErrors) as caught:
        import_texts("binance-trades", files)
    assert [one.where.rpartition("/")[2] for one in caught.value.errors] == [
        "ABUSDT-x.csv:2",
        "CDUSDT-x.csv:2",
    ]
    lenient = import_texts("binance-trades", files, lenient=True)
    assert [at for _, at, *_ in told(lenient)] == [0, 1, 8, 9]
    assert lenient.report.skipped == 3


def test_progress_ends_at_the_total(import_texts):
    """Every file is read twice, together or not."""
    seen = []
    files = {f"{name}USDT-x.csv": trades((0, 1, 10), (9, 2, 10)) for name in ("AB", "CD")}
    import_texts("binance-trades", files, progress=lambda done, total: seen.append((done, total)))
    total = 2 * sum(map(len, files.values()))
    assert seen[-1] == (total, total)
