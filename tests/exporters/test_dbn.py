"""Recordings as DBN: read back by the importer they are what they were, or it is said what is missing."""

import attrs
import pytest
from exports import BTC, EUR, START, export, import_back, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.book.book import OrderBook
from feed.errors import ConfigError
from feed.exporters import run
from feed.importers.books import QuotedBook
from feed.model.instruments import Contract, Instrument
from feed.server.run_spec import program_from_file

dbn = pytest.importorskip("databento_dbn")

TOLD = (1, 2, 3, 4, 5, 7)  # of an order book: all but its status
SECOND = 10**9
QUOTE = (5, 0, START, 6_000_000, 5, 6_000_100, 7)


@pytest.fixture(scope="module")
def simulated():
    """Some seconds of a simulated market with orders: its instruments and rows."""
    spec = program_from_file("flash-crash")
    market = spec.run
    rows = [*market.opening(), *market.advance(spec.start + 5 * SECOND)]
    return tuple(market.listing), rows


def records(path):
    decoder = dbn.DBNDecoder()
    decoder.write(path.read_bytes())
    metadata, *found = decoder.decode()
    return metadata, found


def test_a_simulated_market_comes_back_order_by_order(tmp_path, simulated):
    """Adds, cancels, trades and quotes are the same rows, in the same order, of the same instruments."""
    instruments, rows = simulated
    (found, back, report), data = there_and_back(tmp_path, rows, instruments)
    assert found == instruments
    assert back == [row for row in rows if row[0] in TOLD]
    assert {row[0] for row in back} >= {1, 2, 3, 5}
    assert report.gaps == 0
    assert all(reason.endswith(" events") for reason in data.left_out)
    assert data.report.schema == "mbo"


def test_quotes_and_trades_come_back(tmp_path, simulated):
    """By the schema mbp-1; the trades without their orders."""
    instruments, rows = simulated
    (found, back, report), _ = there_and_back(tmp_path, rows, instruments, schema="mbp-1")
    plain = [(*row[:7], 0, 0, -1, -1) if row[0] == 3 else row for row in rows if row[0] in (3, 5)]
    assert (back, report.gaps) == (plain, 0)
    assert found == instruments


def test_ten_levels_show_the_book(tmp_path, simulated):
    """What is read back are the best ten levels of the book at every quote."""
    instruments, rows = simulated
    (found, back, report), data = there_and_back(tmp_path, rows, instruments, schema="mbp-10")
    assert found == instruments
    assert [row for row in back if row[0] == 5] == [row for row in rows if row[0] == 5]
    assert report.gaps == 0
    assert data.left_out["changes of levels behind the best ten"] > 0


# What a source without orders may tell: a level, or a trade beside the book, some nanoseconds later.
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([BTC, EUR]),
        st.integers(0, 1),
        st.integers(1, 5),
        st.integers(0, 3),
    ),
    max_size=40,
)


@settings(max_examples=30)
@given(CHANGES)
def test_a_book_without_orders_comes_back_whole(tmp_path_factory, changes):
    """Any levels and trades are the same rows again, whatever the depth."""
    instruments = (BTC, EUR)
    books = [QuotedBook(at) for at in range(2)]
    trades, ts, rows = [0, 0], START, []
    for wait, item, side, price, size in changes:
        at = instruments.index(item)
        ts += wait
        if size == 3:
            trades[at] += 1
            rows.append((3, at, ts, trades[at], side, 100 + price, 1, 0, 0, -1, -1))
            continue
        rows.append(books[at].level(ts, side, 110 + price if side else 100 + price, size))
        if (quote := books[at].changed_quote()) is not None:
            rows.append((5, at, ts, *quote))
    # Without a level there is no book, and the trades are another schema.
    rows.append(books[0].level(ts + 1, 0, 109, 7))
    rows.append((5, 0, ts + 1, *books[0].changed_quote()))
    (found, back, report), data = there_and_back(tmp_path_factory.mktemp("x"), rows)
    assert found == tuple(item for at, item in enumerate(instruments) if at in {row[1] for row in rows})
    assert back == rows
    assert (report.gaps, data.left_out) == (0, {})


