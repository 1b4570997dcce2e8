"""Runs a server in the foreground: prints what is served, and shuts down gracefully on a signal."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

import structlog
import trio

from feed.cli.streams import abandon_output
from feed.cluster.edge import serve_edge
from feed.cluster.sequencer_server import serve_sequencer
from feed.cluster.standby_server import serve_standby
from feed.cluster.workers.server import serve_with_workers
from feed.dialects.contract import Dialect
from feed.dialects.discovery import dialects
from feed.server.adminkey import admin_key
from feed.server.keys import demo_keys_wanted
from feed.server.serve import Address, serve
from feed.server.server_context import ServerContext
from feed.settings import DEMO_KEY, Settings
from feed.settings.cluster import shown

log = structlog.get_logger("feed.foreground")

# Allocations between two collections of the young generation, and how many of each go to one of the next. A
# collection stops everything for about 100 ns an object: a small young generation keeps that short.
GC_THRESHOLDS: Final = (5_000, 200, 50)
_WORKER: Final = (sys.executable, "-P", "-m", "feed.cli.worker")


class KeysReload:
    """Whoever reads the keys file again when it is asked for: the server that has begun last, and others."""

    def __init__(self) -> None:
        self._server: ServerContext | None = None
        self._others: list[Callable[[], object]] = []

    def started(self, server_context: ServerContext) -> None:
        """A server begins, in place of the last."""
        self._server = server_context
        settle(server_context)

    def also(self, ask: Callable[[], object]) -> None:
        """Ask somebody else too."""
        self._others.append(ask)

    def ask(self) -> None:
        """Let them read it."""
        if self._server is not None:
            self._server.key_watch.ask()
        for ask in self._others:
            ask()


async def serve_in_foreground(settings: Settings) -> None:
    """
    Serve until SIGINT or SIGTERM; SIGHUP reads the keys file again, where there is one.

    Raises:
        ConfigError: A setting cannot be met.
    """
    stop = trio.Event()
    # Where another server is followed it is that one's key which steers the market.
    follows = settings.cluster.follow is not None
    key = None if follows else admin_key(settings.admin_key, secrets.token_bytes)
    keys = KeysReload()
    with trio.open_signal_receiver(*_signals(settings)) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_on_signal, signals, stop, keys.ask)
            async with trio.open_nursery() as server:
                run = partial(_kind(settings, keys), settings, stop=stop, tell=keys.started, admin_key=key)
                addresses = await server.start(run)
                # Standard output, and not the log: a log is kept, and shown to others.
                if addresses:  # none where it was stopped before anybody could connect
                    _print(welcome(settings, addresses, "" if settings.admin_key else key or ""))
            nursery.cancel_scope.cancel()


def _kind(settings: Settings, keys: KeysReload) -> Callable[..., Awaitable[None]]:
    """What serves: a server by itself, one that others follow, one with workers, or one that follows."""
    if settings.cluster.follow is not None:
        return serve_edge
    if settings.cluster.workers:
        return partial(serve_with_workers, command=_WORKER, reloads=keys.also)
    if settings.cluster.standby:
        return serve_standby
    return serve if settings.cluster.log is None else serve_sequencer


def _print(text: str) -> None:
    """Write to standard output; where that fails the server runs all the same."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError) as problem:
        log.warning("cannot say where it serves", reason=str(problem))
        abandon_output()


def settle(server_context: ServerContext) -> None:
    """
    Before the first connection, build what can be built, and keep it out of garbage collections.

    Connections are made of objects that a collection would traverse again and again, and a market leaves no
    cycles: so collections are rarer, and never traverse what was there at the start.
    """
    server_context.prepare()
    gc.unfreeze()  # a server that followed another before this one, and is over
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _signals(settings: Settings) -> tuple[int, ...]:
    """Those that are handled; SIGHUP only where there is a keys file, and unless it is ignored."""
    asked = (signal.SIGINT, signal.SIGTERM)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None or settings.keys is None or signal.getsignal(hangup) is signal.SIG_IGN:
        return asked
    return (*asked, hangup)


async def _on_signal(signals: AsyncIterator[int], stop: trio.Event, reload: Callable[[], object]) -> None:
    terminals = _terminals()
    async for number in signals:
        # SIGHUP means that the terminal was closed, or that the keys are to be read again.
        if number in (signal.SIGINT, signal.SIGTERM) or _terminals() != terminals:
            stop.set()
        else:
            reload()


def _terminals() -> tuple[bool, ...]:
    """Which of the standard streams are terminals that are still there."""
    return tuple(os.isatty(descriptor) for descriptor in range(3))


def welcome(settings: Settings, addresses: list[Address], key: str = "") -> str:
    """
    What is served where, and a line that shows data when it is pasted into a terminal.

    Args:
        settings: Of the server.
        addresses: Where it listens.
        key: The one that steers the market, if it shall be shown.
    """
    here = addresses[0]
    rows = [
        (dialect.title, "  ".join(address.url(path) for path in paths))
        for address in addresses
        for dialect in dialects().values()
        if (paths := _paths(dialect, address))
    ]
    rows.append(("HTTP", f"{_http(here)}/docs"))
    if settings.cluster.follow is not None:
        rows.append(("follows", shown(settings.cluster.follow)))
    if settings.cluster.workers:
        rows.append(("workers", str(settings.cluster.workers)))
    if settings.cluster.log is not None:
        rows.append(("log", shown(settings.cluster.log)))
    width = max(len(title) for title, _ in rows)
    page = next((f"page {_http(address)}/" for address in addresses if not address.protocol), None)
    lines = [] if page is None else [page]
    lines += ["feed is serving", *(f"  {title:<{width}}  {where}" for title, where in rows)]
    if settings.tls.self_signed:
        lines.append(f"  clients must trust {settings.tls.ca.absolute()}")
    if demo_keys_wanted(settings):
        lines.append(f"  demo key (loopback only)  {DEMO_KEY}; of other protocols: feed keys demo")
    elif settings.keys is None:
        lines.append("  no keys: nobody can authenticate; make one with: feed keys add FILE --name NAME")
    if key or settings.admin_key:
        lines.append(f"  admin key {f'(shown this once)  {key}' if key else f'in {settings.admin_key}'}")
    trust = f"SSL_CERT_FILE={settings.tls.ca} " if settings.tls.self_signed else ""
    lines += ["See data:", f"  {trust}feed tail {here.url()}", ""]
    return "\n".join(lines)


def _paths(dialect: Dialect, address: Address) -> tuple[str, ...]:
    """Where a dialect is served at an address."""
    if address.protocol:
        return ("/",) if address.protocol == dialect.name else ()
    root = {None: (), "": ("/",)}.get(dialect.root_query, (f"/?{dialect.root_query}=",))
    return (*root, dialect.path, *dialect.aliases)


def _http(address: Address) -> str:
    return address.url().replace("ws", "http", 1)
