"""
One HTTP request to a URL that a client has named.

The name is looked up here, every address that it has is checked, and one of these very addresses is connected
to: a name that points elsewhere a moment later (DNS rebinding) changes nothing. The certificate is checked
for the name. Redirects are not followed, proxies of the environment are not used, and of the answer only its
head is read.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

import httpcore
import trio

from feed.errors import ConfigError
from feed.settings import Settings, Webhooks
from feed.webhooks.addresses import Address, Network, networks, permitted, public
from feed.webhooks.targets import NOT_PUBLIC

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class NotPermitted(Exception):
    """A webhook must not go where its name points to."""


def allowed_networks(settings: Settings) -> tuple[Network, ...]:
    """
    The networks that the operator has named.

    Raises:
        ConfigError: One of them is none.
    """
    try:
        return networks(settings.webhooks.allow)
    except ValueError as problem:
        hint = "allowed: networks such as 127.0.0.0/8"
        raise ConfigError(str(problem), where="--webhook-allow", hint=hint) from None


def said(problem: BaseException) -> str:
    """Why there was no answer, in a few words for the owner of the URL."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {getattr(cause, 'verify_message', '') or cause.reason or 'no handshake'}"
        cause = cause.__cause__ or cause.__context__
    return str(problem) or "no connection"


class WebhookClient:
    """Sends requests to wherever they may go."""

    def __init__(
        self,
        allowed: Sequence[Network],
        settings: Webhooks | None = None,
        *,
        resolve: Resolve | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """
        Begin without connections; each request has its own.

        Args:
            allowed: Networks that the operator has named.
            settings: How long a request may take, and how many names are looked up at a time.
            resolve: Gives the addresses of a name and a port; None asks the system.
            backend: Connects to an address; None uses sockets.
            tls: Trusts whom; None trusts whom the system trusts.
        """
        settings = settings or Webhooks()
        self._allowed = tuple(allowed)
        self._seconds = settings.attempt_seconds
        self._threads = trio.CapacityLimiter(settings.concurrent)  # its own, for others wait for threads too
        self._resolve = resolve or self._ask_system
        self._backend = backend or httpcore.TrioBackend()
        self._given_tls = tls

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """
        Send a body.

        A look-up cannot be called off: when the time is over in one, this returns at its end, so that whoever
        names hosts that take for ever to look up counts as busy for as long.

        Returns:
            The status of the answer.

        Raises:
            NotPermitted: It must not go there.
            trio.TooSlowError: There was no answer in time.
            OSError: The name has no address.
            httpcore.NetworkError: No connection, no trusted certificate, or it broke.
            httpcore.ProtocolError: The answer is no HTTP.
        """
        status = 0
        problem: Exception | None = None
        async with trio.open_nursery() as lookups:
            with trio.move_on_after(self._seconds) as time:
                try:
                    status = await self._send(url, body, headers, lookups)
                except Exception as error:  # noqa: BLE001 - raised again, in no group
                    problem = error
        if problem is not None:
            raise problem
        if time.cancelled_caught:
            raise trio.TooSlowError
        return status

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str], lookups: trio.Nursery) -> int:
        secure = urlsplit(url).scheme == "https"
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls if secure else None,
                network_backend=_Checked(
                    partial(self._addresses, plain=not secure, lookups=lookups), self._backend
                ),
                max_keepalive_connections=0,
            ) as pool,
            pool.stream(
                "POST",
                url,
                headers=[(name, value) for name, value in ({**headers, "Connection": "close"}).items()],
                content=body,
            ) as response,
        ):
            return response.status

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or ssl.create_default_context()

    async def _addresses(
        self, host: str, port: int, *, plain: bool, lookups: trio.Nursery
    ) -> Sequence[Address]:
        """Where a connection may go; never one of several that are not all fine."""
        lookup = _Lookup(partial(self._resolve, host, port))
        lookups.start_soon(lookup.run)
        addresses = await lookup.addresses()
        for address in addresses:
            if permitted(address, self._allowed):
                continue
            if not public(address):
                raise NotPermitted(f"{host} {NOT_PUBLIC}")
            if plain:
                raise NotPermitted(f"{host} is outside the networks that take plain HTTP; use https://")
        return addresses

    async def _ask_system(self, host: str, port: int) -> Sequence[Address]:
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await trio.to_thread.run_sync(look_up, limiter=self._threads, abandon_on_cancel=True)
        return tuple(dict.fromkeys(ipaddress.ip_address(address[0]) for *_, address in found))


class _Lookup:
    """The look-up of one name, which goes on although nobody waits for it any more."""

    def __init__(self, resolve: Callable[[], Awaitable[Sequence[Address]]]) -> None:
        self._resolve = resolve
        self._ended = trio.Event()
        self._found: Sequence[Address] = ()
        self._problem: Exception | None = None

    async def run(self) -> None:
        """Look it up."""
        try:
            self._found = await self._resolve()
        except Exception as problem:  # noqa: BLE001 - whoever waits is told
            self._problem = problem
        self._ended.set()

    async def addresses(self) -> Sequence[Address]:
        """What it has found. Raises what it has met with."""
        await self._ended.wait()
        if self._problem is not None:
            raise self._problem
        return self._found


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a name after they were checked."""

    def __init__(
        self,
        addresses: Callable[[str, int], Awaitable[Sequence[Address]]],
        backend: httpcore.AsyncNetworkBackend,
    ) -> None:
        self._addresses = addresses
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers."""
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._addresses(host, port):
            try:
                return await self._backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                problem = error
        raise problem
