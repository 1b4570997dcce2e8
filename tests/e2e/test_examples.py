"""The programs in ``examples/``, as whoever copies them runs them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from feed.settings import Trading
from feed.testing import FeedServer

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.*"))
SECONDS = 120
CAUSES = ("trade", "marginCall", "liquidation")
pytestmark = pytest.mark.e2e


@pytest.fixture
def finish(tmp_path):
    """Runs a copy of a program to its end, in an empty folder; its output."""

    def start(name, *arguments):
        program = shutil.copy(EXAMPLES / name, tmp_path / name)
        command = ["sh" if name.endswith(".sh") else sys.executable, program, *arguments]
        # `feed` as it is installed beside this Python.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return start


def root(server):
    """Where a server is, whatever the protocol, as it is given on a command line."""
    return server.http.replace("http", "ws", 1)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_says_what_it_shows_and_how_to_run_it(name):
    """At its top; and a test of this file runs it."""
    head = (EXAMPLES / name).read_text().lstrip('"\n# ')
    assert re.match(r"Shows .+\n(\n# |# |\n)Run: .*" + re.escape(f"examples/{name}"), head), head[:300]
    assert f'"{name}"' in Path(__file__).read_text()


def test_the_client_prints_quotes_without_end(run):
    """Both symbols come up; it is stopped from outside."""
    with FeedServer(speed=5) as server:
        process = run(sys.executable, EXAMPLES / "client.py", root(server))
        symbols = set()
        while len(symbols) < 2:
            symbol, bid, ask = process.line().split()
            symbols.add(symbol)
            assert float(bid) < float(ask)
        assert symbols == {"EURUSD", "BTC-USD"}
        process.stop()


def test_the_bot_sells_in_a_crash(finish):
    """At the same price whenever it is run."""
    with FeedServer(scenario="flash-crash", seed=7, speed=0) as server:
        assert finish("bot.py", root(server)) == ["sell BTC-USD at 62156.04"]


def test_the_test_of_the_bot_passes(tmp_path):
    """In a folder that has nothing of this project."""
    for name in ("bot.py", "test_bot.py"):
        shutil.copy(EXAMPLES / name, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bot.py"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_order_is_filled(finish):
    """Acknowledged, accepted, and traded with whoever had an order there."""
    with FeedServer() as server:
        pending, accepted, filled = finish("order.py", root(server))
    assert pending == "createOrder 202 order created, pending acceptance"
    assert accepted == "createOrder 200 order accepted"
    assert re.fullmatch(r"filled 0\.01000000 at \d+\.\d\d", filled)


def test_a_position_is_lost_in_a_crash(finish):
    """Order, fill, margin call, stop out, what it took and what is left; three protocols agree."""
    options = {"scenario": "flash-crash", "speed": 0, "wait_clients": 3}
    with FeedServer(**options, trading=Trading(deposit=1000)) as server:
        *steps, last = finish("liquidation.py", root(server))
    assert last == f"{len(steps)} steps, the same in Rails and in the guide at the same numbers"
    numbers, told = zip(*(step.split(maxsplit=1) for step in steps), strict=True)
    assert list(map(int, numbers)) == sorted(map(int, numbers))
    kinds = [re.match(r"(account +)?\w+", one)[0] for one in told]
    assert kinds[:7] == ["order", "deal", "position", *(f"account  {why}" for why in CAUSES), "order"]
    assert told[6] == "order    sell 0.1400: placed Stop out"
    assert set(kinds[7:-2]) == {"deal"}
    assert told[-2].startswith("position 0.0000 from 0.00, worth 0.00, earned -")
    assert re.fullmatch(r"account  trade: balance (\d+\.\d\d), equity \1, 0\.00 must be kept", told[-1])


def test_the_replay_has_one_digest(finish):
    """The one that the scenario expects."""
    assert finish("replay.sh", "burst") == [f"burst: sha256 {expected('burst')}"]


def expected(scenario):
    """The digest in a scenario's file."""
    text = (EXAMPLES.parent / "scenarios" / f"{scenario}.toml").read_text()
    return re.search(r'digest = "(\w+)"', text)[1]


def test_the_recording_is_served_as_it_was(finish, tmp_path):
    """To another client, by another server."""
    [line] = finish("record.py", "day.feed.zst")
    assert line.startswith("the same (")
    assert (tmp_path / "day.feed.zst").exists()
