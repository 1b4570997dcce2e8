"""Raw captures of Bybit, of version 5 of its API and of version 2."""

import pytest

from feed.errors import ConfigError
from feed.importers import Grid
from feed.importers.bybit import symbol
from feed.importers.symbols import Symbol
from tests.importers.capture_lines import OPENED, START, at, capture, ms, ns, reply


def depth(number, bids=(), asks=(), *, kind="delta", seconds=1, levels=50, **more):
    data = {"s": "ABUSDT", "b": list(bids), "a": list(asks), "u": number, "seq": number * 7}
    topic = f"orderbook.{levels}.ABUSDT"
    return {"topic": topic, "type": kind, "ts": ms(seconds), "data": data, "cts": ms(seconds) - 5} | more


SNAPSHOT = depth(7, [["1.50", "10"], ["1.25", "2.5"]], [["1.75", "4"]], kind="snapshot")
SEEDED = [
    (7, 0, ns(0.995)),
    (4, 0, ns(0.995), 0, 150, 100),
    (4, 0, ns(0.995), 0, 125, 25),
    (4, 0, ns(0.995), 1, 175, 40),
    (5, 0, ns(0.995), 150, 100, 175, 40),
]


def test_a_book_of_version_5_follows_its_update_ids(import_texts):
    """Each delta has the id after the last; 0 removes a level; times are those of the matching engine."""
    done = import_texts(
        "bybit",
        capture(
            {"success": True, "op": "subscribe"},
            SNAPSHOT,
            depth(8, [["1.50", "0"]], [["1.70", "1"]], seconds=2),
            {
                "topic": "publicTrade.ABUSDT",
                "type": "snapshot",
                "ts": ms(3),
                "data": [
                    {"T": ms(3), "s": "ABUSDT", "S": "Sell", "v": "0.5", "p": "1.25", "i": "x", "BT": False}
                ],
            },
            {"topic": "tickers.ABUSDT", "type": "delta", "data": {"symbol": "ABUSDT"}},
        ),
    )
    assert done.instrument.symbol == "AB-USDT"
    assert (done.instrument.price_decimals, done.instrument.size_decimals) == (2, 1)
    assert done.rows == [
        *SEEDED,
        (4, 0, ns(1.995), 0, 150, 0),
        (4, 0, ns(1.995), 1, 170, 10),
        (5, 0, ns(1.995), 125, 25, 170, 10),
        (3, 0, ns(3), 1, 1, 125, 5, 0, 0, -1, -1),
    ]
    assert done.report.checked == {
        "u = last + 1": 1,
        "levels were as the message says": 1,
        "bid below ask after the message": 2,
    }
    assert done.report.messages == {
        "about the connection": 1,
        "book snapshot": 1,
        "book delta": 1,
        "publicTrade": 1,
        "tickers": 1,
    }
    assert done.report.gaps == 0


def test_a_missing_update_id_clears_the_book_until_its_next_snapshot(import_texts):
    """The gap names both ids; deltas in between are left out; a restart of the service is a snapshot."""
    done = import_texts(
        "bybit",
        capture(
            SNAPSHOT,
            depth(9, [["1.30", "1"]], seconds=2),
            depth(10, [["1.30", "1"]], seconds=3),
            depth(1, [["1.40", "1"]], [["1.60", "2"]], seconds=4),
            depth(2, [["1.40", "3"]], seconds=5),
        ),
    )
    assert done.rows == [
        *SEEDED,
        (7, 0, ns(0.995)),
        (5, 0, ns(0.995), 0, 0, 0, 0),
        (7, 0, ns(3.995)),
        (4, 0, ns(3.995), 0, 140, 10),
        (4, 0, ns(3.995), 1, 160, 20),
        (5, 0, ns(3.995), 140, 10, 160, 20),
        (4, 0, ns(4.995), 0, 140, 30),
        (5, 0, ns(4.995), 140, 30, 160, 20),
    ]
    assert done.report.gaps == 1
    assert str(done.report.problems[0]).endswith(
        "cap:3: expected u = 8 of ABUSDT, found 9; its book waits for the next snapshot"
    )
    assert done.report.messages["book delta without snapshot"] == 1