# Commands to a matching engine: what, on which book, side, price, size, and which of the orders before.
COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(["limit", "limit", "limit", "ioc", "market", "cancel", "modify"]),
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(100, 105),
        st.integers(1, 9),
        st.integers(1, 30),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=50,
)


@settings(max_examples=30)
@given(COMMANDS)
def test_whatever_a_matching_engine_does_comes_back(tmp_path_factory, commands):
    """Sweeps, partial fills, changes with and without loss of priority, many at one time."""
    rows, ts = [], START
    books = [OrderBook(at, rows.append) for at in range(2)]
    books[0].limit(1000, 0, 50, 1)
    for number, (what, at, side, price, size, other, wait) in enumerate(commands, 1):
        ts += wait
        book = books[at]
        book.now = ts
        match what:
            case "limit" | "ioc":
                getattr(book, what)(number, side, price, size)
            case "market":
                book.market(number, side, size)
            case "cancel":
                book.cancel(other)
            case "modify":
                book.modify(other, price, size)
    rows = [(*row[:2], max(row[2], START), *row[3:]) for row in rows]
    folder = tmp_path_factory.mktemp("x")
    _, back, report = import_back(export(folder, "x.dbn", rows, schema="all").path)
    assert (back, report.gaps) == (rows, 0)


def test_very_many_events_of_one_time_are_one_event_still(tmp_path, monkeypatch):
    """A snapshot is looked at in parts, and has one quote, at its end; a trade in its middle ends nothing."""
    monkeypatch.setattr(run, "_GROUP", 2)
    trade = (3, 0, START, 1, 1, 101, 1, 0, 0, -1, -1)
    rows = [(7, 0, START), *[(4, 0, START, 0, 100 + at, 5) for at in range(3)], trade]
    rows += [(4, 0, START, 1, 110, 5), (5, 0, START, 102, 5, 110, 5), (7, 0, START + 1)]
    rows += [(4, 0, START + 1, 1, 110, 5), (5, 0, START + 1, 0, 0, 110, 5)]
    assert there_and_back(tmp_path, rows, (BTC,))[0][1] == rows


def test_records_have_the_vocabulary_of_the_format(tmp_path):
    """A trade is taker, fill and cancel; the last record before a quote has the flag; ids and times."""
    rows = [
        (1, 0, START, 7, 0, 6_000_000, 5, 5),
        (1, 0, START, 8, 1, 6_000_100, 9, 9),
        (5, 0, START, 6_000_000, 5, 6_000_100, 9),
        (3, 0, START + 4, 1, 1, 6_000_000, 2, 7, 99, 3, 3),
        (5, 0, START + 4, 6_000_000, 3, 6_000_100, 9),
        (2, 0, START + 5, 7, 0, 6_000_000, 0, 0),
        (5, 0, START + 5, 0, 0, 6_000_100, 9),
        (7, 0, START + 6),
    ]
    metadata, found = records(export(tmp_path, "x.dbn", rows).path)
    assert (metadata.dataset, str(metadata.schema), metadata.start, metadata.end) == (
        "FEED",
        "mbo",
        START,
        START + 7,
    )
    assert metadata.mappings["EURUSD"][0]["symbol"] == "2"
    told = [
        (str(one.action), str(one.side), one.price, one.size, one.order_id, one.flags, one.sequence)
        for one in found
    ]
    assert told == [
        ("A", "B", 60_000 * SECOND, 5, 7, 0, 1),
        ("A", "A", 60_001 * SECOND, 9, 8, 128, 2),
        ("T", "A", 60_000 * SECOND, 2, 99, 0, 4),
        ("F", "B", 60_000 * SECOND, 2, 7, 0, 4),
        ("C", "B", 60_000 * SECOND, 2, 7, 128, 4),
        ("C", "B", 60_000 * SECOND, 3, 7, 128, 6),
        ("R", "N", dbn.UNDEF_PRICE, 0, 0, 128, 8),
    ]
    assert {(one.publisher_id, one.instrument_id) for one in found} == {(0, 1)}
    assert [one.ts_event - START for one in found] == [0, 0, 4, 4, 4, 5, 6]
    assert all(one.ts_event == one.ts_recv for one in found)


