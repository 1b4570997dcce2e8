"""Raw captures of BitMEX."""

import pytest

from feed.errors import ConfigError
from feed.importers.bitmex import BY_RECEIPT, symbol
from feed.importers.symbols import Symbol
from tests.importers.capture_lines import OPENED, START, at, capture, ns, reply


def iso(seconds):
    return f"2020-09-13T12:26:{40 + seconds:02d}.250Z"


def table(name, action, *data, **more):
    return {"table": name, "action": action, "data": list(data)} | more


def level(number, side="Buy", size=None, price=None, **more):
    found = {"symbol": "XBTUSD", "id": number, "side": side} | more
    found |= {} if size is None else {"size": size}
    return found if price is None else found | {"price": price}


def l2(action, *levels, name="orderBookL2"):
    return table(name, action, *levels, filter={"symbol": "XBTUSD"})


PARTIAL = l2(
    "partial", level(3, "Sell", 400, 32001.5), level(5, "Buy", 200, 32000), level(9, "Buy", 100, 31990)
)
SEEDED = [
    (7, 0, ns(1)),
    (4, 0, ns(1), 1, 320015, 400),
    (4, 0, ns(1), 0, 320000, 200),
    (4, 0, ns(1), 0, 319900, 100),
    (5, 0, ns(1), 320000, 200, 320015, 400),
]


def test_ids_lead_to_prices(import_texts):
    """Only partial and insert tell a price; without times in the book, all have that of their receipt."""
    trade = {"timestamp": iso(0), "symbol": "XBTUSD", "side": "Sell", "size": 7, "price": 32000}
    done = import_texts(
        "bitmex",
        capture(
            PARTIAL,
            table("trade", "partial", trade),
            l2("insert", level(4, "Sell", 50, 32001)),
            table("trade", "insert", trade, trade | {"side": "", "size": 1}),
            l2("update", level(5, "Buy", 193), level(4, "Sell", 40)),
            l2("delete", level(9), level(4, "Sell")),
            {"info": "Welcome"},
        ),
    )
    assert (done.instrument.symbol, done.instrument.base, done.instrument.quote) == ("BTC-USD", "BTC", "USD")
    assert done.rows == [
        *SEEDED,
        (4, 0, ns(3), 1, 320010, 50),
        (5, 0, ns(3), 320000, 200, 320010, 50),
        (3, 0, ns(4), 1, 1, 320000, 7, 0, 0, -1, -1),
        (3, 0, ns(4), 2, -1, 320000, 1, 0, 0, -1, -1),
        (4, 0, ns(5), 0, 320000, 193),
        (4, 0, ns(5), 1, 320010, 40),
        (5, 0, ns(5), 320000, 193, 320010, 40),
        (4, 0, ns(6), 0, 319900, 0),
        (4, 0, ns(6), 1, 320010, 0),
        (5, 0, ns(6), 320000, 193, 320015, 400),
    ]
    assert BY_RECEIPT in done.report.notes
    assert BY_RECEIPT in done.header.provenance.notes
    assert done.report.checked == {
        "levels were as the message says": 3,
        "bid below ask after the message": 4,
    }
    assert done.report.messages == {
        "book partial": 1,
        "last trades": 1,
        "book insert": 1,
        "trade": 1,
        "book update": 1,
        "book delete": 1,
        "about the connection": 1,
    }


def test_times_of_levels_are_used_where_there_are_any(import_texts):
    """An update may then tell the price too, and one with another side moves the level."""
    done = import_texts(
        "bitmex",
        capture(
            l2(
                "partial",
                level(3, "Sell", 4, 11.5, timestamp=iso(0)),
                level(5, "Buy", 2, 10, timestamp=iso(1)),
            ),
            l2("update", level(3, "Buy", 6, 11.5, timestamp=iso(2))),
        ),
    )
    late = ns(1.25)
    assert done.rows == [
        (7, 0, late),
        (4, 0, late, 1, 115, 4),
        (4, 0, late, 0, 100, 2),
        (5, 0, late, 100, 2, 115, 4),
        (4, 0, ns(2.25), 1, 115, 0),
        (4, 0, ns(2.25), 0, 115, 6),
        (5, 0, ns(2.25), 115, 6, 0, 0),
    ]
    assert BY_RECEIPT not in done.report.notes


def test_a_book_that_came_over_two_connections_is_told_once(import_texts):
    """The last partial decides whose changes are used, until the next one."""
    messages = (PARTIAL, l2("delete", level(5)))
    text = capture(*messages)["cap"]
    both = import_texts("bitmex", {"one": text, "other": text})
    assert both.rows == import_texts("bitmex", capture(*messages)).rows
    assert both.report.gaps == 0
    assert both.report.messages["book delete of another connection"] == 1


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (l2("insert", level(5, "Buy", 1, 32000)), "inserts level 5 of XBTUSD, which is there already"),
        (l2("update", level(6, "Buy", 1)), "changes level 6 of XBTUSD, which is not there"),
        (l2("delete", level(6)), "deletes level 6 of XBTUSD, which is not there"),
        (l2("insert", level(6, "Buy", 1, 32000)), "inserts a level of XBTUSD that is there already"),
        (l2("insert", level(6, "Buy", 1)), "inserts level 6 of XBTUSD, which is not there"),
    ],
)
def test_a_message_that_contradicts_the_book_clears_it(import_texts, wrong, what):
    """Until the next partial, changes are left out."""
    done = import_texts("bitmex", capture(PARTIAL, wrong, l2("delete", level(5)), PARTIAL))
    assert done.rows == [
        *SEEDED,
        (7, 0, ns(2)),
        (5, 0, ns(2), 0, 0, 0, 0),
        *[(kind, index, ns(4), *more) for kind, index, _, *more in SEEDED],
    ]
    assert done.report.gaps == 1
    assert what in done.report.problems[0].what
    assert done.report.messages["book delete without partial"] == 1