def test_a_snapshot_of_a_known_book_tells_only_what_differs(import_texts):
    """A depth of one level is sent whole each time: nobody sees the book empty in between."""
    done = import_texts(
        "bybit",
        capture(
            depth(3, [["1.5", "1"]], [["1.7", "2"]], kind="snapshot", levels=1),
            depth(4, [["1.6", "1"]], [["1.7", "2"]], kind="snapshot", levels=1, seconds=2),
            depth(4, [["1.6", "1"]], [["1.7", "2"]], kind="snapshot", levels=1, seconds=3),
        ),
    )
    assert done.rows == [
        (7, 0, ns(0.995)),
        (4, 0, ns(0.995), 0, 15, 1),
        (4, 0, ns(0.995), 1, 17, 2),
        (5, 0, ns(0.995), 15, 1, 17, 2),
        (4, 0, ns(1.995), 0, 15, 0),
        (4, 0, ns(1.995), 0, 16, 1),
        (5, 0, ns(1.995), 16, 1, 17, 2),
    ]


def test_the_deepest_of_several_books_is_used(import_texts):
    """The other one is counted and left out."""
    shallow = depth(90, [["1.50", "10"]], [["1.75", "4"]], kind="snapshot", levels=1)
    done = import_texts("bybit", capture(shallow, SNAPSHOT, shallow))
    assert done.rows == SEEDED
    assert done.report.messages == {"message of a book less deep": 2, "book snapshot": 1}


def test_a_name_in_two_categories_is_two_instruments(import_texts):
    """Their books are not mixed: each needs an import of its own."""

    def opened(category):
        url = f"wss://stream.bybit.com/v5/public/{category} <-> {START}.0\n"
        return url + "".join(capture(SNAPSHOT)["cap"].splitlines(keepends=True)[1:])

    assert import_texts("bybit", {"one": opened("spot"), "two": opened("spot")}).rows == SEEDED
    with pytest.raises(ConfigError) as caught:
        import_texts("bybit", {"one": opened("spot"), "two": opened("linear")}, lenient=True)
    assert caught.value.where.endswith("two:2")
    assert caught.value.what == "ABUSDT is one of category linear, and of spot in another connection"
    assert caught.value.hint == "import them one by one, and merge the recordings"


def level(price, size=None, side="Buy", name="AXUSD"):
    found = {"price": price, "symbol": name, "id": round(float(price) * 10000), "side": side}
    return found if size is None else found | {"size": size}


def old(kind, data, seq, seconds, topic="orderBookL2_25.AXUSD"):
    stamp = START * 10**6 + round(seconds * 10**6)
    return {"topic": topic, "type": kind, "data": data, "cross_seq": seq, "timestamp_e6": stamp}


def delta(seq, seconds, **data):
    return old("delta", {"delete": [], "update": [], "insert": [], "transactTimeE6": 0} | data, seq, seconds)


OLD_SNAPSHOT = old("snapshot", [level("1.50", 7), level("1.55", 9, "Sell")], 5, 1)
OLD_SEEDED = [
    (7, 0, ns(1)),
    (4, 0, ns(1), 0, 150, 7),
    (4, 0, ns(1), 1, 155, 9),
    (5, 0, ns(1), 150, 7, 155, 9),
]


