"""What an edge asks a sequencer for, until that is known to have it: in order, and each once."""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs

from feed.cluster.framing import frame
from feed.cluster.messages import Call, Submit, encode_request
from feed.model.requests import Request
from feed.server.http.forwarding import ForwardedCall

_MOST: Final = 65_536  # that are not known to have come; several times a second it is told which have
_AT_ONCE: Final = 64  # in one write


@attrs.frozen
class _Asked:
    number: int
    frame: bytes
    again: bool  # whether the next connection sends it, if this one breaks


class Outbox:
    """
    Requests on their way over a connection that may break, and then over the next.

    A request of an account is sent again as long as the sequencer does not have it. A call is not: who waits
    for its answer does so for a bounded time.
    """

    def __init__(self) -> None:
        self._number = 0  # of the newest
        self._waiting: deque[_Asked] = deque()
        self._sent: deque[_Asked] = deque()

    def submit(self, request: Request) -> int | None:
        """Send a request of an account: its number; None while too many are not known to have come."""
        if self._full:
            return None
        message = Submit(number=self._number + 1, request=encode_request(request))
        return self._add(frame(message), again=True)

    def call(self, call: ForwardedCall) -> int | None:
        """Send a request by HTTP: its number; None while too many are not known to have come."""
        if self._full:
            return None
        return self._add(frame(Call(number=self._number + 1, call=call)), again=False)

    def begin(self, taken: int) -> None:
        """
        Send by a new connection.

        Args:
            taken: Number of the last one that has come.
        """
        self.taken(taken)
        again = [one for one in (*self._sent, *self._waiting) if one.again]
        self._sent, self._waiting = deque(), deque(again)

    def clear(self) -> None:
        """Forget what waits: whoever would get it has nothing to do with it."""
        self._sent.clear()
        self._waiting.clear()

    def taken(self, number: int) -> None:
        """Forget those that have come: all up to a number."""
        for kept in (self._sent, self._waiting):
            while kept and kept[0].number <= number:
                kept.popleft()

    @property
    def sent(self) -> int:
        """Number of the newest one that was sent and is not known to have come; 0 for none."""
        return self._sent[-1].number if self._sent else 0

    def next(self) -> bytes:
        """Some frames to be sent now, in one write; none where nothing waits."""
        found = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
        self._sent += found
        return b"".join([one.frame for one in found])

    @property
    def _full(self) -> bool:
        return len(self._sent) + len(self._waiting) >= _MOST

    def _add(self, data: bytes, *, again: bool) -> int:
        self._number += 1
        self._waiting.append(_Asked(self._number, data, again))
        return self._number
