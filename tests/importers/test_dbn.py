"""Databento DBN: what records become, and what in them is held against what."""

import builtins
import datetime as dt
import types

import pytest
import zstandard

from feed.errors import ConfigError
from feed.importers import Grid
from feed.model.instruments import Contract

dbn = pytest.importorskip("databento_dbn")

START = 1_719_878_280_000_000_000
DAY = dt.date(2024, 7, 2)
ONE = 10**9
LAST, TOB, SNAPSHOT, MBP = dbn.F_LAST, dbn.F_TOB, dbn.F_SNAPSHOT, dbn.F_MBP
UNDEFINED = dbn.UNDEF_PRICE
SIDES = {"B": dbn.Side.BID, "A": dbn.Side.ASK, "N": dbn.Side.NONE}


def dollars(price):
    return UNDEFINED if price is None else round(price * ONE)


def order(at, action, side, price, size, number, flags=LAST, **rest):  # noqa: PLR0917 - in the order of a table
    """A record of the schema ``mbo``, ``at`` nanoseconds after the start."""
    fields = {"ts_recv": START + at + 5, "instrument_id": 118, **rest}
    return dbn.MBOMsg(
        publisher_id=fields.pop("publisher_id", 1),
        ts_event=START + at,
        order_id=number,
        price=dollars(price),
        size=size,
        action=dbn.Action(action),
        side=SIDES[side],
        flags=flags,
        **fields,
    )


def levels(at, action, side, price, size, *shown, flags=LAST, kind=None):
    """A record of the schema ``mbp-1`` or ``mbp-10``; each level is bid, its size, ask, its size."""
    kind = kind or dbn.MBP1Msg
    count = 10 if kind is dbn.MBP10Msg else 1
    pairs = [
        dbn.BidAskPair(bid_px=dollars(bid), bid_sz=bid_size, ask_px=dollars(ask), ask_sz=ask_size)
        for bid, bid_size, ask, ask_size in [*shown, *[(None, 0, None, 0)] * (count - len(shown))]
    ]
    return kind(
        publisher_id=1,
        instrument_id=118,
        ts_event=START + at,
        ts_recv=START + at + 5,
        price=dollars(price),
        size=size,
        action=dbn.Action(action),
        side=SIDES[side],
        depth=0,
        flags=flags,
        levels=pairs if count > 1 else pairs[0],
    )


def definition(symbol="ESU4", tick=0.25, **rest):
    fields = {"instrument_class": dbn.InstrumentClass.FUTURE, "asset": "ES", "security_type": "FUT", **rest}
    return dbn.InstrumentDefMsg(
        publisher_id=1,
        instrument_id=fields.pop("instrument_id", 118),
        ts_event=START,
        ts_recv=START,
        min_price_increment=dollars(tick),
        display_factor=ONE,
        raw_symbol=symbol,
        security_update_action=dbn.SecurityUpdateAction.ADD,
        **{"currency": "USD", "exchange": "XCME"} | fields,
    )


def content(schema, *records, symbols=("ESU4",), dataset="GLBX.MDP3", mapped=True):
    """A whole file."""
    interval = types.SimpleNamespace(start_date=DAY, end_date=DAY + dt.timedelta(days=1), symbol="118")
    mappings = [types.SimpleNamespace(raw_symbol=symbol, intervals=[interval]) for symbol in symbols]
    metadata = dbn.Metadata(
        dataset=dataset,
        start=START,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema.from_str(schema),
        symbols=list(symbols),
        mappings=mappings if mapped else [],
    )
    return metadata.encode() + b"".join(map(bytes, records))


@pytest.fixture
def imported(import_texts):
    """Imports orders of one file; the book before them is a bid of 10 at 100 and an ask of 5 at 101."""

    def run(*records, **options):
        before = [order(0, "A", "B", 100.0, 10, 1, flags=0), order(0, "A", "A", 101.25, 5, 2)]
        return import_texts("dbn", {"x.dbn": content("mbo", *before, *records)}, **options)

    return run


def test_a_file_in_several_frames_has_its_symbol_and_its_step(import_texts):
    """Compressed files are read whole; the symbol is that of the metadata, 0.25 divides the prices."""
    plain = content("mbo", order(0, "A", "B", 5528.5, 3, 7), order(1, "A", "A", 5528.75, 2, 8))
    packed = zstandard.compress(plain[:250]) + zstandard.compress(plain[250:])
    done = import_texts("dbn", {"x.dbn.zst": packed})
    assert import_texts("dbn", {"x.dbn": plain}).report.digest == done.report.digest
    assert (done.instrument.symbol, done.instrument.price_decimals, done.instrument.tick) == ("ESU4", 2, 25)
    assert (done.instrument.size_decimals, done.instrument.lot) == (0, 1)
    assert done.rows == [
        (1, 0, START, 7, 0, 22114, 3, 3),
        (5, 0, START, 22114, 3, 0, 0),
        (1, 0, START + 1, 8, 1, 22115, 2, 2),
        (5, 0, START + 1, 22114, 3, 22115, 2),
    ]


