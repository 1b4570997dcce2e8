"""
Participants of a simulated market that users write, and execution algorithms as such participants.

A scenario names the class (``participant = "my_package:MyAgent"``); :class:`Agent` is its base. The whole
contract is in ``feed/agents/AGENTS.md``.
"""

from __future__ import annotations

from feed.agents.contract import Agent, AgentContext, Fill, OpenOrder, OrderReport, ReportKind
from feed.model.events import Quote, Side, Status, Trade
from feed.model.levels import LevelChange
from feed.model.orders import Reject, TimeInForce

__all__ = [
    "Agent",
    "AgentContext",
    "Fill",
    "LevelChange",
    "OpenOrder",
    "OrderReport",
    "Quote",
    "Reject",
    "ReportKind",
    "Side",
    "Status",
    "TimeInForce",
    "Trade",
]
