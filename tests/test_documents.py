"""The documents for whoever changes the code: what they name exists, the picture is what is imported."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import feed

ROOT = Path(__file__).parents[1]
PACKAGE = Path(feed.__file__).parent
DOCUMENTS = (
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "README.md",
    "feed/SPEED.md",
    "feed/cluster/CLUSTER.md",
    "feed/cluster/DEPLOYMENT.md",
    "feed/dialects/EXCHANGES.md",
    "feed/durability/DURABILITY.md",
)
PICTURED = ("ARCHITECTURE.md", "README.md")
# A place in the tree, from the top or from the package; those with a NAME in capitals are to be made.
PLACE = re.compile(r"`((?:[a-z_]+/)+(?:[\w.-]+\.(?:py|toml|md))?)`")
BOX = re.compile(r"^ +(\w+)\[", re.MULTILINE)
ARROW = re.compile(r"^ +(\w+)(?:\[.*\])? --> (.+)$", re.MULTILINE)
# What everything may use, and what only starts something.
FREE = {"errors", "settings", "policies", "__version__"}
STARTS = {"__init__", "__main__", "pytest_plugin"}


def drawing(name):
    """The source of the picture in a document."""
    [drawn] = re.findall(r"```mermaid\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
    return drawn


def picture(name):
    """The arrows of a document: package to those that it points at."""
    drawn = drawing(name)
    return {box: set(to.split(" & ")) for box, to in ARROW.findall(drawn)}


def imports():
    """The same of the code, as far as it leaves a package."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        package = path.relative_to(PACKAGE).with_suffix("").parts[0]
        into = found.setdefault(package, set())
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [f"{node.module}.{it.name}" for it in node.names] if isinstance(node, ast.ImportFrom) else []
            )
            names += [it.name for it in node.names] if isinstance(node, ast.Import) else []
            into |= {name.split(".")[1] for name in names if name.startswith("feed.")} - {package}
    return {package: into - FREE for package, into in found.items() if package not in FREE | STARTS}


def test_the_picture_of_packages_is_what_is_imported():
    """Every package is in it, every import goes along its arrows, and no way leads back."""
    arrows, real = picture("ARCHITECTURE.md"), imports()
    assert set(BOX.findall(drawing("ARCHITECTURE.md"))) == set(real)
    reached = {}
    for package in TopologicalSorter(arrows).static_order():  # raises where it goes round
        below = arrows.get(package, set())
        reached[package] = below.union(*(reached[one] for one in below))
    assert {
        package: into - reached[package] for package, into in real.items() if into - reached[package]
    } == {}
    assert {
        package: below - real[package] for package, below in arrows.items() if below - real[package]
    } == {}


def test_there_is_one_picture():
    """The README shows the same."""
    first, second = map(picture, PICTURED)
    assert first == second


@pytest.mark.parametrize("name", DOCUMENTS)
def test_places_that_are_named_exist(name):
    """Files and folders, from the top or from the package."""
    places = [place for place in PLACE.findall((ROOT / name).read_text()) if place == place.lower()]
    missing = [place for place in places if not ((ROOT / place).exists() or (PACKAGE / place).exists())]
    assert missing == []


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_what_is_to_be_read_before_a_change_is_short(name):
    """A page each."""
    assert len((ROOT / name).read_text().splitlines()) <= 120
