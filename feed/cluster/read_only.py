"""Where a server records changes that it must not make, as they are made at the server that it follows."""

from __future__ import annotations

from typing import Any, Final

from feed.server.durable import kinds
from feed.server.durable.entry_log import EntryLog, Refused

_ASKED: Final = frozenset(
    {
        kinds.STREAM_KEY,
        kinds.STREAM_KEY_END,
        kinds.ALERT,
        kinds.ALERT_END,
        kinds.WEBHOOK,
        kinds.WEBHOOK_END,
        kinds.FAULT,
        kinds.FAULTS_END,
    }
)


class FollowsAnother(Refused):
    """This server changes nothing by itself."""

    answer = "This server follows another one, which takes changes; nothing was changed"


class _ReadOnly:
    """Refuses what clients and operators ask for; what happens by itself is recorded at the other server."""

    def record(self, kind: str, data: Any, *, hurry: bool = True) -> None:
        """Refuse a change that was asked for."""
        del data, hurry
        if kind in _ASKED:
            raise FollowsAnother(FollowsAnother.answer)

    async def durable(self) -> None:
        """There is nothing to wait for."""


READ_ONLY: Final[EntryLog] = _ReadOnly()
"""The log of a server that follows another."""
