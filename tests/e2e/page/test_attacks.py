"""Pages of others, in the browser of whoever runs a server: what they reach of it, and of its page."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import FOREIGN
from paged_servers import Page, paged_server

from feed.dialects.discovery import dialects
from feed.server.http.page import assets
from feed.settings import DEMO_KEY

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("guide", "tradyn")]

ORDER = {"symbol": "EURUSD", "action": "buy", "volume": 0.01}
TRADING = [one.path for one in dialects().values() if one.trades]
# Everything that a page may try from its own script; each gives what it got, as text.
TRIES = """
const server = %s, key = %s, order = %s;
const said = (promise) => promise.then(
  async (answer) => `${answer.status} ${answer.type} ${(await answer.text()).slice(0, 200)}`,
  (error) => error.name);
const post = (path, headers, more) =>
  said(fetch(server + path, {method: 'POST', headers, body: order, ...more}));
const socket = (path) => new Promise((done) => {
  const made = new WebSocket(server.replace('http', 'ws') + path);
  made.onopen = () => { made.close(); done('open'); };
  made.onerror = () => done('refused');
});
"""


def tries(server, key, calls):
    """The results of ``calls``, expressions of JavaScript by name, made in a page."""
    start = TRIES % (json.dumps(server), json.dumps(key), json.dumps(json.dumps(ORDER)))
    made = ", ".join(f"{json.dumps(name)}: await {call}" for name, call in calls.items())
    return f"(async () => {{ {start} return {{ {made} }}; }})()"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A market, with its demo keys."""
    with paged_server(tmp_path_factory.mktemp("attacked"), "--seed", 1) as found:
        yield found


@pytest.fixture(scope="module")
def foreign():
    """A web server of somebody else: its origin, and what its pages are by path."""
    pages = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = pages.get(self.path, "<!doctype html>").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://{FOREIGN}:{httpd.server_port}", pages
        httpd.shutdown()


@pytest.fixture(autouse=True)
def _nothing_was_ordered(server):
    """Whatever is tried, the account is as it was."""
    before = server.account("positions"), server.account("orders")
    yield
    assert (server.account("positions"), server.account("orders")) == before


def test_a_page_that_rebinds_its_name_reaches_nothing_of_its_owner(tab, server):
    """Its origin is then that of the server; what gives it away is the name that it asks by."""
    rebound = server.url.replace("127.0.0.1", FOREIGN)
    tab.watch_network()
    tab.go(f"{rebound}/")
    assert tab.statuses == {f"{rebound}/": 403}
    file = f"/page/{assets().version}/main.js"
    calls = {
        "page": "said(fetch('/', {headers: {Accept: 'text/html'}}))",
        "file": f"said(fetch('{file}'))",
        "order": f"post('/v1/api/trade', {{Authorization: 'Bearer {DEMO_KEY}'}})",
        "clock": "said(fetch('/admin/clock', {headers: {'X-API-Key': key}}))",
        "connections": "said(fetch('/admin/connections', {headers: {'X-API-Key': key}}))",
        "faults": "said(fetch('/admin/faults/reset', {method: 'POST', headers: {'X-API-Key': key}}))",
        **{path: f"socket('{path}')" for path in TRADING},
    }
    found = tab.evaluate(tries(rebound, server.key, calls))
    for name in ("page", "file", "order", "clock", "connections", "faults"):
        assert found[name].startswith("403 basic"), (name, found[name])
    assert {found[path] for path in TRADING} == {"refused"}


