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
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
import trio

from feed.errors import ConfigError
from feed.settings import Settings
from feed.webhooks.addresses import Address, Network, networks, permitted, public
from feed.webhooks.targets import NOT_PUBLIC

LOOKUPS: Final = 8  # threads; a look-up that hangs keeps one until the system gives it up

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
    """Sends one request at a time to wherever it may go."""

    def __init__(
        self,
        allowed: Sequence[Network],
        *,
        resolve: Resolve | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """
        Begin without connections; each request has its own.

        Args:
            allowed: Networks that the operator has named.
            resolve: Gives the addresses of a name and a port; None asks the system.
            backend: Connects to an address; None uses sockets.
            tls: Trusts whom; None trusts whom the system trusts.
        """
        self._allowed = tuple(allowed)
        self._lookups = trio.CapacityLimiter(LOOKUPS)  # its own, for others wait for threads too
        self._resolve = resolve or self._ask_system
        self._backend = backend or httpcore.TrioBackend()
        self._given_tls = tls

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """
        Send a body; the caller bounds the time.

        Returns:
            The status of the answer.

        Raises:
            NotPermitted: It must not go there.
            OSError: The name has no address.
            httpcore.NetworkError: No connection, no trusted certificate, or it broke.
            httpcore.ProtocolError: The answer is no HTTP.
        """
        secure = urlsplit(url).scheme == "https"
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls if secure else None,
                network_backend=_Checked(self._addresses, self._backend, plain=not secure),
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

    async def _addresses(self, host: str, port: int, *, plain: bool) -> Sequence[Address]:
        """Where a connection may go; never one of several that are not all fine."""
        addresses = await self._resolve(host, port)
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
        found = await trio.to_thread.run_sync(look_up, limiter=self._lookups, abandon_on_cancel=True)
        return tuple(dict.fromkeys(ipaddress.ip_address(address[0]) for *_, address in found))


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a name after they were checked."""

    def __init__(
        self,
        addresses: Callable[..., Awaitable[Sequence[Address]]],
        backend: httpcore.AsyncNetworkBackend,
        *,
        plain: bool,
    ) -> None:
        self._addresses = addresses
        self._backend = backend
        self._plain = plain

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
        for address in await self._addresses(host, port, plain=self._plain):
            try:
                return await self._backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                problem = error
        raise problem
