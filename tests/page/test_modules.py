"""The page's files as text: what a module may import and use, so that it works offline and as it is."""

import posixpath
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest

import feed.page

FOLDER = Path(str(resources.files(feed.page)))
FILES = {
    one.relative_to(FOLDER).as_posix(): one.read_text()
    for one in FOLDER.rglob("*")
    if one.suffix in {".js", ".css", ".html", ".svg"}
}
MODULES = {name: text for name, text in FILES.items() if name.endswith(".js")}
MOST_LINES = 300
WIDTH = 120
# What computes and nothing else: the same in, the same out, so that a test can hold them to Python's.
PURE = {
    f"{name}.js"
    for name in [
        "account/orders",
        "admin/connections",
        "admin/timeline",
        "common/checksum",
        "common/exact_json",
        "common/listeners",
        "common/numbers",
        "common/ring",
        "common/times",
        "connection/liveness",
        "connection/messages",
        "connection/progress",
        "connection/session",
        "market/book",
        "market/candles",
        "market/trades",
        "market/venues",
        "panels/ladder_rows",
    ]
}
# By folder, those that its modules may import from beside their own; what stands in none may from all.
BELOW = {
    "common": set(),
    "connection": {"common"},
    "market": {"common", "connection"},
    "account": {"common", "connection"},
    "admin": {"account", "common"},
    "drawing": {"common"},
    "panels": {"account", "admin", "common", "drawing", "market"},
    "styles": set(),
}
OUTSIDE = re.compile(
    r"\b(document|window|globalThis|localStorage|sessionStorage|WebSocket|fetch|setTimeout|setInterval|performance"
    r"|requestAnimationFrame)\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\(|\bcrypto\."
)
NEVER = {
    "markup from text": re.compile(
        r"\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment)\b|document\.write"
    ),
    "a program from text": re.compile(
        r"\beval\(|new Function\(|\bimport\(|set(?:Timeout|Interval)\(\s*['\"`]"
    ),
    "another host": re.compile(r"""['"`(]\s*(?:https?:|wss?:)?//[\w$]"""),
    "a style in markup": re.compile(r"""(?<![-\w])style\s*=\s*["'`\\]|setAttribute\(\s*['"]style"""),
    "a key that stays": re.compile(r"localStorage\.setItem\((?!STORED, chosen\))"),
    "var": re.compile(r"^\s*var\s", re.MULTILINE),
}
REFERENCES = ("aria-labelledby", "aria-controls")
IMPORT = re.compile(r"""^(?:import\b[^;'"]*?|export\b[^;'"]*?\bfrom )['"]([^'"]+)['"];""", re.MULTILINE)


def code(text):
    """A module without its comments, which may name whatever they like."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"(?<![:'\"`])//[^\n]*", "", text)


def imports(name):
    """Names of the files that a module imports."""
    return [
        posixpath.normpath(posixpath.join(posixpath.dirname(name), one))
        for one in IMPORT.findall(MODULES[name])
    ]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_is_small_and_says_what_it_is(name):
    """At most 300 lines of at most 120 columns, the first of which is a comment on what it is for."""
    lines = MODULES[name].splitlines()
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > WIDTH] == []
    assert re.match(r"//|/\*", lines[0])


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_imports_what_is_there(name):
    """Imports are of files of the page: there is no build step that would find others."""
    assert all(one.startswith(("./", "../")) for one in IMPORT.findall(MODULES[name]))
    assert [one for one in imports(name) if one not in MODULES] == []


@pytest.mark.parametrize("name", sorted(name for name in MODULES if "/" in name))
def test_imports_go_from_folder_to_folder_downwards(name):
    """What a folder stands on is said once, above."""
    folder = posixpath.dirname(name)
    assert {posixpath.dirname(one) for one in imports(name)} <= {folder} | BELOW[folder]


def test_every_folder_is_known():
    """There is none but those whose imports are said."""
    assert {posixpath.dirname(name) for name in FILES} == {"", *BELOW}


def test_imports_go_in_no_circle():
    """Whoever reads a module can read what it stands on before."""
    done = set()

    def visit(name, way):
        assert name not in way, " -> ".join([*way, name])
        if name not in done:
            for one in imports(name):
                visit(one, [*way, name])
            done.add(name)

    for name in MODULES:
        visit(name, [])


@pytest.mark.parametrize("name", sorted(PURE & set(MODULES)))
def test_what_computes_touches_nothing(name):
    """Pure modules know no page, no network, no clock and no chance, and import their own kind alone."""
    found = OUTSIDE.search(code(MODULES[name]))
    assert found is None, found
    assert set(imports(name)) <= PURE


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_that_the_policy_forbids(name):
    """No markup or program made of text, no other host, no style in an attribute, no lasting storage."""
    text = code(FILES[name]).replace("http://www.w3.org/2000/svg", "")
    assert {why: found.group() for why, one in NEVER.items() if (found := one.search(text))} == {}


def test_every_module_is_used():
    """Each is reached from the page's first one: what is not would be loaded all the same."""
    reached = set()

    def visit(name):
        if name not in reached:
            reached.add(name)
            for one in imports(name):
                visit(one)

    visit("main.js")
    assert set(MODULES) - reached == set()


class Page(HTMLParser):
    """What a test asks of the page's markup: elements, and the scripts that stand in it."""

    def __init__(self):
        super().__init__()
        self.elements = []
        self.feed(FILES["index.html"])

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


def test_markup_has_its_parts():
    """A language, a size fit for phones, landmarks; each id once, and what is named by another is there."""
    page = Page()
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(one) for one in ("html", "main", "h1", "nav", "title")] == [1] * 5
    assert dict(page.elements)["html"] == {"lang": "en"}
    assert any(given.get("name") == "viewport" for _, given in page.elements)
    ids = [given["id"] for _, given in page.elements if "id" in given]
    assert len(ids) == len(set(ids))
    named = {given[key] for _, given in page.elements for key in REFERENCES if key in given}
    assert named <= set(ids)


def test_markup_carries_no_program():
    """Scripts and styles come from files of this release: the policy lets nothing else run."""
    page = Page()
    scripts = [given for tag, given in page.elements if tag == "script"]
    assert scripts == [{"type": "module", "src": "/page/$version/main.js"}]
    styles = [
        given["href"] for tag, given in page.elements if tag == "link" and given.get("rel") == "stylesheet"
    ]
    assert {one.removeprefix("/page/$version/") for one in styles} == {
        name for name in FILES if name.endswith(".css")
    }
    assert [key for _, given in page.elements for key in given if key.startswith("on")] == []
    assert "style" not in [tag for tag, _ in page.elements]
