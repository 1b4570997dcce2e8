"""Steering in the page: the clock, the script, who is connected, their messages, and faults by a button."""

import json
from contextlib import ExitStack, suppress

import pytest
from paged_servers import Page, paged_server
from processes import PATIENCE_SECONDS
from steering import arrived
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from feed.settings import DEMO_KEY

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide", "tradyn")]

CLOCK = "[data-panel=clock]"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The default market."""
    with paged_server(tmp_path_factory.mktemp("control"), "--seed", 1) as found:
        yield found


@pytest.fixture(scope="module")
def opened(browser, server):
    """The page with the admin key."""
    with browser.tab() as tab:
        page = Page(tab, server, admin=True)
        page.until("clock", "p.seq")
        yield page


@pytest.fixture
def page(opened):
    """The same; nothing has gone wrong in it since."""
    yield opened
    # A refusal is an answer like any other.
    assert [one for one in opened.tab.errors if "responded with a status of 409" not in one] == []


@pytest.fixture
def bot(server):
    """Opens connections of clients, which subscribe with a key; gives the socket, and the number of each."""

    def start(symbol="BTC-USD"):
        url = f"{server.url.replace('http', 'ws')}/guide?ext=seq"
        socket = stack.enter_context(connect(url, close_timeout=0.2))
        number = max(at for at, one in connections_of(server).items() if not one["observer"])
        socket.send(json.dumps({"type": "auth", "key": DEMO_KEY}))
        socket.send(json.dumps({"type": "subscribe", "channels": [f"ticker_{symbol}", f"signals_{symbol}"]}))
        while json.loads(socket.recv(PATIENCE_SECONDS))["type"] != "subscribed":
            pass
        return socket, number

    with ExitStack() as stack:
        yield start


def press(page, text, panel):
    """Click the button of a panel that says so."""
    buttons = f"[...document.querySelectorAll('[data-panel={panel}] button')]"
    page.tab.until(f"{buttons}.some((one) => one.textContent === '{text}' && !one.disabled)")
    mark = f"{buttons}.find((one) => one.textContent === '{text}').dataset.pressed = 'now'"
    page.tab.evaluate(mark)
    page.tab.click("[data-pressed=now]")
    page.tab.evaluate("delete document.querySelector('[data-pressed=now]')?.dataset.pressed")


def hear(socket, server):
    """Read up to a message of an event that has not come yet."""
    now = server.admin("clock")["seq"]
    while json.loads(socket.recv(PATIENCE_SECONDS)).get("seq", 0) <= now:
        pass


def on_its_way(socket):
    """Messages that were sent, and are not read yet."""
    assert socket.ping().wait(PATIENCE_SECONDS)  # which is answered behind them
    heard = []
    with suppress(TimeoutError):
        while True:
            heard.append(socket.recv(0.1))
    return heard


def connections_of(server):
    """What the admin API tells of each connection, by number."""
    return {one["connection"]: one for one in server.admin("connections?limit=200")["connections"]}


def choose(page, number):
    """Click the row of a connection, once it is there."""
    page.tab.click("#t-connections")
    page.until("connections", f"p.connections.some((one) => one.connection === {number} && one.subscribed)")
    page.tab.click(f"[data-panel=connections] tr[data-id='{number}']")
    page.until("connections", f"p.chosen === {number}")


def test_the_clock(page, server):
    """Pause, step, speed and seek act on the market, and the page shows where that stands."""
    press(page, "Pause", "clock")
    page.until("clock", "p.state === 'paused'")
    at = server.admin("clock")
    assert at["state"] == "paused"
    page.until("clock", f"p.seq === {at['seq']} && p.time === {at['time'] // 1_000_000}")
    page.tab.evaluate(f"document.querySelector('{CLOCK} [aria-label=\"Events of a step\"]').value = '100'")
    press(page, "Step", "clock")
    page.until("clock", f"p.seq >= {at['seq'] + 100}")
    stepped = server.admin("clock")
    assert at["seq"] + 100 <= stepped["seq"] < at["seq"] + 200
    page.tab.evaluate("document.activeElement.blur()")
    page.tab.press(" ")
    page.until("clock", "p.state === 'running'")
    page.tab.evaluate(
        f"""{{ const speed = document.querySelector('{CLOCK} [aria-label=Speed]');
        speed.value = '10'; speed.dispatchEvent(new Event('change')); }}"""
    )
    page.until("clock", "p.speed === 10")
    assert float(server.admin("clock")["speed"]) == 10
    page.tab.evaluate("document.activeElement.blur()")
    page.tab.press(" ")
    page.until("clock", "p.state === 'paused'")
    server.admin("clock", {"action": "speed", "speed": 1})


def test_seeking_back(page, server):
    """The page goes back with the market: its book is that of then."""
    server.admin("clock", {"action": "pause"})
    late = server.admin("clock")["time"] // 1_000_000
    target = page.run(f"new Date({late} - 2000).toISOString()")
    page.write(f"{CLOCK} .seek", target)
    page.tab.press("Enter")
    page.until("clock", f"p.time && p.time <= {late} - 1500")
    at = arrived(server)
    page.tab.until(f"feedPage.app.market.state().seq === {at['seq']} && feedPage.app.market.book()")
    server.admin("clock", {"action": "resume"})


def test_connections_and_messages(page, bot, server):
    """A client's row tells what it listens to; its messages are shown without its key."""
    socket, number = bot("ETH-USD")
    choose(page, number)
    rows = {one["connection"]: one for one in page.shown("connections")["connections"]}
    assert (rows[number]["key"], rows[number]["subscribed"]) == ("demo", 2)
    assert sorted(rows[number]["subscriptions"]) == ["signals ETH-USD", "ticker ETH-USD"]
    page_of = f"page={page.run('app.server.page')}"
    assert {one["protocol"] for one in rows.values() if page_of in one["target"] and one["observer"]} >= {
        "guide",
        "tradyn",
    }
    press(page, "Messages", "connections")
    page.until("messages", f"p.connection === {number} && p.messages.length")
    assert connections_of(server)[number]["tapped"]
    secret = "tk_live_wrong_0123456789"
    socket.send(json.dumps({"type": "auth", "key": secret}))
    socket.send(json.dumps({"type": "list"}))
    shown = page.until("messages", "p.messages.some((one) => one.message?.includes('subscriptions'))")
    said = [one for one in shown["messages"] if one["direction"] == "in"]
    assert [json.loads(one["message"])["type"] for one in reversed(said)] == ["auth", "list"]
    assert secret not in json.dumps(shown) + page.tab.evaluate("document.body.outerHTML")


