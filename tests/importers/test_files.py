from __future__ import annotations

import errno
import gzip
import io
import re
import zipfile
import zlib
from datetime import date

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feed.errors import ConfigError, RecordingError
from feed.importers import get, import_files, names
from feed.importers.books import QuotedBook
from feed.importers.files import InputFile
from feed.importers.numbers import DecimalPlaces, Units
from feed.importers.symbols import crypto_symbol, fx_symbol
from feed.importers.times import decimal_seconds, epoch_number, iso_utc, new_york_offset
from feed.model.instruments import Instrument, OffGrid, decimal_text
from feed.settings import Importing

TRADES = "".join(f"{number},1.5,2,3,{1000000000000 + number},True,True\n" for number in range(2000))


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return out.getvalue()


PACKED = {
    ".csv": TRADES.encode(),
    ".csv.gz": gzip.compress(TRADES.encode()),
    ".csv.zst": zstandard.compress(TRADES[:9000].encode()) + zstandard.compress(TRADES[9000:].encode()),
    ".zip": zipped(("notes.txt", "hello"), ("a.csv", TRADES)),
}


@pytest.mark.parametrize("suffix", PACKED)
def test_every_packing_gives_the_same_recording(import_texts, suffix):
    """Plain, gzip, several zstd frames, or the one CSV in a zip: the digest is that of the plain file."""
    plain = import_texts("binance-trades", {"ABUSDT-x.csv": TRADES})
    packed = import_texts("binance-trades", {"ABUSDT-x" + suffix: PACKED[suffix]})
    assert packed.report.digest == plain.report.digest
    assert len(packed.rows) == 2000
    assert packed.report.bytes == len(PACKED[suffix])


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst", ".zip"])
@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_truncated_archive_is_an_error_with_its_place(import_texts, suffix, cut):
    """It is never taken for a short but whole file."""
    content = PACKED[suffix]
    with pytest.raises(ConfigError) as caught:
        import_texts(
            "binance-trades", {"ABUSDT-x" + suffix: content[: int(len(content) * cut)]}, lenient=True
        )
    assert "ABUSDT-x" + suffix in caught.value.where
    assert caught.value.what.startswith("cannot be read any further: ")


def test_a_zip_of_several_tables_is_refused(import_texts):
    """It is not clear which one to import."""
    with pytest.raises(ConfigError, match="it holds 2 files where one is expected"):
        import_texts("binance-trades", {"ABUSDT-x.zip": zipped(("a.csv", ""), ("b.csv", ""))})


@pytest.mark.parametrize("text", [TRADES[:-1], TRADES.replace("\n", "\r\n")])
def test_line_ends_do_not_matter(import_texts, text):
    """A missing last line feed and carriage returns are all right."""
    assert len(import_texts("binance-trades", {"ABUSDT-x.csv": text}).rows) == 2000


@given(st.lists(st.text("ab1,", max_size=9), max_size=12), st.integers(1, 20))
def test_lines_and_their_numbers_do_not_depend_on_the_chunks(tmp_path_factory, lines, size):
    """Wherever a chunk ends, the lines are the file's and numbered from 1."""
    path = tmp_path_factory.mktemp("lines") / "x"
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    told = []
    source = InputFile(path, Importing(chunk_bytes=size), told.append)
    found = [(number, line) for chunk in source.chunks() for number, line in enumerate(chunk, source.number)]
    assert found == list(enumerate(lines, 1))
    assert sum(told) == path.stat().st_size


def test_a_line_without_end_is_refused(import_texts):
    """A file that is no text cannot fill the memory."""
    with pytest.raises(ConfigError, match="a line is longer than 2048 bytes"):
        import_texts(
            "binance-trades", {"ABUSDT-x": "x" * 9000}, bounds=Importing(chunk_bytes=1024, line_bytes=2048)
        )


