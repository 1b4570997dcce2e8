"""
Messages that carry their sequence number in the connection: encoded once, each number spliced in.

A message is told to many connections, and differs between them in its number alone. Connections that listen
to the same topics, and whose next message has the same number, receive the same bytes from then on: they are
a group, whose frames are made once, when its step is written. Numbers are given before a bad link does
anything to frames, so that a client sees what it misses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from feed.model.topics import Topic
from feed.state.encoder import NUMBER
from feed.stream.deflate import Deflater
from feed.stream.frames import text_frame, text_header
from feed.stream.groups import FaultyGroup, Group
from feed.stream.link_faults import LinkFault

_NUMBER: Final = NUMBER.encode()
# A stored block: not the last one, length and its complement follow. Source: RFC 1951, section 3.2.4.
_STORED: Final = b"\0"
_MOST_STORED: Final = 0xFFFF
_MOST_DIGITS: Final = 20


class NumberedMessage:
    """
    A message with a place for a number.

    Args:
        text: With one :data:`~feed.state.encoder.NUMBER`.
        deflater: Makes what follows the number shorter for those who get compressed frames. What comes before
            it, and itself, is then stored as it is, so that it is compressed once for all numbers too.
    """

    __slots__ = ("_after", "_before", "_deflated", "_openings")

    def __init__(self, text: str, deflater: Deflater | None = None) -> None:
        self._before, _, self._after = text.encode().partition(_NUMBER)
        self._deflated = False
        if deflater is not None and len(self._before) + _MOST_DIGITS <= _MOST_STORED:
            packed = deflater.pack(self._after)
            if packed is not None and len(packed) + len(_block(0)) < len(self._after):
                self._after, self._deflated = packed, True
        self._openings: dict[int, bytes] = {}  # what comes before a number, by the digits of it

    def frame(self, number: int) -> bytes:
        """The whole, unmasked text frame with that number."""
        digits = b"%d" % number
        try:
            opening = self._openings[len(digits)]
        except KeyError:
            opening = self._openings[len(digits)] = self._opening(len(digits))
        return b"".join((opening, digits, self._after))

    def _opening(self, digits: int) -> bytes:
        size = len(self._before) + digits
        block = _block(size) if self._deflated else b""
        header = text_header(len(block) + size + len(self._after), deflated=self._deflated)
        return header + block + self._before


def frames_for_one(texts: Iterable[str], count: Callable[[], int]) -> bytes:
    """
    Plain frames of messages for one connection alone.

    Args:
        texts: With a :data:`~feed.state.encoder.NUMBER` in those that carry one.
        count: Takes the connection's next number.
    """
    return b"".join(
        [NumberedMessage(text).frame(count()) if NUMBER in text else text_frame(text) for text in texts]
    )


def _block(size: int) -> bytes:
    """What stands before so many stored bytes."""
    return _STORED + size.to_bytes(2, "little") + (size ^ _MOST_STORED).to_bytes(2, "little")


class NumberedGroup(Group):
    """
    Connections that listen to exactly the same topics, and whose next message has the same number.

    Attributes:
        messages: Those of the step under way.
    """

    def __init__(
        self,
        topics: tuple[Topic, ...],
        *,
        deflated: bool = False,
        emptied: Callable[[Group], None],
        caught_up_all: Callable[[], None] = lambda: None,
        newest: Callable[[], int] = lambda: 0,
    ) -> None:
        """
        Begin with no members.

        Args:
            topics: What they listen to, in order.
            deflated: They get compressed frames.
            emptied: As in :class:`Group`.
            caught_up_all: As there.
            newest: As there.
        """
        super().__init__(
            topics, deflated=deflated, emptied=emptied, caught_up_all=caught_up_all, newest=newest
        )
        self.messages: list[NumberedMessage] = []

    @property
    def special(self) -> bool:
        """Its frames are its own."""
        return True

    def publish(self) -> bytes:
        """Close the step: its messages with their numbers, joined."""
        messages, number = self.messages, self.number
        self.number += len(messages)
        if len(messages) == 1:
            data = messages[0].frame(number)
        else:
            data = b"".join([message.frame(at) for at, message in enumerate(messages, number)])
        messages.clear()
        if self.behind:
            self._append(data)
        return data


def new_group(
    topics: tuple[Topic, ...],
    link_faults: tuple[LinkFault, ...],
    emptied: Callable[[Group], None],
    caught_up_all: Callable[[], None],
    newest: Callable[[], int],
    *,
    deflated: bool,
    numbered: bool,
) -> Group:
    """
    A group without members.

    Args:
        topics: What they will listen to, in order.
        link_faults: What happens to its frames; on a bad link they are never compressed.
        emptied: As in :class:`Group`.
        caught_up_all: As there.
        newest: As there.
        deflated: As there.
        numbered: Whether messages carry their number in the connection.
    """
    if link_faults:
        return FaultyGroup(topics, link_faults, emptied=emptied, caught_up_all=caught_up_all, newest=newest)
    kind = NumberedGroup if numbered else Group
    return kind(topics, deflated=deflated, emptied=emptied, caught_up_all=caught_up_all, newest=newest)
