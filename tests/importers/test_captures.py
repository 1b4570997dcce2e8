from __future__ import annotations

import json

import pytest

from feed.errors import ConfigError, ConfigErrors
from feed.importers import Grid
from feed.model.instruments import Instrument
from feed.settings import Importing

SECOND = 10**9
START = 1_600_000_000
OPENED = f"wss://host <-> {START}.0\n"


def at(seconds, message):
    return f"{START + seconds}.0: {json.dumps(message)}\n"


def ns(seconds):
    return START * SECOND + round(seconds * 1000) * 10**6


def instrument(symbol, price_decimals, size_decimals):
    base, quote = symbol.split("-")
    return Instrument(
        symbol=symbol, base=base, quote=quote, price_decimals=price_decimals, size_decimals=size_decimals
    )


# Coinbase


def iso(seconds):
    return f"2020-09-13T12:26:{40 + seconds:02d}.000000Z"


SNAPSHOT = {
    "type": "snapshot",
    "product_id": "AB-USD",
    "bids": [["1.50", "10"], ["1.25", "2.5"]],
    "asks": [["1.75", "4"]],
}


def update(seconds, *changes, product="AB-USD"):
    return {"type": "l2update", "product_id": product, "changes": list(changes), "time": iso(seconds)}


def match(seconds, number, *, side="buy", kind="match"):
    return {
        "type": kind,
        "trade_id": number,
        "maker_order_id": "x",
        "side": side,
        "size": "0.5",
        "price": "1.75",
        "product_id": "AB-USD",
        "sequence": 5,
        "time": iso(seconds),
    }


def coinbase(*messages):
    return {"cap": OPENED + "".join(at(seconds, message) for seconds, message in messages)}


SEEDED = [
    (7, 0, ns(1)),
    (4, 0, ns(1), 0, 150, 100),
    (4, 0, ns(1), 0, 125, 25),
    (4, 0, ns(1), 1, 175, 40),
    (5, 0, ns(1), 150, 100, 175, 40),
]


def test_coinbase_snapshot_updates_and_matches_become_rows(import_texts):
    """A snapshot clears and fills; an update sets levels and the quote once; a match is the taker's."""
    done = import_texts(
        "coinbase",
        coinbase(
            (0, {"type": "subscriptions", "channels": []}),
            (1, SNAPSHOT),
            (2, match(1, 6, kind="last_match")),
            (3, update(2, ["buy", "1.50", "0.0"], ["sell", "1.70", "1"])),
            (4, match(3, 7, side="sell")),
            (5, match(4, 8, side="buy")),
            (5, update(5, ["buy", "1.00", "7"])),
        ),
    )
    assert done.header.instruments == (instrument("AB-USD", 2, 1),)
    assert done.header.start == ns(1)
    assert done.header.provenance.source == "coinbase"
    assert done.header.provenance.files == ("cap",)
    assert done.header.provenance.tool == "feed test"
    assert done.rows == [
        *SEEDED,
        (4, 0, ns(2), 0, 150, 0),
        (4, 0, ns(2), 1, 170, 10),
        (5, 0, ns(2), 125, 25, 170, 10),
        (3, 0, ns(3), 1, 0, 175, 5, 0, 0, -1, -1),
        (3, 0, ns(4), 2, 1, 175, 5, 0, 0, -1, -1),
        (4, 0, ns(5), 0, 100, 70),
    ]
    report = done.report
    assert report.messages == {"subscriptions": 1, "snapshot": 1, "last_match": 1, "l2update": 2, "match": 2}
    assert report.checked == {"trade_id = last + 1": 2}
    assert (report.gaps, report.crossed, report.clamped, report.skipped) == (0, 0, 0, 0)
    assert report.rows == {"clear": 1, "level": 6, "quote": 2, "trade": 2}
    assert (report.first, report.last) == (ns(1), ns(5))


def test_a_missing_coinbase_match_is_a_gap_with_its_place(import_texts):
    """Ids of matches follow each other; the report says which one was expected and where."""
    done = import_texts("coinbase", coinbase((1, match(1, 7)), (2, match(2, 9))))
    assert done.report.gaps == 1
    (problem,) = done.report.problems
    assert problem.where.endswith("cap:3")
    assert problem.what == "expected match 8 of AB-USD, found 9"
    assert [row[0] for row in done.rows] == [3, 3]


