"""``feed export``: files of other tools, and what is said of them."""

import builtins

import pytest
from disks import full_device
from exports import START, write_recording

from feed.exporters import get, names

pytest.importorskip("databento_dbn")
parquet = pytest.importorskip("pyarrow.parquet")

ROWS = [
    (1, 0, START, 7, 0, 100, 4, 4),
    (5, 0, START, 100, 4, 0, 0),
    (8, 0, START + 10**9),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_recording(tmp_path / "x.feed.zst", ROWS)
    return tmp_path


def test_a_recording_becomes_a_file_and_comes_back(run, folder):
    """What was written and left out stands on standard output, where it went on the other."""
    code, out, err = run("export", "x.feed.zst", "-o", "x.dbn.zst")
    assert (code, err) == (0, "wrote x.dbn.zst\n")
    assert out.splitlines() == [
        "dbn mbo: 3 events as 1 records (1 add)",
        "dbn mbo: left out: 1 clock events",
    ]
    assert run("export", "x.feed.zst", "-o", "d.dbn", "--schema", "definition")[0] == 0
    code, out, _ = run("import", "dbn", "x.dbn.zst", "d.dbn", "-o", "back.feed.zst")
    assert (code, out.splitlines()[0]) == (0, "dbn: 2 events in 0s (1 add, 1 quote)")
    code, out, _ = run("export", "x.feed.zst", "-o", "x.parquet", "--symbols", "BTC-USD")
    assert (code, out) == (0, "parquet: 3 events as 3 records (1 add, 1 quote, 1 clock)\n")
    assert parquet.read_table(folder / "x.parquet")["kind"].to_pylist() == ["add", "quote", "clock"]


def test_an_earlier_export_is_replaced_and_nothing_else(run, folder):
    """A recording is packed as a file of DBN is, and is no such file."""
    for _ in range(2):
        for name in ("y.dbn", "y.dbn.zst", "y.parquet"):
            assert run("export", "x.feed.zst", "-o", name)[0] == 0
    for name in ("a.dbn", "a.dbn.zst", "a.parquet"):
        (folder / name).write_bytes((folder / "x.feed.zst").read_bytes())
        code, _, err = run("export", "x.feed.zst", "-o", name)
        assert (code, err) == (2, f"feed: {name} holds something else; choose another name\n")
    (folder / "b.dbn.zst").write_bytes(b"\x28\xb5\x2f\xfd and more that is not packed")
    assert run("export", "x.feed.zst", "-o", "b.dbn.zst")[0] == 2


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("x.feed.zst -o x.csv", "x.csv: its name does not say the format: it ends in none of .dbn, "),
        ("none.feed.zst -o y.dbn", "none.feed.zst: cannot be read: No such file or directory"),
        ("x.feed.zst -o no/y.dbn", "no/y.dbn: cannot be written: No such file or directory"),
        ("x.feed.zst -o y.parquet --schema mbo", "schema: parquet has no schema mbo; it has one alone"),
        ("x.feed.zst -o y.dbn --schema trades", "nothing in it can be said in dbn trades; 1 add events"),
        ("x.feed.zst -o y.dbn --symbols A", "x.feed.zst: no instrument A in it; there are BTC-USD, EURUSD"),
        ("x.feed.zst", "export: -o is missing"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_file(run, folder, line, complaint):
    """Exit code 2; what was begun is gone."""
    code, out, err = run("export", *line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert complaint in err
    assert [path.name for path in folder.iterdir()] == ["x.feed.zst"]


def test_it_does_not_write_over_what_it_reads(run, folder):
    """Whatever its name."""
    (folder / "x.dbn").symlink_to("x.feed.zst")
    code, _, err = run("export", "x.feed.zst", "-o", "x.dbn")
    assert (code, err) == (2, "feed: --output: is the recording to be read\n")


@pytest.mark.parametrize(("library", "name"), [("databento_dbn", "y.dbn"), ("pyarrow", "y.parquet")])
def test_without_its_library_it_is_said_how_to_get_it(run, monkeypatch, library, name):
    """In one line."""
    real = builtins.__import__

    def missing(wanted, *rest):
        if wanted.partition(".")[0] == library:
            raise ImportError(wanted)
        return real(wanted, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    code, _, err = run("export", "x.feed.zst", "-o", name)
    assert (code, err.count("\n")) == (2, 1)
    assert "needs the library" in err
    assert "pip install" in err


def test_a_damaged_recording_is_written_up_to_the_damage(run, folder):
    """It says where that is; exit code 1."""
    rows = [(4, 0, START + at, 0, 100 + at, 5) for at in range(9)]
    whole = write_recording(folder / "whole", rows, block_events=3).read_bytes()
    (folder / "cut").write_bytes(whole[:-200])
    code, out, err = run("export", "cut", "-o", "y.dbn")
    assert (code, out.splitlines()[0]) == (1, "dbn mbo: 6 events as 6 records (6 add)")
    assert "feed: cut: damaged in block 3 " in err


def test_a_recording_damaged_from_its_beginning_is_said_to_be(run, folder):
    """Not that it has no events."""
    whole = write_recording(folder / "whole", [(4, 0, START + at, 0, 100 + at, 5) for at in range(9)])
    # Its index follows the one block of events.
    (folder / "cut").write_bytes(whole.read_bytes()[:-150])
    code, _, err = run("export", "cut", "-o", "y.dbn")
    assert code == 2
    assert err.startswith("feed: cut: nothing in it can be said in dbn trades; it is damaged in block 1 ")


def test_a_full_disk_is_one_line(run, folder):
    """As for every file that is written."""
    device = full_device(folder)
    for name in ("x.dbn", "x.parquet"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(device)
        code, _, err = run("export", "x.feed.zst", "-o", name)
        assert (code, err) == (2, f"feed: {name}: cannot be written: No space left on device\n")


def test_the_formats_are_listed(run):
    """Every one with what it is."""
    code, out, _ = run("export", "--list")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, list(names()))
    assert all(get(name).about in out for name in names())


def test_a_bar_shows_progress_on_a_terminal(run, monkeypatch):
    """None in a pipe, as the tests above have it."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert "100%" in run("export", "x.feed.zst", "-o", "x.dbn")[2]
