"""What the queries of the dashboard ask for, and what a server has to say."""

import json
import socket
import time
import urllib.error
import urllib.request

import promql_parser
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from feed.cli.dashboard import dashboard
from feed.settings import DEMO_KEY

SCRAPED = {"instance", "job"}
"""Labels that Prometheus gives every series of a server."""


def queries(interval="1m"):
    """The queries of every panel, by its title and their legend, as Grafana asks them."""
    chosen = {"$__rate_interval": interval, "$instance": ".*"}
    found = {}
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            text = target["expr"]
            for name, value in chosen.items():
                text = text.replace(name, value)
            found[panel["title"], target["legendFormat"]] = text
    return found


def selectors(query):
    """Every selector of series in a query, and every label that it groups by."""
    found, labels = [], set()
    _walk(promql_parser.parse(query), found, labels)
    return found, labels


def _walk(node, found, labels):
    match node:
        case promql_parser.VectorSelector():
            found.append(node)
        case promql_parser.MatrixSelector():
            found.append(node.vector_selector)
        case promql_parser.AggregateExpr():
            labels |= set(node.modifier.labels if node.modifier else ())
            _walk(node.expr, found, labels)
        case promql_parser.Call():
            for one in node.args:
                _walk(one, found, labels)
        case promql_parser.BinaryExpr():
            _walk(node.lhs, found, labels)
            _walk(node.rhs, found, labels)
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            _walk(node.expr, found, labels)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            pass
        case _:
            raise AssertionError(f"nobody looks into {node}")


def series(text):
    """What Prometheus makes of an answer of ``/metrics``: labels of each series by its name."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


def busy(serve, tmp_path):
    """A server that writes all that it can write, and to which everything has happened once: its URL."""
    key = tmp_path / "admin.key"
    kept = ("--journal", tmp_path / "journal", "--record", tmp_path / "recording", "--log-messages", tmp_path)
    _, url = serve("--seed", 1, "--admin-key", key, *kept)
    order = {"symbol": "BTC-USD", "action": "buy", "volume": 0.01}
    assert json.loads(read(url, "/api/trade", order, Authorization=f"Bearer {DEMO_KEY}"))["success"]
    fault = {"name": "late", "kind": "latency", "latency_ms": 1}
    admin = {"X-API-Key": key.read_text().strip(), "Content-Type": "application/json"}
    assert json.loads(read(url, "/admin/faults", fault, method="POST", **admin))["name"] == "late"
    assert json.loads(read(url, "/nowhere"))["error"]
    with connect(f"{url}/guide") as client:
        client.send('{"type":"subscribe","channels":["ticker_btcusd"]}')
        for _ in range(3):
            client.recv(60)
    while "feed_connections_ended_total{" not in read(url, "/metrics"):
        time.sleep(0.05)
    return url


def read(url, path, body=None, *, method=None, **headers):
    """The body of an answer, whatever its status."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url.replace("ws://", "http://") + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.read().decode()


def answers(url, path):
    """Whether somebody answers there."""
    try:
        return bool(read(url, path))
    except urllib.error.URLError:
        return False


def free_port():
    """A port that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
