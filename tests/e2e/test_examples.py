"""The programs in ``examples/``, as whoever copies them runs them."""

import asyncio
import itertools
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import arbitrage
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
        assert finish("bot.py", root(server)) == ["sell BTC-USD at 62112.08"]


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
    stop_out = kinds.index("order", 1)
    # One deal for each order of the book that it meets.
    first = [kind for kind, _ in itertools.groupby(kinds[:stop_out])]
    assert first == ["order", "deal", "position", *(f"account  {why}" for why in CAUSES)]
    assert told[stop_out] == "order    sell 0.1400: placed Stop out"
    assert set(kinds[stop_out + 1 : -2]) == {"deal"}
    assert told[-2].startswith("position 0.0000 from 0.00, worth 0.00, earned -")
    assert re.fullmatch(r"account  trade: balance (\d+\.\d\d), equity \1, 0\.00 must be kept", told[-1])


def test_the_replay_has_one_digest(finish):
    """The one that the scenario expects."""
    assert finish("replay.sh", "burst") == [f"burst: sha256 {expected('burst')}"]


def expected(scenario):
    """The digest in a scenario's file."""
    text = (EXAMPLES.parent / "scenarios" / f"{scenario}.toml").read_text()
    return re.search(r'digest = "(\w+)"', text)[1]


def test_the_market_makers_make_a_market(tmp_path):
    """Both trade, nothing fails, and the run is the same again."""
    for name in ("market_maker.py", "market_maker.toml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    command = [Path(sys.executable).parent / "feed", "replay", "market_maker.toml", "--digest"]
    runs = [
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
    for name in ("near", "far"):
        assert re.search(rf"agent {name}: .* EURUSD bought .* sold ", runs[0].stdout)


def test_a_large_order_is_worked_over_time(tmp_path):
    """In parts, and what it got is printed beside the price when it began."""
    shutil.copy(EXAMPLES / "execution.toml", tmp_path)
    command = [Path(sys.executable).parent / "feed", "replay", "execution.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=True)
    line = r"execution: agent seller: \d\d orders, 0 rejected, 0 open; BTC-USD sold \S+ at \S+ on average, "
    assert re.search(line + r"\S+ bp (worse|better) than the arrival price", done.stdout)


def test_the_recording_is_served_as_it_was(finish, tmp_path):
    """To another client, by another server."""
    [line] = finish("record.py", "day.feed.zst")
    assert line.startswith("the same (")
    assert (tmp_path / "day.feed.zst").exists()


class Exchange:
    """As ccxt's, as far as the bot asks: fills what is asked for, but for so much of the first order."""

    def __init__(self, name, *, fee, fee_in, prices, short=0.0):
        self.has = {"fetchTradingFee": True}
        self.id, self._fee, self._fee_in, self._prices, self._short = name, fee, fee_in, prices, short
        self._trades = []

    async def load_markets(self):
        await asyncio.sleep(0)

    async def fetch_trading_fee(self, _):
        await asyncio.sleep(0)
        return {"taker": self._fee}

    async def watch_order_book(self, _):
        await asyncio.sleep(0)
        bid = self._prices[0]
        return {"bids": [[bid, 1.0]], "asks": [[bid + 1, 1.0]]}

    def price_to_precision(self, _, price):
        return f"{price:.2f}"

    amount_to_precision = price_to_precision

    async def create_order(self, symbol, _, side, amount, price, __):
        self._short, amount = 0.0, amount - self._short
        best = self._prices[0] + (1 if side == "buy" else 0)
        assert (price >= best) if side == "buy" else (price <= best)
        cost = amount * best
        coin = self._fee_in == "BTC"
        trade = {"order": str(len(self._trades)), "symbol": symbol, "side": side, "amount": amount}
        fee = {"currency": self._fee_in, "cost": (amount if coin else cost) * self._fee}
        self._trades.append({**trade, "cost": cost, "fee": fee})
        await asyncio.sleep(0)
        return {"id": trade["order"]}

    async def fetch_my_trades(self, _, limit):
        await asyncio.sleep(0)
        return self._trades[-limit:]


@pytest.fixture
def steps(monkeypatch):
    """A clock of its own, which moves on by a thousandth of a second whenever it is looked at."""
    ticks = itertools.count()
    monkeypatch.setattr("arbitrage.time", SimpleNamespace(monotonic=lambda: next(ticks) / 1000))


@pytest.mark.usefixtures("steps")
def test_the_arbitrage_ends_with_what_its_trades_have_earned(monkeypatch):
    """It buys low, sells high, makes up for a leg that found less, and closes when the prices meet."""
    assert arbitrage.__file__ == str(EXAMPLES / "arbitrage.py")
    monkeypatch.setattr("arbitrage.SIZE", Decimal("0.5"))
    here, there, said = [1000], [1100], []
    low = Exchange("low", fee=0.001, fee_in="BTC", prices=here)
    high = Exchange("high", fee=0.002, fee_in="USD", prices=there, short=0.25)
    venues = [arbitrage.Venue(each, "BTC/USD") for each in (low, high)]

    def say(line):
        said.append(line)
        there[0] = 1000

    (profit,) = asyncio.run(arbitrage.Bot(venues, say).run(0.5))
    assert (profit["bought"], profit["sold"], len(said)) == ("low", "high", 2)
    # In money: bought at 1001 and sold at 1000 here, sold at 1100 and bought at 1001 there, and the fees.
    fees = 0.001 * 0.5 * 1000 * 2 + 0.002 * 0.5 * (1100 + 1001)
    assert float(profit["profit"]) == pytest.approx(0.5 * (1000 - 1001 + 1100 - 1001) - fees)
    assert [trade["amount"] for trade in high._trades] == [0.25, 0.25, 0.5]
    assert profit["profit"] == arbitrage.earned(venues[0].trades + venues[1].trades, Decimal(1000))


@pytest.mark.usefixtures("steps")
def test_the_arbitrage_leaves_differences_that_do_not_pay():
    """It would have to earn both fees twice."""
    low = Exchange("low", fee=0.01, fee_in="USD", prices=[1000])
    high = Exchange("high", fee=0.01, fee_in="USD", prices=[1035])
    venues = [arbitrage.Venue(each, "BTC/USD") for each in (low, high)]
    assert asyncio.run(arbitrage.Bot(venues).run(0.5)) == []
    assert low._trades == high._trades == []
