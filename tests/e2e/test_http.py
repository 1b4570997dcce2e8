"""Real sockets, and HTTP and TLS clients that nobody here wrote."""

import json
import re
import shutil
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import websockets.sync.client
from processes import PATIENCE_SECONDS

from feed.dialects.discovery import dialects

KEY = "tk_live_a1b2c3d4e5f6"
AUTH = {"type": "auth", "apiKey": KEY}
CLIENTS = Path(__file__).parent / "clients"

# As much as any client could ask for.
UNLIMITED = """
[limits]
wrong_keys_per_minute = 1_000_000
[policies.binance]
weight_per_minute = 1_000_000_000
requests_per_5_minutes = 1_000_000_000
[policies.coinbase]
requests_per_second = 1_000_000_000
"""
# What a description cannot say: parameters that exclude each other, times and amounts written as text. A body
# that is far too long is refused before it is read, which the checker does not take for a refusal. Kraken
# refuses with status 200, also a request without a key.
COMBINATIONS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]

[[operations]]
include-path-regex = "^/(binance|coinbase|coinbase-exchange)/"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-path-regex = "^/kraken/"
checks.negative_data_rejection.enabled = false
checks.missing_required_header.enabled = false

[[operations]]
include-path-regex = "api/positions/"
checks.positive_data_acceptance.enabled = false
"""

pytestmark = pytest.mark.e2e


def curl(*arguments):
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        [program, "--silent", "--show-error", "--max-time", f"{PATIENCE_SECONDS}", *arguments],
        capture_output=True,
        check=False,
        timeout=2 * PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def http(url):
    return url.replace("ws", "http", 1)


def read_on(socket):
    """Read whatever comes, to the end."""
    while True:
        socket.recv(PATIENCE_SECONDS)


@pytest.mark.parametrize("protocol", [["--http1.1"], ["--http1.0"], ["--http2"]])
def test_the_published_curl_line_shows_a_price(serve, protocol):
    """SecurityPro's own line, unmodified but for host and key; with every protocol that curl offers."""
    _, url = serve("--speed", 20)
    line = ["-X", "GET", f"{http(url)}/v1/market/ticker?symbol=BTC-USD", "-H", f"X-API-Key: {KEY}"]
    shown = json.loads(curl(*protocol, *line))
    assert list(shown) == ["symbol", "price", "ts"]
    assert shown["symbol"] == "BTC-USD"
    assert float(shown["price"]) > 0


PREFIXES = [dialect.path for dialect in dialects().values() if dialect.prefixed]


