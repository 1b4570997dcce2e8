"""Recordings as Parquet: a table that other tools read, with numbers that are exactly the recording's."""

import pytest
from exports import BTC, EUR, START, export

from feed.exporters import parquet as exporter
from feed.recording.format import parse_header

parquet = pytest.importorskip("pyarrow.parquet")

ROWS = [
    (1, 0, START, 2**64 - 1, 0, 6_000_001, 12_345_678, 12_345_678),
    (3, 0, START + 1, 1, 1, 6_000_001, 1, 7, 8, 12_345_677, 12_345_677),
    (3, 1, START + 2, 1, -1, 110_001, 100, 0, 0, -1, -1),
    (5, 0, START + 3, 0, 0, 6_000_002, -1),
    (6, 1, START + 4, 2),
    (8, 0, START + 5),
    (12, 0, START + 6, 12_500, -1, START + 9),
    (21, 1, START + 7, 3, 1, 0, 0, -1, 110_000, 50, 0, 0, 0, START + 9),
    (15, 0, START + 8, 1, 1, 1, 5),
]


def columns(path):
    # Times of nanoseconds are no datetimes of Python's.
    lines = parquet.read_table(path).drop_columns(["ts", "next_time", "ends"]).to_pylist()
    return [{name: value for name, value in line.items() if value is not None} for line in lines]


def test_events_are_lines(tmp_path):
    """Prices and sizes in units of money and of the base, sides by name; what an event lacks is null."""
    done = export(tmp_path, "x.parquet", ROWS)
    lines = columns(done.path)
    assert [line.pop("seq") for line in lines] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert lines == [
        {
            "symbol": "BTC-USD",
            "kind": "add",
            "order": 2**64 - 1,
            "side": "buy",
            "price": 60000.01,
            "size": 0.12345678,
            "level": 0.12345678,
        },
        {
            "symbol": "BTC-USD",
            "kind": "trade",
            "trade": 1,
            "aggressor": "sell",
            "price": 60000.01,
            "size": 1e-08,
            "maker": 7,
            "taker": 8,
            "left": 0.12345677,
            "level": 0.12345677,
        },
        {
            "symbol": "EURUSD",
            "kind": "trade",
            "trade": 1,
            "price": 1.10001,
            "size": 1.0,
            "maker": 0,
            "taker": 0,
        },
        {"symbol": "BTC-USD", "kind": "quote", "bid_size": 0.0, "ask": 60000.02},
        {"symbol": "EURUSD", "kind": "status", "status": "halted"},
        {"kind": "clock"},
        {"symbol": "BTC-USD", "kind": "funding", "rate": 0.000125, "predicted": -1e-08},
        {
            "symbol": "EURUSD",
            "kind": "auction",
            "purpose": "reopening",
            "phase": "collecting",
            "volume": 0.0,
            "imbalance": -0.01,
            "bid": 1.1,
            "bid_size": 0.5,
            "ask_size": 0.0,
        },
    ]
    assert done.left_out == {"signal events": 1}


def test_times_are_exact_and_the_header_goes_along(tmp_path):
    """In nanoseconds, UTC; with the header, ticks and lots can be had back."""
    path = export(tmp_path, "x.parquet", ROWS).path
    table = parquet.read_table(path)
    assert str(table.schema.field("ts").type) == "timestamp[ns, tz=UTC]"
    assert table["ts"].cast("int64").to_pylist() == [START + at for at in range(8)]
    assert table["next_time"].cast("int64").to_pylist()[6] == START + 9
    header = parse_header(table.schema.metadata[b"feed.header"], where="x")
    assert header.instruments == (BTC, EUR)


def test_long_recordings_are_written_in_parts(tmp_path, monkeypatch):
    """What waits in memory is bounded; nothing is lost between two row groups."""
    monkeypatch.setattr(exporter, "_ROW_GROUP", 10)
    rows = [(4, 0, START + at, 0, 100 + at, 5) for at in range(35)]
    path = export(tmp_path, "x.parquet", rows).path
    assert parquet.ParquetFile(path).num_row_groups == 4
    assert parquet.read_table(path)["price"].to_pylist() == [(100 + at) / 100 for at in range(35)]


def test_only_what_is_selected(tmp_path):
    """Sequence numbers are those of the whole recording."""
    path = export(tmp_path, "x.parquet", ROWS, symbols=("EURUSD",)).path
    assert parquet.read_table(path)["seq"].to_pylist() == [3, 5, 8]
