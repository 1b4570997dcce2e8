"""How the agents of a market are doing, for reports."""

from __future__ import annotations

import attrs

from feed.agents.failure import AgentFailure
from feed.model.agents import AgentSpec


@attrs.frozen(kw_only=True)
class Traded:
    """
    What an agent has traded of one instrument.

    Attributes:
        symbol: Symbol of the instrument.
        arrival: Bid plus ask when its first order reached the exchange, ticks: twice the arrival price; 0
            where a side was empty.
        bought: Lots bought.
        paid: What they cost, ticks times lots.
        sold: Lots sold.
        received: What they brought, ticks times lots.
    """

    symbol: str
    arrival: int = 0
    bought: int = 0
    paid: int = 0
    sold: int = 0
    received: int = 0


@attrs.frozen(kw_only=True)
class AgentStatus:
    """
    How an agent is doing.

    Attributes:
        name: What it is called.
        participant: Its module and class.
        failure: What stopped it; None while it runs.
        orders: Orders that have reached the exchange.
        rejected: How many of them were rejected.
        open: How many of them rest.
        traded: What it has traded, by instrument, in the order in which it began.
    """

    name: str
    participant: str
    failure: AgentFailure | None
    orders: int
    rejected: int
    open: int
    traded: tuple[Traded, ...]


def agent_names(specs: tuple[AgentSpec, ...]) -> list[str]:
    """What agents are called: by their titles, the second of a title with ``-2`` behind it."""
    names: list[str] = []
    for spec in specs:
        name, rank = spec.title, 1
        while name in names:
            rank += 1
            name = f"{spec.title}-{rank}"
        names.append(name)
    return names