@pytest.mark.parametrize("prefix", [*PREFIXES, ""])
def test_the_description_of_the_api_is_true(serve, tmp_path, prefix):
    """Schemathesis asks for all that is described, rightly and wrongly, and finds nothing else."""
    config = tmp_path / "feed.toml"
    config.write_text(UNLIMITED)
    (tmp_path / "schemathesis.toml").write_text(COMBINATIONS)
    # At its own pace: a market that takes all of a busy machine's time has none left for a thousand requests.
    _, url = serve("--config", config, "--http-rate", 1_000_000)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{http(url)}/openapi.json"]
    options = ["--max-examples", "5", "--no-color", "--seed", "1"]
    # Its fourth phase guesses which answer another request needs: what it tries depends on the market.
    options += ["--phases", "examples,coverage,fuzzing"]
    # The protocols that own a prefix each by themselves, then all that has none.
    paths = [f"^{prefix}/"] if prefix else [f"^({'|'.join(PREFIXES)})/"]
    options += [f"--{'include' if prefix else 'exclude'}-path-regex", *paths]
    headers = ["-H", f"X-API-Key: {KEY}", "-H", f"Authorization: Bearer {KEY}"]
    done = subprocess.run(
        [*command, *options, *headers],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    selected, total = map(int, re.search(r"Selected: (\d+)/(\d+)", done.stdout).groups())
    assert total > selected > 10


def test_the_postman_collection_works(serve):
    """Every request in it, with its variables filled in."""
    _, url = serve("--speed", 20)
    with urllib.request.urlopen(f"{http(url)}/securitypro.postman_collection.json") as answer:
        collection = json.load(answer)
    values = {item["key"]: item["value"] for item in collection["variable"]}
    assert values == {"baseUrl": http(url), "apiKey": KEY}
    *asking, refused = collection["item"]
    assert (len(asking), len(refused["item"])) == (4, 4)
    for item in asking:
        asked = item["request"]
        target = asked["url"]["raw"].replace("{{baseUrl}}", values["baseUrl"])
        headers = {
            header["key"]: header["value"].replace("{{apiKey}}", values["apiKey"])
            for header in asked["header"]
        }
        request = urllib.request.Request(target, headers=headers, method=asked["method"])
        with urllib.request.urlopen(request) as answer:
            assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


def test_the_postman_collection_passes_in_newman(serve, newman, run):
    """Every request is asked, and every assertion of it is true."""
    _, url = serve("--speed", 20)
    done = run(*newman, "run", f"{http(url)}/securitypro.postman_collection.json", "--color", "off")
    code, report = done.rest()
    assert code == 0, "\n".join(report)
    assert any("assertions" in line for line in report)


# --- TLS -------------------------------------------------------------------------------------------


@pytest.fixture
def secure(serve, tmp_path):
    """A server that speaks TLS: its process, its URL, and the file of the authority to trust."""
    ca = tmp_path / "ca.pem"
    server, url = serve("--speed", 20, "--tls-self-signed", "--tls-ca", ca)
    while (line := server.line()) != f"  clients must trust {ca}":
        assert line != "See data:"
    return server, url.replace("ws", "wss", 1), ca


def test_websockets_connects_by_wss(secure):
    """With the authority that the server names, and not without."""
    server, url, ca = secure
    context = ssl.create_default_context(cafile=ca)
    with websockets.sync.client.connect(url, ssl=context) as socket:
        assert json.loads(socket.recv())["type"] == "welcome"
        socket.send(json.dumps(AUTH))
        assert json.loads(socket.recv())["success"]
        socket.send(json.dumps({"type": "subscribe", "symbol": "BTC-USD"}))
        assert json.loads(socket.recv())["type"] == "subscribed"
        assert {json.loads(socket.recv())["symbol"] for _ in range(20)} == {"BTC-USD"}
        server.process.terminate()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            read_on(socket)
    assert closed.value.rcvd.code == 1001
    assert server.rest()[0] == 0


def test_a_stranger_is_not_trusted(secure):
    """The certificate is good for those who were told of its authority alone."""
    _, url, _ = secure
    with pytest.raises(ssl.SSLCertVerificationError):
        websockets.sync.client.connect(url, ssl=ssl.create_default_context())


def test_node_connects_by_wss(secure, node, run):
    """Node's ``ws``, which is given the authority by its environment."""
    _, url, ca = secure
    program, folder = node
    env = shutil.which("env")
    client = run(env, f"NODE_EXTRA_CA_CERTS={ca}", program, CLIENTS / "ws.mjs", url, folder / "node_modules")
    kinds = [json.loads(client.line())["type"] for _ in range(8)]
    assert kinds[:3] == ["welcome", "auth", "subscribed"]
    assert set(kinds[3:]) == {"tick"}


def test_curl_asks_by_https(secure):
    """Documents longer than a record, and one connection for two requests."""
    _, url, ca = secure
    target = url.replace("wss", "https", 1)
    shown = curl("--cacert", str(ca), f"{target}/openapi.json", f"{target}/healthz")
    assert shown.endswith(b'{"status":"ok"}')
    assert json.loads(shown.removesuffix(b'{"status":"ok"}'))["openapi"] == "3.1.0"


# --- ports and logs --------------------------------------------------------------------------------


def test_a_protocol_may_have_a_port_of_its_own(serve):
    """Every path there means it."""
    server, _ = serve("--listen", "tradyn=127.0.0.1:0")
    shown = []
    while not shown or "HTTP" not in shown[-1]:
        shown.append(server.line())
    own = shown[-2].split()[-1]
    assert "Tradyn" in shown[-2]
    assert own.startswith("ws://127.0.0.1:")
    assert own.endswith("/")
    with websockets.sync.client.connect(f"{own}whatever?market=BTC-USD") as socket:
        assert json.loads(socket.recv())["type"] == "welcome"


def test_logs_carry_no_key(serve):
    """Wherever a client puts it, rightly or wrongly."""
    server, url = serve("--log-format", "json")
    secret = "tk_live_" + "5" * 32
    for target, *headers in [
        ("/v1/market/ticker?symbol=BTC-USD", "-H", f"X-API-Key: {secret}"),
        ("/api/account", "-H", f"Authorization: Bearer {secret}"),
        ("/marketai/api/v1/account", "-H", f"Authorization: Bearer {secret}"),
        (f"/marketai/api/v1/account?key={secret}",),
        (f"/v1/market/ticker?apiKey={secret}",),
        (f"/{secret}?key={secret}",),
    ]:
        assert secret.encode() not in curl(f"{http(url)}{target}", *headers)
    subscribe = {"op": "subscribe", "channel": "trades", "symbol": "BTC-USD", "apiKey": secret}
    for path, message in [
        (f"/tradyn?key={secret}", {"type": "auth", "apiKey": secret}),
        ("/marketai", {"action": "auth", "key": secret}),
        (f"/market/ws?apiKey={secret}", subscribe),
        (f"/ws?key={secret}", {"type": "subscribe", "apiKey": secret}),
    ]:
        with websockets.sync.client.connect(f"{url}{path}") as socket:
            socket.send(json.dumps(message))
            while "error" not in (shown := socket.recv(PATIENCE_SECONDS)):
                pass
            assert secret not in shown
    with pytest.raises(websockets.InvalidStatus) as refused:
        websockets.sync.client.connect(f"{url}/?key={secret}")
    assert secret.encode() not in refused.value.response.body
    server.process.terminate()
    code, lines = server.rest()
    assert code == 0
    assert secret not in server.errors + "".join(lines)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["keys", "--help"]])
def test_help_does_not_wait_for_a_web_server_to_load(arguments):
    """Hypercorn, Starlette and the rest come with the server alone."""
    program = (
        "import sys; from feed.cli.main import main; main(sys.argv[1:]);"
        "heavy = {'hypercorn', 'starlette', 'prometheus_client', 'trustme', 'trio'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
