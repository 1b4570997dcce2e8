"""Which version of the market, and of the agents in it, computes the events of a data folder."""

from __future__ import annotations

from feed.agents.loading import code_digest
from feed.checkpoint.engine import engine_digest
from feed.server.run_spec import RunSpec
from feed.sim.agent_gateway import HasAgents

_BETWEEN = "-"


def engine_of(program: RunSpec) -> str:
    """
    The checksum of this version, and behind it that of the code of agents, where there are any.

    An agent whose code was changed would ask for other things than it did: a market that is computed again
    would not be the one that clients have seen.
    """
    run = program.run
    agents = run.agents if isinstance(run, HasAgents) else None
    code = code_digest(one.participant for one in agents.statuses) if agents is not None else ""
    return _BETWEEN.join(filter(None, (engine_digest(), code)))


def is_ours(engine: str) -> bool:
    """Whether this version can read what an engine has written, whatever the agents in it."""
    return engine.partition(_BETWEEN)[0] == engine_digest()
