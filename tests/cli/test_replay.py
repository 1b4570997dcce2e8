"""``feed replay``: what is printed, what it is compared with, and what is written back."""

import re

import pytest

from feed.scenario.shipped import find_scenario

SMALL = """\
format = 1
name = "small"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "2s"

[market]
count = 1  # kept

[[timeline]]
at = "1s"
do = "mute"
"""
NO_END = (
    "is neither an offset such as 90s, nor a time such as 2024-03-06T16:20:00Z, nor a sequence number from 1"
)
WRONG = SMALL + "\n[expect]\nevents = 1\nfaults = 1\n"


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """A scenario file of two market seconds, in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    (tmp_path / "other.csv").write_text("1,2", encoding="utf-8")
    return path


def test_what_happened_is_printed(run):
    """The same on every run on standard output, the time that it took on the other."""
    code, out, err = run("replay", "small.toml")
    assert code == 0
    assert re.fullmatch(
        r"small: \d+ events in 2s \(\d+ add, \d+ reduce, (\d+ trade, )?\d+ quote, 2 clock\); 1 fault\n", out
    )
    assert re.fullmatch(r"small: [\d.]+ s, [\d.e+]+x real time, \d+ events/s\n", err)
    assert run("replay", "small.toml")[1] == out


def test_the_digest_is_printed_on_demand(run):
    """On a line of its own."""
    out = run("replay", "small.toml", "--digest")[1]
    assert re.search(r"^small: sha256 [0-9a-f]{64}$", out, re.MULTILINE)


def test_an_expectation_is_written_and_then_met(run, small):
    """At the end of the file; the rest stays as it was."""
    assert run("replay", "small.toml", "--update")[1].endswith("small: updated\n")
    assert small.read_text(encoding="utf-8").startswith(SMALL)
    assert run("replay", "small.toml", "--update")[1].endswith("small: unchanged\n")
    code, out, _ = run("replay", "small.toml")
    assert (code, out.splitlines()[-1]) == (0, "small: as expected")


def test_an_expectation_that_does_not_hold(run, small):
    """One line that says how, and exit code 1."""
    small.write_text(WRONG, encoding="utf-8")
    code, _, err = run("replay", "small.toml")
    assert code == 1
    assert re.fullmatch(r"feed: small\.toml: not as expected: events: \d+ instead of 1", err.splitlines()[-1])


LABELLED = """\
format = 1
name = "small"
start = 2024-03-06T14:30:00Z
duration = "3s"

[[market.instruments]]
symbol = "BTC-USD"

[[timeline]]
at = "1s"
do = "wall"
side = "buy"
lots = 50000000000

[[truth]]
signal = "wall_appearance"
instruments = ["BTC-USD"]
at = "1s"
until = "{until}"
"""


def test_labels_are_held_against_signals(run, small):
    """How many were signalled, and exit code 0 when all were."""
    small.write_text(LABELLED.format(until="2s"), encoding="utf-8")
    code, out, _ = run("replay", "small.toml")
    assert (code, out.splitlines()[1:]) == (
        0,
        ["small: 1 of 1 labels signalled, 0 of 1 signals unexplained"],
    )


def test_a_label_that_is_not_signalled_is_a_mismatch(run, small):
    """One line for each, exit code 1; a signal that no label explains is told of too."""
    small.write_text(LABELLED.format(until="1.5s"), encoding="utf-8")
    code, out, err = run("replay", "small.toml")
    assert (code, out.splitlines()[1:]) == (
        1,
        [
            "small: 0 of 1 labels signalled, 1 of 1 signals unexplained",
            "small: unexplained: warning wall_appearance BTC-USD at 2s",
        ],
    )
    assert err.splitlines()[-1] == (
        "feed: small.toml: not signalled: wall_appearance BTC-USD from 1s to 1s500ms"
    )
    assert run("replay", "small.toml", "--until", "3s")[0] == 0


def test_a_part_is_not_compared(run, small):
    """What is expected is said of the whole."""
    small.write_text(WRONG, encoding="utf-8")
    code, out, _ = run("replay", "small.toml", "--until", "1s")
    assert (code, len(out.splitlines())) == (0, 1)


@pytest.mark.parametrize("until", ["500ms", "2024-03-06T14:30:00.500Z"])
def test_until_a_time(run, until):
    """As an offset or as market time."""
    assert run("replay", "small.toml", "--until", until)[1].startswith("small: ")
    assert " in 500ms (" in run("replay", "small.toml", "--until", until)[1]


def test_until_an_event(run):
    """That one is the last."""
    assert run("replay", "small.toml", "--until", "60")[1].startswith("small: 60 events in ")


def test_several_files_are_run_one_after_the_other(run, small):
    """One that is not as expected does not keep the next from running."""
    small.write_text(WRONG, encoding="utf-8")
    code, out, _ = run("replay", "small.toml", "small.toml")
    assert (code, len(out.splitlines())) == (1, 2)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("replay none.toml", "none.toml: no such file"),
        ("replay none.feed.zst", "none.feed.zst: no such file"),
        (
            "replay brust",
            "brust: no such file, and no scenario of that name; did you mean burst?",
        ),
        ("replay other.csv", "other.csv: is no scenario; allowed: a .toml file, or a recording"),
        (
            "replay small.toml --until 1s --update",
            "--update: only a whole run says what to expect; leave out --until",
        ),
        (
            "replay small.toml --until soon",
            f"--until: 'soon' {NO_END}",
        ),
        (
            "replay small.toml --until 0",
            f"--until: '0' {NO_END}",
        ),
        (
            "replay small.toml --speed 0",
            "--speed: '0' is neither a number above 0 nor max; see feed replay --help",
        ),
    ],
)
def test_a_mistake_is_one_line(run, line, complaint):
    """Where, what, and a hint; exit code 2."""
    assert run(*line.split()) == (2, "", f"feed: {complaint}\n")


def test_a_shipped_scenario_is_run_by_its_name(run):
    """From any folder, as by its path."""
    by_name = run("replay", "burst", "--until", "1s", "--digest")[1]
    assert by_name == run("replay", find_scenario("burst"), "--until", "1s", "--digest")[1]


def test_a_bar_shows_progress_on_a_terminal(run, monkeypatch):
    """And none in a pipe, as the tests above have it."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    err = run("replay", "small.toml")[2]
    assert "100%" in err
