"""The feed: connects, and connects again after every disconnect, until it is closed."""

from __future__ import annotations

import random as _random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import anyio

from feed.client.book import Book
from feed.client.core import Core
from feed.client.event_buffer import EventBuffer, Overflow
from feed.client.fetch import fetcher, poster
from feed.client.known import SymbolUnknown, listing_url, symbols_of, unknown
from feed.client.orders import Orders
from feed.client.socket import HandshakeRefused, SocketClosed, open_socket
from feed.client.states import Disconnected, Message, Stale, State
from feed.dialects.client import Codec, SubscriptionSpec
from feed.dialects.discovery import codec_for, dialects, route
from feed.dialects.items import Channel
from feed.errors import ConfigError, ProtocolError
from feed.model.directory import Directory
from feed.model.events import Event
from feed.model.symbols import same
from feed.settings import DEMO_KEY, DEMO_SECRET, LOOPBACK

MUTE_SECONDS: Final = 30.0
QUEUE_EVENTS: Final = 10_000


class ClientConnection(Protocol):
    """What a feed needs of a WebSocket; see :class:`feed.client.socket.Socket`."""

    async def send(self, text: str) -> None:
        """Send one message."""

    async def receive(self) -> list[str]:
        """Every message that has come, at least one."""


Open = Callable[[str, tuple[str, ...]], AbstractAsyncContextManager[ClientConnection]]
"""Connects to a URL, and offers subprotocols."""
Fetch = Callable[[str], Awaitable[bytes | None]]
Post = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, bytes]]]


