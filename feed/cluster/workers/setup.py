"""What a worker is told before all else: who it is, its settings, and the sockets on which it accepts."""

from __future__ import annotations

import socket
from typing import Final

import attrs
import msgspec

from feed.checkpoint.object_graph import dump, load
from feed.errors import FeedError
from feed.server.bound_listeners import BoundListener, dialect_named
from feed.server.certificates import tls_context
from feed.server.router import ListenerConfig
from feed.settings import Settings

_ROOT: Final = "settings"
_LENGTH: Final = 4  # bytes


class Door(msgspec.Struct, frozen=True, array_like=True):
    """
    A port on which workers accept.

    Attributes:
        descriptor: Of its socket, the same in every worker.
        protocol: The one that every path means there; empty where path and query decide.
        host: See :class:`feed.server.router.ListenerConfig`.
        tls: Whether TLS is spoken there.
    """

    descriptor: int
    protocol: str
    host: str
    tls: bool


class WorkerSetup(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    What a worker is told. It comes by its link, since arguments and environment can be read by others.

    Attributes:
        name: Of the worker, such as ``worker-2.7``: the seventh in the second place.
        settings: See :func:`settings_for`.
        doors: Where it accepts.
        certificate: Made by the parent, key and all, in PEM; empty where files have it, or nothing does.
        admin_key: The key that steers the market.
    """

    name: str
    settings: bytes
    doors: tuple[Door, ...]
    certificate: bytes
    admin_key: str


_decoder: Final = msgspec.msgpack.Decoder(WorkerSetup)


def settings_for(settings: Settings, place: int) -> bytes:
    """
    The settings of a worker, of those of its parent: what only one process can do is left to that.

    Args:
        settings: Of the parent.
        place: Which of the workers it is, from 1; its successors have the same.
    """
    cluster = attrs.evolve(settings.cluster, workers=0, log=None)
    durability = attrs.evolve(settings.durability, directory=None)
    messages = settings.message_log
    if messages.directory is not None:
        messages = attrs.evolve(messages, directory=messages.directory / f"worker-{place}")
    found = attrs.evolve(
        settings,
        cluster=cluster,
        durability=durability,
        message_log=messages,
        port_file=None,
        record=None,
        journal=None,
    )
    return dump({_ROOT: found})


def settings_of(setup: WorkerSetup) -> Settings:
    """
    The settings of a worker.

    Raises:
        FeedError: They are damaged.
    """
    found = load(setup.settings)[_ROOT]
    if not isinstance(found, Settings):
        raise FeedError("the settings of a worker hold something else")
    return found


def doors_of(bound: list[BoundListener]) -> tuple[Door, ...]:
    """The ports that a parent has bound."""
    return tuple(
        Door(
            sock.fileno(), config.dialect.name if config.dialect else "", config.host, config.tls is not None
        )
        for config, sock in bound
    )


def listeners_of(setup: WorkerSetup, settings: Settings) -> list[BoundListener]:
    """
    The ports of a worker, from descriptors that it has inherited.

    Raises:
        ConfigError: The certificate cannot be used any more.
    """
    tls = tls_context(settings, setup.certificate)
    return [
        (
            ListenerConfig(
                dialect=dialect_named(door.protocol) if door.protocol else None,
                host=door.host,
                tls=tls if door.tls else None,
            ),
            socket.socket(fileno=door.descriptor),
        )
        for door in setup.doors
    ]


def write_setup(setup: WorkerSetup) -> bytes:
    """The bytes of a setup, with their length before them."""
    data = msgspec.msgpack.encode(setup)
    return len(data).to_bytes(_LENGTH, "big") + data


def read_setup(sock: socket.socket) -> WorkerSetup | None:
    """
    The setup that comes first on a socket, and nothing of what comes after it.

    Returns:
        None where the other end has gone.
    Raises:
        FeedError: It is damaged.
    """
    data = _exactly(sock, int.from_bytes(_exactly(sock, _LENGTH), "big"))
    if not data:
        return None
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise FeedError(f"the setup of a worker is malformed: {error}") from None


def _exactly(sock: socket.socket, size: int) -> bytes:
    """So many bytes; none where fewer come."""
    found = b""
    while len(found) < size:
        data = sock.recv(size - len(found))
        if not data:
            return b""
        found += data
    return found
