"""What the doctor finds, and what it says to do."""

import resource
import socket

import pytest

from feed.cli import doctor


def test_it_looks_at_everything(run):
    """Python, the port, files and each optional part; exit code 0 when feed can run."""
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("ok    Python 3.")
    assert len(lines) == 3 + len(doctor.OPTIONAL)


def test_an_old_python_is_bad(run, monkeypatch):
    """Exit code 1."""
    assert doctor.python((3, 10, 1)).good is False
    monkeypatch.setattr(doctor, "python", lambda: doctor.Check(False, "Python 3.10.1", "3.11 is needed"))
    code, out, _ = run("doctor")
    assert (code, out.splitlines()[0]) == (1, "bad   Python 3.10.1; 3.11 is needed")


def test_a_port_in_use_is_noted():
    """With the way around it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        check = doctor.port(number)
    assert (check.good, check.hint) == (None, "feed serve --port 0 takes a free one")
    assert doctor.port(0).good


@pytest.mark.parametrize(
    ("limits", "hint"),
    [
        ((1024, 4096), "raise the hard limit, or feed serve --max-connections 924"),
        ((1024, 20_000), "ulimit -n 10100, or feed serve --max-connections 924"),
        ((10_100, 10_100), ""),
    ],
)
def test_a_low_limit_on_files_is_noted(monkeypatch, limits, hint):
    """How to raise it, or how many connections it allows."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    assert doctor.files(10_000).hint == hint


def test_a_missing_part_is_noted():
    """What it would be for, and how to get it."""
    check = doctor.part("no_such_library", "colours", "pip install colours")
    assert check == doctor.Check(None, "no_such_library is not installed: no colours", "pip install colours")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_one_line(run, shell):
    """For the shell's start-up file."""
    code, out, err = run("completion", shell)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert f"_FEED_COMPLETE={shell}_source feed" in out
