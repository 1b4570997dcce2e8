"""What an exception of a user's code says, in one line, and where it was raised."""

from __future__ import annotations

import traceback
from itertools import dropwhile, takewhile
from pathlib import Path
from types import FrameType

import attrs

_LONGEST = 300
_TRACEBACK = 4000


@attrs.frozen(kw_only=True)
class AgentFailure:
    """
    An agent that was stopped by an exception.

    Attributes:
        agent: Name of the agent.
        ts: Market time, integer nanoseconds since the Unix epoch.
        error: The exception in one line of at most 300 characters.
        where: File and line of the agent that raised it, or that misused its context: ``my_package.py:12``.
        traceback: From the agent's own code on, the last 4,000 characters.
    """

    agent: str
    ts: int
    error: str
    where: str
    traceback: str

    @classmethod
    def of(cls, agent: str, ts: int, error: BaseException) -> AgentFailure:
        """Of an exception that was caught."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None and _of_market(trace.tb_frame):
            trace = trace.tb_next
        told = "".join(traceback.format_exception(type(error), error, trace))[-_TRACEBACK:]
        return cls(agent=agent, ts=ts, error=one_line(error), where=place(error), traceback=told)


def one_line(error: BaseException) -> str:
    """An exception in one line of at most 300 characters: ``ValueError: no order 7``."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def place(error: BaseException) -> str:
    """Where an exception was raised, or the market was asked for what raised it: ``my_package.py:12``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    inside = [*dropwhile(lambda it: _of_market(it[0]), traceback.walk_tb(error.__traceback__))]
    own = [*takewhile(lambda it: not _of_market(it[0]), inside)]
    return f"{Path(own[-1][0].f_code.co_filename).name}:{own[-1][1]}" if own else ""


def _of_market(frame: FrameType) -> bool:
    """Whether the market runs here, rather than code of an agent."""
    return str(frame.f_globals.get("__name__")).startswith("feed.sim.")
