"""What an exception of a user's code says, in one line, and where it was raised."""

from __future__ import annotations

import traceback
from pathlib import Path

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
        where: File and line that raised it, such as ``my_package.py:12``.
        traceback: The last 4,000 characters of the whole.
    """

    agent: str
    ts: int
    error: str
    where: str
    traceback: str

    @classmethod
    def of(cls, agent: str, ts: int, error: BaseException) -> AgentFailure:
        """Of an exception that was caught."""
        told = "".join(traceback.format_exception(error))[-_TRACEBACK:]
        return cls(agent=agent, ts=ts, error=one_line(error), where=place(error), traceback=told)


def one_line(error: BaseException) -> str:
    """An exception in one line of at most 300 characters: ``ValueError: no order 7``."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def place(error: BaseException) -> str:
    """Where an exception was raised: ``my_package.py:12``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
