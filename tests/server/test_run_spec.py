"""What settings make run."""

import attrs
import pytest

from feed.errors import ConfigError
from feed.model.events import STATUS, Status
from feed.recording.writer import RecordingWriter
from feed.server.run_spec import program_for
from feed.settings import Settings
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.script import ScriptedMarket
from feed.sim.simulation import StopCondition

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def test_the_default_market_runs_for_ever_from_now_on():
    """With a seed of its own."""
    program = program_for(Settings(), now=NOW)
    assert isinstance(program.run, Market)
    assert (program.start, program.seed, program.duration, program.faults) == (NOW, 1, None, ())
    assert program.run.opening() == Market(default_market(), seed=1, start=NOW).opening()


def test_a_scenario_brings_seed_and_start():
    """And an end, and faults."""
    program = program_for(Settings(scenario="lossy-link"), now=NOW)
    assert isinstance(program.run, ScriptedMarket)
    assert (program.name, program.seed, program.duration) == ("lossy-link", 7, 120 * SECOND)
    assert program.start == program.run.now != NOW
    assert program.faults


def test_what_the_operator_says_comes_first():
    """Seed and start of the settings replace those of the file."""
    program = program_for(Settings(scenario="burst", seed=9, start=NOW + 5), now=NOW)
    own = program_for(Settings(scenario="burst", start=NOW + 5), now=NOW)
    assert (program.start, program.seed) == (NOW + 5, 9)
    assert program.run.opening() != own.run.opening()


def test_a_scenario_has_its_own_instruments():
    """A number of them does not go with it."""
    with pytest.raises(ConfigError, match="--instruments: a scenario has its own"):
        program_for(Settings(scenario="burst", instruments=3), now=NOW)


@pytest.mark.parametrize("scenario", [None, "burst"])
def test_instruments_keep_hours_where_somebody_asks_for_it(scenario):
    """In the default market and in a scenario; one that names hours keeps its own."""
    sunday = 1_710_028_800 * SECOND
    rows = program_for(Settings(scenario=scenario, sessions=True, start=sunday), now=NOW).run.opening()
    assert (STATUS, 0, sunday, Status.CLOSED) in rows
    rows = program_for(Settings(scenario=scenario, start=sunday), now=NOW).run.opening()
    assert not [row for row in rows if row[0] == STATUS]
    own = program_for(Settings(scenario="market-hours"), now=NOW)
    given = program_for(Settings(scenario="market-hours", sessions=True), now=NOW)
    assert own.run.opening() + own.run.advance(own.start + SECOND) == (
        given.run.opening() + given.run.advance(own.start + SECOND)
    )


def test_a_recording_has_its_own_hours(tmp_path):
    """They cannot be told apart from the rest of it."""
    path = tmp_path / "run.feed.zst"
    with path.open("wb") as out:
        RecordingWriter(out, program_for(Settings(start=NOW), now=NOW).header).close()
    with pytest.raises(ConfigError, match="--sessions: a recording has its own"):
        program_for(Settings(scenario=str(path), sessions=True), now=NOW)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        (None, StopCondition()),
        ("90s", StopCondition(time=NOW + 90 * SECOND)),
        ("2023-11-14T22:13:25Z", StopCondition(time=NOW + 5 * SECOND)),
        ("2023-11-14", StopCondition(time=1_699_920_000 * SECOND)),
        ("1234", StopCondition(seq=1234)),
    ],
)
def test_where_it_ends(text, until):
    """An offset, a market time, a sequence number."""
    assert attrs.evolve(program_for(Settings(start=NOW), now=0)).until(text) == until
