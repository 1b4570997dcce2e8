from __future__ import annotations

import pytest

from feed.errors import ConfigError

MESSAGES = "AB_2012-06-21_34200000_57600000_message_2.csv"
BOOKS = "AB_2012-06-21_34200000_57600000_orderbook_2.csv"
EMPTY_ASK, EMPTY_BID = "9999999999,0", "-9999999999,0"
# 9:30 in New York on a summer day is 13:30 UTC.
OPEN = 1340285400 * 10**9
FIRST = 10**12


def ns(seconds):
    return OPEN + seconds * 10**9


def pair(*lines):
    """Message and order book files from (seconds, message after the time, asks and bids)."""
    messages = "".join(f"{34200 + seconds}.000000000,{message}\n" for seconds, message, *_ in lines)
    books = "".join(f"{','.join(levels)}\n" for _, _, *levels in lines)
    return {BOOKS: books, MESSAGES: messages}


BOTH = ("1000100,5", "1000000,7", EMPTY_ASK, EMPTY_BID)
BEGIN = (0, "1,11,3,1000000,1", *BOTH)
SEEDED = [
    (7, 0, ns(0)),
    (1, 0, ns(0), FIRST, 0, 10000, 4, 4),
    (1, 0, ns(0), FIRST + 1, 1, 10001, 5, 5),
    (1, 0, ns(0), 11, 0, 10000, 3, 7),
    (5, 0, ns(0), 10000, 7, 10001, 5),
]


def test_orders_from_before_the_start_become_one_per_level(import_texts):
    """The book before the first message is what the first book line shows, with the message undone."""
    done = import_texts("lobster", pair(BEGIN))
    assert (done.instrument.symbol, done.instrument.quote) == ("AB", "USD")
    assert (done.instrument.price_decimals, done.instrument.size_decimals) == (2, 0)
    assert done.rows == SEEDED
    assert done.report.checked == {"book side equals the order book file": 2}


def test_cancellations_deletions_and_executions_follow_their_orders(import_texts):
    """Each names its order, what is left of it and of its level; a trade's aggressor is the other side."""
    done = import_texts(
        "lobster",
        pair(
            BEGIN,
            (1, "2,11,1,1000000,1", "1000100,5", "1000000,6", EMPTY_ASK, EMPTY_BID),
            (2, "4,11,1,1000000,1", "1000100,5", "1000000,5", EMPTY_ASK, EMPTY_BID),
            (3, "3,11,1,1000000,1", "1000100,5", "1000000,4", EMPTY_ASK, EMPTY_BID),
            (4, "4,99,5,1000100,-1", EMPTY_ASK, "1000000,4", EMPTY_ASK, EMPTY_BID),
        ),
    )
    assert done.rows[len(SEEDED) :] == [
        (2, 0, ns(1), 11, 0, 10000, 2, 6),
        (5, 0, ns(1), 10000, 6, 10001, 5),
        (3, 0, ns(2), 1, 1, 10000, 1, 11, 0, 1, 5),
        (5, 0, ns(2), 10000, 5, 10001, 5),
        (2, 0, ns(3), 11, 0, 10000, 0, 4),
        (5, 0, ns(3), 10000, 4, 10001, 5),
        (3, 0, ns(4), 2, 0, 10001, 5, FIRST + 1, 0, 0, 0),
        (5, 0, ns(4), 10000, 4, 0, 0),
    ]
    assert done.report.gaps == 0
    assert done.report.messages == {
        "submission": 1,
        "partial cancellation": 1,
        "visible execution": 2,
        "deletion": 1,
    }


def test_hidden_executions_crosses_and_halts_leave_the_book_alone(import_texts):
    """Their trades have no visible order; a halt's price says whether trading stops or goes on."""
    done = import_texts(
        "lobster",
        pair(
            BEGIN,
            (1, "5,0,2,1000050,1", *BOTH),
            (2, "6,-1,9,1000000,-1", *BOTH),
            (3, "7,0,0,-1,-1", *BOTH),
            (4, "7,0,0,0,-1", *BOTH),
            (5, "7,0,0,1,-1", *BOTH),
        ),
    )
    assert done.instrument.price_decimals == 3
    assert done.rows[len(SEEDED) :] == [
        (3, 0, ns(1), 1, 1, 100005, 2, 0, 0, -1, -1),
        (3, 0, ns(2), 2, -1, 100000, 9, 0, 0, -1, -1),
        (6, 0, ns(3), 2),
        (6, 0, ns(5), 1),
    ]


