"""``feed calibrate``: from a recording to a market that resembles it."""

import math

import attrs
import pytest
from disks import full_device

from feed.cli.calibration_report import number
from feed.model.events import LEVEL, QUOTE
from feed.recording.format import Header, Provenance
from feed.recording.reader import RecordedBlocks
from feed.recording.writer import RecordingWriter
from feed.server.run_spec import parsed, program_from_file
from feed.sim.defaults import bare_market
from feed.sim.market import Market

SECOND = 1_000_000_000
START = 1_709_731_800 * SECOND
SPAN = 60 * SECOND

# Three times as wide and a quarter as large as what is fitted without data.
_FIRST, _OTHER = bare_market(2).instruments
SPEC = attrs.evolve(
    bare_market(),
    instruments=(
        attrs.evolve(_FIRST, price=20_000, spread=40.0, volatility=2.0, size=5000, updates_per_second=15.0),
        attrs.evolve(_OTHER, updates_per_second=5.0),
    ),
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("calibrate") / "market.feed.zst"
    market = Market(SPEC, seed=5, start=START)
    with path.open("wb") as file:
        header = Header(
            instruments=tuple(market.listing), provenance=Provenance(source="simulated"), start=START
        )
        writer = RecordingWriter(file, header)
        writer.append(market.opening() + market.advance(START + SPAN))
        writer.close()
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text("mine = 1\n")
    return tmp_path


QUICK = ("--span", "1m", "--seeds", "1", "--rounds", "2")


def test_a_recording_becomes_a_market(run, recording, tmp_path):
    """It prints three columns, and writes a file that runs."""
    code, out, err = run(
        "calibrate", recording, "-o", tmp_path / "fitted.toml", *QUICK, "--symbols", "qaaausd"
    )
    assert code == 0
    assert err == f"wrote {tmp_path}/fitted.toml; run it with: feed replay {tmp_path}/fitted.toml\n"
    lines = out.splitlines()
    assert lines[0].split() == ["QAAA-USD", "recorded", "before", "calibrated"]
    [spread] = [line.split()[-3:] for line in lines if line.startswith("spread, mean")]
    recorded, before, _ = map(float, spread)
    [fitted] = parsed((tmp_path / "fitted.toml").read_text(), name="fitted.toml").market.instruments
    # Not of the simulation that is printed: in a minute, regimes of volatility make of it what they will.
    assert abs(fitted.spread - recorded) < abs(before - recorded) / 4
    run_spec = program_from_file(str(tmp_path / "fitted.toml"))
    assert run_spec.run.listing.symbols == ("QAAA-USD",)
    assert (run_spec.name, run_spec.start) == ("fitted", START)
    code, replayed, _ = run("replay", tmp_path / "fitted.toml", "--until", "1s")
    assert code == 0
    assert replayed.startswith("fitted: ")


def test_it_writes_the_same_every_time(run, recording, tmp_path):
    """And may replace what it has written."""
    texts = []
    for _ in range(2):
        assert run("calibrate", recording, "-o", tmp_path / "m.toml", "--symbols", "QAAB-USD", *QUICK)[0] == 0
        texts.append((tmp_path / "m.toml").read_text())
    assert texts[0] == texts[1]
    assert "# Fitted to 1m of data" in texts[0]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["none.feed.zst"], "none.feed.zst: cannot be read: No such file or directory"),
        (["mine.toml"], "mine.toml: no recording"),
        (["{}", "--symbols", "Q"], "--symbols: Q is not recorded; recorded: QAAA-USD, QAAB-USD"),
        (["{}", "--span", "3s"], "--span: 3s is too short to say anything; allowed: 1m or more"),
        (["{}", "--span", "3"], "--span: '3' is no span of time, such as 10m"),
        (["{}", "-o", "mine.toml"], "--output: mine.toml holds something else; choose another name"),
        (["{}", "-o", "no/x.toml"], "--output: cannot write no/x.toml (No such file or directory)"),
    ],
)
def test_mistakes_are_told_in_one_line(run, recording, folder, options, complaint):
    """Before anything is simulated; and nothing is written."""
    given = [recording if option == "{}" else option for option in options]
    code, out, err = run("calibrate", "-o", "x.toml", *given)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"feed: {complaint}")
    assert [path.name for path in folder.iterdir()] == ["mine.toml"]


def test_a_full_disk_is_told(run, recording, tmp_path):
    """In one line, after all the work."""
    device = full_device(tmp_path)
    code, _, err = run("calibrate", recording, "-o", device, "--symbols", "QAAB-USD", *QUICK)
    assert (code, err) == (2, f"feed: --output: cannot write {device} (No space left on device)\n")


def test_what_has_no_quotes_is_left_out(run, tmp_path):
    """It is said of each; where none is left, nothing is written."""
    path = tmp_path / "empty.feed.zst"
    with path.open("wb") as file:
        writer = RecordingWriter(
            file,
            Header(instruments=tuple(SPEC.listing()), provenance=Provenance(source="simulated"), start=START),
        )
        writer.close()
    code, _, err = run("calibrate", path, "-o", tmp_path / "m.toml")
    assert code == 2
    assert err.splitlines() == [
        f"feed: {path}: QAAA-USD is left out: its recording has no best bid and ask",
        f"feed: {path}: QAAB-USD is left out: its recording has no best bid and ask",
        f"feed: {path}: no instrument can be calibrated",
    ]
    assert not (tmp_path / "m.toml").exists()


