"""An alert of a client's, from the request that makes it to the socket and to a program behind a URL."""

import base64
import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest
from websockets.sync.client import connect

KEY = "tk_live_a1b2c3d4e5f6"
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.e2e


@pytest.fixture
def receiver():
    """A web server of a client's: its URL, and what is posted there; the first attempt is refused."""
    posted = Queue()

    class Handler(BaseHTTPRequestHandler):
        answers = iter((500,))

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.put((dict(self.headers), body))
            self.send_response(next(self.answers, 200))
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", posted
    server.shutdown()
    thread.join()
    server.server_close()


def ask(url, path, body=None):
    """The answer to a request with the key."""
    request = urllib.request.Request(
        url.replace("ws", "http", 1) + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-API-Key": KEY, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_an_alert_is_told_on_the_socket_and_pushed_with_a_signature(serve, receiver, tmp_path):
    """The same message; tried again with the same id until it is taken."""
    config = tmp_path / "feed.toml"
    config.write_text("[webhooks]\nretry_seconds = 0.01\n")
    _, url = serve("--config", config, "--seed", 1, "--webhook-allow", "127.0.0.0/8")
    target, posted = receiver
    made = ask(url, "/guide/api/v1/webhooks", {"url": target, "channels": ["alerts"]})
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    with connect(f"{url}/ws?ext=seq") as socket:
        for said in (
            {"type": "auth", "key": KEY},
            {"type": "subscribe", "channels": ["alerts"]},
        ):
            socket.send(json.dumps(said))
            assert json.loads(socket.recv(PATIENCE_SECONDS))["type"] in ("authenticated", "subscribed")
        wanted = {"condition": "volume", "symbol": "BTC-USD", "threshold": "0.0001", "window": 60}
        alert = ask(url, "/guide/api/v1/alerts", wanted)
        told = socket.recv(PATIENCE_SECONDS)
    assert json.loads(told)["alerts"][0]["id"] == alert["id"]
    (first, _), (headers, body) = (posted.get(timeout=PATIENCE_SECONDS) for _ in range(2))
    assert body.decode() == told
    assert first["webhook-id"] == headers["webhook-id"]
    signed = b"%s.%s.%s" % (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_nothing_is_sent_into_this_machine_unless_the_operator_says_so(serve, receiver):
    """Neither by address nor by a name that points here."""
    _, url = serve()
    target, posted = receiver
    for wrong in (target, target.replace("http", "https"), "https://[::ffff:127.0.0.1]/"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(url, "/guide/api/v1/webhooks", {"url": wrong, "channels": ["alerts"]})
        with refused.value as answer:
            assert answer.code == 403
    port = target.rpartition(":")[2].partition("/")[0]
    ask(url, "/guide/api/v1/webhooks", {"url": f"https://localhost:{port}/", "channels": ["alerts"]})
    ask(
        url,
        "/guide/api/v1/alerts",
        {"condition": "volume", "symbol": "BTC-USD", "threshold": "0.0001", "window": 60},
    )
    for _ in range(PATIENCE_SECONDS * 20):
        (shown,) = ask(url, "/guide/api/v1/webhooks")
        if shown["error"]:
            break
        time.sleep(0.05)
    assert shown["error"] == "localhost is no public address"
    assert posted.empty()
