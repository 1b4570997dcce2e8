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


async def bind_listeners(settings: Settings) -> list[BoundListener]:
    """
    Every port of a server, taken, the main one first; nobody can connect yet.

    Raises:
        ConfigError: One cannot be had.
    """
    tls = tls_context(settings)
    wanted = [(ListenerConfig(tls=tls), settings.host, settings.port, "")]
    wanted += [
        (ListenerConfig(dialect=_dialect(listen.protocol), tls=tls), listen.host, listen.port, "--listen")
        for listen in settings.listen
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


def _dialect(name: str) -> Dialect:
    found = dialects().get(name)
    if found is None:
        known = ", ".join(dialects())
        raise ConfigError(f"there is no protocol {name!r}", where="--listen", hint=f"known are {known}")
    return found
