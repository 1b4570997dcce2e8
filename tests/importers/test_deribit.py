"""Raw captures of Deribit."""

import pytest

from feed.errors import ConfigError
from feed.importers.deribit import symbol
from feed.importers.symbols import Symbol
from tests.importers.capture_lines import capture, ms, ns, reply

NAME = "BTC-PERPETUAL"


def told(channel, data):
    return {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}


def book(number, bids=(), asks=(), *, before=None, seconds=1, channel=f"book.{NAME}.raw"):
    data = {"timestamp": ms(seconds), "instrument_name": NAME, "change_id": number}
    data |= {"type": "snapshot" if before is None else "change", "bids": list(bids), "asks": list(asks)}
    return told(channel, data if before is None else data | {"prev_change_id": before})


def trade(seq, seconds, **more):
    data = {"instrument_name": NAME, "timestamp": ms(seconds), "trade_seq": seq, "direction": "sell"}
    return data | {"price": 50000.5, "amount": 30.0, "trade_id": str(seq)} | more


def ticker(seconds, bid, ask, kind="ticker"):
    names = ("best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount")
    data = dict(zip(names, (*bid, *ask), strict=True))
    return told(
        f"{kind}.{NAME}" + ".raw" * (kind == "ticker"),
        data | {"timestamp": ms(seconds), "instrument_name": NAME},
    )


SNAPSHOT = book(5, [["new", 50000.0, 10.0], ["new", 49999.5, 20.0]], [["new", 50001.5, 30.0]])
SEEDED = [
    (7, 0, ns(1)),
    (4, 0, ns(1), 0, 500000, 10),
    (4, 0, ns(1), 0, 499995, 20),
    (4, 0, ns(1), 1, 500015, 30),
    (5, 0, ns(1), 500000, 10, 500015, 30),
]


def test_changes_follow_each_other_and_name_what_becomes_of_levels(import_texts):
    """A change has the id of the one before it; trades are numbered; times are the exchange's."""
    done = import_texts(
        "deribit",
        capture(
            {"jsonrpc": "2.0", "id": 0, "result": []},
            {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}},
            SNAPSHOT,
            book(
                9,
                [["delete", 50000.0, 0.0], ["change", 49999.5, 15.0]],
                [["new", 50001.0, 5.0]],
                before=5,
                seconds=2,
            ),
            told(f"trades.{NAME}.raw", [trade(7, 3), trade(8, 4, direction="buy")]),
            book(12, [], [["delete", 50001.0]], before=9, seconds=5),
        ),
    )
    assert (done.instrument.symbol, done.instrument.base, done.instrument.quote) == (NAME, "BTC", "USD")
    assert done.rows == [
        *SEEDED,
        (4, 0, ns(2), 0, 500000, 0),
        (4, 0, ns(2), 0, 499995, 15),
        (4, 0, ns(2), 1, 500010, 5),
        (5, 0, ns(2), 499995, 15, 500010, 5),
        (3, 0, ns(3), 1, 1, 500005, 30, 0, 0, -1, -1),
        (3, 0, ns(4), 2, 0, 500005, 30, 0, 0, -1, -1),
        (4, 0, ns(5), 1, 500010, 0),
        (5, 0, ns(5), 499995, 15, 500015, 30),
    ]
    assert done.report.checked == {
        "prev_change_id = last change_id": 2,
        "levels were as the message says": 2,
        "bid below ask after the message": 3,
        "trade_seq = last + 1": 2,
    }
    assert done.report.messages == {
        "about the connection": 2,
        "book snapshot": 1,
        "book change": 2,
        "trades": 1,
    }


def test_a_book_that_came_over_two_connections_is_told_once(import_texts):
    """The last snapshot decides whose changes are used, until the next one."""
    messages = (SNAPSHOT, book(9, [["delete", 50000.0, 0.0]], before=5, seconds=2))
    text = capture(*messages)["cap"]
    both = import_texts("deribit", {"one": text, "other": text})
    assert both.rows == import_texts("deribit", capture(*messages)).rows
    assert both.report.gaps == 0
    assert both.report.messages["book change of another connection"] == 1


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (book(9, before=6, seconds=2), f"expected prev_change_id 5 of {NAME}, found 6"),
        (book(9, [["new", 50000.0, 1.0]], before=5), f"inserts a level of {NAME} that is there already"),
        (book(9, [["change", 1.0, 1.0]], before=5), f"changes a level of {NAME} that is not there"),
        (book(9, [], [["delete", 50000.0, 0.0]], before=5), f"deletes a level of {NAME} that is not there"),
    ],
)
def test_a_break_clears_the_book_until_its_next_snapshot(import_texts, wrong, what):
    """The report says what was expected; changes in between are left out."""
    done = import_texts("deribit", capture(SNAPSHOT, wrong, book(12, before=9), SNAPSHOT))
    assert [row[:2] + row[3:] for row in done.rows] == [
        *[row[:2] + row[3:] for row in SEEDED],
        (7, 0),
        (5, 0, 0, 0, 0, 0),
        *[row[:2] + row[3:] for row in SEEDED],
    ]
    assert done.report.gaps == 1
    assert what in done.report.problems[0].what
    assert done.report.messages["book change without snapshot"] == 1


