"""What stands in files that no import reads: the name, the extras, the hooks, what is shipped."""

import ast
import configparser
import re
import tomllib
from pathlib import Path

import pytest

import feed
from feed.cli import doctor
from feed.errors import DISTRIBUTION, install_hint

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
SOURCES = {path: path.read_text() for path in Path(feed.__file__).parent.rglob("*.py")}


def hints():
    """The extras that the code tells people to install."""
    for source in SOURCES.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "install_hint":
                yield ast.literal_eval(node.args[0])


def test_the_distribution_is_called_what_hints_call_it():
    """The name is another than the import's; nothing else in the package spells it."""
    assert PROJECT["project"]["name"] == DISTRIBUTION
    assert install_hint("tail") == f"python -m pip install '{DISTRIBUTION}[tail]'"
    spelt = {path.name for path, source in SOURCES.items() if DISTRIBUTION in source}
    assert spelt == {"errors.py"}


def test_every_hint_names_an_extra_that_exists():
    """And every extra has somebody who speaks of it."""
    assert set(hints()) == set(EXTRAS)
    worded = {path.name for path, source in SOURCES.items() if re.search(r"pip install '?feed\b", source)}
    assert not worded


@pytest.mark.parametrize(("library", "hint"), [(name, hint) for name, _, hint in doctor.OPTIONAL])
def test_an_extra_brings_what_is_missing(library, hint):
    """The command that the doctor prints installs the library that it did not find."""
    extra = hint.partition("[")[2].partition("]")[0]
    distribution = library.replace("_", "-")
    assert any(re.match(rf"{distribution}\b", requirement) for requirement in EXTRAS[extra])


def test_hooks_run_the_lint_of_tox():
    """The same commands in the same order, with the ruff that tox would install."""
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    commands = tox["testenv:lint"]["commands"].strip().splitlines()
    assert re.findall(r"entry: (.+)", hooks) == commands
    [group] = tox["testenv:lint"]["dependency_groups"].split()
    wanted = PROJECT["dependency-groups"][group]
    assert {*re.findall(r'additional_dependencies: \["(.+)"\]', hooks)} == {*wanted}


def test_what_a_source_distribution_ships_is_there():
    """Each path that is listed exists, and what tests read is among them."""
    shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [name for name in shipped if not (ROOT / name).exists()] == []
    assert {
        "tests",
        "examples",
        "tox.ini",
        ".pre-commit-config.yaml",
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
    } <= {*shipped}
