"""The dashboard's queries, answered by Prometheus itself, which reads a server's figures."""

import json
import math
import shutil
import time
from urllib.parse import quote

import prometheus
import pytest
from environments import call
from websockets.sync.client import connect

PATIENCE_SECONDS = 60
INTERVAL_SECONDS = 1
CONFIG = """
global: {{scrape_interval: {interval}s}}
scrape_configs: [{{job_name: feed, static_configs: [{{targets: ["{target}"]}}]}}]
"""

pytestmark = [pytest.mark.clients, pytest.mark.protocols("tradyn", "guide")]


@pytest.fixture
def engine(pytestconfig, run, tmp_path):
    """Starts a Prometheus that reads one server; gives its URL."""
    processes = []

    def start(target):
        program = shutil.which("prometheus") or unpacked(pytestconfig.cache.mkdir("clients") / "prometheus")
        (tmp_path / "prometheus.yml").write_text(CONFIG.format(interval=INTERVAL_SECONDS, target=target))
        port = prometheus.free_port()
        process = run(
            program,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'series'}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        processes.append(process)
        return f"http://127.0.0.1:{port}"

    return start


def unpacked(folder):
    """The program of Debian's package, which need not be installed."""
    program = folder / "usr" / "bin" / "prometheus"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        call("apt-get", "download", "prometheus", cwd=folder)
        (package,) = folder.glob("*.deb")
        call("dpkg", "-x", package, folder)
    return program


def ask(engine, query):
    """What an engine makes of a query now."""
    found = json.loads(prometheus.read(engine, f"/api/v1/query?query={quote(query)}"))
    assert found["status"] == "success", (query, found)
    return found["data"]["result"]


def test_prometheus_answers_every_query(serve, engine, tmp_path):
    """With figures, of a server to which everything happens."""
    url = prometheus.busy(serve, tmp_path)
    asked = engine(url.removeprefix("ws://"))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not prometheus.answers(asked, "/-/ready"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    waiting = prometheus.queries(interval=f"{5 * INTERVAL_SECONDS}s")
    figures = {}
    with connect(f"{url}/guide") as client:
        client.send('{"type":"subscribe","channels":["ticker_btcusd"]}')
        while waiting:
            for panel, query in list(waiting.items()):
                found = [(one["metric"], float(one["value"][1])) for one in ask(asked, query)]
                if found and all(math.isfinite(value) for _, value in found):
                    figures[panel] = found
                    del waiting[panel]
            assert time.monotonic() < deadline, sorted(waiting)
            time.sleep(INTERVAL_SECONDS)
    instance = {"instance": url.removeprefix("ws://")}
    named = {**instance, "__name__": "feed_journal_up", "job": "feed"}
    assert figures["Journal or data folder", "{{instance}}"] == [(named, 1)]
    [(_, events)] = figures["Market events", "{{instance}}"]
    assert events > 0
    outcomes = [labels["outcome"] for labels, _ in figures["Order requests, by outcome", "{{outcome}}"]]
    assert sorted(outcomes) == ["executed", "refused"]
