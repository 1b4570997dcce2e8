"""
Where a subscription begins: with the present, or after a position that the client has from before.

With ``ext=seq`` every data message tells, beside ``seq``, the position of the stream it stands in, as
``pos``: opaque text, a sequence number and a proof of everything that led up to it. A client gives the
last one it has back as ``since``. It is granted only where this server's history up to there is the one
that the client saw; else it is refused, and the refusal says why.

A message that tells of an event has that event's position. A snapshot has the position at which it was
made, and so has an answer; what is told at an interval has that of the last event before it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Final

from feed.dialects.messages import clip
from feed.errors import ProtocolError
from feed.model.events import Event
from feed.model.stream_position import (
    Ahead,
    CannotResume,
    OtherHistory,
    StreamPosition,
    TooOld,
    parse_position,
)

COMPLAINT: Final = "since="
"""How every refusal to resume begins, in every protocol: clients know it by that."""

_EXAMPLE: Final = "123456-a1b2c3d4"
_ANEW: Final = "subscribe without since to begin with the present"


class RefusalReason(enum.Enum):
    """Why a resume is refused."""

    MALFORMED = "malformed"
    HELD = "subscribed already"
    TOO_OLD = "too old"
    AHEAD = "ahead of the server"
    OTHER_HISTORY = "another history"


class ResumeRefused(ProtocolError):
    """
    A subscription cannot begin where the client wants it to; nothing of it has begun.

    Attributes:
        why: What is wrong; each protocol has its own code for it.
    """

    def __init__(self, why: RefusalReason, message: str) -> None:
        self.why = why
        super().__init__(f"{COMPLAINT}{message}")


class ResumePoint:
    """
    Where the subscriptions of one connection begin.

    What the URL says serves one subscription: the first that is asked for with names that are known,
    whatever becomes of it. Any other begins with the present, unless its own message says more.

    Args:
        since: Of the URL; None without.
        check: Says whether a client can resume from a position; see
            :class:`feed.dialects.contract.SessionContext`.
    """

    def __init__(self, since: StreamPosition | None, check: Callable[[StreamPosition], None]) -> None:
        self._since = since
        self._check = check

    def next(self, own: object = None, *, held: Sequence[str] = ()) -> StreamPosition | None:
        """
        After which position the next subscription begins; None for the present.

        Args:
            own: What its message gives as ``since``; None without.
            held: Those of its streams that the connection is subscribed to already.

        Raises:
            ResumeRefused: This server cannot resume from there.
        """
        since = self._since if own is None else read_position(own)
        self._since = None
        if since is None:
            return None
        if held:
            text = f"{since.text}: {clip(held[0])} is subscribed already; unsubscribe from it first"
            raise ResumeRefused(RefusalReason.HELD, text)
        try:
            self._check(since)
        except CannotResume as problem:
            raise _refusal(since, problem) from None
        return since


def read_position(value: object) -> StreamPosition:
    """
    The position that a client gives.

    Raises:
        ResumeRefused: It is none, such as a sequence number alone.
    """
    try:
        return parse_position(value if isinstance(value, str) else "")
    except ProtocolError:
        pass
    text = value if isinstance(value, str) else str(value) if isinstance(value, int) else type(value).__name__
    what = "is a number alone and proves nothing" if text.isdecimal() else "is no position"
    raise ResumeRefused(
        RefusalReason.MALFORMED,
        f"{clip(text)} {what}: send the last pos that you were told, such as {_EXAMPLE}",
    ) from None


def numbered(item: Event, at: StreamPosition | None = None) -> str:
    """
    Number and position of an event, as members of a message after others.

    Args:
        item: The event that the message tells of.
        at: Where the message stands if that is not at its event: a snapshot.
    """
    return numbered_row(item.seq, item.proof) if at is None else placed(item.seq, at)


def numbered_row(seq: int, proof: int) -> str:
    """The same of a row, by its sequence number and the proof up to it."""
    return f',"seq":{seq},"pos":"{seq}-{proof:08x}"'


def placed(seq: int, at: StreamPosition) -> str:
    """The same from a number and a position."""
    return f',"seq":{seq},"pos":"{at.text}"'


def _refusal(since: StreamPosition, problem: CannotResume) -> ResumeRefused:
    match problem:
        case TooOld():
            why, text = RefusalReason.TOO_OLD, f"is too old: the oldest event kept is {problem.oldest}"
        case Ahead():
            why, text = RefusalReason.AHEAD, f"is ahead of this server: its newest event is {problem.newest}"
        case OtherHistory():
            why, text = RefusalReason.OTHER_HISTORY, "is of another history: this is not the market you saw"
        case _:
            raise problem
    return ResumeRefused(why, f"{since.text} {text}; {_ANEW}")
