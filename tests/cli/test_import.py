"""``feed import``, and what ``feed replay`` makes of a recording."""

import re

import pytest
import structlog
from disks import full_device

from feed.cli.imports import unfinished
from feed.errors import ConfigError, RecordingError
from feed.importers import names

CSV = "time,bid,ask\n2024-01-01 00:00:00.000,1.10000,1.10010\n2024-01-01 00:00:01.500,1.10001,1.10011\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EURUSD.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def test_a_file_becomes_a_recording(run, folder):
    """What was imported stands on standard output, where it went on the other."""
    code, out, err = run("import", "fx-csv", "EURUSD.csv", "-o", "eur.feed.zst")
    assert code == 0
    lines = out.splitlines()
    assert lines[:3] == [
        "fx-csv: 2 events in 1s500ms (2 quote)",
        "fx-csv: messages: 2 quote",
        "fx-csv: 0 gaps, 0 crossed books, 0 times that went back, 0 lines skipped",
    ]
    assert err == "wrote eur.feed.zst; run it with: feed replay eur.feed.zst\n"
    assert sorted(path.name for path in folder.iterdir()) == ["EURUSD.csv", "eur.feed.zst"]
    code, replayed, _ = run("replay", "eur.feed.zst", "--digest")
    assert code == 0
    assert replayed.splitlines() == ["eur: 2 events in 1s500ms (2 quote)", lines[3].replace("fx-csv", "eur")]


def test_times_that_went_back_are_told_with_their_most(run, folder):
    """In milliseconds, rounded up."""
    head, first, second = CSV.splitlines()
    (folder / "GBPUSD.csv").write_text(f"{head}\n{second}\n{first}\n", encoding="utf-8")
    code, out, _ = run("import", "fx-csv", "GBPUSD.csv", "-o", "x")
    assert code == 0
    assert "0 crossed books, 1 times that went back by 1s500ms at most, 0 lines skipped" in out


def test_options_reach_the_importer(run, folder):
    """Columns, symbol, steps and clock, as for a file that says none of them."""
    (folder / "quotes.txt").write_text("1.5,1.4,2024-01-01 05:00:00\nnonsense\n", encoding="utf-8")
    options = [
        "--columns",
        "ask,bid,time",
        "--symbol",
        "GBPUSD",
        "--grid",
        "GBPUSD=0.1/1",
        "--utc-offset",
        "5",
    ]
    code, out, _ = run("import", "fx-csv", "quotes.txt", "-o", "x", "--lenient", *options)
    assert (code, out.splitlines()[0]) == (0, "fx-csv: 1 events in 0s (1 quote)")
    assert "1 lines skipped" in out