def test_a_book_of_version_2_says_what_becomes_of_each_level(import_texts):
    """Deletions come first, so that a price may change sides; trades name the taker's side."""
    trade = {"symbol": "AXUSD", "side": "Buy", "size": 4, "price": 1.55, "trade_time_ms": ms(3)}
    done = import_texts(
        "bybit",
        capture(
            OLD_SNAPSHOT,
            delta(
                8,
                2,
                insert=[level("1.55", 3, "Buy"), level("1.60", 2, "Sell")],
                update=[level("1.50", 8)],
                delete=[level("1.55", None, "Sell")],
            ),
            {"topic": "trade.AXUSD", "data": [trade, trade | {"trade_time_ms": str(ms(4)), "side": "Sell"}]},
        ),
    )
    assert done.instrument.symbol == "AX-USD"
    assert done.rows == [
        *OLD_SEEDED,
        (4, 0, ns(2), 1, 155, 0),
        (4, 0, ns(2), 0, 150, 8),
        (4, 0, ns(2), 0, 155, 3),
        (4, 0, ns(2), 1, 160, 2),
        (5, 0, ns(2), 155, 3, 160, 2),
        (3, 0, ns(3), 1, 0, 155, 4, 0, 0, -1, -1),
        (3, 0, ns(4), 2, 1, 155, 4, 0, 0, -1, -1),
    ]
    assert done.report.checked == {
        "cross_seq above the last": 1,
        "levels were as the message says": 1,
        "bid below ask after the message": 2,
    }


def test_a_linear_snapshot_of_version_2_has_its_levels_in_an_object(import_texts):
    """Its numbers are texts, and its topic may be that of 200 levels."""
    book = {"order_book": [level("1.50", 7), level("1.55", 9, "Sell")]}
    done = import_texts("bybit", capture(old("snapshot", book, "5", 1, "orderBook_200.100ms.ABUSDT")))
    assert done.rows == OLD_SEEDED


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (delta(8, 2, insert=[level("1.50", 3)]), "inserts a level of AXUSD that is there already"),
        (delta(8, 2, update=[level("1.40", 3)]), "changes a level of AXUSD that is not there"),
        (delta(8, 2, delete=[level("1.50", None, "Sell")]), "deletes a level of AXUSD that is not there"),
        (delta(5, 2, update=[level("1.50", 3)]), "expected cross_seq above 5 of AXUSD, found 5"),
    ],
)
def test_a_message_that_contradicts_the_book_clears_it(import_texts, wrong, what):
    """It shows that another one is missing."""
    done = import_texts("bybit", capture(OLD_SNAPSHOT, wrong, delta(9, 3, update=[level("1.50", 1)])))
    assert [row[:2] + row[3:] for row in done.rows[len(OLD_SEEDED) :]] == [(7, 0), (5, 0, 0, 0, 0, 0)]
    assert done.report.gaps == 1
    assert what in done.report.problems[0].what
    assert done.report.messages["book delta without snapshot"] == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SNAPSHOT, depth(8, [["1.50", "0"]], seconds=2)),
        (OLD_SNAPSHOT, delta(8, 2, update=[level("1.50", 8)])),
    ],
)
def test_a_book_that_came_over_two_connections_is_told_once(import_texts, first, second):
    """The last snapshot decides whose changes are used, until the next one."""
    alone = import_texts("bybit", capture(first, second))
    text = capture(first, second)["cap"]
    both = import_texts("bybit", {"one": text, "other": text})
    assert both.rows == alone.rows
    assert both.report.gaps == 0
    assert both.report.messages["book delta of another connection"] == 1


def test_a_reopened_connection_clears_its_books(import_texts):
    """The book waits for the snapshot of the new subscription."""
    files = capture(SNAPSHOT)
    files["cap"] += OPENED.replace(str(START), str(START + 2)) + at(3, depth(8, [["1.50", "1"]]))
    done = import_texts("bybit", files)
    assert done.rows == [*SEEDED, (7, 0, ns(2)), (5, 0, ns(2), 0, 0, 0, 0)]


OLD_LIST = {
    "result": [
        {
            "name": "AXUSD",
            "base_currency": "AB",
            "quote_currency": "USD",
            "price_filter": {"min_price": "0.05", "tick_size": "0.05"},
            "lot_size_filter": {"min_trading_qty": 1, "qty_step": 1},
        }
    ]
}
NEW_LIST = {
    "result": {
        "category": "linear",
        "list": [
            {
                "symbol": "ABUSDT",
                "baseCoin": "AB",
                "quoteCoin": "USDT",
                "priceFilter": {"minPrice": "0.25", "tickSize": "0.25"},
                "lotSizeFilter": {"qtyStep": "0.5"},
            }
        ],
    }
}


