"""Which dialect a request target means."""

from types import SimpleNamespace

import pytest

from feed.dialects import discovery
from feed.dialects.discovery import dialects, route


@pytest.fixture
def three(monkeypatch):
    """A market by query, a key by query, and one that takes what is left."""
    found = {
        "key": SimpleNamespace(path="/key", prefixed=False, aliases=(), root_query="key"),
        "market": SimpleNamespace(
            path="/market", prefixed=False, aliases=("/v1/market", "/ws"), root_query="market"
        ),
        "nowhere": SimpleNamespace(path="/nowhere", prefixed=False, aliases=(), root_query=None),
        "rest": SimpleNamespace(path="/rest", prefixed=False, aliases=(), root_query=""),
    }
    monkeypatch.setattr(discovery, "dialects", lambda: found)
    return found


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("/key", {}, "key"),
        ("/key", {"market": "X"}, "key"),
        ("/market", {}, "market"),
        ("/v1/market", {"key": "k"}, "market"),
        ("/ws", {}, "market"),
        ("/nowhere", {}, "nowhere"),
        ("/", {"key": "k"}, "key"),
        ("/", {"market": "X"}, "market"),
        ("/", {"market": ""}, "market"),
        ("/", {}, "rest"),
        ("/", {"other": "1"}, "rest"),
        ("/rest", {}, "rest"),
    ],
)
def test_target_names_one_dialect(three, path, query, name):
    """A path of its own decides, then the query at the root, then whoever takes what is left."""
    assert route(path, query) is three[name]


@pytest.mark.parametrize("path", ["", "/elsewhere", "/key/", "/KEY", "//", "/ws/x"])
def test_unknown_path_names_none(three, path):
    """Paths are compared whole; the query counts at the root alone."""
    del three
    assert route(path, {"key": "k"}) is None


def test_root_names_none_when_nobody_takes_what_is_left(three):
    """Then a query parameter is needed."""
    del three["rest"]
    assert route("/", {}) is None
    assert route("/", {"key": "k"}) is three["key"]


def test_dialects_are_found_once_and_in_order():
    """Each under its own name, alphabetically."""
    assert list(dialects()) == sorted(dialects())
    assert [dialect.name for dialect in dialects().values()] == list(dialects())
    assert dialects() is dialects()


def test_no_two_dialects_claim_the_same_target():
    """Neither a path nor a query parameter of the root."""
    paths = [path for dialect in dialects().values() for path in (dialect.path, *dialect.aliases)]
    queries = [dialect.root_query for dialect in dialects().values() if dialect.root_query is not None]
    assert len(set(paths)) == len(paths)
    assert len(set(queries)) == len(queries)


@pytest.mark.protocols("tradyn")
def test_what_speaks_first_takes_the_root():
    """The tick server's address has neither path nor query."""
    assert route("/", {}) is dialects()["tradyn"]
    assert route("/tradyn", {}) is dialects()["tradyn"]