def test_progress_ends_at_the_total(import_texts):
    """Every file is read twice; progress grows and ends at exactly the bytes in all."""
    seen = []
    import_texts(
        "binance-trades",
        {"ABUSDT-x.csv": TRADES, "ABUSDT-y.csv.gz": PACKED[".csv.gz"]},
        progress=lambda done, total: seen.append((done, total)),
        bounds=Importing(chunk_bytes=4096),
    )
    total = 2 * (len(TRADES) + len(PACKED[".csv.gz"]))
    assert seen == sorted(seen)
    assert len(seen) > 10
    assert seen[-1] == (total, total)


def test_problems_kept_are_bounded(import_texts):
    """The report counts every gap but keeps the places of the first ones only."""
    gaps = "".join(f"{number * 2},1,2,3,1000000000000,True,True\n" for number in range(50))
    done = import_texts("binance-trades", {"ABUSDT-x.csv": gaps}, bounds=Importing(problems=3))
    assert done.report.gaps == 49
    assert len(done.report.problems) == 3


def test_formats_are_found_and_unknown_ones_named():
    """All families are there without a list anywhere; a wrong name lists the right ones."""
    assert names() == (
        "binance",
        "binance-aggtrades",
        "binance-klines",
        "binance-trades",
        "bitmex",
        "bybit",
        "capture",
        "coinbase",
        "dbn",
        "deribit",
        "fx-csv",
        "kraken",
        "lobster",
        "tardis-book",
        "tardis-quotes",
        "tardis-trades",
        "tradyn",
    )
    assert all(get(name).name == name and get(name).about for name in names())
    with pytest.raises(ConfigError, match="no importer for 'nasdaq'; there are binance, "):
        get("nasdaq")


def test_a_full_disk_ends_an_import(tmp_path):
    """The recording's error comes through as it is."""

    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "ABUSDT-x.csv"
    path.write_text(TRADES)
    with pytest.raises(RecordingError, match="recording stopped after 0 events: No space left on device"):
        import_files("binance-trades", [path], Full())


def test_a_missing_file_is_named_before_anything_is_written(tmp_path):
    """Nothing is written for an input that is not there."""
    out = io.BytesIO()
    with pytest.raises(ConfigError) as caught:
        import_files("coinbase", [tmp_path / "none"], out)
    assert caught.value.where == str(tmp_path / "none")
    assert out.getvalue() == b""


@given(st.integers(0, 12), st.integers(0, 10**20), st.sampled_from([1, 5, 25]))
def test_units_agree_with_the_instrument(decimals, value, step):
    """The fast way gives what the model's exact one gives, on every grid, also for the second look."""
    item = Instrument(symbol="A", base="A", quote="B", price_decimals=decimals, tick=step, size_decimals=0)
    units = Units(decimals, step, item.price_ticks, 2)
    text = decimal_text(value, decimals)
    try:
        expected = item.price_ticks(text)
    except OffGrid:
        with pytest.raises(OffGrid):
            units[text]
    else:
        assert units[text] == units[text] == expected
        if decimals:
            assert units[text + "0"] == expected


@pytest.mark.parametrize("text", ["", ".", "1_0", "\u0661", "1.2.3", "NaN", "inf", "0x1", " 1"])
def test_what_is_no_number_is_no_unit(text):
    """Nothing that Python would take for a number, and an exchange would not write, slips through."""
    item = Instrument(symbol="A", base="A", quote="B", price_decimals=2, size_decimals=0)
    with pytest.raises(ValueError, match="not a"):
        Units(2, 1, item.price_ticks, 10)[text]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1e-13", "1e-13 has more than 12 decimals"),
        ("0.0000000000001", "0.0000000000001 has more than 12 decimals"),
        ("1e99", "1e99 is out of range"),
        ("9" * 41, "9" * 40 + "... is too long for a number"),
        ("-1", "-1 is below 0"),
    ],
)
def test_what_no_instrument_has_is_an_error_of_its_line(text, what):
    """As a size; a price may be below 0."""
    item = Instrument(symbol="A", base="A", quote="B", price_decimals=2, size_decimals=0)
    with pytest.raises(ValueError, match=f"^{re.escape(what)}$"):
        Units(0, 1, item.size_lots, 10, signed=False)[text]
    if text == "-1":
        assert Units(2, 1, item.price_ticks, 10)[text] == -100


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 12)), min_size=1))
def test_decimals_are_those_of_the_finest_number(numbers):
    """Trailing zeros do not count."""
    column = DecimalPlaces()
    texts = [decimal_text(value, decimals) for value, decimals in numbers]
    for text in texts:
        column.add(text)
    assert column.most == max(len(text.partition(".")[2].rstrip("0")) for text in texts)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 30), st.integers(0, 3))))