def test_a_coinbase_update_before_its_snapshot_is_left_out_and_reported(import_texts):
    """There is no book to apply it to."""
    done = import_texts("coinbase", coinbase((0, update(0, ["buy", "1.50", "1"])), (1, SNAPSHOT)))
    assert done.rows == SEEDED
    assert done.report.gaps == 1
    assert (
        done.report.problems[0].what
        == "expected a snapshot of AB-USD first, found an l2update; it is left out"
    )


def test_a_reopened_connection_clears_the_books_that_came_over_it(import_texts):
    """After a reconnect the book is cleared, with an empty quote, until the next snapshot."""
    files = coinbase((1, SNAPSHOT))
    files["cap"] += (
        f"wss://host <-> {START + 2}.0\n" + at(3, update(3, ["buy", "1.50", "1"])) + at(4, SNAPSHOT)
    )
    done = import_texts("coinbase", files)
    assert done.rows == [
        *SEEDED,
        (7, 0, ns(2)),
        (5, 0, ns(2), 0, 0, 0, 0),
        *[(kind, index, ns(4), *more) for kind, index, _, *more in SEEDED],
    ]
    assert done.report.gaps == 2
    assert done.report.problems[0].what == (
        "the connection was opened anew; the book of AB-USD waits for its next snapshot"
    )


def test_a_coinbase_ticker_is_compared_with_the_book_or_becomes_the_quote(import_texts):
    """With a book it is only counted as equal or not; without one it is all there is."""
    ticker = {
        "type": "ticker",
        "product_id": "AB-USD",
        "best_bid": "1.50",
        "best_ask": "1.75",
        "time": iso(2),
        "price": "1.6",
    }
    with_book = import_texts(
        "coinbase", coinbase((1, SNAPSHOT), (2, ticker), (3, ticker | {"best_ask": "1.76"}))
    )
    assert with_book.rows == SEEDED
    assert with_book.report.checked == {"ticker equals book": 1, "ticker ahead of or behind book": 1}
    alone = import_texts("coinbase", coinbase((2, ticker), (3, ticker | {"best_ask": "", "time": iso(3)})))
    assert alone.rows == [(5, 0, ns(2), 150, 1, 175, 1), (5, 0, ns(3), 150, 1, 0, 0)]


def test_a_crossed_book_is_counted_with_its_place(import_texts):
    """A bid at or above the ask is imported as it is, and reported."""
    done = import_texts("coinbase", coinbase((1, SNAPSHOT), (2, update(2, ["buy", "1.75", "1"]))))
    assert done.report.crossed == 1
    assert str(done.report.problems[0]).endswith("cap:3: AB-USD is crossed: bid 175, ask 175 ticks")


def test_time_that_goes_back_is_clamped_and_counted(import_texts):
    """No event is earlier than the one before it."""
    done = import_texts(
        "coinbase",
        coinbase((1, SNAPSHOT), (2, update(5, ["buy", "1.0", "1"])), (3, update(3, ["buy", "1.0", "2"]))),
    )
    assert [row[2] for row in done.rows[-2:]] == [ns(5), ns(5)]
    assert (done.report.clamped, done.report.clamped_most) == (1, 2 * SECOND)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("hello\n", "expected seconds, a colon, a blank and a message"),
        (f"{START}.0: {{\n", "Input data was truncated"),
        (f"{START}.0: {{}}\n", "Object missing required field `type`"),
        (
            at(
                2, {"type": "l2update", "product_id": "AB-USD", "changes": [["up", "1", "1"]], "time": iso(1)}
            ),
            "'up'",
        ),
        (at(2, update(1, ["buy", "one", "1"])), "'one' is not a number"),
        (at(2, update(1, ["buy", "1", "1"]) | {"time": "noon"}), "'noon' is not a time like"),
        (at(2, update(1, ["buy", "NaN", "1"])), "'NaN' is not a number"),
    ],
)
def test_a_malformed_line_stops_the_import_or_is_skipped(import_texts, line, what):
    """By default an error with file and line and what was expected; when lenient, counted and left out."""
    files = coinbase((1, SNAPSHOT))
    files["cap"] += line
    with pytest.raises(ConfigError) as caught:
        import_texts("coinbase", files)
    assert caught.value.where.endswith("cap:3")
    assert what in caught.value.what
    assert caught.value.hint == "a lenient import skips such lines"
    lenient = import_texts("coinbase", files, lenient=True)
    assert lenient.rows == SEEDED
    assert lenient.report.skipped == 1
    assert lenient.report.problems[0].where.endswith("cap:3")


