"""Reads scenario files, and reports all errors in them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cattrs

from feed.errors import ConfigErrors
from feed.model.faults import Fault
from feed.model.scenario import Scenario
from feed.model.timeline import Action
from feed.scenario.consistency import CheckAgent, Protocols, cross_check
from feed.scenario.problems import InvalidValue, Problem, problems
from feed.scenario.schema import CONVERTER, Markets, ScenarioDocument, with_base
from feed.scenario.toml import parse, read_text, with_lines


def read_scenario(
    path: Path,
    markets: Markets,
    *,
    protocols: Protocols | None = None,
    check_agent: CheckAgent | None = None,
) -> Scenario:
    """
    The scenario in a file.

    Args:
        path: A TOML file as :mod:`feed.scenario.schema` describes it.
        markets: The markets that a file may name as its ``base``.
        protocols: Names that a fault may be aimed at, and faults of requests that each knows; None allows
            any.
        check_agent: Called with each agent, which is code that runs; None refuses a file that names some.
    Raises:
        ConfigError: It cannot be read or is not valid; ``ConfigErrors`` with all errors if there are
            several.
    """
    return parse_scenario(
        read_text(path), markets, name=str(path), protocols=protocols, check_agent=check_agent
    )


def parse_scenario(
    text: str,
    markets: Markets,
    *,
    name: str,
    protocols: Protocols | None = None,
    check_agent: CheckAgent | None = None,
) -> Scenario:
    """
    The scenario in the text of a file.

    Args:
        text: TOML.
        markets: As in :func:`read_scenario`.
        name: Of the file, for errors.
        protocols: As in :func:`read_scenario`.
        check_agent: As in :func:`read_scenario`.
    Raises:
        ConfigError: As :func:`read_scenario`.
    """
    document = parse(text, name=name)
    wrong: list[Problem] = []
    try:
        document = with_base(document, markets)
    except InvalidValue as misfit:
        wrong += problems(misfit)
        # The rest is checked with the default market.
        document = with_base({**document, "market": {}}, markets)
    try:
        file = CONVERTER.structure(document, ScenarioDocument)
    except (cattrs.BaseValidationError, InvalidValue) as error:
        wrong += problems(error)
    else:
        wrong += cross_check(file, protocols, check_agent)
        if not wrong:
            return _scenario(file)
    raise ConfigErrors.of(with_lines(wrong, text, name=name))


def _scenario(file: ScenarioDocument) -> Scenario:
    fields: dict[str, Any] = {
        field: getattr(file, field)
        for field in ("name", "about", "seed", "start", "duration", "market", "truth", "expect")
    }
    return Scenario(
        **fields,
        actions=tuple(entry for entry in file.timeline if isinstance(entry, Action)),
        faults=tuple(entry for entry in file.timeline if isinstance(entry, Fault)),
    )