class Feed:
    """
    Events and states, without end. Made by :func:`connect`.

    Attributes:
        instruments: By the index that stands in ``Event.instrument``; they turn ticks into decimals.
    """

    def __init__(
        self,
        core: Core,
        event_buffer: EventBuffer,
        codec: Codec,
        open_: Open,
        *,
        mute_seconds: float | None,
        raw: bool,
        random: Callable[[], float],
        post: Post,
        fetch: Fetch,
        url: str,
        spec: SubscriptionSpec,
    ) -> None:
        self._core = core
        self._event_buffer = event_buffer
        self._codec = codec
        self._open = open_
        self._mute_seconds = mute_seconds
        self._raw = raw
        self._random = random
        self._post = post
        self._fetch = fetch
        self._url = url
        self._spec = spec

    @property
    def instruments(self) -> Directory:
        """Those that messages have named."""
        return self._core.instruments

    @property
    def subscribed(self) -> bool:
        """Whether the server has confirmed every subscription on the connection that stands."""
        return self._core.subscribed

    def symbol(self, event: Event) -> str:
        """The symbol that an event is of."""
        return self._core.instruments[event.instrument].symbol

    def book(self, symbol: str) -> Book | None:
        """
        The book of ``symbol`` as the server spells it, kept up to date; None before the first message of it.

        It is kept as messages come, and so may be ahead of the events that were read.
        """
        index = self._core.instruments.find(symbol)
        return None if index is None else self._core.books.levels.get(index)

    def orders(self, symbol: str) -> Orders | None:
        """The same for the book of single orders."""
        index = self._core.instruments.find(symbol)
        return None if index is None else self._core.books.orders.get(index)

    @property
    def books(self) -> list[Book]:
        """Every book of price levels, in the order in which they came up."""
        return list(self._core.books.levels.values())

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> Event | State:
        return await self._event_buffer.get()

    async def batch(self) -> list[Event | State]:
        """All that has come since, at least one."""
        return await self._event_buffer.get_all()

    # -- the task --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect again after every disconnect; what a retry cannot mend is raised to the reader."""
        try:
            await self._run()
        except SymbolUnknown as problem:
            listed = await self._listed()
            self._event_buffer.end(unknown(str(problem), self._spec.symbols, listed))
        except Exception as problem:  # noqa: BLE001 - it belongs to the reader, who raises it
            self._event_buffer.end(problem)

    async def _listed(self) -> list[str]:
        return symbols_of(await self._fetch(listing_url(self._url)))

    async def _check_symbols(self) -> None:
        """Where one connection carries all markets, the server does not refuse an unknown one: look it up."""
        if not self._codec.filters or len(self._spec.symbols) == 1:
            return
        listed = await self._listed()
        for symbol in self._spec.symbols if listed else ():
            if not any(same(symbol, name) for name in listed):
                raise SymbolUnknown(f"Unknown market: {symbol}")

    async def _run(self) -> None:
        await self._check_symbols()
        backoff = self._codec.backoff
        delays = backoff.delays(self._random)
        while True:
            began = anyio.current_time()
            lost = await self._once()
            if anyio.current_time() - began >= backoff.stable_seconds:
                delays = backoff.delays(self._random)
            wait = 0.0 if self._core.begin_anew else next(delays)
            self._core.begin_anew = False
            await self._event_buffer.put(
                [Disconnected(reason=lost.reason, code=lost.code, retry_seconds=wait)]
            )
            await anyio.sleep(wait)

    async def _once(self) -> SocketClosed:
        """One connection, from the handshake to its end; why it ended."""
        try:
            subprotocols = await self._ticket()
            async with self._open(self._core.url(), subprotocols) as socket:
                await self._event_buffer.put(self._core.connected())
                return await self._receive_all(socket)
        except HandshakeRefused as problem:
            if self._core.refused(problem.code, problem.told):
                self._core.begin_anew = True
            return problem
        except SocketClosed as problem:
            return problem

    async def _ticket(self) -> tuple[str, ...]:
        """What to offer in the handshake: a new token for every connection, where there are tokens."""
        request = self._core.token_request()
        if request is None:
            return ()
        try:
            return (self._core.ticket(*await self._post(*request)),)
        except ProtocolError as problem:
            raise SocketClosed(0, problem.message) from None

    async def _receive_all(self, socket: ClientConnection) -> SocketClosed:
        """Read until the connection ends, is mute, or is replaced by another; why it ended."""
        core, put = self._core, self._event_buffer.put
        while not core.begin_anew:
            await self._send_queued(socket)
            texts = await self._receive(socket)
            if not texts:
                await put([Stale(seconds=self._mute_seconds or 0.0)])
                return SocketClosed(0, "nothing came")
            found: list[Event | State] = []
            for text in texts:
                items = core.receive(text)
                if self._raw:
                    found.append(Message(text, data=core.data))
                found += items
            await put(found)
        return SocketClosed(0, "given up for a new one")

    async def _send_queued(self, socket: ClientConnection) -> None:
        """Send what is queued; after a close by the server drop it: its last messages are still read."""
        outgoing = self._core.outgoing
        while outgoing:
            try:
                await socket.send(outgoing.pop(0))
            except SocketClosed:
                outgoing.clear()

    async def _receive(self, socket: ClientConnection) -> list[str]:
        """The next messages; none when the connection stayed mute, also after a probe."""
        if self._mute_seconds is None:
            return await socket.receive()
        texts: list[str] = []
        with anyio.move_on_after(self._mute_seconds / 2):
            texts = await socket.receive()
        if texts:
            return texts
        probe = self._core.probe()
        with anyio.move_on_after(self._mute_seconds / 2):
            if probe is not None:
                await socket.send(probe)
            return await socket.receive()
        return []


