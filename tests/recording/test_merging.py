"""Several recordings as one."""

import io
from operator import itemgetter

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.errors import ConfigError
from feed.model.events import ADD, CLEAR, CLOCK, LEVEL, LIQUIDATION, MARK, ORDER, QUOTE, REDUCE, TRADE
from feed.model.instruments import Contract, Instrument
from feed.recording.format import Header, Provenance
from feed.recording.merging import merge
from feed.recording.reader import RecordedBlocks, RecordingReader
from feed.recording.writer import RecordingWriter
from feed.settings import Recording

BTC = Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=1, size_decimals=2)
ETH = Instrument(symbol="ETH-USD", base="ETH", quote="USD", price_decimals=2, size_decimals=2)


@pytest.fixture
def merged(tmp_path):
    """Writes recordings of (source, instruments, rows), merges them, and reads the result back."""

    def run(*parts, venues=(), block_events=3):
        recordings = []
        for number, (source, instruments, rows) in enumerate(parts):
            path = tmp_path / f"{number}.feed.zst"
            header = Header(
                instruments=tuple(instruments),
                provenance=Provenance(source=source, notes=("a note",)),
                start=rows[0][2] if rows else 0,
            )
            with path.open("wb") as out:
                writer = RecordingWriter(out, header, Recording(block_events=block_events))
                writer.append(list(rows))
                writer.close()
            recordings.append((path.name, RecordedBlocks(path)))
        out = io.BytesIO()
        report = merge(recordings, out, venues=venues, tool="feed test")
        out.seek(0)
        reader = RecordingReader(out)
        rows = [row for block in reader for row in block]
        assert reader.complete
        assert report.digest == reader.hexdigest()
        return report, reader.header, rows

    return run


def level(ts, price, size=1, index=0, side=0):
    return LEVEL, index, ts, side, price, size


def trade(ts, number, price=7, index=0):
    return TRADE, index, ts, number, 0, price, 5, 0, 0, -1, -1


def quote(ts, bid, index=0):
    return QUOTE, index, ts, bid, 1, bid + 2, 1


def test_events_of_several_markets_are_told_by_time(merged):
    """Of equal times those of the recording that was named first come first; instruments are united."""
    report, header, rows = merged(
        ("kraken", [ETH, BTC], [level(1, 10, index=1), level(3, 20), level(3, 30, index=1)]),
        ("bybit", [BTC], [level(2, 11), level(3, 12), level(4, 13)]),
    )
    assert [item.symbol for item in header.instruments] == ["ETH-USD", "BTC-USD", "BTC-USD@bybit"]
    assert [item.venue for item in header.instruments] == ["kraken", "kraken", "bybit"]
    assert rows == [
        level(1, 10, index=1),
        level(2, 11, index=2),
        level(3, 20),
        level(3, 30, index=1),
        level(3, 12, index=2),
        level(4, 13, index=2),
    ]
    assert header.start == 1
    assert header.provenance == Provenance(
        source="merged",
        tool="feed test",
        files=("0.feed.zst", "1.feed.zst"),
        notes=("0.feed.zst: a note", "1.feed.zst: a note"),
    )
    assert report.instruments == (
        (("ETH-USD", "ETH-USD"), ("BTC-USD", "BTC-USD")),
        (("BTC-USD", "BTC-USD@bybit"),),
    )
    assert (report.events, report.first, report.last) == (6, 1, 4)


def test_the_book_of_one_and_the_trades_of_another_are_one_instrument(merged):
    """Quotes beside a book are left out; units are the finest of both."""
    coarse = attrs.evolve(BTC, price_decimals=0, tick=5, size_decimals=0)
    report, header, rows = merged(
        ("tardis-book", [BTC], [level(1, 100), quote(1, 100), level(4, 100, 0), quote(4, 90)]),
        (
            "tardis-quotes",
            [coarse],
            [quote(2, 3), trade(3, 1, 2), (TRADE, 0, 3, 2, 1, 2, 1, 0, 0, 4, -1)],
        ),
    )
    (item,) = header.instruments
    assert (item.price_decimals, item.tick, item.size_decimals, item.lot, item.venue) == (1, 1, 2, 1, "")
    assert rows == [
        level(1, 100),
        quote(1, 100),
        (TRADE, 0, 3, 1, 0, 100, 500, 0, 0, -1, -1),
        (TRADE, 0, 3, 2, 1, 100, 100, 0, 0, 400, -1),
        level(4, 100, 0),
        quote(4, 90),
    ]
    assert report.left_out == {"quotes beside a book": 1}


