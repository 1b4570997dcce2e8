"""A protocol is one folder: without it everything else imports, serves and documents itself."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import feed

PACKAGE = Path(feed.__file__).parent
PROTOCOLS = sorted(path.parent.name for path in (PACKAGE / "dialects").glob("*/__init__.py"))

# Run where the folder is missing: it prints what is served.
PROGRAM = """
import importlib, json, pkgutil, sys, urllib.request
import feed, feed.dialects
from feed.cli.main import main
from feed.dialects.discovery import codecs, dialects
from feed.testing import FeedServer

for module in pkgutil.walk_packages(feed.__path__, "feed."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
codecs()
for words in (["serve", "--help"], ["verify", "--help"], ["config"]):
    if main(words):
        sys.exit(f"feed {' '.join(words)} failed")
with FeedServer(seed=1) as server:
    read = lambda path: urllib.request.urlopen(server.http + path).read().decode()
    described, page = json.loads(read("/openapi.json")), read("/docs")
    answers = [json.loads(read(path)) for path in ("/healthz", "/api/v1/markets")]
print()
print(json.dumps([list(dialects()), list(described["paths"]), page, bool(all(answers))]))
"""


def run(path, *words, seconds):
    """Run Python where one folder of the package is missing."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=path,
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def copy_without(names, path):
    """A copy of the package without the folders of those protocols."""
    shutil.copytree(PACKAGE, path / "feed", ignore=shutil.ignore_patterns("__pycache__"))
    for name in names:
        shutil.rmtree(path / "feed" / "dialects" / name)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_one_folder(name, tmp_path):
    """All of the package works without the folder, and nothing in it speaks of the protocol's own paths."""
    copy_without([name], tmp_path)
    found = run(tmp_path, "-c", PROGRAM, seconds=120)
    assert found.returncode == 0, found.stderr
    left, paths, page, answered = json.loads(found.stdout.splitlines()[-1])
    assert left == [one for one in PROTOCOLS if one != name]
    assert answered
    assert "/openapi.json" in paths
    own = re.compile(rf"/{name}(?![\w-])")  # another protocol's name may begin with this one
    assert not [path for path in paths if own.search(path)]
    assert not own.search(page)


@pytest.mark.e2e
@pytest.mark.parametrize("first", [0, 1], ids=["even", "odd"])
def test_the_other_protocols_pass_the_tests_of_all_without_them(first, tmp_path):
    """Those that protocols share, with every second one gone: a folder speaks of its own alone."""
    copy_without(PROTOCOLS[first::2], tmp_path)
    root = Path(__file__).parents[1]
    for part in ("tests", "scenarios"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    shared = sorted(str(path.relative_to(root)) for path in (root / "tests" / "dialects").glob("test_*.py"))
    words = ("-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=quick", *shared)
    found = run(tmp_path, "-m", "pytest", *words, seconds=900)
    assert found.returncode == 0, found.stdout[-4000:]
