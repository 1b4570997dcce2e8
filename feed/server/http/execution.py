"""A request of an account that came by HTTP: the answer waits until it has acted, and been told of."""

from __future__ import annotations

import attrs
import trio

from feed.dialects.access import Problem
from feed.model.events import Event, Row
from feed.model.requests import Request
from feed.server.private_events import private_events
from feed.stream.fanout import Fanout
from feed.stream.source import Source, TakesOrders


@attrs.define(eq=False)
class _Outcome:
    """What became of a request; ``rows`` stays None when it did not act."""

    decided: trio.Event = attrs.field(factory=trio.Event)
    rows: list[Row] | None = None
    seq: int = 0

    def acted(self, rows: list[Row], seq: int) -> None:
        self.rows, self.seq = rows, seq
        self.decided.set()


async def executed(request: Request, source: Source, fanout: Fanout, seconds: float) -> tuple[Event, ...]:
    """
    Let a request act, and wait until everybody has been told what it did.

    Args:
        request: What is asked.
        source: The market.
        fanout: Who publishes it.
        seconds: To wait at most.

    Returns:
        What its account was told in that step.

    Raises:
        Problem: 503, it has not acted, or nobody knows in time whether it has.
    """
    outcome = _Outcome()
    taken = isinstance(source, TakesOrders) and source.submit(request, outcome.decided.set, outcome.acted)
    if taken:
        with trio.move_on_after(seconds) as waiting:
            await outcome.decided.wait()
            if outcome.rows is not None:
                await fanout.published(outcome.seq)
                return private_events(outcome.rows, outcome.seq, request.account)
        if waiting.cancelled_caught:
            raise Problem(503, "timeout", "The market has not answered in time; the request may still act")
    raise Problem(503, "unavailable", "The market takes no requests now")
