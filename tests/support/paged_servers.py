"""A ``feed serve`` with its page open in a tab, its admin key, and the demo keys in use."""

import json
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from processes import PATIENCE_SECONDS, Process

from feed.settings import DEMO_KEY


class PagedServer:
    """
    A server of its own process.

    Attributes:
        url: Where it is, for HTTP.
        key: Its admin key.
    """

    def __init__(self, url, key):
        self.url = url
        self.key = key

    def admin(self, path, body=None, *, method=None):
        """What the admin API answers."""
        return self._ask(f"/admin/{path}", body, {"X-API-Key": self.key}, method)

    def account(self, path, body=None):
        """What the margin account of the demo key answers to a second client; numbers as they are written."""
        answer = self._ask(f"/v1/api/{path}", body, {"Authorization": f"Bearer {DEMO_KEY}"})
        assert answer["success"]
        return answer["data"]

    def _ask(self, path, body, headers, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, headers | {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return json.load(answer, parse_float=str)
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path}: {refused.code} {refused.read()[:300]}") from None


@contextmanager
def paged_server(folder, *options):
    """A server that runs until the block ends; ``folder`` is empty and its own."""
    key, place = folder / "admin.key", folder / "port"
    options = ("--port", 0, "--port-file", place, "--admin-key", key, *options)
    process = Process(sys.executable, "-m", "feed", "serve", *options)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not place.exists():
            assert process.process.poll() is None, process.errors
            assert time.monotonic() < deadline, process.errors
            time.sleep(0.01)
        yield PagedServer(f"http://127.0.0.1:{place.read_text().strip()}", key.read_text().strip())
    finally:
        process.stop()


class Page:
    """
    The page of a server in a tab.

    Args:
        tab: Where.
        server: Of it.
        symbol: The instrument that is shown.
        keys: Whether the demo keys are in use.
        admin: Whether it has the admin key.
        live: Whether the market runs, and is waited for.
    """

    def __init__(self, tab, server, symbol="BTC-USD", *, keys=True, admin=False, live=True):
        self.tab = tab
        tab.go(f"{server.url}/#{symbol}/1m" if symbol else server.url)
        tab.until("window.feedPage?.app.market.book()?.best().ask" if live else "window.feedPage")
        if admin:
            self.run(f"app.keys.set('admin', {{key: {json.dumps(server.key)}}})")
        if keys:
            self.run("app.keys.useDemo()")
            self.until("account", "p.accounts.margin === 'live'")

    def run(self, script):
        """The value of a script that knows ``app``."""
        return self.tab.evaluate(f"(() => {{ const app = feedPage.app; return {script}; }})()")

    def shown(self, panel):
        """What a panel shows."""
        return self.tab.evaluate(f"feedPage.shown().panels[{json.dumps(panel)}]")

    def until(self, panel, condition):
        """The same, once ``condition`` is true of it, which is ``p`` there."""
        shown = f"feedPage.shown().panels[{json.dumps(panel)}]"
        return self.tab.until(f"(() => {{ const p = {shown}; return ({condition}) && p; }})()")

    def write(self, selector, text):
        """Type a text into a field in place of what is there."""
        self.tab.click(selector, times=3)
        self.tab.write(text)