def test_recordings_of_one_instrument_follow_each_other(merged):
    """In whatever order they are named; the book is cleared between them, and trades count on."""
    second = ("kraken", [BTC], [level(8, 5), trade(9, 1)])
    third = ("kraken", [BTC], [(CLEAR, 0, 10), level(10, 6), trade(11, 4)])
    report, header, rows = merged(second, ("kraken", [BTC], [level(1, 9), trade(7, 1), trade(7, 2)]), third)
    assert header.provenance.source == "kraken"
    assert rows == [
        level(1, 9),
        trade(7, 1),
        trade(7, 2),
        (CLEAR, 0, 8),
        level(8, 5),
        trade(9, 3),
        (CLEAR, 0, 10),
        level(10, 6),
        trade(11, 4),
    ]
    assert report.cleared == 1


def test_ids_of_orders_stay_unique(merged):
    """Those of a recording with ids that another one has are moved behind them; an id of 0 is none."""
    rows = [
        (ADD, 0, 1, 4, 0, 50, 3, 3),
        (REDUCE, 0, 2, 4, 0, 50, 1, 1),
        (TRADE, 0, 3, 1, 1, 50, 1, 4, 9, 0, 0),
        (TRADE, 0, 3, 2, 1, 50, 1, 0, 0, 0, 0),
        (LIQUIDATION, 0, 4, 6, 1, 50, 1),
    ]
    _, _, found = merged(("kraken", [BTC], rows), ("bybit", [BTC], rows), ("a", [ETH], [level(1, 1)]))
    assert [row for row in found if row[1] == 0] == rows
    assert [row for row in found if row[1] == 1] == [
        (ADD, 1, 1, 10, 0, 50, 3, 3),
        (REDUCE, 1, 2, 10, 0, 50, 1, 1),
        (TRADE, 1, 3, 1, 1, 50, 1, 10, 15, 0, 0),
        (TRADE, 1, 3, 2, 1, 50, 1, 0, 0, 0, 0),
        (LIQUIDATION, 1, 4, 12, 1, 50, 1),
    ]
    apart = [(kind, 0, ts, number + 100, *more) for kind, _, ts, number, *more in rows[:2]]
    assert merged(("kraken", [BTC], rows[:2]), ("bybit", [ETH], apart))[2][1::2] == [
        (kind, 1, *more) for kind, _, *more in apart
    ]


def test_accounts_are_left_out_and_one_clock_is_told(merged):
    """Accounts of two markets are not one."""
    order = (ORDER, 0, 2, *range(12))
    report, _, rows = merged(
        ("simulated", [BTC], [(CLOCK, 0, 1), order, level(2, 1), (CLOCK, 0, 3)]),
        ("kraken", [ETH], [(CLOCK, 0, 1), level(1, 4), (CLOCK, 0, 2), (CLOCK, 0, 3)]),
    )
    assert rows == [(CLOCK, 0, 1), level(1, 4, index=1), level(2, 1), (CLOCK, 0, 2), (CLOCK, 0, 3)]
    assert report.left_out == {"of clients' accounts": 1, "of further clocks": 2}


def test_a_recording_alone_stays_what_it_is(merged):
    """Nothing is left out."""
    rows = [(CLOCK, 0, 1), level(1, 4), trade(2, 9), (CLOCK, 0, 3)]
    report, header, found = merged(("kraken", [BTC], rows))
    assert found == rows
    assert (header.instruments, header.provenance.source) == ((BTC,), "kraken")
    assert (report.left_out, report.cleared) == ({}, 0)


def test_times_that_go_back_are_those_of_the_event_before(merged):
    """As a playback of the recording has them."""
    _, _, rows = merged(("kraken", [BTC], [level(5, 1), level(3, 2), level(6, 3)]))
    assert [row[2] for row in rows] == [5, 5, 6]


def test_a_venue_can_be_named(merged):
    """Two recordings of one importer may be of two places; derivatives follow their own underlying."""
    perpetual = attrs.evolve(BTC, symbol="BTC-PERP", contract=Contract.PERPETUAL, underlying="BTC-USD")
    part = ("capture", [perpetual, BTC], [level(1, 2, index=1), (MARK, 0, 2, 5, 5, 5)])
    _, header, rows = merged(part, part, venues=["", "there"])
    assert [(item.symbol, item.underlying, item.venue) for item in header.instruments] == [
        ("BTC-PERP", "BTC-USD", "capture"),
        ("BTC-USD", "", "capture"),
        ("BTC-PERP@there", "BTC-USD@there", "there"),
        ("BTC-USD@there", "", "there"),
    ]
    assert [row[1] for row in rows] == [1, 3, 0, 2]


