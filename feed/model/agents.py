"""Agents: participants of a simulated market that are code of the user's, as a scenario file names them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import attrs
from attrs.validators import ge, le

from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.timeline import Nanoseconds

# What a file says as a table of any keys; the mark tells the reader to take it as it is.
Parameters = Annotated[dict[str, Any], "parameters"]

Participant = Annotated[str, "participant"]

PARTICIPANT: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
"""A module and a class in it: ``my_package.my_module:MyAgent``."""

FIRST_ACCOUNT: Final = 1 << 40
"""Account number of the first agent of a market, for self-trade prevention; those of clients are below."""

_LONGEST: Final = 10 * NS_PER_SECOND


@attrs.frozen(kw_only=True)
class AgentSpec:
    """
    A participant that is a class of the user's own, and how far away from the exchange it is.

    Attributes:
        participant: Module and class, such as ``my_package:MyAgent``; the module is installed, or stands
            beside the scenario file.
        name: What it is called in reports, and what its random bits are drawn by; empty for the name of its
            class.
        instruments: Symbols of the instruments that it sees and trades; none means all.
        parameters: Keyword arguments of the class.
        data_latency: Nanoseconds from an event, its own fills and acknowledgements too, until it sees it.
        order_latency: Nanoseconds from its request until the exchange has it.
        max_orders: Bound on its open orders, and on its requests that are on the way.
    """

    participant: Participant
    name: str = ""
    instruments: tuple[str, ...] = ()
    parameters: Parameters = attrs.field(factory=dict, hash=False)
    data_latency: Nanoseconds = attrs.field(default=NS_PER_MILLISECOND, validator=[ge(1), le(_LONGEST)])
    order_latency: Nanoseconds = attrs.field(default=NS_PER_MILLISECOND, validator=[ge(1), le(_LONGEST)])
    max_orders: int = attrs.field(default=1000, validator=[ge(1), le(100_000)])

    @property
    def title(self) -> str:
        """Its name; that of its class where it has none of its own."""
        return self.name or self.participant.partition(":")[2]
