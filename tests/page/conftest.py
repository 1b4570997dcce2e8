"""The page's modules in a real browser, served from where they stand, without a market."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources

import pytest

import feed.page


class Files(SimpleHTTPRequestHandler):
    """The files of the page; and a page that has nothing in it."""

    def do_GET(self):
        if self.path != "/empty":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href='data:,'><title>empty</title>")
        return None

    def log_message(self, format, *args):  # noqa: A002 - as in the standard library
        """Quiet: what is missing shows in the test."""


@pytest.fixture(scope="session")
def files():
    """URL of the folder of the page's files."""
    handler = partial(Files, directory=str(resources.files(feed.page)))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def run_js(files, browser):
    """
    Runs a function in the browser; gives what it returns.

    Its parameters are the modules named, as objects, and then what is given, as JSON.
    """
    with browser.tab() as tab:
        tab.go(f"{files}/empty")

        def run(function, *given, modules):
            paths = [f"{files}/{name}.js" for name in modules]
            loaded = f"Promise.all({json.dumps(paths)}.map((path) => import(path)))"
            values = ", ".join(json.dumps(one) for one in given)
            answer = tab.evaluate(
                f"{loaded}.then((modules) => ({function})(...modules{', ' * bool(values)}{values}))"
            )
            assert tab.errors == []
            return answer

        yield run