def test_a_definition_gives_tick_class_and_venue(import_texts):
    """It may stand in a file of its own; a price between its ticks makes them finer."""
    files = {"d.dbn": content("definition", definition(tick=0.5))}
    done = import_texts("dbn", {"x.dbn": content("mbo", order(0, "A", "B", 100.0, 1, 1)), **files})
    item = done.instrument
    assert (item.price_decimals, item.tick, item.base, item.quote) == (1, 5, "ESU4", "USD")
    assert (item.asset_class, item.venue, item.contract) == ("future", "XCME", Contract.SPOT)
    done = import_texts("dbn", {"x.dbn": content("mbo", order(0, "A", "B", 100.75, 1, 1)), **files})
    assert (done.instrument.price_decimals, done.instrument.tick) == (2, 25)


def test_a_definition_of_a_currency_has_the_unit_of_sizes(import_texts):
    """Sizes of currencies and commodities count what the definition says, not contracts."""
    spot = definition(
        "BTC-USD", 0.01, instrument_class=dbn.InstrumentClass.COMMODITY_SPOT, unit_of_measure_qty=10**5
    )
    files = {"d.dbn": content("definition", spot), "x.dbn": content("mbo", order(0, "A", "B", 100.5, 7, 1))}
    done = import_texts("dbn", files)
    assert done.rows[0] == (1, 0, START, 1, 0, 10050, 7, 7)
    assert done.instrument.size_text(7) == "0.0007"


def test_adds_cancels_and_changes_of_orders(imported):
    """Fewer lots keep their place, more or another price do not: such an order leaves and comes again."""
    done = imported(
        order(1, "A", "B", 100.0, 4, 3),
        order(2, "C", "B", 100.0, 3, 1),
        order(3, "M", "B", 100.0, 5, 1),
        order(4, "M", "B", 100.0, 6, 1),
        order(5, "M", "B", 100.25, 6, 1),
        order(6, "C", "B", 100.25, 6, 1),
    )
    assert done.rows[3:] == [
        (1, 0, START + 1, 3, 0, 400, 4, 14),
        (5, 0, START + 1, 400, 14, 405, 5),
        (2, 0, START + 2, 1, 0, 400, 7, 11),
        (5, 0, START + 2, 400, 11, 405, 5),
        (2, 0, START + 3, 1, 0, 400, 5, 9),
        (5, 0, START + 3, 400, 9, 405, 5),
        (2, 0, START + 4, 1, 0, 400, 0, 4),
        (1, 0, START + 4, 1, 0, 400, 6, 10),
        (5, 0, START + 4, 400, 10, 405, 5),
        (2, 0, START + 5, 1, 0, 400, 0, 4),
        (1, 0, START + 5, 1, 0, 401, 6, 6),
        (5, 0, START + 5, 401, 6, 405, 5),
        (2, 0, START + 6, 1, 0, 401, 0, 0),
        (5, 0, START + 6, 400, 4, 405, 5),
    ]
    assert done.report.gaps == 0


def test_a_trade_is_one_row_for_each_order_that_it_fills(imported):
    """The aggressor of the trade, the order of the fill; what takes the order off the book gives no row."""
    done = imported(
        order(1, "A", "B", 100.0, 4, 3),
        order(2, "T", "A", 100.0, 12, 99, flags=0),
        order(2, "F", "B", 100.0, 10, 1, flags=0),
        order(2, "F", "B", 100.0, 2, 3, flags=0),
        order(2, "C", "B", 100.0, 10, 1, flags=0),
        order(2, "M", "B", 100.0, 2, 3),
    )
    assert done.rows[5:] == [
        (3, 0, START + 2, 1, 1, 400, 10, 1, 99, 0, 4),
        (3, 0, START + 2, 2, 1, 400, 2, 3, 99, 2, 2),
        (5, 0, START + 2, 400, 2, 405, 5),
    ]
    assert done.report.gaps == 0
    assert done.report.checked["a fill is of an order of the book"] == 2