def test_levels_come_into_view_and_leave_it_at_the_far_end(import_texts):
    """With two levels in view a third one is taken off; when a better one goes it comes back as one order."""
    two = ("1000100,5", "1000000,7", EMPTY_ASK, "999900,2")
    done = import_texts(
        "lobster",
        pair(
            (0, "1,11,2,999900,1", *two),
            (1, "1,12,4,999950,1", "1000100,5", "1000000,7", EMPTY_ASK, "999950,4"),
            (2, "3,12,4,999950,1", *two),
            (3, "3,11,2,999900,1", "1000100,5", "1000000,7", EMPTY_ASK, EMPTY_BID),
        ),
    )
    later = [row for row in done.rows if row[2] > ns(0)]
    assert later == [
        (1, 0, ns(1), 12, 0, 99995, 4, 4),
        (2, 0, ns(1), 11, 0, 99990, 0, 0),
        (2, 0, ns(2), 12, 0, 99995, 0, 0),
        (1, 0, ns(2), FIRST + 2, 0, 99990, 2, 2),
        (2, 0, ns(3), FIRST + 2, 0, 99990, 0, 0),
    ]
    assert done.report.gaps == 0


def test_a_book_file_that_disagrees_is_followed_and_reported(import_texts):
    """A size that no message explains is set right, with the place and both sizes in the report."""
    done = import_texts(
        "lobster",
        pair(
            BEGIN,
            (1, "1,12,1,1000000,1", "1000100,5", "1000000,6", EMPTY_ASK, EMPTY_BID),
            (2, "1,13,1,1000000,1", "1000100,9", "1000000,7", EMPTY_ASK, EMPTY_BID),
        ),
    )
    assert done.rows[len(SEEDED) :] == [
        (1, 0, ns(1), 12, 0, 10000, 1, 8),
        (2, 0, ns(1), 12, 0, 10000, 0, 7),
        (2, 0, ns(1), 11, 0, 10000, 2, 6),
        (5, 0, ns(1), 10000, 6, 10001, 5),
        (1, 0, ns(2), 13, 0, 10000, 1, 7),
        (1, 0, ns(2), FIRST + 2, 1, 10001, 4, 9),
        (5, 0, ns(2), 10000, 7, 10001, 9),
    ]
    assert done.report.gaps == 2
    assert str(done.report.problems[0]).endswith(
        f"{MESSAGES}:2: the order book file disagrees and is believed: 6 lots at 10000 ticks, not 8"
    )


def test_several_days_follow_each_other(import_texts):
    """Each day's pair begins with a cleared book, in any order of the files."""
    one = pair(BEGIN)
    two = {name.replace("06-21", "06-22"): text for name, text in one.items()}
    done = import_texts("lobster", one | two)
    day = 86_400 * 10**9
    assert done.rows[: len(SEEDED)] == SEEDED
    assert done.rows[len(SEEDED)] == (7, 0, ns(0) + day)
    assert done.rows[-1] == (5, 0, ns(0) + day, 10000, 7, 10001, 5)
    orders = [row[3] for row in done.rows if row[0] == 1 and row[3] >= FIRST]
    assert len(orders) == len(set(orders))


@pytest.mark.parametrize(
    ("files", "where", "what"),
    [
        ({MESSAGES: ""}, MESSAGES, f"no order book file {BOOKS} beside it"),
        ({MESSAGES: "34200.0,1,1,1,1000000,1\n", BOOKS: ""}, BOOKS, "the order book file ends before line 1"),
        (
            pair(BEGIN, (1, "8,1,1,1000000,1", *BOTH)),
            f"{MESSAGES}:2",
            "event type '8' where 1 to 7 is expected",
        ),
        (
            pair(BEGIN, (1, "1,1,1,1000000,0", *BOTH)),
            f"{MESSAGES}:2",
            "direction '0' where 1 or -1 is expected",
        ),
        (pair(BEGIN, (1, "1,1", *BOTH)), f"{MESSAGES}:2", "3 columns where 6 are expected"),
        (pair(BEGIN, (1, "1,1,1,1.5,1", *BOTH)), f"{MESSAGES}:2", "price '1.5' where dollars times 10000"),
        (pair(BEGIN, (1, "1,1,1,1000000,1", "1,2,3")), f"{MESSAGES}:2", "3 columns in the order book line"),
        (
            pair(BEGIN, (1, "1,1,1,1000000,1", "a,b,c,d")),
            f"{MESSAGES}:2",
            "the order book line holds something",
        ),
        (
            {"m.csv": "", "b.csv": "", "c.csv": ""},
            "m.csv",
            "expected pairs of a message and an order book file",
        ),
        (
            {"m.csv": "", "b.csv": ""},
            "m.csv",
            "neither its name nor the options say which share and day it is",
        ),
    ],
)
def test_lobster_files_that_cannot_be_read_say_why(import_texts, files, where, what):
    """The place, and what was expected there."""
    with pytest.raises(ConfigError) as caught:
        import_texts("lobster", files)
    assert caught.value.where.endswith(where)
    assert caught.value.what.startswith(what)


def test_winter_days_are_an_hour_later(import_texts):
    """New York is five hours behind UTC in winter; share and day may come from the options."""
    files = pair(BEGIN)
    done = import_texts("lobster", {"m": files[MESSAGES], "b": files[BOOKS]}, symbol="AB", date="2012-01-03")
    assert done.rows[0][2] == 1325601000 * 10**9
