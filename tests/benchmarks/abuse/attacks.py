"""
One attack: ``python -m tests.benchmarks.abuse.attacks NAME PORT SOURCE NICE``.

It begins at a line ``go`` on standard input, and ends with ``stop``; each may come again. At the end of input
it prints what became of its connections. It is so much nicer than the victim, which shares its core.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import trio

from tests.benchmarks.abuse.frames import (
    CLOSE,
    CONTINUATION,
    KEY,
    PING,
    PONG,
    TEXT,
    frame,
    frames,
    request,
    text,
)

CHANNELS = ("ticker", "trades", "book", "book3", "candles_1m")
PAUSE_SECONDS = 0.1  # after a connection that came to nothing
POSITION = re.compile(rb'"pos":"([^"]+)"')
RATE_SECONDS = 0.01  # between two connections of one attacker


class Attackers:
    """
    What the connections of an attack share.

    Attributes:
        symbols: Of the market.
        fates: What became of connections, and how often.
        sent: Bytes.
        position: Where the market stood before the attack, to resume from.
    """

    def __init__(self, port: int, source: str, symbols: list[str]) -> None:
        self._port = port
        self._source = source
        self.symbols = symbols
        self.fates: Counter[str] = Counter()
        self.sent = 0
        self.position = ""

    async def learn(self) -> None:
        """Find out where the market stands."""
        peer = await self.open("/ws?ext=seq")
        if peer is None:
            raise SystemExit("the server does not let attackers in")
        async with peer.stream:
            await peer.stream.send_all(_everything(self))
            said = b""
            while (found := POSITION.search(said)) is None:
                said += await peer.stream.receive_some()
            self.position = found[1].decode()

    async def dial(self) -> trio.SocketStream | None:
        """A new connection; None when there is none to be had."""
        sock = trio.socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            await sock.bind((self._source, 0))
            await sock.connect(("127.0.0.1", self._port))
        except OSError as problem:
            self.fates[f"no connection: {problem.strerror}"] += 1
            sock.close()
            await trio.sleep(PAUSE_SECONDS)
            return None
        return trio.SocketStream(sock)

    async def open(self, path: str) -> Peer | None:
        """A new WebSocket; None when it was refused."""
        stream = await self.dial()
        if stream is None:
            return None
        try:
            await stream.send_all(request(path))
            answer = bytearray()
            while b"\r\n\r\n" not in answer:
                data = await stream.receive_some()
                if not data:
                    break
                answer += data
        except trio.BrokenResourceError:
            answer = bytearray()
        status = bytes(answer[9:12]).decode() or "dropped"
        if status != "101":
            self.fates[f"refused {status}" if status.isdigit() else status] += 1
            await stream.aclose()
            await trio.sleep(PAUSE_SECONDS)
            return None
        del answer[: answer.index(b"\r\n\r\n") + 4]
        return Peer(self, stream, answer)


class Peer:
    """One WebSocket of an attacker."""

    def __init__(self, attackers: Attackers, stream: trio.SocketStream, buffer: bytearray) -> None:
        self._attackers = attackers
        self.stream = stream
        self._buffer = buffer
        self.over = False

    async def push(self, parts: Iterator[bytes], *, listening: bool = True) -> None:
        """Send everything, as fast as it is taken, and read what comes until the server ends it."""
        fate = ""
        async with trio.open_nursery() as nursery:
            if listening:
                nursery.start_soon(self._listen, nursery.cancel_scope)
            try:
                for part in parts:
                    await self.stream.send_all(part)
                    self._attackers.sent += len(part)
                await trio.sleep_forever()
            except trio.BrokenResourceError:
                fate = "dropped"
                await trio.sleep(PAUSE_SECONDS)  # the reader may know why
                nursery.cancel_scope.cancel()
        if fate and not self.over:
            self._attackers.fates[fate] += 1

    async def _listen(self, scope: trio.CancelScope) -> None:
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await self.stream.receive_some(1 << 18):
                self._buffer += data
                for opcode, payload in frames(self._buffer):
                    if opcode == CLOSE:
                        self.over = True
                        code = int.from_bytes(payload[:2], "big")
                        self._attackers.fates[f"closed {code}"] += 1
                        scope.cancel()
                        return
                    if opcode == PING:
                        await self._pong(payload)
            scope.cancel()

    async def _pong(self, payload: bytes) -> None:
        with contextlib.suppress(trio.BusyResourceError, trio.BrokenResourceError):
            await self.stream.send_all(frame(PONG, payload))


Attack = Callable[[Attackers, int], Awaitable[None]]
ATTACKS: dict[str, tuple[int, Attack]] = {}
"""By name: how many attackers, and what each does, given its number; it begins anew when it is over."""


def attack(name: str, attackers: int) -> Callable[[Attack], Attack]:
    """Enter a function into the table."""

    def enter(function: Attack) -> Attack:
        ATTACKS[name] = attackers, function
        return function

    return enter


def endless(*parts: bytes) -> Iterator[bytes]:
    """The same, again and again."""
    while True:
        yield from parts


AUTH = text({"type": "auth", "apiKey": KEY})


async def _push(who: Attackers, path: str, parts: Iterator[bytes], *, listening: bool = True) -> None:
    peer = await who.open(path)
    if peer is not None:
        async with peer.stream:
            await peer.push(parts, listening=listening)


def _everything(who: Attackers) -> bytes:
    names = [f"{kind}_{symbol.lower()}" for kind in CHANNELS for symbol in who.symbols]
    return text({"type": "subscribe", "channels": names})


@attack("200 values of conflate", 200)
async def conflate(who: Attackers, number: int) -> None:
    """Each connection another interval, all symbols."""
    subscribe = text({"type": "subscribe", "symbols": who.symbols})
    await _push(who, f"/tradyn?conflate={number * 7 + 1}", iter([AUTH, subscribe]))


@attack("the whole ladder of conflate", 200)
async def ladder(who: Attackers, number: int) -> None:
    """Every interval that is offered, with and without numbers, in three protocols."""
    values = (50, 100, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
    query = f"?conflate={values[number % 10]}{'&ext=seq' if number // 10 % 2 else ''}"
    match number // 20 % 3:
        case 0:
            subscribe = text({"type": "subscribe", "symbols": who.symbols})
            await _push(who, f"/tradyn{query}", iter([AUTH, subscribe]))
        case 1:
            asked = {"op": "subscribe", "channel": "ticker", "apiKey": KEY}
            await _push(who, f"/securitypro{query}", (text({**asked, "symbol": it}) for it in who.symbols))
        case 2:
            await _push(who, f"/ws{query}", iter([_everything(who)]))


@attack("other subscriptions all the time", 40)
async def resubscribe(who: Attackers, number: int) -> None:
    """A different set of channels with every message."""
    chosen = random.Random(number)
    names = [f"{kind}_{symbol.lower()}" for kind in CHANNELS for symbol in who.symbols]

    def parts() -> Iterator[bytes]:
        while True:
            some = chosen.sample(names, len(names) // 2)
            yield text({"type": "subscribe", "channels": some}) + text(
                {"type": "unsubscribe", "channels": some}
            )

    await _push(who, "/ws", parts())


@attack("messages of 60 KB", 20)
async def large(who: Attackers, number: int) -> None:
    """As many names as fit, known and unknown."""
    forms = (
        {"type": "subscribe", "channels": [f"ticker_zz{at:05}" for at in range(3500)]},
        {"type": "subscribe", "channels": ["book3_btc/usd"] * 3700},
        {"type": "ping", "x": [{}] * 19_000},
    )
    await _push(who, "/ws", endless(text(forms[number % 3])))


@attack("large messages of another protocol", 20)
async def large_entries(who: Attackers, number: int) -> None:
    """Wildcards without end, each for all symbols and intervals."""
    entry = {"type": "klines", "symbols": ["*"], "intervals": ["1m", "5m", "15m", "1h", "4h", "1d"]}
    both = [{"action": kind, "channels": [entry] * 700} for kind in ("subscribe", "unsubscribe")]
    auth = text({"action": "auth", "key": KEY})

    def parts() -> Iterator[bytes]:
        yield auth
        yield from endless(*map(text, both))

    await _push(who, "/marketai", parts())


@attack("small messages", 40)
async def small(who: Attackers, number: int) -> None:
    """Pings of the protocol, many to a write."""
    await _push(who, "/ws", endless(text({"type": "ping"}) * 500))


@attack("control frames", 40)
async def pings(who: Attackers, number: int) -> None:
    """Pings that want a pong, many to a write."""
    await _push(who, "/ws", endless(frame(PING, b"?") * 1000))


@attack("messages in 1000 frames", 40)
async def fragments(who: Attackers, number: int) -> None:
    """A byte in each."""
    message = frame(TEXT, b" ", fin=False) + frame(CONTINUATION, b" ", fin=False) * 998
    await _push(who, "/ws", endless(message + frame(CONTINUATION, b"{}")))


@attack("connecting and leaving", 50)
async def churn(who: Attackers, number: int) -> None:
    """A handshake, a subscription, and gone."""
    peer = await who.open("/ws")
    if peer is not None:
        with contextlib.suppress(trio.BrokenResourceError):
            await peer.stream.send_all(text({"type": "subscribe", "channels": ["book_btc-usd"]}))
        await peer.stream.aclose()
        who.fates["came and went"] += 1


@attack("handshakes that stall", 500)
async def stall(who: Attackers, number: int) -> None:
    """Half a request head, and then a byte now and then."""
    stream = await who.dial()
    if stream is None:
        return
    async with stream:
        try:
            await stream.send_all(request("/ws")[:-30])
            with trio.move_on_after(30) as scope:
                while await stream.receive_some():
                    pass
            who.fates["waits" if scope.cancelled_caught else "answered"] += 1
        except trio.BrokenResourceError:
            who.fates["dropped"] += 1


@attack("replays of everything", 5)
async def replay(who: Attackers, number: int) -> None:
    """Without a key: all channels since the beginning of what is kept, again and again."""
    await _push(who, f"/ws?since={who.position}", iter([_everything(who)]))


@attack("requests by HTTP", 40)
async def http(who: Attackers, number: int) -> None:
    """The longest answers there are, one after the other on each connection."""
    paths = (
        "/openapi.json",
        "/v1/market/book?symbol=BTC-USD&depth=1000",
        "/marketai/api/v1/klines?symbol=BTC/USDT&interval=1m&limit=500",
        "/marketai/api/v1/orderbook?symbol=BTC/USDT&levels=1000",
        "/docs",
    )
    stream = await who.dial()
    if stream is None:
        return
    head = f"GET {paths[number % len(paths)]} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {KEY}\r\n\r\n"
    async with stream:
        with contextlib.suppress(trio.BrokenResourceError):
            while True:
                await stream.send_all(head.encode() * 5)
                for _ in range(5):
                    if not (data := await stream.receive_some(1 << 18)):
                        return
                    for status in (b"200", b"429", b"408"):
                        who.fates[f"answers {status.decode()}"] += data.count(b"HTTP/1.1 " + status)


@attack("slow readers of everything", 40)
async def slow(who: Attackers, number: int) -> None:
    """All channels of all symbols, and not a byte is read."""
    await _push(who, "/ws", iter([_everything(who)]), listening=False)


async def main(name: str, port: int, source: str) -> None:
    """Attack between the commands, then tell."""
    commands = trio.lowlevel.FdStream(os.dup(0))
    pending = bytearray()

    async def command() -> str:
        while b"\n" not in pending:
            data = await commands.receive_some()
            if not data:
                return ""
            pending.extend(data)
        line, _, rest = bytes(pending).partition(b"\n")
        pending[:] = rest
        return line.decode()

    who = Attackers(port, source, json.loads(await command()))
    attackers, function = ATTACKS[name]
    await who.learn()

    async def again(number: int) -> None:
        while True:
            await function(who, number)
            await trio.sleep(RATE_SECONDS)

    while await command():
        async with trio.open_nursery() as nursery:
            for number in range(attackers):
                nursery.start_soon(again, number)
            await command()
            nursery.cancel_scope.cancel()
    print(json.dumps({"fates": who.fates, "bytes": who.sent}), flush=True)


if __name__ == "__main__":
    os.nice(int(sys.argv[4]))
    trio.run(main, sys.argv[1], int(sys.argv[2]), sys.argv[3])
