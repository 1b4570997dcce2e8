"""A protocol is one folder: without it everything else imports, serves and documents itself."""

import json
import os
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


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_one_folder(name, tmp_path):
    """All of the package works without the folder, and nothing in it speaks of the protocol's own paths."""
    shutil.copytree(PACKAGE, tmp_path / "feed", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(tmp_path / "feed" / "dialects" / name)
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    left, paths, page, answered = json.loads(found.stdout.splitlines()[-1])
    assert left == [one for one in PROTOCOLS if one != name]
    assert answered
    assert "/openapi.json" in paths
    assert not [path for path in paths if name in path]
    assert f"<td>/{name}" not in page