def test_a_fill_may_come_before_its_trade(imported):
    """It is told once, by the fill; what the trade has besides met no order. A fill need not have a side."""
    done = imported(
        order(2, "F", "N", 100.0, 4, 1, flags=0),
        order(2, "T", "A", 100.0, 5, 99, flags=0),
        order(2, "C", "B", 100.0, 4, 1),
        order(3, "T", "A", 100.0, 4, 99),
    )
    assert done.rows[3:] == [
        (3, 0, START + 2, 1, 1, 400, 4, 1, 0, 6, 6),
        (3, 0, START + 2, 2, 1, 400, 1, 0, 0, -1, -1),
        (5, 0, START + 2, 400, 6, 405, 5),
        (3, 0, START + 3, 3, 1, 400, 4, 0, 0, -1, -1),
    ]
    assert done.report.gaps == 0


def test_a_trade_that_fills_no_order_leaves_the_book(imported):
    """Hidden orders and auctions: a trade without orders, and without an aggressor if none is told."""
    done = imported(order(1, "T", "N", 100.5, 12, 0, flags=0), order(1, "A", "A", 101.5, 1, 4))
    assert done.rows[3:] == [
        (3, 0, START + 1, 1, -1, 402, 12, 0, 0, -1, -1),
        (1, 0, START + 1, 4, 1, 406, 1, 1),
    ]


def test_a_replay_of_the_book_replaces_it_at_the_time_of_its_receipt(imported):
    """Its records have the times at which orders came once; no record says clear."""
    done = imported(
        order(1, "A", "B", 100.25, 1, 3),
        order(-900, "A", "B", 99.0, 2, 11, flags=SNAPSHOT, ts_recv=START + 9),
        order(-800, "A", "A", 99.5, 2, 12, flags=SNAPSHOT | LAST, ts_recv=START + 9),
        order(10, "R", "N", None, 0, 0),
    )
    assert done.rows[5:] == [
        (7, 0, START + 9),
        (1, 0, START + 9, 11, 0, 396, 2, 2),
        (1, 0, START + 9, 12, 1, 398, 2, 2),
        (5, 0, START + 9, 396, 2, 398, 2),
        (7, 0, START + 10),
        (5, 0, START + 10, 0, 0, 0, 0),
    ]
    assert done.report.clamped == 0


def test_levels_and_single_quotes_among_orders_are_levels(imported):
    """Flags say that a record is a price level, or the only one of its side."""
    done = imported(
        order(1, "A", "B", 99.0, 8, 0, flags=MBP | LAST),
        order(2, "M", "B", 99.0, 6, 0, flags=MBP | LAST),
        order(3, "C", "B", 99.0, 6, 0, flags=MBP | LAST),
        order(4, "A", "A", 101.0, 6, 0, flags=TOB | LAST),
        order(5, "A", "A", None, 0, 0, flags=TOB | LAST),
    )
    assert [row for row in done.rows[3:] if row[0] != 5] == [
        (4, 0, START + 1, 0, 396, 8),
        (4, 0, START + 2, 0, 396, 6),
        (4, 0, START + 3, 0, 396, 0),
        (4, 0, START + 4, 1, 405, 0),
        (4, 0, START + 4, 1, 404, 6),
        (4, 0, START + 5, 1, 404, 0),
    ]


@pytest.mark.parametrize(
    ("records", "complaint"),
    [
        ([(1, "C", "B", 100.0, 11, 1)], "found 11 lots of order 1, of which 10 rest"),
        ([(1, "C", "B", 100.0, 1, 9)], "found 1 lots of order 9, which is not in the book"),
        ([(1, "C", "B", 99.0, 1, 1)], "found 1 lots of order 1, of which 10 rest"),
        ([(1, "M", "B", 100.0, 1, 9)], "found order 9; it is added"),
        ([(1, "A", "B", 100.0, 1, 1)], "found 1, which is in the book; it is replaced"),
        ([(1, "F", "B", 100.0, 11, 1)], "found 11 lots of order 1 at 400 ticks"),
        ([(1, "F", "B", 100.0, 1, 1)], "expected a cancel of 1 lots of order 1, which were filled"),
        ([(1, "A", "B", 100.0, 1, 5, LAST | dbn.F_MAYBE_BAD_BOOK)], "its book may be wrong here"),
    ],
)
def test_what_does_not_fit_the_book_is_a_gap(imported, records, complaint):
    """It has its place, and what was expected; the import goes on, unless it is strict."""
    done = imported(*[order(*record) for record in records])
    assert done.report.gaps == 1
    assert complaint in str(done.report.problems[0])
    assert "x.dbn:3" in str(done.report.problems[0])
    with pytest.raises(ConfigError, match=r"x\.dbn:3"):
        imported(*[order(*record) for record in records], strict=True)


