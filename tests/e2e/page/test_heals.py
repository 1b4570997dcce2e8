"""Whatever goes wrong on its connection, the page ends with the numbers of the stream, and says so."""

import time
from contextlib import contextmanager

import pytest
from paged_servers import Page, paged_server
from ports import free_port
from processes import PATIENCE_SECONDS
from steering import caught_up, get, pause, seek, step

from feed.client.blocking import connect_blocking
from feed.client.states import Resynced
from feed.model.events import Side

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide", "securitypro")]

SYMBOL = "BTC-USD"
# Small, and with far more trades than a market has.
MARKET = """
format = 1
name = "page"
about = "Two instruments that trade all the time."
seed = {seed}
start = 2024-03-06T14:30:00Z
duration = "9h"

[market]
base = "default"

[market.takers]
updates = 4.0

[[market.instruments]]
symbol = "BTC-USD"

[[market.instruments]]
symbol = "ETH-USD"
"""
COUNTS = "feedPage.app.market.state().counts"
# So many messages of a book in a row are struck. The next one comes after all of them, when the ten best
# levels, which the checksum is over, are others: what the page then asks for is whole. Of a fault that lasts
# until it is taken away the end may strike a deeper level alone, which the page cannot know.
STRUCK = 100


@contextmanager
def served(folder, *options, seed=1):
    """The small market, from a folder that is empty and its own."""
    scenario = folder / "market.toml"
    scenario.write_text(MARKET.format(seed=seed))
    with paged_server(folder, "--scenario", scenario, "--speed", 3, *options) as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A market of its own that runs three times as fast as the clock."""
    with served(tmp_path_factory.mktemp("heals")) as found:
        yield found


@pytest.fixture
def page(browser, server):
    """The page, live; nothing is left of the faults of a test."""
    with browser.tab() as tab:
        server.admin("clock", {"action": "resume"})
        yield Page(tab, server, SYMBOL, keys=False)
        server.admin("faults/reset", {})


@contextmanager
def fault(server, kind, **fields):
    """Something goes wrong with all connections, until the block ends or by itself."""
    server.admin("faults", {"name": f"test-{kind}", "kind": kind, **fields})
    yield
    server.admin(f"faults?name=test-{kind}", method="DELETE")


def refused(server, name):
    """Wait until a fault has turned away somebody."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.admin(f"faults?name={name}")["faults"][0]["refused"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def count(page, name, least=1):
    """What the page has counted, once it is at least that."""
    return page.tab.until(f"{COUNTS}.{name} >= {least} && {COUNTS}")


def assert_equal(page, server, symbol=SYMBOL):
    """The market stands still: book and trades of the page are the stream's."""
    pause(server)
    seq = step(server, 1)
    shown = caught_up(page.tab, seq)
    url = server.url.replace("http", "ws", 1) + "/guide?observer=1"
    with connect_blocking(url, symbols=[symbol], channels=["book"], dialect="guide") as feed:
        next(event for event in feed if isinstance(event, Resynced))
        texts = [[list(row) for row in feed.book(symbol).texts(side)] for side in Side]
    levels = "app.market.book().levels('{}').map((it) => [it.priceText, it.sizeText])"
    assert [page.run(levels.format(side)) for side in ("bid", "ask")] == texts
    for side, rows in zip(("bids", "asks"), texts, strict=True):
        ladder = shown["panels"]["ladder"][side]
        assert [row[:2] for row in ladder] == rows[: len(ladder)]
    told = []
    for one in get(server, f"/v1/market/trades?symbol={symbol}&limit=1000")["trades"]:
        # Those of a time that the market has gone back from are still among them.
        if not told or one["id"] < told[-1]["id"]:
            told.append(one)
    rows = page.run("app.market.trades().newest(100).map((it) => [it.id, it.priceText, it.sizeText, it.seq])")
    assert rows == [[one["id"], one["price"], one["size"], one["seq"]] for one in told][: len(rows)]
    assert len(rows) >= min(len(told), 20)
    return shown


