"""What the commands that subscribe at a server share: how a feed ends, and the errors of a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from feed.client import Connected, Disconnected, Event, KeyRefused, State, SymbolUnknown
from feed.dialects.contract import MARKET_ENDED
from feed.errors import ConfigError


class EndOfFeed:
    """
    Recognises the end of a feed.

    Attributes:
        url: Of the server.
        connected: Whether it has been connected to.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.connected = False

    def reached(self, item: Event | State) -> bool:
        """
        Whether ``item`` says that the market has ended, which the operator is told.

        Raises:
            ConfigError: The first connection cannot be made.
        """
        if isinstance(item, Connected):
            self.connected = True
        if not isinstance(item, Disconnected):
            return False
        if item.reason.endswith(MARKET_ENDED):
            click.echo(f"feed: {self.url}: {MARKET_ENDED}", err=True)
            return True
        # An attempt that is made again at once is one without our connection options.
        if not self.connected and item.retry_seconds:
            hint = "is the server running there?"
            raise ConfigError(f"cannot connect ({item.reason})", where=self.url, hint=hint)
        return False


@contextmanager
def refusals(url: str, hint: str = "") -> Iterator[None]:
    """
    Turn a permanent refusal of the server into an error of the operator's.

    Args:
        url: Of the server.
        hint: What to do about a key.

    Raises:
        ConfigError: It does not accept the key, or does not have a symbol.
    """
    try:
        yield
    except KeyRefused as problem:
        raise ConfigError(f"the server does not accept the key ({problem})", where=url, hint=hint) from None
    except SymbolUnknown as problem:
        raise ConfigError(str(problem), where=url) from None