def test_what_comes_before_the_partial_is_left_out(import_texts):
    """As the exchange asks clients to; the partial of an empty book makes it known."""
    done = import_texts(
        "bitmex", capture(l2("delete", level(5)), l2("partial"), l2("insert", level(5, "Buy", 1, 2)))
    )
    assert [row[0] for row in done.rows] == [7, 5, 4, 5]
    assert done.report.gaps == 0


def test_a_reopened_connection_clears_its_books(import_texts):
    """Ids begin anew."""
    files = capture(PARTIAL)
    files["cap"] += OPENED.replace(str(START), str(START + 2)) + at(3, l2("update", level(5, "Buy", 1)))
    done = import_texts("bitmex", files)
    assert done.rows == [*SEEDED, (7, 0, ns(2)), (5, 0, ns(2), 0, 0, 0, 0)]
    assert done.report.messages["book update without partial"] == 1


def test_the_last_quote_of_a_message_is_compared_with_the_book(import_texts):
    """Those before the last are of earlier books. Without a book, all of them are quotes."""
    first = {"symbol": "XBTUSD", "timestamp": iso(0), "bidSize": 1, "bidPrice": 32000, "askPrice": None}
    last = first | {"bidSize": 200, "askPrice": 32001.5, "askSize": 400, "timestamp": iso(1)}
    done = import_texts("bitmex", capture(PARTIAL, table("quote", "insert", first, last)))
    assert done.rows == SEEDED
    assert done.report.checked["quote equals book"] == 1
    alone = import_texts("bitmex", capture(table("quote", "insert", first, last)))
    assert alone.rows == [
        (5, 0, ns(0.25), 320000, 1, 0, 0),
        (5, 0, ns(1.25), 320000, 200, 320015, 400),
    ]


def test_the_best_of_several_books_is_used(import_texts):
    """Ten levels that are whole each time serve where nothing better was captured."""
    ten = {"symbol": "XBTUSD", "bids": [[32000, 200]], "asks": [[32001.5, 400]], "timestamp": iso(1)}
    message, shallow = table("orderBook10", "update", ten), l2("partial", name="orderBookL2_25")
    assert import_texts("bitmex", capture(PARTIAL, shallow, message)).rows == SEEDED
    late = ns(1.25)
    assert import_texts("bitmex", capture(message)).rows == [
        (7, 0, late),
        (4, 0, late, 0, 320000, 200),
        (4, 0, late, 1, 320015, 400),
        (5, 0, late, 320000, 200, 320015, 400),
    ]


def test_steps_are_those_of_the_list_of_instruments(import_texts):
    """With the file of REST answers; fields without a value are not used."""
    known = {"symbol": "XBTUSD", "tickSize": 0.5, "lotSize": 100, "underlying": "XBT", "quoteCurrency": "USD"}
    rest = reply("/api/v1/instrument/active", [known, {"symbol": ".BXBT", "tickSize": None}])
    item = import_texts("bitmex", capture(PARTIAL) | {"rest": rest}).instrument
    assert (item.price_decimals, item.tick, item.size_decimals, item.lot) == (1, 5, 0, 100)
    assert (item.symbol, item.base, item.quote) == ("BTC-USD", "BTC", "USD")


def test_prices_of_indices_are_left_out(import_texts):
    """Nobody trades them."""
    trade = {"timestamp": iso(0), "symbol": ".BXBT", "side": "Sell", "size": 0, "price": 32000}
    done = import_texts("bitmex", capture(PARTIAL, table("trade", "insert", trade)))
    assert len(done.header.instruments) == 1


def test_a_refused_request_for_the_list_is_no_list(import_texts):
    """Steps are then the smallest that occur."""
    rest = reply("/api/v1/instrument/active", {"error": {"message": "rate limit exceeded"}})
    done = import_texts("bitmex", capture(PARTIAL) | {"rest": rest})
    assert done.rows == SEEDED


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (l2("insert", level(6, "Up", 1, 1)), "side is 'Up' where Buy or Sell is expected"),
        (l2("remove", level(6)), "action is 'remove' where partial, insert, update or delete is expected"),
        (table("trade", "insert", {"symbol": "XBTUSD"}), "missing required field"),
    ],
)
def test_a_malformed_message_is_an_error_with_its_place(import_texts, message, what):
    """When lenient it is skipped, without effect."""
    files = capture(PARTIAL, message)
    with pytest.raises(ConfigError) as caught:
        import_texts("bitmex", files)
    assert caught.value.where.endswith("cap:3")
    assert what in caught.value.what
    assert import_texts("bitmex", files, lenient=True).rows == SEEDED


def test_symbols_are_canonical():
    """XBT is BTC; futures keep their name."""
    names = ("XBTUSD", "XBT_USDT", "UNIUSDT", "XRPU21", "XBTU21", "ETHUSDU21", "XBTEURU21")
    assert [symbol(name) for name in names] == [
        Symbol("BTC-USD", "BTC", "USD"),
        Symbol("BTC-USDT", "BTC", "USDT"),
        Symbol("UNI-USDT", "UNI", "USDT"),
        Symbol("XRPU21", "XRP", "BTC"),
        Symbol("XBTU21", "BTC", "USD"),
        Symbol("ETHUSDU21", "ETH", "USD"),
        Symbol("XBTEURU21", "BTC", "EUR"),
    ]
