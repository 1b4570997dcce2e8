"""Answers to requests for an account, and the words of refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from feed.dialects.access import Problem
from feed.dialects.execution import Execution
from feed.dialects.kraken import errors

_LONG: Final = {
    errors.INSUFFICIENT_FUNDS: "EOrder:Insufficient funds (insufficient user funds)",
    errors.MINIMUM_NOT_MET: "EOrder:Order minimum not met (volume too low)",
}
"""What the second WebSocket API says at greater length than REST."""


@attrs.frozen(kw_only=True)
class Answer:
    """
    One answer to a request.

    Attributes:
        error: Why it did nothing; None when it did.
        result: What it did; None where the answer says no more than that.
        more: Further fields.
    """

    error: str | None = None
    result: object = None
    more: Mapping[str, object] = attrs.field(factory=dict)


Answers = Sequence[Answer]
Asked = Answers | Execution
"""Answers, or what must be done first; its answer then is :data:`Answers`."""


def worded(problem: Problem) -> str:
    """A refusal in the words of the second WebSocket API."""
    (text,) = errors.worded(problem).error
    return _LONG.get(text, text)
