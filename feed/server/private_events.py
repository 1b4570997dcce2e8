"""What a request did, as the account that asked is told of it."""

from __future__ import annotations

from feed.model.events import Event, Row, event
from feed.model.kinds import PRIVATE


def private_events(rows: list[Row], seq: int, account: int) -> tuple[Event, ...]:
    """
    What an account is told in one step of the market.

    Args:
        rows: Of the step.
        seq: Sequence number of the last of them.
        account: Its number.
    """
    first = seq - len(rows) + 1
    return tuple(
        event(at, row) for at, row in enumerate(rows, first) if row[0] in PRIVATE and row[3] == account
    )
