"""``feed verify``: show that every connection is sent the same bytes."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feed.cli.handshakes import Caller, subprotocols, usual
from feed.cli.options import example
from feed.cli.transcripts import Line, compare, greeted_at, line, newest
from feed.dialects.discovery import handshake as said_first
from feed.dialects.discovery import with_handshake
from feed.errors import ConfigError
from feed.settings import DEMO_KEY, DEMO_SECRET, LOCAL_URL

if TYPE_CHECKING:
    import trio

    from feed.dialects.handshake import Handshake

SETTLE_SECONDS = 1.0
# A slow connection takes messages in gulps, this far apart.
GULP_SECONDS = 0.25
# So many times as long as was asked for it waits for connections that have yet to hear what others have.
PATIENCE = 5
REFUSAL_BYTES = 300  # of a server's own words, in a message
WAYS = ("fast", "slow", "late")


@click.command(epilog=example("feed verify ws://127.0.0.1:8080 --dialect rails --connections 8 --seconds 10"))
@click.argument("url", default=LOCAL_URL)
@click.option(
    "--dialect",
    type=click.Choice(with_handshake()),
    default=usual,
    show_default="the first that takes orders",
)
@click.option("--connections", type=click.IntRange(2, 1000), default=8, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=2.5), default=10.0, show_default=True)
@click.option("--key", default=DEMO_KEY, envvar="FEED_KEY", metavar="KEY", help="API key.  [env: FEED_KEY]")
@click.option(
    "--secret", default=DEMO_SECRET, envvar="FEED_SECRET", metavar="SECRET", help="That goes with it."
)
@click.option("--symbol", default="BTC-USD", show_default=True)
@click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="Authority to trust, for wss://.")
def verify(
    url: str,
    *,
    dialect: str,
    connections: int,
    seconds: float,
    key: str,
    secret: str,
    symbol: str,
    ca: Path | None,
) -> int:
    """
    Connect to URL several times, and compare byte by byte what was sent while all of them listened.

    A third of the connections reads at once, a third in gulps, and a third comes late. Prints the digest
    of what they have in common, or the first difference: exit code 1.
    """
    # Not at the top: `feed --help` should not wait for a WebSocket library to load.
    import trio  # noqa: PLC0415

    trust = _context(ca) if url.startswith("wss:") else None
    caller = Caller(url=url, key=key, secret=secret, symbol=symbol, trust=trust)
    handshake = said_first(dialect, symbol, key)
    offered = subprotocols(caller, dialect)
    address = caller.address(f"/{dialect}", handshake.query)
    transcripts: list[list[Line]] = [[] for _ in range(connections)]

    async def watch() -> None:
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            greeted = []
            for at, lines in enumerate(transcripts):
                way = WAYS[at % len(WAYS)]
                delay = seconds / 3 if way == "late" else 0.0
                greeted.append(trio.Event())
                listen = partial(
                    _listen,
                    address,
                    handshake,
                    offered=offered,
                    context=trust,
                    nursery=nursery,
                    slow=way == "slow",
                    delay=delay,
                )
                nursery.start_soon(listen, lines, greeted[-1])
            for one in greeted:
                await one.wait()
            # On a busy machine some come late, or read late: all of them have to hear of the same time.
            now = trio.current_time()
            end = max(began + seconds, now + seconds / 3)
            await trio.sleep_until(end)
            begin = max(map(greeted_at, transcripts))
            last_call = trio.current_time() + PATIENCE * seconds
            while min(map(newest, transcripts)) <= begin + 1 and trio.current_time() < last_call:  # noqa: ASYNC110 - an event for each message would slow them all
                await trio.sleep(GULP_SECONDS)
            nursery.cancel_scope.cancel()

    try:
        trio.run(watch)
    except* ConfigError as group:
        raise group.exceptions[0] from None
    verdict = compare(transcripts)
    if verdict.difference:
        click.echo(verdict.difference)
        return 1
    click.echo(
        f"identical: {connections} connections, {verdict.messages} messages, {verdict.size} bytes, "
        f"sha256 {verdict.digest}"
    )
    return 0


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as problem:
        raise ConfigError(f"cannot be used ({problem})", where=str(ca)) from None


def refusal(status: int, body: bytes | None) -> str:
    """What a server says that lets nobody in."""
    said = (body or b"")[:REFUSAL_BYTES].decode(errors="replace")
    return f"the server refuses the connection (HTTP {status}{': ' if said else ''}{said})"


async def _listen(
    address: str,
    handshake: Handshake,
    lines: list[Line],
    greeted: trio.Event,
    *,
    offered: tuple[str, ...],
    context: ssl.SSLContext | None,
    nursery: trio.Nursery,
    slow: bool,
    delay: float,
) -> None:
    import trio  # noqa: PLC0415
    from trio_websocket import (  # noqa: PLC0415
        ConnectionClosed,
        ConnectionRejected,
        HandshakeError,
        open_websocket_url,
    )

    async def greet() -> None:
        """Wait until the server has come to what it was asked for; its answers are at most a moment away."""
        try:
            for message in handshake.messages:
                await socket.send_message(message)
            await socket.ping()
        except ConnectionClosed:
            return  # who listens says so
        await trio.sleep(SETTLE_SECONDS)
        greeted.set()

    await trio.sleep(delay)
    try:
        async with open_websocket_url(address, ssl_context=context, subprotocols=list(offered)) as socket:
            nursery.start_soon(greet)
            gulp = trio.current_time()
            while True:
                text = str(await socket.get_message())
                lines.append(line(text, settled=greeted.is_set()))
                if slow and trio.current_time() - gulp > GULP_SECONDS:
                    await trio.sleep(GULP_SECONDS)
                    gulp = trio.current_time()
    except ConnectionRejected as refused:
        raise ConfigError(refusal(refused.status_code, refused.body), where=address) from None
    except (OSError, HandshakeError, ValueError, trio.BrokenResourceError) as problem:
        raise ConfigError(f"cannot connect ({problem})", where=address) from None
    except ConnectionClosed as closed:
        reason = closed.reason.code if closed.reason else "no reason"
        raise ConfigError(f"the server closed the connection ({reason})", where=address) from None
