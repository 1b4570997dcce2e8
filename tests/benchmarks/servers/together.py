"""Clients with the same parameters at each server, from the first event of a market to its last."""

from __future__ import annotations

import time
from collections import defaultdict

import attrs
import trio

from tests.benchmarks.frames import CLOSE, PING, PONG, TEXT, FrameReader, handshake, masked
from tests.benchmarks.kill import http
from tests.benchmarks.servers.same import Same

STREAM_BYTES = 1 << 18  # that are read at once


@attrs.frozen(kw_only=True)
class Streams:
    """
    What came of it.

    Attributes:
        servers: Their names.
        groups: The streams of equal clients, by protocol.
        seconds: From the first to the last of it.
    """

    servers: tuple[str, ...]
    groups: dict[str, list[Same]]
    seconds: float


async def read(subscription, account, port, take):
    """Give the messages that a server says on one connection, up to its last one, which closes it."""
    shown = await http.token(port, account) if subscription.by_token else None
    frames = FrameReader()
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        protocol = f"authorization#{shown}" if shown else None
        await stream.send_all(handshake(subscription.opening(account.key), protocol))
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive_some() or b"\r\n\r\n"
        head, _, data = head.partition(b"\r\n\r\n")
        take([head if shown is None else head.replace(shown.encode(), b"TOKEN")])
        await stream.send_all(subscription.said(account.key))
        try:
            while data or (data := await stream.receive_some(STREAM_BYTES)):
                found = frames.take(data)
                take([payload for opcode, payload in found if opcode in {TEXT, CLOSE}])
                for opcode, payload in found:
                    if opcode == PING:
                        await stream.send_all(masked(PONG, payload))
                    elif opcode == CLOSE:
                        return
                data = b""
        except trio.BrokenResourceError:
            take([b"(the connection was cut off)"])


async def listen(servers, subscriptions, accounts):
    """
    Read at all servers, with as many clients at each as there are accounts, until the market has ended.

    Args:
        servers: Each has a name and a port.
        subscriptions: Taken by turns.
        accounts: One for each client of a server; those of the same account ask for the same.
    """
    names = tuple(one.name for one in servers)
    groups = defaultdict(list)
    began = time.monotonic()
    async with trio.open_nursery() as nursery:
        for number, account in enumerate(accounts):
            subscription = subscriptions[number % len(subscriptions)]
            same = Same(f"{subscription.protocol} {subscription.messages or subscription.path}", names)
            groups[subscription.protocol].append(same)
            for at, server in enumerate(servers):
                nursery.start_soon(read, subscription, account, server.port, _taker(same, at))
    return Streams(servers=names, groups=dict(groups), seconds=time.monotonic() - began)


def _taker(same, at):
    return lambda messages: same.take(at, messages)
