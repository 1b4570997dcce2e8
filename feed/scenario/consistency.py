"""Checks the parts of a scenario file against each other: symbols, times, protocols."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from feed.errors import ConfigError
from feed.model.agents import AgentSpec
from feed.model.faults import Fault, MessageFault, RequestFault
from feed.model.sessions import Sessions
from feed.model.timeline import Action, Detach, Premium, verb
from feed.scenario.problems import KeyPath, Problem, did_you_mean, found
from feed.scenario.schema import ScenarioDocument
from feed.scenario.times import duration_text

Protocols = Mapping[str, Collection[str]]
"""Names of protocols, and for each the faults of requests that it has words for."""


CheckAgent = Callable[[AgentSpec], object]
"""Imports the class of an agent; raises ``ConfigError`` where that cannot be, or where it does not fit."""


def cross_check(
    file: ScenarioDocument, protocols: Protocols | None = None, check_agent: CheckAgent | None = None
) -> Iterator[Problem]:
    """
    All inconsistencies between parts of a file.

    Args:
        file: The whole file.
        protocols: Those that a fault may be aimed at; None allows any.
        check_agent: Called with each agent; None refuses them, since a file names code that is to run.
    """
    yield from _market(file)
    yield from _sessions(file)
    yield from _agents(file, check_agent)
    yield from _timeline(file)
    if protocols is not None:
        yield from _aims(file, protocols)
    yield from _truth(file)


def _market(file: ScenarioDocument) -> Iterator[Problem]:
    symbols = _symbols(file)
    for index, item in enumerate(file.market.instruments):
        path: KeyPath = ("market", "instruments", index)
        symbol = item.instrument.symbol
        if symbol in symbols[:index]:
            yield Problem((*path, "symbol"), found(symbol), "it is listed already")
        if item.followed is not None and item.followed not in symbols:
            yield Problem(path, f"it follows {item.followed}", "which must be listed too")


def _sessions(file: ScenarioDocument) -> Iterator[Problem]:
    """Hours that the file itself names are of asset classes that it has, each once."""
    sessions = file.market.sessions
    if sessions is None or sessions.hours == Sessions().hours:
        return
    classes = dict.fromkeys(item.instrument.asset_class for item in file.market.instruments)
    named = [hours.asset_class for hours in sessions.hours]
    for index, name in enumerate(named):
        path: KeyPath = ("market", "sessions", "hours", index, "asset_class")
        if name not in classes:
            yield Problem(path, found(name), did_you_mean(name, classes))
        elif name in named[:index]:
            yield Problem(path, found(name), "it has its hours already")


def _agents(file: ScenarioDocument, check_agent: CheckAgent | None) -> Iterator[Problem]:
    symbols = _symbols(file)
    names: list[str] = []
    for index, agent in enumerate(file.market.agents):
        path: KeyPath = ("market", "agents", index)
        if check_agent is None:
            yield Problem(path, "names code that is to run", "only a file of the operator's own may")
            continue
        yield from _unknown(agent.instruments, symbols, (*path, "instruments"))
        if agent.name in names:
            yield Problem((*path, "name"), found(agent.name), "another agent has that name")
        names += [agent.name] if agent.name else []
        try:
            check_agent(agent)
        except ConfigError as error:
            yield Problem((*path, "participant"), error.what, error.hint)


def _timeline(file: ScenarioDocument) -> Iterator[Problem]:
    symbols = _symbols(file)
    tied = [item.instrument.symbol for item in file.market.instruments if item.link or item.perpetual]
    for index, entry in enumerate(file.timeline):
        if entry.at is not None and entry.at > file.duration:
            end = f"the end is at {duration_text(file.duration)}"
            yield Problem(("timeline", index, "at"), "never happens", end)
        if isinstance(entry, MessageFault) and entry.symbol is not None:
            yield from _unknown((entry.symbol,), symbols, ("timeline", index, "symbol"))
        if isinstance(entry, Action):
            path = ("timeline", index, "instruments")
            yield from _unknown(entry.instruments, symbols, path)
            if isinstance(entry, Premium | Detach):
                known = [symbol for symbol in entry.instruments if symbol in symbols]
                for symbol in known:
                    if symbol not in tied:
                        yield Problem(path, found(symbol), "it follows no other instrument")


def _aims(file: ScenarioDocument, protocols: Protocols) -> Iterator[Problem]:
    for index, entry in enumerate(file.timeline):
        if not isinstance(entry, Fault) or entry.aim.dialect is None:
            continue
        path, name = ("timeline", index, "aim", "dialect"), entry.aim.dialect
        if name not in protocols:
            yield Problem(path, found(name), did_you_mean(name, protocols))
        elif isinstance(entry, RequestFault) and verb(type(entry)) not in protocols[name]:
            those = [one for one, known in protocols.items() if verb(type(entry)) in known]
            yield Problem(path, found(name), f"it has no words for this; try {', '.join(those)}")


def _truth(file: ScenarioDocument) -> Iterator[Problem]:
    symbols = _symbols(file)
    for index, truth in enumerate(file.truth):
        if file.market.signals is None:
            yield Problem(("truth", index), "nobody gives signals", "add [market.signals]")
        yield from _unknown(truth.instruments, symbols, ("truth", index, "instruments"))
        if truth.at > file.duration:
            end = f"the end is at {duration_text(file.duration)}"
            yield Problem(("truth", index, "at"), "never happens", end)
        elif truth.until is not None and not truth.at <= truth.until <= file.duration:
            span = f"allowed: {duration_text(truth.at)} to {duration_text(file.duration)}"
            yield Problem(("truth", index, "until"), f"found {duration_text(truth.until)}", span)


def _symbols(file: ScenarioDocument) -> list[str]:
    return [item.instrument.symbol for item in file.market.instruments]


def _unknown(names: Iterable[str], symbols: list[str], path: KeyPath) -> Iterator[Problem]:
    for symbol in names:
        if symbol not in symbols:
            yield Problem(path, found(symbol), did_you_mean(symbol, symbols))
