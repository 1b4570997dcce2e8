"""Runs a server in the foreground: says what is served, and stops gently when asked to."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import trio

from feed.dialects.contract import Dialect
from feed.dialects.discovery import dialects
from feed.server.house import House
from feed.server.keys import DEMO_KEYS, demo_keys_accepted
from feed.server.serve import Address, serve
from feed.settings import Settings

# Allocations between two collections of the young, and how many of each go to one of the older.
GC_THRESHOLDS: Final = (50_000, 20, 50)


async def serve_in_foreground(settings: Settings) -> None:
    """
    Serve until SIGINT or SIGTERM.

    Raises:
        ConfigError: A setting cannot be met.
    """
    stop = trio.Event()
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_set_on_signal, signals, stop)
            async with trio.open_nursery() as server:
                addresses = await server.start(partial(serve, settings, stop=stop, tell=settle))
                sys.stdout.write(welcome(settings, addresses))
                sys.stdout.flush()
            nursery.cancel_scope.cancel()


def settle(_: House) -> None:
    """
    Before anybody can connect, spare the garbage collector what stays for as long as the process.

    Every connection is made of objects that it would look through again and again, and a market
    leaves no cycles behind; so it comes by less often, and never sees what was there at the start.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


async def _set_on_signal(signals: AsyncIterator[int], stop: trio.Event) -> None:
    async for _ in signals:
        stop.set()


def welcome(settings: Settings, addresses: list[Address]) -> str:
    """What is served where, and a line that shows data when it is pasted into a terminal."""
    here = addresses[0]
    rows = [
        (dialect.title, "  ".join(address.url(path) for path in paths))
        for address in addresses
        for dialect in dialects().values()
        if (paths := _paths(dialect, address))
    ]
    rows.append(("HTTP", f"{_http(here)}/docs"))
    width = max(len(title) for title, _ in rows)
    lines = ["feed is serving", *(f"  {title:<{width}}  {where}" for title, where in rows)]
    if settings.tls.self_signed:
        lines.append(f"  clients must trust {settings.tls.ca.absolute()}")
    if demo_keys_accepted(settings):
        keys = ", ".join(key for key, _ in DEMO_KEYS)
        lines.append(f"  demo keys (loopback only)  {keys}")
    elif settings.keys is None:
        lines.append("  no keys: nobody can authenticate; make one with: feed keys add FILE --name NAME")
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