def test_the_book_knows_its_top(changes):
    """After any changes best prices, the top and what lies beyond it are those of two plain dicts."""
    book, plain = QuotedBook(0), ({}, {})
    for side, price, size in changes:
        assert book.level(9, side, price, size) == (4, 0, 9, side, price, size)
        plain[side].pop(price, None)
        if size:
            plain[side][price] = size
    bids, asks = sorted(plain[0], reverse=True), sorted(plain[1])
    assert book.bids.top(4) == bids[:4]
    assert book.asks.top(4) == asks[:4]
    assert book.asks.beyond(4) == asks[4:][::-1]
    best_bid = (bids[0], plain[0][bids[0]]) if bids else (0, 0)
    best_ask = (asks[0], plain[1][asks[0]]) if asks else (0, 0)
    assert book.changed_quote() == (*best_bid, *best_ask)
    assert book.changed_quote() is None
    book.clear(11)
    assert book.changed_quote() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTC-USD", "BTC-USD"),
        ("ETH/EUR", "ETH-EUR"),
        ("BTCFDUSD", "BTC-FDUSD"),
        ("SOLUSDT", "SOL-USDT"),
        ("X1", "X1"),
        ("BNBUSD", "BNB-USD"),
        ("OMGBUSD", "OMG-BUSD"),
    ],
)
def test_crypto_symbols_are_canonical(name, symbol):
    """With any separator of base and quote, the canonical name has a dash; unknown names stay."""
    assert crypto_symbol(name).name == symbol


def test_currency_symbols_are_canonical():
    """Pairs are written together; gold is a metal."""
    assert [fx_symbol(name).name for name in ("EUR/USD", "eurusd", "EUR-USD")] == ["EURUSD"] * 3
    assert fx_symbol("XAUUSD").asset_class == "metal"


def test_times_are_exact():
    """No float is involved: nanoseconds are exact, and the unit follows from the number of digits."""
    assert iso_utc("2021-04-17T16:43:37.129278Z") == 1618677817129278000
    assert iso_utc("2021-04-17 16:43:37") == 1618677817000000000
    assert decimal_seconds("1582905486.4930081234") == 1582905486493008123
    assert [
        epoch_number(text)
        for text in ("1618677817", "1618677817129", "1618677817129278", "1618677817129278001")
    ] == [
        1618677817000000000,
        1618677817129000000,
        1618677817129278000,
        1618677817129278001,
    ]
    for wrong in ("1.", ".5", "1e9", "-1", "1.2.3"):
        with pytest.raises(ValueError, match="not a number of seconds"):
            decimal_seconds(wrong) if wrong != "1." else decimal_seconds("1.x")


def test_new_york_changes_its_clock_on_sundays():
    """Summer time begins on the second Sunday of March and ends on the first of November."""
    days = [date(2012, 3, 10), date(2012, 3, 11), date(2012, 11, 3), date(2012, 11, 4), date(2015, 3, 8)]
    assert [new_york_offset(day) for day in days] == [-5, -4, -4, -5, -4]


def test_a_damaged_gzip_is_an_error(import_texts):
    """A flipped byte in the packed data is found by its checksum."""
    content = bytearray(PACKED[".csv.gz"])
    content[len(content) // 2] ^= 255
    with pytest.raises(ConfigError, match="cannot be read any further") as caught:
        import_texts("binance-trades", {"ABUSDT-x.csv.gz": bytes(content)})
    assert isinstance(caught.value.__cause__, (zlib.error, OSError, EOFError))
