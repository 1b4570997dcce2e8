"""What computes with blocks has neither a clock nor an event loop: time comes in as an argument."""

import ast
from pathlib import Path

import pytest

import feed.cluster

PURE = (
    "block",
    "computed",
    "counts",
    "framing",
    "lease",
    "log_header",
    "logged_commits",
    "messages",
    "origins",
    "outbox",
    "redis/format",
    "redis/present",
    "redis/reading",
    "replica",
    "requests",
    "retention",
    "sequence",
    "snapshot",
    "snapshot_parts",
)


@pytest.mark.parametrize("name", PURE)
def test_the_pure_modules_import_no_clock_and_no_loop(name):
    """Whoever needs these is a shell around them."""
    folder = Path(next(iter(feed.cluster.__path__)))
    tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert not found & {"trio", "time", "datetime", "random", "socket", "os"}
