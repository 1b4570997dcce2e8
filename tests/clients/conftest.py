"""Programs in environments of other people's clients: the URL setting and the keys are all they are told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from environments import PACKAGES, node_of, python_of
from operators import PATIENCE_SECONDS, Operator

from feed.settings import DEMO_KEY, DEMO_SECRET

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def settings_of():
    """Gives what ``feed urls CLIENT PROTOCOL --json`` says for a server."""

    def settings(client, protocol, url):
        command = [sys.executable, "-m", "feed", "urls", client, protocol]
        said = subprocess.run(
            [*command, "--url", url.replace("ws://", "http://"), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(said.stdout)["settings"]

    return settings


@pytest.fixture
def keys():
    """The demo key of account 1 and what it signs with, as ccxt and others call them."""
    return {"apiKey": DEMO_KEY, "secret": DEMO_SECRET}


@pytest.fixture
def operated(serve, tmp_path):
    """Starts ``feed serve``, which answers late rather than not at all, and gives who steers it."""

    def start(*options, config=""):
        key, patient = tmp_path / "admin.key", tmp_path / "patient.toml"
        patient.write_text(f"[web]\nrequest_seconds = {2 * PATIENCE_SECONDS}\n{config}")
        _, url = serve("--admin-key", key, "--config", patient, *options)
        return Operator(url, key.read_text().strip())

    return start


@pytest.fixture
def program(pytestconfig, run, tmp_path):
    """
    Runs a program of ``programs`` in the environment of a client; gives what it reports.

    It is told a JSON object, and its last line is one. Whatever it raises fails the test.
    """

    def start(client, name, **told):
        if client in PACKAGES:
            interpreter, modules = node_of(pytestconfig, client)
            told["modules"], suffix = str(modules), "cjs"
        else:
            interpreter, suffix = python_of(pytestconfig, client), "py"
        process = run(interpreter, PROGRAMS / f"{name}.{suffix}", json.dumps(told), cwd=tmp_path)
        code, lines = process.rest(seconds=told.get("seconds", 0) + 120)
        assert code == 0, f"{lines[-5:]} {process.errors[-4000:]}"
        return json.loads(lines[-1])

    return start
