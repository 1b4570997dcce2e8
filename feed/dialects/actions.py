"""What a session wants done: values that its connection applies in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from feed.model.events import Event
from feed.model.requests import Request
from feed.model.stream_position import StreamPosition
from feed.model.topics import Topic


@attrs.frozen
class Reply:
    """
    Send one message to this client.

    Attributes:
        text: The whole message, in which :data:`~feed.state.encoder.NUMBER` stands for how many with one were
            sent to this connection before.
    """

    text: str


@attrs.frozen
class Subscribe:
    """
    Send each new topic's snapshot, then every later event: no gap, no duplicate.

    Attributes:
        topics: In the order in which their snapshots go out; those already held are passed over.
        since: Position after which to begin, in place of snapshots; one that was checked just now.
    """

    topics: tuple[Topic, ...]
    since: StreamPosition | None = None


@attrs.frozen
class Unsubscribe:
    """
    Send nothing of these topics after the actions that follow this one.

    Attributes:
        topics: Those not held are passed over.
    """

    topics: tuple[Topic, ...]


@attrs.frozen
class Close:
    """
    Close the connection once everything before this action is out.

    Attributes:
        code: Close code of RFC 6455, section 7.4.
        reason: At most 123 bytes of UTF-8, for people.
    """

    code: int
    reason: str = ""


@attrs.frozen
class Submit:
    """
    Hand a request to the market. Its outcome is an event of the stream, for the account.

    Attributes:
        request: Of the client's own account.
        refused: The message for this client when the market takes no more requests now.
        answer: Given what the account was told of it, says what else is to be done; None where the stream
            alone tells the client. It is called once the rest of the stream has been told too.
    """

    request: Request
    refused: str
    answer: Callable[[Sequence[Event]], Sequence[Action]] | None = None


Action = Reply | Subscribe | Unsubscribe | Close | Submit
