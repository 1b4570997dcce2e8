"""
The server: a market, a fan-out and listeners, each in a task of its own.

Two nurseries, one inside the other: the connections outlive the market and the listeners, so that
every client is sent a last message and the closing handshake.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from typing import TypedDict

import attrs
import structlog
import trio

from feed.recording.atomic_file import is_port, write_atomically
from feed.server import close_reason, descriptors
from feed.server.adminkey import admin_key as made_up
from feed.server.bound_listeners import BoundListener, bind_listeners
from feed.server.certificates import certificate_names
from feed.server.closing import close_connections, conclude
from feed.server.guard import check_names
from feed.server.keyfile import read_entries
from feed.server.keys import KeyStore, admin_entry, demo_entries, demo_keys_wanted
from feed.server.listener import Listener, Wrap, alone, listen, unwrapped
from feed.server.playout import playing
from feed.server.router import ListenerConfig
from feed.server.served_market import ServedMarket
from feed.server.server_context import ServerContext
from feed.server.tokens import signing_key
from feed.server.webhooks.client import allowed_networks
from feed.settings import Settings
from feed.stream.source import Batch, Source

log = structlog.get_logger("feed.server")


@attrs.frozen
class Address:
    """
    Where a server listens.

    Attributes:
        host: Address.
        port: TCP port.
        tls: Whether it speaks TLS there.
        protocol: The one that every path means there; empty when path and query decide.
    """

    host: str
    port: int
    tls: bool = False
    protocol: str = ""

    def url(self, path: str = "") -> str:
        """A URL to connect to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.tls else 'ws'}://{host}:{self.port}{path}"


class ServeOptions(TypedDict, total=False):
    """What :func:`serve` takes beside settings and source, for the servers that hand it on."""

    stop: trio.Event | None
    wrap: Wrap
    tell: Callable[[ServerContext], None] | None
    admin_key: str | None
    chance: Random | None
    task_status: trio.TaskStatus[list[Address]]