def test_a_page_of_another_origin_can_neither_act_nor_read(tab, server, foreign):
    """Neither with headers that need leave, nor with requests that need none."""
    origin, _ = foreign
    tab.go(f"{origin}/")
    plain = "{'Content-Type': 'text/plain'}"
    calls = {
        "page": "said(fetch(server + '/', {headers: {Accept: 'text/html'}}))",
        "module": f"said(import(server + '/page/{assets().version}/main.js'))",
        "order": f"post('/v1/api/trade', {{Authorization: 'Bearer {DEMO_KEY}'}})",
        "blind order": f"post('/v1/api/trade', {plain}, {{mode: 'no-cors'}})",
        "clock": "said(fetch(server + '/admin/clock', {headers: {'X-API-Key': key}}))",
        "blind pause": f"post('/admin/clock', {plain}, {{mode: 'no-cors'}})",
        "messages": "said(fetch(server + '/admin/connections/messages?connection=1'))",
        **{path: f"socket('{path}')" for path in TRADING},
    }
    found = tab.evaluate(tries(server.url, server.key, calls))
    for name in ("page", "module", "order", "clock", "messages"):
        assert found[name] == "TypeError", (name, found[name])
    assert found["blind order"].startswith("0 opaque")
    assert {found[path] for path in TRADING} == {"refused"}
    assert server.admin("clock")["state"] == "running"


def test_a_form_of_another_page_orders_nothing(tab, server, foreign):
    """It needs no leave to be sent, and is refused by where it comes from."""
    origin, pages = foreign
    trade = f"{server.url}/v1/api/trade"
    body = """name='{"symbol":"EURUSD","action":"buy","volume":0.01,"a":"' value='"}'"""
    form = f'<form method=post enctype=text/plain action="{trade}"><input {body}></form>'
    pages["/form"] = f"<!doctype html>{form}"
    tab.watch_network()
    tab.go(f"{origin}/form")
    tab.evaluate("document.forms[0].submit()")
    tab.until(f"location.origin === '{server.url}' && document.readyState === 'complete'")
    assert tab.statuses[trade] == 403


def test_the_page_is_in_no_frame(tab, server, foreign):
    """Nobody lays it, invisible, under a click; framed it is not even loaded."""
    origin, pages = foreign
    pages["/frame"] = f'<!doctype html><iframe src="{server.url}/"></iframe><iframe src="/empty"></iframe>'
    before = server.admin("connections")["open"]
    tab.go(f"{origin}/frame")
    tab.until("frames.length === 2 && frames[1].location.pathname === '/empty'")
    assert any("frame-ancestors" in one or "X-Frame-Options" in one for one in tab.errors), tab.errors
    assert server.admin("connections")["open"] == before


def test_what_comes_from_outside_is_text(tab, server):
    """Markup in the reason of a close, in garbage, and in the address of the page makes no element."""
    page = Page(tab, server, "BTC-USD", keys=False)
    mark = "<img src=x onerror=document.title=1>"
    own = page.run("app.server.page")
    found = server.admin("connections")["connections"]
    [mine] = [one for one in found if own in one["target"] and one["protocol"] == "guide"]
    aim = {"connection": mine["connection"]}
    server.admin("faults", {"name": "close", "kind": "disconnect", "aim": aim, "code": 4000, "reason": mark})
    tab.until(f"document.body.textContent.includes({json.dumps(mark)})")
    page.run(f"(location.hash = '#{mark}/1m')")
    tab.until("window.feedPage.app.market.book()?.best().ask")
    assert tab.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    assert tab.evaluate("document.title") != "1"
    # And who tries to write markup is stopped by the browser.
    with pytest.raises(AssertionError, match="TrustedHTML"):
        tab.evaluate("document.body.innerHTML = '<b>x</b>'")


def test_the_page_asks_nobody_else(tab, server):
    """All that it loads, and every socket that it opens, is of the server that it came from."""
    tab.watch_network()
    page = Page(tab, server, admin=True)
    page.tab.until("document.querySelectorAll('[data-panel=connections] tr').length")
    own = (server.url, server.url.replace("http", "ws", 1))
    assert len(tab.requests) > 40
    assert [url for url in tab.requests if not url.startswith(own)] == []
    assert tab.errors == []


def test_the_page_keeps_no_key_where_another_page_finds_it(tab, server):
    """Nothing in its address, in cookies or in storage that outlives the tab."""
    page = Page(tab, server, admin=True)
    kept = page.tab.evaluate("JSON.stringify([{...localStorage}, document.cookie, location.href])")
    assert server.key not in kept
    assert DEMO_KEY not in kept
