"""Receives the messages of a server, over reconnects, for the command that records it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import msgspec

from feed.cli.live import EndOfFeed, refusals
from feed.client import (
    Connected,
    Disconnected,
    Event,
    Gap,
    Garbled,
    Message,
    OutOfSync,
    ServerError,
    Stale,
    State,
    connect,
)
from feed.model.durations import NS_PER_SECOND

Keep = Callable[[str, bool], None]
"""Takes one line, and whether it tells of the market."""
_BLANKS: Final = str.maketrans("\r\n", "  ")  # between the tokens of a message; a string cannot hold them


class LinePrinter:
    """
    Messages as they come, one a line: answers, and what is new of the market.

    What a new connection repeats of an old one is left out.
    """

    all = False

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    def message(self, text: str, *, data: bool) -> None:
        """One message."""
        self._keep(text, data)

    def opened(self, url: str) -> None:
        """A connection begins with the present: the messages say so themselves."""


class RawCapture:
    """
    Every message with the time it came, and where a connection was opened that begins with the present.

    The format is that of :mod:`feed.importers.captures`; the first line says what was subscribed to.
    """

    all = True

    def __init__(self, keep: Keep, configuration: Any) -> None:
        self._keep = keep
        keep(f"configuration: {msgspec.json.encode(configuration).decode()}", False)

    def message(self, text: str, *, data: bool) -> None:
        """One message."""
        self._keep(f"{_now()}: {text.translate(_BLANKS)}", data)

    def opened(self, url: str) -> None:
        """A connection begins with the present. Its query is left out: a key may stand there."""
        self._keep(f"{urlsplit(url)._replace(query='').geturl()} <-> {_now()}", False)


@attrs.define
class MessageListener:
    """
    Passes messages on in their order, but for those that do not parse.

    Attributes:
        kept: Takes them.
        say: Called with one line for people: what happens to the connection, and what is missing.
        ending: Knows when there is no more.
        left: How many more messages of the market are wanted; None for any number.
    """

    kept: LinePrinter | RawCapture
    say: Callable[[str], None]
    ending: EndOfFeed
    left: int | None = None
    _message: Message | None = None  # the last one, while it is not settled whether it is kept

    async def run(self, **options: Any) -> None:
        """
        Subscribe, and receive until there is enough or the market has ended.

        After a disconnect it connects again, and resumes if the server can.

        Args:
            options: Of :func:`feed.client.connect`.

        Raises:
            ConfigError: It cannot be reached, and never was; or it does not accept the key or the symbols.
        """
        with refusals(self.ending.url):
            async with connect(self.ending.url, **options, raw=True) as feed:
                async for item in feed:
                    if self._enough(item):
                        return

    def _enough(self, item: Event | State) -> bool:
        if self.ending.reached(item):
            return True
        message = self._message
        match item:
            case Message():
                if message is not None and (self.kept.all or not message.data):
                    self.kept.message(message.text, data=message.data)
                self._message = item
            case Event():
                if message is not None:
                    self._message = None
                    self.kept.message(message.text, data=True)
                    self.left = None if self.left is None else self.left - 1
            case Garbled(problem=problem):
                self._message = None
                self.say(f"not understood, and left out: {problem}")
            case _:
                self._tell(item)
        return self.left == 0

    def _tell(self, state: Event | State) -> None:
        """Say what happens to the connection, and to what is kept."""
        match state:
            case Connected(url=url, resumed_after=None):
                self.kept.opened(url)
            case ServerError(message=text):
                self.say(self._message.text if self._message is not None else text)
            case Gap(reason=reason, symbol=symbol, after=after):
                self.say(f"missing{f' of {symbol}' if symbol else ''} after {after}: {reason}")
            case OutOfSync(symbol=symbol, reason=reason):
                self.say(f"the book of {symbol} waits for a new snapshot: {reason}")
            case Stale(seconds=seconds):
                self.say(f"nothing came for {seconds:g} s")
            case Disconnected(reason=reason, retry_seconds=wait):
                self.say(f"disconnected ({reason}); trying again in {wait:.1f} s")


def _now() -> str:
    """The time, seconds since the Unix epoch."""
    seconds, rest = divmod(time.time_ns(), NS_PER_SECOND)
    return f"{seconds}.{rest:09}"
