"""Listens to a tick server, over as many connections as it takes, for the command that records it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from feed.client import (
    Connected,
    Disconnected,
    Event,
    Gap,
    KeyRefused,
    Message,
    Stale,
    State,
    SymbolUnknown,
    connect,
)
from feed.dialects.contract import MARKET_ENDED
from feed.errors import ConfigError

TICK: Final = '{"type":"tick"'


@attrs.define
class Listener:
    """
    Passes on every message once: what a new connection repeats of an old one was told before.

    Attributes:
        url: Of the server.
        tell: Given each message as it stands.
        say: Given, for people, what happens to the connection, and what is missing.
        left: How many more ticks are wanted; None for any number.
    """

    url: str
    tell: Callable[[str], None]
    say: Callable[[str], None]
    left: int | None = None
    _known: bool = False
    _tick: str = ""

    async def run(self, key: str, symbols: list[str]) -> None:
        """
        Subscribe, and listen until there are ticks enough or the market has ended.

        A connection that ends is made anew, and goes on where the last one was if the server can.

        Args:
            key: To authenticate with.
            symbols: What to subscribe to.

        Raises:
            ConfigError: It cannot be reached, and never was; or it does not accept the key or the symbols.
        """
        try:
            async with connect(self.url, key=key, symbols=symbols, dialect="tradyn", raw=True) as feed:
                async for item in feed:
                    if self._enough(item):
                        return
        except KeyRefused as problem:
            raise ConfigError(f"the server does not accept the key ({problem})", where=self.url) from None
        except SymbolUnknown as problem:
            raise ConfigError(str(problem), where=self.url) from None

    def _enough(self, item: Event | State) -> bool:
        if isinstance(item, Message):
            if item.text.startswith(TICK):
                self._tick = item.text  # an event follows, unless it was told before
            else:
                self.tell(item.text)
        elif isinstance(item, Event):
            self.tell(self._tick)
            if self.left is not None:
                self.left -= 1
        elif isinstance(item, Disconnected):
            return self._over(item)
        else:
            self._known = self._known or isinstance(item, Connected)
            if line := _line(item):
                self.say(line)
        return self.left == 0

    def _over(self, ended: Disconnected) -> bool:
        """Whether there will be no more after the end of a connection."""
        if ended.reason.endswith(MARKET_ENDED):
            self.say(MARKET_ENDED)
            return True
        if not self._known:
            hint = "is the server running there?"
            raise ConfigError(f"cannot connect ({ended.reason})", where=self.url, hint=hint)
        self.say(f"disconnected ({ended.reason}); trying again in {ended.retry_seconds:.1f} s")
        return False


def _line(state: State) -> str:
    """What to say of a state; nothing of most."""
    match state:
        case Gap(reason=reason, symbol=symbol, after=after):
            return f"missing{f' of {symbol}' if symbol else ''} after {after}: {reason}"
        case Stale(seconds=seconds):
            return f"nothing came for {seconds:g} s"
    return ""
