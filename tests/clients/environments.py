"""Environments for other people's clients: one each, since what they require conflicts."""

import json
import shutil
import subprocess
import sys

import attrs
import pytest

INSTALL_SECONDS = 900


@attrs.frozen
class Client:
    """
    A client that somebody else wrote.

    Attributes:
        requirement: Its package.
        pinned: The version that these tests were written with.
        stays: Whether it is that version even where the newest are asked for.
    """

    requirement: str
    pinned: str
    stays: bool = False


CLIENTS = {
    "ccxt": Client("ccxt", "4.5.90"),
    "python-binance": Client("python-binance", "1.0.37"),
    # The last one that reads a user's events by a listen key.
    "python-binance-listen-keys": Client("python-binance", "1.0.29", stays=True),
    "freqtrade": Client("freqtrade", "2026.9"),
    "cryptofeed": Client("cryptofeed", "2.4.1"),
    "unicorn": Client("unicorn-binance-websocket-api", "2.16.1"),
    "python-kraken-sdk": Client("python-kraken-sdk", "3.5.1"),
    "coinbase-advanced-py": Client("coinbase-advanced-py", "1.8.4"),
}
PACKAGES = {
    "npm": Client("binance", "3.6.5"),
    "asyncapi-parser": Client("@asyncapi/parser", "3.6.3"),
}
"""Of Node.js."""


def python_of(config, name):
    """The Python of a client's environment, made unless it is there; fails where that cannot be done."""
    client = CLIENTS[name]
    newest = config.getoption("--newest-clients") and not client.stays
    wanted = client.requirement if newest else f"{client.requirement}=={client.pinned}"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = config.cache.mkdir("clients") / f"{name}-{'newest' if newest else client.pinned}-py{version}"
    python, done = folder / "bin" / "python", folder / "installed"
    if not _is_made(config, done, newest=newest):
        if not python.exists():
            call(sys.executable, "-m", "venv", folder)
        call(python, "-m", "pip", "install", "--quiet", "--upgrade", "--disable-pip-version-check", wanted)
        ask = f"import importlib.metadata as m; print(m.version({client.requirement!r}))"
        done.write_text(call(python, "-c", ask))
    return python


def node_of(config, name):
    """Node.js, and the folder that a client's packages are in; made and failing as above."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.fail("Node.js is not installed", pytrace=False)
    package = PACKAGES[name]
    newest = config.getoption("--newest-clients")
    version = "latest" if newest else package.pinned
    folder = config.cache.mkdir("clients") / f"{name}-{version}"
    done = folder / "installed"
    if not _is_made(config, done, newest=newest):
        wanted = f"{package.requirement}@{version}"
        call(npm, "install", "--no-audit", "--no-fund", "--prefix", folder, wanted)
        about = folder / "node_modules" / package.requirement / "package.json"
        done.write_text(json.loads(about.read_text())["version"])
    return node, folder


def version_of(config, name):
    """The release that is in a client's environment, which is made like that."""
    folder = node_of(config, name)[1] if name in PACKAGES else python_of(config, name).parents[1]
    return (folder / "installed").read_text().strip()


_MADE = pytest.StashKey()


def _is_made(config, done, *, newest):
    """Whether an environment is there; the newest release is asked for once in a run."""
    asked = config.stash.setdefault(_MADE, set())
    there = done.exists() and done.stat().st_size > 0 and (not newest or done in asked)
    asked.add(done)
    return there


def call(*command, cwd=None):
    """What a command prints; fails where it does."""
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        pytest.fail(f"{command}: {done.stderr.strip().splitlines()[-1:]}", pytrace=False)
    return done.stdout
