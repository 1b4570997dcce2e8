"""What goes on from a checkpoint goes on as what was never cut: every kind of run, at any moment."""

import copy
import hashlib
import os
import random
import subprocess
import sys

import pytest
from copies import copied, recorded_blocks
from spot_conservation import Play

from feed.checkpoint.object_graph import dump, load
from feed.scenario.reader import read_scenario
from feed.scenario.shipped import scenarios_in, shipped
from feed.server.run_spec import MARKETS
from feed.settings import Trading
from feed.sim.clients import open_to_accounts
from feed.sim.defaults import default_market
from feed.sim.looping import LoopedPlayback, LoopedScenario
from feed.sim.market import Market
from feed.sim.playback import Playback
from feed.sim.script import ScriptedMarket
from feed.sim.traded_playback import TradedPlayback
from feed.state.market_state import MarketState
from feed.state.projections import Projections

SECOND = 10**9
MINUTE = 60 * SECOND
START = 1_709_731_800 * SECOND


class Server:
    """A run, and what a server computes of it."""

    def __init__(self, run):
        self.run = run
        self.state = MarketState(len(run.listing))
        self.projections = Projections(run.listing, self.state, most_trades=100)
        self.take(run.opening())

    def advance(self, until):
        """The rows up to a time, taken into account; none once the run is over."""
        rows = []
        while (upcoming := self.run.next_time()) is not None and upcoming <= until:
            rows += self.take(self.run.advance(until, 1 << 60))
        return rows

    def take(self, rows):
        for row in rows:
            if self.state.apply(self.state.seq + 1, row, self.state.seq):
                self.projections.apply(self.state.seq, row, self.state.proof)
        return rows

    def dump(self):
        return dump(vars(self))

    def copy(self):
        other = object.__new__(Server)
        vars(other).update(load(self.dump()))
        return other


def goes_on_the_same(server, seconds):
    """Rows, and all that there is afterwards, to the last byte."""
    other, end = server.copy(), server.run.now + seconds * SECOND
    rows = server.advance(end)
    assert other.advance(end) == rows
    assert other.dump() == server.dump()
    return rows


@pytest.mark.parametrize("path", scenarios_in(shipped()), ids=lambda path: path.stem)
def test_a_scenario_goes_on(path):
    """Each of those that come with this, once or in a loop, from a moment that its name decides."""
    scenario, rng = read_scenario(path, MARKETS), random.Random(path.stem)
    kind = rng.choice([LoopedScenario, ScriptedMarket])
    server = Server(open_to_accounts(kind(scenario), Trading()))
    # The default market, whole, takes its time.
    whole = min(scenario.duration, MINUTE) if len(server.run.listing) < 20 else SECOND
    server.advance(scenario.start + rng.randrange(whole))
    goes_on_the_same(server, 1)


@pytest.mark.parametrize("seed", range(2))
def test_a_market_in_which_accounts_trade_goes_on(seed):
    """All kinds of orders, on margin and of assets, through auctions, halts, shocks and funding."""
    play, rng = Play(seed, auctions=True), random.Random(seed)
    for _ in range(100 + rng.randrange(200)):
        play.act(rng)
    other, again = copy.copy(play), random.Random()
    again.setstate(rng.getstate())
    other.run, other.tradyn = copied(play.run), copy.copy(play.tradyn)
    other.tradyn._run = other.run
    other.tradyn._context = copy.copy(play.tradyn._context)
    other.tradyn._context.accounts = other.run.accounts
    told, also = [], []
    play.hear, other.hear = told.extend, also.extend
    for _ in range(60):
        play.act(rng)
        other.act(again)
        assert also == told
    assert dump({"run": other.run}) == dump({"run": play.run})
    assert {row[0] for row in told} >= {9, 10}


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    """A recording of a market of two instruments, in a file."""
    market = Market(default_market(2), seed=3, start=START)
    rows = market.opening() + market.advance(START + 3 * SECOND)
    path = tmp_path_factory.mktemp("recording") / "rows"
    return recorded_blocks(path, rows, listing=market.listing, start=START)


@pytest.mark.parametrize("trading", [False, True])
@pytest.mark.parametrize("looped", [False, True])
@pytest.mark.parametrize("milliseconds", [0, 700, 2999, 3000, 4100])
def test_a_recording_goes_on(blocks, looped, trading, milliseconds):
    """From its file, at the place where it was; in a loop, and with accounts that may trade."""
    run = Playback(blocks.header.listing, blocks, start=START)
    if looped:
        run = LoopedPlayback(run, run.from_start)
    if trading:
        run = open_to_accounts(TradedPlayback(run, Trading()), Trading())
    server = Server(run)
    server.advance(START + milliseconds * SECOND // 1000)
    assert bool(goes_on_the_same(server, 2)) is (looped or milliseconds < 3000)


ELSEWHERE = """
import hashlib, sys
from feed.checkpoint.object_graph import dump, load
run = load(sys.stdin.buffer.read())["run"]
rows = run.advance(run.now + 10**9)
sys.stdout.write(hashlib.sha256(repr(rows).encode() + dump({"run": run})).hexdigest())
"""


@pytest.mark.e2e
@pytest.mark.parametrize("seed", ["0", "random"])
def test_another_process_goes_on(seed):
    """With hashes of text seeded differently, as each process has it."""
    scenario = read_scenario(shipped() / "exchange-trouble.toml", MARKETS)
    run = open_to_accounts(ScriptedMarket(scenario), Trading())
    run.opening()
    run.advance(scenario.start + 5 * SECOND)
    written = dump({"run": run})
    other = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=written,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    rows = run.advance(run.now + SECOND)
    expected = hashlib.sha256(repr(rows).encode() + dump({"run": run})).hexdigest()
    assert other.stdout.decode() == expected