def test_mute_this_client(page, bot, server):
    """The button mutes that one client, and not its neighbour; pressed again, it ends."""
    (muted, number), (other, _) = bot(), bot()
    choose(page, number)
    press(page, "Mute", "connections")
    page.until("connections", f"p.atWork.includes('page-mute-{number}')")
    struck = "p.connections.filter((one) => one.faults.length).map((one) => one.connection).join()"
    page.until("connections", f"{struck} === '{number}'")
    on_its_way(muted)
    hear(other, server)
    assert on_its_way(muted) == []
    press(page, "End mute", "connections")
    page.until("connections", "!p.atWork.length")
    hear(muted, server)


def test_disconnect_this_client(page, bot, server):
    """The button closes that one connection, and its messages say how it ended."""
    (gone, number), (stays, _) = bot(), bot()
    choose(page, number)
    press(page, "Messages", "connections")
    page.until("messages", f"p.connection === {number} && p.messages.length")
    choose(page, number)
    press(page, "Disconnect", "connections")
    page.until("connections", f"p.connections.every((one) => one.connection !== {number})")
    page.tab.click("#t-messages")
    assert page.until("messages", "p.closed")["closed"]["code"] == 1001
    with pytest.raises(ConnectionClosed, match="1001"):
        hear(gone, server)
    hear(stays, server)


def test_what_the_market_refuses(page, server):
    """A market in which accounts have traded cannot go back: its sentence stands beside the clock."""
    server.account("trade", {"symbol": "BTC-USD", "action": "buy", "volume": 0.01})
    page.write(f"{CLOCK} .seek", page.run("new Date(app.market.time - 2000).toISOString()"))
    page.tab.press("Enter")
    page.until("clock", "p.problem === 'accounts have traded: the market cannot go back'")


def shown_start(server):
    """Market time at which the script begins, nanoseconds."""
    return server.admin("scenario")["data"]["start"]


def test_a_watcher_changes_nothing(tab, tmp_path):
    """A market that waits for a client does not begin for a page, which shows its script meanwhile."""
    options = ("--scenario", "flash-crash", "--wait-clients", 1)
    with paged_server(tmp_path, *options) as server:
        page = Page(tab, server, "", admin=True, live=False)
        page.until("clock", "p.state === 'waiting'")
        tab.click("#t-timeline")
        shown = page.until("timeline", "p.rows.length && p")
        assert shown["name"]
        assert {one["state"] for one in shown["rows"]} == {"ahead"}
        begun = server.admin("clock")["seq"]
        page.until("clock", f"p.seq === {begun}")
        assert server.admin("clock") == {**server.admin("clock"), "state": "waiting", "seq": begun}
        with connect(f"{server.url.replace('http', 'ws')}/guide", close_timeout=0.2) as socket:
            symbol = page.run("app.market.instruments()[0].symbol")
            socket.send(json.dumps({"type": "subscribe", "channels": [f"ticker_{symbol}"]}))
            page.until("clock", "p.state !== 'waiting'")
            server.admin("clock", {"action": "seek", "time": shown_start(server) + 31_000_000_000})
            page.until("timeline", "p.rows.some((one) => one.state !== 'ahead')")
    assert [one for one in tab.errors if "WebSocket" not in one and "net::ERR" not in one] == []


def test_who_is_connected_elsewhere(tab, tmp_path):
    """Where another process has the market, the page says whose list it is, not that nobody is connected."""
    with paged_server(tmp_path, "--seed", 1, "--workers", 1) as workers:
        page = Page(tab, workers, keys=False, admin=True)
        tab.click("#t-connections")
        page.until(
            "connections", "!p.open && p.said.startsWith('clients of this server itself are not listed')"
        )


def test_who_is_connected_here(page):
    """Where this page's own connection is listed, nothing is missing."""
    page.tab.click("#t-connections")
    page.until("connections", "p.open && p.said === ''")