def test_a_connection_that_ends(page, server):
    """It goes on where it was: no gap, no snapshot, and the numbers stand meanwhile."""
    with fault(server, "disconnect"):
        counts = count(page, "connections", 2)
    counts = count(page, "resumed")
    assert (counts["outOfStep"], counts["madeUp"]) == (0, 0)
    page.until("status", "p.connection === 'live'")
    assert_equal(page, server)


def test_a_connection_that_is_mute(page, server):
    """Nothing comes, though it is open: that is shown, the connection given up, and another goes on."""
    with fault(server, "mute"):
        page.run("app.market.session.probe(performance.now())")
        page.until("status", "p.connection === 'stale'")
        assert count(page, "connections", 2)["connections"] == 2
        count(page, "resumed", 2)
    assert_equal(page, server)


def test_messages_that_are_lost(page, server):
    """A book that lost some is asked for anew; trades that were lost are made up for by request."""
    page.tab.until("feedPage.app.market.trades().count > 5")
    with fault(server, "gap", channel="trades", messages=3):
        assert count(page, "madeUp", 3)["madeUp"] == 3
    with fault(server, "gap", channel="book", messages=STRUCK):
        count(page, "outOfStep")
    page.tab.until("feedPage.app.market.book()")
    assert_equal(page, server)


def test_messages_that_come_twice_or_late(page, server):
    """What is known already changes nothing; what was overtaken shows in the checksum."""
    late = fault(server, "reorder", fraction=1, channel="book", messages=STRUCK)
    with fault(server, "duplicate", channel="trades"), late:
        count(page, "duplicates", 3)
        count(page, "outOfStep")
    page.tab.until("feedPage.app.market.book()")
    assert_equal(page, server)


def test_a_checksum_that_is_wrong(page, server):
    """The book is asked for anew, once for each, and that it was so is counted."""
    with fault(server, "broken-checksum", messages=2):
        count(page, "outOfStep")
    page.tab.until("feedPage.app.market.book()")
    assert count(page, "outOfStep")["outOfStep"] <= 2
    assert_equal(page, server)


def test_garbage(page, server):
    """It is counted, shown as text, and nothing else happens."""
    with fault(server, "garbage"):
        counts = count(page, "unreadable")
    assert (counts["unreadable"], counts["connections"], counts["outOfStep"]) == (1, 1, 0)
    assert page.run("app.market.state().unreadable").startswith("#")
    assert_equal(page, server)


def test_market_time_that_goes_back(page, server):
    """Trades and candles of a time that has not come are taken away; the book is that of the earlier time."""
    page.tab.until("feedPage.app.market.trades().count > 5")
    now = pause(server)
    past = now - 4 * 10**9
    seek(server, past)
    page.tab.until(f"feedPage.app.market.time <= {past // 10**6}")
    newest = page.tab.until("feedPage.app.market.trades().newest(1)[0].ts")
    assert newest <= past // 10**6
    step(server, 3000)
    assert_equal(page, server)
    rules = page.run("app.market.trades().newest(200).map((it) => it.rule)")
    assert rules.count("market time went back") == 1


def test_another_market_in_its_place(browser, tmp_path):
    """A server that has another history: what was shown of the first is gone, and the page says why."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with browser.tab() as tab:
        port = free_port()
        with served(first, "--port", port) as server:
            page = Page(tab, server, SYMBOL, keys=False)
            page.tab.until("feedPage.app.market.session._groups.get('trades').since()")
        page.until("status", "['waiting', 'connecting', 'ended'].includes(p.connection)")
        with served(second, "--port", port, seed=2) as server:
            page.run("dispatchEvent(new Event('online'))")  # else it waits for up to 15 s
            page.tab.until("feedPage.app.market.state().text.startsWith('since=')")
            page.tab.until("feedPage.app.market.book()")
            assert_equal(page, server)
            assert page.run("app.market.state().reload") is False  # the same release


def test_a_server_that_is_away_for_a_moment(page, server):
    """Close 1012 and refused handshakes: it tries again, says what it waits for, and goes on."""
    with fault(server, "restart"):
        page.until("status", "p.connection === 'waiting'")
        refused(server, "test-restart")
    # A book that was away for long is asked for anew instead.
    assert count(page, "resumed")["connections"] == 2
    assert_equal(page, server)
