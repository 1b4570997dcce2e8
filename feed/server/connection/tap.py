"""
The last messages in and out of one connection, kept while somebody looks at them.

Nobody pays for what nobody watches: a tap is put on a connection when it is first asked for, and takes itself
off at the first message after ten seconds in which nobody has asked again. What is sent is kept as bytes, and
read, inflated and rid of secrets when it is shown.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import attrs
import trio

from feed.errors import ClientError
from feed.server.close_reason import CloseReason
from feed.server.message_log.entry import SentTexts
from feed.server.message_log.sent_frames import SentFrames
from feed.server.redaction import Redactor

MOST_TAPS: Final = 8
WATCHED_SECONDS: Final = 10.0  # after each look
MOST_MESSAGES: Final = 256
MOST_BYTES: Final = 256 * 1024
LONGEST: Final = 16 * 1024  # bytes of a message that is shown
_TEXT: Final = 1


class TooManyTaps(ClientError):
    """So many connections are looked at already."""


@attrs.frozen(kw_only=True)
class TappedMessage:
    """
    A message of a connection.

    Attributes:
        number: From 1, in the order in which they were seen.
        time: When, seconds since the Unix epoch.
        outgoing: Whether the server has sent it.
        size: Its length on the wire without its header, bytes.
        text: What it says, without secrets; None for what is no JSON, or too long.
    """

    number: int
    time: float
    outgoing: bool
    size: int
    text: str | None


@attrs.frozen
class _Kept:
    """One that has not been read: what the client said is free of secrets already."""

    number: int
    time: float
    size: int
    said: str | None = None
    payload: bytes | None = None
    packed: bool = False


class Tap:
    """
    What is kept of one connection.

    Attributes:
        connection: Its number.
        until: When nobody looks any more, unless somebody does before; on Trio's clock.
        closed: Why the connection has ended; None while it is open.
        newest: Number of the last message.
    """

    def __init__(self, connection: int, redactor: Redactor, *, rest: int, clock: Callable[[], float]) -> None:
        """
        Begin in the middle of whatever goes on.

        Args:
            connection: See the class.
            redactor: Blots out the secrets of this client.
            rest: See :class:`~feed.server.message_log.sent_frames.SentFrames`.
            clock: Seconds since the Unix epoch.
        """
        self.connection = connection
        self.until = 0.0
        self.closed: CloseReason | None = None
        self.newest = 0
        self._redactor = redactor
        self._frames = SentFrames(LONGEST, rest)
        self._clock = clock
        self._kept: deque[tuple[bool, _Kept]] = deque()
        self._bytes = 0

    @property
    def watched(self) -> bool:
        """Whether somebody still looks."""
        return trio.current_time() <= self.until

    def renew(self) -> None:
        """Somebody looks."""
        self.until = trio.current_time() + WATCHED_SECONDS

    def heard(self, text: str) -> None:
        """Take a message of the client."""
        size = len(text.encode("utf-8", "surrogatepass"))
        said = self._redactor.message(text) if size <= LONGEST else None
        self._keep(outgoing=False, size=size, said=said)

    def told(self, data: bytes) -> None:
        """Take bytes that the way to the client has taken."""
        for opcode, packed, payload, size in self._frames.feed(data):
            if opcode == _TEXT:
                self._keep(outgoing=True, size=size, payload=payload, packed=packed)

    def after(self, number: int, most: int) -> tuple[list[TappedMessage], int]:
        """
        The messages after the one of that number, oldest first, and how many of these are no longer kept.

        Args:
            number: 0 for all.
            most: How many at most.
        """
        oldest = self._kept[0][1].number if self._kept else self.newest + 1
        wanted = [(outgoing, one) for outgoing, one in self._kept if one.number > number][:most]
        sent = SentTexts()
        shown = [
            TappedMessage(
                number=one.number,
                time=one.time,
                outgoing=outgoing,
                size=one.size,
                text=self._read(one, sent) if outgoing else one.said,
            )
            for outgoing, one in wanted
        ]
        return shown, max(0, oldest - 1 - number)

    def _read(self, one: _Kept, sent: SentTexts) -> str | None:
        if one.payload is None:
            return None
        said, _ = sent.get(one.payload, LONGEST, packed=one.packed)
        return None if said is None or len(said) > LONGEST else self._redactor.message(said)

    def _keep(
        self,
        *,
        outgoing: bool,
        size: int,
        said: str | None = None,
        payload: bytes | None = None,
        packed: bool = False,
    ) -> None:
        self.newest += 1
        one = _Kept(self.newest, self._clock(), size, said, payload, packed)
        self._kept.append((outgoing, one))
        self._bytes += _weight(one)
        while len(self._kept) > MOST_MESSAGES or self._bytes > MOST_BYTES:
            self._bytes -= _weight(self._kept.popleft()[1])


def _weight(one: _Kept) -> int:
    return len(one.said or "") + len(one.payload or b"")


class TappedConnection(Protocol):
    """A connection that a tap can be put on."""

    @property
    def number(self) -> int:
        """As they came, from 1."""

    @property
    def rest_of_frame(self) -> int:
        """Bytes still to come of what has begun to go out."""

    def put_on(self, tap: Tap) -> None:
        """Let ``tap`` see its messages, until it is watched no more."""


class Taps:
    """
    All taps of a server.

    Args:
        clock: Seconds since the Unix epoch.
    Attributes:
        known: Whether a text is a key or a secret that the server knows.
    """

    def __init__(
        self, known: Callable[[str], bool] = lambda _: False, clock: Callable[[], float] = time.time
    ) -> None:
        self.known = known
        self._clock = clock
        self._taps: dict[int, Tap] = {}

    def watched(self, connection: int) -> bool:
        """Whether somebody looks at a connection."""
        tap = self._taps.get(connection)
        return tap is not None and tap.watched

    def look(self, number: int, connections: Iterable[TappedConnection]) -> Tap | None:
        """
        What is kept of the connection of that number from now on; None where there is none.

        Args:
            number: Of a connection that is open, or was when somebody began to look.
            connections: Those that are open.

        Raises:
            TooManyTaps: ``MOST_TAPS`` others are looked at.
        """
        self._taps = {at: tap for at, tap in self._taps.items() if tap.watched}
        tap = self._taps.get(number)
        if tap is None:
            found = next((one for one in connections if one.number == number), None)
            if found is None:
                return None
            if len(self._taps) >= MOST_TAPS:
                raise TooManyTaps(f"{MOST_TAPS} connections are looked at already; leave one of them")
            redactor = Redactor(self.known)
            tap = self._taps[number] = Tap(number, redactor, rest=found.rest_of_frame, clock=self._clock)
            found.put_on(tap)
        tap.renew()
        return tap
