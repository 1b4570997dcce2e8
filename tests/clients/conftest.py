"""Programs in environments of other people's clients: the URL setting and the keys are all they are told."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import matrix
import pytest
from environments import PACKAGES, node_of, python_of, version_of
from operators import PATIENCE_SECONDS, Operator

from feed.dialects.discovery import demo_keys
from feed.server.key_secrets import demo_secret
from feed.settings import DEMO_KEY, DEMO_SECRET

PROGRAMS = Path(__file__).parent / "programs"
_ABOUT = "client"
_COLLECTED = pytest.StashKey()
_FOUND = pytest.StashKey()
_WORST = ("failed", "skipped", "passed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Note whom each test is about, before any are deselected."""
    mine = [item for item in items if item.get_closest_marker("clients")]
    config.stash[_COLLECTED] = [_name(item) for item in mine]
    for item in mine:
        mark = item.get_closest_marker("client")
        protocols = item.get_closest_marker("protocols")
        if mark is not None and protocols is not None:
            about = {"client": mark.args[0], "columns": matrix.columns_of(mark.args[1:]), "version": ""}
            about |= {"protocols": protocols.args, "limits": mark.kwargs.get("limits", "")}
            item.user_properties.append((_ABOUT, {**about, "test": _name(item)}))


def _name(item):
    return f"{item.path.name}::{item.name}"


def _note(item, **facts):
    for name, about in item.user_properties:
        if name == _ABOUT:
            about.update(facts)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Keep what a test found, the worst of its phases."""
    report = (yield).get_result()
    about = next((about for name, about in item.user_properties if name == _ABOUT), None)
    if about is None or (report.outcome == "passed" and report.when != "call"):
        return
    found = item.config.stash.setdefault(_FOUND, {})
    reason = "" if report.passed else _reason(report)
    before = found.get(about["test"])
    if before is None or _WORST.index(report.outcome) < _WORST.index(before.outcome):
        found[about["test"]] = matrix.Found(**about, outcome=report.outcome, reason=reason)


def _reason(report):
    """Why a test was skipped or has failed, in one line."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(report.longrepr) if crash is None else crash.message


def pytest_terminal_summary(terminalreporter, config):
    """Print the table of what was run, and write it if that is wanted."""
    found = list(config.stash.get(_FOUND, {}).values())
    if not found:
        return
    known = matrix.read()
    run = "newest" if config.getoption("--newest-clients") else "pinned"
    whole = not any("::" in argument for argument in config.args)
    gone = matrix.gone(known, config.stash[_COLLECTED]) if whole else ()
    now = matrix.merged(known, found, run=run, day=f"{datetime.now(UTC):%Y-%m-%d}", gone=gone)
    terminalreporter.section("clients")
    for line in matrix.plain(now):
        terminalreporter.write_line(line)
    if config.getoption("--write-clients"):
        matrix.write(now)


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
def kraken_keys():
    """Kraken's demo key of account 1, and what it signs with, as ccxt calls them."""
    known = next(one for one in demo_keys() if one.grant.dialects == ("kraken",))
    return {"apiKey": known.key, "secret": demo_secret(known)}


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
def program(request, pytestconfig, run, tmp_path):
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
        _note(request.node, version=version_of(pytestconfig, client))
        process = run(interpreter, PROGRAMS / f"{name}.{suffix}", json.dumps(told), cwd=tmp_path)
        code, lines = process.rest(seconds=told.get("seconds", 0) + 120)
        assert code == 0, f"{lines[-5:]} {process.errors[-4000:]}"
        return json.loads(lines[-1])

    return start