PERPETUAL = attrs.evolve(BTC, contract=Contract.PERPETUAL)


@pytest.mark.parametrize(
    ("first", "second", "where", "what"),
    [
        (
            ([BTC], [level(1, 1), level(5, 1)]),
            ([BTC], [level(4, 1)]),
            "BTC-USD of 1.feed.zst",
            "its book is in 0.feed.zst at the same time",
        ),
        (
            ([BTC], [trade(1, 1), trade(5, 2)]),
            ([BTC], [trade(4, 1)]),
            "BTC-USD of 1.feed.zst",
            "its trades are in 0.feed.zst at the same time",
        ),
        (
            ([BTC], [quote(1, 1), quote(5, 2)]),
            ([BTC], [quote(4, 1)]),
            "BTC-USD of 1.feed.zst",
            "its quotes are in 0.feed.zst at the same time",
        ),
        (
            ([BTC], [level(1, 1)]),
            ([BTC], [(ADD, 0, 2, 4, 0, 50, 3, 3)]),
            "BTC-USD of 1.feed.zst",
            "its book is one of orders here or in 0.feed.zst, and one of price levels in the other",
        ),
        (
            ([BTC], [level(1, 1)]),
            ([PERPETUAL], [trade(1, 1)]),
            "BTC-USD of 1.feed.zst",
            "its contract is perpetual, elsewhere spot",
        ),
        (([BTC], [level(1, 1)]), ([BTC], []), "1.feed.zst", "it has no events"),
    ],
)
def test_what_cannot_be_united_is_an_error(merged, first, second, where, what):
    """It names the instrument and the recording."""
    with pytest.raises(ConfigError) as caught:
        merged(("kraken", *first), ("kraken", *second))
    assert (caught.value.where, caught.value.what) == (where, what)


def test_marks_are_not_told_in_other_units(merged):
    """Their instrument needs one grid everywhere."""
    with pytest.raises(ConfigError) as caught:
        merged(
            ("kraken", [PERPETUAL], [(MARK, 0, 2, 5, 5, 5)]),
            ("kraken", [attrs.evolve(PERPETUAL, price_decimals=2)], [level(1, 1)]),
        )
    assert str(caught.value).startswith(
        "BTC-USD of 0.feed.zst: its tick or lot size is another one elsewhere"
    )


def test_a_damaged_recording_is_refused(tmp_path, merged):
    """Half of one would look like a whole one."""
    merged(("kraken", [BTC], [level(1, 1), level(2, 1)]))
    path = tmp_path / "0.feed.zst"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ConfigError, match=r"0\.feed\.zst: damaged in block 2 "):
        merge([("0.feed.zst", RecordedBlocks(path))], io.BytesIO())


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=30),
    st.integers(2, 4),
)
def test_a_tape_that_was_divided_is_put_together_again(tmp_path_factory, drawn, count):
    """Instruments of different recordings, in blocks of any size: every event once, each in its order."""
    names = ("AA-USD", "BB-USD", "CC-USD")
    items = [attrs.evolve(BTC, symbol=name) for name in names]
    tape = [level(ts, price, index=index) for index, price, ts in sorted(drawn, key=itemgetter(2))]
    folder = tmp_path_factory.mktemp("divided")
    recordings = []
    for index, item in enumerate(items):
        mine = [(kind, 0, *rest) for kind, at, *rest in tape if at == index]
        if mine:
            path = folder / f"{index}"
            header = Header(instruments=(item,), provenance=Provenance(source="kraken"), start=mine[0][2])
            with path.open("wb") as out:
                writer = RecordingWriter(out, header, Recording(block_events=count))
                writer.append(mine)
                writer.close()
            recordings.append((path.name, RecordedBlocks(path)))
    out = io.BytesIO()
    merge(recordings, out)
    out.seek(0)
    reader = RecordingReader(out)
    listed = [names.index(item.symbol) for item in reader.header.instruments]
    found = [(kind, listed[index], *rest) for block in reader for kind, index, *rest in block]
    assert found == sorted(tape, key=lambda row: (row[2], row[1]))