def test_best_quotes_and_trades_of_mbp_1(import_texts):
    """Quotes where they change; a trade shows them as they were before it; one side may be empty."""
    done = import_texts(
        "dbn",
        {
            "x.dbn": content(
                "mbp-1",
                levels(1, "A", "B", 99.75, 2, (99.75, 2, None, 0)),
                levels(2, "A", "A", 100.0, 5, (99.75, 2, 100.0, 5)),
                levels(3, "T", "B", 100.0, 4, (99.75, 2, 100.0, 5), flags=0),
                levels(3, "C", "A", 100.0, 3, (99.75, 2, 100.0, 1)),
                levels(4, "M", "A", 100.0, 1, (99.75, 2, 100.0, 1)),
                levels(5, "C", "B", 99.75, 1, (99.75, 2, 100.0, 1)),
            )
        },
    )
    assert done.rows == [
        (5, 0, START + 1, 399, 2, 0, 0),
        (5, 0, START + 2, 399, 2, 400, 5),
        (3, 0, START + 3, 1, 0, 400, 4, 0, 0, -1, -1),
        (5, 0, START + 3, 399, 2, 400, 1),
    ]
    assert [str(one).partition(": ")[2] for one in done.report.problems] == [
        "expected C of 1 lots on 2 at 399 ticks, found 2 there"
    ]


def test_ten_levels_become_rows_of_levels(import_texts):
    """Changed ones, and those that left the view; the quote at the end of the event."""
    below = [(99.0 - at, 1, 101.0 + at, 2) for at in range(10)]
    shifted = [(99.5, 3, 101.0, 2), *[(99.0 - at, 1, 102.0 + at, 2) for at in range(9)]]
    done = import_texts(
        "dbn",
        {
            "x.dbn": content(
                "mbp-10",
                levels(1, "R", "N", None, 0, kind=dbn.MBP10Msg, flags=0),
                levels(1, "A", "B", 99.0, 1, *below, kind=dbn.MBP10Msg),
                levels(2, "A", "B", 99.5, 3, *shifted, kind=dbn.MBP10Msg),
            )
        },
    )
    assert done.rows[0] == (7, 0, START + 1)
    assert [row[0] for row in done.rows[1:22]] == [4] * 20 + [5]
    assert done.rows[22:] == [
        (4, 0, START + 2, 0, 180, 0),
        (4, 0, START + 2, 0, 199, 3),
        (5, 0, START + 2, 199, 3, 202, 2),
    ]


def test_the_schema_that_tells_most_is_read(import_texts):
    """Trades beside orders are not told twice; statuses come in between by time."""
    trade = dbn.TradeMsg(
        1, 118, START + 2, dollars(100.0), 4, dbn.Action.TRADE, dbn.Side.ASK, 0, START + 7, flags=LAST
    )
    halted, trading = (
        dbn.StatusMsg(1, 118, START + at, START + at + 5, action=action)
        for at, action in ((1, dbn.StatusAction.HALT), (9, dbn.StatusAction.TRADING))
    )
    book = content("mbo", order(0, "A", "B", 100.0, 4, 3), order(2, "T", "A", 100.0, 4, 0))
    files = {
        "t.dbn": content("trades", trade),
        "s.dbn": content("status", halted, trading),
        "x.dbn": book,
    }
    done = import_texts("dbn", files)
    assert done.rows == [
        (1, 0, START, 3, 0, 100, 4, 4),
        (5, 0, START, 100, 4, 0, 0),
        (6, 0, START + 1, 2),
        (3, 0, START + 2, 1, 1, 100, 4, 0, 0, -1, -1),
        (6, 0, START + 9, 1),
    ]
    assert done.report.messages == {"add": 1, "trade": 1, "told in full by another schema": 1}
    alone = import_texts("dbn", {"t.dbn": files["t.dbn"]})
    assert alone.rows == [(3, 0, START + 2, 1, 1, 100, 4, 0, 0, -1, -1)]


