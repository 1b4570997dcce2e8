"""``feed merge``."""

import pytest

CSV = "time,bid,ask\n2024-01-01 00:00:00.000,1.10000,1.10010\n2024-01-01 00:00:02.000,1.10001,1.10011\n"
OTHER = "time,bid,ask\n2024-01-01 00:00:01.000,1.2700,1.2702\n"


@pytest.fixture(autouse=True)
def recordings(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("EURUSD", CSV), ("GBPUSD", OTHER)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        assert run("import", "fx-csv", f"{name}.csv", "-o", f"{name}.feed.zst")[0] == 0
    return tmp_path


def test_recordings_become_one_that_can_be_played(run):
    """What was merged stands on standard output, where it went on the other."""
    code, out, err = run("merge", "EURUSD.feed.zst", "GBPUSD.feed.zst", "-o", "both.feed.zst")
    assert (code, err) == (0, "wrote both.feed.zst; run it with: feed replay both.feed.zst\n")
    lines = out.splitlines()
    assert lines[:-1] == [
        "merge: 3 events in 2s (3 quote)",
        "merge: EURUSD.feed.zst: EURUSD",
        "merge: GBPUSD.feed.zst: GBPUSD",
    ]
    code, replayed, _ = run("replay", "both.feed.zst", "--digest")
    assert code == 0
    assert replayed.splitlines() == [
        "both: 3 events in 2s (3 quote)",
        lines[-1].replace("merge", "both"),
    ]


def test_a_venue_is_named_by_recording(run):
    """The symbol of the second one ends in it."""
    copy = ["EURUSD.feed.zst", "copy.feed.zst"]
    assert run("import", "fx-csv", "EURUSD.csv", "-o", copy[1])[0] == 0
    code, out, _ = run("merge", *copy, "-o", "both", "--venue", "copy.feed.zst=oanda")
    assert code == 0
    assert out.splitlines()[2] == "merge: copy.feed.zst: EURUSD@oanda (there EURUSD)"


def test_recordings_of_equal_names_are_told_apart(run, recordings):
    """By their places."""
    (recordings / "other").mkdir()
    (recordings / "other/EURUSD.feed.zst").write_bytes((recordings / "EURUSD.feed.zst").read_bytes())
    code, _, err = run("merge", "EURUSD.feed.zst", "other/EURUSD.feed.zst", "-o", "x")
    assert code == 2
    assert err.startswith(
        "feed: EURUSD of other/EURUSD.feed.zst: its quotes are in EURUSD.feed.zst at the same"
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("merge none -o x", "none: no such file"),
        ("merge EURUSD.csv -o x", "EURUSD.csv: no recording, or one damaged in its header"),
        ("merge EURUSD.feed.zst -o EURUSD.feed.zst", "--output: is one of the files to be read"),
        ("merge EURUSD.feed.zst", "merge: -o is missing"),
        ("merge EURUSD.feed.zst -o x --venue a=b", "--venue: a is none of the recordings"),
        ("merge EURUSD.feed.zst -o x --venue a", "'a' is not FILE=VENUE, such as day.feed.zst=bybit"),
        (
            "merge EURUSD.feed.zst EURUSD.feed.zst -o x",
            "EURUSD of EURUSD.feed.zst: its quotes are in EURUSD.feed.zst at the same time",
        ),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_file(run, recordings, line, complaint):
    """Exit code 2; what was begun is gone."""
    before = sorted(path.name for path in recordings.iterdir())
    code, out, err = run(*line.split())
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1
    assert sorted(path.name for path in recordings.iterdir()) == before