@pytest.mark.parametrize(
    ("url", "answer", "message", "steps"),
    [
        ("/v2/public/symbols", OLD_LIST, OLD_SNAPSHOT, (2, 5, 0, 1)),
        ("/v5/market/instruments-info?category=linear", NEW_LIST, SNAPSHOT, (2, 25, 1, 5)),
        ("/v5/market/instruments-info?category=linear", {"result": {}}, SNAPSHOT, (2, 1, 1, 1)),
        ("/v2/public/time", {"result": [1]}, SNAPSHOT, (2, 1, 1, 1)),
    ],
)
def test_steps_are_those_of_the_list_of_instruments(import_texts, url, answer, message, steps):
    """With the file of REST answers the tick and lot size are the exchange's own."""
    done = import_texts("bybit", capture(message) | {"rest": reply(url, answer)})
    item = done.instrument
    assert (item.price_decimals, item.tick, item.size_decimals, item.lot) == steps
    guessed = (
        "The smallest steps that occur are tick and lot size of ABUSDT; a file of REST answers, such as "
        "BYBIT.0, may have those of the exchange."
    )
    assert done.report.notes == ((guessed,) if steps[1] == 1 else ())


def test_the_user_comes_before_the_exchange(import_texts):
    """A grid of the options is used as it is, and nothing is said of guesses."""
    grids = {"AB-USDT": Grid("0.05", "0.1")}
    for files in (
        capture(SNAPSHOT),
        capture(SNAPSHOT) | {"rest": reply("/v5/market/instruments-info", NEW_LIST)},
    ):
        done = import_texts("bybit", files, grids=grids)
        assert (done.instrument.tick, done.instrument.lot, done.report.notes) == (5, 1, ())


def test_steps_that_do_not_hold_are_not_used(import_texts):
    """A number between two ticks shows that the list is of another time: the smallest that occur are used."""
    files = capture(old("snapshot", [level("1.50", 7), level("1.56", 9, "Sell")], 5, 1))
    done = import_texts("bybit", files | {"rest": reply("/v2/public/symbols", OLD_LIST)})
    assert (done.instrument.price_decimals, done.instrument.tick) == (2, 1)
    assert done.rows[1:3] == [(4, 0, ns(1), 0, 150, 7), (4, 0, ns(1), 1, 156, 9)]


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (delta(6, 2, update=[level("1.50", 3, "Up")]), "side is 'Up' where Buy or Sell is expected"),
        (old("other", [], 6, 2), "type is 'other' where snapshot or delta is expected"),
        ({"topic": "trade.AXUSD", "data": [{"symbol": "AXUSD"}]}, "missing required field"),
        (depth(8, [["x", "1"]]), "'x' is not a number"),
    ],
)
def test_a_malformed_message_is_an_error_with_its_place(import_texts, message, what):
    """When lenient it is skipped, without effect."""
    files = capture(OLD_SNAPSHOT, message)
    with pytest.raises(ConfigError) as caught:
        import_texts("bybit", files)
    assert caught.value.where.endswith("cap:3")
    assert what in caught.value.what
    lenient = import_texts("bybit", files, lenient=True)
    assert lenient.rows == OLD_SEEDED
    assert lenient.report.skipped == 1


def test_symbols_are_canonical():
    """A pair is one with a dash; contracts with an expiry keep their name, with the assets of their pair."""
    names = ("BTCUSDT", "BTCUSD", "BTCPERP", "BTCUSDU21", "BTC-27JUN25", "BTC-30JUN23-25000-C")
    assert [symbol(name) for name in names] == [
        Symbol("BTC-USDT", "BTC", "USDT"),
        Symbol("BTC-USD", "BTC", "USD"),
        Symbol("BTCPERP", "BTC", "USDC"),
        Symbol("BTCUSDU21", "BTC", "USD"),
        Symbol("BTC-27JUN25", "BTC", "USDC"),
        Symbol("BTC-30JUN23-25000-C", "BTC", "USDC"),
    ]
