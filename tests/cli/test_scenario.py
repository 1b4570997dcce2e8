"""``feed scenario``: files are checked, listed and begun."""

import pytest

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


def test_a_folder_is_listed(run, folder):
    """Name, duration, and the first line of what it is about."""
    (folder / "bad.toml").unlink()
    assert run("scenario", "list", folder) == (0, "good  1m30s  First line.\n", "")


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