async def serve(
    settings: Settings,
    *,
    source: Source | None = None,
    stop: trio.Event | None = None,
    wrap: Wrap = unwrapped,
    tell: Callable[[ServerContext], None] | None = None,
    admin_key: str | None = None,
    chance: Random | None = None,
    task_status: trio.TaskStatus[list[Address]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """
    Serve a market until ``stop`` is set, until it is over if it shall end then, or until cancelled.

    ``trio.run(feed.serve, settings)`` runs it; ``await nursery.start(feed.serve, settings)`` starts
    it and returns the addresses it listens on. When stopped it lets nobody in, closes every
    connection with 1001 and returns within ``settings.limits.shutdown_seconds``; when cancelled it
    drops everything at once.

    Args:
        settings: All of the server.
        source: Where events come from; None simulates what the settings say.
        stop: Ends the server gently.
        wrap: Puts something between every connection and its socket.
        tell: Given the server before it opens, to look into.
        admin_key: The key that steers the market; None takes that of ``settings.admin_key``, or one that
            nobody learns.
        chance: Decides in which order connections are closed in the end; None leaves it to the system.
        task_status: Told the addresses once clients can connect.

    Raises:
        ConfigError: A setting cannot be met, such as a port in use.
    """
    with playing(settings, source) as (found, market):
        await serve_market(
            found,
            market,
            stop=stop,
            wrap=wrap,
            tell=tell,
            admin_key=admin_key,
            chance=chance,
            task_status=task_status,
        )


async def serve_market(
    settings: Settings,
    market: ServedMarket,
    *,
    listeners: Sequence[BoundListener] | None = None,
    accepts: bool = True,
    stop: trio.Event | None = None,
    wrap: Wrap = unwrapped,
    tell: Callable[[ServerContext], None] | None = None,
    admin_key: str | None = None,
    chance: Random | None = None,
    task_status: trio.TaskStatus[list[Address]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """
    As :func:`serve`, of a market that is ready.

    Args:
        settings: See there; likewise for the rest.
        market: Is served once.
        listeners: Where clients connect, the main one first; they are closed in the end. None binds those
            that the settings say.
        accepts: Whether this process accepts who connects there; others that have the sockets may.
        stop: See there.
        wrap: See there.
        tell: See there.
        admin_key: See there.
        chance: See there.
        task_status: See there.

    Raises:
        ConfigError: See there.
    """
    stop = stop if stop is not None else trio.Event()
    chance = chance or SystemRandom()
    check_names(settings.allow_host, settings.allow_origin)
    allowed_networks(settings)
    descriptors.raise_limit()
    fixed = (
        admin_entry(admin_key or made_up(settings.admin_key, secrets.token_bytes)),
        *(demo_entries() if demo_keys_wanted(settings) else ()),
    )
    key_store = KeyStore((*(read_entries(settings.keys) if settings.keys else ()), *fixed))
    bound = await bind_listeners(settings) if listeners is None else listeners
    server_context = ServerContext(
        settings,
        market.source,
        key_store,
        market.plan,
        signing_key=market.token_key or signing_key(settings.tokens.key, secrets.token_bytes),
        storage=market.storage,
        hosts=_names(settings),
        fixed=fixed,
        stream_state=market.stream_state,
        entry_log=market.entry_log,
        step_log=market.step_log,
        parts=market.parts,
    )
    market.attach(server_context)
    if market.recorded is not None:
        server_context.services.restore(market.recorded)
    if tell is not None:
        tell(server_context)
    try:
        socks, backlog = [sock for _, sock in bound], settings.limits.accept_backlog
        if not await _open(market, server_context, socks, backlog, stop=stop):
            task_status.started([])
            return
        limits = attrs.evolve(settings.limits, connections=descriptors.connections(settings.limits))
        crowded = market.parts.crowded or alone
        listener = Listener(server_context.router, limits, wrap, crowded)
        send, receive = trio.open_memory_channel[Batch](settings.flow.channel_batches)
        async with server_context.keeping_messages(), trio.open_nursery() as connections:
            async with trio.open_nursery() as services:
                for config, sock in bound if accepts else ():
                    services.start_soon(listener.run, sock, connections, config)
                services.start_soon(server_context.registry.turns.run)
                services.start_soon(server_context.fanout.replay)
                services.start_soon(market.run, send, server_context.fanout)
                services.start_soon(server_context.key_watch.run)
                services.start_soon(server_context.services.run)
                services.start_soon(server_context.webhooks.run)
                services.start_soon(server_context.run_time_faults.run, server_context.fanout.at_rest)
                services.start_soon(
                    partial(
                        _play,
                        server_context,
                        market,
                        receive,
                        settings,
                        services=services.cancel_scope,
                        chance=chance,
                    )
                )
                addresses = [_address(config, sock) for config, sock in bound]
                _write_port_file(settings.port_file, addresses[0].port)
                log.info("serving", addresses=[address.url() for address in addresses])
                task_status.started(addresses)
                await stop.wait()
                services.cancel_scope.cancel()
            market.storage.end(server_context.fanout.hub.seq)
            log.info("stopping", connections=len(server_context.registry.connections))
            connections.cancel_scope.deadline = trio.current_time() + settings.limits.shutdown_seconds
            await server_context.web.stop()
            server_context.registry.stopping.set()
            await close_connections(
                server_context.registry,
                close_reason.SHUTDOWN,
                seconds=settings.limits.shutdown_seconds,
                chance=chance,
            )
    finally:
        market.storage.close()
    log.info("stopped", **attrs.asdict(server_context.registry.close_counts.statistics()))


async def _open(
    market: ServedMarket,
    server_context: ServerContext,
    socks: list[socket.socket],
    backlog: int,
    *,
    stop: trio.Event,
) -> bool:
    """Publish where the stream begins, and let clients connect; False where it was stopped before."""

    async def cancel_when_stopped(scope: trio.CancelScope) -> None:
        await stop.wait()
        scope.cancel()

    opened = False
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_when_stopped, nursery.cancel_scope)
            await market.open(server_context.fanout)
            if market.recorded is not None:
                server_context.services.restored()
            market.opened()
            for sock in socks:
                listen(sock, backlog)
            opened = True
            nursery.cancel_scope.cancel()
    finally:
        if not opened:
            for sock in socks:
                sock.close()
    return opened


async def _play(
    server_context: ServerContext,
    market: ServedMarket,
    batches: trio.MemoryReceiveChannel[Batch],
    settings: Settings,
    *,
    services: trio.CancelScope,
    chance: Random,
) -> None:
    """Publish until the market is over, then do what the settings say."""
    await server_context.fanout.run(batches)
    await market.ended.wait()
    seconds = settings.limits.shutdown_seconds
    await conclude(
        server_context, settings.at_end, market_time=market.market_time, seconds=seconds, chance=chance
    )
    services.cancel()


def _names(settings: Settings) -> tuple[str, ...]:
    """What clients may call this server, besides its addresses."""
    asked = (settings.host, *(listen.host for listen in settings.listen))
    return (*(host for host in asked if host), *certificate_names(settings.tls))


def _address(config: ListenerConfig, sock: socket.socket) -> Address:
    host, port, *_ = sock.getsockname()
    protocol = config.dialect.name if config.dialect else ""
    return Address(host, port, tls=config.tls is not None, protocol=protocol)


def _write_port_file(path: Path | None, port: int) -> None:
    if path is None:
        return
    write_atomically(path, b"%d\n" % port, is_ours=is_port, where="--port-file")
