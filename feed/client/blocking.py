"""The feed without ``async``, for scripts and notebooks."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Required, TypedDict, Unpack

from anyio.from_thread import BlockingPortal, start_blocking_portal

from feed.client.book import Book
from feed.client.connect import Feed, connect
from feed.client.event_buffer import Overflow
from feed.client.orders import Orders
from feed.client.states import State
from feed.dialects.items import Channel
from feed.model.directory import Directory
from feed.model.events import Event


class ConnectOptions(TypedDict, total=False):
    """The keywords of :func:`feed.client.connect`, but those that stand in for the network in tests."""

    key: str | None
    secret: str | None
    symbols: Required[Sequence[str]]
    channels: Sequence[Channel | str]
    raw_channels: Sequence[str]
    dialect: str | None
    resume: bool
    mute_seconds: float | None
    queue_events: int
    overflow: Overflow
    raw: bool
    on_message: Callable[[bytes], None] | None
    ssl_context: ssl.SSLContext | None


class BlockingFeed:
    """The same events; iterating waits for the next one. Made by :func:`connect_blocking`."""

    def __init__(self, feed: Feed, portal: BlockingPortal) -> None:
        self._feed = feed
        self._portal = portal

    @property
    def instruments(self) -> Directory:
        """As :attr:`Feed.instruments`."""
        return self._feed.instruments

    def symbol(self, event: Event) -> str:
        """As :meth:`Feed.symbol`."""
        return self._feed.symbol(event)

    def book(self, symbol: str) -> Book | None:
        """As :meth:`Feed.book`; another thread goes on keeping it meanwhile."""
        return self._feed.book(symbol)

    def orders(self, symbol: str) -> Orders | None:
        """As :meth:`Feed.orders`; another thread goes on keeping it meanwhile."""
        return self._feed.orders(symbol)

    def __iter__(self) -> Iterator[Event | State]:
        while True:
            # One call into the other thread for all that has come, not one for each.
            yield from self._portal.call(self._feed.batch)


@contextmanager
def connect_blocking(
    url: str, *, backend: str = "asyncio", **options: Unpack[ConnectOptions]
) -> Iterator[BlockingFeed]:
    """
    As :func:`feed.client.connect`, with its loop in a thread of its own until the end of the block.

    Args:
        url: As there.
        backend: ``asyncio`` or ``trio``.
        options: As there.

    Raises:
        TypeError: There is no such option.
    """
    for name in options:
        if name not in ConnectOptions.__annotations__:
            raise TypeError(f"connect_blocking() got an unexpected keyword argument {name!r}")
    with (
        start_blocking_portal(backend) as portal,
        portal.wrap_async_context_manager(connect(url, **options)) as feed,
    ):
        yield BlockingFeed(feed, portal)
