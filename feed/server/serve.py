"""
The server: a market, a fan-out and a door, each in a task of its own.

Two nurseries, one inside the other: the connections outlive the house, so that stopping the market
and the listeners leaves every client time for its last words.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random, SystemRandom

import attrs
import structlog
import trio

from feed.dialects.contract import Dialect
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.recording.output import a_port, write_whole
from feed.server import descriptors, ending
from feed.server.adminkey import admin_key as made_up
from feed.server.at_end import conclude
from feed.server.certificates import certificate_names, server_context
from feed.server.door import Entrance
from feed.server.farewell import say_goodbye
from feed.server.guard import check_names
from feed.server.house import House
from feed.server.keyfile import read_entries
from feed.server.keys import Keyring, admin_entry, demo_entries, demo_keys_wanted
from feed.server.listener import Listener, Wrap, bind, listen, unwrapped
from feed.server.stage import Stage
from feed.server.tokens import signing_key
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


async def serve(
    settings: Settings,
    *,
    source: Source | None = None,
    stop: trio.Event | None = None,
    wrap: Wrap = unwrapped,
    tell: Callable[[House], None] | None = None,
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
        wrap: Puts something between every connection and its socket, such as an ear.
        tell: Given the house before it opens, to look into.
        admin_key: The key that steers the market; None takes that of ``settings.admin_key``, or one that
            nobody learns.
        chance: Decides in which order connections are closed in the end; None leaves it to the system.
        task_status: Told the addresses once clients can connect.

    Raises:
        ConfigError: A setting cannot be met, such as a port in use.
    """
    check_names(settings.allow_host, settings.allow_origin)
    descriptors.raise_limit()
    stop = stop if stop is not None else trio.Event()
    chance = chance or SystemRandom()
    fixed = (
        admin_entry(admin_key or made_up(settings.admin_key, secrets.token_bytes)),
        *(demo_entries() if demo_keys_wanted(settings) else ()),
    )
    keyring = Keyring((*(read_entries(settings.keys) if settings.keys else ()), *fixed))
    stage = Stage(settings, source)
    key = signing_key(settings.tokens.key, secrets.token_bytes)
    listeners = await _listeners(settings)
    house = House(
        settings,
        stage.source,
        keyring,
        stage.plan,
        signing_key=key,
        storage=stage.storage,
        hosts=_names(settings),
        fixed=fixed,
    )
    if tell is not None:
        tell(house)
    try:
        await _open(stage, house, [sock for _, sock in listeners])
        limits = attrs.evolve(settings.limits, connections=descriptors.connections(settings.limits))
        listener = Listener(house.door, limits, wrap)
        send, receive = trio.open_memory_channel[Batch](settings.flow.channel_batches)
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as rooms:
                for entrance, sock in listeners:
                    rooms.start_soon(listener.run, sock, connections, entrance)
                rooms.start_soon(house.reception.turns.run)
                rooms.start_soon(house.fanout.replay)
                rooms.start_soon(stage.run, send)
                rooms.start_soon(house.key_watch.run)
                rooms.start_soon(
                    partial(_play, house, stage, receive, settings, rooms=rooms.cancel_scope, chance=chance)
                )
                addresses = [_address(entrance, sock) for entrance, sock in listeners]
                _write_port_file(settings.port_file, addresses[0].port)
                log.info("serving", addresses=[address.url() for address in addresses])
                task_status.started(addresses)
                await stop.wait()
                rooms.cancel_scope.cancel()
            stage.storage.end(house.fanout.hub.seq)
            log.info("stopping", connections=len(house.reception.conversations))
            connections.cancel_scope.deadline = trio.current_time() + settings.limits.shutdown_seconds
            await house.web.stop()
            house.reception.stopping.set()
            await say_goodbye(
                house.reception, ending.SHUTDOWN, seconds=settings.limits.shutdown_seconds, chance=chance
            )
    finally:
        stage.storage.close()
    log.info("stopped", **attrs.asdict(house.reception.endings.statistics()))


async def _open(stage: Stage, house: House, socks: list[socket.socket]) -> None:
    """Publish where the stream begins, and let clients connect."""
    try:
        await stage.open(house)
        for sock in socks:
            listen(sock)
    except ConfigError:
        for sock in socks:
            sock.close()
        raise


async def _play(
    house: House,
    stage: Stage,
    batches: trio.MemoryReceiveChannel[Batch],
    settings: Settings,
    *,
    rooms: trio.CancelScope,
    chance: Random,
) -> None:
    """Publish until the market is over, then do what the settings say."""
    await house.fanout.run(batches)
    await stage.ended.wait()
    seconds = settings.limits.shutdown_seconds
    await conclude(house, settings.at_end, market_time=stage.market_time, seconds=seconds, chance=chance)
    rooms.cancel()


async def _listeners(settings: Settings) -> list[tuple[Entrance, socket.socket]]:
    """Every port of the server, taken, the main one first."""
    tls = server_context(settings)
    wanted = [(Entrance(tls=tls), settings.host, settings.port, "")]
    wanted += [
        (Entrance(dialect=_dialect(listen.protocol), tls=tls), listen.host, listen.port, "--listen")
        for listen in settings.listen
    ]
    bound: list[tuple[Entrance, socket.socket]] = []
    try:
        for entrance, host, port, where in wanted:
            bound += [
                (attrs.evolve(entrance, host=str(sock.getsockname()[0])), sock)
                for sock in await bind(host, port, where=where)
            ]
    except ConfigError:
        for _, sock in bound:
            sock.close()
        raise
    return bound


def _names(settings: Settings) -> tuple[str, ...]:
    """What clients may call this server, besides its addresses."""
    asked = (settings.host, *(listen.host for listen in settings.listen))
    return (*(host for host in asked if host), *certificate_names(settings.tls))


def _dialect(name: str) -> Dialect:
    found = dialects().get(name)
    if found is None:
        known = ", ".join(dialects())
        raise ConfigError(f"there is no protocol {name!r}", where="--listen", hint=f"known are {known}")
    return found


def _address(entrance: Entrance, sock: socket.socket) -> Address:
    host, port, *_ = sock.getsockname()
    protocol = entrance.dialect.name if entrance.dialect else ""
    return Address(host, port, tls=entrance.tls is not None, protocol=protocol)


def _write_port_file(path: Path | None, port: int) -> None:
    if path is None:
        return
    write_whole(path, b"%d\n" % port, mine=a_port, where="--port-file")
