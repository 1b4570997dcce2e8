"""``feed verify``: show that every connection is sent the same bytes."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feed.cli.options import example
from feed.cli.transcripts import Line, compare, line, newest, subscribed_at
from feed.dialects.discovery import codecs, dialects, with_codec
from feed.errors import ConfigError
from feed.settings import DEMO_KEY, DEMO_SECRET, LOCAL_URL

if TYPE_CHECKING:
    import trio

    from feed.client import Disconnected

# So long after its subscriptions were confirmed, and its book has come, a connection knows how things stand.
SETTLE_SECONDS = 1.0
# A slow connection takes messages in gulps, this far apart.
GULP_SECONDS = 0.25
# So many times as long as was asked for it waits for connections that are behind the others.
PATIENCE = 10
FAST_EVENTS = 10_000  # that wait for a connection's reader; a slow one leaves all others to its socket
WAYS = ("fast", "slow", "late")


def usual() -> str:
    """The protocol that is spoken when none is named: the first at ``/`` in which orders can be sent."""
    known = [dialects()[name] for name in with_codec()]
    at_root = [dialect for dialect in known if dialect.root_query is not None] or known
    return next((dialect.name for dialect in at_root if dialect.trades), at_root[0].name)


@click.command(epilog=example("feed verify ws://127.0.0.1:8080 --connections 8 --seconds 10"))
@click.argument("url", default=LOCAL_URL)
@click.option(
    "--dialect",
    type=click.Choice(with_codec()),
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

    codec = codecs()[dialect]
    options = {
        "key": key,
        "secret": secret,
        "symbols": [symbol],
        "channels": codec.channels,
        "raw_channels": codec.raw_channels,
        "dialect": dialect,
        "ssl_context": _context(ca) if url.startswith("wss:") else None,
        "mute_seconds": None,  # a question of whether it is there is answered to one connection alone
    }
    transcripts: list[list[Line]] = [[] for _ in range(connections)]

    async def watch() -> None:
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            settled = []
            for at, lines in enumerate(transcripts):
                way = WAYS[at % len(WAYS)]
                delay = seconds / 3 if way == "late" else 0.0
                settled.append(trio.Event())
                listen = partial(_listen, url, options, slow=way == "slow", delay=delay)
                nursery.start_soon(listen, lines, settled[-1], nursery)
            with trio.move_on_after(PATIENCE * seconds):
                for one in settled:
                    await one.wait()
            # On a busy machine some connect or read late: the transcripts of all have to overlap.
            now = trio.current_time()
            end = max(began + seconds, now + seconds / 3)
            await trio.sleep_until(end)
            begin = max(map(subscribed_at, transcripts))
            deadline = trio.current_time() + PATIENCE * seconds
            while min(map(newest, transcripts)) <= begin + 1 and trio.current_time() < deadline:  # noqa: ASYNC110 - an event for each message would slow them all
                await trio.sleep(GULP_SECONDS)
            nursery.cancel_scope.cancel()

    try:
        trio.run(watch)
    except* ConfigError as group:
        raise group.exceptions[0] from None
    verdict = compare(transcripts, counter=codec.counter.encode())
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


async def _listen(
    url: str,
    options: dict[str, Any],
    lines: list[Line],
    settled: trio.Event,
    nursery: trio.Nursery,
    *,
    slow: bool,
    delay: float,
) -> None:
    """
    Keep the messages of one connection, until cancelled.

    Args:
        url: Of the server.
        options: Of :func:`feed.client.connect`.
        lines: Takes each message.
        settled: Set when it has been sent how things stand.
        nursery: Where it is waited for that.
        slow: Whether it reads in gulps.
        delay: Seconds before it connects.
    """
    import trio  # noqa: PLC0415

    from feed.cli.live import refusals  # noqa: PLC0415
    from feed.client import Channel, Connected, Disconnected, ServerError, connect  # noqa: PLC0415

    number = codecs()[options["dialect"]].number

    def keep(data: bytes) -> None:
        lines.append(line(data, settled=settled.is_set(), number=number))

    async def settle() -> None:
        await trio.sleep(SETTLE_SECONDS)
        settled.set()

    await trio.sleep(delay)
    book = Channel.BOOK in options["channels"]
    connected = subscribed = False
    with refusals(url):
        async with connect(url, **options, on_message=keep, queue_events=1 if slow else FAST_EVENTS) as feed:
            gulp = trio.current_time()
            while True:
                for item in await feed.batch():
                    connected = connected or isinstance(item, Connected)
                    if isinstance(item, Disconnected):
                        _check(item, url, connected=connected)
                    elif isinstance(item, ServerError):
                        raise ConfigError(f"the server complains ({item.message})", where=url)
                books = not book or (feed.books and all(one.in_sync for one in feed.books))
                if feed.subscribed and books and not subscribed:
                    subscribed = True
                    nursery.start_soon(settle)
                if slow and trio.current_time() - gulp > GULP_SECONDS:
                    await trio.sleep(GULP_SECONDS)
                    gulp = trio.current_time()


def _check(ended: Disconnected, url: str, *, connected: bool) -> None:
    """
    What the end of a connection is: only an attempt that is made again at once is none.

    Raises:
        ConfigError: The server is not there, lets nobody in, or has closed the connection.
    """
    if connected:
        what = f"the server closed the connection ({ended.code or ended.reason})"
    elif not ended.retry_seconds:
        return  # with connection options that it does not know
    else:
        what = "the server refuses the connection" if ended.code else "cannot connect"
        what = f"{what} ({ended.reason})"
    raise ConfigError(what, where=url)
