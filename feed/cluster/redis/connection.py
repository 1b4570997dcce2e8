"""
One connection to Redis, and what can become of a command on it.

There is no pool: it would lose a place whenever a connection dies under a blocked read, and no command would
be answered any more in the end. Whoever needs a connection opens one, leaves it with the first
:class:`RedisAway`, and opens another. Only who knows what a command does can tell whether to send it again.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar, Union, cast

import msgspec
import trio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from feed.cluster.redis.url import RedisUrl
from feed.errors import ConfigError, FeedError, install_hint

if TYPE_CHECKING:
    from coredis.connection import TCPConnection

Reply: TypeAlias = Union[bytes, int, float, bool, list["Reply"], dict["Reply", "Reply"], None]  # noqa: UP007 - of itself
"""What Redis answers, as RESP3 has it. :func:`reply_as` says which of these it must be."""

COMMAND_SECONDS: Final = 2.0
"""That a command may take, unless it says otherwise."""
CONNECT_SECONDS: Final = 2.0
"""That connecting may take."""

_FULL: Final = "OOM"  # what the answer of a Redis begins with that may take no more memory

T = TypeVar("T")


class RedisAway(FeedError):
    """
    No answer came in time, or the connection is lost: the command may have been carried out all the same.

    Attributes:
        reason: Why, in a few words.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Redis is away ({reason})")


class RedisRefused(FeedError):
    """
    Redis answered with an error: the command was not carried out.

    Attributes:
        text: As Redis says it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"Redis refuses ({text})")

    @property
    def full(self) -> bool:
        """Whether its memory is full."""
        return self.text.startswith(_FULL)


class RedisConnection(Protocol):
    """A connection to Redis; useless after the first :class:`RedisAway`."""

    async def command(self, *parts: bytes | str | int, seconds: float | None = None) -> Reply:
        """
        Let one command be carried out.

        Args:
            parts: The command and its arguments.
            seconds: That it may take; more than a read may block. None for :data:`COMMAND_SECONDS`.
        Raises:
            RedisAway: See there. A command that is cancelled also ends the connection.
            RedisRefused: See there.
        """
        ...


class RedisServer(Protocol):
    """
    A Redis, with one log in it.

    Attributes:
        where: Host and name, as it is shown: without a password.
        name: Of the log.
    """

    @property
    def where(self) -> str:
        """See the class."""
        ...

    @property
    def name(self) -> str:
        """See the class."""
        ...

    def connection(self) -> AbstractAsyncContextManager[RedisConnection]:
        """
        A connection of one's own.

        Raises:
            RedisAway: It cannot be had now.
            RedisRefused: Redis lets nobody in with this user and password, or has no such database.
        """
        ...


def reply_as(reply: Reply, kind: type[T]) -> T:
    """
    A reply as what it must be.

    Raises:
        FeedError: It is something else.
    """
    try:
        return msgspec.convert(reply, kind)
    except msgspec.ValidationError as error:
        raise FeedError(f"Redis answers something else than asked for: {error}") from None


class CoredisServer:
    """
    A Redis to be reached over the network.

    Args:
        url: Where.
        option: That says so, for messages.

    Raises:
        ConfigError: The library is missing.
    """

    def __init__(self, url: RedisUrl, *, option: str = "") -> None:
        try:
            import coredis  # noqa: F401, PLC0415 - an extra
        except ImportError:
            raise ConfigError("needs the library coredis", where=option, hint=install_hint("redis")) from None
        # It logs each failed connect with a traceback; who connects says so in one line.
        logging.getLogger("coredis").disabled = True
        self._url = url
        self.where: Final = url.where
        self.name: Final = url.name

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[RedisConnection]:
        """See :class:`RedisServer`."""
        from coredis.connection import TCPConnection, TCPLocation  # noqa: PLC0415 - an extra
        from coredis.exceptions import ConnectionError as Lost  # noqa: PLC0415
        from coredis.exceptions import RedisError  # noqa: PLC0415

        url = self._url
        connection = TCPConnection(
            TCPLocation(url.host, url.port),
            connect_timeout=CONNECT_SECONDS,
            stream_timeout=COMMAND_SECONDS,
            username=url.user or None,
            password=url.password or None,
            db=url.database,
            ssl_context=ssl.create_default_context() if url.encrypted else None,
        )
        problem: Exception | None = None  # raised outside of the nursery, which would make a group of it
        async with trio.open_nursery() as nursery:
            try:
                await nursery.start(connection.run)
            except (Lost, OSError) as error:
                problem = RedisAway(_reason(error))
            except RedisError as error:
                problem = RedisRefused(_text(error))
            if problem is not None:
                _close_buffers(connection)
            else:
                try:
                    yield _Connection(connection)
                except Exception as error:  # noqa: BLE001 - of whoever uses it
                    problem = error
            nursery.cancel_scope.cancel()
        if problem is not None:
            raise problem


def _close_buffers(connection: TCPConnection) -> None:
    """Close what the library leaves open where it could not connect."""
    for held in vars(connection).values():
        if isinstance(held, MemoryObjectSendStream | MemoryObjectReceiveStream):
            held.close()


class _Connection:
    """See :class:`RedisConnection`."""

    def __init__(self, connection: TCPConnection) -> None:
        self._connection = connection

    async def command(self, *parts: bytes | str | int, seconds: float | None = None) -> Reply:
        from coredis.exceptions import ConnectionError as Lost  # noqa: PLC0415 - an extra
        from coredis.exceptions import RedisError  # noqa: PLC0415

        word, *arguments = parts
        name = word if isinstance(word, bytes) else str(word).encode()
        try:
            found = await self._connection.create_request(
                name, *arguments, timeout=seconds or COMMAND_SECONDS, disconnect_on_cancellation=True
            )
        except (Lost, OSError) as error:  # a TimeoutError is an OSError
            raise RedisAway(_reason(error)) from None
        except RedisError as error:
            raise RedisRefused(_text(error)) from None
        return cast("Reply", found)  # nothing is decoded, and sets are asked for by nobody


def _text(error: Exception) -> str:
    """What Redis says, with the code at its front, which the library takes off where it has a class."""
    from coredis.exceptions import NoScriptError, ReadOnlyError  # noqa: PLC0415 - an extra

    codes = {NoScriptError: "NOSCRIPT ", ReadOnlyError: "READONLY "}
    code = next((code for kind, code in codes.items() if isinstance(error, kind)), "")
    return code + _line(str(error))


def _reason(error: BaseException) -> str:
    """What was at the bottom of it, as the system says it."""
    said, bottom = _line(str(error)), error
    while bottom.__cause__ is not None:
        bottom = bottom.__cause__
    if isinstance(bottom, OSError) and bottom.strerror:
        return bottom.strerror
    return said or type(error).__name__


def _line(text: str) -> str:
    return " ".join(text.split())