def quotes(path, *rows):
    with path.open("wb") as file:
        header = Header(
            instruments=tuple(SPEC.listing()), provenance=Provenance(source="imported"), start=START
        )
        writer = RecordingWriter(file, header)
        writer.append([*rows])
        writer.close()
    return path


def test_a_tick_that_is_too_small_is_told(run, tmp_path):
    """With the option of the import that mends it."""
    path = quotes(
        tmp_path / "grid.feed.zst",
        (LEVEL, 0, START, 0, 20_000, 5),
        (LEVEL, 0, START, 1, 20_005, 5),
        (QUOTE, 0, START, 20_000, 5, 20_005, 5),
        (LEVEL, 0, START + SPAN, 1, 20_005, 7),
        (QUOTE, 0, START + SPAN, 20_000, 5, 20_005, 7),
    )
    code, _, err = run("calibrate", path, "-o", tmp_path / "m.toml", *QUICK)
    assert code == 0
    grid = "QAAA-USD=0.0005/1"
    told = f"feed: {path}: all prices of QAAA-USD are multiples of 5 ticks; import it with --grid {grid}"
    assert err.splitlines()[0] == told


def test_quotes_alone_are_enough(run, tmp_path):
    """What a recording without a book cannot say is left out of the table."""
    rows = [(QUOTE, 0, START + at * SECOND, 20_000 + at % 7, 5, 20_040, 5) for at in range(100)]
    path = quotes(tmp_path / "quotes.feed.zst", *rows)
    code, out, _ = run("calibrate", path, "-o", tmp_path / "m.toml", *QUICK)
    assert code == 0
    assert "spread, mean over time" in out
    assert "updates" not in out
    assert "ticks from the mid" not in out
    assert program_from_file(str(tmp_path / "m.toml")).run.listing.symbols == ("QAAA-USD",)


def test_a_long_silence_is_left_out(run, recording, tmp_path):
    """Days far apart in one recording give what they give together; the years between take no memory."""
    broken = tmp_path / "broken.feed.zst"
    years = 3 * 365 * 24 * 3600 * SECOND
    blocks = RecordedBlocks(recording)
    with broken.open("wb") as file:
        writer = RecordingWriter(file, blocks.header)
        for rows in blocks():
            late = [row[2] - START > SPAN / 2 for row in rows]
            writer.append(
                [(*row[:2], row[2] + years * add, *row[3:]) for row, add in zip(rows, late, strict=True)]
            )
        writer.close()
    options = ("--symbols", "QAAA-USD", *QUICK)
    code, parted, err = run("calibrate", broken, "-o", tmp_path / "a.toml", *options)
    assert code == 0
    assert err.startswith(f"feed: {broken}: 26280h in which nothing was recorded are left out\n")
    _, whole, _ = run("calibrate", recording, "-o", tmp_path / "b.toml", *options)
    updates = [float(text.splitlines()[1].split()[-3]) for text in (parted, whole)]
    assert updates[0] == pytest.approx(updates[1], rel=0.01)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (0.0000123, "0.000"),
        (99.94, "99.9"),
        (123.6, "124"),
        (9_999_999.0, "9999999"),
        (1.2345e12, "1.23e12"),
        (math.nan, "-"),
        (-0.5, "-0.5"),
    ],
)
def test_numbers_are_short(value, text):
    """Three digits, and no wider than their column."""
    assert number(value) == text


def test_a_damaged_recording_is_read_up_to_the_damage(run, recording, tmp_path):
    """It is told, and so is the exit code."""
    cut = tmp_path / "cut.feed.zst"
    cut.write_bytes(recording.read_bytes()[:-100])
    code, out, err = run("calibrate", cut, "-o", tmp_path / "m.toml", "--symbols", "QAAB-USD", *QUICK)
    assert code == 1
    assert out.startswith("QAAB-USD")
    assert err.splitlines()[-1].startswith(f"feed: {cut}: damaged in block")


def test_a_recording_damaged_from_its_beginning_is_said_to_be(run, tmp_path):
    """Not only that it has no quotes."""
    with (tmp_path / "cut").open("wb") as file:
        header = Header(
            instruments=tuple(Market(SPEC, seed=5, start=START).listing),
            provenance=Provenance(source="simulated"),
            start=START,
        )
        writer = RecordingWriter(file, header)
        writer.append([(LEVEL, 0, START, 0, 100 + at, 5) for at in range(9)])
        writer.close()
    (tmp_path / "cut").write_bytes((tmp_path / "cut").read_bytes()[:-10])
    code, _, err = run("calibrate", tmp_path / "cut", "-o", tmp_path / "m.toml", *QUICK)
    assert code == 2
    assert "no instrument can be calibrated; it is damaged in block " in err.splitlines()[-1]
