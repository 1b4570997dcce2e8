"""From the name of an agent's class to an agent: imports what a scenario file names."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from feed.agents.contract import Agent
from feed.agents.failure import one_line, place
from feed.errors import ConfigError
from feed.model.agents import PARTICIPANT, AgentSpec

_OWN: Final = "feed"
FORM: Final = "allowed: a module and a class in it, such as my_package:MyAgent"


def check_agent(spec: AgentSpec, *, folder: Path) -> None:
    """
    Import the class of an agent, and see whether it takes its parameters.

    This runs code that the file names; call it only where the file is the operator's.

    Args:
        spec: What the file says.
        folder: Where the file stands; modules there are found after all that are installed.
    Raises:
        ConfigError: It cannot be imported, is no agent, or does not take its parameters.
    """
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.append(place)
    module = spec.participant.partition(":")[0]
    beside = folder.joinpath(*module.split(".")).with_suffix(".py")
    make_agent(spec)
    found = getattr(sys.modules[module], "__file__", None)
    if beside.is_file() and found is not None and not beside.samefile(found):
        raise ConfigError(f"{module} is {found}, not the one beside the file", hint="give it another name")


def make_agent(spec: AgentSpec) -> Agent:
    """
    A new agent.

    Raises:
        ConfigError: As :func:`check_agent`.
    """
    kind = _agent_class(spec.participant)
    try:
        inspect.signature(kind).bind(**spec.parameters)
    except TypeError as error:
        hint = f"{kind.__name__} takes {_parameters(kind)}"
        raise ConfigError(f"its parameters do not fit: {error}", hint=hint) from None
    try:
        return kind(**spec.parameters)
    except (Exception, SystemExit) as error:
        raise ConfigError(f"cannot be made: {one_line(error)}", hint=f"see {place(error)}") from error


def code_digest(participants: Iterable[str]) -> str:
    """
    A checksum over the code of agents, which have been imported; empty where all are of this package.

    Of each, the module that it is in, or all modules of its package: what these import from elsewhere is not
    looked at, as little as other installed packages are.
    """
    found = hashlib.sha256()
    modules = sorted({participant.partition(":")[0] for participant in participants})
    users = [name for name in modules if name.partition(".")[0] != _OWN]
    for name in users:
        package = name.partition(".")[0]
        file = getattr(sys.modules[package], "__file__", None)
        if file is None:
            continue
        path = Path(file)
        files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
        for one in files:
            found.update(f"{name} {one.relative_to(path.parent)}\n".encode())
            found.update(one.read_bytes())
    return found.hexdigest()[:8] if users else ""


def _agent_class(participant: str) -> type[Agent]:
    if not PARTICIPANT.fullmatch(participant):
        raise ConfigError(f"{participant!r} names no class", hint=FORM)
    module_name, _, name = participant.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        hint = "it must be installed, or stand beside the scenario file"
        if missing != module_name and not module_name.startswith(f"{missing}."):
            hint = f"{module_name} imports it"
        raise ConfigError(f"there is no module {missing}", hint=hint) from None
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"{module_name} cannot be imported: {one_line(error)}", hint=f"see {place(error)}"
        ) from error
    found = getattr(module, name, None)
    if found is None:
        near = get_close_matches(name, vars(module), n=1)
        hint = f"did you mean {near[0]}?" if near else FORM
        raise ConfigError(f"{module_name} has no {name}", hint=hint)
    if not (isinstance(found, type) and issubclass(found, Agent)):
        raise ConfigError(f"{participant} is no agent", hint="its class must derive from feed.agents.Agent")
    return found


def _parameters(kind: type[Agent]) -> str:
    names = [*inspect.signature(kind).parameters]
    return ", ".join(names) if names else "none"