@asynccontextmanager
async def connect(
    url: str,
    *,
    key: str | None = None,
    secret: str | None = None,
    symbols: Sequence[str],
    channels: Sequence[Channel | str] = (),
    raw_channels: Sequence[str] = (),
    dialect: str | None = None,
    resume: bool = True,
    mute_seconds: float | None = MUTE_SECONDS,
    queue_events: int = QUEUE_EVENTS,
    overflow: Overflow = Overflow.WAIT,
    raw: bool = False,
    on_message: Callable[[bytes], None] | None = None,
    ssl_context: ssl.SSLContext | None = None,
    random: Callable[[], float] = _random.random,
    open_socket: Open | None = None,
    post: Post | None = None,
    fetch: Fetch | None = None,
) -> AsyncIterator[Feed]:
    """
    A feed that is connected, and connects again, until the end of the block. On Trio and on asyncio.

    Args:
        url: ``ws://`` or ``wss://``; its path and query say which protocol, unless ``dialect`` does. A
            ``since`` in it is a position to resume after, as if the feed had been disconnected there.
        key: API key; None uses the demo key, on loopback only.
        secret: That goes with the key, where the protocol wants one; None uses that of the demo key, on
            loopback only.
        symbols: What to subscribe to, as the server names it.
        channels: Of each symbol; none means the protocol's first, its quotes.
        raw_channels: What else of each symbol, by the protocol's own names. What comes there is not read:
            ``raw`` or ``on_message`` shows it.
        dialect: Name of the protocol. A URL without a path gets that of its document, where the root of a
            server means another protocol.
        resume: Use the connection options of this project's servers to miss no event while
            disconnected. Servers that refuse them are asked again without.
        mute_seconds: Without a message for so long a connection is given up; half-way the server is sent a
            message that it answers, where the protocol has one. None waits for ever.
        queue_events: Events that may wait for their reader.
        overflow: What happens beyond.
        raw: Also give every message as it came, as :class:`~feed.client.states.Message`.
        on_message: Called with the bytes of every message, whole and unpacked, before they are read. It
            must not block: nothing else is received meanwhile.
        ssl_context: Of ``wss://``; None has the certificates that the system trusts.
        random: Jitter of reconnects; draws from [0, 1).
        open_socket: Stands in for the network, in tests.
        post: Gets a token; stands in for the network, in tests.
        fetch: Gets what a URL has; stands in for the network, in tests.

    Raises:
        ConfigError: There is no such protocol, or it has no such channel.
        KeyRefused: From the iteration: the server does not accept the key.
        SymbolUnknown: From the iteration: the server does not have a symbol, and which it has.
    """
    codec = codec_for(url, dialect)
    spec = SubscriptionSpec(
        symbols=tuple(dict.fromkeys(symbols)),
        channels=_channels(codec, channels, url),
        raw_channels=_raw_channels(codec, raw_channels, url),
        key=key if key is not None else _on_loopback(url, DEMO_KEY),
        secret=secret if secret is not None else _on_loopback(url, DEMO_SECRET),
    )
    if dialect is not None:
        url = _spoken(url, dialect, codec, spec)
    feed = Feed(
        Core(codec, spec, url, resume=resume),
        EventBuffer(queue_events, overflow),
        codec,
        open_socket or _opener(ssl_context, on_message),
        mute_seconds=mute_seconds,
        raw=raw,
        random=random,
        post=post or poster(ssl_context),
        fetch=fetch or fetcher(ssl_context),
        url=url,
        spec=spec,
    )
    problem: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        try:
            yield feed
        except Exception as error:  # noqa: BLE001 - raised below, out of the group, as it came
            problem = error
        finally:
            tasks.cancel_scope.cancel()
    if problem is not None:
        raise problem


def _spoken(url: str, name: str, codec: Codec, spec: SubscriptionSpec) -> str:
    """The URL where a protocol is spoken: at the root of a server it may meet one that refuses it."""
    parts = urlsplit(url)
    if parts.path not in {"", "/"}:
        return url
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    if codec.client_handshake is not None:
        asked |= codec.client_handshake.query(spec)
    found = route("/", asked)
    if found is not None and found.name == name:
        return url
    dialect = dialects()[name]
    return urlunsplit(parts._replace(path=next(iter(dialect.aliases), dialect.path)))


def _channels(codec: Codec, wanted: Sequence[Channel | str], url: str) -> tuple[Channel, ...]:
    names = [channel.value for channel in codec.channels]
    for one in wanted:
        name = one.value if isinstance(one, Channel) else one
        if name not in names:
            raise ConfigError(f"no channel {name!r}", where=url, hint=f"there are {', '.join(names)}")
    return tuple(Channel(one) for one in wanted) or codec.channels[:1]


def _raw_channels(codec: Codec, wanted: Sequence[str], url: str) -> tuple[str, ...]:
    for name in wanted:
        if name not in codec.raw_channels:
            hint = f"there are {', '.join(codec.raw_channels) or 'none'}"
            raise ConfigError(f"no raw channel {name!r}", where=url, hint=hint)
    return tuple(dict.fromkeys(wanted))


def _on_loopback(url: str, text: str) -> str | None:
    return text if urlsplit(url).hostname in {LOOPBACK, "localhost", "::1"} else None


def _opener(ssl_context: ssl.SSLContext | None, on_message: Callable[[bytes], None] | None) -> Open:
    return lambda url, subprotocols: open_socket(url, ssl_context, subprotocols, on_message)
