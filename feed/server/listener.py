"""Accepts connections, and counts them: in all, and from each address."""

from __future__ import annotations

import errno
import socket
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog
import trio

from feed.errors import ConfigError
from feed.server.connection.transport import SocketTransport
from feed.server.head import BadRequest
from feed.server.router import ANY_PROTOCOL, ListenerConfig, Router
from feed.settings import Limits
from feed.stream.transport import Transport

log = structlog.get_logger("feed.listener")

ACCEPTS_IN_A_ROW: Final = 2  # before other tasks run; each goes on to cost much more than its accept
PAUSE_SECONDS: Final = 0.1  # when the process has no file descriptor left
YIELD_SECONDS: Final = 0.005  # in which another process may take who waits

_OUT_OF_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


Wrap = Callable[[Transport], Transport]


def unwrapped(transport: Transport) -> Transport:
    """The transport as it is."""
    return transport


def alone() -> bool:
    """No other process accepts on the same sockets."""
    return False


async def bind(host: str, port: int, *, where: str = "") -> list[socket.socket]:
    """
    Sockets for every address of ``host``, all on one port; nobody can connect before :func:`listen`.

    Args:
        host: Name or address.
        port: TCP port; 0 takes a free one.
        where: The option that asks for both; empty for ``--host`` and ``--port``.

    Raises:
        ConfigError: The host is not known, or the port cannot be had.
    """
    try:
        found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as problem:
        raise ConfigError(f"cannot find host {host!r} ({problem})", where=where or "--host") from None
    bound: list[socket.socket] = []
    try:
        for family, *_, address in found:
            taken = bound[0].getsockname()[1] if bound else port
            bound.append(_bound(socket.AddressFamily(family), (address[0], taken, *address[2:])))
    except OSError as problem:
        for one in bound:
            one.close()
        raise _cannot_bind(host, port, problem, where) from None
    return bound


def _bound(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Otherwise it would take the IPv4 port as well, which has a socket of its own.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def listen(sock: socket.socket, backlog: int = Limits().accept_backlog) -> None:
    """
    Let clients connect: from here on they wait for us, and not for our getting ready.

    Args:
        sock: Bound.
        backlog: See :attr:`feed.settings.Limits.accept_backlog`.

    Raises:
        ConfigError: Somebody else has come to listen there meanwhile.
    """
    try:
        sock.listen(backlog)
    except OSError as problem:
        host, port, *_ = sock.getsockname()
        raise _cannot_bind(host, port, problem) from None


def _cannot_bind(host: str, port: int, problem: OSError, where: str = "") -> ConfigError:
    if problem.errno == errno.EADDRINUSE:
        return ConfigError(
            f"port {port} on {host} is in use",
            where=where or "--port",
            hint="choose another, or 0 for a free one",
        )
    if problem.errno == errno.EACCES:
        return ConfigError(
            f"port {port} needs privileges", where=where or "--port", hint="choose one above 1023"
        )
    return ConfigError(f"cannot listen on {host} port {port} ({problem.strerror})", where=where or "--host")


class Listener:
    """
    Accepts connections while there is room.

    When there is none, a connection is refused with an answer. Only so many refused ones are open at a time,
    for each holds a file descriptor; the oldest is dropped first.

    Args:
        router: Serves a connection.
        limits: Bounds on connections.
        wrap: Puts something between every connection and its socket.
        crowded: Whether other processes that accept on the same sockets should rather take who comes next.
        refusal: What everybody hears but those who ask how the server is; None lets clients in.
    """

    def __init__(
        self,
        router: Router,
        limits: Limits,
        wrap: Wrap = unwrapped,
        crowded: Callable[[], bool] = alone,
        *,
        refusal: BadRequest | None = None,
    ) -> None:
        self._wrap = wrap
        self._crowded = crowded
        self._router = router
        self._limits = limits
        self._refusal = refusal
        self._open: Counter[str] = Counter()  # connections by peer address ...
        self._total = 0  # ... and all of them
        self._refused: dict[Transport, None] = {}  # those that are refused, oldest first
        self._accepted = 0  # connections that hold a descriptor
        self._left = trio.lowlevel.ParkingLot()  # until one of them has ended
        self._starved = False

    async def run(
        self, sock: socket.socket, connections: trio.Nursery, config: ListenerConfig = ANY_PROTOCOL
    ) -> None:
        """Accept until cancelled; each connection runs in ``connections``."""
        with sock:
            while True:
                await trio.lowlevel.wait_readable(sock)
                for _ in range(ACCEPTS_IN_A_ROW):
                    if self._accepted >= self._limits.connections + self._limits.descriptors_kept // 2:
                        await self._left.park()
                    if self._crowded():
                        await trio.sleep(YIELD_SECONDS)
                    try:
                        client, address = sock.accept()
                    except BlockingIOError:
                        break
                    except OSError as problem:
                        if problem.errno in _OUT_OF_FILES:
                            await self._starve(problem)
                        continue  # or it was gone before it was accepted
                    self._starved = False
                    self._accepted += 1
                    transport = self._wrap(SocketTransport(client, address[0]))
                    connections.start_soon(self._serve, transport, config)
                await trio.lowlevel.checkpoint()

    async def admit(self, transport: Transport, config: ListenerConfig = ANY_PROTOCOL) -> None:
        """Serve one connection, or refuse it when there is no room for it, or for nobody."""
        problem = self._no_room(transport.peer)
        if problem is not None:
            # It takes no place: who is refused again and again would keep others out.
            await self._refuse(transport, problem, config)
            return
        self._open[transport.peer] += 1
        self._total += 1
        try:
            await self._router.admit(transport, config)
        finally:
            self._total -= 1
            self._open[transport.peer] -= 1
            if not self._open[transport.peer]:
                del self._open[transport.peer]

    async def _serve(self, transport: Transport, config: ListenerConfig) -> None:
        try:
            await self.admit(transport, config)
        finally:
            self._accepted -= 1
            self._left.unpark_all()

    async def _refuse(self, transport: Transport, problem: BadRequest, config: ListenerConfig) -> None:
        while len(self._refused) >= self._limits.descriptors_kept // 4:
            first = next(iter(self._refused))
            del self._refused[first]
            first.close()
        self._refused[transport] = None
        try:
            await self._router.refuse_for_room(transport, problem, config)
        finally:
            self._refused.pop(transport, None)

    async def _starve(self, problem: OSError) -> None:
        """Wait a little; whoever else has taken the last descriptors may give some back."""
        if not self._starved:
            log.warning("cannot accept", reason=problem.strerror)
        self._starved = True
        await trio.sleep(PAUSE_SECONDS)

    def _no_room(self, peer: str) -> BadRequest | None:
        if self._refusal is not None:
            return self._refusal
        if self._total >= self._limits.connections:
            return BadRequest(503, "The server is full; try again later", (("Retry-After", "5"),))
        if self._open[peer] >= self._limits.connections_per_address:
            return BadRequest(429, "Too many connections from your address", (("Retry-After", "5"),))
        return None
