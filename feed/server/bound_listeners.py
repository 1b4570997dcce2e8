"""The ports of a server, before anybody can connect."""

from __future__ import annotations

import socket
from typing import TypeAlias

import attrs

from feed.dialects.contract import Dialect
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.server.certificates import tls_context
from feed.server.listener import bind
from feed.server.router import ListenerConfig
from feed.settings import Settings

BoundListener: TypeAlias = tuple[ListenerConfig, socket.socket]
"""A port: what it is for, and its socket."""


async def bind_listeners(settings: Settings, made: bytes = b"") -> list[BoundListener]:
    """
    Every port of a server, taken, the main one first; nobody can connect yet.

    Args:
        settings: Of the server.
        made: See :func:`feed.server.certificates.tls_context`.
    Raises:
        ConfigError: One cannot be had.
    """
    tls = tls_context(settings, made)
    wanted = [(ListenerConfig(tls=tls), settings.host, settings.port, "")]
    wanted += [
        (
            ListenerConfig(dialect=dialect_named(one.protocol), tls=tls),
            one.host,
            one.port,
            "--listen",
        )
        for one in settings.listen
    ]
    bound: list[BoundListener] = []
    try:
        for config, host, port, where in wanted:
            bound += [
                (attrs.evolve(config, host=str(sock.getsockname()[0])), sock)
                for sock in await bind(host, port, where=where)
            ]
    except ConfigError:
        for _, sock in bound:
            sock.close()
        raise
    return bound


def dialect_named(name: str) -> Dialect:
    """
    The protocol of a port.

    Raises:
        ConfigError: There is none of that name.
    """
    found = dialects().get(name)
    if found is None:
        known = ", ".join(dialects())
        raise ConfigError(f"there is no protocol {name!r}", where="--listen", hint=f"known are {known}")
    return found