def test_definitions_say_what_an_instrument_is(tmp_path):
    """Tick, lot, venue, class; a perpetual future and its underlying."""
    perpetual = Instrument(
        symbol="BTC-PERP",
        base="BTC",
        quote="USD",
        price_decimals=1,
        tick=5,
        size_decimals=3,
        venue="kraken",
        contract=Contract.PERPETUAL,
        underlying="BTC-USD",
    )
    share = Instrument(
        symbol="AB", base="AB", quote="USD", price_decimals=2, size_decimals=0, asset_class="equity"
    )
    instruments = (BTC, EUR, perpetual, share)
    rows = [(4, at, START, 0, 100, 5) for at in range(4)]
    (found, _, _), _ = there_and_back(tmp_path, rows, instruments)
    assert found == instruments
    described = records(tmp_path / "d.dbn")[1]
    assert [str(one.instrument_class) for one in described] == ["Y", "X", "F", "K"]
    assert [one.min_price_increment for one in described] == [10**7, 10**4, 5 * 10**8, 10**7]


def test_sizes_that_need_more_than_32_bits_are_rounded_and_told(tmp_path):
    """In units of 10, 100, ... lots; what is left of an order is never rounded away, and the book adds up."""
    large = 2**32 * 10 + 5
    rows = [
        (1, 0, START, 7, 0, 100, large, large),
        (2, 0, START + 1, 7, 0, 100, 101, 101),
        (3, 0, START + 2, 1, 1, 100, 100, 7, 9, 1, 1),
        (2, 0, START + 3, 7, 0, 100, 0, 0),
    ]
    (found, back, report), data = there_and_back(tmp_path, rows)
    assert data.report.notes == (
        "sizes are in units of 100 lots, rounded up, since DBN has 32 bits: BTC-USD",
    )
    assert found[0] == attrs.evolve(BTC, size_decimals=6)
    assert [row for row in back if row[0] != 5] == [
        (1, 0, START, 7, 0, 100, 429496730, 429496730),
        (2, 0, START + 1, 7, 0, 100, 2, 2),
        (3, 0, START + 2, 1, 1, 100, 1, 7, 9, 1, 1),
        (2, 0, START + 3, 7, 0, 100, 0, 0),
    ]
    assert report.gaps == 0


def test_what_is_rounded_away_is_counted(tmp_path):
    """A cancel and a trade that leave an order at as many units as before are no records, and told."""
    large = 2**32 * 10
    rows = [
        (1, 0, START, 7, 0, 100, large, large),
        (1, 0, START, 8, 0, 99, 100, 100),
        (2, 0, START + 1, 8, 0, 99, 60, 60),
        (3, 0, START + 2, 1, 1, 99, 50, 8, 9, 10, 10),
    ]
    done = export(tmp_path, "x.dbn", rows)
    assert done.report.written == {"add": 2}
    assert done.left_out == {"cancels and trades smaller than the unit of sizes": 2}


def test_what_dbn_cannot_say_is_counted(tmp_path):
    """By its kind: statuses among orders, quotes that no book shows, changes of orders never seen."""
    rows = [
        (6, 0, START, 2),
        (2, 0, START, 5, 0, 100, 0, 0),
        (3, 0, START, 1, 1, 100, 2, 5, 9, 0, 0),
        (1, 0, START + 1, 7, 0, 100, 4, 4),
        (5, 0, START + 1, 100, 3, 0, 0),
        (8, 0, START + 2),
    ]
    done = export(tmp_path, "x.dbn", rows)
    assert done.report.written == {"trade": 1, "add": 1}
    assert done.left_out == {
        "status events": 1,
        "changes of orders from before the recording": 1,
        "quotes that the book does not show": 1,
        "clock events": 1,
    }
    fine = attrs.evolve(EUR, price_decimals=12)
    done = export(tmp_path, "x.dbn", [(4, at, START, 0, 100, 5) for at in range(2)], (BTC, fine))
    assert done.report.notes == ("EURUSD is left out: DBN has 9 decimals",)
    assert done.report.written == {"add": 1}