def test_the_formats_are_listed(run):
    """Every one with what it is."""
    code, out, _ = run("import", "--list")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, list(names()))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("import nasdaq EURUSD.csv -o x", "format: no importer for 'nasdaq'; there are "),
        ("import fx-csv none.csv -o x", "none.csv: no such file"),
        ("import coinbase EURUSD.csv -o x", "EURUSD.csv:1: expected seconds"),
        ("import fx-csv EURUSD.csv -o no/x", "no/x: cannot be written: No such file or directory"),
        ("import fx-csv EURUSD.csv -o EURUSD.csv", "--output: is one of the files to be read"),
        ("import fx-csv EURUSD.csv", "import: -o is missing"),
        ("import fx-csv EURUSD.csv -o x --strict --lenient", "--strict: goes without --lenient"),
        ("import tradyn EURUSD.csv -o x --lenient", "nothing in it is of the format tradyn; it looks like"),
        ("import fx-csv EURUSD.csv -o x --grid EURUSD", "--grid: 'EURUSD' is not SYMBOL=TICK/LOT"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_file(run, folder, line, complaint):
    """Exit code 2; what was begun is gone."""
    code, out, err = run(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert complaint in err
    assert [path.name for path in folder.iterdir()] == ["EURUSD.csv"]


def test_a_device_is_written_into_and_stays_one(run, folder):
    """One that takes nothing is an error of one line."""
    device = full_device(folder)
    code, _, err = run("import", "fx-csv", "EURUSD.csv", "-o", device)
    assert (code, err) == (2, f"feed: {device}: cannot be written: No space left on device\n")
    assert device.is_char_device()


def test_an_earlier_recording_is_replaced_and_nothing_else(run, folder):
    """What is there and is none stays as it is."""
    for _ in range(2):
        assert run("import", "fx-csv", "EURUSD.csv", "-o", "eur.feed.zst")[0] == 0
    (folder / "mine").write_text("mine", encoding="utf-8")
    code, _, err = run("import", "fx-csv", "EURUSD.csv", "-o", "mine")
    assert (code, err) == (2, "feed: mine holds something else; choose another name\n")
    assert (folder / "mine").read_text(encoding="utf-8") == "mine"


def test_a_bar_shows_progress_on_a_terminal(run, monkeypatch):
    """In bytes, with their number; none in a pipe, as the tests above have it."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    err = run("import", "fx-csv", "EURUSD.csv", "-o", "x")[2]
    assert "100%" in err


def test_a_full_disk_is_one_line(folder):
    """As any other reason why the file cannot be written."""
    with pytest.raises(ConfigError, match="x: cannot be written: No space"), unfinished(folder / "x"):
        raise RecordingError("No space left on device", events=3)
    assert [path.name for path in folder.iterdir()] == ["EURUSD.csv"]


# --- recordings ------------------------------------------------------------------------------------


def test_a_damaged_recording_runs_up_to_the_damage(run, folder):
    """It says where that is; exit code 1."""
    lines = [f"2024-01-01 00:{at // 60:02}:{at % 60:02}.000,1.1{at:04},1.2\n" for at in range(3000)]
    (folder / "EURUSD.csv").write_text("time,bid,ask\n" + "".join(lines) * 3, encoding="utf-8")
    assert run("import", "fx-csv", "EURUSD.csv", "-o", "whole.feed.zst")[0] == 0
    whole = (folder / "whole.feed.zst").read_bytes()
    (folder / "cut.feed.zst").write_bytes(whole[: len(whole) * 2 // 3])
    code, out, err = run("replay", "cut.feed.zst")
    assert (code, out.split(" events")[0]) == (1, "cut: 4096")
    assert re.search(
        r"feed: cut\.feed\.zst: damaged in block 2 at byte \d+, event 4097: the file ends inside the block\n",
        err,
    )


def test_what_only_a_scenario_has(run):
    """A recording has no [expect] table; other files that are packed are no recordings."""
    run("import", "fx-csv", "EURUSD.csv", "-o", "eur.feed.zst")
    complaint = "feed: eur.feed.zst: only a scenario file has an [expect] table\n"
    assert run("replay", "eur.feed.zst", "--update") == (2, "", complaint)
    code, _, err = run("serve", "--scenario", "eur.feed.zst", "--seed", "1")
    structlog.reset_defaults()
    assert (code, err) == (2, "feed: --seed: a recording has its own; leave it out\n")


def test_its_bounds_are_settings(run, tmp_path):
    """A file of settings says how much an import holds in memory."""
    path, data = tmp_path / "feed.toml", tmp_path / "a.csv"
    path.write_text("[importing]\nchunk_bytes = 64\nline_bytes = 1024\n", encoding="utf-8")
    data.write_text(f"time,bid,ask{' ' * 2000}\n2024-01-01 00:00:00,1.0,1.1\n", encoding="utf-8")
    arguments = ("import", "fx-csv", data, "-o", tmp_path / "a.feed.zst", "--symbol", "EURUSD")
    code, _, err = run(*arguments, "--config", path)
    assert code == 2
    assert err.startswith(f"feed: {data}: cannot be read any further: a line is longer than 1024 bytes")
