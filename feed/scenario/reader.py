"""Reads scenario files, and says all that is wrong with them at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import cattrs

from feed.errors import ConfigError, ConfigErrors
from feed.model.faults import Fault
from feed.model.scenario import Scenario
from feed.model.timeline import Action
from feed.scenario.consistency import inconsistencies
from feed.scenario.lines import Lines
from feed.scenario.problems import Misfit, Problem, problems
from feed.scenario.schema import CONVERTER, File, Markets, with_base


def read_scenario(path: Path, markets: Markets) -> Scenario:
    """
    The scenario in a file.

    Args:
        path: A TOML file as :mod:`feed.scenario.schema` describes it.
        markets: Markets that a file may begin with.
    Raises:
        ConfigError: It cannot be read, is no TOML, or says something that is not understood;
            ``ConfigErrors`` with one error for each thing that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", where=str(path)) from None
    return parse_scenario(text, markets, name=str(path))


def parse_scenario(text: str, markets: Markets, *, name: str) -> Scenario:
    """
    The scenario in the text of a file.

    Args:
        text: TOML.
        markets: Markets that a file may begin with.
        name: Of the file, for errors.
    Raises:
        ConfigError: As :func:`read_scenario`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at = int(line[1]) if line else text.count("\n") + 1  # else it says "at end of document"
        raise ConfigError(f"is not TOML: {error}", where=f"{name}:{at}") from None
    wrong: list[Problem] = []
    try:
        document = with_base(document, markets)
    except Misfit as misfit:
        wrong += problems(misfit)
        # The rest is looked at as if nothing had been said of the market.
        document = with_base({**document, "market": {}}, markets)
    try:
        file = CONVERTER.structure(document, File)
    except (cattrs.BaseValidationError, Misfit) as error:
        wrong += problems(error)
    else:
        wrong += inconsistencies(file)
        if not wrong:
            return _scenario(file)
    raise ConfigErrors.of(_located(wrong, Lines(text), name))


def _located(wrong: list[Problem], lines: Lines, name: str) -> list[ConfigError]:
    placed = [(lines.find(problem.path) or 0, problem) for problem in wrong]
    return [
        ConfigError(problem.text, where=f"{name}:{line}" if line else name, hint=problem.hint)
        for line, problem in sorted(placed, key=lambda pair: pair[0])
    ]


def _scenario(file: File) -> Scenario:
    fields: dict[str, Any] = {
        field: getattr(file, field)
        for field in ("name", "about", "seed", "start", "duration", "market", "truth", "expect")
    }
    return Scenario(
        **fields,
        actions=tuple(entry for entry in file.timeline if isinstance(entry, Action)),
        faults=tuple(entry for entry in file.timeline if isinstance(entry, Fault)),
    )