def test_statuses_are_a_schema_of_their_own(tmp_path):
    """Read with the orders they are in their place by time."""
    rows = [(1, 0, START, 7, 0, 100, 4, 4), (5, 0, START, 100, 4, 0, 0)]
    rows += [(6, 0, START + at, status) for at, status in ((1, 2), (2, 1), (3, 4), (4, 5), (5, 3))]
    statuses = export(tmp_path, "s.dbn", rows, schema="status")
    assert statuses.report.written == {"status": 5}
    book, definitions = (export(tmp_path, f"{name}.dbn", rows, schema=name) for name in ("mbo", "definition"))
    assert import_back(book.path, statuses.path, definitions.path)[1] == rows


def test_all_in_one_file_is_all_that_dbn_can_say(tmp_path):
    """Definitions, orders and statuses in the order in which they came, as a live stream has them."""
    rows = [
        (6, 1, START, 5),
        (1, 0, START, 7, 0, 100, 4, 4),
        (5, 0, START, 100, 4, 0, 0),
        (6, 0, START + 1, 2),
        (2, 0, START + 1, 7, 0, 100, 0, 0),
        (5, 0, START + 1, 0, 0, 0, 0),
        (6, 0, START + 1, 1),
        (4, 1, START + 1, 1, 100, 4),
        (5, 1, START + 1, 0, 0, 100, 4),
    ]
    done = export(tmp_path, "x.dbn", rows, schema="all")
    assert done.report.written == {"definition": 2, "status": 3, "add": 2, "cancel": 1}
    assert records(done.path)[0].schema is None
    found, back, report = import_back(done.path)
    assert (found, back, report.gaps) == ((BTC, EUR), rows, 0)


def test_quotes_alone_choose_their_schema(tmp_path):
    """Also without sizes, with an empty side, and with both sides changing at once; trades choose theirs."""
    rows = [
        (5, 0, START, 100, -1, 103, -1),
        (5, 0, START + 1, 101, -1, 104, -1),
        (5, 0, START + 2, 101, -1, 0, 0),
        (5, 0, START + 3, 101, -1, 102, -1),
        (5, 0, START + 4, 99, 4, 102, -1),
        (5, 0, START + 5, 99, 5, 102, -1),
        (5, 0, START + 6, 99, 2, 102, -1),
        (5, 0, START + 7, 99, 2, 103, -1),
    ]
    (_, back, report), data = there_and_back(tmp_path, rows, (BTC,))
    assert (back, report.gaps, data.report.schema) == (rows, 0, "mbp-1")
    trade = (3, 0, START, 1, -1, 100, 5, 0, 0, -1, -1)
    (_, back, _), data = there_and_back(tmp_path, [trade], (BTC,))
    assert (back, data.report.schema) == ([trade], "trades")


def test_only_what_is_selected(tmp_path):
    """Instruments keep the ids that they have in the whole recording."""
    rows = [(4, 0, START, 0, 100, 5), (4, 1, START + 1, 0, 100, 5), (4, 0, START + 2, 0, 101, 5)]
    done = export(tmp_path, "x.dbn", rows, symbols=("EURUSD",))
    assert done.report.events == 1
    assert [(one.instrument_id, one.sequence) for one in records(done.path)[1]] == [(2, 2)]


@pytest.mark.parametrize(
    ("selection", "complaint"),
    [
        ({"schema": "ohlcv-1s"}, "schema: dbn has no schema ohlcv-1s; it has mbo, mbp-10, mbp-1, trades, "),
        ({"symbols": ("BTCUSD",)}, "no instrument BTCUSD in it; there are BTC-USD, EURUSD"),
        ({"schema": "status"}, "nothing in it can be said in dbn status; 1 quote events"),
    ],
)
def test_what_cannot_be_exported_is_one_line(tmp_path, selection, complaint):
    """With what there is instead."""
    with pytest.raises(ConfigError) as caught:
        export(tmp_path, "x.dbn", [QUOTE], **selection)
    assert complaint in str(caught.value)