def test_the_best_of_several_books_is_used(import_texts):
    """The raw one before that of an interval, and both before a grouped one, which is whole each time."""
    slow = book(8, [["new", 1.5, 1.0]], channel=f"book.{NAME}.100ms")
    grouped = book(8, [[1.5, 1.0]], channel=f"book.{NAME}.none.10.100ms")
    done = import_texts("deribit", capture(slow, SNAPSHOT, grouped))
    assert done.rows == SEEDED
    assert done.report.messages == {"message of another book": 2, "book snapshot": 1}
    alone = import_texts(
        "deribit", capture(grouped, book(9, [[2.5, 1.0]], channel=f"book.{NAME}.none.10.100ms"))
    )
    assert alone.rows == [
        (7, 0, ns(1)),
        (4, 0, ns(1), 0, 15, 1),
        (5, 0, ns(1), 15, 1, 0, 0),
        (4, 0, ns(1), 0, 15, 0),
        (4, 0, ns(1), 0, 25, 1),
        (5, 0, ns(1), 25, 1, 0, 0),
    ]


def test_a_missing_trade_is_a_gap_and_a_repeated_one_is_left_out(import_texts):
    """Trades of two channels are told once."""
    done = import_texts(
        "deribit",
        capture(
            told(f"trades.{NAME}.raw", [trade(7, 1)]),
            told(f"trades.{NAME}.100ms", [trade(7, 1), trade(9, 2)]),
        ),
    )
    assert [row[3] for row in done.rows] == [1, 2]
    assert done.report.gaps == 1
    assert done.report.problems[0].what == f"expected trade 8 of {NAME}, found 9"
    assert done.report.messages["trade repeated"] == 1


@pytest.mark.parametrize("kind", ["ticker", "quote"])
def test_a_ticker_is_compared_with_the_book_or_becomes_the_quote(import_texts, kind):
    """Without a book it is all there is; a side that is empty has null or 0."""
    same, other = (
        ticker(2, (50000.0, 10.0), (50001.5, 30.0), kind),
        ticker(3, (50000.0, 9.0), (None, 0.0), kind),
    )
    done = import_texts("deribit", capture(SNAPSHOT, same, other))
    assert done.rows == SEEDED
    assert done.report.checked[f"{kind} equals book"] == 1
    assert done.report.checked[f"{kind} ahead of or behind book"] == 1
    alone = import_texts("deribit", capture(same, other))
    assert alone.rows == [(5, 0, ns(2), 500000, 10, 500015, 30), (5, 0, ns(3), 500000, 9, 0, 0)]


@pytest.mark.parametrize(
    ("kind", "quote", "assets"), [("future", "USD", ("BTC", "USD")), ("option", "USD", ("BTC", "USD"))]
)
def test_steps_are_those_of_the_list_of_instruments(import_texts, kind, quote, assets):
    """With the file of REST answers the tick and lot size are the exchange's own."""
    one = {"instrument_name": NAME, "kind": kind, "tick_size": 0.5, "min_trade_amount": 10.0}
    one |= {"base_currency": "BTC", "quote_currency": quote}
    rest = reply("/api/v2/public/get_instruments?currency=BTC", {"jsonrpc": "2.0", "result": [one]})
    done = import_texts("deribit", capture(SNAPSHOT) | {"rest": rest})
    item = done.instrument
    assert (item.price_decimals, item.tick, item.size_decimals, item.lot) == (1, 5, 0, 10)
    assert (item.base, item.quote) == assets
    assert done.rows[1] == (4, 0, ns(1), 0, 100000, 1)


def test_a_refused_request_for_the_list_is_no_list(import_texts):
    """Steps are then the smallest that occur."""
    rest = reply("/api/v2/public/get_instruments", {"error": {"message": "rate limit exceeded"}})
    done = import_texts("deribit", capture(SNAPSHOT) | {"rest": rest})
    assert done.rows == SEEDED


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (book(9, [["up", 1.0, 1.0]], before=5), "'up' where new, change or delete is expected"),
        (book(9, [["new"]], before=5), "expected an action, a price and an amount"),
        (told(f"trades.{NAME}.raw", [trade(1, 1, direction="")]), "direction is '' where buy or sell"),
        (told(f"trades.{NAME}.raw", {"a": 1}), "Expected `array`"),
    ],
)
def test_a_malformed_message_is_an_error_with_its_place(import_texts, message, what):
    """When lenient it is skipped, without effect."""
    files = capture(SNAPSHOT, message)
    with pytest.raises(ConfigError) as caught:
        import_texts("deribit", files)
    assert caught.value.where.endswith("cap:3")
    assert what in caught.value.what
    assert import_texts("deribit", files, lenient=True).rows == SEEDED


def test_symbols_keep_their_names():
    """Spot pairs are canonical; futures are priced in dollars, options in their base."""
    names = ("BTC_USDC", NAME, "BTC-25MAR22", "ETH_USDC-PERPETUAL", "BTC-24SEP21-8000-P")
    assert [symbol(name) for name in names] == [
        Symbol("BTC-USDC", "BTC", "USDC"),
        Symbol(NAME, "BTC", "USD"),
        Symbol("BTC-25MAR22", "BTC", "USD"),
        Symbol("ETH_USDC-PERPETUAL", "ETH", "USDC"),
        Symbol("BTC-24SEP21-8000-P", "BTC", "BTC"),
    ]
