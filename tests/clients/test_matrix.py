"""The table of other people's clients is what tests found, and stands alike wherever it is shown."""

import msgspec
import pytest
from matrix import README, Found, columns_of, gone, in_readme, markdown, merged, plain, short

from feed.dialects.discovery import dialects
from feed.server.http import client_matrix
from feed.server.http.client_matrix import Matrix

PROTOCOL, OTHER = list(dialects())[:2]
TITLE = dialects()[PROTOCOL].title


def found(test="test_x.py::test_orders", **changes):
    """A test of a client that has passed, but for changes."""
    usual = {"client": "bot", "protocols": (PROTOCOL,), "columns": ("orders",), "version": "1.0"}
    return Found(**{"test": test, "outcome": "passed", **usual, **changes})


def after(*runs, before=None):
    """What is known after some runs, each of some tests."""
    matrix = before or Matrix()
    for run, tests in runs:
        matrix = merged(matrix, tests, run=run, day="2024-03-06")
    return matrix


def cells(matrix):
    """The cells of each line but client and protocol."""
    return [row[2:] for row in client_matrix.rows(matrix)]


def test_the_readme_has_the_results_that_are_shipped():
    """Nobody writes the table by hand, and the distribution has no other."""
    text = README.read_text(encoding="utf-8")
    assert in_readme(text, client_matrix.shipped()) == text, (
        "python -m pytest -m clients --write-clients tests/clients"
    )


def test_a_cell_says_whether_its_tests_passed():
    """All of a column, in every protocol that they were tried in; what no test is about is told apart."""
    tests = [found(), found("test_x.py::test_books", columns=("market data", "errors"))]
    matrix = after(("pinned", [*tests, found("test_x.py::test_two", protocols=(PROTOCOL, OTHER))]))
    assert [row[:2] for row in client_matrix.rows(matrix)] == sorted(
        [("bot", TITLE), ("bot", dialects()[OTHER].title)]
    )
    assert ("1.0", "yes", "yes", "-", "yes") in cells(matrix)
    assert ("1.0", "-", "yes", "-", "-") in cells(matrix)
    assert [row[1] for row in client_matrix.rows(matrix, {OTHER})] == [dialects()[OTHER].title]


@pytest.mark.parametrize(("outcome", "word"), [("failed", "fails"), ("skipped", "not run")])
def test_a_test_that_did_not_pass_decides_its_cells_and_says_why(outcome, word):
    """In one line, however long the reason."""
    bad = found("test_x.py::test_bad", outcome=outcome, reason=f"\n  it broke\n{'x' * 500}")
    matrix = after(("pinned", [found(), bad]))
    assert cells(matrix) == [("1.0", "-", word, "-", "-")]
    (note, *_) = client_matrix.notes(matrix)
    assert note == f"bot, {TITLE}: 1.0, orders {word} (test_x.py::test_bad): it broke"
    assert len(short("y" * 500)) == 160
    told = "AssertionError: [] Traceback (most recent call last):\n  File x\nccxt.base.errors.BadError: no\n"
    assert short("Expired: Command '['/home/me/x-1.0/bin/python', 'y'") == "Expired: Command '['python', 'y'"
    assert short("subprocess.TimeoutExpired: Command '['python'") == "the program did not end in time"
    assert short("no http://127.0.0.1:80/binance/api") == "no http://127.0.0.1:80/binance/api"
    assert short(f"{told}\nccxt.NetworkError: gone\n\nassert 1 == 0") == "ccxt.NetworkError: gone"


def test_two_releases_share_a_line():
    """They are told apart where they differ; one that both runs had is there once."""
    both = after(("pinned", [found()]), ("newest", [found(version="2.0")]))
    assert cells(both) == [("1.0, 2.0", "-", "yes", "-", "-")]
    bad = found(version="2.0", outcome="failed", reason="gone")
    assert cells(after(("newest", [bad]), before=both)) == [
        ("1.0, 2.0", "-", "1.0: yes, 2.0: fails", "-", "-")
    ]
    same = after(("pinned", [found()]), ("newest", [found(outcome="failed", reason="gone")]))
    assert cells(same) == [("1.0", "-", "fails", "-", "-")]


def test_a_run_replaces_what_was_found_before():
    """Test by test; results of another release go, and those of tests that there are no more."""
    matrix = after(("pinned", [found(outcome="failed", reason="then"), found("test_x.py::test_old")]))
    matrix = after(("pinned", [found()]), before=matrix)
    assert cells(matrix) == [("1.0", "-", "yes", "-", "-")]
    (tested,) = matrix.clients
    assert list(tested.pinned.tests) == ["test_x.py::test_old", "test_x.py::test_orders"]
    away = gone(matrix, ["test_x.py::test_orders", "test_y.py::test_z"])
    assert away == {"test_x.py::test_old"}
    matrix = merged(matrix, [], run="pinned", day="", gone=away)
    assert list(matrix.clients[0].pinned.tests) == ["test_x.py::test_orders"]
    newer = after(("pinned", [found("test_x.py::test_new", version="1.1")]), before=matrix)
    assert list(newer.clients[0].pinned.tests) == ["test_x.py::test_new"]
    assert merged(newer, [], run="pinned", day="", gone={"test_x.py::test_new"}).clients == []


def test_a_test_that_started_no_client_counts_for_the_release_that_was_known():
    """It failed before there was an environment, or was skipped."""
    matrix = after(("pinned", [found()]), ("pinned", [found(version="", outcome="failed", reason="no pip")]))
    assert cells(matrix) == [("1.0", "-", "fails", "-", "-")]


def test_what_a_client_cannot_do_and_who_is_left_out_are_told_once():
    """After the table, and after it in a terminal."""
    limits = "`watch` never ends: a fault of the client"
    tests = [found(limits=limits), found("test_x.py::test_two", limits=limits)]
    matrix = after(("pinned", tests), ("newest", tests))
    notes = list(client_matrix.notes(matrix))
    assert notes[0] == f"bot, {TITLE}: {limits}"
    assert len(notes) == 1 + len(matrix.left_out)
    assert [note.split(" is not run: ")[0] for note in notes[1:]] == list(matrix.left_out)
    assert plain(matrix)[-len(notes) :] == notes
    assert f"- {notes[0]}" in markdown(matrix).splitlines()
    assert msgspec.json.decode(msgspec.json.encode(matrix), type=Matrix) == matrix


def test_a_column_has_one_name():
    """A misspelt one is an error, not a column that is empty for ever."""
    assert columns_of(["orders", "resync"]) == ("orders", "resync")
    with pytest.raises(ValueError, match="no such column: order"):
        columns_of(["order"])
