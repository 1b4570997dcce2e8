"""``feed faults``: what goes wrong on the links of a running server's clients, from the command line."""

import pytest

from feed.testing import FeedServer


@pytest.fixture
def admin(tmp_path):
    """A running server, and the options that say so."""
    with FeedServer() as server:
        path = tmp_path / "admin.key"
        path.write_text(server.admin_key, encoding="ascii")
        yield ("--url", server.http, "--admin-key", path)


def test_a_fault_is_added_listed_and_removed(run, admin):
    """One line for each, with what it is, whom it struck and how long it goes on."""
    code, out, err = run("faults", "add", "slow", "latency", "latency_ms=200", "aim.dialect=guide", *admin)
    assert (code, err) == (0, "")
    head, line = out.splitlines()
    assert head.split() == ["name", "kind", "settings", "struck", "refused", "state"]
    cells = "slow latency latency_ms=200.0 jitter_ms=0 aim.dialect=guide 0 0 until removed"
    assert " ".join(line.split()) == cells
    assert run("faults", "add", "noise", "garbage", *admin)[0] == 0
    assert run("faults", "add", "away", "mute", "duration_seconds=600", *admin)[0] == 0
    lines = run("faults", "list", *admin)[1].splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["slow", "noise", "away"]
    assert lines[1].split() == ["noise", "garbage", "0", "0", "over"]
    assert lines[2].endswith(" s left")
    assert run("faults", "remove", "slow", *admin)[0] == 0
    code, out, _ = run("faults", "remove", "--all", *admin)
    assert (code, [line.split()[0] for line in out.splitlines()[1:]]) == (0, ["noise", "away"])
    assert run("faults", "list", *admin)[1].splitlines()[1:] == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("add x latencyy", "Invalid value 'latencyy' - at `$.kind`; known are latency, jitter,"),
        ("add x latency latency_ms=-1", ">= 0.0 - at `$.latency_ms`"),
        ("add x latency latency_ms", "faults add: 'latency_ms' is not FIELD=VALUE; such as latency_ms=200"),
        ("add x mute aim=1 aim.key=a", "'aim.key=a' does not go with aim="),
        ("remove x", "There is no fault 'x'; there are none"),
        ("remove", "faults remove: needs a NAME, or --all"),
        ("remove x --all", "faults remove: needs a NAME, or --all"),
        ("add x", "faults add: KIND is missing"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run, admin, line, words):
    """In the server's words, where it is the server that knows."""
    code, out, err = run("faults", *line.split(), *admin)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_nobody_answers(run, tmp_path):
    """A server that is not there, a key that is no key, and a URL that is none."""
    path = tmp_path / "admin.key"
    assert "--admin-key" in run("faults", "list", "--admin-key", path)[2]
    path.write_text("short", encoding="ascii")
    assert "holds no key" in run("faults", "list", "--admin-key", path)[2]
    path.write_text("a" * 32, encoding="ascii")
    code, _, err = run("faults", "list", "--admin-key", path, "--url", "http://127.0.0.1:1")
    assert (code, err.count("\n")) == (2, 1)
    assert "no answer" in err
    for url in ("127.0.0.1:8080", "ftp://x", "http://[", "http:///"):
        assert "is no URL of a server" in run("faults", "list", "--admin-key", path, "--url", url)[2]
    assert "--admin-key" in run("faults", "list")[2]
