"""``feed scenario``: files are checked, listed and begun."""

import pytest

from feed.dialects.discovery import dialects
from feed.scenario.schema import VERBS
from feed.scenario.shipped import scenarios_in, shipped

GOOD = """\
format = 1
name = "good"
about = "First line.\\nMore."
start = 2024-03-06T14:30:00Z
duration = "90s"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.toml").write_text(GOOD + 'sed = 1\n[[timeline]]\ndo = "halt"\n', encoding="utf-8")
    return tmp_path


def test_a_sound_file(run):
    """One line that says so."""
    assert run("scenario", "check", "good.toml") == (0, "good.toml: sound, 1m30s, 0 timeline entries\n", "")


def test_all_that_is_wrong_with_all_files(run):
    """One line each, and exit code 2."""
    code, out, err = run("scenario", "check", "bad.toml", "good.toml", "none.toml")
    assert (code, out) == (2, "good.toml: sound, 1m30s, 0 timeline entries\n")
    assert err.splitlines() == [
        "feed: bad.toml:6: sed: unknown key; did you mean seed?",
        "feed: bad.toml:7: timeline[0]: at is missing",
        "feed: none.toml: cannot be read: No such file or directory",
    ]


def test_every_field_is_printed(run):
    """Of everything, or of one table, action or fault; an unknown one is met with the nearest."""
    code, out, err = run("scenario", "fields")
    assert (code, err) == (0, "")
    assert out.count("[[timeline]] do = ") == len(VERBS)
    code, one, err = run("scenario", "fields", "drop")
    assert (code, err) == (0, "")
    assert one.splitlines()[0] == '[[timeline]] do = "drop"'
    assert "    fraction  Share of the messages, drawn for each. (a number, > 0 and <= 1; needed)\n" in one
    assert one in out
    complaint = "feed: drpo: no such table, action or fault; did you mean drop?\n"
    assert run("scenario", "fields", "drpo") == (2, "", complaint)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('do = "mute"\naim = { dialect = "trady" }', 'aim.dialect: found "trady"; did you mean tradyn?'),
        (
            'do = "disconnect"\ncode = 1005',
            "code: found 1005; allowed: 1000 to 1003, 1006 to 1014, 3000 to 4999",
        ),
        (
            'do = "disconnect"\ncode = 2000',
            "code: found 2000; allowed: 1000 to 1003, 1006 to 1014, 3000 to 4999",
        ),
        (
            f'do = "disconnect"\nreason = "{"é" * 62}"',
            "reason: out of bounds; allowed: at most 123 bytes of UTF-8",
        ),
        (
            'do = "drop"\nfraction = 1\nsymbol = "EURUSDD"',
            'symbol: found "EURUSDD"; did you mean EURUSD?',
        ),
        pytest.param(
            'do = "maintenance"\naim = { dialect = "tradyn" }',
            'aim.dialect: found "tradyn"; it has no words for this; try '
            + ", ".join(name for name, dialect in dialects().items() if "maintenance" in dialect.disruptions),
            marks=pytest.mark.protocols("binance"),
        ),
    ],
)
def test_a_fault_that_cannot_be_is_refused(run, folder, entry, complaint):
    """A protocol that there is not, and a close frame that no server may send."""
    (folder / "bad.toml").write_text(f'{GOOD}[[timeline]]\nat = "1s"\n{entry}\n', encoding="utf-8")
    code, out, err = run("scenario", "check", "bad.toml")
    assert (code, out) == (2, "")
    place, _, told = err.partition(": timeline[0].")
    assert (place.rpartition(":")[0], told) == ("feed: bad.toml", f"{complaint}\n")
    assert run("replay", "bad.toml")[::2] == (2, err)


def test_a_fault_that_can_be_is_sound(run, folder):
    """1006 stands for a connection that is dropped; every protocol can be aimed at."""
    entries = "".join(
        f'[[timeline]]\nat = "1s"\ndo = "disconnect"\ncode = {code}\naim = {{ dialect = "{name}" }}\n'
        for name in dialects()
        for code in (1000, 1003, 1006, 1007, 1014, 3000, 4999)
    )
    (folder / "good.toml").write_text(GOOD + entries, encoding="utf-8")
    assert run("scenario", "check", "good.toml")[0] == 0


def test_a_folder_is_listed(run, folder):
    """Name, duration, and the first line of what it is about."""
    (folder / "bad.toml").unlink()
    assert run("scenario", "list", folder) == (0, "good  1m30s  First line.\n", "")


def test_a_folder_that_is_not_there_is_a_mistake(run, folder):
    """Not one without scenarios."""
    complaint = f"feed: {folder / 'none'}: no such folder\n"
    assert run("scenario", "list", folder / "none") == (2, "", complaint)


def test_the_shipped_ones_are_listed(run):
    """Each of them."""
    code, out, _ = run("scenario", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [path.stem for path in scenarios_in(shipped())]


def test_labels_are_printed(run, folder):
    """A table: which signal, where, and from when to when."""
    (folder / "good.toml").write_text(
        GOOD + '[[truth]]\nsignal = "volume_spike"\ninstruments = ["BTC-USD", "ETH-USD"]\nat = "2s"\n',
        encoding="utf-8",
    )
    begin, end = "1709735402000000000", "1709735490000000000"
    code, out, _ = run("scenario", "labels", "good.toml")
    assert code == 0
    assert out.splitlines() == [
        "signal,symbol,from_ns,until_ns",
        f"volume_spike,BTC-USD,{begin},{end}",
        f"volume_spike,ETH-USD,{begin},{end}",
    ]
    assert run("scenario", "check", "good.toml")[1] == (
        "good.toml: sound, 1m30s, 0 timeline entries, 2 labels\n"
    )


def test_a_new_one_is_sound_and_runs(run):
    """As it was written."""
    assert run("scenario", "new", "mine")[0] == 0
    assert run("scenario", "check", "mine.toml")[0] == 0
    assert run("replay", "mine.toml", "--until", "1s")[0] == 0


def test_a_file_is_never_overwritten(run, folder):
    """A name that is taken is refused."""
    assert run("scenario", "new", "good") == (2, "", "feed: good.toml: exists already\n")
    assert (folder / "good.toml").read_text(encoding="utf-8") == GOOD


def test_a_name_must_be_one(run):
    """What a scenario cannot be called is refused before a file is made of it."""
    code, _, err = run("scenario", "new", "My Market")
    assert (code, err) == (
        2,
        "feed: My Market: is no name; allowed: small letters, digits and hyphens, at most 64\n",
    )


def test_a_bad_file_is_listed_with_what_is_wrong(run, folder):
    """And the others beside it."""
    (folder / "worse.toml").write_bytes(b"\xff")
    code, out, err = run("scenario", "list", ".")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "bad.toml      bad  bad.toml:6: sed: unknown key; did you mean seed? (and 1 more)",
        "good        1m30s  First line.",
        "worse.toml    bad  worse.toml: is not UTF-8 text",
    ]