def test_a_price_off_the_grid_is_never_rounded(import_texts):
    """With a given tick and lot, a price between two ticks stops the import, even a lenient one."""
    files = coinbase((1, SNAPSHOT))
    with pytest.raises(ConfigError) as caught:
        import_texts("coinbase", files, grids={"AB-USD": Grid("0.5", "0.1")}, lenient=True)
    assert caught.value.where.endswith("cap:2")
    assert caught.value.what == "1.25 is not a multiple of 0.5"
    done = import_texts("coinbase", files, grids={"AB-USD": Grid("0.25", "0.5")})
    assert (done.instrument.price_decimals, done.instrument.tick) == (2, 25)
    assert (done.instrument.size_decimals, done.instrument.lot) == (1, 5)
    assert done.rows[1:4] == [(4, 0, ns(1), 0, 6, 20), (4, 0, ns(1), 0, 5, 5), (4, 0, ns(1), 1, 7, 8)]


@pytest.mark.parametrize(
    ("grids", "what"),
    [
        ({"XY-USD": Grid("1", "1")}, "grid: no instrument XY-USD in the input; there are AB-USD"),
        ({"AB-USD": Grid("0", "1")}, "grid of AB-USD: 0 is not a step; it must be above 0"),
        ({"AB-USD": Grid("x", "1")}, "grid of AB-USD: 'x' is not a number"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(import_texts, grids, what):
    """The options are checked against the input."""
    with pytest.raises(ConfigError) as caught:
        import_texts("coinbase", coinbase((1, SNAPSHOT)), grids=grids)
    assert str(caught.value) == what


@pytest.mark.parametrize(
    ("name", "url", "answer", "message"),
    [
        (
            "coinbase",
            "https://host/products",
            [{"id": "AB-USD", "quote_increment": "0.25", "base_increment": "0.5"}],
            SNAPSHOT,
        ),
        (
            "binance",
            "https://host/api/v3/exchangeInfo",
            {
                "symbols": [
                    {
                        "symbol": "ABUSD",
                        "filters": [
                            {"filterType": "PRICE_FILTER", "minPrice": "0.25", "tickSize": "0.25000000"},
                            {"filterType": "LOT_SIZE", "stepSize": "0.50000000"},
                        ],
                    }
                ]
            },
            {"u": 1, "s": "ABUSD", "b": "1.50", "B": "2", "a": "1.75", "A": "3"},
        ),
        (
            "kraken",
            "https://host/0/public/AssetPairs",
            {
                "error": [],
                "result": {
                    "ABUSD": {
                        "wsname": "AB/USD",
                        "pair_decimals": 2,
                        "lot_decimals": 8,
                        "tick_size": "0.25",
                    }
                },
            },
            [3, ["1.50", "1.75", f"{START + 3}.25", "9", "8"], "spread", "AB/USD"],
        ),
    ],
)
def test_steps_are_those_of_the_exchange_where_a_reply_has_them(import_texts, name, url, answer, message):
    """Of its list of instruments, which recorders ask for before they subscribe."""
    files = {"cap": OPENED + at(1, message), "rest": f"{url} -> {START}.0: {json.dumps(answer)}\n"}
    item = import_texts(name, files).instrument
    assert (item.price_decimals, item.tick) == (2, 25)
    assert (item.size_decimals, item.lot) == ((8, 1) if name == "kraken" else (1, 5))
    refused = files | {"rest": f'{url} -> {START}.0: {{"code":-1003,"msg":"Too many requests"}}\n'}
    assert import_texts(name, refused).instrument.tick == 1


# Kraken. The checksums are computed here from the published rule, with zlib alone.

KRAKEN_ASKS = [f"0.050{cents:02d}" for cents in range(5, 55, 5)]
KRAKEN_BIDS = [
    "0.05000",
    *[f"0.0{price}" for price in (4995, 4990, 4980, 4975, 4970, 4965, 4960, 4955, 4950)],
]


def kraken_level(price, volume="0.00000500", seconds=1):
    return [price, volume, f"{START + seconds}.000000"]


def kraken(*messages):
    return {"cap": OPENED + "".join(at(seconds, message) for seconds, message in messages)}


def kraken_snapshot(asks=KRAKEN_ASKS, bids=KRAKEN_BIDS, depth=10):
    levels = {"as": [kraken_level(price) for price in asks], "bs": [kraken_level(price) for price in bids]}
    return [0, levels, f"book-{depth}", "XBT/USD"]


def test_the_published_kraken_checksum_example_holds(import_texts):
    """The book of Kraken's own example has the checksum it gives: 974947235."""
    change = [0, {"b": [kraken_level("0.05000", seconds=2)], "c": "974947235"}, "book-10", "XBT/USD"]
    done = import_texts("kraken", kraken((1, {"event": "heartbeat"}), (1, kraken_snapshot()), (2, change)))
    assert done.report.checked == {"checksum": 1}
    assert done.report.gaps == 0
    assert done.header.instruments == (instrument("BTC-USD", 5, 6),)
    assert done.rows == [
        (7, 0, ns(1)),
        *[(4, 0, ns(1), 1, 5005 + 5 * step, 5) for step in range(10)],
        *[(4, 0, ns(1), 0, int(price[2:]), 5) for price in KRAKEN_BIDS],
        (5, 0, ns(1), 5000, 5, 5005, 5),
        (4, 0, ns(2), 0, 5000, 5),
    ]


def test_a_wrong_kraken_checksum_clears_the_book_until_the_next_snapshot(import_texts):
    """The gap names both sums; updates in between are counted and left out."""
    snapshot = kraken_snapshot(asks=["2.0"], bids=["1.0"])
    wrong = [0, {"b": [kraken_level("1.0", "0.00000700", 2)], "c": "1"}, "book-10", "XBT/USD"]
    orphan = [0, {"b": [kraken_level("1.0", "0.00000800", 3)], "c": "2"}, "book-10", "XBT/USD"]
    done = import_texts("kraken", kraken((1, snapshot), (2, wrong), (3, orphan), (4, snapshot)))
    assert done.rows == [
        (7, 0, ns(1)),
        (4, 0, ns(1), 1, 2, 5),
        (4, 0, ns(1), 0, 1, 5),
        (5, 0, ns(1), 1, 5, 2, 5),
        (4, 0, ns(2), 0, 1, 7),
        (7, 0, ns(2)),
        (5, 0, ns(2), 0, 0, 0, 0),
        (7, 0, ns(3)),
        (4, 0, ns(3), 1, 2, 5),
        (4, 0, ns(3), 0, 1, 5),
        (5, 0, ns(3), 1, 5, 2, 5),
    ]
    assert done.report.gaps == 1
    assert done.report.problems[0].where.endswith("cap:3")
    assert done.report.problems[0].what.startswith("expected checksum 1 of XBT/USD, found ")
    assert done.report.messages["book update without snapshot"] == 1


def test_kraken_levels_pushed_out_of_the_depth_are_taken_off(import_texts):
    """They are not announced; both sides of an update may be separate objects."""
    asks = KRAKEN_ASKS
    change = [
        0,
        {"a": [kraken_level("0.05001", seconds=2)]},
        {"b": [kraken_level("0.04950", "0.00000000", 2)]},
        "book-10",
        "XBT/USD",
    ]
    done = import_texts("kraken", kraken((1, kraken_snapshot(asks)), (2, change)))
    assert done.rows[22:] == [
        (4, 0, ns(2), 1, 5001, 5),
        (4, 0, ns(2), 0, 4950, 0),
        (4, 0, ns(2), 1, 5050, 0),
        (5, 0, ns(2), 5000, 5, 5001, 5),
    ]
    assert done.report.checked == {"no checksum given": 1}


def test_kraken_trades_tickers_and_spreads(import_texts):
    """A trade names the incoming side; tickers and spreads are quotes where there is no book."""
    trades = [
        [1, [["1.5", "2", f"{START + 1}.5", "b", "l", ""], ["1.4", "1", f"{START + 1}.5", "s", "m", ""]]]
    ]
    ticker = [2, {"a": ["1.6", 1, "3"], "b": ["1.4", 1, "2"]}, "ticker", "XDG/EUR"]
    spread = [3, ["1.4", "1.5", f"{START + 3}.25", "9", "8"], "spread", "XDG/EUR"]
    done = import_texts(
        "kraken",
        kraken(
            (2, [*trades[0], "trade", "XDG/EUR"]), (2, ticker), (4, spread), (5, [1, [], "ohlc-1", "XDG/EUR"])
        ),
    )
    assert done.header.instruments == (instrument("DOGE-EUR", 1, 0),)
    assert done.rows == [
        (3, 0, ns(1.5), 1, 0, 15, 2, 0, 0, -1, -1),
        (3, 0, ns(1.5), 2, 1, 14, 1, 0, 0, -1, -1),
        (5, 0, ns(2), 14, 2, 16, 3),
        (5, 0, ns(3.25), 14, 9, 15, 8),
    ]
    assert done.report.messages == {"trade": 1, "ticker": 1, "spread": 1, "ohlc": 1}


# Binance


def diff(first, last, *, bids=(), asks=(), seconds=1, before=None):
    data = {"e": "depthUpdate", "E": (START + seconds) * 1000, "s": "ABUSDT", "U": first, "u": last}
    data |= {"b": list(bids), "a": list(asks)}
    if before is not None:
        data |= {"pu": before, "T": (START + seconds) * 1000 - 5}
    return {"stream": "abusdt@depth@100ms", "data": data}


def rest(seconds, last, bids=(("1.00", "5.000"),), asks=(("2.00", "6.000"),), **more):
    body = json.dumps({"lastUpdateId": last, "bids": list(bids), "asks": list(asks)} | more)
    return f"https://host/api/v3/depth?symbol=ABUSDT&limit=10 -> {START + seconds}.0: {body}\n"


def test_binance_spot_diffs_meet_their_snapshot_by_the_published_rule(import_texts):
    """Covered diffs are dropped, the bridging one is applied, each later one follows; files merge by time."""
    done = import_texts(
        "binance",
        {
            "http": rest(4, 12),
            "ws": OPENED
            + at(1, diff(8, 9, bids=[["1.00", "9"]]))
            + at(2, diff(10, 12, bids=[["1.10", "1"]], seconds=2))
            + at(3, diff(13, 14, bids=[["1.20", "2"]], seconds=3))
            + at(5, diff(15, 15, asks=[["2.00", "0.00"]], seconds=5)),
        },
    )
    assert done.header.instruments == (instrument("AB-USDT", 1, 0),)
    assert done.rows == [
        (7, 0, ns(4)),
        (4, 0, ns(4), 0, 10, 5),
        (4, 0, ns(4), 1, 20, 6),
        (5, 0, ns(4), 10, 5, 20, 6),
        (4, 0, ns(4), 0, 12, 2),
        (5, 0, ns(4), 12, 2, 20, 6),
        (4, 0, ns(5), 1, 20, 0),
        (5, 0, ns(5), 12, 2, 0, 0),
    ]
    report = done.report
    assert report.messages == {"depthUpdate": 4, "snapshot": 1, "depthUpdate applied": 2}
    assert report.checked == {"diff follows the one before": 3}
    assert (report.gaps, report.clamped, report.clamped_most) == (0, 1, SECOND)


def test_binance_futures_follow_the_last_update_of_the_diff_before(import_texts):
    """There ``pu`` is what counts, a diff that ends at the snapshot bridges it, and ``T`` is the time."""
    done = import_texts(
        "binance",
        {
            "cap": OPENED
            + at(1, diff(3, 11, before=2))
            + rest(2, 12, T=START * 1000)
            + at(3, diff(12, 12, bids=[["1.10", "1"]], seconds=3, before=11))
            + at(4, diff(20, 25, bids=[["1.20", "1"]], seconds=4, before=12))
        },
    )
    assert done.rows == [
        (7, 0, ns(0)),
        (4, 0, ns(0), 0, 10, 5),
        (4, 0, ns(0), 1, 20, 6),
        (5, 0, ns(0), 10, 5, 20, 6),
        (4, 0, ns(2.995), 0, 11, 1),
        (5, 0, ns(2.995), 11, 1, 20, 6),
        (4, 0, ns(3.995), 0, 12, 1),
        (5, 0, ns(3.995), 12, 1, 20, 6),
    ]
    assert done.report.checked == {"diff follows the one before": 2}


@pytest.mark.parametrize(
    ("before", "found", "what"),
    [(None, 15, "expected U = 14 of ABUSDT, found 15"), (12, 15, "expected pu = 13 of ABUSDT, found 12")],
)
def test_a_gap_in_binance_diffs_clears_the_book_until_the_next_snapshot(import_texts, before, found, what):
    """The report says what was expected; the diff that revealed the gap waits for the new snapshot."""
    first_before = None if before is None else 12
    done = import_texts(
        "binance",
        {
            "cap": OPENED
            + rest(1, 12)
            + at(2, diff(12 if before else 13, 13, seconds=2, before=first_before))
            + at(3, diff(found, 16, bids=[["1.10", "1"]], seconds=3, before=before))
            + rest(4, 15)
        },
    )
    stamp = 1.995 if before else 2
    assert done.rows[4:6] == [(7, 0, ns(stamp)), (5, 0, ns(stamp), 0, 0, 0, 0)]
    assert done.rows[6] == (7, 0, ns(4))
    assert done.rows[-2:] == [(4, 0, ns(4), 0, 11, 1), (5, 0, ns(4), 11, 1, 20, 6)]
    assert done.report.gaps == 1
    assert done.report.problems[0].where.endswith("cap:4")
    assert done.report.problems[0].what == f"{what}; its book waits for the next snapshot"


def test_a_repeated_binance_diff_is_passed_over(import_texts):
    """Two connections captured the same diffs: each counts once, whether it waits or is applied."""
    first, second = diff(13, 14, bids=[["1.10", "1"]]), diff(15, 16, bids=[["1.20", "1"]], seconds=3)
    once = OPENED + at(1, first) + rest(2, 12) + at(3, second)
    twice = OPENED + at(1, first) + at(1, first) + rest(2, 12) + at(3, second) + at(3, first) + at(3, second)
    done = import_texts("binance", {"cap": twice})
    assert done.rows == import_texts("binance", {"cap": once}).rows
    assert done.report.gaps == 0
    assert done.report.messages["depthUpdate repeated"] == 3


def test_a_binance_snapshot_that_is_too_old_is_reported(import_texts):
    """When the first diff begins past the snapshot, something between them is missing."""
    done = import_texts("binance", {"cap": OPENED + at(1, diff(20, 21, bids=[["1.1", "1"]])) + rest(2, 12)})
    assert done.rows[-2:] == [(7, 0, ns(2)), (5, 0, ns(2), 0, 0, 0, 0)]
    assert done.report.gaps == 1
    assert done.report.problems[0].what == (
        "expected a diff of ABUSDT from update 12 on, found one from 20: "
        "the snapshot is too old; the book waits for the next one"
    )


def test_a_binance_snapshot_behind_the_book_is_not_used(import_texts):
    """A snapshot older than what was applied would turn the clock back."""
    done = import_texts(
        "binance", {"cap": OPENED + rest(1, 12) + at(2, diff(13, 14, seconds=2)) + rest(3, 13)}
    )
    assert len(done.rows) == 4
    assert done.report.messages["snapshot older than the book"] == 1


def test_binance_trades_name_the_aggressor_and_single_trades_win(import_texts):
    """``m`` says that the buyer was the maker; aggregates of a symbol with single trades are left out."""
    trade = {
        "e": "trade",
        "E": 1,
        "s": "ABUSDT",
        "t": 9,
        "p": "1.5",
        "q": "2",
        "T": START * 1000 + 1,
        "m": True,
    }
    aggregate = {
        "e": "aggTrade",
        "E": 1,
        "s": "CDUSDT",
        "a": 9,
        "p": "3",
        "q": "1",
        "T": START * 1000 + 2,
        "m": False,
    }
    done = import_texts(
        "binance",
        {
            "cap": OPENED
            + at(1, {"stream": "abusdt@trade", "data": trade})
            + at(1, {"stream": "abusdt@aggTrade", "data": trade | {"e": "aggTrade", "a": 1}})
            + at(1, aggregate)
            + at(1, {"stream": "abusdt@kline_1m", "data": {"e": "kline", "s": "ABUSDT"}})
            + at(1, [{"e": "24hrTicker", "s": "ABUSDT"}])
            + at(1, {"result": None, "id": 1})
        },
    )
    assert done.rows == [
        (3, 0, ns(0.001), 1, 1, 15, 2, 0, 0, -1, -1),
        (3, 1, ns(0.002), 1, 0, 3, 1, 0, 0, -1, -1),
    ]
    assert done.report.messages == {
        "trade": 1,
        "aggTrade": 2,
        "kline": 1,
        "all symbols": 1,
        "other": 1,
    }


def test_binance_book_tickers_are_checked_or_become_quotes(import_texts):
    """Beside a book they are compared at the same update; alone they are quotes at their best time."""
    ticker = {"u": 12, "s": "ABUSDT", "b": "1.00", "B": "5", "a": "2.00", "A": "6"}
    stream = "abusdt@bookTicker"
    done = import_texts(
        "binance",
        {
            "cap": OPENED
            + rest(1, 12)
            + at(2, diff(10, 12, seconds=2))
            + at(3, {"stream": stream, "data": ticker})
            + at(4, {"stream": stream, "data": ticker | {"B": "4"}})
            + at(4, {"stream": stream, "data": ticker | {"u": 99}})
        },
    )
    assert [row[0] for row in done.rows] == [7, 4, 4, 5]
    assert done.report.checked == {"bookTicker equals book": 1, "bookTicker differs from book": 1}
    alone = import_texts(
        "binance",
        {
            "cap": OPENED
            + at(3, ticker)
            + at(4, ticker | {"e": "bookTicker", "E": 9, "T": (START + 4) * 1000})
        },
    )
    assert alone.rows == [(5, 0, ns(3), 1, 5, 2, 6), (5, 0, ns(4), 1, 5, 2, 6)]


def test_diffs_that_wait_are_bounded(import_texts):
    """Without a snapshot only the latest are kept; the snapshot then finds the first ones missing."""
    stream = "".join(at(1, diff(n, n, bids=[["1.1", "1"]])) for n in range(1, 8))
    done = import_texts("binance", {"cap": OPENED + stream + rest(2, 2)}, bounds=Importing(waiting=3))
    assert done.report.gaps == 1
    assert "found one from 5" in done.report.problems[0].what


# What is not as it should be


def test_a_book_that_no_snapshot_makes_known_is_an_error(import_texts):
    """A Binance capture without its REST answers; a lenient import does without the book."""
    trade = {"e": "trade", "E": 9, "s": "ABUSDT", "t": 1, "p": "1", "q": "2", "T": START * 1000, "m": True}
    diffs = OPENED + at(1, diff(1, 2, bids=[["1.1", "1"]]))
    for text in (diffs, diffs + at(2, trade)):
        with pytest.raises(ConfigError) as caught:
            import_texts("binance", {"cap": text})
        assert str(caught.value).endswith(
            "cap: the book of AB-USDT was never known: there are changes of it, and no snapshot; "
            "give the file of REST answers too, such as BINANCE.http.0.0; a lenient import does without "
            "these books"
        )
    assert import_texts("binance", {"cap": diffs + at(2, trade)}, lenient=True).report.rows == {"trade": 1}


def test_a_capture_of_another_exchange_is_an_error_that_names_its_format(import_texts):
    """Nothing in it is what was asked for: lines that make no sense, or that say nothing."""
    with pytest.raises(ConfigError) as caught:
        import_texts("kraken", coinbase((1, match(1, 7)), (2, match(2, 8))))
    assert str(caught.value).endswith(
        "cap: nothing in it is of the format kraken; it looks like the format coinbase"
    )
    with pytest.raises(ConfigError) as caught:
        import_texts("coinbase", kraken((2, [1, {"a": [["1.5", "2", "1600000002.0"]]}, "book-10", "A/B"])))
    assert caught.value.hint == "it looks like the format kraken"


def test_a_capture_of_an_exchange_that_is_not_known_is_an_error(import_texts):
    """It names the place that the capture was connected to."""
    text = f"wss://ws.okx.test:8443/ws/v5 <-> {START}.0\n" + at(1, {"event": "subscribe"})
    text += at(2, {"table": "spot/trade", "data": [{"price": "1"}]})
    for lenient in (False, True):
        with pytest.raises(ConfigError) as caught:
            import_texts("kraken", {"cap": text}, lenient=lenient)
        assert str(caught.value).endswith(
            "cap: nothing in it is of the format kraken; it is a capture of ws.okx.test, which looks like "
            "none of the formats that there are"
        )


def test_a_strict_import_takes_no_gap(import_texts):
    """Each is reported with its place, those past the bound as a count; without a gap there is no error."""
    text = coinbase(*[(number, match(number, 2 * number)) for number in range(1, 5)])
    with pytest.raises(ConfigErrors) as caught:
        import_texts("coinbase", text, strict=True, bounds=Importing(problems=2))
    assert [str(one).rpartition("/")[2] for one in caught.value.errors] == [
        "cap:3: expected match 3 of AB-USD, found 4",
        "cap:4: expected match 5 of AB-USD, found 6",
        "and 1 more gaps",
    ]
    whole = coinbase((1, match(1, 7)), (2, match(2, 8)))
    assert import_texts("coinbase", whole, strict=True).report.gaps == 0
