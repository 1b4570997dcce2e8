"""What an edge hears of its sequencer: messages from one connection after another, and when nothing comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import structlog
import trio

from feed.cluster.framing import Frames
from feed.cluster.messages import Message, decode
from feed.model.backoff import Backoff

log = structlog.get_logger("feed.link")

_READ_BYTES: Final = 256 * 1024


class Broken(Exception):
    """The connection has ended, or nothing comes of it."""


class Hearing:
    """
    Reads, and says once when nothing comes any more, and once when something does.

    Args:
        where: What is followed, for the log.
        silence: After so many seconds without a byte nothing comes.
        backoff: Waits between connections; they begin anew with whatever is heard.
        random: Draws from [0, 1), for these.
    Attributes:
        heard: When something came last, seconds on Trio's clock.
    """

    def __init__(self, where: str, *, silence: float, backoff: Backoff, random: Callable[[], float]) -> None:
        self.heard = trio.current_time()
        self._where = where
        self._silence = silence
        self._backoff = backoff
        self._random = random
        self._delays: Iterator[float] | None = None
        self._away = ""  # why nothing comes, as it was told
        self._frames = Frames()
        self._messages: deque[Message] = deque()

    def begin(self) -> None:
        """Read from a new connection: what is left of the last one is of no use."""
        self._frames, self._messages = Frames(), deque()

    async def message(self, stream: trio.abc.Stream) -> Message:
        """
        The next message.

        Raises:
            Broken: None comes any more.
            FeedError: What came is none.
        """
        while not self._messages:
            self._messages += [decode(one) for one in self._frames.feed(await self._received(stream))]
        return self._messages.popleft()

    async def wait_after(self, problem: Broken) -> None:
        """Say why nothing comes, and wait before it is tried again."""
        self._lost(str(problem))
        self._delays = self._delays or self._backoff.delays(self._random)
        await trio.sleep(next(self._delays))

    async def _received(self, stream: trio.abc.Stream) -> bytes:
        data = b""
        try:
            with trio.move_on_after(self._silence) as patience:
                data = bytes(await stream.receive_some(_READ_BYTES))
            if patience.cancelled_caught:
                self._lost(f"nothing has come for {self._silence:g} s")
                data = bytes(await stream.receive_some(_READ_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        if not data:
            raise Broken("the connection has ended")
        self.heard, self._delays = trio.current_time(), None
        if self._away:
            self._away = ""
            log.info("the server that is followed is there again", where=self._where)
        return data

    def _lost(self, reason: str) -> None:
        if not self._away:
            log.warning("the server that is followed is away", where=self._where, reason=reason)
        self._away = reason