def test_one_symbol_on_two_venues_is_two_instruments(import_texts):
    """The further one is named with its publisher; without a symbol the option or the id names it."""
    records = [order(0, "A", "B", 100.0, 4, 3), order(1, "A", "B", 99.0, 4, 3, publisher_id=2)]
    done = import_texts("dbn", {"x.dbn": content("mbo", *records)})
    assert [item.symbol for item in done.header.instruments] == ["ESU4", "ESU4@2"]
    assert [row[1] for row in done.rows] == [0, 0, 1, 1]
    one = content("mbo", records[0], mapped=False)
    assert import_texts("dbn", {"x.dbn": one}).instrument.symbol == "118"
    assert import_texts("dbn", {"x.dbn": one}, symbol="ABC").instrument.symbol == "ABC"


@pytest.mark.parametrize(("asked", "answered"), [("ESU4", "118"), ("ES.c.0", "ESU4")])
def test_a_live_stream_names_its_instruments_as_it_goes(import_texts, asked, answered):
    """It has no symbols in its metadata; records say which symbol an id is, and others are passed over."""
    mapping = dbn.SymbolMappingMsg(
        1, 118, START, dbn.SType.RAW_SYMBOL, asked, dbn.SType.INSTRUMENT_ID, answered, START, START + 9
    )
    system = dbn.SystemMsg(START, "Heartbeat")
    file = content("mbo", system, mapping, order(0, "A", "B", 100.0, 1, 1), mapped=False)
    done = import_texts("dbn", {"x.dbn": file})
    assert done.instrument.symbol == "ESU4"
    assert done.report.messages == {"definition or other record without events": 2, "add": 1}


def test_files_of_one_time_are_one_tape(import_texts):
    """By the time of receipt, at equal times in the order of the files."""
    one = content("mbo", order(0, "A", "B", 100.0, 1, 1), order(4, "A", "B", 100.0, 1, 2))
    two = content("mbo", order(0, "A", "B", 100.0, 1, 3), order(2, "A", "B", 100.0, 1, 4))
    done = import_texts("dbn", {"a.dbn": one, "b.dbn": two})
    assert [row[3] for row in done.rows if row[0] == 1] == [1, 3, 4, 2]


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (b"", "x.dbn: no DBN: the file is empty"),
        (content("definition", definition()), "x.dbn: there are definitions alone, and no events"),
        (b"time,bid,ask\n", "x.dbn: no DBN: a file of it begins with the letters DBN"),
        (content("mbo", order(0, "A", "B", 100.0, 1, 1))[:-9], "x.dbn:1: the file ends inside a record"),
        (content("mbo") + b"\x01" * 80, "x.dbn:1: "),
        (content("mbo", order(0, "A", "N", 100.0, 1, 1)), "x.dbn:1: no side in a record of the action A"),
        (content("mbo", order(0, "A", "B", None, 1, 1)), "x.dbn:1: no price in a record of the action A"),
        (
            content("mbp-1", levels(0, "T", "N", None, 1, (None, 0, None, 0))),
            "x.dbn:1: a trade without a price",
        ),
        (
            content(
                "mbp-10", levels(0, "A", "B", 1.0, 1, (1.0, 1, 3.0, 1), (2.0, 1, 4.0, 1), kind=dbn.MBP10Msg)
            ),
            "x.dbn:1: the levels of a side are not in the order of their prices",
        ),
        (
            content("definition", definition("A"), definition("B"), order(0, "A", "B", 1.0, 1, 1)),
            "instrument 118 of GLBX.MDP3 is A, and then B",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(import_texts, file, complaint):
    """With its place."""
    with pytest.raises(ConfigError) as caught:
        import_texts("dbn", {"x.dbn": file})
    assert complaint in str(caught.value)


def test_a_given_grid_comes_first(import_texts):
    """It must fit the prices."""
    file = content("mbo", order(0, "A", "B", 100.5, 10, 1))
    done = import_texts("dbn", {"x.dbn": file}, grids={"ESU4": Grid("0.1", "1")})
    assert done.rows[0] == (1, 0, START, 1, 0, 1005, 10, 10)
    with pytest.raises(ConfigError, match=r"100\.5 is not a multiple of 1; give the instrument's true tick"):
        import_texts("dbn", {"x.dbn": file}, grids={"ESU4": Grid("1", "1")})
    with pytest.raises(ConfigError, match="a size of 10 is not a multiple of 3"):
        import_texts("dbn", {"x.dbn": file}, grids={"ESU4": Grid("0.5", "3")})


def test_without_the_library_it_is_said_how_to_get_it(import_texts, monkeypatch):
    """In one line."""
    real = builtins.__import__

    def missing(name, *rest):
        if name == "databento_dbn":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(
        ConfigError, match=r"needs the library databento-dbn; python -m pip install '.*\[databento\]'"
    ):
        import_texts("dbn", {"x.dbn": content("mbo")})
