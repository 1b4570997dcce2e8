"""What a handler of an HTTP request hands to the market, which answers later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs

from feed.model.events import Event
from feed.model.requests import Request


class ExecutesRequests(Protocol):
    """Who lets requests act in the market."""

    async def execute(self, request: Request) -> Sequence[Event]:
        """
        Let a request act, and wait until everybody has been told what it did.

        Returns:
            What its account was told in that step: orders, fills, positions, balances.

        Raises:
            Problem: 503, it has not acted, or nobody knows in time whether it has.
        """
        ...

    @property
    def mark(self) -> int:
        """Differs before and after a step that has changed or seen something which is not durable yet."""
        ...

    async def durable(self) -> None:
        """
        Wait until what was changed beside the market is durable.

        Raises:
            Problem: 503, it takes too long; the changes may still be kept.
        """
        ...


@attrs.frozen(kw_only=True)
class Execution:
    """
    A request that a handler hands to the market, and how to answer once it has acted.

    Attributes:
        request: Of the caller's own account.
        answer: Given what the account was told, makes the answer, or raises a
            :class:`~feed.dialects.access.Problem`. The market then stands where it did when that was told,
            or a little later.
    """

    request: Request
    answer: Callable[[Sequence[Event]], object]
