"""From settings and files to a run: which market, or which recording, and where it ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import attrs

import feed
from feed.agents.loading import check_agent
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.faults.contract import FaultPlan
from feed.model.faults import Fault
from feed.model.ground_truth import Label
from feed.model.scenario import Expect, Scenario
from feed.model.sessions import Sessions
from feed.model.timeline import Action
from feed.recording.format import Header, Provenance
from feed.recording.journal import ScenarioFile
from feed.recording.reader import SUFFIX as RECORDED
from feed.recording.reader import Corruption, RecordedBlocks, is_recording
from feed.scenario.reader import parse_scenario
from feed.scenario.schema import Markets
from feed.scenario.shipped import SUFFIX, find_scenario, find_shipped
from feed.scenario.times import parse_duration, parse_moment
from feed.scenario.toml import read_text
from feed.scenario.writer import scenario_digest
from feed.settings import Settings
from feed.sim.defaults import bare_market, default_market
from feed.sim.looping import LoopedPlayback, LoopedScenario
from feed.sim.market import Market
from feed.sim.playback import Playback
from feed.sim.script import ScriptedMarket
from feed.sim.simulation import WHOLE, Simulation, StopCondition

MARKETS: Final[Markets] = {"default": default_market, "bare": bare_market}
"""The markets that a scenario file can begin with."""

DEFAULT_SEED: Final = 1
SIMULATED: Final = Provenance(source="simulated")


def parsed(text: str, *, name: str, imports: bool = True) -> Scenario:
    """
    The scenario in the text of a file of the operator's own, which may name agents: code that is imported.

    Args:
        text: Of the file.
        name: Its path.
        imports: Whether the code of agents is imported, and looked at, rather than taken for good.
    Raises:
        ConfigError: As :func:`feed.scenario.reader.parse_scenario`; also for a market or a protocol that
            there is not.
    """
    return parse_scenario(
        text,
        MARKETS,
        name=name,
        protocols={name: one.disruptions for name, one in dialects().items()},
        check_agent=partial(check_agent, folder=Path(name).parent) if imports else lambda _: None,
    )


@attrs.frozen(kw_only=True)
class RunSpec:
    """
    What is served or replayed.

    Attributes:
        name: For people.
        run: The market; runs once.
        start: Market time at which it begins, integer nanoseconds since the Unix epoch.
        duration: Nanoseconds of market time from there to the end; None when there is no end.
        about: What it is for; empty where nobody has said.
        seed: Of the market, and of the choice whom a fault strikes.
        actions: What happens in the market that participants do not do by themselves.
        faults: What goes wrong on the wire meanwhile.
        labels: What its signals are held against.
        expect: What a whole run must give; None when nobody has said.
        file: The scenario file that it was read from; None when it was read from none.
        recording: The recording that it is; None where it is none.
        provenance: Where its events come from.
        repeats: Whether it begins again when it is over.
        again_and_again: Gives the run that does; None for a market without an end, which needs none.
        corruption: Where a recording turned out to be damaged, once the run has reached it; else None.
    """

    name: str
    run: Simulation
    start: int
    duration: int | None = None
    about: str = ""
    seed: int = DEFAULT_SEED
    actions: tuple[Action, ...] = ()
    faults: tuple[Fault, ...] = ()
    labels: tuple[Label, ...] = ()
    expect: Expect | None = None
    file: ScenarioFile | None = None
    recording: Path | None = None
    provenance: Provenance = SIMULATED
    repeats: bool = False
    again_and_again: Callable[[], Simulation] | None = None
    corruption: Callable[[], Corruption | None] = lambda: None

    @property
    def plan(self) -> FaultPlan:
        """What goes wrong on the wire, and by which seed."""
        every = self.duration if self.repeats else None
        return FaultPlan(faults=self.faults, seed=self.seed, start=self.start, every=every)

    @property
    def header(self) -> Header:
        """How a recording of this run begins."""
        provenance = attrs.evolve(self.provenance, tool=f"feed {feed.__version__}")
        return Header(instruments=tuple(self.run.listing), provenance=provenance, start=self.start)

    def until(self, text: str | None) -> StopCondition:
        """
        Where to end.

        Args:
            text: An offset such as ``90s``, an ISO-8601 market time, or a sequence number.
        Raises:
            ConfigError: None of these.
        """
        if text is None:
            return WHOLE
        try:
            if text.isascii() and text.isdecimal():
                return StopCondition(seq=int(text))
            if text[:1].isdigit() and text[-1].isalpha() and "T" not in text:
                return StopCondition(time=self.start + parse_duration(text))
            return StopCondition(time=parse_moment(text))
        except ValueError:
            raise ConfigError(
                f"{text!r} is neither an offset such as 90s, nor a time such as 2024-03-06T16:20:00Z, "
                "nor a sequence number from 1",
                where="--until",
            ) from None


def program_from_file(
    name: str, *, seed: int | None = None, start: int | None = None, sessions: bool = False
) -> RunSpec:
    """
    What a file says shall run.

    Args:
        name: Path of a scenario file or of a recording, or name of a shipped scenario.
        seed: Instead of its own.
        start: Instead of its own.
        sessions: Open and close instruments at the usual hours of their asset class, where it names none.
    Raises:
        ConfigError: There is no such file, or it is not understood; or a recording shall have
            another seed, start or hours than it has.
    """
    path = find_scenario(name)
    if is_recording(path):
        for option, value in (("--seed", seed), ("--start", start), ("--sessions", sessions or None)):
            if value is not None:
                raise ConfigError("a recording has its own", where=option, hint="leave it out")
        return recorded(path)
    if not path.exists():
        raise ConfigError("no such file", where=str(path))
    if path.suffix != SUFFIX:
        raise ConfigError("is no scenario", where=str(path), hint=f"allowed: a {SUFFIX} file, or a recording")
    text = read_text(path)
    run_spec = scripted(parsed(text, name=str(path)), seed=seed, start=start, sessions=sessions)
    found = name if path == find_shipped(name) else str(path.absolute())
    file = ScenarioFile(name=run_spec.name, file=found, sha256=scenario_digest(text))
    return attrs.evolve(run_spec, file=file)


def scripted(
    scenario: Scenario, *, seed: int | None = None, start: int | None = None, sessions: bool = False
) -> RunSpec:
    """A scenario, ready to run; what is given comes before what it says, but for the hours of trading."""
    if seed is not None:
        scenario = attrs.evolve(scenario, seed=seed)
    if start is not None:
        scenario = attrs.evolve(scenario, start=start)
    if sessions and scenario.market.sessions is None:
        scenario = attrs.evolve(scenario, market=attrs.evolve(scenario.market, sessions=Sessions()))
    return RunSpec(
        name=scenario.name,
        run=ScriptedMarket(scenario),
        again_and_again=lambda: LoopedScenario(scenario),
        start=scenario.start,
        duration=scenario.duration,
        about=scenario.about,
        seed=scenario.seed,
        actions=scenario.actions,
        faults=scenario.faults,
        labels=scenario.labels,
        expect=scenario.expect,
        provenance=attrs.evolve(SIMULATED, seed=scenario.seed, scenario=scenario.name),
    )


def recorded(path: Path) -> RunSpec:
    """
    A recording, ready to run.

    Raises:
        ConfigError: It is none, or cannot be read.
    """
    blocks = RecordedBlocks(path)
    header = blocks.header
    run = Playback(header.listing, blocks, start=header.start)
    return RunSpec(
        name=path.name.removesuffix(RECORDED),
        run=run,
        again_and_again=lambda: LoopedPlayback(run, run.from_start),
        start=header.start,
        recording=path,
        provenance=header.provenance,
        corruption=lambda: blocks.corruption,
    )


def repeated(run_spec: RunSpec) -> RunSpec:
    """The same again and again; see :mod:`feed.sim.looping`. A market without an end stays what it is."""
    run = run_spec.run if run_spec.again_and_again is None else run_spec.again_and_again()
    return attrs.evolve(run_spec, run=run, repeats=True)


def program_for(settings: Settings, *, now: int) -> RunSpec:
    """
    What ``settings`` want to run.

    Args:
        settings: Their scenario, seed, start and instruments.
        now: Where market time begins when nobody says otherwise, nanoseconds since the Unix epoch.
    Raises:
        ConfigError: As :func:`program_from_file`; or a scenario and a number of instruments; or what
            does not go with one that begins again.
    """
    if settings.at_end != "loop":
        return _program_for(settings, now=now)
    for option, value in (("--until", settings.until), ("--journal", settings.journal)):
        if value is not None:
            raise ConfigError("does not go with --at-end loop", where=option, hint="leave one of them out")
    return repeated(_program_for(settings, now=now))


def _program_for(settings: Settings, *, now: int) -> RunSpec:
    if settings.scenario is not None:
        if settings.instruments is not None:
            raise ConfigError("a scenario has its own", where="--instruments", hint="leave one of them out")
        return program_from_file(
            settings.scenario, seed=settings.seed, start=settings.start, sessions=settings.sessions
        )
    return default_program(
        seed=DEFAULT_SEED if settings.seed is None else settings.seed,
        start=now if settings.start is None else settings.start,
        instruments=settings.instruments,
        sessions=settings.sessions,
    )


def default_program(*, seed: int, start: int, instruments: int | None, sessions: bool = False) -> RunSpec:
    """
    The default market, ready to run.

    Args:
        seed: Of the market.
        start: Market time at which it opens, nanoseconds since the Unix epoch.
        instruments: How many of them; None means the market as it is.
        sessions: Open and close them at the hours of their asset class.
    """
    spec = attrs.evolve(default_market(instruments), sessions=Sessions() if sessions else None)
    market = Market(spec, seed=seed, start=start)
    provenance = attrs.evolve(SIMULATED, seed=seed)
    return RunSpec(name="default", run=market, start=start, seed=seed, provenance=provenance)
